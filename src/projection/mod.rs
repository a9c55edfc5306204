//! Read models: projections of other tables, so that the cost of a query does not depend on the number of rows. The
//! writing transaction updates them, so readers never see a stale projection.
//!
//! At commit, the persons that a command changed are compared before and after the command. The read models are rebuilt
//! after an import and after a change of their format.

mod batch;
pub mod cadre_snapshot;
mod hash_buckets;
pub mod headcount;
mod name_index;
mod person;

use std::{
    collections::{BTreeSet, HashMap},
    fmt,
    sync::Arc,
};

use entity::{
    assignment, projection,
    value::{CadreCode, CadreId, Day},
};
use sea_orm::{ActiveValue::Set, ConnectionTrait, DatabaseTransaction, EntityTrait};

use crate::{db::bulk, error::Result, reference::ReferenceData};
use batch::{BATCH, Batch};
use cadre_snapshot::{CadreSnapshot, Of};
use headcount::{Expected, Rebuild, Update};

/// Above this number of changed persons, all read models are rebuilt instead.
const MANY: usize = 20_000;

/// Name under which the format version of cards is stored.
const SNAPSHOT: &str = "cadre_snapshot";

/// Name under which the format version of words is stored.
const NAME_INDEX: &str = "name_index";

/// Persons for whom a command changed inputs of read models.
#[derive(Clone, Debug)]
pub(crate) enum ChangedCadres {
    /// The listed persons.
    These(BTreeSet<CadreId>),
    /// More than `MANY` persons: all read models are rebuilt.
    All,
}

impl Default for ChangedCadres {
    fn default() -> Self {
        Self::These(BTreeSet::new())
    }
}

impl ChangedCadres {
    /// Adds a person.
    pub(crate) fn add(&mut self, person: CadreId) {
        if let Self::These(persons) = self {
            persons.insert(person);
            if persons.len() > MANY {
                *self = Self::All;
            }
        }
    }
}

/// Persons that a command changed, with their posts before and after.
#[derive(Debug, Default)]
pub(crate) struct ChangedPersons {
    by_id: HashMap<CadreId, ChangedPosts>,
    by_code: HashMap<String, CadreId>,
}

/// Posts of a person before and after a command.
#[derive(Debug)]
pub(crate) struct ChangedPosts {
    /// Posts before the command; `None` for a new person.
    pub before: Option<Vec<assignment::Model>>,
    /// Posts after the command.
    pub after: Vec<assignment::Model>,
}

impl ChangedPersons {
    /// A person by id.
    pub(crate) fn get(&self, person: CadreId) -> Option<&ChangedPosts> {
        self.by_id.get(&person)
    }

    /// A person by code.
    pub(crate) fn by_code(&self, code: &str) -> Option<(CadreId, &ChangedPosts)> {
        let id = *self.by_code.get(code)?;
        Some((id, self.by_id.get(&id)?))
    }

    fn add(&mut self, before: Option<&CadreSnapshot>, after: &CadreSnapshot) {
        let posts = ChangedPosts { before: before.map(|card| card.posts.clone()), after: after.posts.clone() };
        self.by_id.insert(after.id, posts);
        self.by_code.insert(after.code.to_string(), after.id);
    }
}

/// Proof that the read models match what a command has written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum Renewed {
    /// The changed persons were updated.
    Some,
    /// All read models were rebuilt with the current units and lists.
    All,
}

impl Renewed {
    /// Stores the log position of the command. Counts may then refer to units and list entries that an older snapshot
    /// does not contain.
    pub(crate) async fn at(self, txn: &DatabaseTransaction, place: i64) -> Result<()> {
        match self {
            Self::Some => Ok(()),
            Self::All => headcount::rebuilt_at(txn, place).await,
        }
    }
}

/// First difference between a read model and its source tables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// The card of a person.
    Card(CadreCode),
    /// A count of people, or a page key.
    Count(headcount::Difference),
    /// Words of a person's name, by the person's code.
    Word(String),
}

/// Result of a successful verification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Intact {
    /// Number of verified persons.
    pub persons: usize,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Card(code) => write!(f, "the card of {code} differs from the tables"),
            Self::Count(difference) => difference.fmt(f),
            Self::Word(code) => write!(f, "the search words of {code} differ from the name and posts"),
        }
    }
}

/// Updates the read models for the persons that a transaction has changed, and returns these persons; `None` if the read
/// models of all persons were rebuilt. `reference_data` is the snapshot of units and lists of the command's caller.
pub(crate) async fn renew(
    txn: &DatabaseTransaction,
    touched: ChangedCadres,
    (reference_data, today): (Option<Arc<ReferenceData>>, Day),
) -> Result<(Renewed, Option<ChangedPersons>)> {
    let mut changed = ChangedPersons::default();
    let persons: Vec<CadreId> = match touched {
        ChangedCadres::These(persons) if persons.is_empty() => return Ok((Renewed::Some, Some(changed))),
        ChangedCadres::These(persons) => persons.into_iter().collect(),
        ChangedCadres::All => {
            make(txn, today).await?;
            return Ok((Renewed::All, None));
        }
    };
    // The lock is taken first: from here on no rebuild can happen, and the persons' stored state matches the counts.
    let mut update = Update::begin(txn, reference_data, today).await?;
    let mut words = name_index::Changed::default();
    for persons in persons.chunks(BATCH) {
        let before = cadre_snapshot::lock_and_read(txn, persons).await?;
        let after = Batch::of(txn, Of::These(persons)).await?;
        cadre_snapshot::write(txn, &after.cards).await?;
        let before: HashMap<CadreId, &CadreSnapshot> = before.iter().map(|card| (card.id, card)).collect();
        after.cards.iter().for_each(|card| {
            changed.add(before.get(&card.id).copied(), card);
            words.replace(before.get(&card.id).copied(), card);
        });
        let Some(update) = &mut update else { continue };
        for card in &after.cards {
            let before = before.get(&card.id).and_then(|card| after.person(card));
            update.replace(before, after.person(card));
        }
    }
    words.write(txn).await?;
    if let Some(update) = update {
        update.write(txn).await?;
    }
    Ok((Renewed::Some, Some(changed)))
}

/// Whether all read models have this program's format versions.
///
/// # Errors
/// `Unavailable` or `Internal` if the database does not answer.
pub(crate) async fn is_current(connection: &impl ConnectionTrait) -> Result<bool> {
    let stored = projection::Entity::find().all(connection).await?;
    let is_stored = |(name, version)| stored.iter().any(|stored| stored.name == name && stored.version == version);
    Ok(format_versions().into_iter().all(is_stored) && headcount::is_built(connection).await?)
}

/// Compares the read models with their source tables in one transaction and returns the first difference.
///
/// # Errors
/// `Unavailable` or `Internal` if the database does not answer. A difference is not an error.
pub async fn verify(connection: &DatabaseTransaction) -> Result<std::result::Result<Intact, Difference>> {
    let mut expected = match Expected::begin(connection).await? {
        Ok(expected) => expected,
        Err(difference) => return Ok(Err(Difference::Count(difference))),
    };
    let mut words = name_index::Expected::new();
    let (mut last, mut persons) = (None, 0);
    while let Some(people) = Batch::after(connection, last).await? {
        let stored = match people.range() {
            Some(range) => cadre_snapshot::stored(connection, range).await?,
            None => Vec::new(),
        };
        if let Some(code) = cadre_snapshot::difference(&people.cards, &stored)? {
            return Ok(Err(Difference::Card(code)));
        }
        people.each().for_each(|person| expected.add(&person));
        people.cards.iter().for_each(|card| words.add(card));
        (last, persons) = (people.last(), persons + people.cards.len());
    }
    let difference = match expected.difference(connection).await? {
        Some(of) => Some(Difference::Count(of)),
        None => words.difference(connection).await?.map(Difference::Word),
    };
    Ok(difference.map_or(Ok(Intact { persons }), Err))
}

/// Format versions of this program, by name. Counts and page keys store theirs in their own head row.
fn format_versions() -> [(&'static str, i32); 2] {
    [(SNAPSHOT, cadre_snapshot::VERSION.into()), (NAME_INDEX, name_index::VERSION)]
}

async fn make(txn: &DatabaseTransaction, today: Day) -> Result<()> {
    bulk::enlarge_cache(txn).await?;
    let mut rebuild = Rebuild::begin(txn, today).await?;
    let mut words = name_index::Rebuild::begin(txn).await?;
    entity::cadre_snapshot::Entity::delete_many().exec(txn).await?;
    let (mut last, mut persons) = (None, 0);
    while let Some(people) = Batch::after(txn, last).await? {
        cadre_snapshot::write_new(txn, &people.cards).await?;
        rebuild.add(txn, &people).await?;
        words.add(txn, &people.cards).await?;
        (last, persons) = (people.last(), persons + people.cards.len() as u64);
    }
    rebuild.finish(txn).await?;
    words.finish(txn).await?;
    if persons >= bulk::MANY {
        bulk::analyze::<entity::cadre_snapshot::Entity>(txn).await?;
        bulk::analyze::<entity::level_index::Entity>(txn).await?;
        bulk::analyze::<entity::name_index::Entity>(txn).await?;
        bulk::analyze::<entity::headcount::Entity>(txn).await?;
        bulk::analyze::<entity::title_index::Entity>(txn).await?;
    }
    let built = format_versions()
        .map(|(name, version)| projection::ActiveModel { name: Set(name.to_owned()), version: Set(version) });
    bulk::replace(txn, built).await?;
    Ok(bulk::restore_cache(txn).await?)
}
