//! Values: ids, codes, days, closed sets and sealed values. Each is one type from the column to the API.

mod appraisal;
mod code;
mod day;
mod document;
mod duty;
mod id;
mod identifier;
mod partial_date;
mod period;
mod rotation;
mod rule;
mod sealed;
mod set;
mod title;
mod training;
mod unit_ids;

pub use appraisal::{AppraisalPeriod, AppraisalRating, AppraisalState, AppraisalSystem};
pub use code::{
    CadreCode, ClassCode, DocumentCode, DutyCode, InstitutionCode, InvalidCode, LevelCode, PlanCode, ProgrammeCode,
    RequirementCode, RuleCode, StandardCode, SubjectCode, TitleCode, TitleGroupCode, UnitCode,
};
pub use day::{Day, InvalidDay};
pub use document::DocumentKind;
pub use duty::{DutyMeasure, ExemptionReason};
pub use id::{
    AccessEntryId, AppraisalId, AssignmentId, CadreId, ClassId, ClientId, EnrolmentId, ExemptionId, GrantId,
    IdentifierId, InvalidId, LevelId, PersonId, PlanId, QualificationId, QuotaId, RotationId, SecretId, StepId,
    SuccessionId, UnitId, VersionId,
};
pub use identifier::IdentifierSystem;
pub use partial_date::{InvalidPartialDate, PartialDate};
pub use period::Period;
pub use rotation::{AppraisalResult, EndReason, RotationDirection, RotationForm, RotationPurpose, RotationState};
pub use rule::{CountingBasis, RuleKey, RuleOrigin, Severity, Verification};
pub use sealed::*;
pub use set::{
    AllowedDocuments, CadreStatus, Category, ChangeKind, CountScope, DataCategory, Gender, Hierarchy, KeyAlgorithm,
    KeyPurpose, Log, Purpose, Scope, StudyMode, SuccessionKind, Tier, UnitKind, UnknownWord,
};
pub use title::{AreaKind, TitleRole};
pub use training::{ClassCategory, ClassState, EnrolmentState, Grade, Measure, PlanState, ProgrammeKind, QuotaState};
pub use unit_ids::UnitIds;
