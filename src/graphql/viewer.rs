//! Who asks, and what it may do.

use async_graphql::{Context, Object};

use crate::{
    domain::unit,
    graphql::{ContextExt, unit::Unit},
};

/// Roots about the caller.
#[derive(Default)]
pub struct ViewerQuery;

#[Object]
impl ViewerQuery {
    /// Who asks, and what it may do.
    async fn viewer(&self) -> Viewer {
        Viewer
    }
}

/// The API client that asks (hệ thống kết nối), with what its grant opens.
pub struct Viewer;

/// The API client that asks (hệ thống kết nối), with what its grant opens.
#[Object]
impl Viewer {
    /// The client's id.
    async fn client_id(&self, ctx: &Context<'_>) -> String {
        ctx.access().caller().client_id().to_string()
    }

    /// The client's name.
    async fn name<'a>(&self, ctx: &Context<'a>) -> &'a str {
        ctx.access().caller().name()
    }

    /// The person for whom the client asks (người dùng): the issuer and its name for the person; null: for itself.
    async fn on_behalf_of(&self, ctx: &Context<'_>) -> Option<String> {
        ctx.access().caller().on_behalf_of().map(ToString::to_string)
    }

    /// The scopes that are open in this request (quyền).
    async fn scopes(&self, ctx: &Context<'_>) -> Vec<String> {
        ctx.access().caller().scopes().iter().map(ToString::to_string).collect()
    }

    /// The units whose subtrees are within reach (phạm vi đơn vị).
    async fn units(&self, ctx: &Context<'_>) -> Vec<Unit> {
        unit::roots(ctx.access()).into_iter().map(Unit).collect()
    }

    /// How much the client may ask for (giới hạn), and what is left of it.
    async fn limits(&self) -> ViewerLimits {
        ViewerLimits
    }

    /// The purposes that the client may state (mục đích truy cập).
    async fn purposes(&self, ctx: &Context<'_>) -> Vec<String> {
        ctx.access().caller().purposes().iter().map(ToString::to_string).collect()
    }
}

/// How much the client may ask for (giới hạn), each process of the service counting for itself.
pub struct ViewerLimits;

/// How much the client may ask for (giới hạn), each process of the service counting for itself.
#[Object]
impl ViewerLimits {
    /// Requests per second.
    async fn requests_per_second(&self, ctx: &Context<'_>) -> i32 {
        number(ctx.allowance().limits().requests_per_second.get())
    }

    /// Requests that may follow this one at once.
    async fn requests_remaining(&self, ctx: &Context<'_>) -> i32 {
        number(ctx.allowance().requests().amount)
    }

    /// Cost of operations per minute.
    async fn cost_per_minute(&self, ctx: &Context<'_>) -> i32 {
        number(ctx.allowance().limits().cost_per_minute.get())
    }

    /// Cost that may follow this operation at once.
    async fn cost_remaining(&self, ctx: &Context<'_>) -> i32 {
        ctx.allowance().cost().map_or(0, |left| number(left.amount))
    }
}

/// No limit is larger than a number of GraphQL.
fn number(limit: u32) -> i32 {
    i32::try_from(limit).unwrap_or(i32::MAX)
}
