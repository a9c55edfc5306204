//! Mutations of quotas.

use async_graphql::{Context, Object};

use crate::{
    domain::{
        command::Command,
        training::commands::quota::{Allocate, Amend, Handed, Issue, Return, Revoke},
    },
    error::Result,
    graphql::{payload::Payload, refusal::UserError, training::quota::Quota},
};

/// Result of a mutation: the quota in its current state, or the reasons of the refusal.
#[Object(name_type)]
impl<C: Command> Payload<C, Quota> {
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
pub struct Allocation {
    quota: Quota,
    child: Quota,
}

/// Result of an allocation: both quotas in their current state, or the reasons of the refusal.
#[Object(name_type)]
impl<C: Command> Payload<C, Allocation> {
    /// The quota with the allocated seats; null if the mutation was refused.
    async fn quota(&self) -> Option<&Quota> {
        self.object().map(|allocation| &allocation.quota)
    }

    /// The quota of the unit below; null if the mutation was refused.
    async fn child(&self) -> Option<&Quota> {
        self.object().map(|allocation| &allocation.child)
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
        #[graphql(desc = "The quota to issue.")] input: Issue,
    ) -> Result<Option<Payload<Issue, Quota>>> {
        Payload::executed(ctx, &input, Quota).await
    }

    /// Allocates seats of a quota (phân bổ chỉ tiêu) to a unit below. Never exceeds the seats, even with concurrent
    /// requests.
    async fn quota_allocate(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The seats to allocate.")] input: Allocate,
    ) -> Result<Option<Payload<Allocate, Allocation>>> {
        let view = |allocation: Handed| Allocation { quota: Quota(allocation.quota), child: Quota(allocation.child) };
        Payload::executed(ctx, &input, view).await
    }

    /// Returns unused seats (trả lại chỉ tiêu) to the quota that they were allocated from.
    async fn quota_return(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The seats to return.")] input: Return,
    ) -> Result<Option<Payload<Return, Quota>>> {
        Payload::executed(ctx, &input, Quota).await
    }

    /// Revokes an unused quota (thu hồi chỉ tiêu).
    async fn quota_revoke(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The quota to revoke.")] input: Revoke,
    ) -> Result<Option<Payload<Revoke, Quota>>> {
        Payload::executed(ctx, &input, Quota).await
    }

    /// Changes the seats of a quota that the plan itself issued (điều chỉnh chỉ tiêu).
    async fn quota_amend(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The new number of seats.")] input: Amend,
    ) -> Result<Option<Payload<Amend, Quota>>> {
        Payload::executed(ctx, &input, Quota).await
    }
}
