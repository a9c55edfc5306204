//! Read models: what is derived from other tables so that a question costs the same however much there is. The writing
//! transaction keeps them, so no reader ever sees one that is behind.
//!
//! Whatever an act wrote of persons is compared, before and after, when it commits. After an import, which may touch
//! everybody, they are made anew; so they are where their form is another one than this program's.

mod batch;
pub mod cadre_snapshot;
pub mod headcount;
mod name_index;

use std::{
    collections::{BTreeSet, HashMap},
    fmt,
    sync::Arc,
};

use entity::{
    cadre_card, cadre_key, cadre_word, level_count, read_model,
    value::{CadreCode, CadreId, Day},
};
use sea_orm::{ActiveValue::Set, DatabaseTransaction, EntityTrait};

use crate::{
    clock::Clock,
    db::{Database, bulk},
    domain::{
        authz::{Act, Permit},
        reference_data::ReferenceData,
    },
    error::Result,
};
use batch::{BATCH, Batch};
use cadre_snapshot::{CadreSnapshot, Of};
use headcount::{Expected, Rebuild, Update};

/// More persons than this are not renewed one by one: all are.
const MANY: usize = 20_000;

/// The name under which the form of cards stands.
const CARD: &str = "card";

/// The name under which the form of words stands.
const WORD: &str = "word";

/// The persons of whom an act wrote something that read models are derived from.
#[derive(Clone, Debug)]
pub(in crate::domain) enum ChangedCadres {
    /// These.
    These(BTreeSet<CadreId>),
    /// So many that all are made anew.
    Everybody,
}

impl Default for ChangedCadres {
    fn default() -> Self {
        Self::These(BTreeSet::new())
    }
}

impl ChangedCadres {
    /// Notes a person.
    pub(in crate::domain) fn add(&mut self, person: CadreId) {
        if let Self::These(persons) = self {
            persons.insert(person);
            if persons.len() > MANY {
                *self = Self::Everybody;
            }
        }
    }
}

/// Read models that are what an act has written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(in crate::domain) enum Renewed {
    /// Those of the persons whom it touched.
    Some,
    /// All, by the units and lists as they now are.
    All,
}

impl Renewed {
    /// Notes the act's place in the chain: whose snapshot of units and lists is of before does not know all that the counts
    /// may name.
    pub(in crate::domain) async fn at(self, txn: &DatabaseTransaction, place: i64) -> Result<()> {
        match self {
            Self::Some => Ok(()),
            Self::All => headcount::made_at(txn, place).await,
        }
    }
}

/// The first place where a read model is not what follows from the tables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// The card of a person.
    Card(CadreCode),
    /// A count of people, or a page key.
    Count(headcount::Difference),
    /// The words of a person's name, by the person's code.
    Word(String),
}

/// Read models that are what follows from the tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Intact {
    /// How many persons were looked at.
    pub persons: usize,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Card(code) => write!(f, "the card of {code} does not say what the tables say"),
            Self::Count(difference) => difference.fmt(f),
            Self::Word(code) => write!(f, "the words by which {code} is found are not those of name and posts"),
        }
    }
}

/// Brings the read models up to what a transaction has written of persons. `reference_data` is that of who acts, for units and
/// lists.
pub(in crate::domain) async fn renew(
    txn: &DatabaseTransaction,
    touched: ChangedCadres,
    (reference_data, today): (Option<Arc<ReferenceData>>, Day),
) -> Result<Renewed> {
    let persons: Vec<CadreId> = match touched {
        ChangedCadres::These(persons) if persons.is_empty() => return Ok(Renewed::Some),
        ChangedCadres::These(persons) => persons.into_iter().collect(),
        ChangedCadres::Everybody => {
            make(txn, today).await?;
            return Ok(Renewed::All);
        }
    };
    // First of all: from here on nobody makes the counts anew, and what is read of persons is what they hold.
    let mut keeping = Update::begin(txn, reference_data, today).await?;
    let mut words = name_index::Changed::default();
    for persons in persons.chunks(BATCH) {
        let before = cadre_snapshot::locked(txn, persons).await?;
        let after = Batch::of(txn, Of::These(persons)).await?;
        cadre_snapshot::write(txn, &after.cards).await?;
        let before: HashMap<CadreId, &CadreSnapshot> = before.iter().map(|card| (card.id, card)).collect();
        after.cards.iter().for_each(|card| words.replace(before.get(&card.id).copied(), card));
        let Some(keeping) = &mut keeping else { continue };
        for card in &after.cards {
            let before = before.get(&card.id).and_then(|card| after.person(card));
            keeping.replace(before, after.person(card));
        }
    }
    words.write(txn).await?;
    if let Some(keeping) = keeping {
        keeping.write(txn).await?;
    }
    Ok(Renewed::Some)
}

/// Makes all read models anew.
///
/// # Errors
/// `Unavailable` or `Internal` if the database does not answer.
pub async fn rebuild(database: &Database, clock: Clock) -> Result<()> {
    let txn = Permit::operator(database, clock, Act::ReadModelRebuild).begin(None, None).await?;
    txn.everybody_changed();
    txn.commit().await
}

/// Makes all read models anew where their form is not this program's.
///
/// # Errors
/// As `rebuild`.
pub async fn ensure_current(database: &Database, clock: Clock) -> Result<()> {
    let kept = read_model::Entity::find().all(database.control()).await?;
    let is_kept = |(name, version)| kept.iter().any(|kept| kept.name == name && kept.version == version);
    match format_versions().into_iter().all(is_kept) && headcount::is_made(database.control()).await? {
        true => Ok(()),
        false => rebuild(database, clock).await,
    }
}

/// Compares the read models with what follows from the tables, as one transaction sees both, and gives the first
/// difference.
///
/// # Errors
/// `Unavailable` or `Internal` if the database does not answer. A difference is no error.
pub async fn verify(connection: &DatabaseTransaction) -> Result<std::result::Result<Intact, Difference>> {
    let mut expected = match Expected::begin(connection).await? {
        Ok(expected) => expected,
        Err(difference) => return Ok(Err(Difference::Count(difference))),
    };
    let mut words = name_index::Expected::new();
    let (mut last, mut persons) = (None, 0);
    while let Some(people) = Batch::after(connection, last).await? {
        let kept = match people.range() {
            Some(range) => cadre_snapshot::kept(connection, range).await?,
            None => Vec::new(),
        };
        if let Some(code) = cadre_snapshot::difference(&people.cards, &kept)? {
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

/// The forms of this program, by their names; counts and page keys say theirs themselves.
fn format_versions() -> [(&'static str, i32); 2] {
    [(CARD, cadre_snapshot::VERSION.into()), (WORD, name_index::VERSION)]
}

async fn make(txn: &DatabaseTransaction, today: Day) -> Result<()> {
    bulk::enlarge_cache(txn).await?;
    let mut making = Rebuild::begin(txn, today).await?;
    let mut words = name_index::Rebuild::begin(txn).await?;
    cadre_card::Entity::delete_many().exec(txn).await?;
    let (mut last, mut persons) = (None, 0);
    while let Some(people) = Batch::after(txn, last).await? {
        cadre_snapshot::write_new(txn, &people.cards).await?;
        making.add(txn, &people).await?;
        words.add(txn, &people.cards).await?;
        (last, persons) = (people.last(), persons + people.cards.len() as u64);
    }
    making.finish(txn).await?;
    words.finish(txn).await?;
    if persons >= bulk::MANY {
        bulk::analyze::<cadre_card::Entity>(txn).await?;
        bulk::analyze::<cadre_key::Entity>(txn).await?;
        bulk::analyze::<cadre_word::Entity>(txn).await?;
        bulk::analyze::<level_count::Entity>(txn).await?;
    }
    let made = format_versions()
        .map(|(name, version)| read_model::ActiveModel { name: Set(name.to_owned()), version: Set(version) });
    bulk::replace(txn, made).await?;
    Ok(bulk::restore_cache(txn).await?)
}
