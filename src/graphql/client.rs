//! Clients of the API and their grants, for the administrator among them.

use async_graphql::{Context, ID, Object};
use entity::value::Day;

use crate::{
    domain::{
        client::{
            commands::{self, Issued, Register, RotateSecret},
            list::{ClientList, VisibleClient, VisibleGrant},
        },
        page::PageArgs,
        unit,
    },
    error::Result,
    graphql::{
        ContextExt,
        instant::Instant,
        page::{Connection, Listed, Total},
        payload::{Answered, Payload},
        refusal::UserError,
        unit::Unit,
    },
};

/// A client of the API (hệ thống kết nối), with every grant that it has had.
pub struct Client(pub VisibleClient);

/// A client of the API (hệ thống kết nối), with every grant that it has had.
#[Object]
impl Client {
    /// Opaque id; the `client_id` of OAuth.
    pub async fn id(&self) -> ID {
        self.0.row().id.into()
    }

    /// Name of the client (tên hệ thống kết nối), unique.
    async fn name(&self) -> &str {
        &self.0.row().name
    }

    /// When it was registered.
    async fn created_at(&self) -> Instant {
        Instant(self.0.row().created_at)
    }

    /// When it was revoked (thu hồi); null while it lives.
    async fn revoked_at(&self) -> Option<Instant> {
        self.0.row().revoked_at.map(Instant)
    }

    /// Every grant that it has had (phạm vi được cấp), oldest first.
    async fn grants(&self) -> Vec<ClientGrant> {
        self.0.grants().iter().cloned().map(ClientGrant).collect()
    }

    /// Rises with every change; send it back as `expectedVersion`.
    async fn version(&self) -> i32 {
        self.0.row().version
    }
}

impl Listed for Client {
    const CONNECTION: &'static str = "ClientConnection";
    const EDGE: &'static str = "ClientEdge";
}

/// A grant (phạm vi được cấp): what a client may do, where, and until when. It is never changed, another takes its place.
pub struct ClientGrant(VisibleGrant);

/// A grant (phạm vi được cấp): what a client may do, where, and until when. It is never changed, another takes its place.
#[Object]
impl ClientGrant {
    /// Scopes (quyền).
    async fn scopes(&self) -> Vec<String> {
        self.0.row().scopes().map(|scope| scope.to_string()).collect()
    }

    /// Purposes (mục đích truy cập) that the client may state.
    async fn purposes(&self) -> Vec<String> {
        self.0.row().purposes().map(|purpose| purpose.to_string()).collect()
    }

    /// The units whose subtrees it reaches (phạm vi đơn vị), as of today.
    async fn units(&self, ctx: &Context<'_>) -> Vec<Unit> {
        let (access, day) = (ctx.access(), ctx.access().today());
        self.0.units().iter().filter_map(|id| unit::on_day(access, *id, day)).map(Unit).collect()
    }

    /// First day; null: always.
    async fn valid_from(&self) -> Option<Day> {
        self.0.row().valid_from
    }

    /// First day no longer, as it was granted; null: without an end.
    async fn valid_to(&self) -> Option<Day> {
        self.0.row().valid_to
    }

    /// First day no longer, because another took its place or it was ended; null: nothing ended it before its time.
    async fn ended_on(&self) -> Option<Day> {
        self.0.row().ended_on
    }

    /// Whether it holds today.
    async fn is_in_force(&self, ctx: &Context<'_>) -> bool {
        self.0.is_in_force(ctx.access().today())
    }

    /// Requests per second; null: as the service is set.
    async fn requests_per_second(&self) -> Option<i32> {
        self.0.limits().columns().0
    }

    /// Cost of operations per minute; null: as the service is set.
    async fn cost_per_minute(&self) -> Option<i32> {
        self.0.limits().columns().1
    }
}

/// Roots about clients.
#[derive(Default)]
pub struct ClientQuery;

#[Object]
impl ClientQuery {
    /// The clients that the caller may administer, oldest first: those without a right that it lacks itself. Compared are
    /// scopes, purposes, units, limits, the last day, public keys and links with external issuers; of grants that are over
    /// only scopes, purposes and units.
    async fn clients(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start of the list, 0 to 100; 20 if neither `first` nor `last` is given.")]
        first: Option<i32>,
        #[graphql(desc = "A cursor: only what comes after it.")] after: Option<String>,
        #[graphql(desc = "How many from the end of the list, 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "A cursor: only what comes before it.")] before: Option<String>,
    ) -> Result<Option<Connection<Client>>> {
        let args = PageArgs { first, after, last, before };
        let page = ClientList.page(ctx.access(), ctx.allowance().service_limits(), &args).await?;
        Ok(Some(Connection::new(page, Total::Clients(ClientList), Client)))
    }
}

impl Answered for Register {
    const PAYLOAD: &'static str = "ClientRegisterPayload";
}
impl Answered for RotateSecret {
    const PAYLOAD: &'static str = "ClientRotateSecretPayload";
}
impl Answered for commands::Grant {
    const PAYLOAD: &'static str = "ClientGrantPayload";
}
impl Answered for commands::Revoke {
    const PAYLOAD: &'static str = "ClientRevokePayload";
}

/// What came of an act: the client as it stands now, or why the act was refused.
#[Object(name_type)]
impl<A: Answered + Send + Sync> Payload<A, Client> {
    /// The client as it stands now; null if the act was refused.
    async fn client(&self) -> Option<&Client> {
        self.object()
    }

    /// Why the act was refused; empty if it was done, now or by the same request before.
    async fn user_errors(&self) -> &[UserError] {
        self.errors()
    }
}

/// A client, and the secret that was drawn for it.
pub struct WithSecret {
    client: Client,
    secret: Option<String>,
}

impl From<Issued> for WithSecret {
    fn from(issued: Issued) -> Self {
        Self { client: Client(issued.client), secret: issued.secret }
    }
}

/// What came of an act that draws a secret: the client as it stands now with its secret, or why the act was refused.
#[Object(name_type)]
impl<A: Answered + Send + Sync> Payload<A, WithSecret> {
    /// The client as it stands now; null if the act was refused.
    async fn client(&self) -> Option<&Client> {
        self.object().map(|issued| &issued.client)
    }

    /// The new secret (mã bí mật), shown only now: null if the act was refused, and if the same request was answered
    /// before. Who has lost it draws another.
    async fn secret(&self) -> Option<&str> {
        self.object()?.secret.as_deref()
    }

    /// Why the act was refused; empty if it was done, now or by the same request before.
    async fn user_errors(&self) -> &[UserError] {
        self.errors()
    }
}

/// Acts on clients.
#[derive(Default)]
pub struct ClientMutation;

#[Object]
impl ClientMutation {
    /// Registers a client (đăng ký hệ thống kết nối) with a grant, and shows its secret once.
    async fn client_register(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The client and its grant.")] input: Register,
    ) -> Result<Option<Payload<Register, WithSecret>>> {
        let done = commands::register(ctx.access(), ctx.allowance().service_limits(), &input).await?;
        Ok(Some(Payload::of(ctx, done, WithSecret::from)))
    }

    /// Gives a client a grant in the place of the one before (cấp lại phạm vi), at once or from a later day. Tokens
    /// already issued follow within 5 seconds.
    async fn client_grant(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The client and its new grant.")] input: commands::Grant,
    ) -> Result<Option<Payload<commands::Grant, Client>>> {
        Ok(Some(Payload::of(
            ctx,
            commands::grant(ctx.access(), ctx.allowance().service_limits(), &input).await?,
            Client,
        )))
    }

    /// Revokes a client (thu hồi hệ thống kết nối) for ever. Its tokens are refused within 5 seconds.
    async fn client_revoke(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The client.")] input: commands::Revoke,
    ) -> Result<Option<Payload<commands::Revoke, Client>>> {
        Ok(Some(Payload::of(
            ctx,
            commands::revoke(ctx.access(), ctx.allowance().service_limits(), &input).await?,
            Client,
        )))
    }

    /// Gives a client a new secret (cấp lại mã bí mật), shown once; the old one ends at once or after the overlap.
    async fn client_rotate_secret(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The client.")] input: RotateSecret,
    ) -> Result<Option<Payload<RotateSecret, WithSecret>>> {
        let done = commands::rotate_secret(ctx.access(), ctx.allowance().service_limits(), &input).await?;
        Ok(Some(Payload::of(ctx, done, WithSecret::from)))
    }
}
