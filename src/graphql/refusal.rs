//! Refusals of acts, as payloads show them beside the object: a code for programs, a sentence for people.

use async_graphql::{Interface, SimpleObject};

use crate::{
    domain::{
        refusal::{Refusal, Seats},
        rule,
    },
    graphql::rule::RuleCheck,
    language::{Language, Sentence},
};

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
    /// A rule of law that is broken.
    Rule(RuleError),
    /// Too few seats.
    Seats(SeatsError),
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

/// The act is not due in the state that its object is in.
#[derive(SimpleObject)]
pub struct StepError {
    /// Code, for programs; never changes.
    code: &'static str,
    /// What is wrong and the way out, for people.
    message: String,
    /// Path of the input that it is about.
    field: Vec<String>,
    /// The word of the state.
    state: String,
    /// The mutations that may come next, the regular one first; empty where the state is final.
    due: Vec<String>,
}

/// A rule of law is broken, and no override was granted.
#[derive(SimpleObject)]
pub struct RuleError {
    /// Code, for programs; never changes.
    code: &'static str,
    /// What is wrong and the way out, for people.
    message: String,
    /// Path of the input that it is about.
    field: Vec<String>,
    /// What the rule says.
    check: RuleCheck,
}

/// There are too few seats, of a quota or in a class.
#[derive(SimpleObject)]
pub struct SeatsError {
    /// Code, for programs; never changes.
    code: &'static str,
    /// What is wrong and the way out, for people.
    message: String,
    /// Path of the input that it is about.
    field: Vec<String>,
    /// All seats.
    seats: i32,
    /// Seats handed on to units below (đã phân bổ).
    allocated: i32,
    /// Seats used (đã sử dụng).
    used: i32,
    /// Seats left (còn lại); below zero where history used more than there were.
    remaining: i32,
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
    /// A refusal in a language: one error, or one for each broken rule.
    pub fn of(refusal: Refusal, language: Language) -> Vec<Self> {
        let (code, field) = (refusal.code().as_str(), refusal.field());
        metrics::counter!("cadre_refusals_total", "code" => code).increment(1);
        let text = |sentence: &Sentence| sentence.text(language).to_owned();
        match refusal {
            Refusal::Input { sentence, .. } => {
                vec![Self::Input(InputError { code, message: text(&sentence), field })]
            }
            Refusal::Step { state, due, sentence, .. } => {
                vec![Self::Step(StepError { code, message: text(&sentence), field, state, due })]
            }
            Refusal::Rule { checks, .. } => {
                let error = |check: rule::RuleCheck| {
                    let (message, field) = (text(&check.sentence), field.clone());
                    Self::Rule(RuleError { code, message, field, check: RuleCheck(check) })
                };
                checks.into_iter().map(error).collect()
            }
            Refusal::Seats { seats, sentence, .. } => {
                let (message, remaining) = (text(&sentence), seats.remaining());
                let Seats { seats, allocated, used } = seats;
                vec![Self::Seats(SeatsError { code, message, field, seats, allocated, used, remaining })]
            }
            Refusal::Conflict { sentence, current_version, .. } => {
                vec![Self::Conflict(ConflictError { code, message: text(&sentence), field, current_version })]
            }
        }
    }
}
