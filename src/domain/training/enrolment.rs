//! Enrolments (học viên): look-up and lists.

use entity::{
    enrolment, training_class,
    value::{CadreId, ClassCategory, ClassCode, ClassId, Day, EnrolmentId, EnrolmentState, Period},
};
use sea_orm::{ColumnTrait, Condition, QueryFilter, QuerySelect, QueryTrait, Select, sea_query::Expr};

use crate::{
    authz::{Access, VisibleEnrolment},
    domain::{
        filter::{ensure_short, nothing, of_person},
        programme,
        training::{
            class::{of_plan, organised_in},
            years,
        },
        unit::{lies_in, meant_by_year},
    },
    error::{Error, Result},
    page::{BoundedCount, Direction, Key, Keyset, Page, PageArgs, Position},
    reference::units::{Predecessors, UnitReach},
};

/// Conditions on enrolments, combined with AND. A subtree of sending units is evaluated in the enrolment's year: by the
/// tree on 31 December, or on the last day of a unit that ended within the year. An organiser's subtree is evaluated on
/// the first day of the class.
#[derive(Clone, Debug, Default, async_graphql::InputObject, serde::Serialize)]
pub struct EnrolmentWhere {
    /// Sending unit: this unit, or a unit of this subtree (đơn vị cử đi học).
    pub unit: Option<UnitReach>,
    /// With `unit`: whether to include enrolments by predecessors of these units that no longer exist.
    #[graphql(default = false)]
    pub include_predecessors: bool,
    /// Organiser of the class: this unit, or a unit of this subtree (đơn vị tổ chức).
    pub organiser: Option<UnitReach>,
    /// Codes of programmes, any one of them (chương trình).
    pub programmes: Option<Vec<String>>,
    /// Code of the class (lớp).
    pub class: Option<String>,
    /// Code of the plan of the class (kế hoạch).
    pub plan: Option<String>,
    /// Categories of the class, any one of them (loại lớp).
    pub categories: Option<Vec<ClassCategory>>,
    /// First calendar year (inclusive).
    pub year_from: Option<i32>,
    /// Last calendar year (inclusive).
    pub year_to: Option<i32>,
    /// States, any one of them (trạng thái).
    pub states: Option<Vec<EnrolmentState>>,
    /// Code of the person.
    pub cadre: Option<String>,
    /// Whether the enrolment has no class: the person was sent elsewhere, or only registered.
    pub without_class: Option<bool>,
}

/// Selector of an enrolment.
#[derive(Clone, Debug, async_graphql::OneofObject)]
pub enum EnrolmentKey {
    /// Its id.
    Id(async_graphql::ID),
}

/// An enrolment by id, if the caller may know of it.
///
/// # Errors
/// `NotFound`; `Forbidden` without `training:read`.
pub async fn look_up(access: &Access, EnrolmentKey::Id(id): &EnrolmentKey) -> Result<VisibleEnrolment> {
    let id: EnrolmentId = id.parse().map_err(|_| Error::NotFound)?;
    access.training()?.enrolments_by_ids(&[id]).await?.pop().ok_or(Error::NotFound)
}

/// A list of enrolments.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct EnrolmentList {
    /// The parent of the list in the graph; applies in addition to `filter`.
    pub of: EnrolmentsOf,
    /// Conditions.
    pub filter: EnrolmentWhere,
}

/// The parent of a list of enrolments in the graph.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub enum EnrolmentsOf {
    /// All enrolments, in the order of recording.
    #[default]
    Anybody,
    /// Enrolments of a class, in the same order.
    Class(ClassId),
    /// Enrolments of a person, latest year first.
    Person(CadreId),
}

impl EnrolmentList {
    /// Enrolments of a person as known on a day: of one year, or of all years up to the day.
    pub fn of_person(access: &Access, person: CadreId, year: Option<i32>, day: Day) -> Self {
        // Enrolments of later years were not yet known on a past day. As of today, registrations for later years are
        // included.
        let until = (day < access.today()).then(|| day.year());
        let year_to = [year, until].into_iter().flatten().min();
        let filter = EnrolmentWhere { year_from: year, year_to, ..EnrolmentWhere::default() };
        Self { of: EnrolmentsOf::Person(person), filter }
    }

    /// A page of the list, in one statement.
    ///
    /// # Errors
    /// `Forbidden` without `training:read`; `Invalid` for unknown units and programmes, a year outside the
    /// calendar, a list that is too long, bad paging arguments, foreign cursors.
    pub async fn page(&self, access: &Access, args: &PageArgs) -> Result<Page<VisibleEnrolment>> {
        let training = access.training()?;
        let cursors = access.cursors(&("enrolments", self));
        let window = cursors.window(args)?;
        let rows = self.keyset().narrow(self.select(access)?, &window).all(access.reader()).await?;
        let page = cursors.page(&window, rows, |row| self.position(row));
        let shown = |(cursor, row)| Some((cursor, training.admitted_enrolment(row)?));
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

    fn select(&self, access: &Access) -> Result<Select<enrolment::Entity>> {
        let of = match self.of {
            EnrolmentsOf::Anybody => Condition::all(),
            EnrolmentsOf::Class(class) => Condition::all().add(enrolment::Column::ClassId.eq(class)),
            EnrolmentsOf::Person(person) => Condition::all().add(enrolment::Column::CadreId.eq(person)),
        };
        Ok(access.training()?.enrolments().filter(of).filter(self.filter.condition(access)?))
    }

    fn keyset(&self) -> Keyset {
        let column = |column| Expr::col((enrolment::Entity, column));
        let keys = self.is_by_year().then(|| (column(enrolment::Column::Year), Direction::Desc));
        Keyset::new(keys.into_iter().collect(), column(enrolment::Column::Id))
    }

    fn position(&self, row: &enrolment::Model) -> Position {
        let keys = self.is_by_year().then_some(Key::Number(row.year));
        Position { keys: keys.into_iter().collect(), id: row.id.0 }
    }

    fn is_by_year(&self) -> bool {
        matches!(self.of, EnrolmentsOf::Person(_))
    }
}

impl EnrolmentWhere {
    fn condition(&self, access: &Access) -> Result<Condition> {
        self.ensure_short()?;
        if let Some(codes) = &self.programmes {
            programme::ensure_known(access, "where.programmes", codes)?;
        }
        let states = self.states.as_ref();
        Ok(Condition::all()
            .add_option(self.of_unit(access)?)
            .add_option(self.of_class(access)?)
            .add_option(
                self.programmes
                    .as_ref()
                    .map(|of| enrolment::Column::ProgrammeCode.is_in(of.iter().map(String::as_str))),
            )
            .add_option(self.year_from.map(|year| enrolment::Column::Year.gte(year)))
            .add_option(self.year_to.map(|year| enrolment::Column::Year.lte(year)))
            .add_option(states.map(|states| enrolment::Column::State.is_in(states.iter().copied())))
            .add_option(self.cadre.as_deref().map(|code| of_person(enrolment::Column::CadreId, code)))
            .add_option(self.without_class.map(without_class)))
    }

    /// Sent by the units that belong to the subtree in the year of the enrolment.
    fn of_unit(&self, access: &Access) -> Result<Option<Condition>> {
        let Some(condition) = &self.unit else { return Ok(None) };
        let years = years(("where.yearFrom", self.year_from), ("where.yearTo", self.year_to))?;
        let Some(years) = years else { return Ok(Some(nothing())) };
        let predecessors = Predecessors::from_argument(self.include_predecessors);
        let subtree = meant_by_year(access, "where.unit", (condition, predecessors), years)?;
        Ok(Some(lies_in(access.backend(), &subtree, &[enrolment::Column::UnitId], of_years)))
    }

    /// Condition on the class. A caller who may know of an enrolment may know of its class.
    fn of_class(&self, access: &Access) -> Result<Option<Condition>> {
        let code = match self.class.as_deref().map(str::parse::<ClassCode>) {
            // A malformed code may contain characters that a database rejects.
            Some(Err(_)) => return Ok(Some(nothing())),
            Some(Ok(code)) => Some(training_class::Column::Code.eq(code)),
            None => None,
        };
        let organiser = self.organiser.as_ref();
        let of = Condition::all()
            .add_option(code)
            .add_option(self.plan.as_deref().map(|code| of_plan(access, code)).transpose()?)
            .add_option(self.categories.as_ref().map(|of| training_class::Column::Category.is_in(of.iter().copied())))
            .add_option(
                organiser.map(|of| organised_in(access, "where.organiser", of, Period::default())).transpose()?,
            );
        if of.is_empty() {
            return Ok(None);
        }
        let classes =
            access.training()?.classes().filter(of).select_only().column(training_class::Column::Id).into_query();
        Ok(Some(Condition::all().add(enrolment::Column::ClassId.in_subquery(classes))))
    }

    fn ensure_short(&self) -> Result<()> {
        let length = |list: Option<usize>| list.unwrap_or(0);
        let lists = [
            ("categories", length(self.categories.as_ref().map(Vec::len))),
            ("states", length(self.states.as_ref().map(Vec::len))),
        ];
        lists.into_iter().try_for_each(|(field, entries)| ensure_short(&format!("where.{field}"), entries))
    }
}

/// The enrolment's year lies in a period of whole years.
pub(super) fn of_years(during: Period) -> Condition {
    Condition::all()
        .add_option(during.from().map(|from| enrolment::Column::Year.gte(from.year())))
        .add_option(during.until().map(|until| enrolment::Column::Year.lt(until.year())))
}

fn without_class(is_without: bool) -> Condition {
    let column = enrolment::Column::ClassId;
    Condition::all().add(if is_without { column.is_null() } else { column.is_not_null() })
}
