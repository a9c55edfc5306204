//! Qualifications (trình độ), their subjects, levels and institutions.

use async_graphql::{Context, ID, Object};
use entity::{
    institution, qualification, qualification_level,
    value::{Day, LevelId},
};

use crate::{
    error::{Error, Result},
    graphql::{
        ContextExt,
        view::{Fields, View, engine::object},
    },
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

object!(QualificationSubject, "A subject of qualification (loại trình độ), such as political theory.");

impl View for QualificationSubject {
    const NAME: &'static str = "QualificationSubject";
    type Of<'a> = &'a Subject;

    fn of(&self) -> &Subject {
        &self.0
    }

    fn view(of: &Subject) -> Self {
        Self(of.clone())
    }

    fn fields(fields: &mut impl Fields<Self>) {
        fields.text(("code", "Code of the subject (mã loại trình độ)."), |subject, _| subject.row.code.as_str());
        fields.text(("label", "Label in the language of the request."), |subject, with| {
            with.label(&subject.row.label_vi, &subject.row.label_en)
        });
        fields.list::<QualificationLevel>(("levels", "Its levels, lowest first."), |subject, _| {
            Ok(subject.levels.iter().collect())
        });
    }
}

/// A level of a subject (mức trình độ).
pub struct QualificationLevel(pub qualification_level::Model);

object!(QualificationLevel, "A level of a subject (mức trình độ).");

impl View for QualificationLevel {
    const NAME: &'static str = "QualificationLevel";
    type Of<'a> = &'a qualification_level::Model;

    fn of(&self) -> &qualification_level::Model {
        &self.0
    }

    fn view(of: &qualification_level::Model) -> Self {
        Self(of.clone())
    }

    fn fields(fields: &mut impl Fields<Self>) {
        fields.id(("id", "Opaque id; the code alone is unique within the subject only."), |level, _| {
            LevelId(&level.subject_code, &level.code).to_string()
        });
        fields.text(("code", "Code within the subject."), |level, _| level.code.as_str());
        fields.text(("label", "Label in the language of the request."), |level, with| {
            with.label(&level.label_vi, &level.label_en)
        });
        fields
            .value(("rank", "Rank of the level: a level is above those of lower rank in its subject."), |level, _| {
                i32::from(level.rank)
            });
    }
}

/// An institution that awards qualifications (cơ sở đào tạo).
pub struct Institution(pub institution::Model);

object!(Institution, "An institution that awards qualifications (cơ sở đào tạo).");

impl View for Institution {
    const NAME: &'static str = "Institution";
    type Of<'a> = &'a institution::Model;

    fn of(&self) -> &institution::Model {
        &self.0
    }

    fn view(of: &institution::Model) -> Self {
        Self(of.clone())
    }

    fn fields(fields: &mut impl Fields<Self>) {
        fields.text(("code", "Code of the institution (mã cơ sở đào tạo)."), |institution, _| {
            institution.code.as_str()
        });
        fields
            .text(("name", "Name of the institution (tên cơ sở đào tạo)."), |institution, _| &institution.name);
    }
}

/// A qualification of a person (văn bằng, chứng chỉ).
pub struct Qualification {
    /// The row.
    pub row: qualification::Model,
    /// The requested day.
    pub day: Day,
}

impl Qualification {
    /// The field of the interface `Node`.
    pub async fn id(&self, _: &Context<'_>) -> Result<ID> {
        Ok(self.row.id.into())
    }
}

object!(Qualification, "A qualification of a person (văn bằng, chứng chỉ).");

impl View for Qualification {
    const NAME: &'static str = "Qualification";
    type Of<'a> = (&'a qualification::Model, Day);

    fn of(&self) -> (&qualification::Model, Day) {
        (&self.row, self.day)
    }

    fn view((row, day): (&qualification::Model, Day)) -> Self {
        Self { row: row.clone(), day }
    }

    fn fields(fields: &mut impl Fields<Self>) {
        fields.id(("id", "Opaque id."), |(row, _), _| row.id);
        fields.value(
            ("asOf", "Day whose state this object shows. With `id` it identifies the object in a cache."),
            |(_, day), _| day,
        );
        fields.one::<QualificationSubject>(
            ("subject", "Subject of the qualification (loại trình độ)."),
            |(row, _), with| {
                let subject = with.reference_data().subject(row.subject_code.as_str());
                subject
                    .ok_or_else(|| Error::internal("a qualification has a subject that is not in the reference data"))
            },
        );
        fields.one::<QualificationLevel>(
            ("level", "Level within the subject (mức trình độ)."),
            |(row, _), with| {
                let subject = with.reference_data().subject(row.subject_code.as_str());
                let level = subject.and_then(|subject| subject.level(row.level_code.as_str()));
                level.ok_or_else(|| Error::internal("a qualification has a level that is not in the reference data"))
            },
        );
        fields.optional_text(("fieldCode", "Code of the field of study (mã ngành đào tạo)."), |(row, _), _| {
            row.field_code.as_deref()
        });
        fields.optional::<Institution>(("institution", "Awarding institution."), |(row, _), with| {
            with.reference_data().institution(row.institution_code.as_ref()?.as_str())
        });
        fields.value(("mode", "Mode of study (hình thức đào tạo)."), |(row, _), _| row.mode);
        fields.value(
            (
                "grantedOn",
                "Date of the award, as precise as recorded. For comparisons with a day, the last possible day counts.",
            ),
            |(row, _), _| row.granted_on,
        );
    }
}
