//! How many seats of quotas imported history used: counted anew for the plans that an import touches.
//!
//! A seat counts for the nearest unit, from the sending one upwards, that holds a quota of the plan and programme.

use std::collections::{BTreeSet, HashMap, HashSet};

use entity::{
    enrolment, programme, quota, training_class,
    value::{
        CadreId, ChangeKind, Day, EnrolmentState, Hierarchy, Measure, PlanId, ProgrammeCode, QuotaId, QuotaState,
        StudyMode, UnitId,
    },
};
use futures_util::TryStreamExt;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, ExprTrait, JoinType, QueryFilter, QueryOrder,
    QuerySelect, RelationTrait, Select, prelude::Expr,
};

use super::load::{insert, record};
use crate::{
    db::any_id,
    domain::{access::Txn, programme::ANY, unit::Units},
    error::{Error, Result},
    language::Sentence,
};

/// Seats that learners took, counted together.
#[derive(Debug)]
struct Taken {
    plan: PlanId,
    programme: ProgrammeCode,
    mode: Option<StudyMode>,
    unit: UnitId,
    year: i32,
    /// None: several persons.
    person: Option<CadreId>,
    seats: i64,
}

/// Writes the new quotas and corrects those of the database, each with what history used of it.
pub(super) async fn settle(txn: &Txn, new: Vec<quota::Model>, mut plans: BTreeSet<PlanId>) -> Result<()> {
    plans.extend(new.iter().map(|quota| quota.plan_id));
    if plans.is_empty() {
        return Ok(());
    }
    let created: Vec<QuotaId> = new.iter().map(|quota| quota.id).collect();
    let mut quotas = quotas(txn.connection(), &plans).await?;
    quotas.extend(new);
    let ladder = Ladder::over(Units::load(txn.connection()).await?);
    let mut usage = Usage::of(&quotas, &jokers(txn.connection()).await?, ladder);
    let by_person: BTreeSet<PlanId> =
        quotas.iter().filter(|quota| quota.measure == Measure::Persons).map(|quota| quota.plan_id).collect();
    plans.retain(|plan| !by_person.contains(plan));
    count(txn.connection(), &plans, &mut usage).await?;
    count_persons(txn.connection(), &by_person, &mut usage).await?;
    let used = usage.used;

    let is_new: HashSet<QuotaId> = created.iter().copied().collect();
    let (mut inserted, mut updated) = (Vec::new(), Vec::new());
    for mut quota in quotas {
        let seats = used.get(&quota.id).copied().unwrap_or(0);
        let before = std::mem::replace(&mut quota.used_before, i32::try_from(seats).unwrap_or(i32::MAX));
        if is_new.contains(&quota.id) {
            inserted.push(quota);
        } else if quota.used_before != before {
            correct(txn, &quota).await?;
            updated.push(quota.id.to_string());
        }
    }
    record(txn, ChangeKind::Created, "quota", created.iter().map(ToString::to_string).collect()).await?;
    record(txn, ChangeKind::Updated, "quota", updated).await?;
    insert(txn, inserted).await
}

/// The quotas of these plans, plan by plan.
async fn quotas(connection: &DatabaseTransaction, plans: &BTreeSet<PlanId>) -> Result<Vec<quota::Model>> {
    let in_force = quota::Entity::find().filter(quota::Column::State.eq(QuotaState::Issued));
    let in_order = in_force.order_by_asc(quota::Column::PlanId).order_by_asc(quota::Column::Id);
    let mut quotas = in_order.all(connection).await?;
    quotas.retain(|quota| plans.contains(&quota.plan_id));
    Ok(quotas)
}

async fn jokers(connection: &DatabaseTransaction) -> Result<HashSet<ProgrammeCode>> {
    let jokers = programme::Entity::find().filter(programme::Column::Subject.eq(ANY)).all(connection).await?;
    Ok(jokers.into_iter().map(|programme| programme.code).collect())
}

/// What to ask of the seats that imported learners took in the classes of these plans: all plans in one question, which
/// reads the enrolments once, not once for each of hundreds of plans.
fn seats(connection: &DatabaseTransaction, plans: &BTreeSet<PlanId>) -> Select<enrolment::Entity> {
    let plan_id = Expr::col((training_class::Entity, training_class::Column::PlanId));
    enrolment::Entity::find()
        .join(JoinType::InnerJoin, enrolment::Relation::TrainingClass.def())
        .filter(any_id(connection.get_database_backend(), plan_id, plans.iter().map(|plan| plan.0)))
        .filter(enrolment::Column::State.is_in(EnrolmentState::SEATED))
        .filter(enrolment::Column::QuotaId.is_null())
        .select_only()
        .column(training_class::Column::PlanId)
        .column(enrolment::Column::ProgrammeCode)
        .column(training_class::Column::Mode)
        .columns([enrolment::Column::UnitId, enrolment::Column::Year])
}

/// Counts the seats of these plans, unit by unit and year by year: a nation has millions of such counts, so they are
/// taken as they come.
async fn count(connection: &DatabaseTransaction, plans: &BTreeSet<PlanId>, usage: &mut Usage<'_>) -> Result<()> {
    if plans.is_empty() {
        return Ok(());
    }
    let question = seats(connection, plans)
        .column_as(enrolment::Column::Id.count(), "seats")
        .group_by(enrolment::Column::UnitId)
        .group_by(enrolment::Column::Year)
        .group_by(training_class::Column::PlanId)
        .group_by(enrolment::Column::ProgrammeCode)
        .group_by(training_class::Column::Mode)
        .order_by_asc(enrolment::Column::UnitId)
        .order_by_asc(enrolment::Column::Year);
    let mut rows = question.into_tuple().stream(connection).await?;
    while let Some((plan, programme, mode, unit, year, seats)) = rows.try_next().await? {
        usage.take(&Taken { plan, programme, mode, unit, year, person: None, seats });
    }
    Ok(())
}

/// Counts the seats of plans that count persons somewhere, person by person.
async fn count_persons(
    connection: &DatabaseTransaction,
    plans: &BTreeSet<PlanId>,
    usage: &mut Usage<'_>,
) -> Result<()> {
    if plans.is_empty() {
        return Ok(());
    }
    let question = seats(connection, plans).column(enrolment::Column::CadreId);
    let question = question.order_by_asc(enrolment::Column::CadreId);
    let mut rows = question.into_tuple().stream(connection).await?;
    while let Some((plan, programme, mode, unit, year, person)) = rows.try_next().await? {
        usage.take(&Taken { plan, programme, mode, unit, year, person: Some(person), seats: 1 });
    }
    Ok(())
}

/// Stores what history used of a quota. Seats that acts handed on or used meanwhile are not taken back for it.
async fn correct(txn: &Txn, quota: &quota::Model) -> Result<()> {
    let is_bound = !quota.is_lower_bound && quota.allocated + quota.used > 0;
    if is_bound && quota.remaining() < 0 {
        return Err(short_quota(quota));
    }
    let update = quota::Entity::update_many()
        .col_expr(quota::Column::UsedBefore, Expr::val(quota.used_before))
        .col_expr(quota::Column::Version, Expr::col(quota::Column::Version).add(1))
        .filter(quota::Column::Id.eq(quota.id));
    update.exec(txn.connection()).await?;
    Ok(())
}

fn short_quota(quota: &quota::Model) -> Error {
    let (id, missing) = (quota.id, -i64::from(quota.remaining()));
    Error::Conflict(Sentence::new(
        format!(
            "chỉ tiêu {id} thiếu {missing} suất cho học viên của gói nhập sau khi đã phân bổ hoặc sử dụng; không ghi gì; \
             hãy tăng chỉ tiêu rồi nhập lại"
        ),
        format!(
            "quota {id} lacks {missing} seats for the learners of the bundle besides what was handed on or used; nothing \
             was written; raise the quota and import again"
        ),
    ))
}

/// The ways up from units, the last one remembered: seats come unit by unit.
struct Ladder {
    units: Units,
    from: Option<(UnitId, i32)>,
    way: Vec<UnitId>,
}

impl Ladder {
    fn over(units: Units) -> Self {
        Self { units, from: None, way: Vec::new() }
    }

    /// A unit and those above it on the last day of a year, nearest first.
    fn from(&mut self, unit: UnitId, year: i32) -> &[UnitId] {
        if self.from != Some((unit, year)) {
            let above = Day::end_of_year(year).map(|day| self.units.ancestors(unit, Hierarchy::Administrative, day));
            self.way = std::iter::once(unit).chain(above.unwrap_or_default()).collect();
            self.from = Some((unit, year));
        }
        &self.way
    }
}

/// Seats used of each quota, counted while they come.
struct Usage<'a> {
    held: HashMap<(PlanId, &'a ProgrammeCode, UnitId), Vec<&'a quota::Model>>,
    /// The programmes of quotas of a plan that count seats of any programme.
    jokers: HashMap<PlanId, HashSet<&'a ProgrammeCode>>,
    ladder: Ladder,
    /// The person whose seats come, with the quotas of persons that have counted them.
    person: (Option<CadreId>, HashSet<QuotaId>),
    used: HashMap<QuotaId, i64>,
}

impl<'a> Usage<'a> {
    fn of(quotas: &'a [quota::Model], jokers: &HashSet<ProgrammeCode>, ladder: Ladder) -> Self {
        let mut held: HashMap<_, Vec<_>> = HashMap::new();
        let mut jokers_of: HashMap<_, HashSet<_>> = HashMap::new();
        for quota in quotas {
            held.entry((quota.plan_id, &quota.programme_code, quota.unit_id)).or_default().push(quota);
            if jokers.contains(&quota.programme_code) {
                jokers_of.entry(quota.plan_id).or_default().insert(&quota.programme_code);
            }
        }
        Self { held, jokers: jokers_of, ladder, person: (None, HashSet::new()), used: HashMap::new() }
    }

    /// Counts seats. Those of one person come together.
    fn take(&mut self, seats: &Taken) {
        if self.person.0 != seats.person {
            self.person = (seats.person, HashSet::new());
        }
        let way = self.ladder.from(seats.unit, seats.year);
        let others = self.jokers.get(&seats.plan).into_iter().flatten().copied();
        let others = others.filter(|code| **code != seats.programme);
        for programme in others.chain([&seats.programme]) {
            let held = |unit: &UnitId| self.held.get(&(seats.plan, programme, *unit));
            let Some(nearest) = way.iter().find_map(held) else { continue };
            for quota in nearest.iter().filter(|quota| quota.mode.is_none() || quota.mode == seats.mode) {
                let more = match quota.measure {
                    Measure::Turns => seats.seats,
                    Measure::Persons => i64::from(self.person.1.insert(quota.id)),
                };
                *self.used.entry(quota.id).or_default() += more;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use entity::{
        unit, unit_version,
        value::{Tier, UnitKind, VersionId},
    };

    use super::*;

    /// A province with two districts, a commune in the first of them until 2024 and in the second from then on.
    fn ladder(ids: [UnitId; 4]) -> Ladder {
        let [province, east, west, commune] = ids;
        let row = |(at, id): (usize, UnitId)| unit::Model { id, code: format!("U{at}").parse().unwrap() };
        let version = |unit_id, parent_id, from: &str, to: &str| unit_version::Model {
            id: VersionId::new(),
            unit_id,
            valid_from: from.parse().ok(),
            valid_to: to.parse().ok(),
            name: String::new(),
            kind: UnitKind::Commune,
            tier: Tier::Commune,
            admin_code: None,
            parent_id,
            party_parent_id: None,
        };
        let versions = vec![
            version(province, None, "", ""),
            version(east, Some(province), "", ""),
            version(west, Some(province), "", ""),
            version(commune, Some(east), "", "2024-07-01"),
            version(commune, Some(west), "2024-07-01", ""),
        ];
        Ladder::over(Units::new(ids.into_iter().enumerate().map(row).collect(), versions, Vec::new()))
    }

    type Kind = (Option<StudyMode>, Measure);

    fn quota(plan_id: PlanId, (unit_id, programme): (UnitId, &str), (mode, measure): Kind) -> quota::Model {
        quota::Model {
            id: QuotaId::new(),
            plan_id,
            unit_id,
            programme_code: programme.parse().unwrap(),
            mode,
            measure,
            seats: 10,
            is_lower_bound: false,
            classes: None,
            allocated: 0,
            used: 0,
            used_before: 0,
            parent_id: None,
            state: QuotaState::Issued,
            version: 1,
        }
    }

    #[test]
    fn a_seat_counts_for_the_nearest_holder_of_its_programme() {
        let ids = [(); 4].map(|()| UnitId::new());
        let [province, east, west, commune] = ids;
        let (plan, [a, b]) = (PlanId::new(), [(); 2].map(|()| CadreId::new()));
        let full_time = Some(StudyMode::FullTime);
        let quotas = [
            quota(plan, (province, "LL"), (None, Measure::Turns)),
            quota(plan, (east, "LL"), (None, Measure::Turns)),
            quota(plan, (east, "LL"), (full_time, Measure::Persons)),
            quota(plan, (west, "NV"), (None, Measure::Turns)),
            quota(plan, (province, "ALL"), (None, Measure::Persons)),
            quota(plan, (west, "ALL"), (None, Measure::Turns)),
            // Of another plan: nothing of it is used.
            quota(PlanId::new(), (east, "LL"), (None, Measure::Turns)),
        ];
        let jokers = HashSet::from(["ALL".parse().unwrap(), "ELSE".parse().unwrap()]);
        for (what, rows, expected) in [
            ("nothing", &[][..], [0, 0, 0, 0, 0, 0]),
            ("the unit itself", &[("LL", None, east, 2025, a)], [0, 1, 0, 0, 1, 0]),
            ("the one above, without a quota of its own", &[("LL", None, west, 2025, a)], [1, 0, 0, 0, 0, 1]),
            ("the tree of that year", &[("LL", None, commune, 2023, a)], [0, 1, 0, 0, 1, 0]),
            ("the tree at the end of the year", &[("LL", None, commune, 2024, a)], [1, 0, 0, 0, 0, 1]),
            ("the mode", &[("LL", full_time, east, 2025, a)], [0, 1, 1, 0, 1, 0]),
            (
                "a person once, turns twice",
                &[("LL", full_time, east, 2024, a), ("LL", full_time, east, 2025, a), ("LL", full_time, east, 2025, b)],
                [0, 3, 2, 0, 2, 0],
            ),
            ("no quota of the programme", &[("NV", None, east, 2025, a)], [0, 0, 0, 0, 1, 0]),
            ("another programme", &[("NV", None, commune, 2025, a)], [0, 0, 0, 1, 0, 1]),
            ("the joker itself", &[("ALL", None, west, 2025, a)], [0, 0, 0, 0, 0, 1]),
        ] {
            let taken = rows.iter().map(|&(programme, mode, unit, year, person): &(&str, _, _, _, _)| Taken {
                plan,
                programme: programme.parse().unwrap(),
                mode,
                unit,
                year,
                person: Some(person),
                seats: 1,
            });
            let mut usage = Usage::of(&quotas, &jokers, ladder(ids));
            taken.for_each(|seats| usage.take(&seats));
            let found = quotas.each_ref().map(|quota| usage.used.get(&quota.id).copied().unwrap_or(0));
            assert_eq!(found[..6], expected, "{what}");
            assert_eq!(found[6], 0, "{what}");
        }
    }
}
