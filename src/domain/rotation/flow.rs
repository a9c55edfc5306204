//! Flows: how many rotations leave a subtree, arrive in it or stay within it, by direction.

use entity::{
    rotation,
    value::{Day, Hierarchy, Period, RotationDirection, RotationForm, Scope, Tier, UnitId},
};
use sea_orm::{
    ColumnTrait, QueryFilter, QuerySelect, Select,
    sea_query::{Expr, ExprTrait, Func},
};

use crate::{
    domain::{
        access::Access,
        filter::ensure_short,
        rotation::place::Place,
        unit::{Reach, within},
    },
    error::{Error, Result},
};

/// Which flows are asked for.
#[derive(Clone, Debug)]
pub struct FlowsAsked {
    /// The unit above.
    pub unit: UnitId,
    /// First day on which a rotation counts that starts on it.
    pub from: Day,
    /// First day no longer.
    pub until: Day,
    /// Forms that count.
    pub forms: Vec<RotationForm>,
}

/// Rotations in one direction between two tiers; what is not published yet, or was given up, does not count.
#[derive(Clone, Debug, PartialEq, Eq, async_graphql::SimpleObject)]
pub struct RotationFlow {
    /// Direction (hướng).
    pub direction: RotationDirection,
    /// Tier of the units left, each on the start day.
    pub from_tier: Tier,
    /// Tier of the units gone to, each on the start day.
    pub to_tier: Tier,
    /// Rotations (lượt).
    pub rotations: i32,
    /// Persons, each counted once (người).
    pub persons: i32,
}

/// A row of numbers: direction, tiers, rotations, persons.
type Counted = (RotationDirection, Tier, Tier, i64, i64);

/// The published rotations with a unit of the subtree on either side, as the administrative tree was on the start day, by
/// direction, then tiers. Each counts once, also where both units lie in the subtree. Nothing where the unit is out of
/// reach.
///
/// # Errors
/// `Forbidden` without `rotation:read`; `Invalid` for a period without a day, and for too many forms.
pub async fn flows(access: &Access, asked: &FlowsAsked) -> Result<Vec<RotationFlow>> {
    access.require(Scope::RotationRead, "RotationFlow")?;
    let period = asked.period()?;
    ensure_short("forms", asked.forms.len())?;
    if !access.reaches(asked.unit) {
        return Ok(Vec::new());
    }
    let counted = select(access, asked, period)?.into_tuple::<Counted>().all(access.reader()).await?;
    let mut flows: Vec<RotationFlow> = counted.into_iter().map(flow).collect();
    flows.sort_by_key(|flow| (flow.direction, flow.from_tier, flow.to_tier));
    Ok(flows)
}

fn select(access: &Access, asked: &FlowsAsked, period: Period) -> Result<Select<rotation::Entity>> {
    let units = access.registry().units();
    let subtree = units.memberships(asked.unit, Hierarchy::Administrative, Reach::Subtree, period);
    let persons = Expr::col((rotation::Entity, rotation::Column::CadreId)).count_distinct();
    let groups = [rotation::Column::Direction, rotation::Column::FromTier, rotation::Column::ToTier];
    let select = access
        .rotations()?
        .select_published()
        .filter(within(rotation::Column::StartOn, period))
        .filter(rotation::Column::Form.is_in(asked.forms.iter().copied()))
        .filter(Place::Either.lies_in(access.backend(), &subtree))
        .select_only()
        .columns(groups)
        .expr_as(Func::count(Expr::cust("*")), "rotations")
        .expr_as(persons, "persons");
    Ok(groups.into_iter().fold(select, QuerySelect::group_by))
}

fn flow((direction, from_tier, to_tier, rotations, persons): Counted) -> RotationFlow {
    let int = |count| i32::try_from(count).unwrap_or(i32::MAX);
    RotationFlow { direction, from_tier, to_tier, rotations: int(rotations), persons: int(persons) }
}

impl FlowsAsked {
    fn period(&self) -> Result<Period> {
        Period::new(Some(self.from), Some(self.until)).ok_or_else(|| {
            Error::invalid(
                "until",
                "`until` là ngày đầu tiên không còn tính, phải sau `from`; năm 2014 là from: \"2014-01-01\", \
             until: \"2015-01-01\".",
                "`until` is the first day that no longer counts and comes after `from`; the year 2014 is from: \
             \"2014-01-01\", until: \"2015-01-01\".",
            )
        })
    }
}
