//! Training programmes (chương trình đào tạo, bồi dưỡng).

use async_graphql::{Context, Object};
use entity::{programme, value::ProgrammeCode};

use crate::{
    error::{Error, Result},
    graphql::{
        ContextExt,
        qualification::QualificationLevel,
        view::{Fields, View, engine::object},
    },
    reference::ReferenceData,
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
        Self::named(ctx.reference_data(), code).cloned().map(Self)
    }

    /// The row of the programme with a row's code.
    pub(super) fn named<'a>(reference_data: &'a ReferenceData, code: &ProgrammeCode) -> Result<&'a programme::Model> {
        let programme = reference_data.programme(code.as_str());
        programme.ok_or_else(|| Error::internal("a programme is not in the reference data"))
    }
}

object!(Programme, "A training programme (chương trình đào tạo, bồi dưỡng).");

impl View for Programme {
    const NAME: &'static str = "Programme";
    type Of<'a> = &'a programme::Model;

    fn of(&self) -> &programme::Model {
        &self.0
    }

    fn view(of: &programme::Model) -> Self {
        Self(of.clone())
    }

    fn fields(fields: &mut impl Fields<Self>) {
        fields.text(("code", "Code of the programme (mã chương trình)."), |programme, _| programme.code.as_str());
        fields.text(("name", "Name of the programme (tên chương trình)."), |programme, _| &programme.name);
        fields.value(("kind", "Kind (đào tạo hay bồi dưỡng)."), |programme, _| programme.kind);
        fields.text(
            ("subject", "Subject of the programme: a subject of qualification, or another code such as `JOB_SKILLS`."),
            |programme, _| &programme.subject,
        );
        fields
            .value(("hours", "Hours of the programme (số giờ); null if they are not recorded."), |programme, _| {
                programme.hours
            });
        fields.optional::<QualificationLevel>(
            (
                "level",
                "Level of the subject that completion grants (trình độ được cấp); null if it grants no qualification.",
            ),
            |programme, with| {
                let level = programme.level_code.as_ref()?;
                with.reference_data().subject(&programme.subject)?.level(level.as_str())
            },
        );
    }
}
