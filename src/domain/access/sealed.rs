//! The one place where sealed values are opened, each group against its scope.

use entity::value::{Day, Scope};

use crate::{
    domain::access::{Access, Visible},
    error::Result,
};

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
    pub fn identity(&self, cadre: &Visible) -> Result<Identity> {
        self.require(Scope::CadreIdentityRead, "Cadre.identity")?;
        let row = cadre.row();
        Ok(Identity {
            national_id: row.national_id.as_ref().map(|id| id.reveal().to_owned()),
            birth_on: row.birth_on.as_ref().map(|day| *day.reveal()),
            native_place_code: row.native_place_code.as_ref().map(|place| place.reveal().to_owned()),
        })
    }

    /// Opens the political facts of a person whom the caller reaches.
    ///
    /// # Errors
    /// `Forbidden` without the scope.
    pub fn political(&self, cadre: &Visible) -> Result<Political> {
        self.require(Scope::CadrePoliticalRead, "Cadre.political")?;
        Ok(Political { joined_party_on: cadre.row().joined_party_on.as_ref().map(|day| *day.reveal()) })
    }

    /// Opens the origin of a person whom the caller reaches.
    ///
    /// # Errors
    /// `Forbidden` without the scope.
    pub fn origin(&self, cadre: &Visible) -> Result<Origin> {
        self.require(Scope::CadreOriginRead, "Cadre.origin")?;
        Ok(Origin { ethnicity_code: cadre.row().ethnicity_code.as_ref().map(|code| code.reveal().to_owned()) })
    }
}
