//! An in-memory snapshot of units and reference lists, constant during a request.
//!
//! They are small, read by every request and changed by few commands. They are loaded once and replaced as a whole when
//! the log contains such a command.

use std::{
    collections::{BTreeMap, HashMap},
    sync::atomic::{AtomicI64, Ordering},
};

use entity::{
    change, ethnic_group, institution, programme, qualification_level, qualification_subject, title,
    value::{InstitutionCode, LevelCode, ProgrammeCode, SubjectCode, TitleCode},
};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, StreamTrait};

use crate::{
    audit::hash_chain,
    error::Result,
    reference::{
        documents::Documents, duties::Duties, rules::Rules, standards::Standards, title_steps::TitleSteps, units::Units,
    },
};

/// A subject of qualification with its levels, lowest first.
#[derive(Clone, Debug)]
pub struct Subject {
    /// Row of the subject.
    pub row: qualification_subject::Model,
    /// Levels in ascending rank.
    pub levels: Vec<qualification_level::Model>,
}

impl Subject {
    /// Level of this subject by code.
    pub fn level(&self, code: &str) -> Option<&qualification_level::Model> {
        self.levels.iter().find(|level| level.code.as_str() == code)
    }
}

/// Snapshot of reference data that every request needs.
#[derive(Debug, Default)]
pub struct ReferenceData {
    units: Units,
    titles: BTreeMap<TitleCode, title::Model>,
    institutions: HashMap<InstitutionCode, institution::Model>,
    subjects: Vec<Subject>,
    ethnic_groups: HashMap<String, ethnic_group::Model>,
    programmes: BTreeMap<ProgrammeCode, programme::Model>,
    rules: Rules,
    standards: Standards,
    duties: Duties,
    documents: Documents,
    title_steps: TitleSteps,
    log_position: AtomicI64,
}

impl ReferenceData {
    /// Object types that are not part of the snapshot.
    pub(crate) const UNCACHED: [&str; 15] = [
        "acting_person",
        "appraisal",
        "cadre",
        "client",
        "client_document",
        "client_key",
        "enrolment",
        "external_client",
        "qualification",
        "quota",
        "rotation",
        "signing_key",
        "training_class",
        "training_plan",
        "webhook",
    ];

    /// Whether these commands, by their numbers in the audit log, changed a part of the snapshot. Changes of persons,
    /// rotations, training and clients are ignored: they are more frequent and not part of the snapshot.
    pub(crate) async fn is_outdated(connection: &impl ConnectionTrait, commands: &[i64]) -> Result<bool> {
        for commands in commands.chunks(hash_chain::ROWS) {
            let change = change::Entity::find()
                .filter(change::Column::AuditSeq.is_in(commands.iter().copied()))
                .filter(change::Column::ObjectType.is_not_in(Self::UNCACHED))
                .one(connection)
                .await?;
            if change.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Reads the snapshot.
    pub async fn load(connection: &(impl ConnectionTrait + StreamTrait)) -> Result<Self> {
        // The position is read first: a commit during the reading of the tables is then newer than this position and
        // triggers a reload.
        let log_position = hash_chain::end(connection).await?;
        let titles = title::Entity::find().all(connection).await?;
        let institutions = institution::Entity::find().all(connection).await?;
        let ethnic_groups = ethnic_group::Entity::find().all(connection).await?;
        let programmes = programme::Entity::find().all(connection).await?;
        let subjects = load_subjects(connection).await?;
        let rank = |subject: &SubjectCode, level: &LevelCode| {
            let subject = subjects.iter().find(|of| of.row.code == *subject)?;
            Some(subject.level(level.as_str())?.rank)
        };
        let standards = Standards::load(connection, rank).await?;
        Ok(Self {
            units: Units::load(connection).await?,
            titles: titles.into_iter().map(|title| (title.code.clone(), title)).collect(),
            institutions: institutions.into_iter().map(|row| (row.code.clone(), row)).collect(),
            subjects,
            ethnic_groups: ethnic_groups.into_iter().map(|row| (row.code.clone(), row)).collect(),
            programmes: programmes.into_iter().map(|row| (row.code.clone(), row)).collect(),
            rules: Rules::load(connection).await?,
            standards,
            duties: Duties::load(connection).await?,
            documents: Documents::load(connection).await?,
            title_steps: TitleSteps::load(connection).await?,
            log_position: AtomicI64::new(log_position),
        })
    }

    /// Log position up to which the snapshot contains all commits. Positions follow the order of commits. Numbers of
    /// the change log do not: a command takes them before it commits, an import minutes before.
    pub fn log_position(&self) -> i64 {
        self.log_position.load(Ordering::Acquire)
    }

    /// Records that commits up to a position changed no part of the snapshot.
    pub(crate) fn advance_to(&self, place: i64) {
        self.log_position.fetch_max(place, Ordering::AcqRel);
    }

    /// All units, not restricted to a reach.
    pub(crate) fn units(&self) -> &Units {
        &self.units
    }

    /// All titles, by code.
    pub fn titles(&self) -> impl Iterator<Item = &title::Model> {
        self.titles.values()
    }

    /// Title by code.
    pub fn title(&self, code: &str) -> Option<&title::Model> {
        self.titles.get(code)
    }

    /// Steps of titles.
    pub fn title_steps(&self) -> &TitleSteps {
        &self.title_steps
    }

    /// Institution by code.
    pub fn institution(&self, code: &str) -> Option<&institution::Model> {
        self.institutions.get(code)
    }

    /// All subjects of qualification, in the order of the list.
    pub fn subjects(&self) -> &[Subject] {
        &self.subjects
    }

    /// Subject of qualification by code.
    pub fn subject(&self, code: &str) -> Option<&Subject> {
        self.subjects.iter().find(|subject| subject.row.code.as_str() == code)
    }

    /// Rank of a level in its subject.
    pub fn rank(&self, subject: &SubjectCode, level: &LevelCode) -> Option<i16> {
        Some(self.subject(subject.as_str())?.level(level.as_str())?.rank)
    }

    /// All institutions, by code.
    pub fn institutions(&self) -> Vec<&institution::Model> {
        let mut all: Vec<_> = self.institutions.values().collect();
        all.sort_unstable_by(|one, other| one.code.as_str().cmp(other.code.as_str()));
        all
    }

    /// All ethnic groups, by code of the list of 2008.
    pub fn ethnic_groups(&self) -> Vec<&ethnic_group::Model> {
        let mut all: Vec<_> = self.ethnic_groups.values().collect();
        all.sort_unstable_by(|one, other| one.code.cmp(&other.code));
        all
    }

    /// Ethnic group by code of the list of 2008.
    pub fn ethnic_group(&self, code: &str) -> Option<&ethnic_group::Model> {
        self.ethnic_groups.get(code)
    }

    /// All training programmes, by code.
    pub fn programmes(&self) -> impl Iterator<Item = &programme::Model> {
        self.programmes.values()
    }

    /// Training programme by code.
    pub fn programme(&self, code: &str) -> Option<&programme::Model> {
        self.programmes.get(code)
    }

    /// Standards of titles.
    pub fn standards(&self) -> &Standards {
        &self.standards
    }

    /// Rules and retirement ages.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Duties.
    pub fn duties(&self) -> &Duties {
        &self.duties
    }

    /// Documents.
    pub fn documents(&self) -> &Documents {
        &self.documents
    }
}

async fn load_subjects(connection: &impl ConnectionTrait) -> Result<Vec<Subject>> {
    let rows = qualification_subject::Entity::find()
        .order_by_asc(qualification_subject::COLUMN.position)
        .all(connection)
        .await?;
    let mut levels: HashMap<SubjectCode, Vec<_>> = HashMap::new();
    for level in
        qualification_level::Entity::find().order_by_asc(qualification_level::COLUMN.rank).all(connection).await?
    {
        levels.entry(level.subject_code.clone()).or_default().push(level);
    }
    Ok(rows.into_iter().map(|row| Subject { levels: levels.remove(&row.code).unwrap_or_default(), row }).collect())
}
