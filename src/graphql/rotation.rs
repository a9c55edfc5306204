//! Rotations (luân chuyển), transfers (điều động) and secondments (biệt phái).

use async_graphql::{Context, ID, Object};
use entity::value::{
    Day, EndReason, RotationDirection, RotationForm, RotationPurpose, RotationState, Tier, TitleCode, UnitId,
};

use crate::{
    authz::VisibleRotation,
    domain::{
        rotation::{self, RotationKey, RotationList, RotationOrder, RotationWhere},
        unit,
    },
    error::{Error, Result},
    graphql::{
        ContextExt,
        cadre::Cadre,
        found,
        page::{Connection, Listed, Total},
        rotation_step::{RotationAppraisal, RotationStep},
        rule::{RuleCheck, RuleOverride},
        title::Title,
        unit::Unit,
    },
    page::PageArgs,
};

/// Root fields of rotations.
#[derive(Default)]
pub struct RotationQuery;

#[Object]
impl RotationQuery {
    /// A rotation, transfer or secondment by id, as of today. Null if there is none or it is not visible to the caller.
    async fn rotation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What names it.")] by: RotationKey,
    ) -> Result<Option<Rotation>> {
        Ok(found(rotation::look_up(ctx.access(), &by).await)?.map(Rotation))
    }

    /// Rotations, transfers and secondments with a unit within reach, as of today. Unpublished ones are included only
    /// if the preparing unit is within reach.
    #[expect(clippy::too_many_arguments, reason = "the arguments of the contract and of Relay")]
    async fn rotations(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which rotations are wanted; all if absent.")] r#where: Option<RotationWhere>,
        #[graphql(desc = "By first day, latest first, if absent.")] order_by: Option<Vec<RotationOrder>>,
        #[graphql(desc = "How many from the start of the list, 0 to 100; 20 if neither `first` nor `last` is given.")]
        first: Option<i32>,
        #[graphql(desc = "A cursor: only what comes after it.")] after: Option<String>,
        #[graphql(desc = "How many from the end of the list, 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "A cursor: only what comes before it.")] before: Option<String>,
    ) -> Result<Option<Connection<Rotation>>> {
        let list = RotationList { filter: r#where.unwrap_or_default(), order: order_by.unwrap_or_default() };
        let page = list.page(ctx.access(), &PageArgs { first, after, last, before }).await?;
        Ok(Some(Connection::new(page, Total::Rotations(list), Rotation)))
    }
}

/// A rotation, transfer or secondment (luân chuyển, điều động, biệt phái): its units, its decision, and its end. Shown
/// as of the requested day.
pub struct Rotation(pub VisibleRotation);

impl Listed for Rotation {
    const CONNECTION: &'static str = "RotationConnection";
    const EDGE: &'static str = "RotationEdge";
}

impl Rotation {
    fn unit(&self, ctx: &Context<'_>, id: UnitId, day: Day) -> Option<Unit> {
        unit::named_by(ctx.access(), &self.0, id, day).map(Unit)
    }

    fn title(ctx: &Context<'_>, code: Option<&TitleCode>) -> Option<Title> {
        code.and_then(|code| ctx.reference_data().title(code.as_str())).cloned().map(Title)
    }
}

/// A rotation, transfer or secondment (luân chuyển, điều động, biệt phái): its units, its decision, and its end. Shown
/// as of the requested day.
#[Object]
impl Rotation {
    /// Opaque id.
    pub async fn id(&self) -> ID {
        self.0.row().id.into()
    }

    /// Day whose state this object shows. With `id` it identifies the object in a cache.
    async fn as_of(&self) -> Day {
        self.0.day()
    }

    /// The person, as of the requested day; if their file is out of reach then, as of the last day on which this
    /// rotation had them within reach.
    async fn cadre(&self, ctx: &Context<'_>) -> Result<Cadre> {
        let person = ctx.loaders().person(ctx.access().person_of(&self.0)).await?;
        person.as_ref().clone().map(Cadre).ok_or_else(|| Error::internal("a rotation of nobody"))
    }

    /// Form of the rotation (hình thức).
    async fn form(&self) -> RotationForm {
        self.0.row().form
    }

    /// Purpose of the rotation (mục đích); null if it is not recorded.
    async fn purpose(&self) -> Option<RotationPurpose> {
        self.0.row().purpose
    }

    /// Direction (hướng), from the tiers and territories of both units on the start day.
    async fn direction(&self) -> RotationDirection {
        self.0.row().direction
    }

    /// Previous unit (nơi đi), as of the start day. Returned even if it is out of reach; its related objects are not
    /// accessible then.
    #[expect(clippy::wrong_self_convention, reason = "the unit from which, as the contract calls it")]
    async fn from_unit(&self, ctx: &Context<'_>) -> Result<Unit> {
        let row = self.0.row();
        self.unit(ctx, row.from_unit_id, row.start_on).ok_or(Error::NotFound)
    }

    /// Destination unit (nơi đến), as of the start day. Returned even if it is out of reach; its related objects are
    /// not accessible then.
    async fn to_unit(&self, ctx: &Context<'_>) -> Result<Unit> {
        let row = self.0.row();
        self.unit(ctx, row.to_unit_id, row.start_on).ok_or(Error::NotFound)
    }

    /// Tier of the previous unit on the start day.
    async fn from_tier(&self) -> Tier {
        self.0.row().from_tier
    }

    /// Tier of the destination unit on the start day.
    async fn to_tier(&self) -> Tier {
        self.0.row().to_tier
    }

    /// Previous title (chức danh trước luân chuyển); null if it is not recorded.
    async fn from_title(&self, ctx: &Context<'_>) -> Option<Title> {
        Self::title(ctx, self.0.row().from_title_code.as_ref())
    }

    /// New title (chức danh luân chuyển đến); null if it is not recorded.
    async fn to_title(&self, ctx: &Context<'_>) -> Option<Title> {
        Self::title(ctx, self.0.row().to_title_code.as_ref())
    }

    /// First day, inclusive.
    async fn start_on(&self) -> Day {
        self.0.row().start_on
    }

    /// Planned end day, exclusive (thời hạn).
    async fn planned_end_on(&self) -> Option<Day> {
        self.0.row().planned_end_on
    }

    /// Actual end day, exclusive; null if the rotation is running or the day is not recorded.
    async fn end_on(&self) -> Option<Day> {
        self.0.row().end_on
    }

    /// Reason of the end (lý do kết thúc).
    async fn end_reason(&self) -> Option<EndReason> {
        self.0.row().end_reason
    }

    /// State of the rotation (trạng thái).
    async fn state(&self) -> RotationState {
        self.0.row().state
    }

    /// Preparing unit (đơn vị chuẩn bị); null for imported history.
    async fn preparing_unit(&self, ctx: &Context<'_>) -> Option<Unit> {
        self.unit(ctx, self.0.row().preparing_unit_id?, self.0.day())
    }

    /// Number of the decision (số quyết định).
    async fn decision_no(&self) -> Option<&str> {
        self.0.row().decision_no.as_deref()
    }

    /// Day of the decision.
    async fn decided_on(&self) -> Option<Day> {
        self.0.row().decided_on
    }

    /// Day on which the decision was published (ngày công bố).
    async fn published_on(&self) -> Option<Day> {
        self.0.row().published_on
    }

    /// Placement of the person afterwards (bố trí sau luân chuyển); null if there is none yet.
    async fn placement(&self) -> Option<Placement> {
        let row = self.0.row();
        row.placed_on.map(|on| Placement { rotation: Rotation(self.0.clone()), on })
    }

    /// Results of the rule checks (đối chiếu với quy định), by the rules of the start day. A rule that depends on the
    /// day of birth is checked only with the scope `cadre.identity:read`, a purpose, and the person's file within reach
    /// on both the requested day and today; the check is then logged as an access to identity data. Otherwise its
    /// result is INDETERMINATE.
    async fn checks(&self, ctx: &Context<'_>) -> Result<Vec<RuleCheck>> {
        let judged = ctx.loaders().judged(ctx.access().seen_rotation(&self.0)).await?;
        let judged = judged.as_ref().as_ref().ok_or_else(|| Error::internal("a rotation of nobody"))?;
        Ok(rotation::checks(ctx.access(), &self.0, judged).into_iter().map(RuleCheck).collect())
    }

    /// Overrides of rules (ngoại lệ), granted by the requested day (inclusive).
    async fn overrides(&self, ctx: &Context<'_>) -> Result<Vec<RuleOverride>> {
        let granted = ctx.loaders().overrides(ctx.access().seen_rotation(&self.0)).await?;
        Ok(granted.iter().cloned().map(RuleOverride).collect())
    }

    /// Steps of the procedure by the requested day (inclusive), oldest first. Steps before the publication of the
    /// decision are visible only if the preparing unit is within reach.
    async fn steps(&self, ctx: &Context<'_>) -> Result<Vec<RotationStep>> {
        let steps = ctx.loaders().steps(ctx.access().seen_rotation(&self.0)).await?;
        Ok(steps.iter().cloned().map(RotationStep).collect())
    }

    /// Yearly appraisals (nhận xét, đánh giá hằng năm) by the requested day (inclusive).
    async fn appraisals(&self, ctx: &Context<'_>) -> Result<Vec<RotationAppraisal>> {
        let appraisals = ctx.loaders().appraisals(ctx.access().seen_rotation(&self.0)).await?;
        Ok(appraisals.iter().cloned().map(RotationAppraisal).collect())
    }

    /// Increases with every change; send it back as `expectedVersion`.
    async fn version(&self) -> i32 {
        self.0.row().version
    }
}

/// A placement after a rotation (bố trí sau luân chuyển).
pub struct Placement {
    rotation: Rotation,
    on: Day,
}

/// A placement after a rotation (bố trí sau luân chuyển).
#[Object]
impl Placement {
    /// Unit of the placement, as of its first day. Returned even if it is out of reach; its related objects are not
    /// accessible then.
    async fn unit(&self, ctx: &Context<'_>) -> Option<Unit> {
        self.rotation.unit(ctx, self.rotation.0.row().placement_unit_id?, self.on)
    }

    /// Title of the placement; null if it is not recorded.
    async fn title(&self, ctx: &Context<'_>) -> Option<Title> {
        Rotation::title(ctx, self.rotation.0.row().placement_title_code.as_ref())
    }

    /// First day, inclusive.
    async fn on(&self) -> Day {
        self.on
    }

    /// Number of the decision.
    async fn decision_no(&self) -> Option<&str> {
        self.rotation.0.row().placement_decision_no.as_deref()
    }
}
