//! Mutations of quotas.

use async_graphql::{Context, Object};

use crate::{
    domain::training::commands::quota::{self as act, Allocate, Amend, Handed, Issue, OnQuota, Return, Revoke},
    error::Result,
    graphql::{
        ContextExt,
        payload::{Answered, Payload},
        refusal::UserError,
        training::quota::Quota,
    },
};

impl Answered for Issue {
    const PAYLOAD: &'static str = "QuotaIssuePayload";
}
impl Answered for Allocate {
    const PAYLOAD: &'static str = "QuotaAllocatePayload";
}
impl Answered for Return {
    const PAYLOAD: &'static str = "QuotaReturnPayload";
}
impl Answered for Revoke {
    const PAYLOAD: &'static str = "QuotaRevokePayload";
}
impl Answered for Amend {
    const PAYLOAD: &'static str = "QuotaAmendPayload";
}

/// Result of a mutation: the quota in its current state, or the reasons of the refusal.
#[Object(name_type)]
impl<A: Answered + Send + Sync> Payload<A, Quota> {
    /// The quota in its current state; null if the mutation was refused.
    async fn quota(&self) -> Option<&Quota> {
        self.object()
    }

    /// Reasons of the refusal; empty if the mutation succeeded, now or in an earlier identical request.
    async fn user_errors(&self) -> &[UserError] {
        self.errors()
    }
}

/// A quota, and the quota allocated from it to a unit below.
pub struct HandedOn {
    quota: Quota,
    child: Quota,
}

/// Result of an allocation: both quotas in their current state, or the reasons of the refusal.
#[Object(name_type)]
impl<A: Answered + Send + Sync> Payload<A, HandedOn> {
    /// The quota with the allocated seats; null if the mutation was refused.
    async fn quota(&self) -> Option<&Quota> {
        self.object().map(|handed| &handed.quota)
    }

    /// The quota of the unit below; null if the mutation was refused.
    async fn child(&self) -> Option<&Quota> {
        self.object().map(|handed| &handed.child)
    }

    /// Reasons of the refusal; empty if the mutation succeeded, now or in an earlier identical request.
    async fn user_errors(&self) -> &[UserError] {
        self.errors()
    }
}

/// Mutations of quotas.
#[derive(Default)]
pub struct QuotaMutation;

#[Object]
impl QuotaMutation {
    /// Issues a quota of a plan (giao chỉ tiêu) to the plan's unit or to one below it.
    async fn quota_issue(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is given.")] input: Issue,
    ) -> Result<Option<Payload<Issue, Quota>>> {
        Ok(Some(Payload::of(ctx, act::issue(ctx.access(), &input).await?, Quota)))
    }

    /// Allocates seats of a quota (phân bổ chỉ tiêu) to a unit below. Never exceeds the seats, even with concurrent
    /// requests.
    async fn quota_allocate(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is handed on.")] input: Allocate,
    ) -> Result<Option<Payload<Allocate, HandedOn>>> {
        let view = |handed: Handed| HandedOn { quota: Quota(handed.quota), child: Quota(handed.child) };
        Ok(Some(Payload::of(ctx, act::allocate(ctx.access(), &input).await?, view)))
    }

    /// Returns unused seats (trả lại chỉ tiêu) to the quota that they were allocated from.
    async fn quota_return(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What goes back.")] input: Return,
    ) -> Result<Option<Payload<Return, Quota>>> {
        carried_out(ctx, input).await
    }

    /// Revokes an unused quota (thu hồi chỉ tiêu).
    async fn quota_revoke(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is taken back.")] input: Revoke,
    ) -> Result<Option<Payload<Revoke, Quota>>> {
        carried_out(ctx, input).await
    }

    /// Changes the seats of a quota that the plan itself issued (điều chỉnh chỉ tiêu).
    async fn quota_amend(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The new number.")] input: Amend,
    ) -> Result<Option<Payload<Amend, Quota>>> {
        carried_out(ctx, input).await
    }
}

async fn carried_out<A: OnQuota>(ctx: &Context<'_>, input: A) -> Result<Option<Payload<A, Quota>>> {
    Ok(Some(Payload::of(ctx, act::execute(ctx.access(), &input).await?, Quota)))
}
