//! Moves a class from state to state together with its learners, or changes its number of seats or its sessions.

use entity::{
    training_class, training_plan,
    value::{ClassState, Day, EnrolmentState, Scope},
};
use sea_orm::EntityTrait;

use super::{
    plan::ensure_in_years,
    seat::{PRESENT, move_all, seats_of},
    subject::{CAPACITY, Class, Target},
};
use crate::{
    domain::{
        command::{Command, CommandContext, validate},
        refusal::{Code, CommandResult, Refusal},
        training::state,
    },
    language::Sentence,
};

/// The next state of a class (chuyển trạng thái lớp).
#[derive(Clone, Debug, async_graphql::InputObject, serde::Serialize)]
#[graphql(name = "ClassAdvanceInput")]
pub struct Advance {
    /// Idempotency key, 1 to 200 characters. A request that is sent again with the same key is executed once.
    pub idempotency_key: String,
    /// Code of the class.
    pub class_code: String,
    /// The version that you read last; the command is rejected if the version has changed since.
    pub expected_version: Option<i32>,
    /// The new state. POSTPONED puts the learners on the waiting list; CANCELLED drops them.
    pub to: ClassState,
    /// New first day (inclusive); only for a POSTPONED class that becomes PLANNED again.
    pub start_on: Option<Day>,
    /// New last day (inclusive); required with `startOn`.
    pub last_on: Option<Day>,
    /// The new session days; only with `startOn`. Absent: unknown, because the sessions of the old days no longer
    /// apply.
    pub sessions: Option<Vec<Day>>,
}

impl Command for Advance {
    const NAME: &'static str = "class.advance";
    const SCOPE: Scope = Scope::TrainingWrite;
    const PAYLOAD: &'static str = "ClassAdvancePayload";
    type Subject = Class;

    fn idempotency_key(&self) -> &str {
        &self.idempotency_key
    }

    fn target(&self) -> Target<'_> {
        Target::of(&self.class_code, self.expected_version).with_sessions(self.sessions.as_deref())
    }

    async fn apply(&self, context: &mut CommandContext<'_, Class>) -> CommandResult<()> {
        let today = context.access.today();
        context.subject.row.state = state::class::after(context.subject.row.state, self.to)?;
        if let Some((start, end)) = self.days()? {
            if let Some(plan) = context.subject.row.plan_id {
                let plan = training_plan::Entity::find_by_id(plan).one(context.txn.connection()).await?;
                plan.map_or(Ok(()), |plan| ensure_in_years(&plan, (start, end)))?;
            }
            (context.subject.row.start_on, context.subject.row.end_on) = (start, end);
            context.replace_sessions(self.sessions.as_deref().unwrap_or_default()).await?;
        }
        let (txn, row) = (&context.txn, &mut context.subject.row);
        match self.to {
            ClassState::Running => {
                ensure_begun(row.start_on, today)?;
                let seated = (&[EnrolmentState::Confirmed][..], EnrolmentState::Attending);
                move_all(txn, row, seated).await
            }
            ClassState::Postponed => move_all(txn, row, (&PRESENT, EnrolmentState::Waitlisted)).await,
            ClassState::Cancelled => move_all(txn, row, (&PRESENT, EnrolmentState::Dropped)).await,
            ClassState::Planned
            | ClassState::OpenForNomination
            | ClassState::Confirmed
            | ClassState::Completed
            | ClassState::Closed => Ok(()),
        }
    }
}

impl Advance {
    /// The new days of a class that is planned again; none otherwise.
    fn days(&self) -> Result<Option<(Day, Day)>, Refusal> {
        match (self.to == ClassState::Planned, self.start_on, self.last_on) {
            (true, Some(start), Some(end)) => Ok(Some((start, validate::not_before("lastOn", end, start)?))),
            (false, None, None) if self.sessions.is_none() => Ok(None),
            (true, ..) => Err(Refusal::input(
                Code::InvalidDay,
                "startOn",
                "Lớp đã hoãn cần có ngày mới; hãy nêu cả startOn và lastOn.",
                "A postponed class needs new days; give both startOn and lastOn.",
            )),
            (false, ..) => Err(Refusal::input(
                Code::InvalidDay,
                "startOn",
                "Chỉ được đổi ngày khi lớp đã hoãn được chuyển lại trạng thái PLANNED; hãy bỏ startOn, lastOn và \
                 sessions.",
                "The days can only be changed when a postponed class becomes PLANNED again; omit startOn, lastOn and \
                 sessions.",
            )),
        }
    }
}

fn ensure_begun(start: Day, today: Day) -> Result<(), Refusal> {
    if start <= today {
        return Ok(());
    }
    Err(Refusal::input(
        Code::NotYetDue,
        "to",
        format!("Lớp khai giảng ngày {start}, hôm nay là {today}; hãy ghi nhận từ ngày khai giảng trở đi."),
        format!("The class begins on {start}, and today is {today}; record this on the first day or later."),
    ))
}

/// Change of the number of seats or the sessions (điều chỉnh sĩ số, lịch học); at least one of them.
#[derive(Clone, Debug, async_graphql::InputObject, serde::Serialize)]
#[graphql(name = "ClassAmendInput")]
pub struct Amend {
    /// Idempotency key, 1 to 200 characters. A request that is sent again with the same key is executed once.
    pub idempotency_key: String,
    /// Code of the class.
    pub class_code: String,
    /// The version that you read last; the command is rejected if the version has changed since.
    pub expected_version: Option<i32>,
    /// New number of seats, at least those taken; absent: unchanged.
    pub capacity: Option<i32>,
    /// Whether the seats become unlimited; not together with `capacity`.
    #[graphql(default = false)]
    pub unlimited: bool,
    /// All session days, in place of the previous ones: each day once, from the first to the last day of the class
    /// (both inclusive), at most 400. Empty: unknown. Absent: unchanged.
    pub sessions: Option<Vec<Day>>,
}

impl Command for Amend {
    const NAME: &'static str = "class.amend";
    const SCOPE: Scope = Scope::TrainingWrite;
    const PAYLOAD: &'static str = "ClassAmendPayload";
    type Subject = Class;

    fn idempotency_key(&self) -> &str {
        &self.idempotency_key
    }

    fn target(&self) -> Target<'_> {
        Target::of(&self.class_code, self.expected_version).with_sessions(self.sessions.as_deref())
    }

    async fn apply(&self, context: &mut CommandContext<'_, Class>) -> CommandResult<()> {
        state::class::ensure_not_over(context.subject.row.state)?;
        match (self.capacity, self.unlimited) {
            (Some(_), true) => return Err(contradictory_capacity().into()),
            (Some(seats), false) => {
                context.subject.row.capacity = Some(ensure_enough_seats(&context.subject.row, seats)?);
            }
            (None, true) => context.subject.row.capacity = None,
            (None, false) if self.sessions.is_none() => return Err(nothing_to_amend().into()),
            (None, false) => {}
        }
        match &self.sessions {
            Some(days) => context.replace_sessions(days).await,
            None => Ok(()),
        }
    }
}

/// Checks that the number of seats is not below the seats taken.
fn ensure_enough_seats(row: &training_class::Model, wanted: i32) -> Result<i32, Refusal> {
    let wanted = validate::between("capacity", wanted, CAPACITY)?;
    if row.enrolled <= wanted {
        return Ok(wanted);
    }
    let seats = seats_of(row);
    let taken = seats.used;
    Err(Refusal::seats(
        Code::CapacityInUse,
        "capacity",
        seats,
        Sentence::new(
            format!("Lớp đã có {taken} học viên, không thể giảm còn {wanted} chỗ; hãy chọn từ {taken} trở lên."),
            format!(
                "The class has {taken} learners, so its capacity cannot be reduced to {wanted}; choose {taken} or more."
            ),
        ),
    ))
}

fn contradictory_capacity() -> Refusal {
    Refusal::input(
        Code::InvalidNumber,
        "capacity",
        "Lớp không giới hạn sĩ số thì không có capacity; hãy bỏ một trong hai trường capacity và unlimited.",
        "A class without a limit on seats has no capacity; omit capacity or unlimited.",
    )
}

fn nothing_to_amend() -> Refusal {
    Refusal::input(
        Code::NothingToAmend,
        "capacity",
        "Chưa nêu nội dung cần điều chỉnh; hãy nêu capacity, unlimited hoặc sessions.",
        "The input contains no change; give capacity, unlimited or sessions.",
    )
}
