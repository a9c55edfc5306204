//! Snapshot of the database before an import, except persons and classes, which are queried in batches.

use std::{
    collections::{HashMap, HashSet},
    hash::Hash,
};

use entity::{
    cadre, document, duty, duty_programme, ethnic_group, institution, programme, qualification_level, quota,
    requirement, retirement_age, rule, standard, standard_scope, title, title_step, training_class, training_plan,
    unit, unit_area, unit_identifier, unit_succession, unit_version,
    value::{
        Day, DocumentCode, DutyCode, InstitutionCode, LevelCode, Measure, PlanCode, PlanId, ProgrammeCode, QuotaState,
        RequirementCode, RuleCode, StandardCode, StudyMode, SubjectCode, TitleCode, UnitCode, UnitId,
    },
};
use futures_util::TryStreamExt;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, StreamTrait};

use crate::{
    error::{Error, Result},
    language::Sentence,
};

/// A snapshot of the lists and the units.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Existing {
    pub ethnic_groups: HashSet<String>,
    pub levels: HashMap<SubjectCode, HashSet<LevelCode>>,
    pub titles: HashMap<TitleCode, title::Model>,
    pub institutions: HashMap<InstitutionCode, institution::Model>,
    pub rules: HashMap<RuleCode, rule::Model>,
    pub retirement_ages: HashMap<RuleCode, retirement_age::Model>,
    pub title_steps: HashMap<(TitleCode, Day), title_step::Model>,
    pub documents: HashMap<DocumentCode, document::Model>,
    pub standards: StoredStandards,
    pub programmes: HashMap<ProgrammeCode, programme::Model>,
    pub duties: HashMap<DutyCode, duty::Model>,
    pub duty_programmes: HashSet<(DutyCode, ProgrammeCode)>,
    pub plans: HashMap<PlanCode, training_plan::Model>,
    pub quotas: HashMap<QuotaKey, QuotaFacts>,
    pub units: HashMap<UnitCode, UnitId>,
    pub versions: HashMap<UnitId, Vec<unit_version::Model>>,
    pub successions: Vec<unit_succession::Model>,
    pub identifiers: Vec<unit_identifier::Model>,
    pub areas: Vec<unit_area::Model>,
    /// Whether the database has any person; if not, the import does not query persons.
    pub has_cadres: bool,
    /// Whether the database has any class; if not, the import does not query classes.
    pub has_classes: bool,
}

/// Standards, scopes and requirements in the database.
#[derive(Debug, Default, PartialEq)]
pub(super) struct StoredStandards {
    pub standards: HashMap<StandardCode, standard::Model>,
    pub scopes: HashMap<(StandardCode, TitleCode), standard_scope::Model>,
    pub requirements: HashMap<(StandardCode, RequirementCode), requirement::Model>,
}

/// Identity of a quota of a file: plan, unit, programme, mode.
pub(super) type QuotaKey = (PlanId, UnitId, ProgrammeCode, Option<StudyMode>);

/// The values of a quota in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct QuotaFacts {
    pub measure: Measure,
    pub is_lower_bound: bool,
    pub seats: i32,
    pub classes: Option<i32>,
}

impl Existing {
    /// Reads the snapshot.
    pub async fn read(connection: &(impl ConnectionTrait + StreamTrait)) -> Result<Self> {
        let mut existing = Self {
            has_cadres: has_cadres(connection).await?,
            has_classes: has_classes(connection).await?,
            ..Self::default()
        };
        for level in qualification_level::Entity::find().all(connection).await? {
            existing.levels.entry(level.subject_code).or_default().insert(level.code);
        }
        for group in ethnic_group::Entity::find().all(connection).await? {
            existing.ethnic_groups.insert(group.code);
        }
        if existing.levels.is_empty() || existing.ethnic_groups.is_empty() {
            return Err(Error::Conflict(Sentence::new(
                "cơ sở dữ liệu chưa có các danh mục (trình độ, dân tộc); hãy chạy `cadre-api migrate up` trước",
                "the database lacks the reference lists (levels, ethnic groups); run `cadre-api migrate up` first",
            )));
        }
        for title in title::Entity::find().all(connection).await? {
            existing.titles.insert(title.code.clone(), title);
        }
        for institution in institution::Entity::find().all(connection).await? {
            existing.institutions.insert(institution.code.clone(), institution);
        }
        for rule in rule::Entity::find().all(connection).await? {
            existing.rules.insert(rule.code.clone(), rule);
        }
        for age in retirement_age::Entity::find().all(connection).await? {
            existing.retirement_ages.insert(age.code.clone(), age);
        }
        let steps = title_step::Entity::find().all(connection).await?;
        existing.title_steps = by_key(steps, |row| (row.title_code.clone(), row.valid_from));
        existing.documents = by_key(document::Entity::find().all(connection).await?, |row| row.code.clone());
        existing.read_standards(connection).await?;
        existing.read_training_lists(connection).await?;
        existing.read_units(connection).await?;
        Ok(existing)
    }

    async fn read_standards(&mut self, connection: &impl ConnectionTrait) -> Result<()> {
        let standards = standard::Entity::find().all(connection).await?;
        let scopes = standard_scope::Entity::find().all(connection).await?;
        let requirements = requirement::Entity::find().all(connection).await?;
        self.standards = StoredStandards {
            standards: by_key(standards, |row| row.code.clone()),
            scopes: by_key(scopes, |row| (row.standard_code.clone(), row.title_code.clone())),
            requirements: by_key(requirements, |row| (row.standard_code.clone(), row.code.clone())),
        };
        Ok(())
    }

    async fn read_units(&mut self, connection: &(impl ConnectionTrait + StreamTrait)) -> Result<()> {
        // Streamed: the driver's rows of all units of the country take more memory than the map.
        let mut units = unit::Entity::find().stream(connection).await?;
        while let Some(unit) = units.try_next().await? {
            self.units.insert(unit.code, unit.id);
        }
        drop(units);
        let mut versions = unit_version::Entity::find().stream(connection).await?;
        while let Some(version) = versions.try_next().await? {
            self.versions.entry(version.unit_id).or_default().push(version);
        }
        drop(versions);
        // Sorted, so that two snapshots of the same rows are equal.
        for versions in self.versions.values_mut() {
            versions.sort_by_key(|version| version.id);
            // Most units have one version, and a `Vec` starts with a capacity of four.
            versions.shrink_to_fit();
        }
        self.successions = unit_succession::Entity::find().all(connection).await?;
        self.successions.sort_by_key(|succession| succession.id);
        self.identifiers = unit_identifier::Entity::find().stream(connection).await?.try_collect().await?;
        self.identifiers.sort_by_key(|identifier| identifier.id);
        self.areas = unit_area::Entity::find().all(connection).await?;
        self.areas.sort_by_key(|row| (row.unit_id, row.area, row.valid_from));
        Ok(())
    }

    async fn read_training_lists(&mut self, connection: &(impl ConnectionTrait + StreamTrait)) -> Result<()> {
        for programme in programme::Entity::find().all(connection).await? {
            self.programmes.insert(programme.code.clone(), programme);
        }
        for duty in duty::Entity::find().all(connection).await? {
            self.duties.insert(duty.code.clone(), duty);
        }
        for row in duty_programme::Entity::find().all(connection).await? {
            self.duty_programmes.insert((row.duty_code, row.programme_code));
        }
        for plan in training_plan::Entity::find().all(connection).await? {
            self.plans.insert(plan.code.clone(), plan);
        }
        // Ordered by id: if a quota was issued twice, in two parts, the first one counts.
        let quotas = quota::Entity::find().filter(quota::Column::State.eq(QuotaState::Issued));
        let mut quotas = quotas.order_by_asc(quota::Column::Id).stream(connection).await?;
        while let Some(quota) = quotas.try_next().await? {
            let quota::Model { measure, is_lower_bound, seats, classes, .. } = quota;
            let key = (quota.plan_id, quota.unit_id, quota.programme_code, quota.mode);
            self.quotas.entry(key).or_insert(QuotaFacts { measure, is_lower_bound, seats, classes });
        }
        Ok(())
    }
}

/// The rows of a table by their keys.
fn by_key<K: Eq + Hash, M>(rows: Vec<M>, key: impl Fn(&M) -> K) -> HashMap<K, M> {
    rows.into_iter().map(|row| (key(&row), row)).collect()
}

async fn has_classes(connection: &impl ConnectionTrait) -> Result<bool> {
    let first = training_class::Entity::find().select_only().column(training_class::Column::Id).limit(1);
    Ok(connection.query_one(&sea_orm::QueryTrait::into_query(first)).await?.is_some())
}

async fn has_cadres(connection: &impl ConnectionTrait) -> Result<bool> {
    let first = cadre::Entity::find().select_only().column(cadre::Column::Id).limit(1);
    Ok(connection.query_one(&sea_orm::QueryTrait::into_query(first)).await?.is_some())
}
