//! Words of names by unit: where a search begins. Whoever holds a post in a unit on some day stands there under each word
//! of their folded name, with the other words behind it. So a search looks at those alone who have its rarest word, and
//! sees in the same row whether they have the others.

use std::{
    collections::{HashMap, HashSet},
    hash::{DefaultHasher, Hash, Hasher},
};

use entity::{
    cadre_word,
    value::{CadreCode, CadreId},
};
use futures_util::TryStreamExt;
use sea_orm::{DatabaseTransaction, EntityTrait, IntoActiveModel};

use super::{
    batch::Batch,
    cadre_snapshot::CadreSnapshot,
    headcount::{HEAPS, heap_of},
};
use crate::{
    db::bulk::{self, StagingTable},
    error::Result,
    text,
};

/// The form that the table is kept in. Another number makes it anew.
pub(super) const VERSION: i32 = 2;

/// What follows from a name and posts: the name from each word on, in each unit, on whatever day.
fn words(card: &CadreSnapshot) -> HashSet<cadre_word::Model> {
    let (name, units) = (text::fold(&card.full_name), card.posts.iter().map(|post| post.unit_id));
    let names = from_each_word(&name);
    let in_unit =
        |unit_id| names.iter().map(move |words| cadre_word::Model { unit_id, words: words.clone(), cadre_id: card.id });
    units.flat_map(in_unit).collect()
}

/// A folded name turned so that each of its words once comes first, with a blank before each word.
fn from_each_word(name: &str) -> Vec<String> {
    let words: Vec<&str> = name.split(' ').filter(|word| !word.is_empty()).collect();
    let turned = |at: usize| words[at..].iter().chain(&words[..at]).map(|word| format!(" {word}")).collect();
    (0..words.len()).map(turned).collect()
}

/// What a transaction changes of the words.
#[derive(Debug, Default)]
pub(super) struct Changed {
    gone: Vec<cadre_word::Model>,
    new: Vec<cadre_word::Model>,
}

impl Changed {
    /// A person as they stood before the transaction, if they did, and as they stand now.
    pub fn replace(&mut self, before: Option<&CadreSnapshot>, after: &CadreSnapshot) {
        let (before, after) = (before.map(words).unwrap_or_default(), words(after));
        self.gone.extend(before.difference(&after).cloned());
        self.new.extend(after.difference(&before).cloned());
    }

    /// Writes what has changed.
    pub async fn write(self, txn: &DatabaseTransaction) -> Result<()> {
        bulk::delete(txn, self.gone.into_iter().map(IntoActiveModel::into_active_model)).await?;
        Ok(bulk::insert(txn, self.new.into_iter().map(IntoActiveModel::into_active_model)).await?)
    }
}

/// All words in the making: nothing of them is in the table, and everybody is to come.
#[derive(Debug)]
pub(super) struct Rebuild(StagingTable<cadre_word::Entity>);

impl Rebuild {
    /// Empties the table.
    pub async fn begin(txn: &DatabaseTransaction) -> Result<Self> {
        cadre_word::Entity::delete_many().exec(txn).await?;
        Ok(Self(StagingTable::open(txn).await?))
    }

    /// Takes in some persons.
    pub async fn add(&mut self, txn: &DatabaseTransaction, cards: &[CadreSnapshot]) -> Result<()> {
        let rows = cards.iter().flat_map(words).map(IntoActiveModel::into_active_model);
        Ok(self.0.insert(txn, rows).await?)
    }

    /// Writes what was taken in.
    pub async fn finish(self, txn: &DatabaseTransaction) -> Result<()> {
        Ok(self.0.flush(txn).await?)
    }
}

/// What follows from names and posts, thrown on heaps by person, so that only one heap need be looked at closely.
#[derive(Debug)]
pub(super) struct Expected(Vec<u64>);

impl Expected {
    /// Nothing, before anybody was looked at.
    pub fn new() -> Self {
        Self(vec![0; HEAPS])
    }

    /// Looks at a person.
    pub fn add(&mut self, card: &CadreSnapshot) {
        let heap = &mut self.0[heap_of(card.id)];
        *heap = words(card).iter().map(digest).fold(*heap, u64::wrapping_add);
    }

    /// The first person whose words are not what they ought to be, once everybody was looked at: the code, or the id of
    /// who is not there.
    pub async fn difference(self, connection: &DatabaseTransaction) -> Result<Option<String>> {
        let mut heaps = self.0;
        let mut found = cadre_word::Entity::find().stream(connection).await?;
        while let Some(row) = found.try_next().await? {
            let heap = &mut heaps[heap_of(row.cadre_id)];
            *heap = heap.wrapping_sub(digest(&row));
        }
        drop(found);
        match heaps.iter().position(|heap| *heap != 0) {
            Some(heap) => named(connection, heap).await,
            None => Ok(None),
        }
    }
}

fn digest(row: &cadre_word::Model) -> u64 {
    let mut hasher = DefaultHasher::new();
    row.hash(&mut hasher);
    hasher.finish()
}

/// Names the first person of a heap whose words differ.
async fn named(connection: &DatabaseTransaction, heap: usize) -> Result<Option<String>> {
    let mut left: HashMap<cadre_word::Model, i32> = HashMap::new();
    let mut found = cadre_word::Entity::find().stream(connection).await?;
    while let Some(row) = found.try_next().await? {
        if heap_of(row.cadre_id) == heap {
            *left.entry(row).or_default() -= 1;
        }
    }
    drop(found);
    let (mut last, mut codes) = (None, HashMap::<CadreId, CadreCode>::new());
    while let Some(people) = Batch::after(connection, last).await? {
        for card in people.cards.iter().filter(|card| heap_of(card.id) == heap) {
            words(card).into_iter().for_each(|row| *left.entry(row).or_default() += 1);
            codes.insert(card.id, card.code.clone());
        }
        last = people.last();
    }
    let first = left.iter().filter(|(_, left)| **left != 0).map(|(row, _)| row.cadre_id).min();
    Ok(first.map(|id| codes.get(&id).map_or_else(|| id.to_string(), ToString::to_string)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_turned_once_for_each_word() {
        assert_eq!(from_each_word("do van duc"), [" do van duc", " van duc do", " duc do van"]);
        assert_eq!(from_each_word("an an"), [" an an", " an an"], "the same twice is one row");
        assert_eq!(from_each_word(""), [] as [&str; 0]);
    }
}
