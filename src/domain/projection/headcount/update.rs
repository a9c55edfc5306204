//! Keeping counts and page keys within the transaction that writes what they follow from.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use entity::{
    cadre_key, level_count, level_count_head,
    value::{Day, UnitId},
};
use sea_orm::{
    ActiveValue::NotSet,
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, ExprTrait, IntoActiveModel, QueryFilter,
    prelude::Expr,
    sea_query::{OnConflict, Query},
};

use super::{
    Person, VERSION,
    dimensions::{CountKey, Dimensions, first_day},
};
use crate::{
    db::{self, LockMode, bulk},
    domain::reference_data::ReferenceData,
    error::{Error, Result},
};

/// Whoever keeps the tables shares this lock until commit; whoever folds or makes them anew holds it alone.
pub(super) const LOCK: &str = "cadre-api level_count";

/// What a transaction changes of counts and page keys. Begun before the persons are read as they stood, so that nobody
/// makes the tables anew in between.
#[derive(Debug)]
pub(in crate::domain::projection) struct Update {
    dimensions: Dimensions,
    counts: HashMap<CountKey, i32>,
    gone: Vec<cadre_key::Model>,
    new: Vec<cadre_key::Model>,
}

impl Update {
    /// Begins to keep the tables, and folds them to the day that it is; nothing where they were never made, or by another
    /// version, which then reads them no more. `reference_data` is used if it is as new as the one that they were made by.
    pub(in crate::domain::projection) async fn begin(
        txn: &DatabaseTransaction,
        reference_data: Option<Arc<ReferenceData>>,
        today: Day,
    ) -> Result<Option<Self>> {
        // Who shares a lock cannot also ask to hold it alone, so that is settled first.
        let is_due = head(txn).await?.is_some_and(|(base_date, _)| base_date < today);
        db::lock(txn, LOCK, if is_due { LockMode::Alone } else { LockMode::Shared }).await?;
        let Some((mut base_date, list_change)) = head(txn).await? else {
            leave(txn).await?;
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
        Ok(Some(Self { dimensions, counts: HashMap::new(), gone: Vec::new(), new: Vec::new() }))
    }

    /// A person as they stood before the transaction, if they did, and as they stand now.
    pub(in crate::domain::projection) fn replace(&mut self, before: Option<Person<'_>>, after: Option<Person<'_>>) {
        for (person, sign) in before.iter().map(|person| (person, -1)).chain(after.iter().map(|person| (person, 1))) {
            let counts = &mut self.counts;
            person.each_count(&mut self.dimensions, |cell, people| *counts.entry(cell).or_default() += sign * people);
        }
        let before = before.map(|person| person.keys(&self.dimensions)).unwrap_or_default();
        let mut after = after.map(|person| person.keys(&self.dimensions)).unwrap_or_default();
        after.retain(|key| self.dimensions.speaks_of(key));
        let stays: HashSet<_> = after.iter().map(primary).collect();
        self.gone.extend(before.iter().filter(|key| !stays.contains(&primary(key))).cloned());
        self.new.extend(after.into_iter().filter(|key| !before.contains(key)));
    }

    /// Writes what has changed.
    pub(in crate::domain::projection) async fn write(self, txn: &DatabaseTransaction) -> Result<()> {
        let Self { dimensions, counts, gone, new } = self;
        let mut counts: Vec<(CountKey, i32)> = counts.into_iter().filter(|(_, people)| *people != 0).collect();
        dimensions.in_order(&mut counts);
        bulk::add(txn, counts.into_iter().map(|(cell, people)| dimensions.row(cell, people))).await?;
        bulk::delete(txn, gone.into_iter().map(primary_key)).await?;
        Ok(bulk::replace(txn, new.into_iter().map(IntoActiveModel::into_active_model)).await?)
    }
}

/// What tells a page key from the others of a person.
fn primary(key: &cadre_key::Model) -> (UnitId, &str, i16, Day) {
    (key.unit_id, key.subject_code.as_str(), key.rank, key.from_on)
}

fn primary_key(key: cadre_key::Model) -> cadre_key::ActiveModel {
    cadre_key::ActiveModel { branch_id: NotSet, sort_key: NotSet, until_on: NotSet, ..key.into_active_model() }
}

/// The folded day and the change of lists that the tables were made by; nothing where they were not made, or in
/// another form.
async fn head(connection: &impl ConnectionTrait) -> Result<Option<(Day, i64)>> {
    let head = level_count_head::Entity::find_by_id(1).one(connection).await?;
    Ok(head.filter(|head| head.version == VERSION).and_then(|head| Some((head.folded_on?, head.list_change))))
}

/// Notes the place in the chain of the act that made the tables.
pub(in crate::domain::projection) async fn made_at(txn: &DatabaseTransaction, place: i64) -> Result<()> {
    let head = level_count_head::Entity::update_many();
    head.col_expr(level_count_head::Column::ListChange, Expr::val(place)).exec(txn).await?;
    Ok(())
}

/// Leaves the tables behind what is written: whoever made them in another form counts as ever from now on.
async fn leave(txn: &DatabaseTransaction) -> Result<()> {
    level_count_head::Entity::update_many()
        .col_expr(level_count_head::Column::Version, Expr::val(0))
        .filter(level_count_head::Column::Version.ne(0))
        .exec(txn)
        .await?;
    Ok(())
}

/// Whether the tables were made in this version's form.
pub(in crate::domain::projection) async fn is_made(connection: &impl ConnectionTrait) -> Result<bool> {
    Ok(head(connection).await?.is_some())
}

/// Adds what has come to count by a day to what counted before. Page keys need none of this: each has its days.
async fn fold(txn: &DatabaseTransaction, today: Day) -> Result<()> {
    use level_count::Column as Of;
    let (first, key) = (first_day(), [Of::Scope, Of::UnitId, Of::KeyLeaders, Of::SubjectCode, Of::Rank]);
    // The constant, and not a value beside it, is what the index of coming changes is over.
    let has_come = || Expr::col(Of::Day).gt(Expr::cust("'1800-01-01'")).and(Of::Day.lte(today));
    let moved = Query::select()
        .columns(key)
        .expr(Expr::val(first))
        .expr(Expr::col(Of::People).sum())
        .from(level_count::Entity)
        .and_where(has_come())
        .group_by_columns(key)
        .take();
    let sum = Expr::col((level_count::Entity, Of::People)).add(Expr::col(("excluded", Of::People)));
    let insert = Query::insert()
        .into_table(level_count::Entity)
        .columns(key.into_iter().chain([Of::Day, Of::People]))
        .select_from(moved)
        .map_err(Error::internal)?
        .on_conflict(OnConflict::columns(key.into_iter().chain([Of::Day])).value(Of::People, sum).to_owned())
        .take();
    txn.execute(&insert).await?;
    level_count::Entity::delete_many().filter(has_come()).exec(txn).await?;
    level_count_head::Entity::update_many()
        .col_expr(level_count_head::Column::FoldedOn, Expr::val(today))
        .exec(txn)
        .await?;
    Ok(())
}
