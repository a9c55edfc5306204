//! Persons of visible records: a caller that may see a rotation or an enrolment may see its person, even if another
//! unit now keeps the person's file.

use std::collections::HashMap;

use entity::value::CadreId;

use crate::{
    authz::{Access, AuthorizedCadre, RelatedCadre, WithRotations},
    error::{Error, Result},
    projection::cadre_snapshot::CadreSnapshot,
};

impl Access {
    /// Persons of records that the caller may see.
    ///
    /// # Errors
    /// `Forbidden` without `cadre:read`.
    pub async fn persons(&self, of: &[RelatedCadre]) -> Result<HashMap<RelatedCadre, AuthorizedCadre>> {
        let cadres = self.cadres()?;
        let cards = cadres.cards(cadres.is_one_of(of.iter().map(|person| person.cadre)), None).await?;
        let cards: HashMap<CadreId, CadreSnapshot> = cards.into_iter().map(|card| (card.of.id, card.of)).collect();
        of.iter()
            .map(|person| {
                let card = cards
                    .get(&person.cadre)
                    .cloned()
                    .ok_or_else(|| Error::internal("a record refers to a person that does not exist"))?;
                let is_in_custody = cadres.keeps_file(&card.posts, person.day);
                let day = if is_in_custody { person.day } else { person.otherwise };
                Ok((*person, cadres.shown(WithRotations { of: card, rotations: None }, day, is_in_custody)))
            })
            .collect()
    }
}
