//! Mutations of documents: the input is a type of the domain, the result is the document or the reasons of the refusal.

use async_graphql::{Context, Object};

use crate::{
    domain::{
        command::Command,
        document::commands::{Register, Replace},
    },
    error::Result,
    graphql::{document::Document, payload::Payload, refusal::UserError},
};

/// Result of a mutation: the document in its current state, or the reasons of the refusal.
#[Object(name_type)]
impl<C: Command> Payload<C, Document> {
    /// The document in its current state; null if the mutation was refused.
    async fn document(&self) -> Option<&Document> {
        self.object()
    }

    /// Reasons of the refusal; empty if the mutation succeeded, now or in an earlier identical request.
    async fn user_errors(&self) -> &[UserError] {
        self.errors()
    }
}

/// Mutations of documents.
#[derive(Default)]
pub struct DocumentMutation;

#[Object]
impl DocumentMutation {
    /// Registers a document of a unit within reach (đăng ký văn bản). National documents are registered by imports only.
    async fn document_register(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The document to register.")] input: Register,
    ) -> Result<Option<Payload<Register, Document>>> {
        Payload::executed(ctx, &input, Document::written).await
    }

    /// Ends a document of a unit within reach and names the document that replaces it (thay thế văn bản).
    async fn document_replace(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The replacement.")] input: Replace,
    ) -> Result<Option<Payload<Replace, Document>>> {
        Payload::executed(ctx, &input, Document::written).await
    }
}
