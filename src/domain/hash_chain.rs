//! The chain over the logs: each entry of a log is held by a link, and each link holds the hash of the one before, so that
//! nothing can be changed, taken out or put in without every later hash being wrong (FIPS 180-4).
//!
//! What an entry holds is written in a form that is the same on both databases: each field with its length, moments in
//! whole microseconds.

use std::fmt;

use chrono::{DateTime, Utc};
use entity::{access_entry, access_withholding, audit_entry, change, log_head, log_link, value::Log};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait,
    IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::error::{Error, Result};

/// SHA-256.
pub type Hash = [u8; 32];

/// The hash before the first link.
pub(in crate::domain) const START: Hash = [0; 32];

/// Rows of one statement, within what both databases can bind.
pub(in crate::domain) const ROWS: usize = 1_000;

/// What an entry of a log holds, as it is read into a digest.
#[derive(Clone)]
pub(in crate::domain) struct Content(Sha256);

/// An entry that the chain shall hold.
#[derive(Clone, Copy, Debug)]
pub(in crate::domain) struct Entry {
    /// Its log.
    pub log: Log,
    /// Its number in the log.
    pub number: i64,
    /// The digest of what it holds.
    pub content: Hash,
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Content")
    }
}

impl Content {
    /// An act, still without its changes.
    pub(in crate::domain) fn of_act(row: &audit_entry::Model) -> Self {
        Self(Sha256::new())
            .number(row.seq)
            .moment(row.at)
            .text(&row.actor)
            .text(&row.act)
            .optional(row.object.as_deref())
            .optional(row.detail.as_deref())
    }

    /// With the next change of the act, in the order of the change log.
    pub(in crate::domain) fn with_change(self, row: &change::Model) -> Self {
        let audience = row.audience_id.map(|unit| unit.0);
        self.text(&row.kind.to_string())
            .text(&row.object_type)
            .text(&row.object)
            .optional(audience.map(|unit| unit.to_string()).as_deref())
    }

    /// A reading of protected data.
    pub(in crate::domain) fn of_access(row: &access_entry::Model) -> Self {
        Self(Sha256::new())
            .number(row.seq)
            .moment(row.at)
            .id(row.client_id.0)
            .optional(row.on_behalf_of.as_deref())
            .id(row.cadre_id.0)
            .text(&row.categories)
            .text(&row.purpose.to_string())
            .optional(row.legal_basis.as_deref())
            .text(&row.operation)
    }

    /// Readings that are withheld.
    pub(in crate::domain) fn of_withholding(row: &access_withholding::Model) -> Self {
        Self(Sha256::new())
            .number(row.seq)
            .moment(row.at)
            .id(row.client_id.0)
            .id(row.cadre_id.0)
            .text(&row.until_on.to_string())
            .text(&row.document_no)
    }

    /// The digest of all of it.
    pub(in crate::domain) fn digest(self) -> Hash {
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

    /// None is told from an empty text.
    fn optional(self, text: Option<&str>) -> Self {
        match text {
            Some(text) => self.bytes(&[1]).text(text),
            None => self.bytes(&[0]),
        }
    }

    fn number(self, number: i64) -> Self {
        self.bytes(&number.to_be_bytes())
    }

    /// PostgreSQL keeps no more than microseconds.
    fn moment(self, at: DateTime<Utc>) -> Self {
        self.number(at.timestamp_micros())
    }

    fn id(self, id: Uuid) -> Self {
        self.bytes(id.as_bytes())
    }
}

/// The hash of a link.
pub(in crate::domain) fn hash(before: &Hash, position: i64, log: Log, content: &Hash) -> Hash {
    Content(Sha256::new()).bytes(before).number(position).text(&log.to_string()).bytes(content).digest()
}

/// The end of the chain, locked until the transaction ends. It is the last lock that a writer takes, so that writers wait
/// for each other only for the length of a commit.
#[derive(Debug)]
pub(in crate::domain) struct Head {
    position: i64,
    hash: Hash,
}

impl Head {
    /// Locks the end of the chain. On SQLite the writing transaction has the whole database already.
    pub(in crate::domain) async fn lock(transaction: &DatabaseTransaction) -> Result<Self> {
        let row = log_head::Entity::find_by_id(1).lock_exclusive().one(transaction).await?;
        let row = row.ok_or_else(|| Error::internal("the head of the chain is gone"))?;
        let hash = row.hash.try_into().map_err(|_| Error::internal("the head of the chain is no hash"))?;
        Ok(Self { position: row.position, hash })
    }

    /// The place of the next link.
    pub(in crate::domain) fn next(&self) -> i64 {
        self.position + 1
    }

    /// Adds a link for each entry, in their order, and gives the place of the last.
    pub(in crate::domain) async fn link(
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

/// The place of the last link; 0 before the first. Writers wait for each other at the end of the chain until they have
/// committed, so what is read later holds all acts up to this place.
pub(in crate::domain) async fn end(connection: &impl ConnectionTrait) -> Result<i64> {
    let head = log_head::Entity::find_by_id(1).one(connection).await?;
    Ok(head.map_or(0, |head| head.position))
}

/// The numbers in the audit log of the acts that were committed after a place of the chain.
pub(in crate::domain) async fn acts_after(connection: &impl ConnectionTrait, place: i64) -> Result<Vec<i64>> {
    let links = log_link::Entity::find()
        .select_only()
        .column(log_link::Column::Entry)
        .filter(log_link::Column::Position.gt(place))
        .filter(log_link::Column::Log.eq(Log::Audit));
    Ok(links.into_tuple().all(connection).await?)
}

/// The place of the last act after a place of the chain, if there is one.
pub(in crate::domain) async fn last_act_after(connection: &impl ConnectionTrait, place: i64) -> Result<Option<i64>> {
    let last = log_link::Entity::find()
        .select_only()
        .column(log_link::Column::Position)
        .filter(log_link::Column::Position.gt(place))
        .filter(log_link::Column::Log.eq(Log::Audit))
        .order_by_desc(log_link::Column::Position);
    Ok(last.into_tuple().one(connection).await?)
}

/// Whether an act that was committed after a place of the chain changed an object of a type that is not in `except`.
pub(in crate::domain) async fn has_changed_after(
    connection: &impl ConnectionTrait,
    place: i64,
    except: &[&str],
) -> Result<bool> {
    let acts = log_link::Entity::find()
        .select_only()
        .column(log_link::Column::Entry)
        .filter(log_link::Column::Position.gt(place))
        .filter(log_link::Column::Log.eq(Log::Audit));
    let first = change::Entity::find()
        .filter(change::Column::AuditSeq.in_subquery(acts.into_query()))
        .filter(change::Column::ObjectType.is_not_in(except.iter().copied()));
    Ok(first.one(connection).await?.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn act(object: Option<&str>, detail: Option<&str>, at: &str) -> Hash {
        let row = audit_entry::Model {
            seq: 7,
            at: at.parse().expect("a moment"),
            actor: "operator".to_owned(),
            act: "import".to_owned(),
            object: object.map(str::to_owned),
            detail: detail.map(str::to_owned),
        };
        Content::of_act(&row).digest()
    }

    #[test]
    fn no_two_entries_have_one_content() {
        let at = "2026-06-01T05:00:00.123456Z";
        let all = [
            act(None, None, at),
            act(Some(""), None, at),
            act(None, Some(""), at),
            act(Some("ab"), Some("c"), at),
            act(Some("a"), Some("bc"), at),
            act(None, None, "2026-06-01T05:00:00.123457Z"),
        ];
        for (nth, one) in all.iter().enumerate() {
            assert!(!all[nth + 1..].contains(one), "{nth}");
        }
        assert_eq!(all[0], act(None, None, "2026-06-01T05:00:00.123456999Z"), "the control: what no database keeps");
    }

    #[test]
    fn a_link_holds_the_hash_before_its_place_its_log_and_its_content() {
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
