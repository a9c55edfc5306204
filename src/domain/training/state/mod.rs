//! State machines of plans, classes and enrolments: the commands that are due in each state.

pub mod class;
pub mod enrolment;
pub mod plan;

use crate::{domain::refusal::Refusal, language::Sentence};

/// Labels of a state machine: the field of the input that names its object, the noun, and the advice for a final state.
#[derive(Clone, Copy, Debug)]
struct MachineLabels {
    field: &'static str,
    vi: &'static str,
    en: &'static str,
    /// Advice if no further step is permitted, in Vietnamese and English.
    alternative: [&'static str; 2],
}

/// Refusal of a transition that is not due, with the transitions that are.
fn not_due(of: MachineLabels, state: &impl ToString, due: Vec<String>) -> Refusal {
    let current_state = Sentence::new(
        format!("{} ở trạng thái {}", of.vi, state.to_string()),
        format!("The {} is {}", of.en, state.to_string()),
    );
    refused(of, (state, due), current_state)
}

/// Refusal of a command that only some states permit, with the transitions that are due.
fn only_in(
    of: MachineLabels,
    (state, due): (&impl ToString, Vec<String>),
    (states, what): (&[impl ToString], [&str; 2]),
) -> Refusal {
    let states: Vec<_> = states.iter().map(ToString::to_string).collect();
    let (state_now, states, [vi, en]) = (state.to_string(), states.join(", "), what);
    let current_state = Sentence::new(
        format!("{} ở trạng thái {state_now}, chỉ {vi} ở các trạng thái {states}", of.vi),
        format!("The {} is {state_now}, and {en} only in the states {states}", of.en),
    );
    refused(of, (state, due), current_state)
}

/// Refusal with the current state and the permitted transitions.
fn refused(of: MachineLabels, (state, due): (&impl ToString, Vec<String>), current_state: Sentence) -> Refusal {
    let (Sentence { vi, en }, named, [alternative_vi, alternative_en]) =
        (current_state, due.join(", "), of.alternative);
    let sentence = if due.is_empty() {
        Sentence::new(
            format!("{vi}; không còn bước nào được phép, hãy {alternative_vi}."),
            format!("{en}; no further step is permitted; {alternative_en}."),
        )
    } else {
        Sentence::new(
            format!("{vi}; bước được phép tiếp theo: {named}."),
            format!("{en}; permitted next steps: {named}."),
        )
    };
    Refusal::step(of.field, state, due, sentence)
}
