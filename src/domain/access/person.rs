//! Persons of what a caller may know of: whoever knows of a rotation or an enrolment knows whom it is about, also where
//! their file is elsewhere by now.

use std::collections::HashMap;

use entity::{
    cadre,
    value::{CadreId, Day},
};
use sea_orm::{EntityTrait, QueryFilter, sea_query::Expr};

use crate::{
    db,
    domain::access::{Access, Visible},
    error::{Error, Result},
};

/// Proof that the caller may see the person of something that they know of; the key by which that person is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KnownPerson {
    cadre: CadreId,
    day: Day,
    /// The day to show the person on where their file is out of reach by now.
    otherwise: Day,
}

impl KnownPerson {
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
    pub async fn persons(&self, of: &[KnownPerson]) -> Result<HashMap<KnownPerson, Visible>> {
        let cadres = self.cadres()?;
        let ids = of.iter().map(|person| person.cadre.0);
        let column = Expr::col((cadre::Entity, cadre::Column::Id));
        let rows =
            cadre::Entity::find().filter(db::any_id(self.backend(), column, ids.clone())).all(self.reader()).await?;
        let rows: HashMap<CadreId, cadre::Model> = rows.into_iter().map(|row| (row.id, row)).collect();
        let posts = cadres.all_posts(ids).await?;
        of.iter()
            .map(|person| {
                let row = rows.get(&person.cadre).cloned().ok_or_else(|| Error::internal("a record of nobody"))?;
                let posts = posts.get(&person.cadre).map(Vec::as_slice).unwrap_or_default();
                let is_here = cadres.keeps_file(posts, person.day);
                let day = if is_here { person.day } else { person.otherwise };
                Ok((*person, Visible::shown(row, day, is_here)))
            })
            .collect()
    }
}
