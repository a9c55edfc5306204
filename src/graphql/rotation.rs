//! Rotations (luân chuyển), transfers (điều động) and secondments (biệt phái).

use async_graphql::{Context, ID, Object};
use entity::{
    title,
    value::{Day, TitleCode, UnitId},
};

use crate::{
    authz::VisibleRotation,
    domain::{
        rotation::{self, RotationKey, RotationList, RotationOrder, RotationWhere},
        unit::{self, UnitOnDay},
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
        view::{
            Fields, View, ViewContext,
            engine::{Declared, object},
        },
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
        #[graphql(desc = "Key of the rotation.")] by: RotationKey,
    ) -> Result<Option<Rotation>> {
        Ok(found(rotation::look_up(ctx.access(), &by).await)?.map(Rotation))
    }

    /// Rotations, transfers and secondments with a unit within reach, as of today. Unpublished ones are included only
    /// if the preparing unit is within reach.
    #[expect(clippy::too_many_arguments, reason = "the arguments of the contract and of Relay")]
    async fn rotations(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Filter of the rotations; all rotations if absent.")] r#where: Option<RotationWhere>,
        #[graphql(desc = "Order of the list; by first day, latest first, if absent.")] order_by: Option<
            Vec<RotationOrder>,
        >,
        #[graphql(
            desc = "Number of entries from the start of the list, 0 to 100; 20 if neither `first` nor `last` is given."
        )]
        first: Option<i32>,
        #[graphql(desc = "A cursor; the page begins after it.")] after: Option<String>,
        #[graphql(desc = "Number of entries from the end of the list, 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "A cursor; the page ends before it.")] before: Option<String>,
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
    /// The field of the interface `Node`.
    pub async fn id(&self, _: &Context<'_>) -> Result<ID> {
        Ok(self.0.row().id.into())
    }
}

/// A rotation, transfer or secondment (luân chuyển, điều động, biệt phái): its units, its decision, and its end. Shown
/// as of the requested day.
#[Object]
impl Rotation {
    #[graphql(flatten)]
    fn declared(&self) -> Declared<'_, Self> {
        Declared(self)
    }

    /// The person, as of the requested day; if their file is out of reach then, as of the last day on which this
    /// rotation had them within reach.
    async fn cadre(&self, ctx: &Context<'_>) -> Result<Cadre> {
        let person = ctx.loaders().person(ctx.access().person_of(&self.0)).await?;
        person
            .as_ref()
            .clone()
            .map(Cadre)
            .ok_or_else(|| Error::internal("a rotation refers to a person that does not exist"))
    }

    /// Results of the rule checks (đối chiếu với quy định), by the rules of the start day. A rule that depends on the
    /// day of birth is checked only with the scope `cadre.identity:read`, a purpose, and the person's file within reach
    /// on both the requested day and today; the check is then logged as an access to identity data. Otherwise its
    /// result is INDETERMINATE.
    async fn checks(&self, ctx: &Context<'_>) -> Result<Vec<RuleCheck>> {
        let rule_inputs = ctx.loaders().rule_inputs(ctx.access().authorized_rotation(&self.0)).await?;
        let rule_inputs = rule_inputs
            .as_ref()
            .as_ref()
            .ok_or_else(|| Error::internal("a rotation refers to a person that does not exist"))?;
        Ok(rotation::checks(ctx.access(), &self.0, rule_inputs).into_iter().map(RuleCheck).collect())
    }

    /// Overrides of rules (ngoại lệ), granted by the requested day (inclusive).
    async fn overrides(&self, ctx: &Context<'_>) -> Result<Vec<RuleOverride>> {
        let overrides = ctx.loaders().overrides(ctx.access().authorized_rotation(&self.0)).await?;
        Ok(overrides.iter().cloned().map(RuleOverride).collect())
    }

    /// Steps of the procedure by the requested day (inclusive), oldest first. Steps before the publication of the
    /// decision are visible only if the preparing unit is within reach.
    async fn steps(&self, ctx: &Context<'_>) -> Result<Vec<RotationStep>> {
        let steps = ctx.loaders().steps(ctx.access().authorized_rotation(&self.0)).await?;
        Ok(steps.iter().cloned().map(RotationStep).collect())
    }

    /// Yearly appraisals (nhận xét, đánh giá hằng năm) by the requested day (inclusive).
    async fn appraisals(&self, ctx: &Context<'_>) -> Result<Vec<RotationAppraisal>> {
        let appraisals = ctx.loaders().appraisals(ctx.access().authorized_rotation(&self.0)).await?;
        Ok(appraisals.iter().cloned().map(RotationAppraisal).collect())
    }
}

impl View for Rotation {
    const NAME: &'static str = "Rotation";
    type Of<'a> = &'a VisibleRotation;

    fn of(&self) -> &VisibleRotation {
        &self.0
    }

    fn view(of: &VisibleRotation) -> Self {
        Self(of.clone())
    }

    fn fields(fields: &mut impl Fields<Self>) {
        fields.id(("id", "Opaque id."), |rotation, _| rotation.row().id);
        fields.value(
            ("asOf", "Day whose state this object shows. With `id` it identifies the object in a cache."),
            |rotation, _| rotation.day(),
        );
        fields.value(("form", "Form of the rotation (hình thức)."), |rotation, _| rotation.row().form);
        fields.value(
            ("purpose", "Purpose of the rotation (mục đích); null if it is not recorded."),
            |rotation, _| rotation.row().purpose,
        );
        fields.value(
            ("direction", "Direction (hướng), from the tiers and territories of both units on the start day."),
            |rotation, _| rotation.row().direction,
        );
        fields.one::<Unit>(
            (
                "fromUnit",
                "Previous unit (nơi đi), as of the start day. Returned even if it is out of reach; its related objects are not\n\
                 accessible then.",
            ),
            |rotation, with| {
                let row = rotation.row();
                named(with, rotation, row.from_unit_id, row.start_on).ok_or(Error::NotFound)
            },
        );
        fields.one::<Unit>(
            (
                "toUnit",
                "Destination unit (nơi đến), as of the start day. Returned even if it is out of reach; its related objects are\n\
                 not accessible then.",
            ),
            |rotation, with| {
                let row = rotation.row();
                named(with, rotation, row.to_unit_id, row.start_on).ok_or(Error::NotFound)
            },
        );
        fields
            .value(("fromTier", "Tier of the previous unit on the start day."), |rotation, _| rotation.row().from_tier);
        fields
            .value(("toTier", "Tier of the destination unit on the start day."), |rotation, _| rotation.row().to_tier);
        fields.optional::<Title>(
            ("fromTitle", "Previous title (chức danh trước luân chuyển); null if it is not recorded."),
            |rotation, with| title(with, rotation.row().from_title_code.as_ref()),
        );
        fields.optional::<Title>(
            ("toTitle", "New title (chức danh luân chuyển đến); null if it is not recorded."),
            |rotation, with| title(with, rotation.row().to_title_code.as_ref()),
        );
        fields.value(("startOn", "First day, inclusive."), |rotation, _| rotation.row().start_on);
        fields.value(("plannedEndOn", "Planned end day, exclusive (thời hạn)."), |rotation, _| {
            rotation.row().planned_end_on
        });
        fields.value(
            ("endOn", "Actual end day, exclusive; null if the rotation is running or the day is not recorded."),
            |rotation, _| rotation.row().end_on,
        );
        fields.value(("endReason", "Reason of the end (lý do kết thúc)."), |rotation, _| rotation.row().end_reason);
        fields.value(("state", "State of the rotation (trạng thái)."), |rotation, _| rotation.row().state);
        fields.optional::<Unit>(
            ("preparingUnit", "Preparing unit (đơn vị chuẩn bị); null for imported history."),
            |rotation, with| named(with, rotation, rotation.row().preparing_unit_id?, rotation.day()),
        );
        fields.optional_text(("decisionNo", "Number of the decision (số quyết định)."), |rotation, _| {
            rotation.row().decision_no.as_deref()
        });
        fields.value(("decidedOn", "Day of the decision."), |rotation, _| rotation.row().decided_on);
        fields.value(("publishedOn", "Day on which the decision was published (ngày công bố)."), |rotation, _| {
            rotation.row().published_on
        });
        fields.optional::<Placement>(
            ("placement", "Placement of the person afterwards (bố trí sau luân chuyển); null if there is none yet."),
            |rotation, _| rotation.row().placed_on.map(|on| (rotation, on)),
        );
        fields.value(("version", "Increases with every change; send it back as `expectedVersion`."), |rotation, _| {
            rotation.row().version
        });
    }
}

fn named(with: ViewContext<'_>, by: &VisibleRotation, unit: UnitId, day: Day) -> Option<UnitOnDay> {
    unit::named_by(with.access, by, unit, day)
}

fn title<'a>(with: ViewContext<'a>, code: Option<&TitleCode>) -> Option<&'a title::Model> {
    with.reference_data().title(code?.as_str())
}

/// A placement after a rotation (bố trí sau luân chuyển).
pub struct Placement {
    rotation: VisibleRotation,
    on: Day,
}

object!(Placement, "A placement after a rotation (bố trí sau luân chuyển).");

impl View for Placement {
    const NAME: &'static str = "Placement";
    type Of<'a> = (&'a VisibleRotation, Day);

    fn of(&self) -> (&VisibleRotation, Day) {
        (&self.rotation, self.on)
    }

    fn view((rotation, on): (&VisibleRotation, Day)) -> Self {
        Self { rotation: rotation.clone(), on }
    }

    fn fields(fields: &mut impl Fields<Self>) {
        fields.optional::<Unit>(
            (
                "unit",
                "Unit of the placement, as of its first day. Returned even if it is out of reach; its related objects are not\n\
                 accessible then.",
            ),
            |(rotation, on), with| named(with, rotation, rotation.row().placement_unit_id?, on),
        );
        fields.optional::<Title>(("title", "Title of the placement; null if it is not recorded."), |placed, with| {
            title(with, placed.0.row().placement_title_code.as_ref())
        });
        fields.value(("on", "First day, inclusive."), |(_, on), _| on);
        fields.optional_text(("decisionNo", "Number of the decision."), |(rotation, _), _| {
            rotation.row().placement_decision_no.as_deref()
        });
    }
}
