//! Refusals of acts, as payloads show them beside the object: a code for programs, a sentence for people.

use async_graphql::{Interface, SimpleObject};
use entity::value::RotationState;

use crate::{domain::refusal::Refusal, language::Language};

/// Why an act was not done. Nothing was written.
#[derive(Interface)]
#[graphql(
    field(name = "code", ty = "&&'static str", desc = "Code, for programs; never changes."),
    field(name = "message", ty = "&String", desc = "What is wrong and the way out, for people."),
    field(name = "field", ty = "&Vec<String>", desc = "Path of the input that it is about.")
)]
pub enum UserError {
    /// Something in the input.
    Input(InputError),
    /// A step that is not due.
    Step(StepError),
    /// Something that is recorded otherwise.
    Conflict(ConflictError),
}

/// Something in the input breaks a rule.
#[derive(SimpleObject)]
pub struct InputError {
    /// Code, for programs; never changes.
    code: &'static str,
    /// What is wrong and the way out, for people.
    message: String,
    /// Path of the input that it is about.
    field: Vec<String>,
}

/// The act is not due in the state that the rotation is in.
#[derive(SimpleObject)]
pub struct StepError {
    /// Code, for programs; never changes.
    code: &'static str,
    /// What is wrong and the way out, for people.
    message: String,
    /// Path of the input that it is about.
    field: Vec<String>,
    /// The state.
    state: RotationState,
    /// The mutations that may come next, the regular one first; empty where the state is final.
    due: Vec<&'static str>,
}

/// The act would contradict what is recorded.
#[derive(SimpleObject)]
pub struct ConflictError {
    /// Code, for programs; never changes.
    code: &'static str,
    /// What is wrong and the way out, for people.
    message: String,
    /// Path of the input that it is about.
    field: Vec<String>,
    /// The version that is recorded, where versions are what differs.
    current_version: Option<i32>,
}

impl UserError {
    /// A refusal in a language.
    pub fn of(refusal: Refusal, language: Language) -> Self {
        let (code, field) = (refusal.code().as_str(), refusal.field());
        metrics::counter!("cadre_refusals_total", "code" => code).increment(1);
        match refusal {
            Refusal::Input { sentence, .. } => {
                Self::Input(InputError { code, message: sentence.text(language).to_owned(), field })
            }
            Refusal::Step { state, due, sentence } => {
                Self::Step(StepError { code, message: sentence.text(language).to_owned(), field, state, due })
            }
            Refusal::Conflict { sentence, current_version, .. } => {
                let message = sentence.text(language).to_owned();
                Self::Conflict(ConflictError { code, message, field, current_version })
            }
        }
    }
}
