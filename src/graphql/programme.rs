//! Training programmes (chương trình đào tạo, bồi dưỡng).

use async_graphql::{Context, Object};
use entity::{
    programme,
    value::{ProgrammeCode, ProgrammeKind},
};

use crate::{
    error::{Error, Result},
    graphql::{ContextExt, qualification::QualificationLevel},
};

/// Root fields of programmes.
#[derive(Default)]
pub struct ProgrammeQuery;

#[Object]
impl ProgrammeQuery {
    /// All programmes (chương trình đào tạo, bồi dưỡng), by code.
    async fn programmes(&self, ctx: &Context<'_>) -> Vec<Programme> {
        ctx.reference_data().programmes().cloned().map(Programme).collect()
    }
}

/// A training programme (chương trình đào tạo, bồi dưỡng).
pub struct Programme(pub programme::Model);

impl Programme {
    /// The programme with a row's code.
    pub(super) fn of(ctx: &Context<'_>, code: &ProgrammeCode) -> Result<Self> {
        let programme = ctx.reference_data().programme(code.as_str()).cloned().map(Self);
        programme.ok_or_else(|| Error::internal("a programme that is not in the registry"))
    }
}

/// A training programme (chương trình đào tạo, bồi dưỡng).
#[Object]
impl Programme {
    /// Code of the programme (mã chương trình).
    async fn code(&self) -> &str {
        self.0.code.as_str()
    }

    /// Name of the programme (tên chương trình).
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Kind (đào tạo hay bồi dưỡng).
    async fn kind(&self) -> ProgrammeKind {
        self.0.kind
    }

    /// Subject of the programme: a subject of qualification, or another code such as `JOB_SKILLS`.
    async fn subject(&self) -> &str {
        &self.0.subject
    }

    /// Level of the subject that completion grants (trình độ được cấp); null if it grants no qualification.
    async fn level(&self, ctx: &Context<'_>) -> Option<QualificationLevel> {
        let level = self.0.level_code.as_ref()?;
        ctx.reference_data().subject(&self.0.subject)?.level(level.as_str()).cloned().map(QualificationLevel)
    }
}
