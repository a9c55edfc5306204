//! Registered documents of clients (văn bản truy vấn đã đăng ký): registration, list and end. Only the operator
//! registers and ends documents, because versions of an app stay in use for years.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use entity::{
    client, client_document,
    value::{ChangeKind, ClientId},
};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::{NotSet, Set},
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder,
    sea_query::Expr,
};

use crate::{
    auth::{DocumentHash, MAX_BYTES_OF_CLIENT, MAX_DOCUMENTS_OF_CLIENT},
    authz::{Permit, Txn},
    clock::Clock,
    db::Database,
    domain::client::row::{bump_version, kind, lock_active},
    error::{Error, Result},
    language::Sentence,
};

/// Maximum length of the names of a document's operations, in characters; longer names are truncated.
const LONGEST_NAME: usize = 200;

/// A document to register, which compiles under the schema of this version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    hash: DocumentHash,
    name: Option<String>,
    body: String,
}

impl Document {
    /// A document with the names of its operations, if they have names.
    pub fn new(body: String, name: Option<&str>) -> Self {
        let name = name.map(|name| name.chars().take(LONGEST_NAME).collect());
        Self { hash: DocumentHash::of(&body), name, body }
    }

    /// Hash of the text.
    pub fn hash(&self) -> DocumentHash {
        self.hash
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.body
    }

    /// Names of the operations.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }
}

/// A registered document for the operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Hash of the text.
    pub hash: String,
    /// Names of the operations; `None` if the operation has no name.
    pub name: Option<String>,
    /// Time of registration.
    pub added_at: DateTime<Utc>,
    /// Time at which the document was ended; `None` if it is registered.
    pub ended_at: Option<DateTime<Utc>>,
}

/// Registers documents for a client (đăng ký văn bản truy vấn), all or none, and returns the hashes of the documents
/// that were not registered before. If all of them were, nothing changes. Every instance of the service accepts them
/// within 5 seconds.
///
/// # Errors
/// `NotFound` if the client does not exist; `Conflict` if it was revoked, or if it would have too many documents.
pub async fn add(
    database: &Database,
    clock: Clock,
    id: ClientId,
    documents: &[Document],
) -> Result<BTreeSet<DocumentHash>> {
    let permit = Permit::operator(database, clock, kind("client.document-add"));
    let detail = crate::text::count(documents.len() as u64, "document");
    let txn = permit.begin(Some(id.to_string()), Some(detail)).await?;
    lock_active(&txn, id).await?;
    let before: BTreeMap<String, client_document::Model> =
        of_client(txn.connection(), id).await?.into_iter().map(|row| (row.hash.clone(), row)).collect();
    let is_registered = |hash: DocumentHash| before.get(&hash.to_string()).is_some_and(|row| row.ended_at.is_none());
    let new: BTreeMap<DocumentHash, &Document> =
        documents.iter().map(|document| (document.hash, document)).filter(|(hash, _)| !is_registered(*hash)).collect();
    if new.is_empty() {
        return Ok(BTreeSet::new());
    }

    let registered = before.values().filter(|row| row.ended_at.is_none()).map(|row| row.body.len());
    let sizes: Vec<usize> = registered.chain(new.values().map(|document| document.body.len())).collect();
    ensure_size(sizes.len(), sizes.iter().sum())?;
    for document in new.values() {
        insert(&txn, id, document, before.contains_key(&document.hash.to_string())).await?;
    }
    txn.commit().await?;
    Ok(new.into_keys().collect())
}

/// Lists the documents of a client, registered and ended, oldest first.
///
/// # Errors
/// `NotFound` if the client does not exist.
pub async fn list(database: &Database, id: ClientId) -> Result<Vec<Listed>> {
    client::Entity::find_by_id(id).one(database.reader()).await?.ok_or(Error::NotFound)?;
    let listed = |row: client_document::Model| {
        let client_document::Model { hash, name, added_at, ended_at, .. } = row;
        Listed { hash, name, added_at, ended_at }
    };
    Ok(of_client(database.reader(), id).await?.into_iter().map(listed).collect())
}

/// Ends a registered document (kết thúc văn bản truy vấn). Every node refuses its hash within 5 seconds.
///
/// # Errors
/// `NotFound` if the client has no such document; `Conflict` if it was already ended.
pub async fn end(database: &Database, clock: Clock, id: ClientId, hash: DocumentHash) -> Result<()> {
    let permit = Permit::operator(database, clock, kind("client.document-remove"));
    let txn = permit.begin(Some(id.to_string()), Some(hash.to_string())).await?;
    bump_version(&txn, id).await?;
    let row = client_document::Entity::find_by_id((id, hash.to_string())).one(txn.connection()).await?;
    if row.ok_or(Error::NotFound)?.ended_at.is_some() {
        return Err(Error::Conflict(Sentence::new(
            "văn bản truy vấn này đã kết thúc",
            "this document has been removed already",
        )));
    }
    client_document::Entity::update_many()
        .col_expr(client_document::Column::EndedAt, Expr::value(txn.at()))
        .filter(client_document::COLUMN.client_id.eq(id))
        .filter(client_document::COLUMN.hash.eq(hash.to_string()))
        .exec(txn.connection())
        .await?;
    txn.record(ChangeKind::Ended, "client_document", object(id, hash)).await?;
    txn.commit().await
}

/// Registered documents of all clients that are not revoked, or of one client, for a check.
#[derive(Debug)]
pub struct Registered {
    /// Clients, oldest first.
    clients: std::vec::IntoIter<client::Model>,
}

impl Registered {
    /// Finds the clients.
    ///
    /// # Errors
    /// `NotFound` if the client does not exist.
    pub async fn of(database: &Database, id: Option<ClientId>) -> Result<Self> {
        let clients = match id {
            Some(id) => vec![client::Entity::find_by_id(id).one(database.reader()).await?.ok_or(Error::NotFound)?],
            None => {
                let living = client::Entity::find().filter(client::COLUMN.revoked_at.is_null());
                living.order_by_asc(client::COLUMN.id).all(database.reader()).await?
            }
        };
        Ok(Self { clients: clients.into_iter() })
    }

    /// The next client with its registered documents, one client at a time to bound the memory; `None` after the last.
    pub async fn next(&mut self, database: &Database) -> Result<Option<(ClientId, Vec<Document>)>> {
        let Some(client) = self.clients.next() else { return Ok(None) };
        let rows = of_client(database.reader(), client.id).await?;
        let registered = rows.into_iter().filter(|row| row.ended_at.is_none());
        Ok(Some((client.id, registered.map(|row| Document::new(row.body, row.name.as_deref())).collect())))
    }
}

async fn of_client(connection: &impl ConnectionTrait, id: ClientId) -> Result<Vec<client_document::Model>> {
    let documents = client_document::Entity::find().filter(client_document::COLUMN.client_id.eq(id));
    let documents = documents.order_by_asc(client_document::COLUMN.added_at).order_by_asc(client_document::COLUMN.hash);
    Ok(documents.all(connection).await?)
}

/// Writes a document that is not registered. A document that was ended is registered again.
async fn insert(txn: &Txn, id: ClientId, document: &Document, was_ended: bool) -> Result<()> {
    let row = client_document::ActiveModel {
        client_id: Set(id),
        hash: Set(document.hash.to_string()),
        body: if was_ended { NotSet } else { Set(document.body.clone()) },
        name: Set(document.name.clone()),
        added_at: Set(txn.at()),
        ended_at: Set(None),
    };
    if was_ended {
        row.update(txn.connection()).await?;
    } else {
        row.insert(txn.connection()).await?;
    }
    txn.record(ChangeKind::Created, "client_document", object(id, document.hash)).await
}

/// Checks the number and the size of all documents of a client.
fn ensure_size(documents: usize, bytes: usize) -> Result<()> {
    if documents <= MAX_DOCUMENTS_OF_CLIENT && bytes <= MAX_BYTES_OF_CLIENT {
        return Ok(());
    }
    let mib = MAX_BYTES_OF_CLIENT / (1024 * 1024);
    Err(Error::Conflict(Sentence::new(
        format!(
            "một hệ thống kết nối có tối đa {MAX_DOCUMENTS_OF_CLIENT} văn bản truy vấn, tổng cộng {mib} MiB; hãy kết thúc \
             những văn bản không còn dùng"
        ),
        format!(
            "a client has at most {MAX_DOCUMENTS_OF_CLIENT} documents of {mib} MiB in total, and would have {documents} of \
             {bytes} bytes; remove documents that no version of the app uses any more"
        ),
    )))
}

fn object(client: ClientId, hash: DocumentHash) -> String {
    format!("{client} {hash}")
}
