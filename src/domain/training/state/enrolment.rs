//! State machine of an enrolment (học viên).

use entity::value::EnrolmentState;

use super::{MachineLabels, not_due};
use crate::domain::refusal::Refusal;

const ENROLMENT: MachineLabels = MachineLabels {
    field: "enrolmentId",
    vi: "Học viên",
    en: "enrolment",
    alternative: ["cử người này đi học lại bằng classEnrol", "enrol the person again with classEnrol"],
};

/// Transitions of an enrolment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transition {
    /// A person on the waiting list gets a seat.
    Confirm,
    /// The learner drops out.
    Drop,
    /// The learner passed.
    Pass,
    /// The learner did not pass.
    Fail,
    /// The result is withdrawn.
    Revoke,
}

impl Transition {
    const ALL: [Self; 5] = [Self::Confirm, Self::Pass, Self::Fail, Self::Drop, Self::Revoke];

    /// Name of the mutation in the schema.
    fn mutation(self) -> &'static str {
        match self {
            Self::Confirm => "enrolmentConfirm",
            Self::Drop => "enrolmentDrop",
            Self::Pass => "enrolmentComplete(passed: true)",
            Self::Fail => "enrolmentComplete(passed: false)",
            Self::Revoke => "enrolmentRevoke",
        }
    }
}

/// The state after a transition.
///
/// # Errors
/// `Step`, with the transitions that are due, if this one is not.
pub fn after(state: EnrolmentState, step: Transition) -> Result<EnrolmentState, Refusal> {
    let due = || Transition::ALL.into_iter().filter(|step| next(state, *step).is_some());
    next(state, step).ok_or_else(|| not_due(ENROLMENT, &state, due().map(|step| step.mutation().to_owned()).collect()))
}

fn next(state: EnrolmentState, step: Transition) -> Option<EnrolmentState> {
    use EnrolmentState::{Attending, Completed, Confirmed, Dropped, Failed, Registered, Waitlisted};
    match (step, state) {
        (Transition::Confirm, Waitlisted) => Some(Confirmed),
        (Transition::Drop, Registered | Waitlisted | Confirmed | Attending) => Some(Dropped),
        (Transition::Pass, Confirmed | Attending) => Some(Completed),
        (Transition::Fail, Confirmed | Attending) => Some(Failed),
        (Transition::Revoke, Completed | Failed) => Some(Attending),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use sea_orm::Iterable;

    use super::*;

    /// A line for each state, and a column for each transition in the order of `Transition::ALL`; `-` if the transition
    /// is not due.
    const TABLE: &str = "
        REGISTERED  -         -         -      DROPPED -
        WAITLISTED  CONFIRMED -         -      DROPPED -
        CONFIRMED   -         COMPLETED FAILED DROPPED -
        ATTENDING   -         COMPLETED FAILED DROPPED -
        COMPLETED   -         -         -      -       ATTENDING
        FAILED      -         -         -      -       ATTENDING
        DROPPED     -         -         -      -       -
        TRANSFERRED -         -         -      -       -
        DEFERRED    -         -         -      -       -
    ";

    #[test]
    fn every_transition_of_an_enrolment_matches_the_table() {
        let lines: Vec<Vec<&str>> = TABLE.trim().lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(lines.len(), EnrolmentState::iter().count());
        for line in lines {
            let state: EnrolmentState = line[0].parse().expect("a state");
            for (step, expected) in Transition::ALL.into_iter().zip(&line[1..]) {
                let next = after(state, step);
                let word = next.as_ref().ok().map(ToString::to_string);
                assert_eq!(word.as_deref().unwrap_or("-"), *expected, "{state} {step:?}");
                if let Err(Refusal::Step { due, .. }) = next {
                    assert_eq!(due.len(), line[1..].iter().filter(|word| **word != "-").count(), "{state}");
                }
            }
        }
    }
}
