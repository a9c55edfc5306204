//! Reasons of refused mutations, as payloads return them: a code for programs, a message for people.

use async_graphql::{Interface, SimpleObject};

use crate::{
    domain::{
        refusal::{Code, Refusal, Seats},
        rule,
    },
    graphql::rule::RuleCheck,
    language::{Language, Sentence},
};

/// Why a mutation was refused. Nothing was written.
#[derive(Interface)]
#[graphql(
    field(name = "code", ty = "&Code", desc = "Code, for programs."),
    field(name = "message", ty = "&String", desc = "Message for people: the problem and its solution."),
    field(name = "field", ty = "&Vec<String>", desc = "Path of the affected input.")
)]
pub enum UserError {
    /// Invalid input.
    Input(InputError),
    /// A step that is not due.
    Step(StepError),
    /// A violated rule of law.
    Rule(RuleError),
    /// Too few seats.
    Seats(SeatsError),
    /// A conflict with recorded data.
    Conflict(ConflictError),
}

/// The input violates a rule.
#[derive(SimpleObject)]
pub struct InputError {
    /// Code, for programs.
    code: Code,
    /// Message for people: the problem and its solution.
    message: String,
    /// Path of the affected input.
    field: Vec<String>,
}

/// The mutation is not due in the current state of its object.
#[derive(SimpleObject)]
pub struct StepError {
    /// Code, for programs.
    code: Code,
    /// Message for people: the problem and its solution.
    message: String,
    /// Path of the affected input.
    field: Vec<String>,
    /// Current state.
    state: String,
    /// Mutations that are possible next, the regular one first; empty if the state is final.
    due: Vec<String>,
}

/// A rule of law is violated, and no override was granted.
#[derive(SimpleObject)]
pub struct RuleError {
    /// Code, for programs.
    code: Code,
    /// Message for people: the problem and its solution.
    message: String,
    /// Path of the affected input.
    field: Vec<String>,
    /// Result of the rule check.
    check: RuleCheck,
}

/// Too few seats, of a quota or in a class.
#[derive(SimpleObject)]
pub struct SeatsError {
    /// Code, for programs.
    code: Code,
    /// Message for people: the problem and its solution.
    message: String,
    /// Path of the affected input.
    field: Vec<String>,
    /// Total number of seats.
    seats: i32,
    /// Seats allocated to units below (đã phân bổ).
    allocated: i32,
    /// Seats used (đã sử dụng).
    used: i32,
    /// Remaining seats (còn lại); negative if imported history used more than there were.
    remaining: i32,
}

/// The mutation would contradict recorded data.
#[derive(SimpleObject)]
pub struct ConflictError {
    /// Code, for programs.
    code: Code,
    /// Message for people: the problem and its solution.
    message: String,
    /// Path of the affected input.
    field: Vec<String>,
    /// Recorded version, if the conflict is about versions.
    current_version: Option<i32>,
}

impl UserError {
    /// The errors of a refusal in a language: one, or one for each violated rule.
    pub fn of(refusal: Refusal, language: Language) -> Vec<Self> {
        let (code, field) = (refusal.code(), refusal.field());
        metrics::counter!("cadre_refusals_total", "code" => code.as_str()).increment(1);
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
