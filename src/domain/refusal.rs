//! Rejections of commands, with the rule, the numbers and a remedy.
//!
//! A rejection is a normal result: nothing was written, and the same key may be used again. `crate::Error` is for
//! missing scopes and for failures.

use sea_orm::DbErr;

use crate::{
    domain::rule::RuleCheck,
    error::{Error, Result},
    language::Sentence,
};

/// Result of a command.
#[derive(Clone, Debug)]
pub enum Outcome<T> {
    /// The command was executed, now or by an earlier request with the same key.
    Done(T),
    /// The command was rejected.
    Refused(Refusal),
}

/// Reason for the rejection of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The input violates a constraint.
    Input {
        /// Error code for programs.
        code: Code,
        /// Path of the input, such as `["input", "startOn"]`.
        field: Vec<String>,
        /// Reason and remedy.
        sentence: Sentence,
    },
    /// The command is not allowed in the current state of its object.
    Step {
        /// Path of the input that identifies the object.
        field: Vec<String>,
        /// Name of the current state.
        state: String,
        /// Mutations that are allowed in this state.
        due: Vec<String>,
        /// Description of the allowed commands.
        sentence: Sentence,
    },
    /// Rules of law are violated, and no override was granted.
    Rule {
        /// Path of the input.
        field: Vec<String>,
        /// Checks of the violated rules.
        checks: Vec<RuleCheck>,
    },
    /// There are not enough seats.
    Seats {
        /// Error code for programs.
        code: Code,
        /// Path of the input.
        field: Vec<String>,
        /// Current seats.
        seats: Seats,
        /// Numbers and remedy.
        sentence: Sentence,
    },
    /// The command conflicts with the current data.
    Conflict {
        /// Error code for programs.
        code: Code,
        /// Path of the input.
        field: Vec<String>,
        /// Current version, if versions differ.
        current_version: Option<i32>,
        /// Current data and remedy.
        sentence: Sentence,
    },
}

/// Seats of a quota or a class at the time of a rejection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seats {
    /// Total number of seats.
    pub seats: i32,
    /// Seats allocated to subordinate units.
    pub allocated: i32,
    /// Seats used by learners.
    pub used: i32,
}

impl Seats {
    /// Remaining seats; negative if historical use exceeds the total.
    pub fn remaining(self) -> i32 {
        self.seats - self.allocated - self.used
    }
}

/// Code of a refusal, for programs. A code never changes its meaning; new ones can be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sea_orm::EnumIter, async_graphql::Enum)]
#[graphql(name = "UserErrorCode")]
pub enum Code {
    /// The object does not exist, or the caller may not see it, without distinction.
    NotFound,
    /// The idempotency key is invalid.
    InvalidKey,
    /// A text is empty, too long or contains control characters.
    InvalidText,
    /// A day is outside the allowed range.
    InvalidDay,
    /// A year is outside the term.
    InvalidYear,
    /// No rule has this key.
    InvalidRule,
    /// Origin and destination of the rotation are the same unit.
    SameUnit,
    /// The unit does not exist on the day.
    UnitNotAlive,
    /// The title belongs to a different tier than the unit.
    TitleNotOfTier,
    /// The person has no primary post to leave.
    NoPost,
    /// A placement unit is missing, or is not allowed.
    InvalidPlacement,
    /// The rotation may not start yet.
    NotYetDue,
    /// The command is not allowed in the current state of its object.
    WrongStep,
    /// A rule of law is violated and not overridden.
    RuleFailed,
    /// The object was changed by another request.
    VersionConflict,
    /// The idempotency key was used for another request.
    IdempotencyKeyReused,
    /// Only the preparing unit may change the rotation.
    NotPreparedHere,
    /// The person's file, which the command requires, is not within reach.
    FileOutOfReach,
    /// The person is already on rotation.
    AlreadyRunning,
    /// Another rotation of the person is published and has not started.
    AlreadyPublished,
    /// Another rotation of the person is decided by the same preparing unit and not published.
    AlreadyDecided,
    /// A result of the period is already recorded.
    AlreadyAppraised,
    /// The points of an appraisal do not give its result, or no scale of points was in force on the day.
    PointsDisagree,
    /// A person who worked for too few months in the year is not rated.
    TooLittleWork,
    /// On the day of the decision, the unit did not rate the person.
    NotRatingUnit,
    /// The rule was already overridden.
    AlreadyOverridden,
    /// The person's posts differ from those of the rotation.
    PostChanged,
    /// Another primary post of the person would overlap.
    PostOverlaps,
    /// A number is outside its bounds.
    InvalidNumber,
    /// The quota has a different mode.
    InvalidMode,
    /// The unit is not below the unit that holds the seats.
    UnitNotBelow,
    /// The plan already has such a quota.
    QuotaExists,
    /// The quota was issued by the plan itself.
    QuotaOfPlan,
    /// The quota was allocated from another quota.
    QuotaHandedOn,
    /// The quota is used or allocated further.
    QuotaInUse,
    /// The quota has too few seats left.
    QuotaExhausted,
    /// The text is not a valid code.
    InvalidCode,
    /// The code is already in use.
    CodeTaken,
    /// Only the organiser may do this.
    NotOrganisedHere,
    /// The class has no seat left.
    ClassFull,
    /// The class has more taken seats than the new capacity.
    CapacityInUse,
    /// The person is already enrolled in the class.
    AlreadyEnrolled,
    /// The person is in another full-time class on some of the days.
    OverlappingClasses,
    /// The person has sessions of another class on some of the days.
    OverlappingSessions,
    /// The request changes nothing.
    NothingToAmend,
    /// The seats of the quota cannot be used for this enrolment.
    OutsideQuota,
    /// The person already holds the level.
    LevelHeld,
    /// The caller does not hold the right to be granted.
    NotHeld,
    /// Only the unit that issued the duty may end it.
    NotIssuedHere,
    /// An end of the duty is already recorded.
    AlreadyEnded,
    /// The person is already exempt from the duty in the year.
    AlreadyExempt,
    /// The person is not exempt from the duty in the year.
    NotExempt,
}

impl Code {
    /// Code as used in `userErrors`.
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
            Self::PointsDisagree => "POINTS_DISAGREE",
            Self::TooLittleWork => "TOO_LITTLE_WORK",
            Self::NotRatingUnit => "NOT_RATING_UNIT",
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
            Self::NotIssuedHere => "NOT_ISSUED_HERE",
            Self::AlreadyEnded => "ALREADY_ENDED",
            Self::AlreadyExempt => "ALREADY_EXEMPT",
            Self::NotExempt => "NOT_EXEMPT",
        }
    }
}

impl Refusal {
    /// Rejects invalid input. The field is a path below `input`, such as `planning.validFrom`.
    pub fn input(code: Code, field: &str, vi: impl Into<String>, en: impl Into<String>) -> Self {
        Self::Input { code, field: path(field), sentence: Sentence::new(vi, en) }
    }

    /// Rejects a conflict with the current data.
    pub fn conflict(code: Code, field: &str, vi: impl Into<String>, en: impl Into<String>) -> Self {
        Self::Conflict { code, field: path(field), current_version: None, sentence: Sentence::new(vi, en) }
    }

    /// Rejects a command that is not allowed in the current state of its object.
    pub fn step(field: &str, state: &impl ToString, due: Vec<String>, sentence: Sentence) -> Self {
        Self::Step { field: path(field), state: state.to_string(), due, sentence }
    }

    /// Rejects a command because there are not enough seats.
    pub fn seats(code: Code, field: &str, seats: Seats, sentence: Sentence) -> Self {
        Self::Seats { code, field: path(field), seats, sentence }
    }

    /// Rejects a command that violates rules of law.
    pub fn rule(field: &str, checks: Vec<RuleCheck>) -> Self {
        Self::Rule { field: path(field), checks }
    }

    /// Rejects an object that does not exist, is out of reach or may not be seen, without distinction.
    pub fn not_found(field: &str) -> Self {
        Self::input(
            Code::NotFound,
            field,
            "Không tìm thấy trong phạm vi được cấp; hãy kiểm tra lại mã.",
            "Not found within your reach; check the code or id.",
        )
    }

    /// Rejects a version that differs from the current one.
    pub fn version(current: i32) -> Self {
        Self::Conflict {
            code: Code::VersionConflict,
            field: path("expectedVersion"),
            current_version: Some(current),
            sentence: Sentence::new(
                format!(
                    "Hồ sơ đã được một yêu cầu khác thay đổi, phiên bản hiện nay là {current}; hãy đọc lại hồ sơ rồi \
                     gửi lại lệnh."
                ),
                format!(
                    "The object was changed by another request and now has version {current}; read it again, then send \
                     the command again."
                ),
            ),
        }
    }

    /// Error code for programs.
    pub fn code(&self) -> Code {
        match self {
            Self::Input { code, .. } | Self::Conflict { code, .. } | Self::Seats { code, .. } => *code,
            Self::Step { .. } => Code::WrongStep,
            Self::Rule { .. } => Code::RuleFailed,
        }
    }

    /// Path of the rejected input.
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

/// Path of a field below `input`.
fn path(field: &str) -> Vec<String> {
    std::iter::once("input").chain(field.split('.')).map(str::to_owned).collect()
}

/// Early end of a command: a rejection, which is a normal result, or an error.
#[derive(Clone, Debug)]
pub enum CommandError {
    /// Rejection of the command.
    Refused(Refusal),
    /// Missing scope or failure.
    Failed(Error),
}

/// Result of a step of a command.
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

/// Outcome of a command that was executed or refused; other errors are returned as errors.
pub(in crate::domain) fn outcome<T>(result: CommandResult<T>) -> Result<Outcome<T>> {
    match result {
        Ok(done) => Ok(Outcome::Done(done)),
        Err(CommandError::Refused(refusal)) => Ok(Outcome::Refused(refusal)),
        Err(CommandError::Failed(error)) => Err(error),
    }
}
