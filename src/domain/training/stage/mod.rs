//! The roads of plans, classes and enrolments: what is due in which state.

pub mod class;
pub mod enrolment;
pub mod plan;

use crate::{domain::refusal::Refusal, language::Sentence};

/// What a road is the road of: the field of the input that names it, and what it is called.
#[derive(Clone, Copy, Debug)]
struct Noun {
    field: &'static str,
    vi: &'static str,
    en: &'static str,
}

/// A move that is not due, with those that are.
fn not_due(of: Noun, state: &impl ToString, due: Vec<String>) -> Refusal {
    let (state, named) = (state.to_string(), due.join(", "));
    let sentence = if due.is_empty() {
        Sentence::new(
            format!("{} ở trạng thái {state}, đã khép lại; không còn bước nào được phép.", of.vi),
            format!("The {} is {state}, which is final; nothing more can be done to it.", of.en),
        )
    } else {
        Sentence::new(
            format!("{} ở trạng thái {state}; bước được phép tiếp theo: {named}.", of.vi),
            format!("The {} is {state}; what may come next: {named}.", of.en),
        )
    };
    Refusal::step(of.field, &state, due, sentence)
}
