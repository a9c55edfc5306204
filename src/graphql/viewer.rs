//! The authenticated caller and its rights.

use async_graphql::{Context, Object};
use entity::value::Purpose;

use crate::{
    domain::unit,
    graphql::{ContextExt, unit::Unit},
};

/// Root fields of the caller.
#[derive(Default)]
pub struct ViewerQuery;

#[Object]
impl ViewerQuery {
    /// The authenticated caller and its rights.
    async fn viewer(&self) -> Viewer {
        Viewer
    }
}

/// The calling API client (hệ thống kết nối), with the rights of its grant.
pub struct Viewer;

/// The calling API client (hệ thống kết nối), with the rights of its grant.
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

    /// Person for whom the client acts (người dùng): the issuer and the person's name there; null if it acts for
    /// itself.
    async fn on_behalf_of(&self, ctx: &Context<'_>) -> Option<String> {
        ctx.access().caller().on_behalf_of().map(ToString::to_string)
    }

    /// Scopes that are effective in this request (quyền).
    async fn scopes(&self, ctx: &Context<'_>) -> Vec<String> {
        ctx.access().caller().scopes().iter().map(ToString::to_string).collect()
    }

    /// Root units whose subtrees are within reach (phạm vi đơn vị).
    async fn units(&self, ctx: &Context<'_>) -> Vec<Unit> {
        unit::roots(ctx.access()).into_iter().map(Unit).collect()
    }

    /// Limits of the client (giới hạn), and the remaining amounts.
    async fn limits(&self) -> ViewerLimits {
        ViewerLimits
    }

    /// Purposes that the client may state (mục đích truy cập).
    async fn purposes(&self, ctx: &Context<'_>) -> Vec<Purpose> {
        ctx.access().caller().purposes().iter().copied().collect()
    }
}

/// Limits of the client (giới hạn), counted by each process of the service separately.
pub struct ViewerLimits;

/// Limits of the client (giới hạn), counted by each process of the service separately.
#[Object]
impl ViewerLimits {
    /// Requests per second.
    async fn requests_per_second(&self, ctx: &Context<'_>) -> i32 {
        number(ctx.allowance().limits().requests_per_second.get())
    }

    /// Further requests that are possible now.
    async fn requests_remaining(&self, ctx: &Context<'_>) -> i32 {
        number(ctx.allowance().requests().amount)
    }

    /// Cost of operations per minute.
    async fn cost_per_minute(&self, ctx: &Context<'_>) -> i32 {
        number(ctx.allowance().limits().cost_per_minute.get())
    }

    /// Further cost that is possible now.
    async fn cost_remaining(&self, ctx: &Context<'_>) -> i32 {
        ctx.allowance().cost().map_or(0, |left| number(left.amount))
    }
}

/// Converts a limit for the schema, whose integers have 32 bits.
fn number(limit: u32) -> i32 {
    i32::try_from(limit).unwrap_or(i32::MAX)
}
