//! Acts on rotations. Each act is an input, its change of the row, and the days and posts that it needs. `execute` is
//! the only pipeline, from the permission check to the commit, so no act can skip a part of it.

mod appraise;
mod end;
mod extend;
mod place;
mod post;
mod procedure;
mod propose;
mod service;
mod start;

pub use appraise::{Appraise, Override};
pub use end::{End, Placement};
pub use extend::Extend;
pub use place::Place;
pub use procedure::{Advance, Cancel, Decide, Publish};
pub use propose::{Planning, Propose, propose};
pub use start::Start;

use entity::{
    cadre, rotation, rotation_step, rule_override,
    value::{ChangeKind, Day, RotationId, RotationState, RuleKey},
};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::Set,
    ColumnTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect, SqlErr,
    sea_query::{Expr, ExprTrait},
};

use crate::{
    authz::{Access, Act, ServiceKey, Txn, VisibleRotation},
    domain::{
        idempotency::{Claim, IdempotentRequest},
        refusal::{Code, CommandError, CommandResult, Outcome, Refusal, outcome},
        rotation::state::{self, Transition},
        rule::{self, Facts},
    },
    error::{Error, Result},
};

/// An act on an existing rotation.
pub trait OnRotation: serde::Serialize + Sync {
    /// Its name in the policy and the audit log.
    const ACT: Act;

    /// The target, as the client names it.
    fn target(&self) -> Target<'_>;

    /// The transition of the state machine that the act makes.
    fn step(&self) -> Transition;

    /// The rotation for which the rules judge the length of the remaining service; `None` for an act without such a
    /// rule.
    fn judges_service(&self, _row: &rotation::Model) -> Option<rotation::Model> {
        None
    }

    /// Applies the act: changes the row of the scene and its related rows. Returns the entry for the steps of the
    /// rotation.
    fn apply(&self, context: &mut CommandContext<'_>) -> impl Future<Output = CommandResult<StepRecord>> + Send;
}

/// The target of an act, as the client names it.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// Id of the rotation.
    pub rotation_id: &'a str,
    /// The client's key.
    pub idempotency_key: &'a str,
    /// The version that the client read last; `None` accepts any version.
    pub expected_version: Option<i32>,
}

impl<'a> Target<'a> {
    fn of(rotation_id: &'a str, idempotency_key: &'a str, expected_version: Option<i32>) -> Self {
        Self { rotation_id, idempotency_key, expected_version }
    }
}

/// The entry that an act adds to the steps of the rotation.
#[derive(Debug)]
pub struct StepRecord {
    /// Day of the step.
    on: Day,
    /// Number of its document.
    document_no: Option<String>,
    /// Opinions or reasons.
    remark: Option<String>,
}

/// Context of a running act: its transaction, with the rotation and its person locked. Only `execute` creates it.
#[derive(Debug)]
pub struct CommandContext<'a> {
    access: &'a Access,
    txn: Txn,
    cadre: cadre::Model,
    /// The row that the act changes; its state is already the one after the transition.
    row: rotation::Model,
    /// Key to the length of the person's remaining service, if the rules of the act depend on it.
    service_key: Option<ServiceKey>,
    /// Whether the act wrote posts of the person.
    moved: bool,
}

/// Executes an act on a rotation, once per idempotency key.
///
/// # Errors
/// `Forbidden` without `rotation:read` and `rotation:write`.
pub async fn execute(access: &Access, act: &impl OnRotation) -> Result<Outcome<VisibleRotation>> {
    outcome(acted(access, act).await)
}

async fn acted<A: OnRotation>(access: &Access, act: &A) -> CommandResult<VisibleRotation> {
    let target = act.target();
    let seen = prepared_here(access, target.rotation_id).await?;
    let request = IdempotentRequest::of(access, A::ACT, target.idempotency_key, act)?;
    let object = seen.row().id.to_string();
    let service_key = service::key(access, act, &seen).await?;

    let units: Vec<_> = seen.row().preparing_unit_id.into_iter().collect();
    let txn = match request.begin(access, &units, &object).await? {
        Claim::New(txn) => *txn,
        Claim::Replayed(object) => return prepared_here(access, &object).await,
    };
    let context = CommandContext::open(access, txn, seen.row(), target.expected_version).await?;
    let mut context = CommandContext { service_key, ..context };
    context.row.state = state::after(context.row.state, act.step())?;
    let record = act.apply(&mut context).await?;
    context.close(record).await
}

/// Looks up a rotation that the caller prepares. A rotation that the caller may not know of is reported as not found. A
/// published one that another unit prepares is refused with `NotPreparedHere`.
async fn prepared_here(access: &Access, id: &str) -> CommandResult<VisibleRotation> {
    let unknown = || Refusal::not_found("rotationId");
    let rotations = access.rotations()?;
    let id: RotationId = id.parse().map_err(|_| unknown())?;
    let seen = rotations.by_ids(&[id], access.today()).await?.pop().ok_or_else(unknown)?;
    if access.prepares(seen.row()) {
        return Ok(seen);
    }
    Err(Refusal::input(
        Code::NotPreparedHere,
        "rotationId",
        "Hồ sơ luân chuyển này do đơn vị khác chuẩn bị; chỉ đơn vị đó được thực hiện các bước.",
        "Another unit prepares this rotation; only that unit takes its steps.",
    )
    .into())
}

impl<'a> CommandContext<'a> {
    /// Locks the person, then the rotation: always in this order, so that two acts never wait for each other. The version
    /// rises here, in one conditional statement.
    async fn open(access: &'a Access, txn: Txn, seen: &rotation::Model, expected: Option<i32>) -> CommandResult<Self> {
        let connection = txn.connection();
        let gone = || Error::internal("a rotation or its person is gone");
        let cadre = cadre::Entity::find_by_id(seen.cadre_id).lock_exclusive().one(connection).await?;
        let cadre = cadre.ok_or_else(gone)?;

        let mut raise = rotation::Entity::update_many()
            .col_expr(rotation::Column::Version, Expr::col(rotation::Column::Version).add(1))
            .filter(rotation::Column::Id.eq(seen.id));
        if let Some(expected) = expected {
            raise = raise.filter(rotation::Column::Version.eq(expected));
        }
        let raised = raise.exec(connection).await?.rows_affected;
        let row = rotation::Entity::find_by_id(seen.id).one(connection).await?.ok_or_else(gone)?;
        if raised == 0 {
            return Err(Refusal::version(row.version).into());
        }
        Ok(Self { access, txn, cadre, row, service_key: None, moved: false })
    }

    /// Writes the row, its step and its changes, and commits.
    async fn close(self, record: StepRecord) -> CommandResult<VisibleRotation> {
        let Self { access, txn, cadre, row, moved, .. } = self;
        write(&txn, ChangeKind::Updated, &row, record).await?;
        if moved {
            txn.record(ChangeKind::Updated, "cadre", cadre.code.to_string()).await?;
        }
        txn.commit().await?;
        shown(access, row)
    }

    /// Checks these rules on the start day of the row: none may be broken without an override. A rule that cannot be
    /// judged does not block the act, unless the caller may not read the facts: then the rotation has changed since the
    /// key was looked up.
    async fn ensure_rules(&self, field: &str, keys: impl Fn(RuleKey) -> bool + Send) -> CommandResult<()> {
        let of_rotation = rule_override::Entity::find().filter(rule_override::Column::RotationId.eq(self.row.id));
        let overrides = of_rotation.all(self.txn.connection()).await?;
        let rules = self.access.reference_data().rules();
        let service = self.service_key.as_ref().and_then(|key| key.open(&self.cadre, rules.retirement_ages()));
        let checks = rule::judge(rules, &Facts::of(&self.row, &self.cadre).with_service(service), &overrides);
        if rule::withheld(&checks).any(|check| keys(check.key)) {
            return Err(Refusal::version(self.row.version).into());
        }
        let broken: Vec<_> = rule::blocking(&checks).filter(|check| keys(check.key)).cloned().collect();
        if broken.is_empty() { Ok(()) } else { Err(Refusal::rule(field, broken).into()) }
    }

    fn today(&self) -> Day {
        self.access.today()
    }
}

/// Writes a rotation, its step and the change. The change is announced to others only once the rotation is published.
async fn write(txn: &Txn, kind: ChangeKind, row: &rotation::Model, record: StepRecord) -> CommandResult<()> {
    let connection = txn.connection();
    // Values of a model count as unchanged; without a reset an update would write nothing.
    let active = row.clone().into_active_model().reset_all();
    let written = match kind {
        ChangeKind::Created => {
            rotation::Entity::insert(active).exec_without_returning(txn.of_person(row.cadre_id)).await.map(drop)
        }
        ChangeKind::Updated | ChangeKind::Ended => {
            rotation::Entity::update(active).exec_without_returning(connection).await.map(drop)
        }
    };
    written.map_err(|error| unique_violation(row.state, error))?;

    let step = rotation_step::ActiveModel {
        rotation_id: Set(row.id),
        version: Set(row.version),
        state: Set(row.state),
        on_day: Set(record.on),
        planned_end_on: Set(row.planned_end_on),
        document_no: Set(record.document_no),
        remark: Set(record.remark),
        at: Set(txn.at()),
        actor: Set(txn.actor().to_owned()),
    };
    rotation_step::Entity::insert(step).exec_without_returning(connection).await?;
    let audience = row.preparing_unit_id.filter(|_| row.is_embargoed());
    Ok(txn.record_for(audience, kind, "rotation", row.id.to_string()).await?)
}

/// The view of a rotation after an act on it.
fn shown(access: &Access, row: rotation::Model) -> CommandResult<VisibleRotation> {
    let shown = access.rotations()?.admitted(row, access.today());
    shown.ok_or_else(|| Error::internal("an act that hides its rotation").into())
}

/// Refusal for a violated unique index; the state to be written determines which index it was.
fn unique_violation(state: RotationState, error: DbErr) -> CommandError {
    if !matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))) {
        return error.into();
    }
    match state {
        RotationState::InProgress | RotationState::Extended => already_running().into(),
        RotationState::Published => Refusal::conflict(
            Code::AlreadyPublished,
            "rotationId",
            "Người này đã có một quyết định luân chuyển được công bố mà chưa thực hiện; hãy thực hiện quyết định đó \
             trước.",
            "Another rotation of this person is published and has not begun; start that one first.",
        )
        .into(),
        RotationState::Decided => Refusal::conflict(
            Code::AlreadyDecided,
            "rotationId",
            "Đơn vị chuẩn bị đã có một quyết định chưa công bố đối với người này; hãy công bố hoặc thu hồi quyết định \
             đó trước.",
            "The preparing unit has decided on this person already and not published it; publish or cancel that \
             decision first.",
        )
        .into(),
        _ => error.into(),
    }
}

fn already_running() -> Refusal {
    Refusal::conflict(
        Code::AlreadyRunning,
        "rotationId",
        "Người này đang luân chuyển theo một quyết định khác; hãy kết thúc đợt đó trước.",
        "This person is on another rotation; end that one first.",
    )
}
