//! Cards: one row per person that stores identity, posts and qualifications, so that they are read together.
//!
//! A card stores the whole history, which is short, so it can be read as of any day. It stores no protected fields.

mod pack;
mod snapshot;

use std::collections::{HashMap, HashSet};

use entity::{
    assignment, cadre, cadre_snapshot, qualification, rotation,
    value::{CadreCode, CadreId},
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
    QuerySelect,
    sea_query::{Expr, SimpleExpr},
};
use uuid::Uuid;

pub(super) use pack::VERSION;
pub use snapshot::CadreSnapshot;

use crate::{
    db::{self, bulk},
    error::Result,
};

impl CadreSnapshot {
    /// Decodes the card of a row.
    ///
    /// # Errors
    /// `Internal` if this version did not write the row.
    pub fn of(row: &cadre_snapshot::Model) -> Result<Self> {
        pack::unpack(row)
    }

    fn row(&self) -> Result<cadre_snapshot::Model> {
        let (cadre_id, code, has_rotations) = (self.id, self.code.clone(), self.has_rotations);
        Ok(cadre_snapshot::Model { cadre_id, code, has_rotations, body: pack::pack(self)? })
    }
}

/// Selects the persons of a batch in the source tables of cards.
#[derive(Clone, Copy, Debug)]
pub(super) enum Of<'a> {
    /// The listed persons.
    These(&'a [CadreId]),
    /// All ids from the first to the last, both inclusive.
    Range(CadreId, CadreId),
}

impl Of<'_> {
    pub(super) fn contains<C: ColumnTrait>(self, connection: &impl ConnectionTrait, column: C) -> SimpleExpr {
        match self {
            Self::These(ids) => {
                let column = Expr::col((column.entity_name(), column));
                db::any_id(connection.get_database_backend(), column, ids.iter().map(|id| id.0))
            }
            Self::Range(first, last) => column.between(first, last),
        }
    }
}

/// Builds the cards of persons from the source tables, ordered by person id, each with the person's sort key for names.
/// Reads no protected columns.
pub(super) async fn build(connection: &impl ConnectionTrait, of: Of<'_>) -> Result<Vec<(CadreSnapshot, Vec<u8>)>> {
    use cadre::Column as Is;
    let persons = cadre::Entity::find()
        .select_only()
        .columns([Is::Id, Is::Code, Is::FullName, Is::Gender, Is::Category, Is::Status])
        .columns([Is::JoinedServiceOn, Is::RankCode, Is::SortKey])
        .filter(of.contains(connection, Is::Id))
        .order_by_asc(Is::Id)
        .into_tuple()
        .all(connection)
        .await?;
    let mut posts = posts(connection, of).await?;
    let mut qualifications = qualifications(connection, of).await?;
    let rotating = rotation::Entity::find()
        .select_only()
        .column(rotation::Column::CadreId)
        .distinct()
        .filter(of.contains(connection, rotation::Column::CadreId));
    let rotating: HashSet<CadreId> =
        rotating.into_tuple::<Uuid>().all(connection).await?.into_iter().map(CadreId).collect();
    let card = |(id, code, full_name, gender, category, status, joined_service_on, rank_code, sort_key)| {
        let card = CadreSnapshot {
            id,
            code,
            full_name,
            gender,
            category,
            status,
            joined_service_on,
            rank_code,
            has_rotations: rotating.contains(&id),
            posts: posts.remove(&id).unwrap_or_default(),
            qualifications: qualifications.remove(&id).unwrap_or_default(),
        };
        (card, sort_key)
    };
    Ok(persons.into_iter().map(card).collect())
}

async fn posts(connection: &impl ConnectionTrait, of: Of<'_>) -> Result<HashMap<CadreId, Vec<assignment::Model>>> {
    let rows = assignment::Entity::find()
        .filter(of.contains(connection, assignment::Column::CadreId))
        .order_by_desc(assignment::Column::StartOn)
        .order_by_desc(assignment::Column::Id)
        .all(connection)
        .await?;
    let mut posts: HashMap<CadreId, Vec<_>> = HashMap::new();
    for row in rows {
        posts.entry(row.cadre_id).or_default().push(row);
    }
    Ok(posts)
}

async fn qualifications(
    connection: &impl ConnectionTrait,
    of: Of<'_>,
) -> Result<HashMap<CadreId, Vec<qualification::Model>>> {
    let rows = qualification::Entity::find()
        .filter(of.contains(connection, qualification::Column::CadreId))
        .order_by_asc(qualification::Column::SubjectCode)
        .order_by_asc(qualification::Column::CountsFrom)
        .order_by_asc(qualification::Column::Id)
        .all(connection)
        .await?;
    let mut qualifications: HashMap<CadreId, Vec<_>> = HashMap::new();
    for row in rows {
        qualifications.entry(row.cadre_id).or_default().push(row);
    }
    Ok(qualifications)
}

/// Reads stored cards and locks their rows until the transaction ends. A concurrent change of these persons waits, and
/// then reads what was committed here.
pub(super) async fn lock_and_read(txn: &DatabaseTransaction, persons: &[CadreId]) -> Result<Vec<CadreSnapshot>> {
    let rows = cadre_snapshot::Entity::find()
        .filter(Of::These(persons).contains(txn, cadre_snapshot::Column::CadreId))
        .order_by_asc(cadre_snapshot::Column::CadreId)
        .lock_exclusive()
        .all(txn)
        .await?;
    rows.iter().map(CadreSnapshot::of).collect()
}

/// Reads stored cards in packed form, ordered by person id.
pub(super) async fn stored(connection: &impl ConnectionTrait, of: Of<'_>) -> Result<Vec<cadre_snapshot::Model>> {
    let rows = cadre_snapshot::Entity::find().filter(of.contains(connection, cadre_snapshot::Column::CadreId));
    Ok(rows.order_by_asc(cadre_snapshot::Column::CadreId).all(connection).await?)
}

/// Inserts cards or replaces the stored ones.
pub(super) async fn write(txn: &DatabaseTransaction, cards: &[CadreSnapshot]) -> Result<()> {
    Ok(bulk::replace(txn, rows(cards)?).await?)
}

/// Inserts cards of persons who have none yet.
pub(super) async fn write_new(txn: &DatabaseTransaction, cards: &[CadreSnapshot]) -> Result<()> {
    Ok(bulk::insert(txn, rows(cards)?).await?)
}

fn rows(cards: &[CadreSnapshot]) -> Result<Vec<cadre_snapshot::ActiveModel>> {
    cards.iter().map(|card| Ok(card.row()?.into_active_model())).collect()
}

/// Returns the first person of a batch whose stored card differs from the built one.
pub(super) fn difference(build: &[CadreSnapshot], stored: &[cadre_snapshot::Model]) -> Result<Option<CadreCode>> {
    let mut stored = stored.iter();
    for card in build {
        if stored.next() != Some(&card.row()?) {
            return Ok(Some(card.code.clone()));
        }
    }
    Ok(stored.next().map(|row| row.code.clone()))
}
