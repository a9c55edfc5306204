//! Verifies the hash chain of the logs and reports the first entry that was changed, removed, inserted or moved. Rows
//! are streamed, so memory use does not depend on the length of the log.

use std::{collections::HashMap, fmt};

use entity::{access_entry, access_withholding, audit_entry, change, log_head, log_link, value::Log};
use futures_util::TryStreamExt;
use sea_orm::{
    ActiveEnum, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, ExprTrait, Query},
};

use crate::{
    audit::{
        checkpoint::Checkpoint,
        hash_chain::{self, Content, Entry, Hash, START},
    },
    db::Database,
    error::{Error, Result},
};

/// Number of links read by one statement.
const CHUNK: u64 = 1_000;

/// First fault in the logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Log of the entry; `None` for the chain itself.
    pub log: Option<Log>,
    /// Position in the chain; `None` for an entry without a link.
    pub position: Option<i64>,
    /// Number of the entry in its log.
    pub entry: Option<i64>,
    /// Kind of fault.
    pub what: Wrong,
}

/// Kind of a fault in the logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// The entry or a change of its command was altered.
    Changed,
    /// The entry is missing.
    Missing,
    /// The link is missing.
    LinkMissing,
    /// Entries or links were swapped.
    Order,
    /// No link refers to the entry: it was inserted, or its link was removed.
    Unlinked,
    /// The chain ends before a position that it had reached.
    CutTail,
    /// A checkpoint has another hash: the chain was rewritten.
    Rewritten,
    /// The stored end of the chain differs from its last link.
    Head,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.what {
            Wrong::Changed => "the content was changed",
            Wrong::Missing => "the entry is missing",
            Wrong::LinkMissing => "the link is missing",
            Wrong::Order => "the order was changed",
            Wrong::Unlinked => "no link of the chain covers this entry",
            Wrong::CutTail => "the end of the chain was removed",
            Wrong::Rewritten => "the chain was rewritten: a checkpoint has another hash",
            Wrong::Head => "the stored head of the chain is not its last link",
        })?;
        if let Some(log) = self.log {
            write!(f, ", log {}", log.to_value())?;
        }
        if let Some(entry) = self.entry {
            write!(f, ", entry {entry}")?;
        }
        self.position.map_or(Ok(()), |position| write!(f, ", position {position}"))
    }
}

/// Result for a chain without faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Intact {
    /// Number of entries.
    pub entries: i64,
    /// Number of checkpoints compared.
    pub checkpoints: usize,
}

/// Verifies the chain in one transaction and compares it with checkpoints.
///
/// # Errors
/// `Unavailable` or `Internal` if the database does not answer. A fault in the logs is not an error.
pub async fn verify_chain(
    connection: &DatabaseTransaction,
    checkpoints: &[Checkpoint],
) -> Result<std::result::Result<Intact, Fault>> {
    let mut count = Count::new(checkpoints);
    loop {
        let links = match links(connection, count.position, CHUNK).await {
            // A link with an unknown log name fails the whole statement, so the links before it are read one by one.
            Err(Error::Internal(_)) => match links(connection, count.position, 1).await {
                Err(Error::Internal(_)) => {
                    let position = Some(count.position + 1);
                    return Ok(Err(Fault { log: None, position, entry: None, what: Wrong::Changed }));
                }
                one => one?,
            },
            many => many?,
        };
        if links.is_empty() {
            break;
        }
        let entries: Vec<_> = links.iter().map(|link| (link.log, link.entry)).collect();
        let contents = match contents(connection, &entries).await {
            Err(Error::Internal(_)) => contents_one_by_one(connection, &entries).await?,
            all => all?,
        };
        if let Err(fault) = count.links(&links, &contents) {
            return Ok(Err(fault));
        }
    }
    let head = log_head::Entity::find_by_id(1).one(connection).await?;
    if let Err(fault) = count.end(head) {
        return Ok(Err(fault));
    }
    match unlinked(connection).await? {
        Some((log, entry)) => {
            Ok(Err(Fault { log: Some(log), position: None, entry: Some(entry), what: Wrong::Unlinked }))
        }
        None => Ok(Ok(Intact { entries: count.position, checkpoints: checkpoints.len() })),
    }
}

/// Links commands that were recorded before the chain existed. A chain that has entries is left unchanged.
///
/// # Errors
/// `Unavailable` or `Internal` if the database does not answer.
pub async fn adopt(database: &Database) -> Result<()> {
    // Checked before the lock, so that a command without work does not wait for a writer.
    let head = log_head::Entity::find_by_id(1).one(database.control()).await?;
    if head.is_none_or(|head| head.position > 0) {
        return Ok(());
    }
    let transaction = database.begin().await?;
    if hash_chain::Head::lock(&transaction).await?.next() == 1 {
        adopt_all(&transaction).await?;
        transaction.commit().await?;
    }
    Ok(())
}

async fn adopt_all(connection: &DatabaseTransaction) -> Result<()> {
    let mut last = 0;
    loop {
        let commands = audit_entry::Entity::find()
            .filter(audit_entry::Column::Seq.gt(last))
            .order_by_asc(audit_entry::Column::Seq)
            .limit(CHUNK)
            .all(connection)
            .await?;
        let Some(newest) = commands.last() else { return Ok(()) };
        last = newest.seq;
        let keys: Vec<_> = commands.iter().map(|command| (Log::Audit, command.seq)).collect();
        let contents = contents(connection, &keys).await?;
        let entry = |(log, number): (Log, i64)| Some(Entry { log, number, content: (*contents.get(&(log, number))?)? });
        hash_chain::Head::lock(connection).await?.link(connection, keys.into_iter().filter_map(entry)).await?;
    }
}

/// Digests of the current content of entries; `None` for an entry that cannot be read.
type Contents = HashMap<(Log, i64), Option<Hash>>;

/// Verification state along the chain. Does not access the database.
struct Count<'a> {
    position: i64,
    hash: Hash,
    checkpoints: Vec<&'a Checkpoint>,
}

impl<'a> Count<'a> {
    fn new(checkpoints: &'a [Checkpoint]) -> Self {
        let mut checkpoints: Vec<_> = checkpoints.iter().collect();
        checkpoints.sort_by_key(|checkpoint| std::cmp::Reverse(checkpoint.position));
        Self { position: 0, hash: START, checkpoints }
    }

    /// Verifies the next links against the current content of their entries.
    fn links(&mut self, links: &[log_link::Model], contents: &Contents) -> std::result::Result<(), Fault> {
        for link in links {
            let next = self.position + 1;
            let wrong = |what| Fault { log: Some(link.log), position: Some(next), entry: Some(link.entry), what };
            if link.position != next {
                return Err(Fault { log: None, position: Some(next), entry: None, what: Wrong::LinkMissing });
            }
            let content = contents.get(&(link.log, link.entry)).ok_or(wrong(Wrong::Missing))?;
            let content = content.as_ref().ok_or(wrong(Wrong::Changed))?;
            let hash = hash_chain::hash(&self.hash, next, link.log, content);
            if hash[..] != link.hash[..] {
                let is_moved = self.is_elsewhere(links, contents);
                return Err(wrong(if is_moved { Wrong::Order } else { Wrong::Changed }));
            }
            (self.position, self.hash) = (next, hash);
            self.compare_checkpoints()?;
        }
        Ok(())
    }

    /// Whether one of the loaded entries and one of the loaded hashes match at this position.
    fn is_elsewhere(&self, links: &[log_link::Model], contents: &Contents) -> bool {
        let fits = |((log, _), content): (&(Log, i64), &Option<Hash>)| {
            let Some(content) = content else { return false };
            let hash = hash_chain::hash(&self.hash, self.position + 1, *log, content);
            links.iter().any(|link| link.hash[..] == hash[..])
        };
        contents.iter().any(fits)
    }

    fn compare_checkpoints(&mut self) -> std::result::Result<(), Fault> {
        while let Some(checkpoint) = self.checkpoints.pop_if(|checkpoint| checkpoint.position <= self.position) {
            if checkpoint.hash != self.hash {
                let position = Some(checkpoint.position);
                return Err(Fault { log: None, position, entry: None, what: Wrong::Rewritten });
            }
        }
        Ok(())
    }

    /// Checks the end of the chain after the last link.
    fn end(&self, head: Option<log_head::Model>) -> std::result::Result<(), Fault> {
        let at_end = |what| Fault { log: None, position: Some(self.position + 1), entry: None, what };
        let head = head.ok_or(at_end(Wrong::Head))?;
        if !self.checkpoints.is_empty() || head.position > self.position {
            return Err(at_end(Wrong::CutTail));
        }
        if head.position != self.position || head.hash[..] != self.hash[..] {
            return Err(at_end(Wrong::Head));
        }
        Ok(())
    }
}

/// Reads the next links after a position.
async fn links(connection: &DatabaseTransaction, after: i64, limit: u64) -> Result<Vec<log_link::Model>> {
    let links = log_link::Entity::find()
        .filter(log_link::Column::Position.gt(after))
        .order_by_asc(log_link::Column::Position)
        .limit(limit);
    Ok(links.all(connection).await?)
}

/// Same as `contents`, one entry at a time, to identify an entry that cannot be read.
async fn contents_one_by_one(connection: &DatabaseTransaction, entries: &[(Log, i64)]) -> Result<Contents> {
    let mut all = Contents::new();
    for entry in entries {
        match contents(connection, &[*entry]).await {
            Ok(one) => all.extend(one),
            Err(Error::Internal(_)) => {
                all.insert(*entry, None);
                break;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(all)
}

/// Digests of the current content of entries; missing entries are omitted.
async fn contents(connection: &DatabaseTransaction, entries: &[(Log, i64)]) -> Result<Contents> {
    let of = |wanted: Log| {
        let numbers = entries.iter().filter(move |(log, _)| *log == wanted).map(|(_, number)| *number);
        numbers.collect::<Vec<_>>()
    };
    let mut contents = commands(connection, of(Log::Audit)).await?;
    let readings = access_entry::Entity::find().filter(access_entry::Column::Seq.is_in(of(Log::Access)));
    for row in readings.all(connection).await? {
        contents.insert((Log::Access, row.seq), Some(Content::of_access(&row).digest()));
    }
    let column = access_withholding::Column::Seq;
    let withheld = access_withholding::Entity::find().filter(column.is_in(of(Log::Withholding)));
    for row in withheld.all(connection).await? {
        contents.insert((Log::Withholding, row.seq), Some(Content::of_withholding(&row).digest()));
    }
    Ok(contents)
}

/// Commands with their changes, streamed: an import has too many changes to hold in memory.
async fn commands(connection: &DatabaseTransaction, numbers: Vec<i64>) -> Result<Contents> {
    let rows = audit_entry::Entity::find().filter(audit_entry::Column::Seq.is_in(numbers.clone()));
    let rows = rows.all(connection).await?;
    let mut commands: HashMap<i64, Content> = rows.iter().map(|row| (row.seq, Content::of_command(row))).collect();
    let changes = change::Entity::find()
        .filter(change::Column::AuditSeq.is_in(numbers))
        .order_by_asc(change::Column::AuditSeq)
        .order_by_asc(change::Column::Seq);
    let mut changes = changes.stream(connection).await?;
    while let Some(row) = changes.try_next().await? {
        if let Some(command) = commands.remove(&row.audit_seq) {
            commands.insert(row.audit_seq, command.with_change(&row));
        }
    }
    Ok(commands.into_iter().map(|(number, command)| ((Log::Audit, number), Some(command.digest()))).collect())
}

/// First entry without a link.
async fn unlinked(connection: &DatabaseTransaction) -> Result<Option<(Log, i64)>> {
    let commands = first_unlinked(connection, Log::Audit, (audit_entry::Entity, audit_entry::Column::Seq)).await?;
    let changes = first_unlinked(connection, Log::Audit, (change::Entity, change::Column::AuditSeq)).await?;
    let readings = first_unlinked(connection, Log::Access, (access_entry::Entity, access_entry::Column::Seq)).await?;
    let of = (access_withholding::Entity, access_withholding::Column::Seq);
    let withheld = first_unlinked(connection, Log::Withholding, of).await?;
    let commands = commands.into_iter().chain(changes).min();
    Ok(commands
        .map(|entry| (Log::Audit, entry))
        .or(readings.map(|entry| (Log::Access, entry)))
        .or(withheld.map(|entry| (Log::Withholding, entry))))
}

async fn first_unlinked<E: EntityTrait>(
    connection: &DatabaseTransaction,
    log: Log,
    (of, number): (E, E::Column),
) -> Result<Option<i64>> {
    let mut link = Query::select();
    link.expr(Expr::val(1))
        .from(log_link::Entity)
        .and_where(log_link::Column::Log.eq(log))
        .and_where(Expr::col((log_link::Entity, log_link::Column::Entry)).equals((of, number)));
    let select = Query::select()
        .expr_as(Expr::col((of, number)).min(), "first")
        .from(of)
        .and_where(Expr::exists(link).not())
        .take();
    let row = connection.query_one(&select).await?;
    Ok(row.map(|row| row.try_get("", "first")).transpose()?.flatten())
}
