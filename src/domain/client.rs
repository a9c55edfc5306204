//! API clients (hệ thống kết nối): registration, grants, secrets and revocation.

mod administrator;
pub mod commands;
pub mod document;
pub mod document_file;
pub mod external;
mod grant;
pub mod key;
pub mod list;
mod rights;
mod row;
pub mod secret;
mod share;
mod unit_name;
pub mod visible;

use std::{collections::BTreeMap, fmt};

use chrono::{DateTime, Utc};
use entity::{
    client, client_secret, external_client,
    value::{AllowedDocuments, ChangeKind, ClientId, Day, Purpose, Scope},
};
use grant::Terms;
pub use grant::{Asked, ListedGrant, end_grant, grant, history};
pub(super) use grant::{unit_codes, units_by_code, words};
use row::{kind, lock_active};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, SqlErr, sea_query::Expr,
};
pub use unit_name::unit_codes_of;

use crate::{
    auth::secret::Secret,
    authz::{Permit, Txn},
    clock::Clock,
    db::Database,
    error::{Error, Result},
    language::Sentence,
    limit::Overrides,
    text,
};

/// Maximum length of a client name, in characters.
const LONGEST_NAME: usize = 100;
/// Name of the command that registers a client, by the operator or by an administrator.
const ADD: &str = "client.add";
/// Name of the command that revokes a client.
const REVOKE: &str = "client.revoke";

/// Input for registering a client with its grant.
#[derive(Clone, Debug)]
pub struct Add {
    /// Name, unique among all clients, past and present.
    pub name: String,
    /// Scopes (phạm vi), at least one.
    pub scopes: Vec<Scope>,
    /// Codes of the units whose subtrees the client reaches, at least one.
    pub units: Vec<String>,
    /// Purposes (mục đích) that the client may state.
    pub purposes: Vec<Purpose>,
    /// First day, inclusive; `None`: no beginning.
    pub valid_from: Option<Day>,
    /// End, exclusive; `None`: until revoked.
    pub valid_to: Option<Day>,
    /// Legal basis (căn cứ pháp lý) for reading protected data; written to each entry of the access log.
    pub legal_basis: Option<String>,
    /// Documents that the client may run.
    pub documents: AllowedDocuments,
}

/// Credentials that the operator passes to the owner of the client. The secret is not stored in plain text.
pub struct Registered {
    /// Client id.
    pub client_id: ClientId,
    /// Secret of the client.
    pub client_secret: String,
}

impl fmt::Debug for Registered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registered").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

/// A client for the operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Client id.
    pub id: ClientId,
    /// Name of the client.
    pub name: String,
    /// Time of registration.
    pub created_at: DateTime<Utc>,
    /// Time of revocation; `None` if the client is active.
    pub revoked_at: Option<DateTime<Utc>>,
    /// Administrator whose limits apply to the client; `None` for the operator.
    pub administrator: Option<ClientId>,
    /// Links to external issuers: issuer and the issuer's id of the client.
    pub external: Vec<(String, String)>,
    /// Expiry of each secret, the permanent one last; expired secrets are omitted.
    pub secrets: Vec<Option<DateTime<Utc>>>,
    /// Grants of the client, oldest first.
    pub grants: Vec<ListedGrant>,
}

/// Registers a client (đăng ký hệ thống kết nối).
pub async fn add(database: &Database, clock: Clock, add: Add) -> Result<Registered> {
    let name = ensure_name(&add.name)?;
    let Add { scopes, units, purposes, valid_from, valid_to, legal_basis, documents, .. } = add;
    let limits = Overrides::default();
    let asked = Asked { scopes, units, purposes, valid_from, valid_to, legal_basis, limits, documents };
    let codes = asked.ensure("valid_to")?;
    let (id, secret) = (ClientId::new(), Secret::draw()?);

    let txn = Permit::operator(database, clock, kind(ADD)).begin(Some(id.to_string()), None).await?;
    let connection = txn.connection();
    let terms = asked.found(connection, &codes).await?;
    insert(&txn, id, name, &secret, &terms, None).await?.map_err(|NameTaken| name_is_taken())?;
    txn.commit().await?;

    Ok(Registered { client_id: id, client_secret: secret.into_text() })
}

/// Lists all clients, active and revoked, oldest first.
pub async fn list(database: &Database, clock: Clock) -> Result<Vec<Listed>> {
    let connection = database.reader();
    let clients = client::Entity::find().order_by_asc(client::COLUMN.id).all(connection).await?;
    let mut granted = grant::listed(connection, None).await?;
    let now = clock.now();
    let mut secrets_of: BTreeMap<ClientId, Vec<Option<DateTime<Utc>>>> = BTreeMap::new();
    let secrets = client_secret::Entity::find().order_by_asc(client_secret::COLUMN.id).all(connection).await?;
    for row in secrets.into_iter().filter(|row| row.expires_at.is_none_or(|end| end > now)) {
        secrets_of.entry(row.client_id).or_default().push(row.expires_at);
    }
    let mut names: BTreeMap<ClientId, Vec<(String, String)>> = BTreeMap::new();
    for row in external_client::Entity::find().order_by_asc(external_client::COLUMN.issuer).all(connection).await? {
        names.entry(row.client_id).or_default().push((row.issuer, row.external_id));
    }
    let listed = |row: client::Model| Listed {
        external: names.remove(&row.id).unwrap_or_default(),
        secrets: secrets_of.remove(&row.id).unwrap_or_default(),
        grants: granted.remove(&row.id).unwrap_or_default(),
        id: row.id,
        name: row.name,
        created_at: row.created_at,
        revoked_at: row.revoked_at,
        administrator: row.administrator_id,
    };
    Ok(clients.into_iter().map(listed).collect())
}

/// Revokes a client (thu hồi). All nodes reject its tokens within 5 seconds.
///
/// # Errors
/// `NotFound` if the client does not exist; `Conflict` if it was already revoked.
pub async fn revoke(database: &Database, clock: Clock, id: ClientId) -> Result<()> {
    let txn = Permit::operator(database, clock, kind(REVOKE)).begin(Some(id.to_string()), None).await?;
    lock_active(&txn, id).await?;
    end(&txn, id).await?;
    txn.commit().await
}

/// Another client has the same name.
struct NameTaken;

/// Inserts a client with its secret and first grant. `administrator` is `None` for the operator.
async fn insert(
    txn: &Txn,
    id: ClientId,
    name: String,
    secret: &Secret,
    terms: &Terms,
    administrator: Option<ClientId>,
) -> Result<std::result::Result<(), NameTaken>> {
    let (connection, at) = (txn.connection(), txn.at());
    let row = client::ActiveModel {
        id: Set(id),
        name: Set(name),
        created_at: Set(at),
        revoked_at: Set(None),
        version: Set(1),
        administrator_id: Set(administrator),
    };
    match row.insert(connection).await {
        Err(error) if matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))) => {
            return Ok(Err(NameTaken));
        }
        inserted => drop(inserted?),
    }
    secret::insert(connection, id, secret, at).await?;
    grant::insert(connection, id, terms).await?;
    txn.record(ChangeKind::Created, "client", id.to_string()).await?;
    Ok(Ok(()))
}

/// Marks a client as revoked.
async fn end(txn: &Txn, id: ClientId) -> Result<()> {
    client::Entity::update_many()
        .col_expr(client::Column::RevokedAt, Expr::value(txn.at()))
        .filter(client::COLUMN.id.eq(id))
        .exec(txn.connection())
        .await?;
    txn.record(ChangeKind::Ended, "client", id.to_string()).await
}

/// Validates a client name.
///
/// # Errors
/// `Invalid` if it is too long or contains forbidden characters.
fn ensure_name(name: &str) -> Result<String> {
    text::line(name, LONGEST_NAME).filter(|name| name.trim() == name).ok_or_else(|| {
        Error::invalid(
            "name",
            "tên phải có từ 1 đến 100 ký tự, không có khoảng trắng ở đầu hoặc cuối, không có ký tự điều khiển",
            "a name must have 1 to 100 characters, no blank at the beginning or the end, and no control characters",
        )
    })
}

fn name_is_taken() -> Error {
    Error::Conflict(Sentence::new(
        "tên này đã được dùng cho hệ thống kết nối khác; hãy chọn tên khác",
        "another client already has this name; choose another name",
    ))
}

#[cfg(test)]
mod tests;
