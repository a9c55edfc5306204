//! Compares the index of titles with the rows derived from posts and qualifications.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
};

use entity::{
    title_index,
    value::{CadreCode, CadreId},
};
use futures_util::TryStreamExt;
use sea_orm::{DatabaseTransaction, EntityTrait};

use super::dimensions::Dimensions;
use crate::{
    error::Result,
    projection::{
        batch::Batch,
        hash_buckets::{BUCKETS, bucket_of},
        person::Person,
    },
};

/// Checksums of the derived rows, one for each bucket of persons, so that only one bucket has to be compared in detail.
#[derive(Debug)]
pub(super) struct Titles(Vec<u64>);

impl Titles {
    /// Starts without persons.
    pub fn new() -> Self {
        Self(vec![0; BUCKETS])
    }

    /// Adds a person.
    pub fn add(&mut self, person: &Person<'_>, dimensions: &Dimensions) {
        let bucket = &mut self.0[bucket_of(person.id)];
        *bucket = person.titles(dimensions).iter().map(digest).fold(*bucket, u64::wrapping_add);
    }

    /// Returns the first person whose stored rows differ, after all persons were added: the code, or the id if the person
    /// does not exist.
    pub async fn difference(self, connection: &DatabaseTransaction, dimensions: &Dimensions) -> Result<Option<String>> {
        let mut buckets = self.0;
        let mut rows = title_index::Entity::find().stream(connection).await?;
        while let Some(row) = rows.try_next().await? {
            let bucket = &mut buckets[bucket_of(row.cadre_id)];
            *bucket = bucket.wrapping_sub(digest(&row));
        }
        drop(rows);
        match buckets.iter().position(|bucket| *bucket != 0) {
            Some(bucket) => first_difference(connection, dimensions, bucket).await,
            None => Ok(None),
        }
    }
}

fn digest(row: &title_index::Model) -> u64 {
    let mut hasher = DefaultHasher::new();
    row.hash(&mut hasher);
    hasher.finish()
}

/// Returns the first person of a bucket whose rows differ.
async fn first_difference(
    connection: &DatabaseTransaction,
    dimensions: &Dimensions,
    bucket: usize,
) -> Result<Option<String>> {
    let mut left: HashMap<title_index::Model, i32> = HashMap::new();
    let mut rows = title_index::Entity::find().stream(connection).await?;
    while let Some(row) = rows.try_next().await? {
        if bucket_of(row.cadre_id) == bucket {
            *left.entry(row).or_default() -= 1;
        }
    }
    drop(rows);
    let (mut last, mut codes) = (None, HashMap::<CadreId, CadreCode>::new());
    while let Some(people) = Batch::after(connection, last).await? {
        for person in people.each().filter(|person| bucket_of(person.id) == bucket) {
            person.titles(dimensions).into_iter().for_each(|row| *left.entry(row).or_default() += 1);
            codes.extend(people.code(person.id).map(|code| (person.id, code.clone())));
        }
        last = people.last();
    }
    let first = left.iter().filter(|(_, left)| **left != 0).map(|(row, _)| row.cadre_id).min();
    Ok(first.map(|id| codes.get(&id).map_or_else(|| id.to_string(), ToString::to_string)))
}
