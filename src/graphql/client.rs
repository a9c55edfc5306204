//! Clients of the API and their grants, for administration.

use async_graphql::{Context, ID, Object};
use entity::value::{AllowedDocuments, Day, Purpose};

use crate::{
    domain::{
        client::{
            commands::{Grant, Issued, Register, Revoke, RotateSecret},
            list::{self, ClientKey, ClientList},
            visible::{VisibleClient, VisibleGrant},
        },
        command::Command,
        unit,
    },
    error::Result,
    graphql::{
        ContextExt, found,
        instant::Instant,
        page::{Connection, Listed, Total},
        payload::Payload,
        refusal::UserError,
        unit::Unit,
        webhook::ClientWebhook,
    },
    page::PageArgs,
};

/// A client of the API (hệ thống kết nối), with all its past and present grants.
pub struct Client(pub VisibleClient);

/// A client of the API (hệ thống kết nối), with all its past and present grants.
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

    /// Time of registration.
    async fn created_at(&self) -> Instant {
        Instant(self.0.row().created_at)
    }

    /// Time of revocation (thu hồi); null if the client is active.
    async fn revoked_at(&self) -> Option<Instant> {
        self.0.row().revoked_at.map(Instant)
    }

    /// All past and present grants (phạm vi được cấp), oldest first.
    async fn grants(&self) -> Vec<ClientGrant> {
        self.0.grants().iter().cloned().map(ClientGrant).collect()
    }

    /// Webhook of the client (địa chỉ nhận thông báo), registered by the operator; null if it has none.
    async fn webhook(&self, ctx: &Context<'_>) -> Result<Option<ClientWebhook>> {
        let webhook = ctx.loaders().webhook(self.0.key()).await?;
        Ok(webhook.as_ref().clone().map(ClientWebhook))
    }

    /// Increases with every change; send it back as `expectedVersion`.
    async fn version(&self) -> i32 {
        self.0.row().version
    }
}

impl Listed for Client {
    const CONNECTION: &'static str = "ClientConnection";
    const EDGE: &'static str = "ClientEdge";
}

/// A grant (phạm vi được cấp): permitted actions, units and period of a client. Immutable; a new grant replaces it.
pub struct ClientGrant(VisibleGrant);

/// A grant (phạm vi được cấp): permitted actions, units and period of a client. Immutable; a new grant replaces it.
#[Object]
impl ClientGrant {
    /// Opaque id.
    async fn id(&self) -> ID {
        self.0.row().id.into()
    }

    /// Scopes (quyền).
    async fn scopes(&self) -> Vec<String> {
        self.0.row().scopes().map(|scope| scope.to_string()).collect()
    }

    /// Purposes (mục đích truy cập) that the client may state.
    async fn purposes(&self) -> Vec<Purpose> {
        self.0.row().purposes().collect()
    }

    /// Root units whose subtrees are within reach (phạm vi đơn vị), as of today.
    async fn units(&self, ctx: &Context<'_>) -> Vec<Unit> {
        let (access, day) = (ctx.access(), ctx.access().today());
        self.0.units().iter().filter_map(|id| unit::on_day(access, *id, day)).map(Unit).collect()
    }

    /// First day, inclusive; null if there is no start.
    async fn valid_from(&self) -> Option<Day> {
        self.0.row().valid_from
    }

    /// End day, exclusive, as granted; null if there is no end.
    async fn valid_to(&self) -> Option<Day> {
        self.0.row().valid_to
    }

    /// Actual end day, exclusive, if the grant was replaced or ended early; otherwise null.
    async fn ended_on(&self) -> Option<Day> {
        self.0.row().ended_on
    }

    /// Whether the grant is in force today.
    async fn is_in_force(&self, ctx: &Context<'_>) -> bool {
        self.0.is_in_force(ctx.access().today())
    }

    /// Limit of requests per second; null for the limit of the service.
    async fn requests_per_second(&self) -> Option<i32> {
        self.0.limits().columns().0
    }

    /// Limit of operation cost per minute; null for the limit of the service.
    async fn cost_per_minute(&self) -> Option<i32> {
        self.0.limits().columns().1
    }

    /// Documents that the client may run (văn bản truy vấn được phép).
    async fn documents(&self) -> AllowedDocuments {
        self.0.row().documents
    }
}

/// Root fields of clients.
#[derive(Default)]
pub struct ClientQuery;

#[Object]
impl ClientQuery {
    /// A client (hệ thống kết nối) by id. Null if there is none or the caller may not administer it.
    async fn client(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Key of the client.")] by: ClientKey,
    ) -> Result<Option<Client>> {
        Ok(found(list::by_key(ctx.access(), &by).await)?.map(Client))
    }

    /// Clients that the caller may administer, oldest first: those without any right that the caller lacks. Compared
    /// are scopes, purposes, units, limits, the end day, documents, public keys and names at external issuers; of
    /// expired grants only scopes, purposes and units.
    async fn clients(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "Number of entries from the start of the list, 0 to 100; 20 if neither `first` nor `last` is given."
        )]
        first: Option<i32>,
        #[graphql(desc = "A cursor; the page begins after it.")] after: Option<String>,
        #[graphql(desc = "Number of entries from the end of the list, 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "A cursor; the page ends before it.")] before: Option<String>,
    ) -> Result<Option<Connection<Client>>> {
        let args = PageArgs { first, after, last, before };
        let page = ClientList.page(ctx.access(), &args).await?;
        Ok(Some(Connection::new(page, Total::Clients(ClientList), Client)))
    }
}

/// Result of a mutation: the client in its current state, or the reasons of the refusal.
#[Object(name_type)]
impl<C: Command> Payload<C, Client> {
    /// The client in its current state; null if the mutation was refused.
    async fn client(&self) -> Option<&Client> {
        self.object()
    }

    /// Reasons of the refusal; empty if the mutation succeeded, now or in an earlier identical request.
    async fn user_errors(&self) -> &[UserError] {
        self.errors()
    }
}

/// A client, and its newly generated secret.
pub struct WithSecret {
    client: Client,
    secret: Option<String>,
}

impl From<Issued> for WithSecret {
    fn from(issued: Issued) -> Self {
        Self { client: Client(issued.client), secret: issued.secret }
    }
}

/// Result of a mutation that generates a secret: the client in its current state with the secret, or the reasons of the
/// refusal.
#[Object(name_type)]
impl<C: Command> Payload<C, WithSecret> {
    /// The client in its current state; null if the mutation was refused.
    async fn client(&self) -> Option<&Client> {
        self.object().map(|issued| &issued.client)
    }

    /// The new secret (mã bí mật), returned only once: null if the mutation was refused, or repeats an earlier
    /// identical request. If it is lost, generate a new one.
    async fn secret(&self) -> Option<&str> {
        self.object()?.secret.as_deref()
    }

    /// Reasons of the refusal; empty if the mutation succeeded, now or in an earlier identical request.
    async fn user_errors(&self) -> &[UserError] {
        self.errors()
    }
}

/// Mutations of clients.
#[derive(Default)]
pub struct ClientMutation;

#[Object]
impl ClientMutation {
    /// Registers a client (đăng ký hệ thống kết nối) with a grant, and returns its secret once.
    async fn client_register(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The client and its grant.")] input: Register,
    ) -> Result<Option<Payload<Register, WithSecret>>> {
        Payload::executed(ctx, &input, WithSecret::from).await
    }

    /// Replaces the grant of a client (cấp lại phạm vi), at once or from a later day (inclusive). Applies to issued
    /// tokens within 5 seconds.
    async fn client_grant(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The client and its new grant.")] input: Grant,
    ) -> Result<Option<Payload<Grant, Client>>> {
        Payload::executed(ctx, &input, |issued| Client(issued.client)).await
    }

    /// Revokes a client permanently (thu hồi hệ thống kết nối). Its tokens are refused within 5 seconds.
    async fn client_revoke(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The client.")] input: Revoke,
    ) -> Result<Option<Payload<Revoke, Client>>> {
        Payload::executed(ctx, &input, |issued| Client(issued.client)).await
    }

    /// Generates a new secret for a client (cấp lại mã bí mật), returned once; the old one expires at once or after the
    /// overlap.
    async fn client_rotate_secret(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The client.")] input: RotateSecret,
    ) -> Result<Option<Payload<RotateSecret, WithSecret>>> {
        Payload::executed(ctx, &input, WithSecret::from).await
    }
}
