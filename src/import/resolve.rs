//! One pass over the files of persons: read, resolve, compare with the database. Validation and loading share it; they
//! differ only in the handling of new rows.

use std::collections::{HashMap, HashSet};

use entity::{
    assignment, cadre, qualification,
    value::{AssignmentId, CadreCode, CadreId, LevelCode, NationalId, QualificationId, SubjectCode},
};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};

use super::{
    cadre_index::Person,
    context::{ImportContext, repeated_code},
    files::Files,
    finding::{FindingCode, Findings},
    header::{Header, differs},
    plausibility::{self, Dates, IdDoubt},
    progress::Progress,
    row::{AssignmentRow, CadreRow, QualificationRow},
    shown::shown,
    table::Row,
};
use crate::{error::Result, language::Sentence, text::closest};

/// Identity numbers per query.
pub(super) const IDS_PER_QUERY: usize = 512;

/// Comparison of a row with the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RowStatus {
    /// The database does not have the row.
    New,
    /// The database has an equal row.
    Unchanged,
    /// The database has the row with other values, which is an error.
    Differs,
}

/// A row with its resolved references.
pub(super) struct Resolved<M> {
    pub line: u64,
    pub person: Person,
    pub row_status: RowStatus,
    pub model: M,
}

/// Context of a pass over the files.
pub(super) struct Pass<'a, C> {
    pub files: Files<'a>,
    pub connection: &'a C,
    pub context: &'a mut ImportContext,
    pub findings: &'a mut Findings,
    pub progress: &'a Progress,
}

impl<C: ConnectionTrait> Pass<'_, C> {
    /// The new persons of a batch, and the number of unchanged ones.
    pub async fn cadres(
        &mut self,
        header: &Header,
        rows: Vec<(u64, CadreRow)>,
    ) -> Result<(Vec<(CadreId, CadreRow)>, u64)> {
        let stored = self.stored_cadres(rows.iter().map(|(_, row)| &row.code)).await?;
        let (mut new, mut unchanged) = (Vec::with_capacity(rows.len()), 0);
        for (line, row) in rows {
            let person = match (self.context.cadre_index.find(row.code.as_str()), stored.get(&row.code)) {
                (Some(person), _) => person,
                (None, Some(there)) => {
                    self.context.cadre_index.enter_stored(row.code.as_str(), there.id, there.birth_on.clone())?
                }
                (None, None) => {
                    let birth = row.birth_on.map(entity::value::BirthDate::seal);
                    self.context.cadre_index.enter_new(row.code.as_str(), birth)?
                }
            };
            if !self.context.cadre_index.mark_present(person) {
                header.note(self.findings, (line, "code"), FindingCode::RepeatedCode, repeated_code);
                continue;
            }
            let status = stored.get(&row.code).map_or(row.status, |there| there.status);
            self.context.cadre_index.set_status(person, status);
            let category = stored.get(&row.code).map_or(row.category, |there| there.category);
            self.context.cadre_index.set_category(person, category);
            self.doubt(header, line, &row);
            match stored.get(&row.code) {
                None => new.push((self.context.cadre_index.id(person), row)),
                Some(there) => {
                    unchanged += u64::from(header.note_differing(self.findings, line, row.differing(there)));
                }
            }
        }
        Ok((new, unchanged))
    }

    fn doubt(&mut self, header: &Header, line: u64, row: &CadreRow) {
        let (findings, context) = (&mut *self.findings, &*self.context);
        if let Some(doubt) =
            row.national_id.as_ref().and_then(|id| plausibility::doubt_id(id, row.gender, row.birth_on))
        {
            let at = (line, "national_id");
            header.note(findings, at, FindingCode::DoubtfulNationalId, || doubt.sentence());
        }
        let (birth_on, joined_service_on, joined_party_on) = (row.birth_on, row.joined_service_on, row.joined_party_on);
        for (column, doubt) in
            plausibility::doubt_dates(Dates { birth_on, joined_service_on, joined_party_on }, context.today)
        {
            header.note(findings, (line, column), FindingCode::DoubtfulDate, || doubt.sentence());
        }
        if row.ethnicity_code.as_ref().is_some_and(|code| !context.existing.ethnic_groups.contains(code)) {
            header.note(findings, (line, "ethnicity_code"), FindingCode::UnknownCode, || {
                Sentence::new(
                    "mã dân tộc không có trong danh mục năm 2008 (từ 01 đến 54); hãy kiểm tra lại mã",
                    "the code is not in the list of ethnic groups of 2008 (01 to 54); check it",
                )
            });
        }
    }

    /// Warns of identity numbers of the batch that another person in the database has.
    pub async fn doubt_repeated_ids(&mut self, header: &Header, rows: &[(u64, CadreRow)]) -> Result<()> {
        if !self.context.existing.has_cadres {
            return Ok(());
        }
        for rows in rows.chunks(IDS_PER_QUERY) {
            let numbers = padded(rows.iter().filter_map(|(_, row)| row.national_id.clone().map(NationalId::seal)));
            let query = cadre::Entity::find()
                .select_only()
                .columns([cadre::Column::NationalId, cadre::Column::Code])
                .filter(cadre::Column::NationalId.is_in(numbers));
            let holders: Vec<(NationalId, CadreCode)> = query.into_tuple().all(self.connection).await?;
            let mut of_number: HashMap<NationalId, Vec<CadreCode>> = HashMap::new();
            for (number, code) in holders {
                of_number.entry(number).or_default().push(code);
            }
            for (line, row) in rows {
                let holders = row.national_id.clone().and_then(|number| of_number.get(&NationalId::seal(number)));
                if holders.is_some_and(|codes| codes.iter().any(|code| *code != row.code)) {
                    let at = (*line, "national_id");
                    let sentence = || IdDoubt::RepeatedInDatabase.sentence();
                    header.note(self.findings, at, FindingCode::DoubtfulNationalId, sentence);
                }
            }
        }
        Ok(())
    }

    /// The posts of a batch, and the primary posts of the same persons that are only in the database.
    pub async fn assignments(
        &mut self,
        header: &Header,
        rows: Vec<(u64, AssignmentRow)>,
    ) -> Result<(Vec<Resolved<assignment::Model>>, Vec<(Person, assignment::Model)>)> {
        self.add_stored_cadres(rows.iter().map(|(_, row)| &row.cadre)).await?;
        let mut posts: Vec<_> = rows.into_iter().filter_map(|(line, row)| self.post(header, line, row)).collect();

        let persons = self.stored_persons(&posts);
        let mut stored = self.posts(&persons).await?;
        let mut matched = HashSet::new();
        for post in &mut posts {
            let there =
                stored.get(&post.model.cadre_id).and_then(|there| there.iter().find(|t| is_post(t, &post.model)));
            let Some(there) = there else { continue };
            matched.insert(there.id);
            post.row_status = RowStatus::Unchanged;
            if there.end_on != post.model.end_on {
                post.row_status = RowStatus::Differs;
                header.note(self.findings, (post.line, "end_on"), FindingCode::Differs, differs);
            }
        }
        let is_extra = |post: &assignment::Model| post.is_primary && !matched.contains(&post.id);
        let mut extra = Vec::new();
        for (id, person) in persons {
            let of_person = stored.remove(&id).unwrap_or_default();
            extra.extend(of_person.into_iter().filter(is_extra).map(|post| (person, post)));
        }
        Ok((posts, extra))
    }

    fn post(&mut self, header: &Header, line: u64, row: AssignmentRow) -> Option<Resolved<assignment::Model>> {
        let (findings, context) = (&mut *self.findings, &*self.context);
        let person = context.cadre_index.find(row.cadre.as_str());
        if person.is_none() {
            let cadre = (CadreRow::FILE, row.cadre.as_str());
            context.unknown(findings, header, (line, "cadre_code"), cadre);
        }
        let unit = context.units.get(&row.unit).copied();
        if unit.is_none() {
            context.unknown(findings, header, (line, "unit_code"), (super::row::UnitRow::FILE, row.unit.as_str()));
        }
        let has_title = context.titles.contains_key(&row.title);
        if !has_title {
            let title = (<entity::title::Model as Row>::FILE, row.title.as_str());
            context.unknown(findings, header, (line, "title_code"), title);
        }
        let birth = person.and_then(|person| context.cadre_index.birth(person));
        if let Some(doubt) = plausibility::doubt_post(row.start_on, birth, context.today) {
            header.note(findings, (line, "start_on"), FindingCode::DoubtfulDate, || doubt.sentence());
        }
        let (person, unit_id) = (person?, unit?);
        let model = assignment::Model {
            id: AssignmentId::new(),
            cadre_id: context.cadre_index.id(person),
            unit_id,
            title_code: row.title,
            start_on: row.start_on,
            end_on: row.end_on,
            is_primary: row.is_primary,
        };
        has_title.then_some(Resolved { line, person, row_status: RowStatus::New, model })
    }

    /// The posts of these persons in the database.
    pub async fn posts(&self, persons: &[(CadreId, Person)]) -> Result<HashMap<CadreId, Vec<assignment::Model>>> {
        let mut posts: HashMap<CadreId, Vec<assignment::Model>> = HashMap::new();
        if persons.is_empty() {
            return Ok(posts);
        }
        let condition = self.any_person(assignment::Column::CadreId, persons);
        for post in assignment::Entity::find().filter(condition).all(self.connection).await? {
            posts.entry(post.cadre_id).or_default().push(post);
        }
        Ok(posts)
    }

    /// The qualifications of a batch, and the stored qualifications of the same persons. Both are without the values
    /// of columns that the file lacks.
    pub async fn qualifications(
        &mut self,
        header: &Header,
        rows: Vec<(u64, QualificationRow)>,
    ) -> Result<(Vec<Resolved<qualification::Model>>, Vec<(Person, qualification::Model)>)> {
        self.add_stored_cadres(rows.iter().map(|(_, row)| &row.cadre)).await?;
        let mut found: Vec<_> =
            rows.into_iter().filter_map(|(line, row)| self.qualification(header, line, row)).collect();

        let mut stored: HashMap<CadreId, Vec<qualification::Model>> = HashMap::new();
        let persons = self.stored_persons(&found);
        if !persons.is_empty() {
            let condition = self.any_person(qualification::Column::CadreId, &persons);
            for row in qualification::Entity::find().filter(condition).all(self.connection).await? {
                stored.entry(row.cadre_id).or_default().push(without_absent(header, row));
            }
        }
        for new in &mut found {
            let is_same = |there: &qualification::Model| {
                // Ids are random and not compared. A qualification that a result granted may be in the bundle, too.
                qualification::Model { id: new.model.id, enrolment_id: None, ..there.clone() } == new.model
            };
            if stored.get(&new.model.cadre_id).is_some_and(|there| there.iter().any(is_same)) {
                new.row_status = RowStatus::Unchanged;
            }
        }
        let of_person = |(id, person): (CadreId, Person)| {
            stored.remove(&id).unwrap_or_default().into_iter().map(move |row| (person, row))
        };
        let stored = persons.into_iter().flat_map(of_person).collect();
        Ok((found, stored))
    }

    fn qualification(
        &mut self,
        header: &Header,
        line: u64,
        row: QualificationRow,
    ) -> Option<Resolved<qualification::Model>> {
        let (findings, context) = (&mut *self.findings, &*self.context);
        let person = context.cadre_index.find(row.cadre.as_str());
        if person.is_none() {
            let cadre = (CadreRow::FILE, row.cadre.as_str());
            context.unknown(findings, header, (line, "cadre_code"), cadre);
        }
        let has_level = note_level(header, line, (row.subject.as_ref(), row.level.as_ref()), context, findings);
        let has_institution = row.institution.as_ref().is_none_or(|code| context.institutions.contains(code));
        if let (false, Some(code)) = (has_institution, &row.institution) {
            let institution = (<entity::institution::Model as Row>::FILE, code.as_str());
            context.unknown(findings, header, (line, "institution_code"), institution);
        }
        let birth = person.and_then(|person| context.cadre_index.birth(person));
        if let Some(doubt) = plausibility::doubt_grant(row.granted_on, birth, context.today) {
            header.note(findings, (line, "granted_on"), FindingCode::DoubtfulDate, || doubt.sentence());
        }
        let person = person?;
        let (Ok(subject_code), Ok(level_code)) = (row.subject, row.level) else { return None };
        let model = qualification::Model {
            id: QualificationId::new(),
            cadre_id: context.cadre_index.id(person),
            subject_code,
            level_code,
            field_code: row.field_code,
            institution_code: row.institution,
            mode: row.mode,
            counts_from: row.granted_on.counts_from(),
            granted_on: row.granted_on,
            enrolment_id: None,
        };
        (has_level && has_institution).then_some(Resolved { line, person, row_status: RowStatus::New, model })
    }

    /// Adds the persons with these codes that are only in the database to the index.
    pub async fn add_stored_cadres(&mut self, codes: impl Iterator<Item = &CadreCode>) -> Result<()> {
        let cadre_index = &self.context.cadre_index;
        let unknown_codes: HashSet<&CadreCode> =
            codes.filter(|code| cadre_index.find(code.as_str()).is_none()).collect();
        for (code, there) in self.stored_cadres(unknown_codes.into_iter()).await? {
            let person = self.context.cadre_index.enter_stored(code.as_str(), there.id, there.birth_on)?;
            self.context.cadre_index.set_status(person, there.status);
            self.context.cadre_index.set_category(person, there.category);
        }
        Ok(())
    }

    /// The rows of these persons in the database before the import. Skips codes that are known to be new.
    async fn stored_cadres(&self, codes: impl Iterator<Item = &CadreCode>) -> Result<HashMap<CadreCode, cadre::Model>> {
        let mut stored = HashMap::new();
        if !self.context.existing.has_cadres {
            return Ok(stored);
        }
        let cadre_index = &self.context.cadre_index;
        let may_be_stored =
            |code: &&CadreCode| cadre_index.find(code.as_str()).is_none_or(|person| cadre_index.is_stored(person));
        let codes: Vec<&CadreCode> = codes.filter(may_be_stored).collect();
        if codes.is_empty() {
            return Ok(stored);
        }
        let condition = self.any_code(cadre::Column::Code, codes.iter().map(|code| code.as_str()));
        for cadre in cadre::Entity::find().filter(condition).all(self.connection).await? {
            stored.insert(cadre.code.clone(), cadre);
        }
        Ok(stored)
    }

    /// The persons of a batch that were stored before the import, each once.
    pub fn stored_persons<M>(&self, rows: &[Resolved<M>]) -> Vec<(CadreId, Person)> {
        let mut persons = self.persons(rows);
        persons.retain(|(_, person)| self.context.cadre_index.is_stored(*person));
        persons
    }

    /// The persons of a batch, each once.
    pub fn persons<M>(&self, rows: &[Resolved<M>]) -> Vec<(CadreId, Person)> {
        let mut persons: Vec<Person> = rows.iter().map(|row| row.person).collect();
        persons.sort_unstable();
        persons.dedup();
        persons.into_iter().map(|person| (self.context.cadre_index.id(person), person)).collect()
    }
}

/// The values of a query, padded to a power of two by repeating the last one, so that ten statements are prepared and
/// cached instead of 512.
pub(super) fn padded<T: Clone>(values: impl Iterator<Item = T>) -> Vec<T> {
    let mut values: Vec<T> = values.collect();
    if let Some(last) = values.last().cloned() {
        values.resize(values.len().next_power_of_two(), last);
    }
    values
}

/// A stored qualification without the values of columns that the file lacks, to compare it with rows of the file.
fn without_absent(header: &Header, row: qualification::Model) -> qualification::Model {
    qualification::Model {
        field_code: row.field_code.filter(|_| header.has("field_code")),
        institution_code: row.institution_code.filter(|_| header.has("institution_code")),
        mode: row.mode.filter(|_| header.has("mode")),
        ..row
    }
}

/// Whether two rows are the same post, regardless of its end.
fn is_post(stored: &assignment::Model, post: &assignment::Model) -> bool {
    (stored.unit_id, &stored.title_code, stored.start_on, stored.is_primary)
        == (post.unit_id, &post.title_code, post.start_on, post.is_primary)
}

/// Whether the subject has the level; notes it if not.
pub(super) fn note_level(
    header: &Header,
    line: u64,
    (subject, level): (Result<&SubjectCode, &String>, Result<&LevelCode, &String>),
    context: &ImportContext,
    findings: &mut Findings,
) -> bool {
    let Some((subject, levels)) = subject.ok().and_then(|code| context.existing.levels.get_key_value(code)) else {
        header.note(findings, (line, "subject"), FindingCode::UnknownSubject, || {
            let mut subjects: Vec<_> = context.existing.levels.keys().map(|subject| subject.as_str()).collect();
            subjects.sort_unstable();
            let value = subject.map_or_else(String::as_str, |subject| subject.as_str());
            let what = ("loại trình độ không có trong danh mục", "the subject is not in the list");
            not_in_list(shown(header.file, "subject", value), &subjects, what)
        });
        return false;
    };
    if level.is_ok_and(|level| levels.contains(level)) {
        return true;
    }
    header.note(findings, (line, "level"), FindingCode::UnknownLevel, || {
        let mut levels: Vec<_> = levels.iter().map(|level| level.as_str()).collect();
        levels.sort_unstable();
        let value = level.map_or_else(String::as_str, |level| level.as_str());
        let (vi, en) = (format!("{subject} không có mức này"), format!("{subject} does not have this level"));
        not_in_list(shown(header.file, "level", value), &levels, (&vi, &en))
    });
    false
}

/// Message about a value that is not in a list, with the list and the most similar value.
fn not_in_list(value: Option<&str>, list: &[&str], (vi, en): (&str, &str)) -> Sentence {
    let all = list.join(", ");
    let (mut vi, mut en) = (format!("{vi}; hãy chọn một trong: {all}"), format!("{en}; choose one of: {all}"));
    if let Some(value) = value {
        (vi, en) = (format!("«{value}»: {vi}"), format!("\"{value}\": {en}"));
        if let Some(meant) = closest(value, list.iter().copied()) {
            vi.push_str(&format!("; giá trị gần giống: {meant}"));
            en.push_str(&format!("; did you mean {meant}?"));
        }
    }
    Sentence::new(vi, en)
}
