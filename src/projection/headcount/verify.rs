//! Compares counts, page keys and titles with the values derived from posts and qualifications.

use std::{
    collections::HashMap,
    fmt,
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
};

use entity::{
    headcount, headcount_state, level_index,
    value::{CadreCode, CadreId, CountScope, Day, UnitId},
};
use futures_util::TryStreamExt;
use sea_orm::{ActiveEnum, DatabaseTransaction, EntityTrait};

use super::{
    VERSION,
    dimensions::{CountKey, Dimensions},
    verify_titles::Titles,
};
use crate::{
    error::Result,
    projection::{
        batch::Batch,
        hash_buckets::{BUCKETS, bucket_of},
        person::Person,
    },
    reference::ReferenceData,
};

/// First difference between the tables and the values derived from posts and qualifications.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// The tables were never built in this program's format version.
    NotMade,
    /// A wrong count.
    Count {
        /// Scope of the count.
        scope: CountScope,
        /// Code of the unit.
        unit: String,
        /// Whether only posts of key leaders count.
        key_leaders: bool,
        /// Code of the subject; empty if people are counted regardless of their levels.
        subject: String,
        /// Rank of the highest level.
        rank: i16,
        /// First day of the count, inclusive.
        day: Day,
        /// Derived value.
        expected: i64,
        /// Stored value.
        found: i64,
    },
    /// A missing or superfluous page key.
    Key {
        /// Code of the person; the id if the person does not exist.
        cadre: String,
        /// Code of the unit.
        unit: String,
        /// Code of the subject.
        subject: String,
        /// Rank of the level.
        rank: i16,
        /// First day, inclusive.
        from: Day,
        /// End of the period, exclusive; `None` if it has no end.
        until: Option<Day>,
        /// Whether the key is missing rather than superfluous.
        is_missing: bool,
    },
    /// Missing or superfluous rows of the index of titles.
    Title {
        /// Code of the person; the id if the person does not exist.
        cadre: String,
    },
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotMade => f.write_str("counts and page keys were not built by this version"),
            Self::Count { scope, unit, key_leaders, subject, rank, day, expected, found } => {
                let of = if *key_leaders { ", key leaders" } else { "" };
                let level = if subject.is_empty() { String::new() } else { format!(", {subject} rank {rank}") };
                write!(
                    f,
                    "count of unit {unit} ({}{of}{level}) from {day} on: expected {expected}, found {found}",
                    scope.to_value()
                )
            }
            Self::Key { cadre, unit, subject, rank, from, until, is_missing } => {
                let what = if *is_missing { "a key is missing" } else { "a key should not be there" };
                let until = until.map(|until| format!(" until {until}")).unwrap_or_default();
                write!(f, "page key of person {cadre} (unit {unit}, {subject} rank {rank}, from {from}{until}): {what}")
            }
            Self::Title { cadre } => {
                write!(f, "the titles with levels of {cadre} differ from the posts and qualifications")
            }
        }
    }
}

/// Values derived from posts and qualifications: the counts, and a checksum of the page keys and
/// titles for each bucket.
#[derive(Debug)]
pub(in crate::projection) struct Expected {
    dimensions: Dimensions,
    counts: HashMap<CountKey, i64>,
    buckets: Vec<u64>,
    titles: Titles,
}

impl Expected {
    /// Starts without persons. Returns a difference if the tables were never built.
    pub(in crate::projection) async fn begin(
        connection: &DatabaseTransaction,
    ) -> Result<std::result::Result<Self, Difference>> {
        let head = headcount_state::Entity::find_by_id(1).one(connection).await?;
        let base_date = head.filter(|head| head.version == VERSION).and_then(|head| head.base_on);
        let Some(base_date) = base_date else { return Ok(Err(Difference::NotMade)) };
        let dimensions = Dimensions::new(Arc::new(ReferenceData::load(connection).await?), base_date);
        let (buckets, titles) = (vec![0; BUCKETS], Titles::new());
        Ok(Ok(Self { dimensions, counts: HashMap::new(), buckets, titles }))
    }

    /// Adds a person.
    pub(in crate::projection) fn add(&mut self, person: &Person<'_>) {
        let counts = &mut self.counts;
        person.each_count(&mut self.dimensions, |cell, people| *counts.entry(cell).or_default() += i64::from(people));
        for key in person.keys(&self.dimensions).iter().filter(|key| self.dimensions.covers(key)) {
            combine(&mut self.buckets, key, u64::wrapping_add);
        }
        self.titles.add(person, &self.dimensions);
    }

    /// Returns the first difference. Called after all persons were added.
    pub(in crate::projection) async fn difference(
        mut self,
        connection: &DatabaseTransaction,
    ) -> Result<Option<Difference>> {
        if let Some(difference) = counts_differ(connection, &mut self.dimensions, &mut self.counts).await? {
            return Ok(Some(difference));
        }
        match keys_differ(connection, &self.dimensions, self.buckets).await? {
            Some(bucket) => first_wrong_key(connection, &self.dimensions, bucket).await,
            None => {
                let cadre = self.titles.difference(connection, &self.dimensions).await?;
                Ok(cadre.map(|cadre| Difference::Title { cadre }))
            }
        }
    }
}

/// Subtracts the stored counts from the derived ones and returns the first cell with a remainder.
async fn counts_differ(
    connection: &DatabaseTransaction,
    dimensions: &mut Dimensions,
    counts: &mut HashMap<CountKey, i64>,
) -> Result<Option<Difference>> {
    let mut unknown = None;
    let mut rows = headcount::Entity::find().stream(connection).await?;
    while let Some(row) = rows.try_next().await? {
        match dimensions.place_of_level(&row.subject_code, row.rank) {
            Some(level) => {
                let (unit, day) = (dimensions.place(row.unit_id), dimensions.day(row.day));
                let cell = CountKey { unit, level, scope: row.scope, key_leaders: row.key_leaders, day };
                *counts.entry(cell).or_default() -= i64::from(row.people);
            }
            None if row.people != 0 => unknown = unknown.or(Some(row)),
            None => {}
        }
    }
    drop(rows);
    if let Some(row) = unknown {
        return Ok(Some(of_row(dimensions, &row)));
    }
    let order = |cell: &CountKey| (code(dimensions, dimensions.unit(cell.unit)), *cell);
    let first = counts.iter().filter(|(_, left)| **left != 0).map(|(cell, _)| *cell).min_by_key(order);
    let Some(cell) = first else { return Ok(None) };
    let left = counts[&cell];
    Ok(Some(count(connection, dimensions, cell, left).await?))
}

/// Difference for a stored count of a level that no list contains.
fn of_row(dimensions: &Dimensions, row: &headcount::Model) -> Difference {
    Difference::Count {
        scope: row.scope,
        unit: code(dimensions, row.unit_id),
        key_leaders: row.key_leaders,
        subject: row.subject_code.clone(),
        rank: row.rank,
        day: row.day,
        expected: 0,
        found: row.people.into(),
    }
}

/// Builds the difference of a cell. `left` is the derived value minus the stored value.
async fn count(
    connection: &DatabaseTransaction,
    dimensions: &Dimensions,
    cell: CountKey,
    left: i64,
) -> Result<Difference> {
    let (subject, rank) = dimensions.level(cell.level);
    let mut found = 0;
    let mut rows = headcount::Entity::find().stream(connection).await?;
    while let Some(row) = rows.try_next().await? {
        let is_same =
            (row.scope, row.unit_id, row.key_leaders) == (cell.scope, dimensions.unit(cell.unit), cell.key_leaders);
        if is_same && (row.subject_code.as_str(), row.rank, dimensions.day(row.day)) == (subject, rank, cell.day) {
            found += i64::from(row.people);
        }
    }
    Ok(Difference::Count {
        scope: cell.scope,
        unit: code(dimensions, dimensions.unit(cell.unit)),
        key_leaders: cell.key_leaders,
        subject: subject.to_owned(),
        rank,
        day: dimensions.shown(cell.day),
        expected: found + left,
        found,
    })
}

/// Returns the first bucket whose stored keys differ from the derived keys.
async fn keys_differ(
    connection: &DatabaseTransaction,
    dimensions: &Dimensions,
    mut buckets: Vec<u64>,
) -> Result<Option<usize>> {
    let mut rows = level_index::Entity::find().stream(connection).await?;
    while let Some(row) = rows.try_next().await? {
        if dimensions.covers(&row) {
            combine(&mut buckets, &row, u64::wrapping_sub);
        }
    }
    Ok(buckets.iter().position(|bucket| *bucket != 0))
}

/// Returns the first missing or superfluous key of a bucket.
async fn first_wrong_key(
    connection: &DatabaseTransaction,
    dimensions: &Dimensions,
    bucket: usize,
) -> Result<Option<Difference>> {
    let mut left: HashMap<String, (level_index::Model, i32)> = HashMap::new();
    let mut codes: HashMap<CadreId, CadreCode> = HashMap::new();
    let mut note = |key: level_index::Model, sign: i32| {
        if bucket_of(key.cadre_id) == bucket && dimensions.covers(&key) {
            left.entry(format!("{key:?}")).or_insert((key, 0)).1 += sign;
        }
    };
    let mut rows = level_index::Entity::find().stream(connection).await?;
    while let Some(row) = rows.try_next().await? {
        note(row, -1);
    }
    drop(rows);
    let mut last = None;
    while let Some(people) = Batch::after(connection, last).await? {
        for person in people.each().filter(|person| bucket_of(person.id) == bucket) {
            person.keys(dimensions).into_iter().for_each(|key| note(key, 1));
            codes.extend(people.code(person.id).map(|code| (person.id, code.clone())));
        }
        last = people.last();
    }
    let first = left.into_values().filter(|(_, left)| *left != 0).min_by_key(|(key, _)| (key.cadre_id.0, key.from_on));
    Ok(first.map(|(key, left)| Difference::Key {
        cadre: codes.get(&key.cadre_id).map_or_else(|| key.cadre_id.to_string(), ToString::to_string),
        unit: code(dimensions, key.unit_id),
        subject: key.subject_code.to_string(),
        rank: key.rank,
        from: key.from_on,
        until: key.until_on,
        is_missing: left > 0,
    }))
}

/// Combines a key's hash with the checksum of its person's bucket. The operation is commutative, so equal sets of keys
/// cancel out.
fn combine(buckets: &mut [u64], key: &level_index::Model, how: fn(u64, u64) -> u64) {
    let mut hasher = DefaultHasher::new();
    (key.unit_id, key.branch_id, &key.subject_code, key.rank, &key.sort_key).hash(&mut hasher);
    (key.cadre_id, key.from_on, key.until_on).hash(&mut hasher);
    let bucket = &mut buckets[bucket_of(key.cadre_id)];
    *bucket = how(*bucket, hasher.finish());
}

/// Code of a unit; the id if the unit does not exist.
fn code(dimensions: &Dimensions, unit: UnitId) -> String {
    dimensions.reference_data().units().get(unit).map_or_else(|| unit.to_string(), |unit| unit.row.code.to_string())
}
