//! Recorded changes in the order of their commits.
//!
//! `change.seq` is drawn before the commit, so changes are ordered by the position of their command in the hash chain,
//! and by `seq` within a command. A writer holds the end of the chain until it has committed, so a reader that sees a
//! position also sees all changes before it.

use chrono::{DateTime, Utc};
use entity::{audit_entry, change, log_link};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::Expr};

use crate::error::{Error, Result};

/// Number of commands whose changes are read in one statement.
const COMMANDS: u64 = 200;

/// A position between two changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct FeedPosition {
    /// Position of a command in the hash chain.
    pub command: i64,
    /// The last change before the position; `WHOLE` after the last change of the command.
    pub seq: i64,
}

/// Sequence number after all changes of a command.
const WHOLE: i64 = i64::MAX;

impl FeedPosition {
    /// After a command with all its changes.
    pub(crate) fn after(command: i64) -> Self {
        Self { command, seq: WHOLE }
    }
}

/// A change with its position.
#[derive(Clone, Debug)]
pub(crate) struct RecordedChange {
    /// Position directly after the change.
    pub position: FeedPosition,
    /// Time of the command.
    pub at: DateTime<Utc>,
    /// The change.
    pub row: change::Model,
}

/// Part of the recorded changes.
#[derive(Debug)]
pub(crate) struct Changes {
    /// The changes in the order of their commits.
    pub changes: Vec<RecordedChange>,
    /// Position after which reading continues.
    pub end: FeedPosition,
    /// Whether these are the last recorded changes.
    pub is_last: bool,
}

/// Reads at most `limit` changes after a position.
pub(crate) async fn read(connection: &impl ConnectionTrait, after: FeedPosition, limit: u64) -> Result<Changes> {
    if after.seq != WHOLE {
        let command = commands_from(connection, after.command, 1).await?;
        let rest = of_command(connection, command.first().copied(), after, limit).await?;
        if !rest.changes.is_empty() {
            return Ok(rest);
        }
    }
    let commands = commands_from(connection, after.command + 1, COMMANDS).await?;
    let Some(&(last, _)) = commands.last() else {
        return Ok(Changes { changes: Vec::new(), end: after, is_last: true });
    };
    let positions =
        |audit_seq: i64| commands.iter().find(|(_, entry)| *entry == audit_seq).map(|(position, _)| *position);
    let rows = select(commands.iter().map(|(_, entry)| *entry)).limit(limit + 1).all(connection).await?;
    if rows.len() as u64 > limit {
        let first = commands.first().copied();
        let start = FeedPosition { command: first.map_or(after.command, |(position, _)| position), seq: i64::MIN };
        return of_command(connection, first, start, limit).await;
    }
    let mut changes = rows.into_iter().map(|row| recorded(row, positions)).collect::<Result<Vec<_>>>()?;
    changes.sort_unstable_by_key(|change| change.position);
    let is_last = (commands.len() as u64) < COMMANDS;
    Ok(Changes { changes, end: FeedPosition::after(last), is_last })
}

/// Positions and audit log numbers of the next commands from a position on.
async fn commands_from(connection: &impl ConnectionTrait, from: i64, limit: u64) -> Result<Vec<(i64, i64)>> {
    let links = log_link::Entity::find()
        .select_only()
        .columns([log_link::Column::Position, log_link::Column::Entry])
        .filter(log_link::Column::Position.gte(from))
        // As text, so that the partial index of these links is used.
        .filter(Expr::cust("log_link.log = 'AUDIT'"))
        .order_by_asc(log_link::Column::Position)
        .limit(limit);
    Ok(links.into_tuple().all(connection).await?)
}

/// Changes of one command after a position.
async fn of_command(
    connection: &impl ConnectionTrait,
    command: Option<(i64, i64)>,
    after: FeedPosition,
    limit: u64,
) -> Result<Changes> {
    let (position, entry) = command.ok_or_else(|| Error::internal("a command of the change feed is gone"))?;
    let rows = select([entry]).filter(change::Column::Seq.gt(after.seq)).limit(limit).all(connection).await?;
    let is_whole = (rows.len() as u64) < limit;
    let changes = rows.into_iter().map(|row| recorded(row, |_| Some(position))).collect::<Result<Vec<_>>>()?;
    let end = match changes.last() {
        Some(last) if !is_whole => last.position,
        _ => FeedPosition::after(position),
    };
    Ok(Changes { changes, end, is_last: false })
}

fn select(audit: impl IntoIterator<Item = i64>) -> sea_orm::SelectTwo<change::Entity, audit_entry::Entity> {
    change::Entity::find()
        .find_also_related(audit_entry::Entity)
        .filter(change::Column::AuditSeq.is_in(audit))
        .order_by_asc(change::Column::AuditSeq)
        .order_by_asc(change::Column::Seq)
}

fn recorded(
    (row, entry): (change::Model, Option<audit_entry::Model>),
    position: impl Fn(i64) -> Option<i64>,
) -> Result<RecordedChange> {
    let at = entry.ok_or_else(|| Error::internal("a change without its command"))?.at;
    let command = position(row.audit_seq).ok_or_else(|| Error::internal("a change without its position"))?;
    Ok(RecordedChange { position: FeedPosition { command, seq: row.seq }, at, row })
}

/// Part of the log that was searched for changes of some types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Searched {
    /// Position of the last command that was searched; the start of the search without commands.
    pub end: i64,
    /// Whether these commands changed an object of these types.
    pub has_changes: bool,
}

/// Searches the next commands after a position for changes of objects of these types. Changes that are not published
/// (`change.audience_id`) do not count.
pub(crate) async fn search_public(connection: &impl ConnectionTrait, after: i64, tables: &[&str]) -> Result<Searched> {
    let commands = commands_from(connection, after + 1, COMMANDS).await?;
    let Some(&(end, _)) = commands.last() else { return Ok(Searched { end: after, has_changes: false }) };
    let public = change::Entity::find()
        .select_only()
        .column(change::Column::Seq)
        .filter(change::Column::AuditSeq.is_in(commands.iter().map(|(_, entry)| *entry)))
        .filter(change::Column::AudienceId.is_null())
        .filter(change::Column::ObjectType.is_in(tables.iter().copied()))
        .limit(1);
    let first: Option<i64> = public.into_tuple().one(connection).await?;
    Ok(Searched { end, has_changes: first.is_some() })
}
