//! Read models: what is derived from other tables so that a question costs the same however much there is. The writing
//! transaction keeps them, so no reader ever sees one that is behind.
//!
//! Whatever an act wrote of persons is compared, before and after, when it commits. After an import, which may touch
//! everybody, they are made anew; so they are where their form is another one than this program's.

pub mod card;
pub mod count;
mod people;
mod word;

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
use card::{Card, Of};
use count::{Expected, Keeping, Making};
use people::{BATCH, People};

/// More persons than this are not renewed one by one: all are.
const MANY: usize = 20_000;

/// The name under which the form of cards stands.
const CARD: &str = "card";

/// The name under which the form of words stands.
const WORD: &str = "word";

/// The persons of whom an act wrote something that read models are derived from.
#[derive(Clone, Debug)]
pub(in crate::domain) enum Touched {
    /// These.
    These(BTreeSet<CadreId>),
    /// So many that all are made anew.
    Everybody,
}

impl Default for Touched {
    fn default() -> Self {
        Self::These(BTreeSet::new())
    }
}

impl Touched {
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
            Self::All => count::made_at(txn, place).await,
        }
    }
}

/// The first place where a read model is not what follows from the tables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// The card of a person.
    Card(CadreCode),
    /// A count of people, or a page key.
    Count(count::Difference),
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
    touched: Touched,
    (reference_data, today): (Option<Arc<ReferenceData>>, Day),
) -> Result<Renewed> {
    let persons: Vec<CadreId> = match touched {
        Touched::These(persons) if persons.is_empty() => return Ok(Renewed::Some),
        Touched::These(persons) => persons.into_iter().collect(),
        Touched::Everybody => {
            make(txn, today).await?;
            return Ok(Renewed::All);
        }
    };
    // First of all: from here on nobody makes the counts anew, and what is read of persons is what they hold.
    let mut keeping = Keeping::begin(txn, reference_data, today).await?;
    let mut words = word::Changed::default();
    for persons in persons.chunks(BATCH) {
        let before = card::locked(txn, persons).await?;
        let after = People::of(txn, Of::These(persons)).await?;
        card::write(txn, &after.cards).await?;
        let before: HashMap<CadreId, &Card> = before.iter().map(|card| (card.id, card)).collect();
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
pub async fn adopt(database: &Database, clock: Clock) -> Result<()> {
    let kept = read_model::Entity::find().all(database.control()).await?;
    let is_kept = |(name, version)| kept.iter().any(|kept| kept.name == name && kept.version == version);
    match forms().into_iter().all(is_kept) && count::is_made(database.control()).await? {
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
    let mut words = word::Expected::new();
    let (mut last, mut persons) = (None, 0);
    while let Some(people) = People::after(connection, last).await? {
        let kept = match people.range() {
            Some(range) => card::kept(connection, range).await?,
            None => Vec::new(),
        };
        if let Some(code) = card::difference(&people.cards, &kept)? {
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
fn forms() -> [(&'static str, i32); 2] {
    [(CARD, card::VERSION.into()), (WORD, word::VERSION)]
}

async fn make(txn: &DatabaseTransaction, today: Day) -> Result<()> {
    bulk::widen(txn).await?;
    let mut making = Making::begin(txn, today).await?;
    let mut words = word::Making::begin(txn).await?;
    cadre_card::Entity::delete_many().exec(txn).await?;
    let (mut last, mut persons) = (None, 0);
    while let Some(people) = People::after(txn, last).await? {
        card::write_new(txn, &people.cards).await?;
        making.add(txn, &people).await?;
        words.add(txn, &people.cards).await?;
        (last, persons) = (people.last(), persons + people.cards.len() as u64);
    }
    making.finish(txn).await?;
    words.finish(txn).await?;
    if persons >= bulk::MANY {
        bulk::survey::<cadre_card::Entity>(txn).await?;
        bulk::survey::<cadre_key::Entity>(txn).await?;
        bulk::survey::<cadre_word::Entity>(txn).await?;
        bulk::survey::<level_count::Entity>(txn).await?;
    }
    let made =
        forms().map(|(name, version)| read_model::ActiveModel { name: Set(name.to_owned()), version: Set(version) });
    bulk::replace(txn, made).await?;
    Ok(bulk::narrow(txn).await?)
}
