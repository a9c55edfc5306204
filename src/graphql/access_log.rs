//! Access log of protected data.

use async_graphql::{Context, ID, Object};
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
}
