//! Classes of a bundle: read in batches and stored compactly for the enrolments that refer to them.

use std::collections::{HashMap, HashSet};

use entity::{
    training_class,
    value::{
        ChangeKind, ClassCategory, ClassCode, ClassId, ClassState, Day, PlanCode, PlanId, ProgrammeCode, StudyMode,
        UnitCode, UnitId,
    },
};
use sea_orm::{ActiveEnum, ConnectionTrait, DatabaseTransaction, EntityTrait, Iterable, QueryFilter};

use super::{
    agree,
    cell::{Cells, Problem, code, day, number, word},
    checked::Checked,
    class_index::{Class, ClassEntry},
    context::{ImportContext, repeated_code},
    finding::{FindingCode, Findings},
    header::Header,
    programme_index::Programme,
    reference_lists::unit_of,
    resolve::Pass,
    table::Row,
    training_lists::{plan_of, programme_of},
    write::{insert, record},
};
use crate::{
    authz::Txn,
    domain::{
        bundle::{self, FileFormat},
        training::plan::touches_years,
    },
    error::Result,
    language::Sentence,
};

/// A class.
pub(super) struct ClassRow {
    code: ClassCode,
    plan: Option<PlanCode>,
    programme: ProgrammeCode,
    organiser: UnitCode,
    intake: Option<String>,
    category: ClassCategory,
    mode: Option<StudyMode>,
    start_on: Day,
    end_on: Day,
    capacity: Option<i32>,
    reported_learners: Option<i32>,
    status: Status,
}

impl Row for ClassRow {
    const FORMAT: FileFormat = bundle::CLASSES;

    fn read(cells: &mut Cells<'_, '_>) -> Option<Self> {
        let code_ = cells.must("code", code);
        let plan = cells.may("plan_code", code);
        let programme = cells.must("programme_code", code);
        let organiser = cells.must("organiser_code", code);
        let intake = cells.text("intake");
        let category = cells.must("category", word);
        let mode = cells.may("mode", word);
        let start_on = cells.must("start_on", day);
        let end_on = cells.must("end_on", day);
        let capacity = cells.may("capacity", number);
        let reported_learners = cells.may("reported_learners", number);
        let status = cells.must("status", status);
        let (start_on, end_on) = (start_on?, end_on?);
        if end_on < start_on {
            cells.backward_interval("end_on");
            return None;
        }
        Some(Self {
            code: code_?,
            plan: plan?,
            programme: programme?,
            organiser: organiser?,
            intake: intake?,
            category: category?,
            mode: mode?,
            start_on,
            end_on,
            capacity: capacity?,
            reported_learners: reported_learners?,
            status: status?,
        })
    }
}

/// Status of a class in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Status {
    /// It has no results yet: its state follows from its days.
    Open,
    /// The state is stated.
    At(ClassState),
}

fn status(text: &str) -> Result<Status, Problem> {
    if text == "OPEN" {
        return Ok(Status::Open);
    }
    word(text).map(Status::At).map_err(|_| {
        let states: Vec<String> = ClassState::iter().map(|state| state.to_value()).collect();
        let words: Vec<&str> = std::iter::once("OPEN").chain(states.iter().map(String::as_str)).collect();
        Problem::not_among(text, &words)
    })
}

impl Status {
    fn state(self, start_on: Day, today: Day) -> ClassState {
        match self {
            Self::At(state) => state,
            Self::Open if start_on <= today => ClassState::Running,
            Self::Open => ClassState::OpenForNomination,
        }
    }

    /// Whether the status of the file matches a stored state. `OPEN` matches each state that an open class reaches over
    /// time.
    fn is_that_of(self, state: ClassState) -> bool {
        match self {
            Self::At(at) => at == state,
            Self::Open => [ClassState::OpenForNomination, ClassState::Confirmed, ClassState::Running].contains(&state),
        }
    }
}

impl<C: ConnectionTrait> Pass<'_, C> {
    /// The new classes of a batch, and the number of unchanged ones.
    async fn classes(
        &mut self,
        header: &Header,
        rows: Vec<(u64, ClassRow)>,
    ) -> Result<(Vec<training_class::Model>, u64)> {
        let stored = self.stored_classes(rows.iter().map(|(_, row)| &row.code)).await?;
        let (mut new, mut unchanged) = (Vec::with_capacity(rows.len()), 0);
        for (line, row) in rows {
            let there = stored.get(&row.code);
            let existing = self.context.classes.find(&row.code);
            if existing.is_some_and(|class| !self.context.classes.see(class)) {
                header.note(self.findings, (line, "code"), FindingCode::RepeatedCode, repeated_code);
                continue;
            }
            let refers = row.refers(header, line, self.context, self.findings);
            row.doubt_years(header, line, refers.plan_id, (self.context, self.findings));
            let class = match (existing, there) {
                (Some(class), _) => class,
                (None, Some(there)) => self.enter_stored_class(there)?,
                (None, None) => self.context.classes.enter(row.code.clone(), row.kept(&refers, self.context.today))?,
            };
            self.context.classes.see(class);
            let Some((plan_id, organiser_id)) = refers.whole(&row) else { continue };
            let Some(there) = there else {
                let kept = self.context.classes.get(class);
                if let Some(what) = agree::of_class(kept.state, kept.start_on, self.context.today) {
                    let sentence = || what.sentence(Some(kept));
                    header.note(self.findings, (line, "status"), what.code(), sentence);
                }
                new.push(row.model(kept, (plan_id, organiser_id)));
                continue;
            };
            let differing = row.differing((plan_id, organiser_id), there);
            unchanged += u64::from(header.note_differing(self.findings, line, differing));
        }
        Ok((new, unchanged))
    }

    /// Adds the classes with these codes that are only in the database to the index.
    pub async fn meet_classes(&mut self, codes: impl Iterator<Item = &ClassCode>) -> Result<()> {
        let classes = &self.context.classes;
        let unknown_codes: HashSet<&ClassCode> = codes.filter(|code| classes.find(code).is_none()).collect();
        for there in self.stored_classes(unknown_codes.into_iter()).await?.values() {
            self.enter_stored_class(there)?;
        }
        Ok(())
    }

    /// Adds a class of the database to the index, unless it is there.
    pub fn enter_stored_class(&mut self, there: &training_class::Model) -> Result<Class> {
        if let Some(class) = self.context.classes.find(&there.code) {
            return Ok(class);
        }
        let kept = ClassEntry {
            id: there.id,
            plan_id: there.plan_id,
            programme: self.context.programmes.find(&there.programme_code),
            mode: there.mode,
            state: there.state,
            start_on: there.start_on,
            end_on: there.end_on,
            capacity: there.capacity,
            stored: Some(there.enrolled),
            taken: 0,
            seen: false,
        };
        self.context.classes.enter(there.code.clone(), kept)
    }

    /// The rows of these classes in the database before the import. Skips codes that are known to be new.
    async fn stored_classes(
        &self,
        codes: impl Iterator<Item = &ClassCode>,
    ) -> Result<HashMap<ClassCode, training_class::Model>> {
        let mut stored = HashMap::new();
        if !self.context.existing.has_classes {
            return Ok(stored);
        }
        let classes = &self.context.classes;
        let may_be_stored =
            |code: &&ClassCode| classes.find(code).is_none_or(|class| classes.get(class).stored.is_some());
        let codes: Vec<&ClassCode> = codes.filter(may_be_stored).collect();
        if codes.is_empty() {
            return Ok(stored);
        }
        let asked = self.any_code(training_class::Column::Code, codes.iter().map(|code| code.as_str()));
        for class in training_class::Entity::find().filter(asked).all(self.connection).await? {
            stored.insert(class.code.clone(), class);
        }
        Ok(stored)
    }

    /// Checks the classes.
    pub async fn check_classes(&mut self) -> Result<Checked> {
        let step = async |pass: &mut Self, header: &Header, rows| {
            let (found, unchanged) = pass.classes(header, rows).await?;
            Ok((found.len() as u64, unchanged))
        };
        Ok(self.batches(step).await?.0)
    }
}

impl Pass<'_, DatabaseTransaction> {
    /// Writes the new classes, with the seats that the enrolments will take.
    pub async fn load_classes(&mut self, txn: &Txn) -> Result<Checked> {
        let step = async |pass: &mut Self, header: &Header, rows| {
            let (found, unchanged) = pass.classes(header, rows).await?;
            let codes: Vec<String> = found.iter().map(|class| class.code.to_string()).collect();
            let new = codes.len() as u64;
            insert(txn, found).await?;
            record(txn, ChangeKind::Created, "training_class", codes).await?;
            Ok((new, unchanged))
        };
        Ok(self.batches(step).await?.0)
    }
}

/// The references of a row; `None` for an unknown code.
struct Refers {
    plan_id: Option<PlanId>,
    programme: Option<Programme>,
    organiser_id: Option<UnitId>,
}

impl Refers {
    /// Plan and organiser, if all references of the row are known.
    fn whole(&self, row: &ClassRow) -> Option<(Option<PlanId>, UnitId)> {
        let is_whole = self.programme.is_some() && self.plan_id.is_some() == row.plan.is_some();
        Some((self.plan_id, self.organiser_id?)).filter(|_| is_whole)
    }
}

impl ClassRow {
    fn refers(&self, header: &Header, line: u64, context: &ImportContext, findings: &mut Findings) -> Refers {
        Refers {
            plan_id: plan_of(context, findings, header, line, self.plan.as_ref()),
            programme: programme_of(context, findings, header, line, &self.programme),
            organiser_id: unit_of(context, findings, header, (line, "organiser_code"), Some(&self.organiser)),
        }
    }

    /// Warns of a class that begins and ends outside the years of its plan.
    fn doubt_years(
        &self,
        header: &Header,
        line: u64,
        plan_id: Option<PlanId>,
        (context, findings): (&ImportContext, &mut Findings),
    ) {
        let Some((first, last)) = plan_id.and_then(|plan| context.plan_years.get(&plan).copied()) else { return };
        if !touches_years((first, last), (self.start_on, self.end_on)) {
            header.note(findings, (line, "start_on"), FindingCode::ClassOutsidePlan, || {
                Sentence::new(
                    format!(
                        "lớp không thuộc thời gian của kế hoạch, từ năm {first} đến năm {last}; hãy kiểm tra ngày của \
                         lớp và mã kế hoạch"
                    ),
                    format!(
                        "the class is outside the years of its plan, {first} to {last}; check the days of the class and \
                         the code of the plan"
                    ),
                )
            });
        }
    }

    /// The index entry of a new class, with a new id.
    fn kept(&self, refers: &Refers, today: Day) -> ClassEntry {
        ClassEntry {
            id: ClassId::new(),
            plan_id: refers.plan_id,
            programme: refers.programme,
            mode: self.mode,
            state: self.status.state(self.start_on, today),
            start_on: self.start_on,
            end_on: self.end_on,
            capacity: self.capacity,
            stored: None,
            taken: 0,
            seen: false,
        }
    }

    /// The columns in which a stored class differs.
    fn differing(
        &self,
        (plan_id, organiser_id): (Option<PlanId>, UnitId),
        stored: &training_class::Model,
    ) -> Vec<&'static str> {
        let columns = [
            ("plan_code", plan_id == stored.plan_id),
            ("programme_code", self.programme == stored.programme_code),
            ("organiser_code", organiser_id == stored.organiser_id),
            ("intake", self.intake == stored.intake),
            ("category", self.category == stored.category),
            ("mode", self.mode == stored.mode),
            ("start_on", self.start_on == stored.start_on),
            ("end_on", self.end_on == stored.end_on),
            ("capacity", self.capacity == stored.capacity),
            ("reported_learners", self.reported_learners == stored.reported_learners),
            ("status", self.status.is_that_of(stored.state)),
        ];
        columns.into_iter().filter(|(_, same)| !same).map(|(column, _)| column).collect()
    }

    /// The row of the database.
    fn model(self, kept: &ClassEntry, (plan_id, organiser_id): (Option<PlanId>, UnitId)) -> training_class::Model {
        training_class::Model {
            id: kept.id,
            state: kept.state,
            code: self.code,
            plan_id,
            programme_code: self.programme,
            organiser_id,
            intake: self.intake,
            category: self.category,
            mode: self.mode,
            start_on: self.start_on,
            end_on: self.end_on,
            capacity: self.capacity,
            enrolled: kept.seated(),
            reported_learners: self.reported_learners,
            version: 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_open_class_runs_from_its_first_day() {
        let day = |text: &str| text.parse::<Day>().expect(text);
        for (text, start, state) in [
            ("OPEN", "2026-06-02", ClassState::OpenForNomination),
            ("OPEN", "2026-06-01", ClassState::Running),
            ("OPEN", "2020-01-01", ClassState::Running),
            ("CLOSED", "2026-06-02", ClassState::Closed),
            ("PLANNED", "2020-01-01", ClassState::Planned),
        ] {
            let status = status(text).expect(text);
            assert_eq!(status.state(day(start), day("2026-06-01")), state, "{text} {start}");
            assert!(status.is_that_of(state));
            assert!(!status.is_that_of(ClassState::Cancelled));
        }
        assert!(status("open").is_err() && status("").is_err());
    }
}
