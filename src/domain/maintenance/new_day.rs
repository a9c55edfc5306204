//! Records the changes that a new day brings without a command: posts and versions of units that begin or end.
//! Otherwise the change feed would not contain these changes.

use std::collections::{BTreeMap, BTreeSet};

use entity::{
    assignment, cadre, feed_state, unit, unit_version,
    value::{CadreId, ChangeKind, Day},
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, ExprTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait, sea_query::Expr,
};
use uuid::Uuid;

use crate::{
    authz::{Area, Change, CommandKind, Permit, Txn, custodians},
    clock::Clock,
    db::{self, Database},
    error::{Error, Result},
};

const RECORD: CommandKind = CommandKind::of_operator("day.record", Area::Records);

/// Number of persons whose posts are read in one statement.
const PERSONS: usize = 1_000;

/// Records the persons and units that changed on the days since the last call, up to today in Việt Nam. Returns whether
/// this call recorded them; each day is recorded once, by the first process that gets the lock.
///
/// # Errors
/// `Unavailable` or `Internal` if the database does not answer.
pub async fn record_day(database: &Database, clock: Clock) -> Result<bool> {
    let today = clock.today();
    let is_recorded = |state: &feed_state::Model| state.recorded_until.is_some_and(|until| until >= today);
    if feed_state::Entity::find_by_id(1).one(database.control()).await?.as_ref().is_some_and(is_recorded) {
        return Ok(false);
    }
    let txn = Permit::operator(database, clock, RECORD).begin(Some(today.to_string()), None).await?;
    let state = feed_state::Entity::find_by_id(1).lock_exclusive().one(txn.connection()).await?;
    let state = state.ok_or_else(|| Error::internal("the state of the change feed is gone"))?;
    if is_recorded(&state) {
        return Ok(false);
    }
    if let Some(until) = state.recorded_until {
        record_units(&txn, until, today).await?;
        record_persons(&txn, until, today).await?;
    }
    let state = feed_state::Model { recorded_until: Some(today), ..state }.into_active_model().reset_all();
    feed_state::Entity::update(state).exec(txn.connection()).await?;
    txn.commit().await?;
    Ok(true)
}

/// Records the units with a version that begins or ends after `until` and up to `today`.
async fn record_units(txn: &Txn, until: Day, today: Day) -> Result<()> {
    let of_time = |column: unit_version::Column| column.gt(until).and(column.lte(today));
    let changed = unit_version::Entity::find()
        .select_only()
        .column(unit_version::Column::UnitId)
        .filter(of_time(unit_version::Column::ValidFrom).or(of_time(unit_version::Column::ValidTo)));
    let codes: Vec<String> = unit::Entity::find()
        .select_only()
        .column(unit::Column::Code)
        .filter(unit::Column::Id.in_subquery(changed.into_query()))
        .order_by_asc(unit::Column::Code)
        .into_tuple()
        .all(txn.connection())
        .await?;
    for code in codes {
        txn.record(ChangeKind::Updated, "unit", code).await?;
    }
    Ok(())
}

/// Records the persons with a post that begins or ends after `until` and up to `today`.
async fn record_persons(txn: &Txn, until: Day, today: Day) -> Result<()> {
    let of_time = |column: assignment::Column| column.gt(until).and(column.lte(today));
    let persons: Vec<Uuid> = assignment::Entity::find()
        .select_only()
        .column(assignment::Column::CadreId)
        .distinct()
        .filter(of_time(assignment::Column::StartOn).or(of_time(assignment::Column::EndOn)))
        .into_tuple()
        .all(txn.connection())
        .await?;
    let persons: Vec<Uuid> = persons.into_iter().collect::<BTreeSet<_>>().into_iter().collect();
    for persons in persons.chunks(PERSONS) {
        let is_one = |column: Expr| db::any_id(txn.backend(), column, persons.iter().copied());
        let mut posts: BTreeMap<CadreId, Vec<assignment::Model>> = BTreeMap::new();
        let of_persons = is_one(Expr::col((assignment::Entity, assignment::Column::CadreId)));
        for post in assignment::Entity::find().filter(of_persons).all(txn.connection()).await? {
            posts.entry(post.cadre_id).or_default().push(post);
        }
        let of_ids = is_one(Expr::col((cadre::Entity, cadre::Column::Id)));
        let codes = cadre::Entity::find().select_only().columns([cadre::Column::Id, cadre::Column::Code]);
        let codes = codes.filter(of_ids).order_by_asc(cadre::Column::Id).into_tuple::<(Uuid, String)>();
        for (id, code) in codes.all(txn.connection()).await? {
            let posts = posts.get(&CadreId(id)).map_or(&[][..], Vec::as_slice);
            let units = |day| custodians(posts, day).collect();
            let change = Change::of(ChangeKind::Updated, "cadre", code).located(id, units(until), units(today));
            txn.record_change(change).await?;
        }
    }
    Ok(())
}
