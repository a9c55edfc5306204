//! The rotation as the subject of commands: its look-up, the lock order, its steps, and the checks that several
//! commands share.

use entity::{
    cadre, rotation, rotation_step, rule_override,
    value::{ChangeKind, Day, RotationId, RotationState, RuleKey},
};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect,
};

use super::service::{self, ServiceRule};
use crate::{
    authz::{Access, Change, ServiceKey, Txn, VisibleRotation},
    domain::{
        command::{CommandContext, Ready, Subject, Versioned, bump_version, unless_unique},
        refusal::{Code, CommandError, CommandResult, Refusal},
        rotation::state::{self, Transition},
        rule::{self, Facts},
    },
    error::Error,
};

/// An existing rotation, locked with its person.
#[derive(Debug)]
pub struct Rotation {
    /// The person.
    pub(super) cadre: cadre::Model,
    /// The row that the command changes; its state is already the state after the transition.
    pub(super) row: rotation::Model,
    /// Key to the length of the person's remaining service, if the rules of the command depend on it.
    service_key: Option<ServiceKey>,
    /// Whether the command wrote posts of the person.
    pub(super) moved: bool,
}

/// A rotation, as the input of a command names it.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    id: &'a str,
    expected_version: Option<i32>,
    /// The transition of the state machine that the command makes.
    step: Transition,
    /// The rule of the remaining service, if the command checks it.
    service: Option<ServiceRule>,
}

impl<'a> Target<'a> {
    /// The rotation with an id, for a transition. `None` accepts any version.
    pub(super) fn of(id: &'a str, expected_version: Option<i32>, step: Transition) -> Self {
        Self { id, expected_version, step, service: None }
    }

    /// Adds the rule of the remaining service, with the start day that the command sets, if any.
    pub(super) fn with_service_rule(self, start_on: Option<Day>) -> Self {
        Self { service: Some(ServiceRule { step: self.step, start_on }), ..self }
    }
}

/// The entry that a command adds to the steps of the rotation.
#[derive(Debug)]
pub struct StepRecord {
    /// Day of the step.
    pub(super) on: Day,
    /// Number of its document.
    pub(super) document_no: Option<String>,
    /// Opinions or reasons.
    pub(super) remark: Option<String>,
}

/// A rotation that the caller prepares, with the key that its rules need.
#[derive(Debug)]
pub struct Prepared {
    seen: VisibleRotation,
    service_key: Option<ServiceKey>,
}

impl Versioned for rotation::Entity {
    const ID: rotation::Column = rotation::Column::Id;
    const VERSION: rotation::Column = rotation::Column::Version;

    fn version(row: &rotation::Model) -> i32 {
        row.version
    }
}

impl Subject for Rotation {
    type Target<'a> = Target<'a>;
    type Found = VisibleRotation;
    type Prepared = Prepared;
    type Effect = StepRecord;
    type Written = rotation::Model;
    type View = VisibleRotation;

    async fn find(access: &Access, target: Self::Target<'_>) -> CommandResult<VisibleRotation> {
        find_prepared(access, target.id).await
    }

    async fn prepare(
        access: &Access,
        target: Self::Target<'_>,
        seen: VisibleRotation,
    ) -> CommandResult<Ready<Prepared>> {
        let service_key = service::key(access, &seen, target.service).await?;
        Ok(Ready {
            object: seen.row().id.to_string(),
            units: seen.row().preparing_unit_id.into_iter().collect(),
            detail: None,
            prepared: Prepared { seen, service_key },
        })
    }

    async fn replay(access: &Access, object: &str, _: (Self::Target<'_>, Prepared)) -> CommandResult<VisibleRotation> {
        find_prepared(access, object).await
    }

    /// Locks the person, then the rotation: always in this order, so that two commands cannot deadlock.
    async fn lock(_: &Access, txn: &Txn, (target, prepared): (Self::Target<'_>, Prepared)) -> CommandResult<Self> {
        let Prepared { seen, service_key } = prepared;
        let cadre = cadre::Entity::find_by_id(seen.row().cadre_id).lock_exclusive().one(txn.connection()).await?;
        let cadre = cadre.ok_or_else(|| Error::internal("the person of a rotation is missing"))?;
        let mut row = bump_version::<rotation::Entity>(txn, seen.row().id, target.expected_version).await?;
        row.state = state::after(row.state, target.step)?;
        Ok(Self { cadre, row, service_key, moved: false })
    }

    async fn write(self, txn: &Txn, record: StepRecord) -> CommandResult<rotation::Model> {
        let Self { cadre, row, moved, .. } = self;
        // Values of a model count as unchanged; without a reset an update would write nothing.
        let update = rotation::Entity::update(row.clone().into_active_model().reset_all());
        let written = update.exec_without_returning(txn.connection()).await;
        written.map_err(|error| unique_violation(row.state, error))?;
        write_step(txn, ChangeKind::Updated, &row, record).await?;
        if moved {
            txn.record(ChangeKind::Updated, "cadre", cadre.code.to_string()).await?;
        }
        Ok(row)
    }

    async fn view(access: &Access, row: rotation::Model) -> CommandResult<Option<VisibleRotation>> {
        view_of(access, row)
    }
}

/// Looks up a rotation that the caller prepares. A rotation that the caller may not see is reported as not found. A
/// published rotation that another unit prepares is refused with `NotPreparedHere`.
pub(super) async fn find_prepared(access: &Access, id: &str) -> CommandResult<VisibleRotation> {
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
        "Hồ sơ luân chuyển này do đơn vị khác chuẩn bị; chỉ đơn vị đó được thực hiện các bước, hãy đề nghị đơn vị đó.",
        "Another unit prepares this rotation; only that unit can execute its steps, so ask that unit.",
    )
    .into())
}

/// The view of a rotation after a command on it.
pub(super) fn view_of(access: &Access, row: rotation::Model) -> CommandResult<Option<VisibleRotation>> {
    Ok(access.rotations()?.admitted(row, access.today()))
}

/// Writes a step of a rotation and the change of the rotation. Before the publication, only callers whose reach
/// contains the preparing unit see the change.
pub(super) async fn write_step(
    txn: &Txn,
    kind: ChangeKind,
    row: &rotation::Model,
    record: StepRecord,
) -> CommandResult<()> {
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
    rotation_step::Entity::insert(step).exec_without_returning(txn.connection()).await?;
    let audience = row.preparing_unit_id.filter(|_| row.is_embargoed());
    let change = Change::of(kind, "rotation", row.id.to_string()).only_for(audience);
    Ok(txn
        .record_change(if row.state == RotationState::Published {
            change.shown_before_to(row.preparing_unit_id)
        } else {
            change
        })
        .await?)
}

impl CommandContext<'_, Rotation> {
    /// Checks these rules on the start day of the row: each must be complied with or overridden. A rule that cannot be
    /// checked does not block the command, unless the caller may not read the facts: then the rotation has changed
    /// since the key was looked up.
    pub(super) async fn ensure_rules(&self, field: &str, keys: impl Fn(RuleKey) -> bool + Send) -> CommandResult<()> {
        let of_rotation =
            rule_override::Entity::find().filter(rule_override::Column::RotationId.eq(self.subject.row.id));
        let overrides = of_rotation.all(self.txn.connection()).await?;
        let rules = self.access.reference_data().rules();
        let service =
            self.subject.service_key.as_ref().and_then(|key| key.open(&self.subject.cadre, rules.retirement_ages()));
        let checks =
            rule::judge(rules, &Facts::of(&self.subject.row, &self.subject.cadre).with_service(service), &overrides);
        if rule::withheld(&checks).any(|check| keys(check.key)) {
            return Err(Refusal::version(self.subject.row.version).into());
        }
        let broken: Vec<_> = rule::blocking(&checks).filter(|check| keys(check.key)).cloned().collect();
        if broken.is_empty() { Ok(()) } else { Err(Refusal::rule(field, broken).into()) }
    }

    pub(super) fn today(&self) -> Day {
        self.access.today()
    }
}

/// Refusal for a violated unique index; the state to be written determines which index it was.
pub(super) fn unique_violation(state: RotationState, error: DbErr) -> CommandError {
    match state {
        RotationState::InProgress | RotationState::Extended => unless_unique(error, already_running),
        RotationState::Published => unless_unique(error, already_published),
        RotationState::Decided => unless_unique(error, already_decided),
        _ => error.into(),
    }
}

fn already_published() -> Refusal {
    Refusal::conflict(
        Code::AlreadyPublished,
        "rotationId",
        "Người này đã có một quyết định luân chuyển được công bố nhưng chưa thực hiện; hãy thực hiện quyết định đó \
         trước.",
        "Another rotation of this person is published and has not started; start that rotation first.",
    )
}

fn already_decided() -> Refusal {
    Refusal::conflict(
        Code::AlreadyDecided,
        "rotationId",
        "Đơn vị chuẩn bị đã có một quyết định chưa công bố đối với người này; hãy công bố hoặc thu hồi quyết định \
         đó trước.",
        "The preparing unit has an unpublished decision on this person; publish or cancel that decision first.",
    )
}

pub(super) fn already_running() -> Refusal {
    Refusal::conflict(
        Code::AlreadyRunning,
        "rotationId",
        "Người này đang luân chuyển theo một quyết định khác; hãy kết thúc đợt đó trước.",
        "This person is already on another rotation; end that rotation first.",
    )
}
