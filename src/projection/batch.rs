//! Batches of persons with all inputs of the read models.

use std::collections::HashMap;

use entity::{
    cadre,
    value::{CadreCode, CadreId},
};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::{
    cadre_snapshot::{self, CadreSnapshot, Of},
    person::Person,
};
use crate::error::Result;

/// Number of persons in a batch; each batch takes a few statements.
pub(super) const BATCH: usize = 2_000;

/// A batch of persons, read from the source tables.
#[derive(Debug)]
pub(super) struct Batch {
    /// Cards built from the source tables.
    pub cards: Vec<CadreSnapshot>,
    sort_keys: HashMap<CadreId, Vec<u8>>,
}

impl Batch {
    /// Reads the selected persons.
    pub async fn of(connection: &impl ConnectionTrait, of: Of<'_>) -> Result<Self> {
        let mut people = Self { cards: Vec::new(), sort_keys: HashMap::new() };
        for (card, sort_key) in cadre_snapshot::build(connection, of).await? {
            people.sort_keys.insert(card.id, sort_key);
            people.cards.push(card);
        }
        Ok(people)
    }

    /// Reads the next batch after id `last`, in id order; `None` at the end. Ids grow with time, so persons recorded
    /// together are read together.
    pub async fn after(connection: &impl ConnectionTrait, last: Option<CadreId>) -> Result<Option<Self>> {
        let ids = cadre::Entity::find()
            .select_only()
            .column(cadre::Column::Id)
            .filter(cadre::Column::Id.gt(last.unwrap_or(CadreId(Uuid::nil()))))
            .order_by_asc(cadre::Column::Id)
            .limit(BATCH as u64)
            .into_tuple::<Uuid>()
            .all(connection)
            .await?;
        match (ids.first(), ids.last()) {
            (Some(first), Some(last)) => {
                Ok(Some(Self::of(connection, Of::Range(CadreId(*first), CadreId(*last))).await?))
            }
            _ => Ok(None),
        }
    }

    /// The projection input of a card. Names never change, so an older card of the person has the same sort key.
    pub fn person<'a>(&'a self, card: &'a CadreSnapshot) -> Option<Person<'a>> {
        let sort_key = self.sort_keys.get(&card.id)?;
        Some(Person { id: card.id, sort_key, posts: &card.posts, qualifications: &card.qualifications })
    }

    /// All persons of the batch.
    pub fn each(&self) -> impl Iterator<Item = Person<'_>> {
        self.cards.iter().filter_map(|card| self.person(card))
    }

    /// Id range from the first to the last person, both inclusive.
    pub fn range(&self) -> Option<Of<'static>> {
        Some(Of::Range(self.cards.first()?.id, self.last()?))
    }

    /// Id of the last person.
    pub fn last(&self) -> Option<CadreId> {
        self.cards.last().map(|card| card.id)
    }

    /// Code of a person of the batch.
    pub fn code(&self, id: CadreId) -> Option<&CadreCode> {
        self.cards.iter().find(|card| card.id == id).map(|card| &card.code)
    }
}
