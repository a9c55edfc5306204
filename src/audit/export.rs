//! The whole access log for the operator, including readings withheld from the API.

use std::{collections::HashMap, ops::ControlFlow};

use chrono::{DateTime, Utc};
use entity::{
    access_entry, access_withholding, cadre, client,
    value::{CadreCode, CadreId, ClientId, Day, Purpose},
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::Serialize;

use crate::{db::Database, error::Result};

/// Number of entries read by one statement.
const CHUNK: u64 = 1_000;

/// Entry of the access log for the operator.
#[derive(Clone, Debug, Serialize)]
pub struct Line {
    /// Position in the chain.
    pub position: i64,
    /// Time of the reading.
    pub at: DateTime<Utc>,
    /// Client that read the data.
    pub client: ClientId,
    /// Name of the client.
    pub client_name: String,
    /// Code of the person concerned.
    pub subject: String,
    /// Categories of the data, separated by blanks.
    pub categories: String,
    /// Stated purpose.
    pub purpose: Purpose,
    /// Legal basis of the grant.
    pub legal_basis: Option<String>,
    /// SHA-256 of the GraphQL document.
    pub operation: String,
    /// X-Road client, if the request came through a security server.
    pub gateway_client: Option<String>,
    /// Id of the X-Road message.
    pub gateway_request: Option<String>,
    /// User of the X-Road client.
    pub gateway_user: Option<String>,
    /// Case or document of the X-Road request.
    pub gateway_issue: Option<String>,
    /// First day on which the API shows the reading again; `None` if it is not withheld.
    pub withheld_until: Option<Day>,
}

/// Calls `show` for each entry, of one person or of all, oldest first. The log is read in chunks.
///
/// # Errors
/// `Unavailable` or `Internal` if the database does not answer.
pub async fn each(
    database: &Database,
    subject: Option<&CadreCode>,
    mut show: impl FnMut(&Line) -> ControlFlow<()>,
) -> Result<()> {
    let connection = database.reader();
    let names: HashMap<ClientId, String> =
        client::Entity::find().all(connection).await?.into_iter().map(|row| (row.id, row.name)).collect();
    let withheld = withheld(database).await?;
    let mut last = 0;
    loop {
        let mut select = access_entry::Entity::find().find_also_related(cadre::Entity);
        if let Some(code) = subject {
            select = select.filter(cadre::Column::Code.eq(code.clone()));
        }
        let rows = select
            .filter(access_entry::Column::Seq.gt(last))
            .order_by_asc(access_entry::Column::Seq)
            .limit(CHUNK)
            .all(connection)
            .await?;
        let Some((newest, _)) = rows.last() else { return Ok(()) };
        last = newest.seq;
        for (row, person) in rows {
            let Some(person) = person else { continue };
            let shown = show(&Line {
                position: row.seq,
                at: row.at,
                client: row.client_id,
                client_name: names.get(&row.client_id).cloned().unwrap_or_default(),
                subject: person.code.to_string(),
                categories: row.categories,
                purpose: row.purpose,
                legal_basis: row.legal_basis,
                operation: row.operation,
                gateway_client: row.gateway_client,
                gateway_request: row.gateway_request,
                gateway_user: row.gateway_user,
                gateway_issue: row.gateway_issue,
                withheld_until: withheld.get(&(row.client_id, row.cadre_id)).copied(),
            });
            if shown.is_break() {
                return Ok(());
            }
        }
    }
}

/// Days until which readings are withheld, by the latest order.
async fn withheld(database: &Database) -> Result<HashMap<(ClientId, CadreId), Day>> {
    let rows = access_withholding::Entity::find().order_by_asc(access_withholding::Column::Seq);
    let rows = rows.all(database.reader()).await?;
    Ok(rows.into_iter().map(|row| ((row.client_id, row.cadre_id), row.until_on)).collect())
}
