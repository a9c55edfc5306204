//! Classes (lớp): look-ups and lists.

use entity::{
    training_class,
    value::{ClassCategory, ClassCode, ClassId, ClassState, Day, Period, PlanCode, StudyMode},
};
use sea_orm::{
    ColumnTrait, Condition, QueryFilter, Select,
    sea_query::{Expr, SimpleExpr},
};

use crate::{
    authz::{Access, VisibleClass},
    domain::{
        filter::{ensure_short, nothing},
        percent::percent,
        programme,
        training::plan,
        unit::{lies_in, meant_during, within},
    },
    error::{Error, Result},
    page::{BoundedCount, Direction, Key, Keyset, Page, PageArgs, Position, ensure_each_once},
    reference::units::UnitReach,
};

/// Selector of a class.
#[derive(Clone, Debug, async_graphql::OneofObject)]
pub enum TrainingClassKey {
    /// Its id.
    Id(async_graphql::ID),
    /// Type of the code.
    Code(String),
}

/// Conditions on classes, combined with AND.
#[derive(Clone, Debug, Default, async_graphql::InputObject, serde::Serialize)]
pub struct TrainingClassWhere {
    /// Code of the plan (kế hoạch).
    pub plan: Option<String>,
    /// Codes of programmes, any one of them (chương trình).
    pub programmes: Option<Vec<String>>,
    /// Categories of the class, any one of them (loại lớp).
    pub categories: Option<Vec<ClassCategory>>,
    /// Organiser on the first day of the class: this unit, or a unit of this subtree (đơn vị tổ chức).
    pub organiser: Option<UnitReach>,
    /// Modes of study, any one of them (hình thức).
    pub modes: Option<Vec<StudyMode>>,
    /// States, any one of them (trạng thái).
    pub states: Option<Vec<ClassState>>,
    /// Number of the intake (khóa).
    pub intake: Option<String>,
    /// Earliest first day (inclusive).
    pub start_from: Option<Day>,
    /// Latest first day (exclusive).
    pub start_before: Option<Day>,
    /// Earliest last day (inclusive).
    pub end_from: Option<Day>,
    /// Latest last day (exclusive).
    pub end_before: Option<Day>,
}

/// Sort keys of classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, async_graphql::Enum, serde::Serialize)]
pub enum TrainingClassOrderField {
    /// First day.
    StartOn,
    /// By code.
    Code,
}

/// One item of an order.
#[derive(Clone, Copy, Debug, async_graphql::InputObject, serde::Serialize)]
pub struct TrainingClassOrder {
    /// Sort key.
    pub field: TrainingClassOrderField,
    /// Ascending or descending; ascending by default.
    #[graphql(default_with = "Direction::Asc")]
    pub direction: Direction,
}

/// A list of classes.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct ClassList {
    /// Conditions.
    pub filter: TrainingClassWhere,
    /// Order; by the first day, latest first, if empty.
    pub order: Vec<TrainingClassOrder>,
}

/// Looks up a class by id or code.
///
/// # Errors
/// `NotFound`; `Forbidden` without `training:read`.
pub async fn look_up(access: &Access, key: &TrainingClassKey) -> Result<VisibleClass> {
    let condition: SimpleExpr = match key {
        TrainingClassKey::Id(id) => {
            let id: ClassId = id.parse().map_err(|_| Error::NotFound)?;
            training_class::Column::Id.eq(id)
        }
        TrainingClassKey::Code(code) => {
            let code: ClassCode = code.parse().map_err(|_| Error::NotFound)?;
            training_class::Column::Code.eq(code)
        }
    };
    let training = access.training()?;
    let row = training.classes().filter(condition).one(access.reader()).await?;
    row.and_then(|row| training.admitted_class(row)).ok_or(Error::NotFound)
}

/// Learners in percent of the seats, to one decimal, by the seats taken or the reported head count, whichever is
/// higher. `None` if the seats are not limited.
pub fn fill_percent(row: &training_class::Model) -> Option<f64> {
    let seats = row.capacity.and_then(|seats| u64::try_from(seats).ok()).filter(|seats| *seats > 0)?;
    let learners = row.enrolled.max(row.reported_learners.unwrap_or(0));
    Some(percent(u64::try_from(learners).unwrap_or(0), seats, 1))
}

impl ClassList {
    /// A page of the list, in one statement.
    ///
    /// # Errors
    /// `Forbidden` without `training:read`; `Invalid` for unknown units and programmes, a list that is too
    /// long, a repeated sort key, bad paging arguments, foreign cursors.
    pub async fn page(&self, access: &Access, args: &PageArgs) -> Result<Page<VisibleClass>> {
        let training = access.training()?;
        ensure_each_once(self.order.iter().map(|order| order.field))?;
        let cursors = access.cursors(&("trainingClasses", self));
        let window = cursors.window(args)?;
        let rows = self.keyset().narrow(self.select(access)?, &window).all(access.reader()).await?;
        let page = cursors.page(&window, rows, |row| self.position(row));
        let shown = |(cursor, row)| Some((cursor, training.admitted_class(row)?));
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

    fn select(&self, access: &Access) -> Result<Select<training_class::Entity>> {
        Ok(access.training()?.classes().filter(self.filter.condition(access)?))
    }

    fn keyset(&self) -> Keyset {
        let column = |column| Expr::col((training_class::Entity, column));
        let keys = self.effective_order().map(|order| {
            let key = match order.field {
                TrainingClassOrderField::StartOn => column(training_class::Column::StartOn),
                TrainingClassOrderField::Code => column(training_class::Column::Code),
            };
            (key, order.direction)
        });
        Keyset::new(keys.collect(), column(training_class::Column::Id))
    }

    fn effective_order(&self) -> impl Iterator<Item = TrainingClassOrder> {
        let latest = TrainingClassOrder { field: TrainingClassOrderField::StartOn, direction: Direction::Desc };
        let otherwise = self.order.is_empty().then_some(latest);
        self.order.iter().copied().chain(otherwise)
    }

    fn position(&self, row: &training_class::Model) -> Position {
        let key = |order: TrainingClassOrder| match order.field {
            TrainingClassOrderField::StartOn => Key::Day(row.start_on),
            TrainingClassOrderField::Code => Key::Text(row.code.as_str().to_owned()),
        };
        Position { keys: self.effective_order().map(key).collect(), id: row.id.0 }
    }
}

impl TrainingClassWhere {
    fn condition(&self, access: &Access) -> Result<Condition> {
        self.ensure_short()?;
        if let Some(codes) = &self.programmes {
            programme::ensure_known(access, "where.programmes", codes)?;
        }
        // An empty period matches nothing, so the trees are not read.
        let Some(started) = Period::new(self.start_from, self.start_before) else { return Ok(nothing()) };
        Ok(Condition::all()
            .add(within(training_class::Column::StartOn, started))
            .add_option(self.of_organiser(access, started)?)
            .add_option(self.plan.as_deref().map(|code| of_plan(access, code)).transpose()?)
            .add_option(
                self.programmes
                    .as_ref()
                    .map(|of| training_class::Column::ProgrammeCode.is_in(of.iter().map(String::as_str))),
            )
            .add_option(self.categories.as_ref().map(|of| training_class::Column::Category.is_in(of.iter().copied())))
            .add_option(self.modes.as_ref().map(|of| training_class::Column::Mode.is_in(of.iter().copied())))
            .add_option(self.states.as_ref().map(|of| training_class::Column::State.is_in(of.iter().copied())))
            .add_option(self.intake.as_deref().map(of_intake))
            .add_option(self.end_from.map(|from| training_class::Column::EndOn.gte(from)))
            .add_option(self.end_before.map(|until| training_class::Column::EndOn.lt(until))))
    }

    fn of_organiser(&self, access: &Access, started: Period) -> Result<Option<Condition>> {
        let Some(condition) = &self.organiser else { return Ok(None) };
        organised_in(access, "where.organiser", condition, started).map(Some)
    }

    fn ensure_short(&self) -> Result<()> {
        let length = |list: Option<usize>| list.unwrap_or(0);
        let lists = [
            ("categories", length(self.categories.as_ref().map(Vec::len))),
            ("modes", length(self.modes.as_ref().map(Vec::len))),
            ("states", length(self.states.as_ref().map(Vec::len))),
        ];
        lists.into_iter().try_for_each(|(field, entries)| ensure_short(&format!("where.{field}"), entries))
    }
}

/// Classes organised by the units of a condition on their first day, which lies in the period.
pub(super) fn organised_in(access: &Access, field: &str, condition: &UnitReach, started: Period) -> Result<Condition> {
    let subtree = meant_during(access, field, condition, started)?;
    Ok(lies_in(access.backend(), &subtree, &[training_class::Column::OrganiserId], |during| {
        within(training_class::Column::StartOn, during)
    }))
}

/// Classes of the plan with a code. A plan that the caller may not see gives no classes.
pub(super) fn of_plan(access: &Access, code: &str) -> Result<Condition> {
    let Ok(code) = code.parse::<PlanCode>() else { return Ok(nothing()) };
    let plan = plan::of_code(&access.training()?, code);
    Ok(Condition::all().add(training_class::Column::PlanId.in_subquery(plan)))
}

fn of_intake(intake: &str) -> Condition {
    // PostgreSQL rejects text with a NUL, so no intake has one.
    if intake.contains('\0') {
        return nothing();
    }
    Condition::all().add(training_class::Column::Intake.eq(intake))
}

#[cfg(test)]
mod tests {
    use entity::sample;

    use super::*;

    #[test]
    fn a_class_is_filled_by_the_seats_taken_or_the_head_count() {
        let class = |capacity, enrolled, reported_learners| training_class::Model {
            capacity,
            enrolled,
            reported_learners,
            ..sample::training_class()
        };
        for (capacity, enrolled, reported, expected) in [
            (Some(60), 15, None, Some(25.0)),
            (Some(60), 40, None, Some(66.7)),
            (Some(50), 0, Some(45), Some(90.0)),
            (Some(50), 45, Some(40), Some(90.0)),
            (Some(50), 0, None, Some(0.0)),
            (None, 45, None, None),
            (Some(0), 0, None, None),
        ] {
            assert_eq!(fill_percent(&class(capacity, enrolled, reported)), expected, "{capacity:?} {enrolled}");
        }
    }
}
