//! Positions of the last commands whose effects a caller may see, for the tags of answers.
//!
//! A command that changed only restricted objects (`change.audience_id`) counts only for callers whose reach contains
//! their unit. An order to withhold readings counts for no caller. All other commands count for every caller, so that a
//! tag changes too often rather than too seldom.
//!
//! Each reading sends one statement, whether or not there is a newer command. Its duration therefore does not show
//! restricted commands.

use std::collections::BTreeMap;

use entity::{change, value::UnitId};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QuerySelect, Statement, TryGetable,
};

use crate::error::Result;

/// Commands that one statement reads.
const COMMANDS: usize = 50;

/// Position of the last command that counts for every caller.
const LAST_PUBLIC: &str = "\
    SELECT command.position FROM log_link AS command WHERE command.log = 'AUDIT' AND ( \
        (SELECT of.seq FROM change AS of WHERE of.audit_seq = command.entry AND of.audience_id IS NULL LIMIT 1) IS NOT NULL \
        OR ( \
            (SELECT of.seq FROM change AS of WHERE of.audit_seq = command.entry LIMIT 1) IS NULL \
            AND (SELECT next.position FROM log_link AS next WHERE next.position = command.position + 1 \
                AND next.log = 'WITHHOLDING') IS NULL)) \
    ORDER BY command.position DESC LIMIT 1";

/// Positions of the last commands, as of one position of the log.
#[derive(Clone, Debug, Default)]
pub(crate) struct LastCommands {
    /// Position up to which commands are included.
    read_to: i64,
    /// The last command that counts for every caller.
    public: i64,
    /// The last command on restricted objects by their unit, as far as it is newer than `public`.
    restricted: BTreeMap<UnitId, i64>,
    /// The last command after the start that changed objects in memory.
    in_memory: i64,
}

/// A command and its effects.
#[derive(Debug, FromQueryResult)]
struct Command {
    position: i64,
    entry: i64,
    /// A change that is not restricted.
    public_change: Option<i64>,
    /// A change of an object in memory.
    memory_change: Option<i64>,
    /// The link of an order to withhold readings, which follows its command.
    withholding: Option<i64>,
    /// Unit of the first restricted change, if no change is public.
    audience: Option<UnitId>,
    /// Number of such units.
    audiences: Option<i64>,
}

impl LastCommands {
    /// The last command that counts for every caller. Objects in memory must be loaded after it.
    pub(crate) async fn start(connection: &impl ConnectionTrait) -> Result<Self> {
        let select = Statement::from_string(connection.get_database_backend(), LAST_PUBLIC);
        let row = connection.query_one_raw(select).await?;
        let position = row.map(|row| i64::try_get_by(&row, 0)).transpose().map_err(sea_orm::DbErr::from)?;
        let public = position.unwrap_or(0);
        Ok(Self { read_to: public, public, ..Self::default() })
    }

    /// Includes the commands committed since; `None` if there are none. `uncached` are the types of objects that are not
    /// in memory.
    pub(crate) async fn read(&self, connection: &impl ConnectionTrait, uncached: &[&str]) -> Result<Option<Self>> {
        let mut newer: Option<Self> = None;
        loop {
            let known = newer.as_ref().unwrap_or(self);
            let commands = commands_after(connection, known.read_to, uncached).await?;
            let is_last = commands.len() < COMMANDS;
            if !commands.is_empty() {
                let mut next = known.clone();
                for command in commands {
                    next.add(connection, command).await?;
                }
                newer = Some(next);
            }
            if is_last {
                return Ok(newer);
            }
        }
    }

    async fn add(&mut self, connection: &impl ConnectionTrait, command: Command) -> Result<()> {
        let Command { position, entry, public_change, memory_change, withholding, audience, audiences } = command;
        self.read_to = self.read_to.max(position);
        if memory_change.is_some() {
            self.in_memory = self.in_memory.max(position);
        }
        match (public_change, audience) {
            (None, Some(audience)) => {
                // Only an import restricts objects to several units.
                let units = if audiences > Some(1) { audiences_of(connection, entry).await? } else { vec![audience] };
                for unit in units {
                    let last = self.restricted.entry(unit).or_default();
                    *last = position.max(*last);
                }
            }
            (None, None) if withholding.is_some() => {}
            (Some(_), _) | (None, None) => {
                self.public = self.public.max(position);
                self.restricted.retain(|_, last| *last > self.public);
            }
        }
        Ok(())
    }

    /// Position up to which commands are included.
    pub(crate) fn read_to(&self) -> i64 {
        self.read_to
    }

    /// Position of the last command whose effects a caller may see.
    pub(crate) fn visible(&self, reaches: impl Fn(UnitId) -> bool) -> i64 {
        let restricted = self.restricted.iter().filter(|(unit, _)| reaches(**unit)).map(|(_, last)| *last);
        restricted.fold(self.public, i64::max)
    }

    /// Position of the last command that changed objects in memory.
    pub(crate) fn in_memory(&self) -> i64 {
        self.in_memory
    }
}

/// The next commands with their effects. The effects are scalar subqueries, which PostgreSQL always evaluates by the
/// index of a command's changes; with EXISTS it may read all changes.
async fn commands_after(connection: &impl ConnectionTrait, position: i64, uncached: &[&str]) -> Result<Vec<Command>> {
    let uncached = uncached.join("', '");
    let select = format!(
        "SELECT effect.*, \
            CASE WHEN effect.public_change IS NULL THEN (SELECT of.audience_id FROM change AS of \
                WHERE of.audit_seq = effect.entry AND of.audience_id IS NOT NULL ORDER BY of.seq LIMIT 1) END AS audience, \
            CASE WHEN effect.public_change IS NULL THEN (SELECT count(DISTINCT of.audience_id) FROM change AS of \
                WHERE of.audit_seq = effect.entry) END AS audiences \
        FROM (SELECT command.*, \
            (SELECT of.seq FROM change AS of \
                WHERE of.audit_seq = command.entry AND of.audience_id IS NULL LIMIT 1) AS public_change, \
            (SELECT of.seq FROM change AS of \
                WHERE of.audit_seq = command.entry AND of.object_type NOT IN ('{uncached}') LIMIT 1) AS memory_change, \
            (SELECT next.position FROM log_link AS next \
                WHERE next.position = command.position + 1 AND next.log = 'WITHHOLDING') AS withholding \
            FROM (SELECT link.position, link.entry FROM log_link AS link \
                WHERE link.position > $1 AND link.log = 'AUDIT' ORDER BY link.position LIMIT {COMMANDS}) AS command \
        ) AS effect"
    );
    let select = Statement::from_sql_and_values(connection.get_database_backend(), select, [position.into()]);
    let rows = connection.query_all_raw(select).await?;
    Ok(rows.iter().map(|row| Command::from_query_result(row, "")).collect::<Result<_, _>>()?)
}

/// Units of the restricted changes of a command.
async fn audiences_of(connection: &impl ConnectionTrait, entry: i64) -> Result<Vec<UnitId>> {
    let units = change::Entity::find()
        .select_only()
        .column(change::Column::AudienceId)
        .distinct()
        .filter(change::Column::AuditSeq.eq(entry))
        .filter(change::Column::AudienceId.is_not_null());
    Ok(units.into_tuple().all(connection).await?)
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use entity::{
        audit_entry, log_link,
        value::{ChangeKind, Log},
    };
    use sea_orm::{
        ActiveModelTrait,
        ActiveValue::{NotSet, Set},
    };

    use super::*;
    use crate::{auth::tests::fixture, db::Database};

    /// Types of objects that are not in memory.
    const UNCACHED: [&str; 2] = ["cadre", "rotation"];

    /// Appends a command with its changes (type of the object, audience), at a position.
    async fn command(database: &Database, position: i64, changes: &[(&str, Option<UnitId>)]) {
        let entry = audit_entry::ActiveModel {
            seq: NotSet,
            at: Set(DateTime::UNIX_EPOCH),
            actor: Set("operator".to_owned()),
            act: Set("test".to_owned()),
            object: Set(None),
            detail: Set(None),
        };
        let entry = entry.insert(database.writer()).await.unwrap();
        for (object_type, audience) in changes {
            let change = change::ActiveModel {
                seq: NotSet,
                audit_seq: Set(entry.seq),
                kind: Set(ChangeKind::Updated),
                object_type: Set((*object_type).to_owned()),
                object: Set("x".to_owned()),
                audience_id: Set(*audience),
                object_id: Set(None),
                units_before: Set(None),
                units_after: Set(None),
            };
            change.insert(database.writer()).await.unwrap();
        }
        link(database, position, Log::Audit, entry.seq).await;
    }

    async fn link(database: &Database, position: i64, log: Log, entry: i64) {
        let link = log_link::ActiveModel {
            position: Set(position),
            log: Set(log),
            entry: Set(entry),
            hash: Set(position.to_be_bytes().to_vec()),
        };
        link.insert(database.writer()).await.unwrap();
    }

    #[tokio::test]
    async fn a_command_counts_for_those_who_may_know_of_it() {
        let (_folder, database) = fixture::database().await;
        let (one, two, three) = (
            fixture::unit(&database, "U-1").await,
            fixture::unit(&database, "U-2").await,
            fixture::unit(&database, "U-3").await,
        );
        let start = LastCommands::start(database.reader()).await.unwrap();
        assert_eq!((start.read_to, start.public), (0, 0));
        assert!(start.read(database.reader(), &UNCACHED).await.unwrap().is_none());
        // Public; with and without restricted changes.
        command(&database, 1, &[("cadre", None)]).await;
        command(&database, 2, &[("rotation", Some(one)), ("unit", None)]).await;
        // Restricted to one unit, and to two by an import.
        command(&database, 3, &[("rotation", Some(one))]).await;
        command(&database, 4, &[("rotation", Some(two)), ("rotation", Some(two)), ("rotation", Some(three))]).await;
        link(&database, 5, Log::Access, 1).await;
        // An order to withhold readings.
        command(&database, 6, &[]).await;
        link(&database, 7, Log::Withholding, 1).await;

        let last = start.read(database.reader(), &UNCACHED).await.unwrap().unwrap();

        let for_unit = |last: &LastCommands, unit: UnitId| last.visible(|reached| reached == unit);
        assert_eq!((last.read_to(), last.visible(|_| false), last.visible(|_| true), last.in_memory()), (6, 2, 4, 2));
        assert_eq!([one, two, three].map(|unit| for_unit(&last, unit)), [3, 4, 4]);
        assert!(last.read(database.reader(), &UNCACHED).await.unwrap().is_none(), "nothing is newer");
        let again = LastCommands::start(database.reader()).await.unwrap();
        assert_eq!((again.read_to, again.public), (2, 2), "a process that starts finds the last public command");
        let again = again.read(database.reader(), &UNCACHED).await.unwrap().unwrap();
        assert_eq!([one, two, three].map(|unit| for_unit(&again, unit)), [3, 4, 4]);

        // A command without changes, such as a rebuild of projections, counts for all; so does every other one.
        command(&database, 8, &[]).await;
        let last = last.read(database.reader(), &UNCACHED).await.unwrap().unwrap();
        assert_eq!((last.visible(|_| false), last.restricted.len(), last.in_memory()), (8, 0, 2));
        assert_eq!(LastCommands::start(database.reader()).await.unwrap().public, 8);
    }

    #[tokio::test]
    async fn more_commands_than_one_statement_reads_are_all_read() {
        let (_folder, database) = fixture::database().await;
        let unit = fixture::unit(&database, "U-1").await;
        let start = LastCommands::start(database.reader()).await.unwrap();
        let many = COMMANDS as i64 * 2;
        for position in 1..=many {
            command(&database, position, &[("rotation", Some(unit))]).await;
        }

        let last = start.read(database.reader(), &UNCACHED).await.unwrap().unwrap();

        assert_eq!((last.read_to(), last.visible(|_| true), last.visible(|_| false)), (many, many, 0));
    }
}
