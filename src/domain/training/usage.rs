//! Counts the seats of quotas that enrolments use.
//!
//! `enrolment_quota` lists the quotas of each enrolment: the quota that the command named, or the quotas that `Holders`
//! finds for an imported enrolment. They are written with the enrolment and never change. A seat is used while the
//! enrolment is in a state that takes one; a quota of persons (người) counts a person once. `quota.used` is this count.
//! Commands change it by one conditional statement, imports set it for the quotas of their rows, and `verify` compares
//! it.

use std::collections::{HashMap, HashSet};

use entity::{
    enrolment, enrolment_quota, quota,
    value::{EnrolmentState, Hierarchy, Measure, PlanId, ProgrammeCode, QuotaId, StudyMode, UnitId},
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, JoinType, QueryFilter, QueryOrder, QuerySelect,
    RelationTrait,
    sea_query::{Expr, ExprTrait},
};

use crate::{
    authz::{Area, CommandKind, Permit},
    clock::Clock,
    db::{self, Database, bulk},
    error::{Error, Result},
    reference::units::Units,
};

const RECOUNT: CommandKind = CommandKind::of_operator("quota.recount", Area::Records);

/// Quotas of one statement.
const BATCH: u64 = 1_000;

/// A unit and its ancestors in a year, nearest first.
pub(crate) fn with_ancestors(units: &Units, unit: UnitId, year: i32) -> Vec<UnitId> {
    std::iter::once(unit).chain(units.ancestors_in_year(unit, Hierarchy::Administrative, year)).collect()
}

/// The columns of a quota that determine its users.
#[derive(Clone, Copy, Debug)]
struct QuotaRef {
    id: QuotaId,
    mode: Option<StudyMode>,
}

/// The columns of a class that determine the quotas of its learners.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Taught<'a> {
    /// The plan.
    pub plan: PlanId,
    /// The programme of the learner.
    pub programme: &'a ProgrammeCode,
    /// The mode of the class.
    pub mode: Option<StudyMode>,
}

/// The units that hold quotas in force.
#[derive(Debug, Default)]
pub(crate) struct Holders {
    quotas: HashMap<(PlanId, ProgrammeCode, UnitId), Vec<QuotaRef>>,
    /// For each plan, the programmes of its quotas that include every programme of the plan.
    any: HashMap<PlanId, HashSet<ProgrammeCode>>,
}

impl Holders {
    /// Adds a quota. `is_any` states that its programme includes every programme of the plan.
    pub fn add(&mut self, quota: &quota::Model, is_any: bool) {
        if is_any {
            self.any.entry(quota.plan_id).or_default().insert(quota.programme_code.clone());
        }
        let key = (quota.plan_id, quota.programme_code.clone(), quota.unit_id);
        self.quotas.entry(key).or_default().push(QuotaRef { id: quota.id, mode: quota.mode });
    }

    /// The quotas that an imported learner uses: for the programme of the learner, and for each programme that includes
    /// every programme, the quotas of the nearest unit that holds one. `with_ancestors` lists the sending unit and its
    /// ancestors, nearest first.
    pub fn used_by(&self, taught: Taught<'_>, with_ancestors: &[UnitId]) -> Vec<QuotaId> {
        let any = self.any.get(&taught.plan).into_iter().flatten().filter(|code| *code != taught.programme);
        let nearest = |programme: &ProgrammeCode| {
            with_ancestors.iter().find_map(|unit| self.quotas.get(&(taught.plan, programme.clone(), *unit)))
        };
        let held = any.chain([taught.programme]).filter_map(nearest).flatten();
        held.filter(|quota| quota.mode.is_none() || quota.mode == taught.mode).map(|quota| quota.id).collect()
    }
}

/// Used seats of these quotas, counted from the enrolments. Quotas with no used seats are absent.
pub(crate) async fn counted(connection: &impl ConnectionTrait, quotas: &[QuotaId]) -> Result<HashMap<QuotaId, i32>> {
    let column = |column| Expr::col((enrolment::Entity, column));
    let is_of_persons = Expr::col((quota::Entity, quota::Column::Measure)).eq(Measure::Persons);
    let counts_once =
        Expr::case(is_of_persons, column(enrolment::Column::CadreId)).finally(column(enrolment::Column::Id));
    let link = Expr::col((enrolment_quota::Entity, enrolment_quota::Column::QuotaId));
    let rows: Vec<(QuotaId, i64)> = enrolment_quota::Entity::find()
        .join(JoinType::InnerJoin, enrolment_quota::Relation::Enrolment.def())
        .join(JoinType::InnerJoin, enrolment_quota::Relation::Quota.def())
        .filter(db::any_id(connection.get_database_backend(), link, quotas.iter().map(|id| id.0)))
        .filter(enrolment::Column::State.is_in(EnrolmentState::SEATED))
        .select_only()
        .column(enrolment_quota::Column::QuotaId)
        .expr_as(Expr::expr(counts_once).count_distinct(), "seats")
        .group_by(enrolment_quota::Column::QuotaId)
        .into_tuple()
        .all(connection)
        .await?;
    rows.into_iter().map(|(id, seats)| Ok((id, i32::try_from(seats).map_err(Error::internal)?))).collect()
}

/// A quota whose number of used seats differs from the count of its enrolments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The quota.
    pub quota: QuotaId,
    /// The number of used seats as stored.
    pub used: i32,
    /// The number of used seats, counted from the enrolments.
    pub counted: i32,
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { quota, used, counted } = self;
        write!(f, "quota {quota} records {used} used seats, but its enrolments use {counted}")
    }
}

/// Result of comparing all quotas.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Compared {
    /// Number of compared quotas.
    pub quotas: usize,
    /// Differences, by quota.
    pub differences: Vec<Difference>,
}

/// Compares the used seats of every quota with its enrolments.
///
/// # Errors
/// `Unavailable` or `Internal` if the database does not answer. A difference is not an error.
pub async fn verify(connection: &DatabaseTransaction) -> Result<Compared> {
    let mut compared = Compared::default();
    let mut last = None;
    loop {
        let rows = after(connection, last).await?;
        let Some(end) = rows.last() else { return Ok(compared) };
        last = Some(end.id);
        compared.quotas += rows.len();
        let counts = counted(connection, &ids(&rows)).await?;
        compared.differences.extend(rows.iter().filter_map(|row| difference(row, &counts)));
    }
}

fn difference(row: &quota::Model, counts: &HashMap<QuotaId, i32>) -> Option<Difference> {
    let difference = Difference { quota: row.id, used: row.used, counted: counts.get(&row.id).copied().unwrap_or(0) };
    (difference.used != difference.counted).then_some(difference)
}

fn ids(rows: &[quota::Model]) -> Vec<QuotaId> {
    rows.iter().map(|row| row.id).collect()
}

/// The next quotas in the order of their ids.
async fn after(connection: &DatabaseTransaction, last: Option<QuotaId>) -> Result<Vec<quota::Model>> {
    let mut quotas = quota::Entity::find().order_by_asc(quota::Column::Id).limit(BATCH);
    if let Some(last) = last {
        quotas = quotas.filter(quota::Column::Id.gt(last));
    }
    Ok(quotas.all(connection).await?)
}

/// Sets the used seats of these quotas to the count of their enrolments. The quotas are locked first, in the order of
/// their ids like commands do, so that no command changes them meanwhile. Returns the changed quotas, each as it was
/// before and as it is now.
pub(crate) async fn settle(txn: &DatabaseTransaction, quotas: &[QuotaId]) -> Result<Vec<(quota::Model, quota::Model)>> {
    let mut changed = Vec::new();
    for chunk in quotas.chunks(usize::try_from(BATCH).unwrap_or(usize::MAX)) {
        let of = db::any_id(txn.get_database_backend(), Expr::col(quota::Column::Id), chunk.iter().map(|id| id.0));
        let rows = quota::Entity::find().filter(of).order_by_asc(quota::Column::Id).lock_exclusive().all(txn).await?;
        let counts = counted(txn, &ids(&rows)).await?;
        let differing = rows.into_iter().filter_map(|row| {
            let Difference { counted, .. } = difference(&row, &counts)?;
            let now = quota::Model { used: counted, version: row.version + 1, ..row.clone() };
            let excess = if now.is_lower_bound { 0 } else { Ord::max(-now.remaining(), 0) };
            Some((row, quota::Model { excess, ..now }))
        });
        changed.extend(differing);
    }
    Ok(changed)
}

/// Replaces the stored quotas that have the same ids.
pub(crate) async fn store(txn: &DatabaseTransaction, quotas: impl Iterator<Item = quota::Model>) -> Result<()> {
    use sea_orm::{ActiveModelTrait, IntoActiveModel};
    Ok(bulk::replace(txn, quotas.map(|row| row.into_active_model().reset_all())).await?)
}

/// Sets the used seats of every quota to the count of its enrolments.
///
/// # Errors
/// `Unavailable` or `Internal` if the database does not answer.
pub async fn repair(database: &Database, clock: Clock) -> Result<()> {
    let txn = Permit::operator(database, clock, RECOUNT).begin(None, None).await?;
    let differing = verify(txn.connection()).await?.differences;
    let quotas: Vec<QuotaId> = differing.iter().map(|difference| difference.quota).collect();
    let changed = settle(txn.connection(), &quotas).await?;
    for (_, now) in &changed {
        txn.record(entity::value::ChangeKind::Updated, "quota", now.id.to_string()).await?;
    }
    store(txn.connection(), changed.into_iter().map(|(_, now)| now)).await?;
    txn.commit().await
}

#[cfg(test)]
mod tests {
    use entity::{sample, unit, unit_version};

    use super::*;

    /// A province with two districts, a commune in the first of them until 2024 and in the second from then on.
    fn units(ids: [UnitId; 4]) -> Units {
        let [province, east, west, commune] = ids;
        let row = |(at, id): (usize, UnitId)| unit::Model { id, code: format!("U{at}").parse().unwrap() };
        let version = |unit_id, parent_id, from: &str, to: &str| unit_version::Model {
            unit_id,
            valid_from: from.parse().ok(),
            valid_to: to.parse().ok(),
            parent_id,
            ..sample::unit_version()
        };
        let versions = vec![
            version(province, None, "", ""),
            version(east, Some(province), "", ""),
            version(west, Some(province), "", ""),
            version(commune, Some(east), "", "2024-07-01"),
            version(commune, Some(west), "2024-07-01", ""),
        ];
        Units::new(ids.into_iter().enumerate().map(row).collect(), versions, Vec::new())
    }

    type Kind = (Option<StudyMode>, Measure);

    fn quota(plan_id: PlanId, (unit_id, programme): (UnitId, &str), (mode, measure): Kind) -> quota::Model {
        quota::Model { plan_id, unit_id, programme_code: programme.parse().unwrap(), mode, measure, ..sample::quota() }
    }

    #[test]
    fn a_seat_counts_for_the_nearest_holder_of_its_programme() {
        let ids = [(); 4].map(|()| UnitId::new());
        let [province, east, west, commune] = ids;
        let plan = PlanId::new();
        let full_time = Some(StudyMode::FullTime);
        let quotas = [
            quota(plan, (province, "LL"), (None, Measure::Turns)),
            quota(plan, (east, "LL"), (None, Measure::Turns)),
            quota(plan, (east, "LL"), (full_time, Measure::Persons)),
            quota(plan, (west, "NV"), (None, Measure::Turns)),
            quota(plan, (province, "ALL"), (None, Measure::Persons)),
            quota(plan, (west, "ALL"), (None, Measure::Turns)),
            // A quota of another plan is not used.
            quota(PlanId::new(), (east, "LL"), (None, Measure::Turns)),
        ];
        let mut holders = Holders::default();
        quotas.iter().for_each(|quota| holders.add(quota, quota.programme_code.as_str() == "ALL"));
        let units = units(ids);
        for (what, (programme, mode, unit, year), expected) in [
            ("the unit itself", ("LL", None, east, 2025), &[1, 4][..]),
            ("the one above, without a quota of its own", ("LL", None, west, 2025), &[0, 5]),
            ("the tree of that year", ("LL", None, commune, 2023), &[1, 4]),
            ("the tree at the end of the year", ("LL", None, commune, 2024), &[0, 5]),
            ("the mode", ("LL", full_time, east, 2025), &[1, 2, 4]),
            ("no quota of the programme", ("NV", None, east, 2025), &[4]),
            ("another programme", ("NV", None, commune, 2025), &[3, 5]),
            ("the joker itself", ("ALL", None, west, 2025), &[5]),
        ] {
            let programme = &programme.parse().unwrap();
            let found = holders.used_by(Taught { plan, programme, mode }, &with_ancestors(&units, unit, year));
            let mut found: Vec<_> =
                found.iter().map(|id| quotas.iter().position(|quota| quota.id == *id).unwrap()).collect();
            found.sort_unstable();
            assert_eq!(found, expected, "{what}");
        }
    }

    #[test]
    fn a_unit_that_ended_within_the_year_is_placed_in_the_tree_of_its_last_day() {
        let version = |from: &str, to: &str| unit_version::Model {
            valid_from: from.parse().ok(),
            valid_to: to.parse().ok(),
            ..sample::unit_version()
        };
        for (from, to, year, expected) in [
            ("", "", 2025, Some("2025-12-31")),
            ("", "2025-07-01", 2025, Some("2025-06-30")),
            ("", "2025-07-01", 2024, Some("2024-12-31")),
            ("", "2025-07-01", 2026, None),
            ("", "2025-01-01", 2025, None),
            ("", "2026-01-01", 2025, Some("2025-12-31")),
        ] {
            let version = version(from, to);
            let row = unit::Model { id: version.unit_id, code: "U".parse().unwrap() };
            let units = Units::new(vec![row], vec![version.clone()], Vec::new());
            let day = units.day_in_year(version.unit_id, year);
            assert_eq!(day.map(|day| day.to_string()).as_deref(), expected, "{to} {year}");
        }
    }
}
