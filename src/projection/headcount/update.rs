//! Updates counts, page keys and the index of titles in the transaction that changes their inputs.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use entity::{
    headcount, headcount_state, level_index, title_index,
    value::{Day, UnitId},
};
use sea_orm::{
    ActiveValue::NotSet,
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, ExprTrait, IntoActiveModel, QueryFilter,
    prelude::Expr,
    sea_query::{OnConflict, Query},
};

use super::{
    VERSION,
    dimensions::{CountKey, Dimensions, first_day},
};
use crate::{
    db::{self, LockMode, bulk},
    error::{Error, Result},
    projection::person::Person,
    reference::ReferenceData,
};

/// Advisory lock on the tables: updates share it until commit; folding and rebuilding hold it exclusively.
pub(super) const LOCK: &str = "cadre-api headcount";

/// Changes that a transaction makes to counts, page keys and the index of titles. Created before the persons' previous state is read, so
/// that no rebuild can happen in between.
#[derive(Debug)]
pub(in crate::projection) struct Update {
    dimensions: Dimensions,
    counts: HashMap<CountKey, i32>,
    gone: Vec<level_index::Model>,
    new: Vec<level_index::Model>,
    gone_titles: Vec<title_index::Model>,
    new_titles: Vec<title_index::Model>,
}

impl Update {
    /// Takes the lock and folds the tables to today. Returns `None` if the tables were never built or have another
    /// format version; queries then do not use the tables. `reference_data` is used unless the tables were built from
    /// newer lists.
    pub(in crate::projection) async fn begin(
        txn: &DatabaseTransaction,
        reference_data: Option<Arc<ReferenceData>>,
        today: Day,
    ) -> Result<Option<Self>> {
        // A shared lock cannot be upgraded, so the lock mode is chosen first.
        let is_due = head(txn).await?.is_some_and(|(base_date, _)| base_date < today);
        db::lock(txn, LOCK, if is_due { LockMode::Alone } else { LockMode::Shared }).await?;
        let Some((mut base_date, list_change)) = head(txn).await? else {
            mark_stale(txn).await?;
            return Ok(None);
        };
        if is_due && base_date < today {
            fold(txn, today).await?;
            base_date = today;
        }
        let reference_data = match reference_data.filter(|reference_data| reference_data.log_position() >= list_change)
        {
            Some(reference_data) => reference_data,
            None => Arc::new(ReferenceData::load(txn).await?),
        };
        let dimensions = Dimensions::new(reference_data, base_date);
        Ok(Some(Self {
            dimensions,
            counts: HashMap::new(),
            gone: Vec::new(),
            new: Vec::new(),
            gone_titles: Vec::new(),
            new_titles: Vec::new(),
        }))
    }

    /// Replaces a person's contribution: the state before the transaction, if any, by the current state.
    pub(in crate::projection) fn replace(&mut self, before: Option<Person<'_>>, after: Option<Person<'_>>) {
        for (person, sign) in before.iter().map(|person| (person, -1)).chain(after.iter().map(|person| (person, 1))) {
            let counts = &mut self.counts;
            person.each_count(&mut self.dimensions, |cell, people| *counts.entry(cell).or_default() += sign * people);
        }
        let titles = |person: Option<Person<'_>>| -> HashSet<title_index::Model> {
            person.map(|person| person.titles(&self.dimensions)).unwrap_or_default().into_iter().collect()
        };
        let (titles_before, titles_after) = (titles(before), titles(after));
        self.gone_titles.extend(titles_before.difference(&titles_after).cloned());
        self.new_titles.extend(titles_after.difference(&titles_before).cloned());
        let before = before.map(|person| person.keys(&self.dimensions)).unwrap_or_default();
        let mut after = after.map(|person| person.keys(&self.dimensions)).unwrap_or_default();
        after.retain(|key| self.dimensions.covers(key));
        let stays: HashSet<_> = after.iter().map(primary).collect();
        self.gone.extend(before.iter().filter(|key| !stays.contains(&primary(key))).cloned());
        self.new.extend(after.into_iter().filter(|key| !before.contains(key)));
    }

    /// Writes the changes.
    pub(in crate::projection) async fn write(self, txn: &DatabaseTransaction) -> Result<()> {
        let Self { dimensions, counts, gone, new, gone_titles, new_titles } = self;
        let mut counts: Vec<(CountKey, i32)> = counts.into_iter().filter(|(_, people)| *people != 0).collect();
        dimensions.sort(&mut counts);
        bulk::add(txn, counts.into_iter().map(|(cell, people)| dimensions.row(cell, people))).await?;
        bulk::delete(txn, gone.into_iter().map(primary_key)).await?;
        bulk::replace(txn, new.into_iter().map(IntoActiveModel::into_active_model)).await?;
        bulk::delete(txn, gone_titles.into_iter().map(IntoActiveModel::into_active_model)).await?;
        Ok(bulk::insert(txn, new_titles.into_iter().map(IntoActiveModel::into_active_model)).await?)
    }
}

/// Primary key of a page key within one person.
fn primary(key: &level_index::Model) -> (UnitId, &str, i16, Day) {
    (key.unit_id, key.subject_code.as_str(), key.rank, key.from_on)
}

fn primary_key(key: level_index::Model) -> level_index::ActiveModel {
    level_index::ActiveModel { branch_id: NotSet, sort_key: NotSet, until_on: NotSet, ..key.into_active_model() }
}

/// Base date and log position of the last rebuild; `None` if the tables were never built or have another format
/// version.
async fn head(connection: &impl ConnectionTrait) -> Result<Option<(Day, i64)>> {
    let head = headcount_state::Entity::find_by_id(1).one(connection).await?;
    Ok(head.filter(|head| head.version == VERSION).and_then(|head| Some((head.base_on?, head.list_change))))
}

/// Stores the log position of the command that rebuilt the tables.
pub(in crate::projection) async fn rebuilt_at(txn: &DatabaseTransaction, place: i64) -> Result<()> {
    let head = headcount_state::Entity::update_many();
    head.col_expr(headcount_state::Column::ListChange, Expr::val(place)).exec(txn).await?;
    Ok(())
}

/// Marks the tables stale; readers fall back to counting.
async fn mark_stale(txn: &DatabaseTransaction) -> Result<()> {
    headcount_state::Entity::update_many()
        .col_expr(headcount_state::Column::Version, Expr::val(0))
        .filter(headcount_state::Column::Version.ne(0))
        .exec(txn)
        .await?;
    Ok(())
}

/// Whether the tables exist in this program's format version.
pub(in crate::projection) async fn is_built(connection: &impl ConnectionTrait) -> Result<bool> {
    Ok(head(connection).await?.is_some())
}

/// Adds the changes up to and including `today` to the base counts. Page keys have their own periods and need no
/// folding.
async fn fold(txn: &DatabaseTransaction, today: Day) -> Result<()> {
    use headcount::Column as Of;
    let (first, key) = (first_day(), [Of::Scope, Of::UnitId, Of::KeyLeaders, Of::SubjectCode, Of::Rank]);
    // The partial index on future changes requires this literal; a bound parameter would not match it.
    let has_begun = || Expr::col(Of::Day).gt(Expr::cust("'1800-01-01'")).and(Of::Day.lte(today));
    let moved = Query::select()
        .columns(key)
        .expr(Expr::val(first))
        .expr(Expr::col(Of::People).sum())
        .from(headcount::Entity)
        .and_where(has_begun())
        .group_by_columns(key)
        .take();
    let sum = Expr::col((headcount::Entity, Of::People)).add(Expr::col(("excluded", Of::People)));
    let insert = Query::insert()
        .into_table(headcount::Entity)
        .columns(key.into_iter().chain([Of::Day, Of::People]))
        .select_from(moved)
        .map_err(Error::internal)?
        .on_conflict(OnConflict::columns(key.into_iter().chain([Of::Day])).value(Of::People, sum).to_owned())
        .take();
    txn.execute(&insert).await?;
    headcount::Entity::delete_many().filter(has_begun()).exec(txn).await?;
    headcount_state::Entity::update_many()
        .col_expr(headcount_state::Column::BaseOn, Expr::val(today))
        .exec(txn)
        .await?;
    Ok(())
}
