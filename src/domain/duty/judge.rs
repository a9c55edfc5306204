//! Result of a duty for a person in a year. Pure functions from facts to results.

use entity::{
    duty,
    value::{DutyMeasure, Verification},
};

use crate::{authz::DutyFacts, reference::duties::YearState};

/// Result of a duty for a person in a year (kết quả thực hiện chế độ).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, async_graphql::Enum, serde::Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DutyResult {
    /// The person did the required amount (đã thực hiện).
    Done,
    /// The year is over, and the person did a part of the amount (thực hiện một phần).
    Partly,
    /// The year is over, and the person did nothing that counts (chưa thực hiện).
    NotDone,
    /// The person is exempt on at least one day of the year and has not done the amount (được miễn, hoãn).
    Exempt,
    /// The duty does not bind the person in the year, or a unit out of reach counts the person (không áp dụng).
    NotApplicable,
    /// The result is not certain (chưa xác định); see the reason.
    Indeterminate,
}

/// Reason of an uncertain result (lý do chưa xác định).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, async_graphql::Enum, serde::Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum IndeterminateReason {
    /// The duty was not compared with the text of its instrument (chưa đối chiếu văn bản).
    Unverified,
    /// The year is not over; the deadline is its last day in Việt Nam (chưa hết năm).
    YearRunning,
    /// A completed programme has no recorded hours (chương trình chưa có số giờ).
    HoursMissing,
    /// A class has ended, and the result of the person is not recorded (chưa ghi kết quả học tập).
    ResultMissing,
    /// The person had a primary post out of reach in the year; its unit may have recorded more training (có thời gian
    /// công tác ngoài phạm vi).
    OutOfReach,
}

/// Result of a duty, with the amount that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Result.
    pub result: DutyResult,
    /// Courses or hours that count; zero if the duty does not apply.
    pub amount: u64,
    /// Reason of an uncertain result.
    pub reason: Option<IndeterminateReason>,
}

/// Judges a duty for a person in a year.
pub fn judge(duty: &duty::Model, year: YearState, facts: DutyFacts) -> Outcome {
    use IndeterminateReason::{HoursMissing, OutOfReach, ResultMissing, Unverified, YearRunning};
    let DutyFacts { amount, .. } = facts;
    let with = |result, reason| Outcome { result, amount, reason };
    let unclear = |reason| with(DutyResult::Indeterminate, Some(reason));
    if year == YearState::NotInForce || !is_bound(duty, facts) {
        return Outcome { result: DutyResult::NotApplicable, amount: 0, reason: None };
    }
    match duty.verification {
        Verification::Unverified => return unclear(Unverified),
        Verification::Verified => {}
    }
    match () {
        () if amount >= required(duty) => with(DutyResult::Done, None),
        () if facts.is_exempt => with(DutyResult::Exempt, None),
        () if year == YearState::Running => unclear(YearRunning),
        () if facts.lacks_hours && duty.measure == DutyMeasure::Hours => unclear(HoursMissing),
        () if facts.lacks_result => unclear(ResultMissing),
        () if facts.was_out_of_reach => unclear(OutOfReach),
        () if amount > 0 => with(DutyResult::Partly, None),
        () => with(DutyResult::NotDone, None),
    }
}

/// Amount that the duty requires in a year.
pub(super) fn required(duty: &duty::Model) -> u64 {
    u64::try_from(duty.amount).unwrap_or(0)
}

fn is_bound(duty: &duty::Model, facts: DutyFacts) -> bool {
    facts.is_counted && facts.has_category && (facts.was_key_leader || !duty.key_leaders_only)
}

#[cfg(test)]
mod tests {
    use DutyResult::{Done, Exempt, Indeterminate, NotApplicable, NotDone, Partly};
    use IndeterminateReason::{HoursMissing, OutOfReach, ResultMissing, Unverified, YearRunning};

    use super::*;

    fn duty(measure: DutyMeasure, amount: i32) -> duty::Model {
        duty::Model { measure, amount, ..entity::sample::duty() }
    }

    /// A bound person who did nothing.
    const IDLE: DutyFacts = DutyFacts {
        has_category: true,
        was_key_leader: false,
        is_counted: true,
        amount: 0,
        is_exempt: false,
        lacks_hours: false,
        lacks_result: false,
        was_out_of_reach: false,
    };

    #[test]
    fn a_duty_binds_persons_of_its_categories_and_titles_in_service_at_the_end_of_the_year() {
        let all = duty(DutyMeasure::Participation, 1);
        let leaders = duty::Model { key_leaders_only: true, ..all.clone() };
        for (duty, facts, result) in [
            (&all, IDLE, NotDone),
            (&all, DutyFacts { has_category: false, ..IDLE }, NotApplicable),
            (&all, DutyFacts { is_counted: false, ..IDLE }, NotApplicable),
            (&leaders, IDLE, NotApplicable),
            (&leaders, DutyFacts { was_key_leader: true, ..IDLE }, NotDone),
            (&leaders, DutyFacts { was_key_leader: true, has_category: false, ..IDLE }, NotApplicable),
            (&all, DutyFacts { was_key_leader: true, ..IDLE }, NotDone),
            // Neither training nor an exemption binds a person.
            (&all, DutyFacts { is_counted: false, amount: 1, is_exempt: true, ..IDLE }, NotApplicable),
        ] {
            assert_eq!(judge(duty, YearState::Over, facts).result, result, "{facts:?}");
            assert_eq!(judge(duty, YearState::NotInForce, facts).result, NotApplicable, "{facts:?}");
        }
    }

    #[test]
    fn the_amount_decides_unless_a_fact_is_missing() {
        use DutyMeasure::{Hours, Participation};
        let exempt = DutyFacts { is_exempt: true, ..IDLE };
        let lacks_hours = DutyFacts { lacks_hours: true, ..IDLE };
        let lacks_result = DutyFacts { lacks_result: true, ..IDLE };
        let elsewhere = DutyFacts { was_out_of_reach: true, ..IDLE };
        for (measure, required, amount, facts, result, reason) in [
            (Participation, 1, 0, IDLE, NotDone, None),
            (Participation, 1, 1, IDLE, Done, None),
            (Participation, 2, 1, IDLE, Partly, None),
            (Participation, 2, 3, IDLE, Done, None),
            // Two half courses.
            (Hours, 40, 20, IDLE, Partly, None),
            (Hours, 40, 40, IDLE, Done, None),
            (Hours, 40, 39, IDLE, Partly, None),
            (Hours, 40, 0, lacks_hours, Indeterminate, Some(HoursMissing)),
            (Hours, 40, 39, lacks_hours, Indeterminate, Some(HoursMissing)),
            // The recorded hours suffice without the missing ones.
            (Hours, 40, 40, lacks_hours, Done, None),
            // Courses are counted without their hours.
            (Participation, 2, 1, lacks_hours, Partly, None),
            (Participation, 1, 0, lacks_result, Indeterminate, Some(ResultMissing)),
            (Participation, 1, 1, lacks_result, Done, None),
            (Participation, 1, 0, elsewhere, Indeterminate, Some(OutOfReach)),
            (Participation, 1, 1, elsewhere, Done, None),
            (Participation, 1, 0, exempt, Exempt, None),
            (Hours, 40, 39, exempt, Exempt, None),
            (Hours, 40, 40, exempt, Done, None),
            (Hours, 40, 0, DutyFacts { lacks_hours: true, ..exempt }, Exempt, None),
        ] {
            let duty = duty(measure, required);
            let outcome = judge(&duty, YearState::Over, DutyFacts { amount, ..facts });
            assert_eq!(outcome, Outcome { result, amount, reason }, "{measure} {required} {amount} {facts:?}");

            // Before the deadline only final results are decided.
            let running = judge(&duty, YearState::Running, DutyFacts { amount, ..facts });
            let expected = match result {
                Done | Exempt => (result, None),
                _ => (Indeterminate, Some(YearRunning)),
            };
            assert_eq!((running.result, running.reason), expected, "{measure} {required} {amount} {facts:?}");

            let unverified = duty::Model { verification: Verification::Unverified, ..duty };
            let undecided = judge(&unverified, YearState::Over, DutyFacts { amount, ..facts });
            assert_eq!((undecided.result, undecided.reason), (Indeterminate, Some(Unverified)));
        }
    }
}
