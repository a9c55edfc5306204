//! Enrols a person in a class.

use async_graphql::ID;
use entity::{
    enrolment, programme, quota, training_class, training_plan,
    value::{ChangeKind, ClassState, Day, EnrolmentId, EnrolmentState, Hierarchy, Scope, UnitId},
};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter};

use super::{
    overlap::{self, Warning},
    subject::{lock_person, visible},
};
use crate::{
    authz::{Access, AuthorizedCadre, Txn, VisibleEnrolment, VisibleQuota},
    domain::{
        cadre,
        command::{self, Command, CommandContext, Ready, Subject, unless_unique, validate},
        programme::covers,
        refusal::{Code, CommandResult, Refusal},
        training::commands::{
            class::{self, seat},
            quota::{self as quotas, consumption},
        },
    },
    language::Sentence,
};

/// An enrolment (cử đi học). The sending unit is that of the person's primary post on the first day of the class; for a
/// future class, that of their primary post today.
#[derive(Clone, Debug, async_graphql::InputObject, serde::Serialize)]
#[graphql(name = "ClassEnrolInput")]
pub struct Enrol {
    /// Idempotency key, 1 to 200 characters. A request that is sent again with the same key is executed once.
    pub idempotency_key: String,
    /// Code of the class.
    pub class_code: String,
    /// Code of the person.
    pub cadre_code: String,
    /// Id of the quota whose seat is used.
    pub quota_id: Option<ID>,
    /// Reason for the enrolment, at most 2,000 characters. Required if the person already holds the level of the
    /// programme.
    pub reason: Option<String>,
    /// Whether the person goes on the waiting list if the class is full.
    #[graphql(default = false)]
    pub waitlist: bool,
}

/// Result of enrolling a person.
#[derive(Clone, Debug)]
pub struct Enrolled {
    /// The enrolment.
    pub enrolment: VisibleEnrolment,
    /// Warnings about the enrolment.
    pub warnings: Vec<Warning>,
}

impl Command for Enrol {
    const NAME: &'static str = "class.enrol";
    const SCOPE: Scope = Scope::TrainingWrite;
    const PAYLOAD: &'static str = "ClassEnrolPayload";
    type Subject = NewEnrolment;

    fn idempotency_key(&self) -> &str {
        &self.idempotency_key
    }

    fn target(&self) -> &Self {
        self
    }

    /// Locks the plan of the quota, then the person, then the class and the quota, whose seats it takes.
    async fn apply(&self, context: &mut CommandContext<'_, NewEnrolment>) -> CommandResult<enrolment::Model> {
        let (access, txn, NewEnrolment { id, of }) = (context.access, &context.txn, &context.subject);
        let remark = validate::remark_if("reason", self.reason.as_deref())?;
        of.gain.clone()?;
        if let Some(quota) = &of.quota {
            let plan = quotas::lock_plan(txn, quota.row().plan_id, "quotaId").await?;
            ensure_within(access, (quota.row(), &plan), of)?;
        }
        lock_person(txn, of.person.id()).await?;
        ensure_new(txn, of).await?;

        let row = enrolment::Model {
            id: *id,
            cadre_id: of.person.id(),
            class_id: Some(of.class.id),
            programme_code: of.class.programme_code.clone(),
            unit_id: of.unit,
            year: of.class.start_on.year(),
            state: take_seat(txn, of, self.waitlist).await?,
            grade: None,
            quota_id: of.quota.as_ref().map(|quota| quota.row().id),
            remark,
            version: 1,
        };
        let insert = enrolment::Entity::insert(row.clone().into_active_model().reset_all());
        let inserted = insert.exec_without_returning(txn.connection()).await;
        inserted.map_err(|error| unless_unique(error, already))?;
        if let Some(quota) = row.quota_id {
            consumption::link(txn, row.id, quota).await?;
        }
        Ok(row)
    }
}

/// An enrolment that is about to be written.
#[derive(Debug)]
pub struct NewEnrolment {
    id: EnrolmentId,
    of: Parties,
}

/// The person, the class and the sending unit of an enrolment.
#[derive(Debug)]
pub struct Parties {
    class: training_class::Model,
    person: AuthorizedCadre,
    unit: UnitId,
    quota: Option<VisibleQuota>,
    /// The day on which the person and the units are looked up.
    day: Day,
    /// Whether the person gains a level. Reported only after the idempotency key is known to be new.
    gain: Result<(), Refusal>,
}

impl Subject for NewEnrolment {
    type Target<'a> = &'a Enrol;
    type Found = Parties;
    type Prepared = Self;
    type Effect = enrolment::Model;
    type Written = enrolment::Model;
    type View = Enrolled;

    async fn find(access: &Access, input: Self::Target<'_>) -> CommandResult<Parties> {
        access.training()?;
        parties(access, input).await
    }

    async fn prepare(_: &Access, _: Self::Target<'_>, of: Parties) -> CommandResult<Ready<Self>> {
        let id = EnrolmentId::new();
        Ok(Ready { object: id.to_string(), units: vec![of.unit], detail: None, prepared: Self { id, of } })
    }

    async fn replay(access: &Access, object: &str, _: (Self::Target<'_>, Self)) -> CommandResult<Enrolled> {
        with_warnings(access, visible(access, object).await?).await
    }

    async fn lock(_: &Access, _: &Txn, (_, prepared): (Self::Target<'_>, Self)) -> CommandResult<Self> {
        Ok(prepared)
    }

    async fn write(self, txn: &Txn, row: enrolment::Model) -> CommandResult<enrolment::Model> {
        txn.record(ChangeKind::Created, "enrolment", row.id.to_string()).await?;
        Ok(row)
    }

    async fn view(access: &Access, row: enrolment::Model) -> CommandResult<Option<Enrolled>> {
        match access.training()?.admitted_enrolment(row) {
            Some(enrolment) => Ok(Some(with_warnings(access, enrolment).await?)),
            None => Ok(None),
        }
    }
}

async fn with_warnings(access: &Access, enrolment: VisibleEnrolment) -> CommandResult<Enrolled> {
    let row = enrolment.row();
    let warnings = match row.class_id.filter(|_| row.state.is_seated()) {
        Some(class) => overlap::warnings(&access.beyond_reach().await, row.cadre_id, class).await?,
        None => Vec::new(),
    };
    Ok(Enrolled { enrolment, warnings })
}

async fn parties(access: &Access, input: &Enrol) -> CommandResult<Parties> {
    let class = class::visible(access, &input.class_code).await?.row().clone();
    let person = command::person(access, "cadreCode", &input.cadre_code).await?;
    let day = Ord::min(class.start_on, access.today());
    let unit = sending_unit(&person, day)?;
    let quota = match &input.quota_id {
        Some(quota) => Some(quotas::seen(access, quota).await?),
        None => None,
    };
    let gain = if input.reason.is_some() { Ok(()) } else { ensure_gains(access, &person, &class).await? };
    Ok(Parties { class, person, unit, quota, day, gain })
}

/// The unit of the person's primary post on a day, if it is within the caller's reach.
fn sending_unit(person: &AuthorizedCadre, day: Day) -> Result<UnitId, Refusal> {
    let post = cadre::post_on(person.posts(), day).ok_or_else(|| {
        Refusal::input(
            Code::NoPost,
            "cadreCode",
            format!(
                "Vào ngày {day}, người này không giữ chức danh chính nào trong phạm vi được cấp; hãy kiểm tra quá trình \
                 công tác."
            ),
            format!("On {day} the person has no primary post within your reach; check their assignments."),
        )
    })?;
    Ok(post.unit_id)
}

/// Checks that the person does not already hold the level that the programme grants; otherwise a reason is required.
async fn ensure_gains(
    access: &Access,
    person: &AuthorizedCadre,
    class: &training_class::Model,
) -> CommandResult<Result<(), Refusal>> {
    let reference_data = access.reference_data();
    let programme = reference_data.programme(class.programme_code.as_str());
    let Some((subject, level, rank)) = programme.and_then(|programme| granted(access, programme)) else {
        return Ok(Ok(()));
    };
    let held = person.qualifications();
    let reaches = |paper: &entity::qualification::Model| {
        paper.subject_code.as_str() == subject
            && paper.counts_from <= access.today()
            && reference_data.rank(&paper.subject_code, &paper.level_code).is_some_and(|held| held >= rank)
    };
    if !held.iter().any(reaches) {
        return Ok(Ok(()));
    }
    Ok(Err(Refusal::input(
        Code::LevelHeld,
        "cadreCode",
        format!(
            "Người này đã có trình độ {level} của loại {subject} do chương trình cấp, hoặc trình độ cao hơn; hãy nêu lý \
             do tại reason, hoặc chọn người khác."
        ),
        format!(
            "The person already has the level {level} of {subject} that the programme grants, or a higher one; give a \
             reason, or choose another person."
        ),
    )))
}

/// The subject and level of qualification that a programme grants, if any, and the rank of the level.
pub(super) fn granted<'a>(access: &Access, programme: &'a programme::Model) -> Option<(&'a str, &'a str, i16)> {
    let code = programme.level_code.as_ref()?.as_str();
    let level = access.reference_data().subject(&programme.subject)?.level(code)?;
    Some((&programme.subject, code, level.rank))
}

/// Checks that a quota covers this person and class: programme, mode, a year of the plan, and a sending unit in the
/// holder's subtree.
fn ensure_within(
    access: &Access,
    (quota, plan): (&quota::Model, &training_plan::Model),
    of: &Parties,
) -> Result<(), Refusal> {
    let (units, class) = (access.reference_data().units(), &of.class);
    if !covers(access, &quota.programme_code, &class.programme_code) {
        let (offered, asked) = (&quota.programme_code, &class.programme_code);
        return Err(outside(Sentence::new(
            format!("Chỉ tiêu này dành cho chương trình {offered}, còn lớp thuộc chương trình {asked}"),
            format!("The quota is for the programme {offered}, but the class is of the programme {asked}"),
        )));
    }
    if let Some(offered) = quota.mode.filter(|offered| class.mode != Some(*offered)) {
        let asked = class.mode.map_or("-".to_owned(), |mode| mode.to_string());
        return Err(outside(Sentence::new(
            format!("Chỉ tiêu này dành cho hình thức đào tạo {offered}, còn lớp có hình thức {asked}"),
            format!("The quota is for the mode of study {offered}, but the class has the mode {asked}"),
        )));
    }
    ensure_year(plan, class.start_on.year()).map_err(outside)?;
    if quota.unit_id == of.unit || units.ancestors(of.unit, Hierarchy::Administrative, of.day).contains(&quota.unit_id)
    {
        return Ok(());
    }
    let code = |unit| units.get(unit).map_or("-", |unit| unit.row.code.as_str());
    let (offered, asked) = (code(quota.unit_id), code(of.unit));
    Err(outside(Sentence::new(
        format!(
            "Chỉ tiêu này là của đơn vị {offered}, còn người này do đơn vị {asked} cử đi học, không trực thuộc đơn vị đó"
        ),
        format!(
            "The quota belongs to the unit {offered}, but the person is sent by the unit {asked}, which is not below it"
        ),
    )))
}

/// Checks that the years of a plan include the year of a class.
pub(super) fn ensure_year(plan: &training_plan::Model, year: i32) -> Result<(), Sentence> {
    let (from, to) = (plan.year_from, plan.year_to);
    if (from..=to).contains(&year) {
        return Ok(());
    }
    Err(Sentence::new(
        format!("Chỉ tiêu này thuộc kế hoạch từ năm {from} đến năm {to}, còn lớp khai giảng năm {year}"),
        format!("The quota belongs to a plan from {from} to {to}, but the class begins in {year}"),
    ))
}

/// Refusal of a quota whose seats are reserved for others, with a remedy.
fn outside(because: Sentence) -> Refusal {
    let Sentence { vi, en } = because;
    Refusal::input(
        Code::OutsideQuota,
        "quotaId",
        format!("{vi}; hãy chọn chỉ tiêu khác, hoặc bỏ trường này."),
        format!("{en}; choose another quota, or omit the field."),
    )
}

/// Checks that the person, who is locked, is neither in the class nor on its waiting list.
async fn ensure_new(txn: &Txn, of: &Parties) -> CommandResult<()> {
    let gone = [EnrolmentState::Dropped, EnrolmentState::Transferred, EnrolmentState::Deferred];
    let present = enrolment::Entity::find()
        .filter(enrolment::Column::ClassId.eq(of.class.id))
        .filter(enrolment::Column::CadreId.eq(of.person.id()))
        .filter(enrolment::Column::State.is_not_in(gone))
        .one(txn.connection())
        .await?;
    if present.is_some() { Err(already().into()) } else { Ok(()) }
}

/// Takes a seat of the class and of the quota, and returns the state of the learner: `Waitlisted` if the class is full
/// and the input permits waiting.
async fn take_seat(txn: &Txn, of: &Parties, waitlist: bool) -> CommandResult<EnrolmentState> {
    let Some(class) = seat::take(txn, of.class.id, "classCode").await? else {
        if waitlist {
            return Ok(EnrolmentState::Waitlisted);
        }
        let remedy = [
            "hãy đưa người này vào danh sách dự bị bằng waitlist: true, hoặc chọn lớp khác",
            "put the person on the waiting list with waitlist: true, or choose another class",
        ];
        return Err(seat::full("classCode", &seat::row(txn, of.class.id).await?, remedy).into());
    };
    // The class is locked, so its days cannot change before the seat is taken.
    overlap::ensure_free(txn.connection(), of.person.id(), &class, "classCode").await?;
    if let Some(quota) = &of.quota {
        consumption::take(txn, quota.row(), (of.person.id(), "quotaId")).await?;
    }
    Ok(seated(&class))
}

/// The state of a learner with a seat.
pub(super) fn seated(class: &training_class::Model) -> EnrolmentState {
    if class.state == ClassState::Running { EnrolmentState::Attending } else { EnrolmentState::Confirmed }
}

fn already() -> Refusal {
    Refusal::conflict(
        Code::AlreadyEnrolled,
        "cadreCode",
        "Người này đã có tên trong lớp hoặc trong danh sách dự bị của lớp; hãy xem danh sách học viên.",
        "The person is already in the class or on its waiting list; see its enrolments.",
    )
}
