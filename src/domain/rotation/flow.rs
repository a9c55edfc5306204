//! Flows: how many rotations leave a subtree, arrive in it or stay within it, by direction.

use entity::{
    rotation,
    value::{Day, Hierarchy, Period, RotationDirection, RotationForm, Scope, Tier, UnitId},
};
use sea_orm::{
    ColumnTrait, QueryFilter, QuerySelect, Select,
    sea_query::{Expr, ExprTrait, Func},
};
use serde::Serialize;

use crate::{
    authz::{Access, Statistics},
    domain::{filter::ensure_short, rotation::place::Place, unit::within},
    error::{Error, Result},
    reference::units::Reach,
};

/// Conditions of a query of flows.
#[derive(Clone, Debug)]
pub struct FlowsAsked {
    /// The root of the subtree.
    pub unit: UnitId,
    /// Earliest start date that counts (inclusive).
    pub from: Day,
    /// End date (exclusive).
    pub before: Day,
    /// Forms of rotation that count.
    pub forms: Vec<RotationForm>,
}

/// Rotations in one direction between two tiers. Rotations that are unpublished or cancelled do not count.
#[derive(Clone, Debug, PartialEq, Eq, async_graphql::SimpleObject)]
pub struct RotationFlow {
    /// Direction (hướng).
    pub direction: RotationDirection,
    /// Tier of the units left, each on the start day.
    pub from_tier: Tier,
    /// Tier of the units gone to, each on the start day.
    pub to_tier: Tier,
    /// Number of rotations (lượt).
    pub rotations: i32,
    /// Number of persons, each counted once (người).
    pub persons: i32,
    /// Whether the numbers are rounded to multiples of five. They are rounded for callers with only `stats:read`; rows
    /// that round to zero are omitted.
    pub is_rounded: bool,
}

/// A row of numbers: direction, tiers, rotations, persons.
type Counted = (RotationDirection, Tier, Tier, i64, i64);

/// The rounding cell of a number: the same for rotations and their persons.
#[derive(Serialize)]
struct Cell {
    flows_of: UnitId,
    from: Day,
    between: (RotationDirection, Tier, Tier),
}

/// Counts published rotations with their origin or destination in the subtree, by direction, then tiers. The
/// administrative tree of the start date applies. A rotation counts once, even if both units are in the subtree. A unit
/// out of reach gives an empty list. For callers with only `stats:read`, the numbers are rounded, and a query covers
/// one calendar year and the form ROTATION.
///
/// # Errors
/// `Forbidden` without `rotation:read` and `stats:read`, and for other forms without `rotation:read`; `Invalid` for a
/// period without a day, for too many forms, and for a period other than a year where numbers are rounded.
pub async fn flows(access: &Access, asked: &FlowsAsked) -> Result<Vec<RotationFlow>> {
    let statistics = access.statistics(Scope::RotationRead, "RotationFlow")?;
    let period = asked.period()?;
    ensure_short("forms", asked.forms.len())?;
    if statistics.is_rounded() {
        asked.ensure_one_cell_a_year(access)?;
    }
    if !access.reaches(asked.unit) {
        return Ok(Vec::new());
    }
    let select = select(access, &statistics, asked, period);
    let counted = select.into_tuple::<Counted>().all(access.reader()).await?;
    let flows = counted.into_iter().map(|row| flow(&statistics, asked, row));
    let mut flows: Vec<RotationFlow> = flows.filter(|flow| flow.rotations > 0).collect();
    flows.sort_by_key(|flow| (flow.direction, flow.from_tier, flow.to_tier));
    Ok(flows)
}

fn select(
    access: &Access,
    statistics: &Statistics<'_>,
    asked: &FlowsAsked,
    period: Period,
) -> Select<rotation::Entity> {
    let units = access.reference_data().units();
    let subtree = units.memberships(asked.unit, Hierarchy::Administrative, Reach::Subtree, period);
    let persons = Expr::col((rotation::Entity, rotation::Column::CadreId)).count_distinct();
    let groups = [rotation::Column::Direction, rotation::Column::FromTier, rotation::Column::ToTier];
    let select = statistics
        .rotations()
        .filter(within(rotation::Column::StartOn, period))
        .filter(rotation::Column::Form.is_in(asked.forms.iter().copied()))
        .filter(Place::Either.lies_in(access.backend(), &subtree))
        .select_only()
        .columns(groups)
        .expr_as(Func::count(Expr::cust("*")), "rotations")
        .expr_as(persons, "persons");
    groups.into_iter().fold(select, QuerySelect::group_by)
}

fn flow(
    statistics: &Statistics<'_>,
    asked: &FlowsAsked,
    (direction, from_tier, to_tier, rotations, persons): Counted,
) -> RotationFlow {
    let cell = Cell { flows_of: asked.unit, from: asked.from, between: (direction, from_tier, to_tier) };
    let shown = |count: i64| statistics.shown(&cell, u64::try_from(count).unwrap_or(0));
    let (rotations, persons) = (shown(rotations), shown(persons));
    let int = |count: u64| i32::try_from(count).unwrap_or(i32::MAX);
    RotationFlow {
        direction,
        from_tier,
        to_tier,
        rotations: int(rotations),
        persons: int(persons),
        is_rounded: statistics.is_rounded(),
    }
}

impl FlowsAsked {
    /// Rejects queries of rounded numbers whose results could be compared to undo the rounding: the same rotations
    /// counted over many periods or sets of forms. Each rotation is thus counted in one cell only.
    fn ensure_one_cell_a_year(&self, access: &Access) -> Result<()> {
        if self.forms != [RotationForm::Rotation] {
            access.require(Scope::RotationRead, "Unit.rotationFlows(forms:)")?;
        }
        let new_year = Day::of(self.from.year(), 1, 1);
        if new_year == Some(self.from) && self.from.plus_months(12) == Some(self.before) {
            return Ok(());
        }
        Err(Error::invalid(
            "before",
            "Nếu chỉ có quyền stats:read, hãy truy vấn từng năm dương lịch, ví dụ from: \"2014-01-01\", before: \
             \"2015-01-01\"; khoảng thời gian khác cần quyền rotation:read.",
            "With only the scope `stats:read`, query one calendar year at a time, such as from: \"2014-01-01\", before: \
             \"2015-01-01\"; other periods need `rotation:read`.",
        ))
    }

    fn period(&self) -> Result<Period> {
        Period::new(Some(self.from), Some(self.before)).ok_or_else(|| {
            Error::invalid(
                "before",
                "`before` là ngày đầu tiên không được tính và phải sau `from`; ví dụ năm 2014 là from: \"2014-01-01\", \
                 before: \"2015-01-01\".",
                "`before` is exclusive and must be after `from`; the year 2014 is from: \"2014-01-01\", before: \
                 \"2015-01-01\".",
            )
        })
    }
}
