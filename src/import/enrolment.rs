//! Enrolments of a bundle: resolved, then compared with the database, the classes and the units.

use std::collections::{HashMap, HashSet};

use entity::{
    enrolment, training_class,
    value::{
        CadreCode, CadreId, ChangeKind, ClassCode, ClassId, EnrolmentId, EnrolmentState, Grade, ProgrammeCode,
        UnitCode, UnitId,
    },
};
use sea_orm::{ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter};

use super::{
    agree::{self, Said},
    batch::counted,
    cadre_index::Person,
    cell::{Cells, code, word, year},
    checked::Checked,
    class::ClassRow,
    class_index::Class,
    context::repeated_row,
    enrolment_overlaps::{Seat, compare_seats},
    finding::FindingCode,
    header::Header,
    person_overlaps::{self, Achievement},
    quota_usage::Attribution,
    reference_lists::unit_of,
    resolve::{Pass, Resolved, RowStatus},
    rotation::Lives,
    row::CadreRow,
    table::Row,
    training_lists::programme_of,
    write::{insert, record_unless_bulk},
};
use crate::{
    authz::{Change, Txn},
    domain::bundle::{self, FileFormat},
    error::Result,
    language::Sentence,
};

/// A person in a class, or sent to a programme elsewhere.
pub(super) struct EnrolmentRow {
    cadre: CadreCode,
    class: Option<ClassCode>,
    programme: ProgrammeCode,
    unit: UnitCode,
    year: i32,
    state: EnrolmentState,
    grade: Option<Grade>,
}

impl Row for EnrolmentRow {
    const FORMAT: FileFormat = bundle::ENROLMENTS;

    fn read(cells: &mut Cells<'_, '_>) -> Option<Self> {
        let cadre = cells.must("cadre_code", code);
        let class = cells.may("class_code", code);
        let programme = cells.must("programme_code", code);
        let unit = cells.must("unit_code", code);
        let year = cells.must("year", year);
        let state = cells.must("result", word);
        let grade = cells.may("grade", word);
        Some(Self {
            cadre: cadre?,
            class: class?,
            programme: programme?,
            unit: unit?,
            year: year?,
            state: state?,
            grade: grade?,
        })
    }
}

/// An enrolment with its class.
pub(super) struct Learning {
    pub class: Option<Class>,
    /// The state as stated in the file.
    pub said: EnrolmentState,
    pub row: enrolment::Model,
}

/// Identity of an enrolment among those of a person: the class, or else programme, year and unit.
fn identity(row: &enrolment::Model) -> (Option<ClassId>, Option<(&ProgrammeCode, i32, UnitId)>) {
    let elsewhere = row.class_id.is_none().then_some((&row.programme_code, row.year, row.unit_id));
    (row.class_id, elsewhere)
}

/// The columns in which a recorded enrolment differs.
fn differing(row: &enrolment::Model, stored: &enrolment::Model) -> Vec<&'static str> {
    let columns = [
        ("programme_code", row.programme_code == stored.programme_code),
        ("unit_code", row.unit_id == stored.unit_id),
        ("year", row.year == stored.year),
        ("result", row.state == stored.state),
        ("grade", row.grade == stored.grade),
    ];
    columns.into_iter().filter(|(_, same)| !same).map(|(column, _)| column).collect()
}

impl<C: ConnectionTrait> Pass<'_, C> {
    /// The enrolments of a batch, and those of the same persons that are only in the database.
    async fn enrolments(
        &mut self,
        header: &Header,
        rows: Vec<(u64, EnrolmentRow)>,
    ) -> Result<(Vec<Resolved<Learning>>, Vec<(Person, enrolment::Model)>)> {
        self.meet(rows.iter().map(|(_, row)| &row.cadre)).await?;
        self.meet_classes(rows.iter().filter_map(|(_, row)| row.class.as_ref())).await?;
        let mut found: Vec<_> = rows.into_iter().filter_map(|(line, row)| self.learning(header, line, row)).collect();

        let persons = self.stored_persons(&found);
        let mut stored = self.stored_enrolments(&persons).await?;
        let mut matched = HashSet::new();
        for Resolved { line, news, model: Learning { row, .. }, .. } in &mut found {
            let of_person = stored.get(&row.cadre_id).map_or(&[][..], Vec::as_slice).iter();
            // A person who dropped out and returned has two rows of one class.
            let same = of_person.filter(|there| identity(there) == identity(row));
            let count = |there: &&enrolment::Model| {
                differing(row, there).into_iter().filter(|column| header.has(column)).count()
            };
            let Some(there) = same.min_by_key(count) else { continue };
            matched.insert(there.id);
            let is_unchanged = header.note_differing(self.findings, *line, differing(row, there));
            *news = if is_unchanged { RowStatus::Unchanged } else { RowStatus::Differs };
        }
        let mut extra = Vec::new();
        for (id, person) in persons {
            let of_person = stored.remove(&id).unwrap_or_default().into_iter();
            extra.extend(of_person.filter(|there| !matched.contains(&there.id)).map(|there| (person, there)));
        }
        Ok((found, extra))
    }

    /// The enrolments of these persons in the database.
    async fn stored_enrolments(
        &self,
        persons: &[(CadreId, Person)],
    ) -> Result<HashMap<CadreId, Vec<enrolment::Model>>> {
        let mut stored: HashMap<CadreId, Vec<enrolment::Model>> = HashMap::new();
        if persons.is_empty() {
            return Ok(stored);
        }
        let asked = self.any_person(enrolment::Column::CadreId, persons);
        for row in enrolment::Entity::find().filter(asked).all(self.connection).await? {
            stored.entry(row.cadre_id).or_default().push(row);
        }
        Ok(stored)
    }

    fn learning(&mut self, header: &Header, line: u64, row: EnrolmentRow) -> Option<Resolved<Learning>> {
        let (findings, context) = (&mut *self.findings, &*self.context);
        let person = context.cadre_index.find(row.cadre.as_str());
        if person.is_none() {
            context.unknown(findings, header, (line, "cadre_code"), (CadreRow::FILE, row.cadre.as_str()));
        }
        let class = row.class.as_ref().and_then(|code| context.classes.find(code));
        if let (Some(code), None) = (&row.class, class) {
            context.unknown(findings, header, (line, "class_code"), (ClassRow::FILE, code.as_str()));
        }
        let programme = programme_of(context, findings, header, line, &row.programme);
        let unit = unit_of(context, findings, header, (line, "unit_code"), Some(&row.unit));
        let of_class = class.map(|class| context.classes.get(class).programme);
        if let (Some(Some(of_class)), Some(programme)) = (of_class, programme)
            && of_class != programme
        {
            header.note(findings, (line, "programme_code"), FindingCode::OtherProgramme, other_programme);
        }
        let (person, unit_id, _) = (person?, unit?, programme?);
        if class.is_some() != row.class.is_some() {
            return None;
        }
        let model = enrolment::Model {
            id: EnrolmentId::new(),
            cadre_id: context.cadre_index.id(person),
            class_id: class.map(|class| context.classes.get(class).id),
            programme_code: row.programme,
            unit_id,
            year: row.year,
            state: class.map_or(row.state, |class| agree::state_in(context.classes.get(class).state, row.state)),
            grade: row.grade,
            quota_id: None,
            remark: None,
            version: 1,
        };
        Some(Resolved { line, person, news: RowStatus::New, model: Learning { class, said: row.state, row: model } })
    }

    /// The seats that these enrolments take; adds their classes to the index.
    async fn seats(&mut self, rows: Vec<(Person, enrolment::Model)>) -> Result<Vec<Seat>> {
        let seated = rows.into_iter().filter(|(_, row)| row.state.is_seated());
        let held: Vec<_> = seated.filter_map(|(person, row)| Some((person, row.class_id?))).collect();
        let mut ids: Vec<ClassId> = held.iter().map(|(_, id)| *id).collect();
        ids.sort_unstable();
        ids.dedup();
        let mut classes = HashMap::new();
        if !ids.is_empty() {
            let asked = self.any_id(training_class::Column::Id, ids.iter().map(|id| id.0));
            for there in training_class::Entity::find().filter(asked).all(self.connection).await? {
                classes.insert(there.id, self.enter_stored_class(&there)?);
            }
        }
        let seat = |(person, id)| Some(Seat::stored(person, *classes.get(&id)?));
        Ok(held.into_iter().filter_map(seat).collect())
    }

    /// Warns of units that do not exist in the year for which they sent a learner.
    fn doubt_senders(&mut self, header: &Header, rows: &[Resolved<Learning>], lives: &Lives) {
        for Resolved { line, model, .. } in rows {
            if !lives.hold_in(model.row.unit_id, model.row.year) {
                header.note(self.findings, (*line, "unit_code"), FindingCode::UnitNotAlive, sender_not_alive);
            }
        }
    }

    /// Reports columns of new enrolments that contradict each other or the class.
    fn note_disagreements(&mut self, header: &Header, rows: &[Resolved<Learning>]) {
        for Resolved { line, model, .. } in rows.iter().filter(|row| row.news == RowStatus::New) {
            let class = model.class.map(|class| self.context.classes.get(class));
            let said = Said { row: &model.row, state: model.said, class, today: self.context.today };
            for (column, what) in agree::of_enrolment(said) {
                header.note(self.findings, (*line, column), what.code(), || what.sentence(class));
            }
        }
    }

    /// Checks the enrolments, and counts the seats that they take.
    pub async fn check_enrolments(&mut self, lives: &Lives) -> Result<Checked> {
        // A row with an error may contain what seems to be missing.
        let is_settled = self.findings.errors == 0;
        let (mut seats, mut achievements, mut full) = (Vec::new(), Vec::new(), HashMap::new());
        let step = async |pass: &mut Self, header: &Header, rows| {
            let (found, stored) = pass.enrolments(header, rows).await?;
            if is_settled {
                pass.doubt_senders(header, &found, lives);
            }
            pass.note_disagreements(header, &found);
            for Resolved { line, person, news, model: Learning { class, row, .. } } in &found {
                let Some(class) = *class else {
                    achievements
                        .push(Achievement::noted((*line, *person), (&row.programme_code, row.year, row.unit_id)));
                    continue;
                };
                let is_taken = row.state.is_seated();
                seats.push(Seat::of(*line, (*person, class), is_taken));
                if *news == RowStatus::New && is_taken && !pass.context.classes.take_seat(class) {
                    full.entry(class).or_insert(*line);
                }
            }
            seats.extend(pass.seats(stored).await?);
            Ok(counted(&found))
        };
        let (checked, header) = self.batches(step).await?;
        self.note_full(&header, full);
        self.note_persons(&header, seats, achievements);
        Ok(checked)
    }

    /// Reports classes with more learners than seats, each on the first learner without a seat.
    fn note_full(&mut self, header: &Header, full: HashMap<Class, u64>) {
        let mut full: Vec<_> = full.into_iter().map(|(class, line)| (line, class)).collect();
        full.sort_unstable();
        for (line, class) in full {
            let kept = self.context.classes.get(class);
            let sentence = || class_full(kept.seated(), kept.capacity.unwrap_or_default());
            header.note(self.findings, (line, "class_code"), FindingCode::ClassFull, sentence);
        }
    }

    fn note_persons(&mut self, header: &Header, seats: Vec<Seat>, achievements: Vec<Achievement>) {
        let mut compared = compare_seats(seats, &self.context.classes);
        compared.repeated.extend(person_overlaps::repeated_achievements(achievements));
        for line in compared.repeated {
            header.note(self.findings, (line, "cadre_code"), FindingCode::RepeatedRow, repeated_row);
        }
        for line in compared.overlapping {
            header.note(self.findings, (line, "class_code"), FindingCode::OverlappingClasses, overlapping_classes);
        }
    }
}

impl Pass<'_, DatabaseTransaction> {
    /// Writes the new enrolments, each with the quotas that it uses. Each is recorded as a change of its class, or of
    /// the person if it has no class.
    pub async fn load_enrolments(&mut self, txn: &Txn, attribution: &mut Attribution) -> Result<Checked> {
        let step = async |pass: &mut Self, header: &Header, rows| {
            let (mut found, _) = pass.enrolments(header, rows).await?;
            let count = counted(&found);
            found.retain(|row| row.news == RowStatus::New);
            let elsewhere = found.iter().filter(|row| row.model.class.is_none());
            let elsewhere: Vec<Person> = elsewhere.map(|row| row.person).collect();
            elsewhere.iter().for_each(|person| pass.context.cadre_index.touch(*person));
            txn.of_persons(elsewhere.iter().map(|person| pass.context.cadre_index.id(*person)));
            let created =
                |row: &Resolved<Learning>| Change::of(ChangeKind::Created, "enrolment", row.model.row.id.to_string());
            record_unless_bulk(txn, found.iter().map(created)).await?;
            let of_class =
                found.iter().filter_map(|row| Some((&row.model.row, pass.context.classes.get(row.model.class?))));
            let links: Vec<_> = of_class.flat_map(|(row, class)| attribution.links(row, class)).collect();
            insert(txn, found.into_iter().map(|row| row.model.row)).await?;
            insert(txn, links).await?;
            Ok(count)
        };
        Ok(self.batches(step).await?.0)
    }
}

fn other_programme() -> Sentence {
    Sentence::new(
        "chương trình khác với chương trình của lớp; chỉ tiêu được tính theo chương trình của dòng này; hãy kiểm tra mã \
         chương trình",
        "the programme differs from the programme of the class; quotas are counted for the programme of this row; check \
         its code",
    )
}

fn sender_not_alive() -> Sentence {
    Sentence::new(
        "đơn vị cử đi học không tồn tại trong năm này; các đơn vị cấp trên được lấy theo thời điểm gần nhất; hãy kiểm \
         tra mã đơn vị",
        "the sending unit does not exist in this year; its superior units are taken from the nearest day; check the \
         code of the unit",
    )
}

fn class_full(seated: i32, capacity: i32) -> Sentence {
    Sentence::new(
        format!(
            "lớp có {capacity} chỗ nhưng có {seated} học viên; hãy tăng `capacity` trong classes.csv (để trống nếu \
             không giới hạn) hoặc sửa kết quả của học viên"
        ),
        format!(
            "the class has {capacity} seats but {seated} learners; raise its `capacity` in classes.csv (empty for no \
             limit) or correct the results"
        ),
    )
}

fn overlapping_classes() -> Sentence {
    Sentence::new(
        "người này học một lớp tập trung khác có ngày trùng với lớp này; hãy kiểm tra ngày của hai lớp",
        "the person is in another full-time class on some days of this class; check the days of both classes",
    )
}
