//! The one place where sealed values are opened, each group against its scope and for a purpose, and noted for the access
//! log.

use std::fmt;

use entity::{
    cadre,
    value::{BirthDate, Day, Ethnicity, NationalId, NativePlace, PartyDate, Scope, Verification},
};
use sea_orm::DerivePartialModel;

use crate::{
    domain::{
        access::{Access, Visible},
        rule::{RetirementAges, retires_on},
    },
    error::Result,
};

/// What is protected of a person, as it was read: closed. What it says is opened by `Access` alone.
#[derive(Clone, Debug, Default, DerivePartialModel)]
#[sea_orm(entity = "cadre::Entity")]
pub struct Protected {
    national_id: Option<NationalId>,
    birth_on: Option<BirthDate>,
    native_place_code: Option<NativePlace>,
    joined_party_on: Option<PartyDate>,
    ethnicity_code: Option<Ethnicity>,
}

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

/// How long a person serves (thời gian công tác). Worked out of the day of birth without a scope, so it stays closed: the
/// rules may ask whether it lasts until a day, and nobody may read when it ends.
pub(in crate::domain) struct Service(Option<Retirement>);

/// The first day after the service, and whether the age behind it was compared with its instrument.
struct Retirement {
    on: Day,
    verification: Verification,
}

impl Service {
    /// The service of a person.
    pub(in crate::domain) fn of(row: &cadre::Model, ages: &RetirementAges) -> Self {
        let of_birth = |birth_on| {
            let verification = ages.age_of(birth_on, row.gender)?.verification;
            Some(Retirement { on: retires_on(birth_on, row.gender, ages)?, verification })
        };
        Self(row.birth_on.as_ref().and_then(|birth| of_birth(*birth.reveal())))
    }

    /// Whether the person still serves on the day before this one; nothing where that cannot be told.
    pub(in crate::domain) fn lasts_until(&self, day: Day) -> Option<bool> {
        self.0.as_ref().map(|retirement| retirement.on >= day)
    }

    /// Whether the retirement age was compared with its instrument; verified where none was used.
    pub(in crate::domain) fn verification(&self) -> Verification {
        self.0.as_ref().map_or(Verification::Verified, |retirement| retirement.verification)
    }
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Service(sealed)")
    }
}

impl Access {
    /// Tells that persons have the identity number that was asked for.
    ///
    /// # Errors
    /// `Forbidden` without the scope; `PurposeRequired` without a purpose.
    pub(in crate::domain) fn found_by_number(&self, found: &[Visible]) -> Result<()> {
        found.iter().try_for_each(|cadre| self.disclose(cadre, Scope::CadreIdentityRead, "CadreKey.nationalId"))
    }

    /// Opens the identity of a person whom the caller reaches.
    ///
    /// # Errors
    /// `Forbidden` without the scope; `PurposeRequired` without a purpose.
    pub fn identity(&self, cadre: &Visible, of: &Protected) -> Result<Identity> {
        self.disclose(cadre, Scope::CadreIdentityRead, "Cadre.identity")?;
        Ok(Identity {
            national_id: of.national_id.as_ref().map(|id| id.reveal().to_owned()),
            birth_on: of.birth_on.as_ref().map(|day| *day.reveal()),
            native_place_code: of.native_place_code.as_ref().map(|place| place.reveal().to_owned()),
        })
    }

    /// Opens the political facts of a person whom the caller reaches.
    ///
    /// # Errors
    /// `Forbidden` without the scope; `PurposeRequired` without a purpose.
    pub fn political(&self, cadre: &Visible, of: &Protected) -> Result<Political> {
        self.disclose(cadre, Scope::CadrePoliticalRead, "Cadre.political")?;
        Ok(Political { joined_party_on: of.joined_party_on.as_ref().map(|day| *day.reveal()) })
    }

    /// Opens the origin of a person whom the caller reaches.
    ///
    /// # Errors
    /// `Forbidden` without the scope; `PurposeRequired` without a purpose.
    pub fn origin(&self, cadre: &Visible, of: &Protected) -> Result<Origin> {
        self.disclose(cadre, Scope::CadreOriginRead, "Cadre.origin")?;
        Ok(Origin { ethnicity_code: of.ethnicity_code.as_ref().map(|code| code.reveal().to_owned()) })
    }
}
