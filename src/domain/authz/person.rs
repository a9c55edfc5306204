//! Persons of what a caller may know of: whoever knows of a rotation or an enrolment knows whom it is about, also where
//! their file is elsewhere by now.

use std::collections::HashMap;

use entity::value::{CadreId, Day};

use crate::{
    domain::{
        authz::{Access, AuthorizedCadre, WithRotations},
        projection::cadre_snapshot::CadreSnapshot,
    },
    error::{Error, Result},
};

/// Proof that the caller may see the person of something that they know of; the key by which that person is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RelatedCadre {
    cadre: CadreId,
    day: Day,
    /// The day to show the person on where their file is out of reach by now.
    otherwise: Day,
}

impl RelatedCadre {
    /// A person of whom the access has proof: shown on a day while their file is within reach, otherwise on another.
    pub(super) fn of(cadre: CadreId, day: Day, otherwise: Day) -> Self {
        Self { cadre, day, otherwise }
    }
}

impl Access {
    /// The persons of what the caller knows of.
    ///
    /// # Errors
    /// `Forbidden` without `cadre:read`.
    pub async fn persons(&self, of: &[RelatedCadre]) -> Result<HashMap<RelatedCadre, AuthorizedCadre>> {
        let cadres = self.cadres()?;
        let cards = cadres.cards(cadres.is_one_of(of.iter().map(|person| person.cadre)), None).await?;
        let cards: HashMap<CadreId, CadreSnapshot> = cards.into_iter().map(|card| (card.of.id, card.of)).collect();
        of.iter()
            .map(|person| {
                let card = cards.get(&person.cadre).cloned().ok_or_else(|| Error::internal("a record of nobody"))?;
                let is_here = cadres.keeps_file(&card.posts, person.day);
                let day = if is_here { person.day } else { person.otherwise };
                Ok((*person, cadres.shown(WithRotations { of: card, rotations: None }, day, is_here)))
            })
            .collect()
    }
}
