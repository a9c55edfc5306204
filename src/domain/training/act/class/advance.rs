//! A class is led from state to state, with everybody who is in it, or gets another number of seats.

use entity::value::{ClassState, Day, EnrolmentState};

use super::{
    CAPACITY, OnClass, Scene, Target,
    seat::{PRESENT, lead_all, seats_of},
};
use crate::{
    domain::{
        access::Act,
        act::words,
        refusal::{Acted, Code, Refusal},
        training::stage,
    },
    language::Sentence,
};

/// The next state of a class (chuyển trạng thái lớp).
#[derive(Clone, Debug, async_graphql::InputObject, serde::Serialize)]
#[graphql(name = "ClassAdvanceInput")]
pub struct Advance {
    /// Key of the request, 1 to 200 characters: sent again under it, the same request happens once.
    pub idempotency_key: String,
    /// Code of the class.
    pub class_code: String,
    /// The version that you saw last; the act is refused if it has changed since.
    pub expected_version: Option<i32>,
    /// The state that it is led to. POSTPONED puts its learners on the waiting list, CANCELLED lets them go.
    pub to: ClassState,
    /// First day from now on: for a class that was POSTPONED and is PLANNED again, and for none else.
    pub start_on: Option<Day>,
    /// Last day from now on, inclusive; with `startOn`.
    pub end_on: Option<Day>,
}

impl OnClass for Advance {
    const ACT: Act = Act::ClassAdvance;

    fn target(&self) -> Target<'_> {
        let (class_code, idempotency_key) = (&self.class_code, &self.idempotency_key);
        Target { class_code, idempotency_key, expected_version: self.expected_version }
    }

    async fn perform(&self, scene: &mut Scene<'_>) -> Acted<()> {
        let today = scene.access.today();
        let (txn, row) = (&scene.txn, &mut scene.row);
        row.state = stage::class::after(row.state, self.to)?;
        if let Some((start, end)) = self.days()? {
            (row.start_on, row.end_on) = (start, end);
        }
        match self.to {
            ClassState::Running => {
                ensure_come(row.start_on, today)?;
                let seated = (&[EnrolmentState::Confirmed][..], EnrolmentState::Attending);
                lead_all(txn, row, seated).await
            }
            ClassState::Postponed => lead_all(txn, row, (&PRESENT, EnrolmentState::Waitlisted)).await,
            ClassState::Cancelled => lead_all(txn, row, (&PRESENT, EnrolmentState::Dropped)).await,
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
        match (self.to == ClassState::Planned, self.start_on, self.end_on) {
            (true, Some(start), Some(end)) => Ok(Some((start, words::not_before("endOn", end, start)?))),
            (false, None, None) => Ok(None),
            (true, ..) => Err(Refusal::input(
                Code::InvalidDay,
                "startOn",
                "Lớp đã hoãn cần ngày mới; hãy nêu cả startOn và endOn.",
                "A class that was postponed needs new days; name both startOn and endOn.",
            )),
            (false, ..) => Err(Refusal::input(
                Code::InvalidDay,
                "startOn",
                "Chỉ đổi ngày khi lớp đã hoãn được dự kiến lại (PLANNED); hãy bỏ startOn và endOn.",
                "Days change only when a postponed class is PLANNED again; leave startOn and endOn out.",
            )),
        }
    }
}

fn ensure_come(start: Day, today: Day) -> Result<(), Refusal> {
    if start <= today {
        return Ok(());
    }
    Err(Refusal::input(
        Code::NotYetDue,
        "to",
        format!("Lớp khai giảng ngày {start}, hôm nay là {today}; hãy ghi khi đã đến ngày."),
        format!("The class begins on {start}, and today is {today}; record it once the day has come."),
    ))
}

/// Another number of seats (điều chỉnh sĩ số).
#[derive(Clone, Debug, async_graphql::InputObject, serde::Serialize)]
#[graphql(name = "ClassAmendInput")]
pub struct Amend {
    /// Key of the request, 1 to 200 characters: sent again under it, the same request happens once.
    pub idempotency_key: String,
    /// Code of the class.
    pub class_code: String,
    /// The version that you saw last; the act is refused if it has changed since.
    pub expected_version: Option<i32>,
    /// Seats from now on, at least those that are taken; absent: not limited.
    pub capacity: Option<i32>,
}

impl OnClass for Amend {
    const ACT: Act = Act::ClassAmend;

    fn target(&self) -> Target<'_> {
        let (class_code, idempotency_key) = (&self.class_code, &self.idempotency_key);
        Target { class_code, idempotency_key, expected_version: self.expected_version }
    }

    async fn perform(&self, scene: &mut Scene<'_>) -> Acted<()> {
        let row = &mut scene.row;
        stage::class::ensure_goes_on(row.state)?;
        let capacity = self.capacity.map(|seats| words::between("capacity", seats, CAPACITY)).transpose()?;
        if let Some(wanted) = capacity.filter(|wanted| *wanted < row.enrolled) {
            let seats = seats_of(row);
            let taken = seats.used;
            return Err(Refusal::seats(
                Code::CapacityInUse,
                "capacity",
                seats,
                Sentence::new(
                    format!(
                        "Lớp đã nhận {taken} học viên, không thể giảm còn {wanted} chỗ; hãy chọn từ {taken} trở lên."
                    ),
                    format!(
                        "The class has {taken} learners, so it cannot shrink to {wanted} seats; choose {taken} or more."
                    ),
                ),
            )
            .into());
        }
        row.capacity = capacity;
        Ok(())
    }
}
