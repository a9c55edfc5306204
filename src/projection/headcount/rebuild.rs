//! Rebuilds counts, page keys and the index of titles for all persons, in the order of their primary keys. Memory use does not grow with the
//! number of persons.

use std::{collections::HashMap, sync::Arc};

use entity::{headcount, headcount_state, level_index, title_index, value::Day};
use sea_orm::{DatabaseTransaction, EntityTrait, IntoActiveModel, prelude::Expr};

use super::{
    VERSION,
    dimensions::{CountKey, Dimensions},
    update::LOCK,
};
use crate::{
    db::{
        self, LockMode,
        bulk::{self, StagingTable},
    },
    error::Result,
    projection::batch::Batch,
    reference::ReferenceData,
};

/// A rebuild in progress; the tables are empty. Counts are accumulated in memory. Page keys and titles, of
/// which each person has several, are written to staging tables.
#[derive(Debug)]
pub(in crate::projection) struct Rebuild {
    dimensions: Dimensions,
    counts: HashMap<CountKey, i32>,
    keys: StagingTable<level_index::Entity>,
    titles: StagingTable<title_index::Entity>,
}

impl Rebuild {
    /// Empties the tables. The lock excludes other writers of these tables until the transaction ends.
    pub(in crate::projection) async fn begin(txn: &DatabaseTransaction, today: Day) -> Result<Self> {
        db::lock(txn, LOCK, LockMode::Alone).await?;
        headcount::Entity::delete_many().exec(txn).await?;
        level_index::Entity::delete_many().exec(txn).await?;
        title_index::Entity::delete_many().exec(txn).await?;
        let head = headcount_state::Entity::update_many()
            .col_expr(headcount_state::Column::Version, Expr::val(VERSION))
            .col_expr(headcount_state::Column::BaseOn, Expr::val(today));
        head.exec(txn).await?;
        let dimensions = Dimensions::new(Arc::new(ReferenceData::load(txn).await?), today);
        let (keys, titles) = (StagingTable::open(txn).await?, StagingTable::open(txn).await?);
        Ok(Self { dimensions, counts: HashMap::new(), keys, titles })
    }

    /// Adds a batch of persons.
    pub(in crate::projection) async fn add(&mut self, txn: &DatabaseTransaction, people: &Batch) -> Result<()> {
        let (mut keys, mut titles) = (Vec::new(), Vec::new());
        for person in people.each() {
            let counts = &mut self.counts;
            person.each_count(&mut self.dimensions, |cell, people| *counts.entry(cell).or_default() += people);
            keys.extend(person.keys(&self.dimensions));
            titles.extend(person.titles(&self.dimensions));
        }
        keys.retain(|key| self.dimensions.covers(key));
        self.titles.insert(txn, titles.into_iter().map(IntoActiveModel::into_active_model)).await?;
        Ok(self.keys.insert(txn, keys.into_iter().map(IntoActiveModel::into_active_model)).await?)
    }

    /// Writes the collected rows to the tables.
    pub(in crate::projection) async fn finish(self, txn: &DatabaseTransaction) -> Result<()> {
        let Self { dimensions, counts, keys, titles } = self;
        let mut counts: Vec<(CountKey, i32)> = counts.into_iter().filter(|(_, people)| *people != 0).collect();
        counts.sort_unstable_by(|(a, _), (b, _)| dimensions.key(a).cmp(&dimensions.key(b)));
        bulk::insert(txn, counts.into_iter().map(|(cell, people)| dimensions.row(cell, people))).await?;
        drop(dimensions);
        keys.flush(txn).await?;
        Ok(titles.flush(txn).await?)
    }
}
