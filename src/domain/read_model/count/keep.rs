//! Keeping counts and page keys: within the transaction that writes what they follow from, or anew as a whole.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use entity::{
    cadre_key, level_count, level_count_head,
    value::{Day, UnitId},
};
use sea_orm::{
    ActiveEnum, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, ExprTrait, QueryFilter,
    prelude::Expr,
    sea_query::{OnConflict, Query},
};

use super::{
    Person, VERSION,
    basis::{Basis, Cell, first_day},
};
use crate::{
    db::{self, Column, Hold, Rows},
    domain::registry::Registry,
    error::{Error, Result},
};

/// Whoever keeps the tables shares this lock until commit; whoever folds or makes them anew holds it alone.
const LOCK: &str = "cadre-api level_count";

/// Most rows of one statement.
const ROWS: usize = 5_000;

/// What a transaction changes of counts and page keys. Begun before the persons are read as they stood, so that nobody
/// makes the tables anew in between.
#[derive(Debug)]
pub(in crate::domain::read_model) struct Keeping {
    basis: Basis,
    counts: HashMap<Cell, i32>,
    gone: Vec<cadre_key::Model>,
    new: Vec<cadre_key::Model>,
}

impl Keeping {
    /// Begins to keep the tables, and folds them to the day that it is; nothing where they were never made. `registry` is
    /// used if it is as new as the one that they were made by.
    pub(in crate::domain::read_model) async fn begin(
        txn: &DatabaseTransaction,
        registry: Option<Arc<Registry>>,
        today: Day,
    ) -> Result<Option<Self>> {
        // Who shares a lock cannot also ask to hold it alone, so that is settled first.
        let is_due = head(txn).await?.is_some_and(|(folded, _)| folded < today);
        db::lock(txn, LOCK, if is_due { Hold::Alone } else { Hold::Shared }).await?;
        let Some((mut folded, list_change)) = head(txn).await? else { return Ok(None) };
        if is_due && folded < today {
            fold(txn, today).await?;
            folded = today;
        }
        let registry = match registry.filter(|registry| registry.mark() >= list_change) {
            Some(registry) => registry,
            None => Arc::new(Registry::load(txn).await?),
        };
        Ok(Some(Self::over(Basis::new(registry, folded))))
    }

    /// Begins to make the tables anew: nothing is in them, and everybody is to come.
    pub(in crate::domain::read_model) async fn anew(txn: &DatabaseTransaction, today: Day) -> Result<Self> {
        db::lock(txn, LOCK, Hold::Alone).await?;
        level_count::Entity::delete_many().exec(txn).await?;
        cadre_key::Entity::delete_many().exec(txn).await?;
        let head = level_count_head::Entity::update_many()
            .col_expr(level_count_head::Column::Version, Expr::val(VERSION))
            .col_expr(level_count_head::Column::FoldedOn, Expr::val(today))
            .col_expr(level_count_head::Column::ListChange, Expr::val(Registry::last_list_change(txn).await?));
        head.exec(txn).await?;
        Ok(Self::over(Basis::new(Arc::new(Registry::load(txn).await?), today)))
    }

    fn over(basis: Basis) -> Self {
        Self { basis, counts: HashMap::new(), gone: Vec::new(), new: Vec::new() }
    }

    /// A person as they stood before the transaction, if they did, and as they stand now.
    pub(in crate::domain::read_model) fn replace(&mut self, before: Option<Person<'_>>, after: Option<Person<'_>>) {
        for (person, sign) in before.iter().map(|person| (person, -1)).chain(after.iter().map(|person| (person, 1))) {
            let counts = &mut self.counts;
            person.each_count(&mut self.basis, |cell, people| *counts.entry(cell).or_default() += sign * people);
        }
        let before = before.map(|person| person.keys(&self.basis)).unwrap_or_default();
        let mut after = after.map(|person| person.keys(&self.basis)).unwrap_or_default();
        // What ended by the folded day is asked for by nobody any more.
        after.retain(|key| key.until_on.is_none_or(|until| self.basis.days().from() < Some(until)));
        let stays: HashSet<_> = after.iter().map(primary).collect();
        self.gone.extend(before.iter().filter(|key| !stays.contains(&primary(key))).cloned());
        self.new.extend(after.into_iter().filter(|key| !before.contains(key)));
    }

    /// Writes what has changed.
    pub(in crate::domain::read_model) async fn write(mut self, txn: &DatabaseTransaction) -> Result<()> {
        let mut counts: Vec<(Cell, i32)> = self.counts.drain().filter(|(_, people)| *people != 0).collect();
        self.basis.in_order(&mut counts);
        for counts in counts.chunks(ROWS) {
            add(txn, &self.basis, counts).await?;
        }
        self.write_keys(txn).await
    }

    /// Writes the page keys that have changed so far, so that they need not be held.
    pub(in crate::domain::read_model) async fn write_keys(&mut self, txn: &DatabaseTransaction) -> Result<()> {
        for gone in self.gone.chunks(ROWS) {
            primary_rows(gone).delete(txn, "cadre_key").await?;
        }
        for new in self.new.chunks(ROWS) {
            let [unit, subject, rank, cadre, from] = primary_rows(new).0;
            let sort_key = ("sort_key", Column::Bytes(new.iter().map(|key| key.sort_key.clone()).collect()));
            let until = ("until_on", Column::Day(new.iter().map(|key| key.until_on.map(|day| day.0)).collect()));
            let key = [unit.0, subject.0, rank.0, cadre.0, from.0];
            let rows = Rows([unit, subject, rank, cadre, from, sort_key, until]);
            let otherwise = "sort_key = excluded.sort_key, until_on = excluded.until_on";
            rows.upsert(txn, ("cadre_key", &key, otherwise)).await?;
        }
        self.gone.clear();
        self.new.clear();
        Ok(())
    }
}

/// What tells a page key from the others of a person.
fn primary(key: &cadre_key::Model) -> (UnitId, &str, i16, Day) {
    (key.unit_id, key.subject_code.as_str(), key.rank, key.from_on)
}

fn primary_rows(keys: &[cadre_key::Model]) -> Rows<5> {
    Rows([
        ("unit_id", Column::Id(keys.iter().map(|key| key.unit_id.0).collect())),
        ("subject_code", Column::Text(keys.iter().map(|key| key.subject_code.to_string()).collect())),
        ("rank", Column::Small(keys.iter().map(|key| key.rank).collect())),
        ("cadre_id", Column::Id(keys.iter().map(|key| key.cadre_id.0).collect())),
        ("from_on", Column::Day(keys.iter().map(|key| Some(key.from_on.0)).collect())),
    ])
}

/// Adds to the counts of cells, in the order given.
async fn add(txn: &DatabaseTransaction, basis: &Basis, counts: &[(Cell, i32)]) -> Result<()> {
    let cells = || counts.iter().map(|(cell, _)| cell);
    let level = |cell: &Cell| basis.level(cell.level);
    let key = ["scope", "unit_id", "key_leaders", "subject_code", "rank", "day"];
    let rows = Rows([
        ("scope", Column::Text(cells().map(|cell| cell.scope.to_value()).collect())),
        ("unit_id", Column::Id(cells().map(|cell| basis.unit(cell.unit).0).collect())),
        ("key_leaders", Column::Flag(cells().map(|cell| cell.key_leaders).collect())),
        ("subject_code", Column::Text(cells().map(|cell| level(cell).0.to_owned()).collect())),
        ("rank", Column::Small(cells().map(|cell| level(cell).1).collect())),
        ("day", Column::Day(cells().map(|cell| Some(cell.day.0)).collect())),
        ("people", Column::Number(counts.iter().map(|(_, people)| *people).collect())),
    ]);
    rows.upsert(txn, ("level_count", &key, "people = level_count.people + excluded.people")).await?;
    Ok(())
}

/// The folded day and the last change of a list that the tables were made by; nothing where they were not made, or in
/// another form.
async fn head(connection: &impl ConnectionTrait) -> Result<Option<(Day, i64)>> {
    let head = level_count_head::Entity::find_by_id(1).one(connection).await?;
    Ok(head.filter(|head| head.version == VERSION).and_then(|head| Some((head.folded_on?, head.list_change))))
}

/// Whether the tables were made in this version's form.
pub(in crate::domain::read_model) async fn is_made(connection: &impl ConnectionTrait) -> Result<bool> {
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
        .to_owned();
    let sum = Expr::col((level_count::Entity, Of::People)).add(Expr::col(("excluded", Of::People)));
    let insert = Query::insert()
        .into_table(level_count::Entity)
        .columns(key.into_iter().chain([Of::Day, Of::People]))
        .select_from(moved)
        .map_err(Error::internal)?
        .on_conflict(OnConflict::columns(key.into_iter().chain([Of::Day])).value(Of::People, sum).to_owned())
        .to_owned();
    txn.execute(&insert).await?;
    level_count::Entity::delete_many().filter(has_come()).exec(txn).await?;
    level_count_head::Entity::update_many()
        .col_expr(level_count_head::Column::FoldedOn, Expr::val(today))
        .exec(txn)
        .await?;
    Ok(())
}
