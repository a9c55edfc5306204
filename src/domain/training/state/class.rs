//! State machine of a class (lớp).

use entity::value::ClassState;

use super::{MachineLabels, not_due, only_in};
use crate::domain::refusal::Refusal;

const CLASS: MachineLabels = MachineLabels {
    field: "classCode",
    vi: "Lớp",
    en: "class",
    alternative: [
        "chọn lớp khác, hoặc lập lớp mới bằng classPlan",
        "choose another class, or plan a new one with classPlan",
    ],
};

/// Validates the transition of a class to a state.
///
/// # Errors
/// `Step`, with the permitted next states, if the transition is not permitted.
pub fn after(state: ClassState, to: ClassState) -> Result<ClassState, Refusal> {
    if due(state).contains(&to) { Ok(to) } else { Err(wrong(state)) }
}

/// Checks that the state permits enrolment.
///
/// # Errors
/// `Step`, with the next states of the class, for the field of the input.
pub fn ensure_enrols(state: ClassState, field: &'static str) -> Result<(), Refusal> {
    let what = ["được cử người vào lớp", "people can be enrolled"];
    if ClassState::ENROLLING.contains(&state) {
        return Ok(());
    }
    Err(only_in(MachineLabels { field, ..CLASS }, (&state, named(state)), (&ClassState::ENROLLING, what)))
}

/// Checks that the state permits results.
///
/// # Errors
/// `Step`, with the next states of the class, for the enrolment.
pub fn ensure_has_results(state: ClassState) -> Result<(), Refusal> {
    let (field, what) = ("enrolmentId", ["được ghi kết quả học tập", "results can be recorded"]);
    if ClassState::WITH_RESULTS.contains(&state) {
        return Ok(());
    }
    Err(only_in(MachineLabels { field, ..CLASS }, (&state, named(state)), (&ClassState::WITH_RESULTS, what)))
}

/// Checks that the class is not over.
///
/// # Errors
/// `Step`, without next states.
pub fn ensure_not_over(state: ClassState) -> Result<(), Refusal> {
    if due(state).is_empty() { Err(wrong(state)) } else { Ok(()) }
}

/// The next states of a class, the regular one first.
pub fn due(state: ClassState) -> &'static [ClassState] {
    match state {
        ClassState::Planned => &[ClassState::OpenForNomination, ClassState::Postponed, ClassState::Cancelled],
        ClassState::OpenForNomination => &[ClassState::Confirmed, ClassState::Postponed, ClassState::Cancelled],
        ClassState::Confirmed => &[ClassState::Running, ClassState::Postponed, ClassState::Cancelled],
        ClassState::Running => &[ClassState::Completed],
        ClassState::Completed => &[ClassState::Closed],
        ClassState::Postponed => &[ClassState::Planned],
        ClassState::Closed | ClassState::Cancelled => &[],
    }
}

fn named(state: ClassState) -> Vec<String> {
    due(state).iter().map(|to| format!("classAdvance(to: {to})")).collect()
}

fn wrong(state: ClassState) -> Refusal {
    not_due(CLASS, &state, named(state))
}

#[cfg(test)]
mod tests {
    use sea_orm::Iterable;

    use super::*;

    /// One line per state: whether enrolment is permitted, whether results are permitted, and the next states.
    const TABLE: &str = "
        PLANNED            no  no   OPEN_FOR_NOMINATION POSTPONED CANCELLED
        OPEN_FOR_NOMINATION yes no  CONFIRMED POSTPONED CANCELLED
        CONFIRMED          yes no   RUNNING POSTPONED CANCELLED
        RUNNING            yes yes  COMPLETED
        COMPLETED          no  yes  CLOSED
        CLOSED             no  yes
        POSTPONED          no  no   PLANNED
        CANCELLED          no  no
    ";

    #[test]
    fn every_transition_of_a_class_matches_the_table() {
        let lines: Vec<Vec<&str>> = TABLE.trim().lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(lines.len(), ClassState::iter().count());
        for line in lines {
            let state: ClassState = line[0].parse().expect("a state");
            assert_eq!(ensure_enrols(state, "classCode").is_ok(), line[1] == "yes", "{state}");
            assert_eq!(ensure_has_results(state).is_ok(), line[2] == "yes", "{state}");
            assert_eq!(ensure_not_over(state).is_ok(), line.len() > 3, "{state}");
            for to in ClassState::iter() {
                let next = after(state, to);
                assert_eq!(next.is_ok(), line[3..].contains(&to.to_string().as_str()), "{state} to {to}");
                if let Err(Refusal::Step { state: said, due: named, .. }) = next {
                    assert_eq!((said, named.len()), (state.to_string(), line.len() - 3));
                }
            }
        }
    }
}
