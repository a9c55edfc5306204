//! How many seats of quotas imported history used: counted anew for the plans that an import touches.
//!
//! A seat counts for the nearest unit, from the sending one upwards, that holds a quota of the plan and programme.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use entity::{
    enrolment, programme, quota, training_class,
    value::{
        CadreId, ChangeKind, Day, EnrolmentState, Hierarchy, Measure, PlanId, ProgrammeCode, QuotaId, QuotaState,
        StudyMode, UnitId,
    },
};
use sea_orm::{
    ColumnTrait, DatabaseTransaction, EntityTrait, ExprTrait, JoinType, QueryFilter, QueryOrder, QuerySelect,
    RelationTrait, prelude::Expr,
};

use super::load::{insert, record};
use crate::{
    domain::{access::Txn, programme::ANY, unit::Units},
    error::{Error, Result},
    language::Sentence,
};

/// Seats that learners took, counted together.
#[derive(Debug)]
struct Taken {
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
    let mut of_plan: BTreeMap<PlanId, Vec<quota::Model>> = BTreeMap::new();
    for quota in quotas(txn.connection(), &plans).await?.into_iter().chain(new) {
        of_plan.entry(quota.plan_id).or_default().push(quota);
    }
    let mut ladder = Ladder::over(Units::load(txn.connection()).await?);
    let jokers = jokers(txn.connection()).await?;
    let is_new: HashSet<QuotaId> = created.iter().copied().collect();
    let (mut inserted, mut updated) = (Vec::new(), Vec::new());
    for (plan, quotas) in of_plan {
        let taken = taken(txn.connection(), plan, &quotas).await?;
        let used = used(&quotas, &jokers, &taken, &mut ladder);
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
    }
    record(txn, ChangeKind::Created, "quota", created.iter().map(ToString::to_string).collect()).await?;
    record(txn, ChangeKind::Updated, "quota", updated).await?;
    insert(txn, inserted).await
}

async fn quotas(connection: &DatabaseTransaction, plans: &BTreeSet<PlanId>) -> Result<Vec<quota::Model>> {
    let in_force = quota::Entity::find().filter(quota::Column::State.eq(QuotaState::Issued));
    let mut quotas = in_force.order_by_asc(quota::Column::Id).all(connection).await?;
    quotas.retain(|quota| plans.contains(&quota.plan_id));
    Ok(quotas)
}

async fn jokers(connection: &DatabaseTransaction) -> Result<HashSet<ProgrammeCode>> {
    let jokers = programme::Entity::find().filter(programme::Column::Subject.eq(ANY)).all(connection).await?;
    Ok(jokers.into_iter().map(|programme| programme.code).collect())
}

/// The seats that imported learners took in the classes of a plan; person by person where a quota counts persons.
async fn taken(connection: &DatabaseTransaction, plan: PlanId, quotas: &[quota::Model]) -> Result<Vec<Taken>> {
    let question = enrolment::Entity::find()
        .join(JoinType::InnerJoin, enrolment::Relation::TrainingClass.def())
        .filter(training_class::Column::PlanId.eq(plan))
        .filter(enrolment::Column::State.is_in(EnrolmentState::SEATED))
        .filter(enrolment::Column::QuotaId.is_null())
        .select_only()
        .column(enrolment::Column::ProgrammeCode)
        .column(training_class::Column::Mode)
        .columns([enrolment::Column::UnitId, enrolment::Column::Year])
        .column_as(enrolment::Column::Id.count(), "seats")
        .group_by(enrolment::Column::ProgrammeCode)
        .group_by(training_class::Column::Mode)
        .group_by(enrolment::Column::UnitId)
        .group_by(enrolment::Column::Year);
    if quotas.iter().any(|quota| quota.measure == Measure::Persons) {
        let question = question.column(enrolment::Column::CadreId).group_by(enrolment::Column::CadreId);
        let rows = question.into_tuple::<(_, _, _, _, _, CadreId)>().all(connection).await?;
        let row = |(programme, mode, unit, year, seats, person)| {
            let person = Some(person);
            Taken { programme, mode, unit, year, person, seats }
        };
        return Ok(rows.into_iter().map(row).collect());
    }
    let rows = question.into_tuple().all(connection).await?;
    let row = |(programme, mode, unit, year, seats)| Taken { programme, mode, unit, year, person: None, seats };
    Ok(rows.into_iter().map(row).collect())
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

/// The ways up from units, remembered.
struct Ladder {
    units: Units,
    ways: HashMap<(UnitId, i32), Vec<UnitId>>,
}

impl Ladder {
    fn over(units: Units) -> Self {
        Self { units, ways: HashMap::new() }
    }

    /// A unit and those above it on the last day of a year, nearest first.
    fn from(&mut self, unit: UnitId, year: i32) -> &[UnitId] {
        let units = &self.units;
        self.ways.entry((unit, year)).or_insert_with(|| {
            let above = Day::end_of_year(year).map(|day| units.ancestors(unit, Hierarchy::Administrative, day));
            std::iter::once(unit).chain(above.unwrap_or_default()).collect()
        })
    }
}

/// Seats used of each quota of one plan.
fn used(
    quotas: &[quota::Model],
    jokers: &HashSet<ProgrammeCode>,
    taken: &[Taken],
    ladder: &mut Ladder,
) -> HashMap<QuotaId, i64> {
    let mut held: HashMap<(&ProgrammeCode, UnitId), Vec<&quota::Model>> = HashMap::new();
    for quota in quotas {
        held.entry((&quota.programme_code, quota.unit_id)).or_default().push(quota);
    }
    let jokers: HashSet<&ProgrammeCode> =
        quotas.iter().map(|quota| &quota.programme_code).filter(|code| jokers.contains(*code)).collect();
    let mut used = HashMap::new();
    let mut persons = HashSet::new();
    for seats in taken {
        let way = ladder.from(seats.unit, seats.year);
        let others = jokers.iter().copied().filter(|code| **code != seats.programme);
        for programme in others.chain([&seats.programme]) {
            let Some(nearest) = way.iter().find_map(|unit| held.get(&(programme, *unit))) else { continue };
            for quota in nearest.iter().filter(|quota| quota.mode.is_none() || quota.mode == seats.mode) {
                let more = match quota.measure {
                    Measure::Turns => seats.seats,
                    Measure::Persons => i64::from(persons.insert((quota.id, seats.person))),
                };
                *used.entry(quota.id).or_default() += more;
            }
        }
    }
    used
}

#[cfg(test)]
mod tests {
    use entity::{
        unit, unit_version,
        value::{Tier, UnitKind, VersionId},
    };

    use super::*;

    /// A province with two districts, a commune in the first of them until 2024 and in the second from then on.
    fn ladder() -> (Ladder, [UnitId; 4]) {
        let ids = [(); 4].map(|()| UnitId::new());
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
        (Ladder::over(Units::new(ids.into_iter().enumerate().map(row).collect(), versions, Vec::new())), ids)
    }

    fn quota(unit_id: UnitId, programme: &str, (mode, measure): (Option<StudyMode>, Measure)) -> quota::Model {
        quota::Model {
            id: QuotaId::new(),
            plan_id: PlanId::new(),
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
        let (mut ladder, [province, east, west, commune]) = ladder();
        let [a, b] = [(); 2].map(|()| CadreId::new());
        let full_time = Some(StudyMode::FullTime);
        let quotas = [
            quota(province, "LL", (None, Measure::Turns)),
            quota(east, "LL", (None, Measure::Turns)),
            quota(east, "LL", (full_time, Measure::Persons)),
            quota(west, "NV", (None, Measure::Turns)),
            quota(province, "ALL", (None, Measure::Persons)),
            quota(west, "ALL", (None, Measure::Turns)),
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
                programme: programme.parse().unwrap(),
                mode,
                unit,
                year,
                person: Some(person),
                seats: 1,
            });
            let used = used(&quotas, &jokers, &taken.collect::<Vec<_>>(), &mut ladder);
            let found = quotas.each_ref().map(|quota| used.get(&quota.id).copied().unwrap_or(0));
            assert_eq!(found, expected, "{what}");
        }
    }
}
