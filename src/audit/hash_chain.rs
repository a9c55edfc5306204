//! Hash chain over the logs. Each link refers to one log entry and contains the hash of the previous link, so that any
//! change, removal or insertion invalidates all later hashes (FIPS 180-4).
//!
//! The content of an entry is encoded identically on both databases: each field with its length, times in whole
//! microseconds.

use std::fmt;

use chrono::{DateTime, Utc};
use entity::{access_entry, access_withholding, audit_entry, change, log_head, log_link, value::Log};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait,
    IntoActiveModel, QueryFilter, QuerySelect, QueryTrait,
};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::error::{Error, Result};

/// SHA-256.
pub type Hash = [u8; 32];

/// Hash before the first link.
pub(crate) const START: Hash = [0; 32];

/// Rows in one statement, within the bind limits of both databases.
pub(crate) const ROWS: usize = 1_000;

/// Digest state of the content of a log entry.
#[derive(Clone)]
pub(crate) struct Content(Sha256);

/// A log entry to be linked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    /// Log of the entry.
    pub log: Log,
    /// Number of the entry in its log.
    pub number: i64,
    /// Digest of its content.
    pub content: Hash,
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Content")
    }
}

impl Content {
    /// Content of a command, without its changes.
    pub(crate) fn of_command(row: &audit_entry::Model) -> Self {
        Self(Sha256::new())
            .number(row.seq)
            .time(row.at)
            .text(&row.actor)
            .text(&row.act)
            .optional(row.object.as_deref())
            .optional(row.detail.as_deref())
    }

    /// Adds the next change of the command, in the order of the change log.
    pub(crate) fn with_change(self, row: &change::Model) -> Self {
        let audience = row.audience_id.map(|unit| unit.0);
        self.text(&row.kind.to_string())
            .text(&row.object_type)
            .text(&row.object)
            .optional(audience.map(|unit| unit.to_string()).as_deref())
    }

    /// Content of a reading of protected data. The values of a gateway are added only if there is one, so that entries
    /// from before gateways were recorded keep their digest.
    pub(crate) fn of_access(row: &access_entry::Model) -> Self {
        let content = Self(Sha256::new())
            .number(row.seq)
            .time(row.at)
            .id(row.client_id.0)
            .optional(row.on_behalf_of.as_deref())
            .id(row.cadre_id.0)
            .text(&row.categories)
            .text(&row.purpose.to_string())
            .optional(row.legal_basis.as_deref())
            .text(&row.operation);
        let gateway = [&row.gateway_client, &row.gateway_request, &row.gateway_user, &row.gateway_issue];
        match gateway.iter().any(|value| value.is_some()) {
            true => gateway.iter().fold(content.text("gateway"), |content, value| content.optional(value.as_deref())),
            false => content,
        }
    }

    /// Content of an order to withhold readings.
    pub(crate) fn of_withholding(row: &access_withholding::Model) -> Self {
        Self(Sha256::new())
            .number(row.seq)
            .time(row.at)
            .id(row.client_id.0)
            .id(row.cadre_id.0)
            .text(&row.until_on.to_string())
            .text(&row.document_no)
    }

    /// Digest of the content.
    pub(crate) fn digest(self) -> Hash {
        self.0.finalize().into()
    }

    fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0.update((bytes.len() as u64).to_be_bytes());
        self.0.update(bytes);
        self
    }

    fn text(self, text: &str) -> Self {
        self.bytes(text.as_bytes())
    }

    /// The encoding distinguishes `None` from an empty text.
    fn optional(self, text: Option<&str>) -> Self {
        match text {
            Some(text) => self.bytes(&[1]).text(text),
            None => self.bytes(&[0]),
        }
    }

    fn number(self, number: i64) -> Self {
        self.bytes(&number.to_be_bytes())
    }

    /// PostgreSQL stores microseconds.
    fn time(self, at: DateTime<Utc>) -> Self {
        self.number(at.timestamp_micros())
    }

    fn id(self, id: Uuid) -> Self {
        self.bytes(id.as_bytes())
    }
}

/// Hash of a link.
pub(crate) fn hash(before: &Hash, position: i64, log: Log, content: &Hash) -> Hash {
    Content(Sha256::new()).bytes(before).number(position).text(&log.to_string()).bytes(content).digest()
}

/// End of the chain, locked until the transaction ends. It is the last lock that a writer takes, so that writers wait
/// for each other only during a commit.
#[derive(Debug)]
pub(crate) struct Head {
    position: i64,
    hash: Hash,
}

impl Head {
    /// Locks the end of the chain. On SQLite, a write transaction already locks the whole database.
    pub(crate) async fn lock(transaction: &DatabaseTransaction) -> Result<Self> {
        let row = log_head::Entity::find_by_id(1).lock_exclusive().one(transaction).await?;
        let row = row.ok_or_else(|| Error::internal("the head row of the hash chain is missing"))?;
        let hash =
            row.hash.try_into().map_err(|_| Error::internal("the head row of the hash chain has no valid hash"))?;
        Ok(Self { position: row.position, hash })
    }

    /// Position of the next link.
    pub(crate) fn next(&self) -> i64 {
        self.position + 1
    }

    /// Adds a link for each entry, in order, and returns the position of the last.
    pub(crate) async fn link(
        mut self,
        transaction: &DatabaseTransaction,
        entries: impl IntoIterator<Item = Entry>,
    ) -> Result<i64> {
        let mut links = Vec::new();
        for entry in entries {
            self.position += 1;
            self.hash = hash(&self.hash, self.position, entry.log, &entry.content);
            links.push(log_link::ActiveModel {
                position: Set(self.position),
                log: Set(entry.log),
                entry: Set(entry.number),
                hash: Set(self.hash.to_vec()),
            });
        }
        for links in links.chunks(ROWS) {
            log_link::Entity::insert_many(links.to_vec()).exec_without_returning(transaction).await?;
        }
        let head = log_head::Model { id: 1, position: self.position, hash: self.hash.to_vec() };
        head.into_active_model().reset_all().update(transaction).await?;
        Ok(self.position)
    }
}

/// Position of the last link; 0 for an empty chain. Writers hold the lock on the end of the chain until they have
/// committed, so later reads include all commands up to this position.
pub(crate) async fn end(connection: &impl ConnectionTrait) -> Result<i64> {
    let head = log_head::Entity::find_by_id(1).one(connection).await?;
    Ok(head.map_or(0, |head| head.position))
}

/// Audit log numbers of the commands committed after a position of the chain.
pub(crate) async fn commands_after(connection: &impl ConnectionTrait, place: i64) -> Result<Vec<i64>> {
    let links = log_link::Entity::find()
        .select_only()
        .column(log_link::Column::Entry)
        .filter(log_link::Column::Position.gt(place))
        .filter(log_link::Column::Log.eq(Log::Audit));
    Ok(links.into_tuple().all(connection).await?)
}

/// Whether a command committed after a position of the chain changed an object of a type that is not in `except`.
pub(crate) async fn has_changed_after(connection: &impl ConnectionTrait, place: i64, except: &[&str]) -> Result<bool> {
    let commands = log_link::Entity::find()
        .select_only()
        .column(log_link::Column::Entry)
        .filter(log_link::Column::Position.gt(place))
        .filter(log_link::Column::Log.eq(Log::Audit));
    let first = change::Entity::find()
        .filter(change::Column::AuditSeq.in_subquery(commands.into_query()))
        .filter(change::Column::ObjectType.is_not_in(except.iter().copied()));
    Ok(first.one(connection).await?.is_some())
}

#[cfg(test)]
mod tests {
    use data_encoding::HEXLOWER;
    use entity::value::{CadreId, ClientId, Purpose};

    use super::*;

    fn command(object: Option<&str>, detail: Option<&str>, at: &str) -> Hash {
        let row = audit_entry::Model {
            seq: 7,
            at: at.parse().expect("a moment"),
            actor: "operator".to_owned(),
            act: "import".to_owned(),
            object: object.map(str::to_owned),
            detail: detail.map(str::to_owned),
        };
        Content::of_command(&row).digest()
    }

    fn reading(gateway: [Option<&str>; 4]) -> String {
        let [gateway_client, gateway_request, gateway_user, gateway_issue] =
            gateway.map(|value| value.map(str::to_owned));
        let row = access_entry::Model {
            seq: 7,
            at: "2026-06-01T05:00:00Z".parse().expect("a moment"),
            client_id: ClientId(Uuid::from_u128(1)),
            on_behalf_of: None,
            cadre_id: CadreId(Uuid::from_u128(2)),
            categories: "IDENTITY".to_owned(),
            purpose: Purpose::Training,
            legal_basis: Some("Hợp đồng 1/2026".to_owned()),
            operation: "ab".to_owned(),
            gateway_client,
            gateway_request,
            gateway_user,
            gateway_issue,
        };
        HEXLOWER.encode(&Content::of_access(&row).digest())
    }

    /// Another program computed the digests from the description of the encoding. The first digest is from the version
    /// before gateways were recorded.
    #[test]
    fn the_content_of_a_reading_is_encoded_as_before() {
        let before = "67784a91e1ea8007c1576a2cbaaba967c8bfc9342c6dc56a56b2fe75136d76ae";
        assert_eq!(reading([None; 4]), before);
        let with_gateway = "b3d31b675a3a31e8db21b18dff11cdc18e6027ab57f290d76d3c9b5b596890ba";
        assert_eq!(reading([Some("VN/GOV/H99"), None, Some(""), Some("12")]), with_gateway);
        let other = reading([Some("VN/GOV/H99"), Some(""), None, Some("12")]);
        assert!(![before, with_gateway].contains(&other.as_str()));
    }

    #[test]
    fn different_entries_have_different_digests() {
        let at = "2026-06-01T05:00:00.123456Z";
        let all = [
            command(None, None, at),
            command(Some(""), None, at),
            command(None, Some(""), at),
            command(Some("ab"), Some("c"), at),
            command(Some("a"), Some("bc"), at),
            command(None, None, "2026-06-01T05:00:00.123457Z"),
        ];
        for (nth, one) in all.iter().enumerate() {
            assert!(!all[nth + 1..].contains(one), "{nth}");
        }
        assert_eq!(
            all[0],
            command(None, None, "2026-06-01T05:00:00.123456999Z"),
            "the control: what no database keeps"
        );
    }

    #[test]
    fn the_hash_of_a_link_depends_on_its_predecessor_position_log_and_content() {
        let (one, two) = (hash(&START, 1, Log::Audit, &[1; 32]), [2; 32]);
        assert_eq!(one, hash(&START, 1, Log::Audit, &[1; 32]));
        for other in [
            hash(&two, 1, Log::Audit, &[1; 32]),
            hash(&START, 2, Log::Audit, &[1; 32]),
            hash(&START, 1, Log::Access, &[1; 32]),
            hash(&START, 1, Log::Audit, &two),
        ] {
            assert_ne!(one, other);
        }
    }
}
