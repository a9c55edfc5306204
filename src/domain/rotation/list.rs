//! Lists of rotations, as they are today: conditions, order, pages, counts.

use entity::{
    rotation,
    value::{Day, EndReason, Period, RotationDirection, RotationForm, RotationPurpose, RotationState},
};
use sea_orm::{
    ColumnTrait, Condition, Iterable, QueryFilter, Select,
    sea_query::{Expr, ExprTrait, Func, SimpleExpr},
};

use crate::{
    authz::{Access, VisibleRotation},
    domain::{
        filter::{ensure_short, nothing, of_person},
        rotation::place::Place,
        unit::{meant_during, within},
    },
    error::Result,
    page::{BoundedCount, Direction, Key, Keyset, Page, PageArgs, Position, ensure_each_once},
    reference::units::UnitReach,
};

/// Conditions on rotations, combined with AND. A unit or subtree is evaluated on the start date of the rotation, the
/// preparing unit on the day of the proposal.
#[derive(Clone, Debug, Default, async_graphql::InputObject, serde::Serialize)]
pub struct RotationWhere {
    /// Code of the person.
    pub cadre: Option<String>,
    /// Origin: this unit or subtree (nơi đi).
    pub from_unit: Option<UnitReach>,
    /// Destination: this unit or subtree (nơi đến).
    pub to_unit: Option<UnitReach>,
    /// Origin or destination, or both: this unit or subtree.
    pub unit: Option<UnitReach>,
    /// Preparing unit: this unit, or a unit of this subtree (đơn vị chuẩn bị).
    pub preparing_unit: Option<UnitReach>,
    /// Forms of rotation, any one of them.
    pub forms: Option<Vec<RotationForm>>,
    /// Directions of the rotation, any one of them.
    pub directions: Option<Vec<RotationDirection>>,
    /// States of the rotation, any one of them.
    pub states: Option<Vec<RotationState>>,
    /// Purposes of the rotation, any one of them.
    pub purposes: Option<Vec<RotationPurpose>>,
    /// Earliest start date (inclusive), actual or future.
    pub start_from: Option<Day>,
    /// Latest start date (exclusive), actual or future.
    pub start_before: Option<Day>,
    /// Running on this day: begun on or before it, and not ended by it.
    pub running_on: Option<Day>,
    /// Earliest end date (inclusive): the actual end, else the planned one.
    pub end_from: Option<Day>,
    /// Latest end date (exclusive): the actual end, else the planned one.
    pub end_before: Option<Day>,
    /// Whether the rotation has ended on a known day, for a reason other than retirement, and no placement is recorded
    /// (chưa bố trí sau luân chuyển).
    pub placement_missing: Option<bool>,
}

/// Sort keys of rotations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, async_graphql::Enum, serde::Serialize)]
pub enum RotationOrderField {
    /// First day.
    Start,
    /// Actual end date (exclusive), else the planned one; a rotation without either sorts as the latest.
    End,
}

/// One item of an order.
#[derive(Clone, Copy, Debug, async_graphql::InputObject, serde::Serialize)]
pub struct RotationOrder {
    /// Sort key.
    pub field: RotationOrderField,
    /// Ascending or descending; ascending by default.
    #[graphql(default_with = "Direction::Asc")]
    pub direction: Direction,
}

/// A list of rotations.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct RotationList {
    /// Conditions.
    pub filter: RotationWhere,
    /// Order; by the first day, latest first, if empty.
    pub order: Vec<RotationOrder>,
}

impl RotationList {
    /// A page of the list, in one statement.
    ///
    /// # Errors
    /// `Forbidden` without `rotation:read`; `Invalid` for unknown units, a list that is too long, a repeated
    /// sort key, bad paging arguments, foreign cursors.
    pub async fn page(&self, access: &Access, args: &PageArgs) -> Result<Page<VisibleRotation>> {
        let rotations = access.rotations()?;
        ensure_each_once(self.order.iter().map(|order| order.field))?;
        let cursors = access.cursors(&("rotations", self));
        let window = cursors.window(args)?;
        let rows = self.keyset().narrow(self.select(access)?, &window).all(access.reader()).await?;
        let page = cursors.page(&window, rows, |row| self.position(row));
        let shown = |(cursor, row)| Some((cursor, rotations.admitted(row, access.today())?));
        let rows = page.rows.into_iter().filter_map(shown).collect();
        Ok(Page { rows, has_next: page.has_next, has_previous: page.has_previous })
    }

    /// Number of matches, at most `max`.
    ///
    /// # Errors
    /// As `page`.
    pub async fn count(&self, access: &Access, max: u64) -> Result<BoundedCount> {
        access.count(self.select(access)?, max).await
    }

    fn select(&self, access: &Access) -> Result<Select<rotation::Entity>> {
        Ok(access.rotations()?.select().filter(self.filter.condition(access)?))
    }

    fn keyset(&self) -> Keyset {
        let keys = self.effective_order().map(|order| {
            let key = match order.field {
                RotationOrderField::Start => Expr::col((rotation::Entity, rotation::Column::StartOn)),
                RotationOrderField::End => Func::coalesce([end(), Expr::val(last_day())]).into(),
            };
            (key, order.direction)
        });
        Keyset::new(keys.collect(), Expr::col((rotation::Entity, rotation::Column::Id)))
    }

    fn effective_order(&self) -> impl Iterator<Item = RotationOrder> {
        let latest = RotationOrder { field: RotationOrderField::Start, direction: Direction::Desc };
        let otherwise = self.order.is_empty().then_some(latest);
        self.order.iter().copied().chain(otherwise)
    }

    fn position(&self, row: &rotation::Model) -> Position {
        let key = |order: RotationOrder| {
            Key::Day(match order.field {
                RotationOrderField::Start => row.start_on,
                RotationOrderField::End => row.end_on.or(row.planned_end_on).unwrap_or(last_day()),
            })
        };
        Position { keys: self.effective_order().map(key).collect(), id: row.id.0 }
    }
}

/// The last day of the calendar; replaces an unknown end when ends are compared.
fn last_day() -> Day {
    Day::end_of_year(2199).expect("a valid calendar day")
}

/// The actual end, else the planned one.
fn end() -> SimpleExpr {
    let column = |column| Expr::col((rotation::Entity, column));
    Func::coalesce([column(rotation::Column::EndOn), column(rotation::Column::PlannedEndOn)]).into()
}

impl RotationWhere {
    fn condition(&self, access: &Access) -> Result<Condition> {
        self.ensure_short()?;
        // An empty period matches nothing, so the trees are not read.
        let Some(started) = Period::new(self.start_from, self.start_before) else { return Ok(nothing()) };
        let all = self.of_units(access, started)?;
        Ok(all
            .add(within(rotation::Column::StartOn, started))
            .add_option(self.cadre.as_deref().map(|code| of_person(rotation::Column::CadreId, code)))
            .add_option(self.forms.as_ref().map(|forms| rotation::Column::Form.is_in(forms.iter().copied())))
            .add_option(self.directions.as_ref().map(|of| rotation::Column::Direction.is_in(of.iter().copied())))
            .add_option(self.states.as_ref().map(|states| rotation::Column::State.is_in(states.iter().copied())))
            .add_option(self.purposes.as_ref().map(|of| rotation::Column::Purpose.is_in(of.iter().copied())))
            .add_option(self.running_on.map(running_on))
            .add_option(self.end_from.map(|from| end().gte(from)))
            .add_option(self.end_before.map(|before| end().lt(before)))
            .add_option(self.placement_missing.map(placement_missing)))
    }

    fn of_units(&self, access: &Access, started: Period) -> Result<Condition> {
        let all_days = Period::default();
        let places = [
            ("fromUnit", &self.from_unit, Place::From, started),
            ("toUnit", &self.to_unit, Place::To, started),
            ("unit", &self.unit, Place::Either, started),
            ("preparingUnit", &self.preparing_unit, Place::Preparing, all_days),
        ];
        let mut all = Condition::all();
        for (field, condition, place, during) in places {
            let Some(condition) = condition else { continue };
            let subtree = meant_during(access, &format!("where.{field}"), condition, during)?;
            all = all.add(place.lies_in(access.backend(), &subtree));
        }
        Ok(all)
    }

    fn ensure_short(&self) -> Result<()> {
        let length = |list: Option<usize>| list.unwrap_or(0);
        let lists = [
            ("forms", length(self.forms.as_ref().map(Vec::len))),
            ("directions", length(self.directions.as_ref().map(Vec::len))),
            ("states", length(self.states.as_ref().map(Vec::len))),
            ("purposes", length(self.purposes.as_ref().map(Vec::len))),
        ];
        lists.into_iter().try_for_each(|(field, entries)| ensure_short(&format!("where.{field}"), entries))
    }
}

fn running_on(day: Day) -> Condition {
    let states = |has_state: fn(RotationState) -> bool| {
        rotation::Column::State.is_in(RotationState::iter().filter(|state| has_state(*state)))
    };
    // A rotation that has ended on an unknown day may have ended at any time, so it does not count.
    let open = Condition::all().add(rotation::Column::EndOn.is_null()).add(states(RotationState::is_running));
    Condition::all()
        .add(states(RotationState::has_started))
        .add(rotation::Column::StartOn.lte(day))
        .add(Condition::any().add(rotation::Column::EndOn.gt(day)).add(open))
}

fn placement_missing(is_missing: bool) -> Condition {
    let retired = rotation::Column::EndReason.eq(EndReason::Retired);
    // Each part is true or false, never null, so the condition can be negated.
    let missing = Condition::all()
        .add(rotation::Column::State.eq(RotationState::Ended))
        // Without an end day, imported history only shows that another rotation followed.
        .add(rotation::Column::EndOn.is_not_null())
        .add(rotation::Column::PlacedOn.is_null())
        .add(Condition::any().add(rotation::Column::EndReason.is_null()).add(retired.not()));
    if is_missing { missing } else { missing.not() }
}
