//! Progress (tiến độ thực hiện kế hoạch): turns and persons of a year, compared with the planned seats.

use entity::{
    enrolment, quota, training_class, training_plan,
    value::{ClassCategory, ClassState, Day, EnrolmentState, Hierarchy, Period, PlanState, QuotaState, Scope, UnitId},
};
use sea_orm::{
    ColumnTrait, Condition, JoinType, QueryFilter, QuerySelect, RelationTrait, Select,
    sea_query::{Expr, ExprTrait, Func},
};
use serde::Serialize;

use crate::{
    authz::{Access, Statistics},
    domain::{
        filter::ensure_short,
        percent::{decimals, percent},
        programme,
        training::{enrolment::of_years, years},
        unit::{below_by_year, lies_in, within},
    },
    error::{Error, Result},
    reference::units::{Branch, Membership, Predecessors, Reach, UnitSet, fingerprint},
};

/// Conditions of a query of training progress.
#[derive(Clone, Debug)]
pub struct ProgressAsked {
    /// The unit.
    pub unit: UnitId,
    /// First calendar year.
    pub year: i32,
    /// Last calendar year, inclusive; the first if there is none.
    pub until_year: Option<i32>,
    /// Only these programmes, by code.
    pub programmes: Option<Vec<String>>,
    /// The unit alone or its subtree.
    pub reach: Reach,
    /// Whether the results of predecessors that no longer exist are counted as well.
    pub predecessors: Predecessors,
    /// Decimals of the percentage, 0 to 6.
    pub decimals: i32,
}

/// Turns and persons of the years, compared with the planned seats.
#[derive(Debug)]
pub struct Progress {
    /// First calendar year.
    pub year: i32,
    /// Last calendar year, inclusive.
    pub until_year: i32,
    /// Seats of the quotas in force of approved plans for exactly one of the years. Allocated seats count for the unit
    /// that holds them.
    pub planned: u64,
    /// Whether one of those quotas is a lower bound.
    pub planned_is_lower_bound: bool,
    /// Turns (lượt): enrolments of the years that take or took part, by the sending unit.
    pub turns: u64,
    /// Number of persons, each counted once (người).
    pub persons: u64,
    /// Whether turns and persons are rounded to multiples of five.
    pub is_rounded: bool,
    decimals: u32,
    counted: Counted,
}

/// The range of a count, shared by all numbers of a progress.
#[derive(Debug)]
struct Counted {
    /// The units of each year.
    units: Vec<Membership>,
    programmes: Option<Vec<String>>,
    from: i32,
    to: i32,
}

impl Progress {
    /// Turns in percent of the planned seats; `None` if no seats were planned.
    pub fn percent_of_plan(&self) -> Option<f64> {
        (self.planned > 0).then(|| percent(self.turns, self.planned, self.decimals))
    }

    /// Classes that began in the years and are organised by the units, limited to the given categories, if any.
    ///
    /// # Errors
    /// `Invalid` for too many categories.
    pub async fn classes(&self, access: &Access, categories: Option<&[ClassCategory]>) -> Result<u64> {
        ensure_short("categories", categories.map_or(0, <[_]>::len))?;
        let counted = &self.counted;
        let (Some(from), Some(to)) = (Day::of(counted.from, 1, 1), Day::end_of_year(counted.to)) else { return Ok(0) };
        let count: Option<i64> = access
            .statistics(Scope::TrainingRead, "TrainingProgress")?
            .classes()
            .filter(counted.by(access, training_class::Column::OrganiserId, |years| {
                within(training_class::Column::StartOn, years)
            }))
            .filter(counted.in_programmes(training_class::Column::ProgrammeCode))
            .filter(training_class::Column::StartOn.between(from, Ord::min(to, access.today())))
            .filter(training_class::Column::State.is_not_in(ClassState::NOT_HELD))
            .filter(
                Condition::all()
                    .add_option(categories.map(|of| training_class::Column::Category.is_in(of.iter().copied()))),
            )
            .select_only()
            .expr_as(Func::count(Expr::cust("*")), "classes")
            .into_tuple()
            .one(access.reader())
            .await?;
        Ok(non_negative(count))
    }
}

/// Progress of a unit in one year or several consecutive years, each evaluated with the administrative tree of that
/// year. A unit out of reach gives zero. Two statements. For callers with only `stats:read`, turns and persons are
/// rounded, and a query covers one year, one programme or all programmes, and no predecessors.
///
/// # Errors
/// `Forbidden` without `training:read` and `stats:read`, and for several years or programmes or for predecessors
/// without `training:read`; `Invalid` for years outside the calendar or in the wrong order, unknown programmes,
/// decimals outside 0 to 6.
pub async fn progress(access: &Access, asked: &ProgressAsked) -> Result<Progress> {
    let decimals = decimals(asked.decimals)?;
    let statistics = access.statistics(Scope::TrainingRead, "TrainingProgress")?;
    let counted = counted(access, asked)?;
    if statistics.is_rounded() {
        ensure_one_cell_a_year(access, asked, &counted)?;
    }
    let (planned, bounds) = planned(access, &statistics, &counted).await?;
    let (turns, persons) = participation(access, &statistics, &counted).await?;
    Ok(Progress {
        year: counted.from,
        until_year: counted.to,
        planned,
        planned_is_lower_bound: bounds > 0,
        turns,
        persons,
        is_rounded: statistics.is_rounded(),
        decimals,
        counted,
    })
}

fn counted(access: &Access, asked: &ProgressAsked) -> Result<Counted> {
    let to = asked.until_year.unwrap_or(asked.year);
    let Some(years) = years(("year", Some(asked.year)), ("untilYear", Some(to)))? else {
        return Err(Error::invalid(
            "untilYear",
            "`untilYear` là năm cuối cùng và không được trước `year`.",
            "`untilYear` is the last year and must not be before `year`.",
        ));
    };
    if let Some(codes) = &asked.programmes {
        programme::ensure_known(access, "programmes", codes)?;
    }
    // The visible part of a unit must not be reported as the whole.
    let units = match access.reaches(asked.unit) {
        true => below_by_year(access, asked.branch(), years),
        false => Vec::new(),
    };
    Ok(Counted { units, programmes: asked.programmes.clone(), from: asked.year, to })
}

impl ProgressAsked {
    fn branch(&self) -> Branch {
        let hierarchy = Hierarchy::Administrative;
        Branch { root: self.unit, hierarchy, reach: self.reach, predecessors: self.predecessors }
    }
}

impl Counted {
    /// Condition that the unit in the column belongs to the branch in the year of the row.
    fn by<C: ColumnTrait>(&self, access: &Access, column: C, is_of_years: impl Fn(Period) -> Condition) -> Condition {
        lies_in(access.backend(), &self.units, &[column], is_of_years)
    }

    fn in_programmes<C: ColumnTrait>(&self, column: C) -> Condition {
        let codes = self.programmes.as_ref();
        Condition::all().add_option(codes.map(|codes| column.is_in(codes.iter().map(String::as_str))))
    }
}

/// The number of seats, and the number of quotas that are lower bounds.
async fn planned(access: &Access, statistics: &Statistics<'_>, counted: &Counted) -> Result<(u64, u64)> {
    let column = |column| Expr::col((quota::Entity, column));
    // A lower bound may have allocated more seats than it states; it then counts as zero seats, never as a negative
    // number.
    let kept = column(quota::Column::Seats).sub(column(quota::Column::Allocated));
    let held = Expr::case(column(quota::Column::Allocated).lt(column(quota::Column::Seats)), kept).finally(0);
    let bound = Expr::case(quota::Column::IsLowerBound.eq(true), 1).finally(0);
    let select: Select<quota::Entity> = statistics.quotas();
    let sums: Option<(Option<i64>, Option<i64>)> = select
        .join(JoinType::InnerJoin, quota::Relation::TrainingPlan.def())
        .filter(counted.by(access, quota::Column::UnitId, plan_of_years))
        .filter(counted.in_programmes(quota::Column::ProgrammeCode))
        .filter(quota::Column::State.eq(QuotaState::Issued))
        .filter(training_plan::Column::State.is_in(PlanState::APPROVED))
        .filter(training_plan::Column::YearFrom.between(counted.from, counted.to))
        .filter(
            Expr::col((training_plan::Entity, training_plan::Column::YearTo))
                .equals((training_plan::Entity, training_plan::Column::YearFrom)),
        )
        .select_only()
        .expr_as(Func::sum(held), "seats")
        .expr_as(Func::sum(bound), "bounds")
        .into_tuple()
        .one(access.reader())
        .await?;
    let (seats, bounds) = sums.unwrap_or_default();
    Ok((non_negative(seats), non_negative(bounds)))
}

/// Condition that the plan's first year is in a period of whole years.
fn plan_of_years(during: Period) -> Condition {
    let year = training_plan::Column::YearFrom;
    Condition::all()
        .add_option(during.from().map(|from| year.gte(from.year())))
        .add_option(during.until().map(|until| year.lt(until.year())))
}

/// The rounding cell of a number: the same for turns and their persons.
#[derive(Serialize)]
struct Cell<'a> {
    /// Fingerprint of the units.
    progress_of: &'a str,
    year: i32,
    programmes: Option<&'a [String]>,
}

/// Rejects queries that could undo the rounding: the same people could be counted in many sets of years and programmes.
fn ensure_one_cell_a_year(access: &Access, asked: &ProgressAsked, counted: &Counted) -> Result<()> {
    if asked.predecessors == Predecessors::Included {
        access.require(Scope::TrainingRead, "Unit.trainingProgress(includePredecessors:)")?;
    }
    if counted.from != counted.to {
        access.require(Scope::TrainingRead, "Unit.trainingProgress(untilYear:)")?;
    }
    if counted.programmes.as_ref().is_some_and(|codes| codes.len() > 1) {
        access.require(Scope::TrainingRead, "Unit.trainingProgress(programmes:)")?;
    }
    Ok(())
}

/// Turns and persons, as the caller may see them.
async fn participation(access: &Access, statistics: &Statistics<'_>, counted: &Counted) -> Result<(u64, u64)> {
    let person = Expr::col((enrolment::Entity, enrolment::Column::CadreId));
    let counts: Option<(i64, i64)> = statistics
        .enrolments()
        .filter(counted.by(access, enrolment::Column::UnitId, of_years))
        .filter(counted.in_programmes(enrolment::Column::ProgrammeCode))
        .filter(enrolment::Column::Year.between(counted.from, counted.to))
        .filter(enrolment::Column::State.is_in(EnrolmentState::SEATED))
        .select_only()
        .expr_as(Func::count(Expr::cust("*")), "turns")
        .expr_as(person.count_distinct(), "persons")
        .into_tuple()
        .one(access.reader())
        .await?;
    let (turns, persons) = counts.unwrap_or_default();
    let (turns, persons) = (non_negative(Some(turns)), non_negative(Some(persons)));
    if !statistics.is_rounded() {
        return Ok((turns, persons));
    }
    // One year has at most one membership.
    let units: UnitSet = counted.units.iter().flat_map(|of| of.units.iter().copied()).collect();
    let units = fingerprint(&units);
    let cell = Cell { progress_of: &units, year: counted.from, programmes: counted.programmes.as_deref() };
    Ok((statistics.shown(&cell, turns), statistics.shown(&cell, persons)))
}

fn non_negative(count: Option<i64>) -> u64 {
    u64::try_from(count.unwrap_or(0)).unwrap_or(0)
}
