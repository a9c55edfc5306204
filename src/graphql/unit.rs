//! Units (đơn vị), as of a day.

use async_graphql::{Context, ID, Object};
use entity::{
    unit_identifier, unit_succession,
    value::{AppraisalSystem, Day, Hierarchy, RotationForm, SuccessionKind},
};

use crate::{
    authz::Access,
    domain::{
        appraisal::{self, CountsAsked},
        cadre::{CadreList, CadreOrder, CadreWhere},
        composition::{self, Asked},
        duty::{self, Asked as DutyAsked},
        rotation::{self, FlowsAsked, RotationFlow},
        standard::{self, GapAsked},
        training::{
            progress::{self, ProgressAsked},
            quota::{QuotaList, QuotasOf},
        },
        unit::{self, Side, UnitKey, UnitList, UnitOnDay, UnitOrder, UnitWhere},
    },
    error::Result,
    graphql::{
        ContextExt,
        appraisal_counts::UnitAppraisals,
        cadre::Cadre,
        composition::Composition,
        duty::DutyCompliance,
        found,
        page::{Connection, Listed, Total},
        standard::StandardGap,
        training::{progress::TrainingProgress, quota::Quota},
        unit_area::UnitArea,
        view::{
            Argument, Fields, View,
            engine::{Declared, object},
        },
    },
    page::PageArgs,
    reference::units::{FormerName, Predecessors, Reach},
};

/// Root fields of units.
#[derive(Default)]
pub struct UnitQuery;

#[Object]
impl UnitQuery {
    /// A unit by id, code or identifier, on any day; if it has ended, its last version. Null if there is none or it is
    /// out of reach.
    async fn unit(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Key of the unit.")] by: UnitKey,
        #[graphql(desc = "The day whose state is returned; today by default.")] as_of: Option<Day>,
    ) -> Result<Option<Unit>> {
        let access = ctx.access();
        Ok(found(unit::look_up(access, &by, as_of.unwrap_or(access.today())))?.map(Unit))
    }

    /// Units within reach that exist on a day.
    #[expect(clippy::too_many_arguments, reason = "the arguments of the contract and of Relay")]
    async fn units(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Filter of the units; all units if absent.")] r#where: Option<UnitWhere>,
        #[graphql(
            desc = "Beginnings of words of the name or of a former name (see `formerNames`), without regard to case, tone marks, \
                    and i or y; or a whole code, as recorded or in lower case."
        )]
        search: Option<String>,
        #[graphql(desc = "Order of the list; by code if absent.")] order_by: Option<Vec<UnitOrder>>,
        #[graphql(desc = "The day of the tree; today by default.")] as_of: Option<Day>,
        #[graphql(
            desc = "Number of entries from the start of the list, 0 to 100; 20 if neither `first` nor `last` is given."
        )]
        first: Option<i32>,
        #[graphql(desc = "A cursor; the page begins after it.")] after: Option<String>,
        #[graphql(desc = "Number of entries from the end of the list, 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "A cursor; the page ends before it.")] before: Option<String>,
    ) -> Result<Option<Connection<Unit>>> {
        let list = UnitList {
            below: None,
            filter: r#where.unwrap_or_default(),
            search,
            order: order_by.unwrap_or_default(),
            as_of,
        };
        let page = list.page(ctx.access(), &PageArgs { first, after, last, before })?;
        Ok(Some(Connection::new(page, Total::Units(list), Unit)))
    }
}

/// A unit (đơn vị), as of the requested day. Its related objects are as of the same day.
pub struct Unit(pub UnitOnDay);

impl Listed for Unit {
    const CONNECTION: &'static str = "UnitConnection";
    const EDGE: &'static str = "UnitEdge";
}

/// Requested day of a unit's list; `None` for today, so that today's cursors stay valid tomorrow.
pub(super) fn list_day(access: &Access, unit: UnitOnDay, as_of: Option<Day>) -> Option<Day> {
    Some(as_of.unwrap_or(unit.day())).filter(|day| *day != access.today())
}

impl Unit {
    /// The field of the interface `Node`.
    pub async fn id(&self, _: &Context<'_>) -> Result<ID> {
        Ok(self.0.id().into())
    }
}

/// A unit (đơn vị), as of the requested day. Its related objects are as of the same day.
#[Object]
impl Unit {
    #[graphql(flatten)]
    fn declared(&self) -> Declared<'_, Self> {
        Declared(self)
    }

    /// Earlier names, latest first (tên cũ); `validTo` of each is the day of the change (exclusive end).
    async fn former_names(&self, ctx: &Context<'_>) -> Vec<FormerName> {
        unit::former_names(ctx.access(), self.0)
    }

    /// Direct subordinate units (đơn vị trực thuộc), by code.
    async fn subunits(
        &self,
        ctx: &Context<'_>,
        #[graphql(default_with = "Hierarchy::Administrative", desc = "Tree of units to use.")] hierarchy: Hierarchy,
        #[graphql(
            desc = "Number of entries from the start of the list, 0 to 100; 20 if neither `first` nor `last` is given."
        )]
        first: Option<i32>,
        #[graphql(desc = "A cursor; the page begins after it.")] after: Option<String>,
        #[graphql(desc = "Number of entries from the end of the list, 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "A cursor; the page ends before it.")] before: Option<String>,
    ) -> Result<Connection<Unit>> {
        let below = Some((self.0.id(), hierarchy));
        let list = UnitList { below, as_of: list_day(ctx.access(), self.0, None), ..UnitList::default() };
        let page = list.page(ctx.access(), &PageArgs { first, after, last, before })?;
        Ok(Connection::new(page, Total::Units(list), Unit))
    }

    /// Predecessor units within reach, oldest first.
    async fn predecessors(&self, ctx: &Context<'_>) -> Vec<UnitSuccession> {
        UnitSuccession::of(ctx, self.0, Side::Predecessors)
    }

    /// Successor units within reach, oldest first.
    async fn successors(&self, ctx: &Context<'_>) -> Vec<UnitSuccession> {
        UnitSuccession::of(ctx, self.0, Side::Successors)
    }

    /// People who hold a post in the unit on a day; with `withPost: false` in `where`, those without a post whose file
    /// the unit keeps.
    #[expect(clippy::too_many_arguments, reason = "the arguments of the contract and of Relay")]
    async fn cadres(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Filter of the people; all people if absent.")] r#where: Option<CadreWhere>,
        #[graphql(default_with = "Reach::Subtree", desc = "The unit alone, or its subtree.")] reach: Reach,
        #[graphql(desc = "Order of the list; by name if absent.")] order_by: Option<Vec<CadreOrder>>,
        #[graphql(desc = "The day; by default the day of the unit, which is today unless the query sets another.")]
        as_of: Option<Day>,
        #[graphql(
            desc = "Number of entries from the start of the list, 0 to 100; 20 if neither `first` nor `last` is given."
        )]
        first: Option<i32>,
        #[graphql(desc = "A cursor; the page begins after it.")] after: Option<String>,
        #[graphql(desc = "Number of entries from the end of the list, 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "A cursor; the page ends before it.")] before: Option<String>,
    ) -> Result<Connection<Cadre>> {
        let list = CadreList {
            within: Some((self.0.id(), reach)),
            filter: r#where.unwrap_or_default(),
            search: None,
            order: order_by.unwrap_or_default(),
            as_of: list_day(ctx.access(), self.0, as_of),
        };
        let page = list.page(ctx.access(), &PageArgs { first, after, last, before }, None).await?;
        Ok(Connection::new(page, Total::Cadres(list), Cadre))
    }

    /// Highest levels of the people who hold a post, primary or concurrent, in the unit on a day; each person counts
    /// once (cơ cấu trình độ). With `stats:read` alone the counts are rounded, and `titles` is not allowed.
    #[expect(clippy::too_many_arguments, reason = "the arguments of the contract")]
    async fn composition(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Code of the subject, such as POLITICAL_THEORY.")] subject: String,
        #[graphql(desc = "Only posts with one of these titles, by code.")] titles: Option<Vec<String>>,
        #[graphql(default_with = "false", desc = "Only posts whose title counts as a key leader's (cán bộ chủ chốt).")]
        key_leaders_only: bool,
        #[graphql(default_with = "Hierarchy::Administrative", desc = "Tree of units to use.")] hierarchy: Hierarchy,
        #[graphql(default_with = "Reach::Subtree", desc = "The unit alone, or its subtree.")] reach: Reach,
        #[graphql(desc = "The day; by default the day of the unit, which is today unless the query sets another.")]
        as_of: Option<Day>,
        #[graphql(default_with = "1", desc = "Decimals of the percentages, 0 to 6; rounded once, half up.")]
        decimals: i32,
    ) -> Result<Composition> {
        let day = as_of.unwrap_or(self.0.day());
        let asked = Asked { unit: self.0.id(), subject, titles, key_leaders_only, hierarchy, reach, day, decimals };
        Ok(Composition(composition::compose(ctx.access(), &asked).await?))
    }

    /// People who hold a post, primary or concurrent, in the unit on a day, by their result for the standards of the
    /// titles of these posts (chưa đạt chuẩn chức danh); each person counts once. The standards in force on the day decide.
    /// With `stats:read` alone the counts are rounded, and `titles` and `standard` are not allowed.
    #[expect(clippy::too_many_arguments, reason = "the arguments of the contract")]
    async fn standard_gap(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only posts with one of these titles, by code.")] titles: Option<Vec<String>>,
        #[graphql(default_with = "false", desc = "Only posts whose title counts as a key leader's (cán bộ chủ chốt).")]
        key_leaders_only: bool,
        #[graphql(desc = "Judge by this standard, by code, whether it is in force on the day or not.")]
        standard: Option<String>,
        #[graphql(default_with = "Hierarchy::Administrative", desc = "Tree of units to use.")] hierarchy: Hierarchy,
        #[graphql(default_with = "Reach::Subtree", desc = "The unit alone, or its subtree.")] reach: Reach,
        #[graphql(desc = "The day; by default the day of the unit, which is today unless the query sets another.")]
        as_of: Option<Day>,
        #[graphql(default_with = "1", desc = "Decimals of the percentages, 0 to 6; rounded once, half up.")]
        decimals: i32,
    ) -> Result<StandardGap> {
        let (unit, day) = (self.0.id(), as_of.unwrap_or(self.0.day()));
        let asked = GapAsked { unit, titles, key_leaders_only, standard, hierarchy, reach, day, decimals };
        standard::gap(ctx.access(), &asked).await.map(StandardGap)
    }

    /// Rotations from or to the unit or its subtree, by direction, then tiers. The start day lies in the period; the
    /// administrative tree of the start day applies. Each rotation counts once. With `stats:read` alone the numbers are
    /// rounded and limited to one calendar year.
    async fn rotation_flows(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Start of the period, inclusive; rotations that start in the period count.")] from: Day,
        #[graphql(desc = "End of the period, exclusive.")] before: Day,
        #[graphql(default_with = "vec![RotationForm::Rotation]", desc = "Forms of rotation that count.")] forms: Vec<
            RotationForm,
        >,
    ) -> Result<Vec<RotationFlow>> {
        rotation::flows(ctx.access(), &FlowsAsked { unit: self.0.id(), from, before, forms }).await
    }

    /// Quotas (chỉ tiêu) of the unit, or of its subtree in the year, of plans for the year, by programme. Each unit is
    /// placed in the administrative tree of 31 December, or of its last day if it ended within the year.
    #[expect(clippy::too_many_arguments, reason = "the arguments of the contract and of Relay")]
    async fn quotas(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Calendar year.")] year: i32,
        #[graphql(default_with = "Reach::Unit", desc = "The unit alone, or its subtree.")] reach: Reach,
        #[graphql(
            default_with = "false",
            desc = "Only those in force with seats left, of plans that are approved and not closed (còn chỉ tiêu)."
        )]
        unused_only: bool,
        #[graphql(
            default_with = "false",
            desc = "Whether quotas of predecessors that have ended are listed as well; of a subtree, those of the \
                    predecessors of each unit."
        )]
        include_predecessors: bool,
        #[graphql(
            desc = "Number of entries from the start of the list, 0 to 100; 20 if neither `first` nor `last` is given."
        )]
        first: Option<i32>,
        #[graphql(desc = "A cursor; the page begins after it.")] after: Option<String>,
        #[graphql(desc = "Number of entries from the end of the list, 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "A cursor; the page ends before it.")] before: Option<String>,
    ) -> Result<Connection<Quota>> {
        let predecessors = Predecessors::from_argument(include_predecessors);
        let of = QuotasOf::Unit { unit: self.0.id(), year, reach, predecessors };
        let list = QuotaList::of(of, unused_only);
        Quota::list(ctx, list, PageArgs { first, after, last, before }).await
    }

    /// Turns (enrolments of the year, by the sending unit at the time) and persons, compared with the quotas of plans
    /// for exactly that year (tiến độ thực hiện kế hoạch). Each unit is placed in the administrative tree of 31
    /// December, or of its last day if it ended within the year; with several years, each year uses its tree. Plans for
    /// several years do not count. With `stats:read` alone turns and persons are rounded, for one year and one
    /// programme or all programmes.
    #[expect(clippy::too_many_arguments, reason = "the arguments of the contract")]
    async fn training_progress(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Calendar year; of several, the first.")] year: i32,
        #[graphql(desc = "The last of several years, inclusive; each with its own plans.")] until_year: Option<i32>,
        #[graphql(desc = "Only these programmes, by code.")] programmes: Option<Vec<String>>,
        #[graphql(default_with = "Reach::Subtree", desc = "The unit alone, or its subtree.")] reach: Reach,
        #[graphql(
            default_with = "false",
            desc = "Whether the training of predecessors that have ended counts as well; of a subtree, that of the \
                    predecessors of each unit. Requires `training:read`."
        )]
        include_predecessors: bool,
        #[graphql(default_with = "1", desc = "Decimals of the percentage, 0 to 6; rounded once, half up.")]
        decimals: i32,
    ) -> Result<TrainingProgress> {
        let predecessors = Predecessors::from_argument(include_predecessors);
        let asked = ProgressAsked { unit: self.0.id(), year, until_year, programmes, reach, predecessors, decimals };
        progress::progress(ctx.access(), &asked).await.map(TrainingProgress)
    }

    /// Compliance with a duty in a year (kết quả thực hiện chế độ bồi dưỡng): the bound persons by their result. A
    /// person counts in the unit of the primary post on the last day of the year, or on today in the current year.
    async fn duty(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Code of the duty.")] code: String,
        #[graphql(desc = "Calendar year; this year or an earlier one.")] year: i32,
        #[graphql(default_with = "Reach::Subtree", desc = "The unit alone, or its subtree.")] reach: Reach,
        #[graphql(default_with = "1", desc = "Decimals of the percentage, 0 to 6; rounded once, half up.")]
        decimals: i32,
    ) -> Result<DutyCompliance> {
        let asked = DutyAsked { unit: self.0.id(), code, year, reach, decimals };
        duty::comply(ctx.access(), &asked).await.map(DutyCompliance)
    }

    /// Persons that the unit and the units below rated in a year, by their result (kết quả xếp loại). Requires a purpose,
    /// and `appraisal:read` or, for rounded numbers, `stats:read`. A result counts in the unit that decided it; a year has
    /// the tree of its last day, or of today in the current year.
    async fn appraisals(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "System of appraisal.")] system: AppraisalSystem,
        #[graphql(desc = "Calendar year; this year or an earlier one.")] year: i32,
        #[graphql(default_with = "Reach::Subtree", desc = "The unit alone, or its subtree.")] reach: Reach,
        #[graphql(default_with = "1", desc = "Decimals of the percentage, 0 to 6; rounded once, half up.")]
        decimals: i32,
    ) -> Result<UnitAppraisals> {
        let asked = CountsAsked { unit: self.0.id(), system, year, reach, decimals };
        appraisal::counts(ctx.access(), asked).await.map(UnitAppraisals)
    }
}

impl View for Unit {
    const NAME: &'static str = "Unit";
    type Of<'a> = UnitOnDay;

    fn of(&self) -> UnitOnDay {
        self.0
    }

    fn view(of: UnitOnDay) -> Self {
        Self(of)
    }

    fn fields(fields: &mut impl Fields<Self>) {
        const HIERARCHY: Argument<Hierarchy> =
            Argument::new("hierarchy", "Which tree is meant.").or(|| Hierarchy::Administrative);

        fields.id(("id", "Opaque id."), |unit, _| unit.id());
        fields.value(
            ("asOf", "Day whose state this object shows. With `id` it identifies the object in a cache."),
            |unit, _| unit.day(),
        );
        fields.text(("code", "Code (mã đơn vị)."), |unit, with| unit.code(with.reference_data()));
        fields.text(("name", "Name on the day `asOf` (tên đơn vị), in Vietnamese."), |unit, with| {
            &unit.version(with.reference_data()).name
        });
        fields.value(("kind", "Kind (loại đơn vị)."), |unit, with| unit.version(with.reference_data()).kind);
        fields.value(("tier", "Tier (cấp)."), |unit, with| unit.version(with.reference_data()).tier);
        fields.optional_text(
            (
                "adminCode",
                "Code in the national list of territorial units (mã đơn vị hành chính). Codes are reused over time for other\n\
                 units.",
            ),
            |unit, with| unit.version(with.reference_data()).admin_code.as_deref(),
        );
        fields.list::<UnitIdentifier>(
            (
                "identifiers",
                "Identifiers in national systems (mã định danh), by system, each system's oldest first. All of them, of any\n\
                 day, each with its interval.",
            ),
            |unit, with| Ok(unit.identifiers(with.reference_data()).iter().collect()),
        );
        fields.list::<UnitArea>(
            (
                "areas",
                "Areas of the unit on the day (khu vực, địa bàn), such as a border or an island, by kind; empty if none is\n\
                 recorded.",
            ),
            |unit, with| Ok(unit.areas(with.reference_data()).collect()),
        );
        fields.optional_by::<Self, _>(
            ("parent", "Direct superior unit, if within reach (đơn vị cấp trên trực tiếp)."),
            HIERARCHY,
            |unit, with, tree| Ok(unit::parent(with.access, unit, *tree)),
        );
        fields.list_by::<Self, _>(
            ("ancestors", "Superior units within reach, nearest first."),
            HIERARCHY,
            |unit, with, tree| Ok(unit::ancestors(with.access, unit, *tree)),
        );
        fields.value(
            ("validFrom", "First day of this version of the unit, inclusive; null if it has no start."),
            |unit, with| unit.version(with.reference_data()).valid_from,
        );
        fields.value(("validTo", "End day of this version, exclusive; null if it is current."), |unit, with| {
            unit.version(with.reference_data()).valid_to
        });
    }
}

/// An identifier of a unit in a national system during an interval.
pub struct UnitIdentifier(unit_identifier::Model);

object!(
    UnitIdentifier,
    "An identifier of a unit in a national system (mã định danh) during an interval. On each day, a value of a system\n\
     belongs to at most one unit; it may later belong to another one."
);

impl View for UnitIdentifier {
    const NAME: &'static str = "UnitIdentifier";
    type Of<'a> = &'a unit_identifier::Model;

    fn of(&self) -> &unit_identifier::Model {
        &self.0
    }

    fn view(of: &unit_identifier::Model) -> Self {
        Self(of.clone())
    }

    fn fields(fields: &mut impl Fields<Self>) {
        fields.value(("system", "System of the value (hệ thống mã)."), |of, _| of.system);
        fields.text(("value", "Value, as the system spells it (mã)."), |of, _| &of.value);
        fields.value(("validFrom", "First day, inclusive; null if it has no known beginning."), |of, _| of.valid_from);
        fields.value(("validTo", "End day, exclusive; null if it is current."), |of, _| of.valid_to);
    }
}

/// A succession of units (sắp xếp đơn vị): the other unit, its kind, and its day.
pub struct UnitSuccession {
    link: unit_succession::Model,
    unit: UnitOnDay,
}

impl UnitSuccession {
    fn of(ctx: &Context<'_>, of: UnitOnDay, side: Side) -> Vec<Self> {
        let links = unit::successions(ctx.access(), of, side).into_iter();
        links.map(|(link, unit)| Self { link, unit }).collect()
    }
}

/// A succession of units (sắp xếp đơn vị): the other unit, its kind, and its day.
#[Object]
impl UnitSuccession {
    /// The other unit.
    async fn unit(&self) -> Unit {
        Unit(self.unit)
    }

    /// Kind of the succession.
    async fn kind(&self) -> SuccessionKind {
        self.link.kind
    }

    /// First day of the new order, inclusive.
    async fn on(&self) -> Day {
        self.link.on_date
    }

    /// Legal document.
    async fn document(&self) -> Option<&str> {
        self.link.document.as_deref()
    }
}
