//! The changes of one command: collected while it runs and written at its commit, each with the units that decide who
//! sees it in the change feed.

mod object_change;
mod units;

use entity::{change, value::Day};
use sea_orm::{ActiveValue::NotSet, DatabaseTransaction, IntoActiveModel};

pub(crate) use object_change::Change;

use crate::{audit::hash_chain::Content, db::bulk, error::Result, projection::ChangedPersons};

/// Number of changes above which a command is a bulk load. Its changes are written as they occur and have no units, so
/// the change feed asks its readers to copy the data again.
const BULK: usize = 50_000;

/// The changes of a command that are not yet written.
#[derive(Debug)]
pub(super) struct ChangeLog {
    audit_seq: i64,
    /// Digest of the audit entry and the changes written so far.
    content: Content,
    changes: Vec<Change>,
    is_bulk: bool,
}

impl ChangeLog {
    /// Empty log of the command with an audit entry.
    pub(super) fn of(audit_seq: i64, content: Content) -> Self {
        Self { audit_seq, content, changes: Vec::new(), is_bulk: false }
    }

    /// Whether the command is a bulk load.
    pub(super) fn is_bulk(&self) -> bool {
        self.is_bulk
    }

    /// Adds a change.
    pub(super) async fn add(&mut self, txn: &DatabaseTransaction, change: Change) -> Result<()> {
        self.changes.push(change);
        if self.changes.len() < BULK {
            return Ok(());
        }
        self.is_bulk = true;
        let rows = std::mem::take(&mut self.changes).into_iter().map(|change| change.row(self.audit_seq)).collect();
        self.insert(txn, rows).await
    }

    /// Writes the changes and returns the content of the command for the hash chain. `persons` are those whose posts or
    /// qualifications the command changed; `None` if the read models were rebuilt for all persons.
    pub(super) async fn write(
        mut self,
        txn: &DatabaseTransaction,
        persons: Option<&ChangedPersons>,
        today: Day,
    ) -> Result<Content> {
        let changes = std::mem::take(&mut self.changes);
        let rows = match self.is_bulk {
            true => changes.into_iter().map(|change| change.row(self.audit_seq)).collect(),
            false => units::find(txn, (self.audit_seq, changes), persons, today).await?,
        };
        self.insert(txn, rows).await?;
        Ok(self.content)
    }

    /// Inserts rows in the order in which the hash chain reads them.
    async fn insert(&mut self, txn: &DatabaseTransaction, rows: Vec<change::Model>) -> Result<()> {
        self.content = rows.iter().fold(self.content.clone(), Content::with_change);
        let rows = rows.into_iter().map(|row| change::ActiveModel { seq: NotSet, ..row.into_active_model() });
        Ok(bulk::insert(txn, rows).await?)
    }
}
