//! Making counts and page keys anew, for everybody: in the order of their keys, and in memory that does not grow with the
//! number of persons.

use std::{collections::HashMap, sync::Arc};

use entity::{cadre_key, level_count, level_count_head, value::Day};
use sea_orm::{DatabaseTransaction, EntityTrait, IntoActiveModel, prelude::Expr};

use super::{
    VERSION,
    basis::{Basis, Cell},
    keep::LOCK,
};
use crate::{
    db::{
        self, Hold,
        bulk::{self, Aside},
    },
    domain::{read_model::people::People, reference_data::ReferenceData},
    error::Result,
};

/// Counts and page keys in the making: nothing of them is in the tables, and everybody is to come. Counts are held; page
/// keys, of which there are several for each person, are set aside.
#[derive(Debug)]
pub(in crate::domain::read_model) struct Making {
    basis: Basis,
    counts: HashMap<Cell, i32>,
    keys: Aside<cadre_key::Entity>,
}

impl Making {
    /// Empties the tables. Nobody else keeps them until the transaction ends.
    pub(in crate::domain::read_model) async fn begin(txn: &DatabaseTransaction, today: Day) -> Result<Self> {
        db::lock(txn, LOCK, Hold::Alone).await?;
        level_count::Entity::delete_many().exec(txn).await?;
        cadre_key::Entity::delete_many().exec(txn).await?;
        let head = level_count_head::Entity::update_many()
            .col_expr(level_count_head::Column::Version, Expr::val(VERSION))
            .col_expr(level_count_head::Column::FoldedOn, Expr::val(today));
        head.exec(txn).await?;
        let basis = Basis::new(Arc::new(ReferenceData::load(txn).await?), today);
        Ok(Self { basis, counts: HashMap::new(), keys: Aside::open(txn).await? })
    }

    /// Takes in some persons.
    pub(in crate::domain::read_model) async fn add(
        &mut self,
        txn: &DatabaseTransaction,
        people: &People,
    ) -> Result<()> {
        let mut keys = Vec::new();
        for person in people.each() {
            let counts = &mut self.counts;
            person.each_count(&mut self.basis, |cell, people| *counts.entry(cell).or_default() += people);
            keys.extend(person.keys(&self.basis));
        }
        keys.retain(|key| self.basis.speaks_of(key));
        Ok(self.keys.insert(txn, keys.into_iter().map(IntoActiveModel::into_active_model)).await?)
    }

    /// Writes what was taken in.
    pub(in crate::domain::read_model) async fn finish(self, txn: &DatabaseTransaction) -> Result<()> {
        let Self { basis, counts, keys } = self;
        let mut counts: Vec<(Cell, i32)> = counts.into_iter().filter(|(_, people)| *people != 0).collect();
        counts.sort_unstable_by(|(a, _), (b, _)| basis.key(a).cmp(&basis.key(b)));
        bulk::insert(txn, counts.into_iter().map(|(cell, people)| basis.row(cell, people))).await?;
        drop(basis);
        Ok(keys.pour(txn).await?)
    }
}
