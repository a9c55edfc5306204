//! Acts on quotas.

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

/// What came of an act: the quota as it stands now, or why the act was refused.
#[Object(name_type)]
impl<A: Answered + Send + Sync> Payload<A, Quota> {
    /// The quota as it stands now; null if the act was refused.
    async fn quota(&self) -> Option<&Quota> {
        self.object()
    }

    /// Why the act was refused; empty if it was done, now or by the same request before.
    async fn user_errors(&self) -> &[UserError] {
        self.errors()
    }
}

/// A quota, and what a unit below has of it.
pub struct HandedOn {
    quota: Quota,
    child: Quota,
}

/// What came of handing on: both quotas as they stand now, or why it was refused.
#[Object(name_type)]
impl<A: Answered + Send + Sync> Payload<A, HandedOn> {
    /// The quota that was handed on from; null if the act was refused.
    async fn quota(&self) -> Option<&Quota> {
        self.object().map(|handed| &handed.quota)
    }

    /// What the unit below has of it; null if the act was refused.
    async fn child(&self) -> Option<&Quota> {
        self.object().map(|handed| &handed.child)
    }

    /// Why the act was refused; empty if it was done, now or by the same request before.
    async fn user_errors(&self) -> &[UserError] {
        self.errors()
    }
}

/// Acts on quotas.
#[derive(Default)]
pub struct QuotaMutation;

#[Object]
impl QuotaMutation {
    /// Gives a quota of a plan (giao chỉ tiêu) to the plan's unit or to one below it.
    async fn quota_issue(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is given.")] input: Issue,
    ) -> Result<Option<Payload<Issue, Quota>>> {
        Ok(Some(Payload::of(ctx, act::issue(ctx.access(), &input).await?, Quota)))
    }

    /// Hands seats of a quota on (phân bổ chỉ tiêu) to a unit below. Never more than there are, whoever asks at once.
    async fn quota_allocate(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is handed on.")] input: Allocate,
    ) -> Result<Option<Payload<Allocate, HandedOn>>> {
        let view = |handed: Handed| HandedOn { quota: Quota(handed.quota), child: Quota(handed.child) };
        Ok(Some(Payload::of(ctx, act::allocate(ctx.access(), &input).await?, view)))
    }

    /// Gives seats that are not used back (trả lại chỉ tiêu) to the quota that they came from.
    async fn quota_return(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What goes back.")] input: Return,
    ) -> Result<Option<Payload<Return, Quota>>> {
        carried_out(ctx, input).await
    }

    /// Takes an unused quota back (thu hồi chỉ tiêu).
    async fn quota_revoke(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is taken back.")] input: Revoke,
    ) -> Result<Option<Payload<Revoke, Quota>>> {
        carried_out(ctx, input).await
    }

    /// Gives a quota that comes from the plan itself another number of seats (điều chỉnh chỉ tiêu).
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
