//! The whole access log, for the operator: also what is withheld from the API.

use std::{collections::HashMap, ops::ControlFlow};

use chrono::{DateTime, Utc};
use entity::{
    access_entry, access_withholding, cadre, client,
    value::{CadreCode, CadreId, ClientId, Day, Purpose},
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::Serialize;

use crate::{db::Database, error::Result};

/// Entries of one statement.
const CHUNK: u64 = 1_000;

/// An entry as the operator sees it.
#[derive(Clone, Debug, Serialize)]
pub struct Line {
    /// Place in the chain.
    pub position: i64,
    /// When.
    pub at: DateTime<Utc>,
    /// Client that read.
    pub client: ClientId,
    /// Its name.
    pub client_name: String,
    /// Code of the person whose data was read.
    pub subject: String,
    /// Categories of the data, separated by blanks.
    pub categories: String,
    /// Purpose that was stated.
    pub purpose: Purpose,
    /// Legal basis of the grant.
    pub legal_basis: Option<String>,
    /// SHA-256 of the document that was run.
    pub operation: String,
    /// First day on which the API tells it again; none: it is not withheld.
    pub withheld_until: Option<Day>,
}

/// Shows each entry, of one person or of all, oldest first. The log is read in pieces.
///
/// # Errors
/// `Unavailable` or `Internal` where the database does not answer.
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
                withheld_until: withheld.get(&(row.client_id, row.cadre_id)).copied(),
            });
            if shown.is_break() {
                return Ok(());
            }
        }
    }
}

/// Until when readings are withheld, by the order given last.
async fn withheld(database: &Database) -> Result<HashMap<(ClientId, CadreId), Day>> {
    let rows = access_withholding::Entity::find().order_by_asc(access_withholding::Column::Seq);
    let rows = rows.all(database.reader()).await?;
    Ok(rows.into_iter().map(|row| ((row.client_id, row.cadre_id), row.until_on)).collect())
}
