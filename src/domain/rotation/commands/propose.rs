//! Proposes a rotation.

use entity::{
    rotation,
    value::{ChangeKind, Day, RotationForm, RotationId, RotationPurpose, RotationState, Scope, TitleCode, UnitId},
};
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel};

use super::{
    post::{Fields, Place, Route},
    subject::{StepRecord, find_prepared, unique_violation, view_of, write_step},
};
use crate::{
    authz::{Access, AuthorizedCadre, Txn, VisibleRotation},
    domain::{
        cadre,
        command::{Command, CommandContext, Ready, Subject, person, validate, within_reach},
        refusal::{Code, CommandResult, Refusal},
    },
};

/// Proposal of a rotation (đề xuất luân chuyển). The origin is the person's primary post on the start date; for a
/// future start date, their primary post today.
#[derive(Clone, Debug, async_graphql::InputObject, serde::Serialize)]
#[graphql(name = "RotationProposeInput")]
pub struct Propose {
    /// Idempotency key, 1 to 200 characters. A request that is sent again with the same key is executed once.
    pub idempotency_key: String,
    /// Code of the person.
    pub cadre_code: String,
    /// Form (hình thức).
    pub form: RotationForm,
    /// Purpose of the rotation (mục đích).
    pub purpose: Option<RotationPurpose>,
    /// Code of the unit to go to (nơi đến).
    pub to_unit_code: String,
    /// Code of the title to take up there (chức danh luân chuyển đến).
    pub to_title_code: String,
    /// Start date (inclusive); may be in the past, for decisions recorded late.
    pub start_on: Day,
    /// Planned end date (exclusive) (thời hạn).
    pub planned_end_on: Option<Day>,
    /// Code of the preparing unit (đơn vị chuẩn bị). Only this unit sees the rotation until it is published.
    pub preparing_unit_code: String,
    /// The planning entry (quy hoạch) of the person.
    pub planning: Option<Planning>,
    /// Remark, at most 2,000 characters.
    pub remark: Option<String>,
}

/// An entry in a planning pool (quy hoạch).
#[derive(Clone, Debug, async_graphql::InputObject, serde::Serialize)]
#[graphql(name = "RotationPlanningInput")]
pub struct Planning {
    /// Number of its document.
    pub document_no: String,
    /// First day.
    pub valid_from: Day,
    /// End date (exclusive); absent: no end.
    pub valid_until: Option<Day>,
}

const DESTINATION: Fields = Fields { unit: "toUnitCode", title: "toTitleCode" };

impl Command for Propose {
    const NAME: &'static str = "rotation.propose";
    const SCOPE: Scope = Scope::RotationWrite;
    const PAYLOAD: &'static str = "RotationProposePayload";
    type Subject = Proposal;

    fn idempotency_key(&self) -> &str {
        &self.idempotency_key
    }

    fn target(&self) -> &Self {
        self
    }

    async fn apply(&self, context: &mut CommandContext<'_, Proposal>) -> CommandResult<()> {
        let (txn, row) = (&context.txn, &context.subject.row);
        let insert = rotation::Entity::insert(row.clone().into_active_model().reset_all());
        let inserted = insert.exec_without_returning(txn.of_person(row.cadre_id)).await;
        inserted.map(drop).map_err(|error| unique_violation(row.state, error))
    }
}

/// A rotation that is proposed, with its first step.
#[derive(Debug)]
pub struct Proposal {
    row: rotation::Model,
    record: StepRecord,
}

/// The person, the two units and the preparing unit of a rotation.
#[derive(Debug)]
pub struct Parties {
    person: AuthorizedCadre,
    from: UnitId,
    title: TitleCode,
    to: Place,
    preparing: UnitId,
}

impl Subject for Proposal {
    type Target<'a> = &'a Propose;
    type Found = Parties;
    type Prepared = Self;
    type Effect = ();
    type Written = rotation::Model;
    type View = VisibleRotation;

    async fn find(access: &Access, input: Self::Target<'_>) -> CommandResult<Parties> {
        access.rotations()?;
        let preparing = within_reach(access, "preparingUnitCode", &input.preparing_unit_code)?;
        let person = person(access, "cadreCode", &input.cadre_code).await?;
        let (from, title) = origin(access, &person, input.start_on).await?;
        let to = Place::named(access, DESTINATION, (&input.to_unit_code, &input.to_title_code), input.start_on)?;
        Ok(Parties { person, from, title, to, preparing })
    }

    async fn prepare(access: &Access, input: Self::Target<'_>, of: Parties) -> CommandResult<Ready<Self>> {
        let preparing = of.preparing;
        let row = draft(access, input, of)?;
        let remark = validate::remark_if("remark", input.remark.as_deref())?;
        let record = StepRecord { on: access.today(), document_no: None, remark };
        let units = vec![preparing, row.from_unit_id, row.to_unit_id];
        Ok(Ready { object: row.id.to_string(), units, detail: None, prepared: Self { row, record } })
    }

    async fn replay(access: &Access, object: &str, _: (Self::Target<'_>, Self)) -> CommandResult<VisibleRotation> {
        find_prepared(access, object).await
    }

    async fn lock(_: &Access, _: &Txn, (_, prepared): (Self::Target<'_>, Self)) -> CommandResult<Self> {
        Ok(prepared)
    }

    async fn write(self, txn: &Txn, (): ()) -> CommandResult<rotation::Model> {
        let Self { row, record } = self;
        write_step(txn, ChangeKind::Created, &row, record).await?;
        Ok(row)
    }

    async fn view(access: &Access, row: rotation::Model) -> CommandResult<Option<VisibleRotation>> {
        view_of(access, row)
    }
}

/// The origin: unit and title of the primary post, if the unit is within the caller's reach. The post must have begun
/// before the start day, because a post has at least one day.
async fn origin(access: &Access, person: &AuthorizedCadre, start: Day) -> CommandResult<(UnitId, TitleCode)> {
    let day = start.min(access.today());
    let post = cadre::post_on(person.posts(), day).filter(|post| post.start_on < start);
    let post = post.ok_or_else(|| {
        Refusal::input(
            Code::NoPost,
            "cadreCode",
            format!(
                "Vào ngày {day}, người này không giữ chức danh chính nào trong phạm vi được cấp có ngày bắt đầu trước \
                 ngày {start}; hãy kiểm tra quá trình công tác."
            ),
            format!(
                "On {day} the person has no primary post within your reach that began before {start}; check their \
                 assignments."
            ),
        )
    })?;
    Ok((post.unit_id, post.title_code.clone()))
}

fn draft(access: &Access, input: &Propose, of: Parties) -> Result<rotation::Model, Refusal> {
    if of.from == of.to.unit {
        return Err(Refusal::input(
            Code::SameUnit,
            DESTINATION.unit,
            "Nơi đến trùng với nơi đi; hãy chọn một đơn vị khác.",
            "The person already serves in this unit; choose another unit.",
        ));
    }
    if let Some(end) = input.planned_end_on {
        validate::later_than("plannedEndOn", end, input.start_on)?;
    }
    let planning = input.planning.as_ref();
    if let Some((until, from)) = planning.and_then(|planning| Some((planning.valid_until?, planning.valid_from))) {
        validate::later_than("planning.validUntil", until, from)?;
    }
    let document =
        planning.map(|planning| validate::number("planning.documentNo", &planning.document_no)).transpose()?;
    let route = Route::of(access, of.from, of.to.unit, input.start_on)?;
    Ok(rotation::Model {
        id: RotationId::new(),
        cadre_id: of.person.id(),
        form: input.form,
        purpose: input.purpose,
        direction: route.direction,
        from_unit_id: of.from,
        from_tier: route.from_tier,
        from_title_code: Some(of.title),
        to_unit_id: of.to.unit,
        to_tier: route.to_tier,
        to_title_code: Some(of.to.title),
        start_on: input.start_on,
        planned_end_on: input.planned_end_on,
        end_on: None,
        end_reason: None,
        extended_on: None,
        state: RotationState::Draft,
        preparing_unit_id: Some(of.preparing),
        proposed_on: Some(access.today()),
        decision_no: None,
        decided_on: None,
        published_on: None,
        planning_document: document,
        planning_from: planning.map(|planning| planning.valid_from),
        planning_until: planning.and_then(|planning| planning.valid_until),
        placement_unit_id: None,
        placement_title_code: None,
        placed_on: None,
        placement_decision_no: None,
        version: 1,
    })
}
