//! Persons with all that read models follow from, so many at a time.

use std::collections::HashMap;

use entity::{
    cadre,
    value::{CadreCode, CadreId},
};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::{
    cadre_snapshot::{self, CadreSnapshot, Of},
    headcount::Person,
};
use crate::error::Result;

/// Persons that are looked at together: a few statements for each so many.
pub(super) const BATCH: usize = 2_000;

/// Some persons, as the tables have them.
#[derive(Debug)]
pub(super) struct Batch {
    /// Their cards as they ought to be.
    pub cards: Vec<CadreSnapshot>,
    sort_keys: HashMap<CadreId, Vec<u8>>,
}

impl Batch {
    /// These persons.
    pub async fn of(connection: &impl ConnectionTrait, of: Of<'_>) -> Result<Self> {
        let mut people = Self { cards: Vec::new(), sort_keys: HashMap::new() };
        for (card, sort_key) in cadre_snapshot::made(connection, of).await? {
            people.sort_keys.insert(card.id, sort_key);
            people.cards.push(card);
        }
        Ok(people)
    }

    /// The next persons after one, by id; none after the last. Ids grow with time, so who was recorded together is read
    /// together.
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

    /// A person with this card. Names never change, so that a card of before has the same place in their order.
    pub fn person<'a>(&'a self, card: &'a CadreSnapshot) -> Option<Person<'a>> {
        let sort_key = self.sort_keys.get(&card.id)?;
        Some(Person { id: card.id, sort_key, posts: &card.posts, qualifications: &card.qualifications })
    }

    /// Each of them.
    pub fn each(&self) -> impl Iterator<Item = Person<'_>> {
        self.cards.iter().filter_map(|card| self.person(card))
    }

    /// From the first to the last of them.
    pub fn range(&self) -> Option<Of<'static>> {
        Some(Of::Range(self.cards.first()?.id, self.last()?))
    }

    /// The last of them.
    pub fn last(&self) -> Option<CadreId> {
        self.cards.last().map(|card| card.id)
    }

    /// The code of one of them.
    pub fn code(&self, id: CadreId) -> Option<&CadreCode> {
        self.cards.iter().find(|card| card.id == id).map(|card| &card.code)
    }
}
