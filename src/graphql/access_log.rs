//! Access log of protected data.

use async_graphql::{Context, ID, Object, SimpleObject};
use entity::value::{DataCategory, Purpose};

use crate::{
    domain::access_log::{AccessLog, Reading},
    error::Result,
    graphql::{
        ContextExt,
        instant::Instant,
        page::{Connection, Listed, Total},
    },
    page::PageArgs,
};

/// An access to a person's protected data by one request (lượt truy cập).
pub struct AccessEntry(pub Reading);

impl Listed for AccessEntry {
    const CONNECTION: &'static str = "AccessEntryConnection";
    const EDGE: &'static str = "AccessEntryEdge";
}

impl AccessEntry {
    /// A page of a log.
    pub async fn list(ctx: &Context<'_>, log: AccessLog, args: PageArgs) -> Result<Connection<Self>> {
        let page = log.page(ctx.access(), &args).await?;
        Ok(Connection::new(page, Total::AccessEntries(log), Self))
    }
}

/// An access to a person's protected data by one request (lượt truy cập).
#[Object]
impl AccessEntry {
    /// Opaque id.
    pub async fn id(&self) -> ID {
        self.0.id().into()
    }

    /// Time of the access (thời điểm truy cập).
    async fn at(&self) -> Instant {
        Instant(self.0.row().at)
    }

    /// Name of the client that read the data (hệ thống kết nối).
    async fn client_name(&self) -> &str {
        self.0.client()
    }

    /// Person for whom the client acted; null if it acted for itself.
    async fn on_behalf_of(&self) -> Option<&str> {
        self.0.row().on_behalf_of.as_deref()
    }

    /// Categories of the data (nhóm dữ liệu).
    async fn categories(&self) -> Result<Vec<DataCategory>> {
        self.0.categories()
    }

    /// Stated purpose of the access (mục đích truy cập).
    async fn purpose(&self) -> Purpose {
        self.0.row().purpose
    }

    /// X-Road request in which the data was read (trục liên thông); null if it came through no known security server.
    async fn gateway(&self) -> Option<AccessGateway> {
        let row = self.0.row();
        let gateway = AccessGateway {
            client: row.gateway_client.clone(),
            request_id: row.gateway_request.clone(),
            user_id: row.gateway_user.clone(),
            issue: row.gateway_issue.clone(),
        };
        (gateway != AccessGateway::default()).then_some(gateway)
    }
}

/// An X-Road request, as its security server described it. Values are printable ASCII of at most 255 characters.
#[derive(Debug, Default, PartialEq, Eq, SimpleObject)]
pub struct AccessGateway {
    /// Information system that sent the request (`X-Road-Client`).
    pub client: Option<String>,
    /// Id of the message (`X-Road-Id`).
    pub request_id: Option<String>,
    /// User of the information system (`X-Road-UserId`).
    pub user_id: Option<String>,
    /// Case or document for which the request was sent (`X-Road-Issue`).
    pub issue: Option<String>,
}
