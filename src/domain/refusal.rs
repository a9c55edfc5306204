//! Refusals of acts: what a client asked for and the service would not do, with the rule, the numbers and the way out.
//!
//! A refusal is an answer: nothing was written, and the same key may be used again. `crate::Error` stays for missing
//! scopes and for faults.

use sea_orm::DbErr;

use crate::{
    domain::rule::RuleCheck,
    error::{Error, Result},
    language::Sentence,
};

/// What came of an act.
#[derive(Clone, Debug)]
pub enum Outcome<T> {
    /// It was done, now or by the same request before.
    Done(T),
    /// It was not done.
    Refused(Refusal),
}

/// Why an act was not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Something in the input breaks a rule.
    Input {
        /// Code, for programs.
        code: Code,
        /// Path of the input, such as `["input", "startOn"]`.
        field: Vec<String>,
        /// What is wrong and the way out.
        sentence: Sentence,
    },
    /// The act is not due in the state that its object is in.
    Step {
        /// Path of the input that names the object.
        field: Vec<String>,
        /// The word of the state.
        state: String,
        /// The mutations that are due in it.
        due: Vec<String>,
        /// What is due.
        sentence: Sentence,
    },
    /// Rules of law are broken, and no override was granted.
    Rule {
        /// Path of the input.
        field: Vec<String>,
        /// What the broken rules say.
        checks: Vec<RuleCheck>,
    },
    /// There are too few seats.
    Seats {
        /// Code, for programs.
        code: Code,
        /// Path of the input.
        field: Vec<String>,
        /// The seats as they stand.
        seats: Seats,
        /// The numbers and the way out.
        sentence: Sentence,
    },
    /// The act would contradict what is recorded.
    Conflict {
        /// Code, for programs.
        code: Code,
        /// Path of the input.
        field: Vec<String>,
        /// The version that is recorded, where versions are what differs.
        current_version: Option<i32>,
        /// What is recorded and the way out.
        sentence: Sentence,
    },
}

/// Seats of a quota or a class, as they stood when an act was refused for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seats {
    /// All seats.
    pub seats: i32,
    /// Handed on to units below.
    pub allocated: i32,
    /// Used by learners.
    pub used: i32,
}

impl Seats {
    /// What is left; below zero where history used more than there were.
    pub fn remaining(self) -> i32 {
        self.seats - self.allocated - self.used
    }
}

/// What a refusal is called, for programs. Never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sea_orm::EnumIter)]
pub enum Code {
    /// There is no such thing, or the caller may not know of it: the caller cannot tell which.
    NotFound,
    /// The idempotency key is not one.
    InvalidKey,
    /// A text is empty, too long or holds control characters.
    InvalidText,
    /// A day lies where it may not.
    InvalidDay,
    /// A year lies outside the term.
    InvalidYear,
    /// No rule has this key word.
    InvalidRule,
    /// The rotation would lead where it starts.
    SameUnit,
    /// The unit does not exist on the day.
    UnitNotAlive,
    /// The title belongs to another tier than the unit.
    TitleNotOfTier,
    /// The person has no primary post to leave.
    NoPost,
    /// The unit to place in must be named, or none may be.
    InvalidPlacement,
    /// The rotation may not begin yet.
    NotYetDue,
    /// The act is not due in the state of its object.
    WrongStep,
    /// A rule of law is broken and not overridden.
    RuleFailed,
    /// Somebody else changed it meanwhile.
    VersionConflict,
    /// The key was used for another request.
    IdempotencyKeyReused,
    /// Only the preparing unit acts on the rotation.
    NotPreparedHere,
    /// The person's file is not within reach, and the act is judged by it.
    FileOutOfReach,
    /// The person is on rotation already.
    AlreadyRunning,
    /// Another rotation of the person is published and has not begun.
    AlreadyPublished,
    /// Another rotation of the person is decided by the same preparing unit and not published.
    AlreadyDecided,
    /// The year is appraised already.
    AlreadyAppraised,
    /// The rule is overridden already.
    AlreadyOverridden,
    /// The person's posts are not those that the rotation knows.
    PostChanged,
    /// Another primary post of the person would overlap.
    PostOverlaps,
    /// A number lies outside its bounds.
    InvalidNumber,
    /// The quota has another mode.
    InvalidMode,
    /// The unit is not below the one that holds the seats.
    UnitNotBelow,
    /// The plan has such a quota already.
    QuotaExists,
    /// The quota comes from the plan itself.
    QuotaOfPlan,
    /// The quota was handed on from another.
    QuotaHandedOn,
    /// The quota is used or handed on.
    QuotaInUse,
    /// The quota has too few seats left.
    QuotaExhausted,
    /// The text is no code.
    InvalidCode,
    /// Another has this code.
    CodeTaken,
    /// Only the organiser does this.
    NotOrganisedHere,
    /// The class has no seat left.
    ClassFull,
    /// More seats of the class are taken than it would have.
    CapacityInUse,
    /// The person is in the class already.
    AlreadyEnrolled,
    /// The person is in another full-time class on some of the days.
    OverlappingClasses,
    /// The person has sessions of another class on some of the days.
    OverlappingSessions,
    /// Nothing is asked to be changed.
    NothingToAmend,
    /// The seats of the quota are for others.
    OutsideQuota,
    /// The person holds the level already.
    LevelHeld,
    /// The caller does not hold what it would give.
    NotHeld,
}

impl Code {
    /// The code as it stands in `userErrors`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotFound => "NOT_FOUND",
            Self::InvalidKey => "INVALID_KEY",
            Self::InvalidText => "INVALID_TEXT",
            Self::InvalidDay => "INVALID_DAY",
            Self::InvalidYear => "INVALID_YEAR",
            Self::InvalidRule => "INVALID_RULE",
            Self::SameUnit => "SAME_UNIT",
            Self::UnitNotAlive => "UNIT_NOT_ALIVE",
            Self::TitleNotOfTier => "TITLE_NOT_OF_TIER",
            Self::NoPost => "NO_POST",
            Self::InvalidPlacement => "INVALID_PLACEMENT",
            Self::NotYetDue => "NOT_YET_DUE",
            Self::WrongStep => "WRONG_STEP",
            Self::RuleFailed => "RULE_FAILED",
            Self::VersionConflict => "VERSION_CONFLICT",
            Self::IdempotencyKeyReused => "IDEMPOTENCY_KEY_REUSED",
            Self::NotPreparedHere => "NOT_PREPARED_HERE",
            Self::FileOutOfReach => "FILE_OUT_OF_REACH",
            Self::AlreadyRunning => "ALREADY_RUNNING",
            Self::AlreadyPublished => "ALREADY_PUBLISHED",
            Self::AlreadyDecided => "ALREADY_DECIDED",
            Self::AlreadyAppraised => "ALREADY_APPRAISED",
            Self::AlreadyOverridden => "ALREADY_OVERRIDDEN",
            Self::PostChanged => "POST_CHANGED",
            Self::PostOverlaps => "POST_OVERLAPS",
            Self::InvalidNumber => "INVALID_NUMBER",
            Self::InvalidMode => "INVALID_MODE",
            Self::UnitNotBelow => "UNIT_NOT_BELOW",
            Self::QuotaExists => "QUOTA_EXISTS",
            Self::QuotaOfPlan => "QUOTA_OF_PLAN",
            Self::QuotaHandedOn => "QUOTA_HANDED_ON",
            Self::QuotaInUse => "QUOTA_IN_USE",
            Self::QuotaExhausted => "QUOTA_EXHAUSTED",
            Self::InvalidCode => "INVALID_CODE",
            Self::CodeTaken => "CODE_TAKEN",
            Self::NotOrganisedHere => "NOT_ORGANISED_HERE",
            Self::ClassFull => "CLASS_FULL",
            Self::CapacityInUse => "CAPACITY_IN_USE",
            Self::AlreadyEnrolled => "ALREADY_ENROLLED",
            Self::OverlappingClasses => "OVERLAPPING_CLASSES",
            Self::OverlappingSessions => "OVERLAPPING_SESSIONS",
            Self::NothingToAmend => "NOTHING_TO_AMEND",
            Self::OutsideQuota => "OUTSIDE_QUOTA",
            Self::LevelHeld => "LEVEL_HELD",
            Self::NotHeld => "NOT_HELD",
        }
    }
}

impl Refusal {
    /// Something in the input that breaks a rule. The field is a path below `input`, such as `planning.validFrom`.
    pub fn input(code: Code, field: &str, vi: impl Into<String>, en: impl Into<String>) -> Self {
        Self::Input { code, field: path(field), sentence: Sentence::new(vi, en) }
    }

    /// Something that would contradict what is recorded.
    pub fn conflict(code: Code, field: &str, vi: impl Into<String>, en: impl Into<String>) -> Self {
        Self::Conflict { code, field: path(field), current_version: None, sentence: Sentence::new(vi, en) }
    }

    /// An act that is not due in the state of its object.
    pub fn step(field: &str, state: &impl ToString, due: Vec<String>, sentence: Sentence) -> Self {
        Self::Step { field: path(field), state: state.to_string(), due, sentence }
    }

    /// Too few seats.
    pub fn seats(code: Code, field: &str, seats: Seats, sentence: Sentence) -> Self {
        Self::Seats { code, field: path(field), seats, sentence }
    }

    /// Rules of law that are broken.
    pub fn rule(field: &str, checks: Vec<RuleCheck>) -> Self {
        Self::Rule { field: path(field), checks }
    }

    /// What is not there, is out of reach, or may not be known of: one answer for all.
    pub fn not_found(field: &str) -> Self {
        Self::input(
            Code::NotFound,
            field,
            "Không tìm thấy trong phạm vi của bạn; hãy kiểm tra lại mã.",
            "Not found within your reach; check the code or id.",
        )
    }

    /// A version that is not the one that the client saw last.
    pub fn version(current: i32) -> Self {
        Self::Conflict {
            code: Code::VersionConflict,
            field: path("expectedVersion"),
            current_version: Some(current),
            sentence: Sentence::new(
                format!("Hồ sơ đã được thay đổi, phiên bản hiện nay là {current}; hãy đọc lại rồi gửi lại yêu cầu."),
                format!(
                    "It was changed meanwhile and is at version {current}; read it again, then send the act again."
                ),
            ),
        }
    }

    /// The code, for programs.
    pub fn code(&self) -> Code {
        match self {
            Self::Input { code, .. } | Self::Conflict { code, .. } | Self::Seats { code, .. } => *code,
            Self::Step { .. } => Code::WrongStep,
            Self::Rule { .. } => Code::RuleFailed,
        }
    }

    /// The path of the input that it is about.
    pub fn field(&self) -> Vec<String> {
        match self {
            Self::Input { field, .. }
            | Self::Step { field, .. }
            | Self::Rule { field, .. }
            | Self::Seats { field, .. }
            | Self::Conflict { field, .. } => field.clone(),
        }
    }
}

/// The path of a field below `input`.
fn path(field: &str) -> Vec<String> {
    std::iter::once("input").chain(field.split('.')).map(str::to_owned).collect()
}

/// What ends an act before its end: a refusal, which is an answer, or an error.
#[derive(Clone, Debug)]
pub enum CommandError {
    /// An answer.
    Refused(Refusal),
    /// A missing scope or a fault.
    Failed(Error),
}

/// Result of what an act does on its way.
pub type CommandResult<T> = Result<T, CommandError>;

impl From<Refusal> for CommandError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Error> for CommandError {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl From<DbErr> for CommandError {
    fn from(error: DbErr) -> Self {
        Self::Failed(error.into())
    }
}

/// The outcome of an act that went to its end or stopped.
pub(in crate::domain) fn outcome<T>(acted: CommandResult<T>) -> Result<Outcome<T>> {
    match acted {
        Ok(done) => Ok(Outcome::Done(done)),
        Err(CommandError::Refused(refusal)) => Ok(Outcome::Refused(refusal)),
        Err(CommandError::Failed(error)) => Err(error),
    }
}
