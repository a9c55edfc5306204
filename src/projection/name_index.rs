//! Index of name words by unit, with which a search starts. A person with a post in a unit on any day has one row for
//! each word of the folded name; the other words follow it in the same row. A search therefore reads only the rows of
//! its rarest word and checks the other words without another read.

use std::{
    collections::{HashMap, HashSet},
    hash::{DefaultHasher, Hash, Hasher},
};

use entity::{
    name_index,
    value::{CadreCode, CadreId},
};
use futures_util::TryStreamExt;
use sea_orm::{DatabaseTransaction, EntityTrait, IntoActiveModel};

use super::{
    batch::Batch,
    cadre_snapshot::CadreSnapshot,
    hash_buckets::{BUCKETS, bucket_of},
};
use crate::{
    db::bulk::{self, StagingTable},
    error::Result,
    text,
};

/// Format version of the table. A change triggers a rebuild.
pub(super) const VERSION: i32 = 2;

/// Rows of a person: the name rotated to start at each word, for each unit of their posts, past and future.
fn words(card: &CadreSnapshot) -> HashSet<name_index::Model> {
    let (name, units) = (text::fold(&card.full_name), card.posts.iter().map(|post| post.unit_id));
    let names = from_each_word(&name);
    let in_unit =
        |unit_id| names.iter().map(move |words| name_index::Model { unit_id, words: words.clone(), cadre_id: card.id });
    units.flat_map(in_unit).collect()
}

/// Rotations of a folded name, one starting at each word, with a blank before each word.
fn from_each_word(name: &str) -> Vec<String> {
    let words: Vec<&str> = name.split(' ').filter(|word| !word.is_empty()).collect();
    let rotated = |at: usize| words[at..].iter().chain(&words[..at]).map(|word| format!(" {word}")).collect();
    (0..words.len()).map(rotated).collect()
}

/// Changes that a transaction makes to the words.
#[derive(Debug, Default)]
pub(super) struct Changed {
    gone: Vec<name_index::Model>,
    new: Vec<name_index::Model>,
}

impl Changed {
    /// Replaces a person's rows of the state before the transaction, if any, by the rows of the current state.
    pub fn replace(&mut self, before: Option<&CadreSnapshot>, after: &CadreSnapshot) {
        let (before, after) = (before.map(words).unwrap_or_default(), words(after));
        self.gone.extend(before.difference(&after).cloned());
        self.new.extend(after.difference(&before).cloned());
    }

    /// Writes the changes.
    pub async fn write(self, txn: &DatabaseTransaction) -> Result<()> {
        bulk::delete(txn, self.gone.into_iter().map(IntoActiveModel::into_active_model)).await?;
        Ok(bulk::insert(txn, self.new.into_iter().map(IntoActiveModel::into_active_model)).await?)
    }
}

/// A rebuild in progress; the table is empty.
#[derive(Debug)]
pub(super) struct Rebuild(StagingTable<name_index::Entity>);

impl Rebuild {
    /// Empties the table.
    pub async fn begin(txn: &DatabaseTransaction) -> Result<Self> {
        name_index::Entity::delete_many().exec(txn).await?;
        Ok(Self(StagingTable::open(txn).await?))
    }

    /// Adds a batch of persons.
    pub async fn add(&mut self, txn: &DatabaseTransaction, cards: &[CadreSnapshot]) -> Result<()> {
        let rows = cards.iter().flat_map(words).map(IntoActiveModel::into_active_model);
        Ok(self.0.insert(txn, rows).await?)
    }

    /// Writes the collected rows to the table.
    pub async fn finish(self, txn: &DatabaseTransaction) -> Result<()> {
        Ok(self.0.flush(txn).await?)
    }
}

/// Checksums of the rows derived from names and posts, one for each bucket of persons, so that only one bucket has to
/// be compared in detail.
#[derive(Debug)]
pub(super) struct Expected(Vec<u64>);

impl Expected {
    /// Starts without persons.
    pub fn new() -> Self {
        Self(vec![0; BUCKETS])
    }

    /// Adds a person.
    pub fn add(&mut self, card: &CadreSnapshot) {
        let bucket = &mut self.0[bucket_of(card.id)];
        *bucket = words(card).iter().map(digest).fold(*bucket, u64::wrapping_add);
    }

    /// Returns the first person whose stored words differ, after all persons were added: the code, or the id if the
    /// person does not exist.
    pub async fn difference(self, connection: &DatabaseTransaction) -> Result<Option<String>> {
        let mut buckets = self.0;
        let mut found = name_index::Entity::find().stream(connection).await?;
        while let Some(row) = found.try_next().await? {
            let bucket = &mut buckets[bucket_of(row.cadre_id)];
            *bucket = bucket.wrapping_sub(digest(&row));
        }
        drop(found);
        match buckets.iter().position(|bucket| *bucket != 0) {
            Some(bucket) => first_difference(connection, bucket).await,
            None => Ok(None),
        }
    }
}

fn digest(row: &name_index::Model) -> u64 {
    let mut hasher = DefaultHasher::new();
    row.hash(&mut hasher);
    hasher.finish()
}

/// Returns the first person of a bucket whose words differ.
async fn first_difference(connection: &DatabaseTransaction, bucket: usize) -> Result<Option<String>> {
    let mut left: HashMap<name_index::Model, i32> = HashMap::new();
    let mut found = name_index::Entity::find().stream(connection).await?;
    while let Some(row) = found.try_next().await? {
        if bucket_of(row.cadre_id) == bucket {
            *left.entry(row).or_default() -= 1;
        }
    }
    drop(found);
    let (mut last, mut codes) = (None, HashMap::<CadreId, CadreCode>::new());
    while let Some(people) = Batch::after(connection, last).await? {
        for card in people.cards.iter().filter(|card| bucket_of(card.id) == bucket) {
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
    fn a_name_has_one_rotation_for_each_word() {
        assert_eq!(from_each_word("do van duc"), [" do van duc", " van duc do", " duc do van"]);
        assert_eq!(from_each_word("an an"), [" an an", " an an"], "the same twice is one row");
        assert_eq!(from_each_word(""), [] as [&str; 0]);
    }
}
