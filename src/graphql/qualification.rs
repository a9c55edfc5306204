//! Qualifications (trình độ), their subjects, levels and institutions.

use async_graphql::{Context, ID, Object};
use entity::{
    institution, qualification, qualification_level,
    value::{Day, PartialDate, StudyMode},
};

use crate::{
    error::{Error, Result},
    graphql::ContextExt,
    language::Language,
    reference::Subject,
};

/// Root fields of qualifications.
#[derive(Default)]
pub struct QualificationQuery;

#[Object]
impl QualificationQuery {
    /// All subjects of qualification (loại trình độ) with their levels.
    async fn qualification_subjects(&self, ctx: &Context<'_>) -> Vec<QualificationSubject> {
        ctx.reference_data().subjects().iter().cloned().map(QualificationSubject).collect()
    }

    /// All institutions that award qualifications (cơ sở đào tạo), by code.
    async fn institutions(&self, ctx: &Context<'_>) -> Vec<Institution> {
        ctx.reference_data().institutions().into_iter().cloned().map(Institution).collect()
    }
}

/// A subject of qualification (loại trình độ), such as political theory.
pub struct QualificationSubject(pub Subject);

/// A subject of qualification (loại trình độ), such as political theory.
#[Object]
impl QualificationSubject {
    /// Code of the subject (mã loại trình độ).
    async fn code(&self) -> &str {
        self.0.row.code.as_str()
    }

    /// Label in the language of the request.
    async fn label(&self, ctx: &Context<'_>) -> &str {
        in_language(ctx, &self.0.row.label_vi, &self.0.row.label_en)
    }

    /// Its levels, lowest first.
    async fn levels(&self) -> Vec<QualificationLevel> {
        self.0.levels.iter().cloned().map(QualificationLevel).collect()
    }
}

/// A level of a subject (mức trình độ).
pub struct QualificationLevel(pub qualification_level::Model);

/// A level of a subject (mức trình độ).
#[Object]
impl QualificationLevel {
    /// Code within the subject.
    async fn code(&self) -> &str {
        self.0.code.as_str()
    }

    /// Label in the language of the request.
    async fn label(&self, ctx: &Context<'_>) -> &str {
        in_language(ctx, &self.0.label_vi, &self.0.label_en)
    }

    /// Rank of the level: a level is above those of lower rank in its subject.
    async fn rank(&self) -> i32 {
        self.0.rank.into()
    }
}

fn in_language<'a>(ctx: &Context<'_>, vi: &'a str, en: &'a str) -> &'a str {
    match ctx.language() {
        Language::Vietnamese => vi,
        Language::English => en,
    }
}

/// An institution that awards qualifications (cơ sở đào tạo).
pub struct Institution(pub institution::Model);

/// An institution that awards qualifications (cơ sở đào tạo).
#[Object]
impl Institution {
    /// Code of the institution (mã cơ sở đào tạo).
    async fn code(&self) -> &str {
        self.0.code.as_str()
    }

    /// Name of the institution (tên cơ sở đào tạo).
    async fn name(&self) -> &str {
        &self.0.name
    }
}

/// A qualification of a person (văn bằng, chứng chỉ).
pub struct Qualification {
    /// The row.
    pub row: qualification::Model,
    /// The requested day.
    pub day: Day,
}

/// A qualification of a person (văn bằng, chứng chỉ).
#[Object]
impl Qualification {
    /// Opaque id.
    pub async fn id(&self) -> ID {
        self.row.id.into()
    }

    /// Day whose state this object shows. With `id` it identifies the object in a cache.
    async fn as_of(&self) -> Day {
        self.day
    }

    /// Subject of the qualification (loại trình độ).
    async fn subject(&self, ctx: &Context<'_>) -> Result<QualificationSubject> {
        let subject = ctx.reference_data().subject(self.row.subject_code.as_str()).cloned().map(QualificationSubject);
        subject.ok_or_else(|| Error::internal("a qualification of a subject that is not in the registry"))
    }

    /// Level within the subject (mức trình độ).
    async fn level(&self, ctx: &Context<'_>) -> Result<QualificationLevel> {
        let subject = ctx.reference_data().subject(self.row.subject_code.as_str());
        let level = subject.and_then(|subject| subject.level(self.row.level_code.as_str()));
        level
            .cloned()
            .map(QualificationLevel)
            .ok_or_else(|| Error::internal("a qualification of a level that is not in the registry"))
    }

    /// Code of the field of study (mã ngành đào tạo).
    async fn field_code(&self) -> Option<&str> {
        self.row.field_code.as_deref()
    }

    /// Awarding institution.
    async fn institution(&self, ctx: &Context<'_>) -> Option<Institution> {
        let code = self.row.institution_code.as_ref()?;
        ctx.reference_data().institution(code.as_str()).cloned().map(Institution)
    }

    /// Mode of study (hình thức đào tạo).
    async fn mode(&self) -> Option<StudyMode> {
        self.row.mode
    }

    /// Date of the award, as precise as recorded. For comparisons with a day, the last possible day counts.
    async fn granted_on(&self) -> PartialDate {
        self.row.granted_on
    }
}
