//! The one place where sealed values are opened, each group against its scope.

use entity::{
    cadre,
    value::{Day, Scope},
};

use crate::{domain::access::Access, error::Result};

/// Identity of a person (nhân thân): protected by `cadre.identity:read`.
#[derive(Debug)]
pub struct Identity {
    /// Personal identity number.
    pub national_id: Option<String>,
    /// Day of birth.
    pub birth_on: Option<Day>,
    /// Code of the place of origin.
    pub native_place_code: Option<String>,
}

/// Political facts of a person: protected by `cadre.political:read`.
#[derive(Debug)]
pub struct Political {
    /// Day of joining the Party.
    pub joined_party_on: Option<Day>,
}

/// Origin of a person: protected by `cadre.origin:read`.
#[derive(Debug)]
pub struct Origin {
    /// Code of the ethnic group.
    pub ethnicity_code: Option<String>,
}

impl Access {
    /// Opens the identity of a person whom the caller reaches.
    ///
    /// # Errors
    /// `Forbidden` without the scope.
    pub fn identity(&self, cadre: &cadre::Model) -> Result<Identity> {
        self.require(Scope::CadreIdentityRead, "Cadre.identity")?;
        Ok(Identity {
            national_id: cadre.national_id.as_ref().map(|id| id.reveal().to_owned()),
            birth_on: cadre.birth_on.as_ref().map(|day| *day.reveal()),
            native_place_code: cadre.native_place_code.as_ref().map(|place| place.reveal().to_owned()),
        })
    }

    /// Opens the political facts of a person whom the caller reaches.
    ///
    /// # Errors
    /// `Forbidden` without the scope.
    pub fn political(&self, cadre: &cadre::Model) -> Result<Political> {
        self.require(Scope::CadrePoliticalRead, "Cadre.political")?;
        Ok(Political { joined_party_on: cadre.joined_party_on.as_ref().map(|day| *day.reveal()) })
    }

    /// Opens the origin of a person whom the caller reaches.
    ///
    /// # Errors
    /// `Forbidden` without the scope.
    pub fn origin(&self, cadre: &cadre::Model) -> Result<Origin> {
        self.require(Scope::CadreOriginRead, "Cadre.origin")?;
        Ok(Origin { ethnicity_code: cadre.ethnicity_code.as_ref().map(|code| code.reveal().to_owned()) })
    }
}
