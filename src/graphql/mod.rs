//! The GraphQL schema: views over rows, one file per concept. No SQL, no rules.

pub mod access_log;
pub mod appraisal;
pub mod appraisal_commands;
pub mod appraisal_counts;
pub mod cadre;
pub mod change;
pub mod client;
pub mod composition;
mod context;
pub mod document;
pub mod document_act;
pub mod document_check;
pub mod duty;
pub mod duty_command;
pub mod engine;
pub mod error;
pub mod fast_path;
pub mod guard;
pub mod instant;
pub mod loader;
pub mod node;
pub mod page;
pub mod payload;
pub mod programme;
pub mod qualification;
pub mod refusal;
pub mod rotation;
pub mod rotation_act;
pub mod rotation_step;
pub mod rule;
pub mod standard;
pub mod title;
pub mod training;
pub mod unit;
pub mod unit_area;
pub mod validation;
pub mod view;
pub mod viewer;
pub mod webhook;

use async_graphql::{EmptySubscription, MergedObject, SDLExportOptions, Schema, SchemaBuilder, ValidationMode};
use context::{ContextExt, found};

/// All read operations.
#[derive(MergedObject, Default)]
pub struct Query(
    node::NodeQuery,
    viewer::ViewerQuery,
    unit::UnitQuery,
    cadre::CadreQuery,
    rotation::RotationQuery,
    training::TrainingQuery,
    programme::ProgrammeQuery,
    title::TitleQuery,
    qualification::QualificationQuery,
    rule::RuleQuery,
    standard::StandardQuery,
    duty::DutyQuery,
    document::DocumentQuery,
    client::ClientQuery,
    change::ChangeQuery,
);

/// All write operations. Several mutations in one operation are executed one after another.
#[derive(MergedObject, Default)]
pub struct Mutation(
    rotation_act::RotationMutation,
    appraisal_commands::AppraisalMutation,
    training::commands::QuotaMutation,
    training::commands::ClassMutation,
    training::commands::EnrolmentMutation,
    training::commands::PlanMutation,
    document_act::DocumentMutation,
    duty_command::DutyMutation,
    client::ClientMutation,
);

/// The schema of the service.
pub type ServiceSchema = Schema<Query, Mutation, EmptySubscription>;

/// Builds the schema.
pub fn schema() -> ServiceSchema {
    schema_builder().finish()
}

fn schema_builder() -> SchemaBuilder<Query, Mutation, EmptySubscription> {
    Schema::build(Query::default(), Mutation::default(), EmptySubscription)
        .validation_mode(ValidationMode::Strict)
        .disable_suggestions()
        .extension(error::NullOnError)
}

/// The schema as text, sorted for readable diffs.
pub fn sdl() -> String {
    schema().sdl_with_options(
        SDLExportOptions::new().include_specified_by().sorted_fields().sorted_arguments().sorted_enum_items(),
    )
}
