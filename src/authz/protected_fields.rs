//! The only module that opens sealed values. Each group requires its scope and a purpose, and is recorded in the access
//! log.

use std::fmt;

use async_graphql::SimpleObject;
use entity::{
    appraisal, cadre,
    value::{
        BirthDate, CadreId, Day, Ethnicity, ExemptionReason, NationalId, NativePlace, PartyDate, Scope, Verification,
    },
};
use sea_orm::DerivePartialModel;

use crate::{
    authz::{Access, AuthorizedCadre, RuleInputs, SealedExemption, VisibleAppraisal},
    error::Result,
    reference::{
        duties::Duty,
        rules::{RetirementAges, retires_on},
    },
};

/// Protected data of a person, sealed. Only `Access` opens it.
#[derive(Clone, Debug, Default, DerivePartialModel)]
#[sea_orm(entity = "cadre::Entity")]
pub struct Protected {
    national_id: Option<NationalId>,
    birth_on: Option<BirthDate>,
    native_place_code: Option<NativePlace>,
    joined_party_on: Option<PartyDate>,
    ethnicity_code: Option<Ethnicity>,
}

// `Identity` and `Political` are also objects of the schema: a field that is added to one of them is a field of the
// API. Only `Access::identity` and `Access::political` create them.

/// Identity data of a person (nhân thân).
#[derive(Debug, SimpleObject)]
pub struct Identity {
    /// Personal identity number (số định danh cá nhân), 12 digits.
    pub(crate) national_id: Option<String>,
    /// Day of birth (ngày sinh).
    pub(crate) birth_on: Option<Day>,
    /// Code of the place of origin (quê quán) in the national list of territorial units.
    pub(crate) native_place_code: Option<String>,
}

/// Political data of a person (chính trị).
#[derive(Debug, SimpleObject)]
pub struct Political {
    /// Day of joining the Party (ngày vào Đảng).
    pub(crate) joined_party_on: Option<Day>,
}

/// Origin of a person. Requires `cadre.origin:read`.
#[derive(Debug)]
pub struct Origin {
    /// Code of the ethnic group.
    pub ethnicity_code: Option<String>,
}

/// An exemption of a person from a duty. Requires `cadre.health:read`.
pub struct Exemption {
    /// The duty.
    pub duty: Duty,
    /// First day, inclusive.
    pub valid_from: Day,
    /// End day, exclusive; `None` if it has no end.
    pub valid_to: Option<Day>,
    /// Reason.
    pub reason: ExemptionReason,
    /// Number of its document.
    pub document_no: Option<String>,
}

impl fmt::Debug for Exemption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Exemption(opened)")
    }
}

/// End of a person's service (thời gian công tác). It is derived from the day of birth and reveals something about that
/// day, so only a `ServiceKey` opens it.
pub(crate) struct RetirementOutlook(Option<Retirement>);

/// Proof that the caller may learn the end of a person's service, and that this reading of the identity is recorded for
/// the access log.
#[derive(Debug)]
pub(crate) struct ServiceKey(CadreId);

impl ServiceKey {
    /// Service of the person; `None` if the key belongs to another person.
    pub(crate) fn open(&self, row: &cadre::Model, ages: &RetirementAges) -> Option<RetirementOutlook> {
        (row.id == self.0).then(|| RetirementOutlook::of(row, ages))
    }
}

/// First day after the service, and whether the retirement age used was compared with its legal instrument.
struct Retirement {
    on: Day,
    verification: Verification,
}

impl RetirementOutlook {
    #[cfg(test)]
    pub(crate) fn in_test(row: &cadre::Model, ages: &RetirementAges) -> Self {
        Self::of(row, ages)
    }

    fn of(row: &cadre::Model, ages: &RetirementAges) -> Self {
        let of_birth = |birth_on| {
            let verification = ages.age_of(birth_on, row.gender)?.verification;
            Some(Retirement { on: retires_on(birth_on, row.gender, ages)?, verification })
        };
        Self(row.birth_on.as_ref().and_then(|birth| of_birth(*birth.reveal())))
    }

    /// Whether the person still serves on the day before `day`; `None` if unknown.
    pub(crate) fn lasts_until(&self, day: Day) -> Option<bool> {
        self.0.as_ref().map(|retirement| retirement.on >= day)
    }

    /// Whether the retirement age was compared with its legal instrument; `Verified` if no age was used.
    pub(crate) fn verification(&self) -> Verification {
        self.0.as_ref().map_or(Verification::Verified, |retirement| retirement.verification)
    }
}

impl fmt::Debug for RetirementOutlook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RetirementOutlook(sealed)")
    }
}

impl Access {
    /// Records that the look-up by identity number disclosed the numbers of these persons.
    ///
    /// # Errors
    /// `Forbidden` without the scope; `PurposeRequired` without a purpose.
    pub(crate) fn found_by_number(&self, found: &[AuthorizedCadre]) -> Result<()> {
        found.iter().try_for_each(|cadre| self.disclose(cadre.id(), Scope::CadreIdentityRead, "CadreKey.nationalId"))
    }

    /// Key to the end of a person's service; `None` if the file is not in the caller's custody.
    ///
    /// # Errors
    /// `Forbidden` without the scope; `PurposeRequired` without a purpose.
    pub(crate) fn service_key(&self, of: &RuleInputs, field: &str) -> Result<Option<ServiceKey>> {
        let id = of.cadre.id;
        Ok(self.opens(id, of.has_custody, (Scope::CadreIdentityRead, field))?.then_some(ServiceKey(id)))
    }

    /// Whether the caller could read identities in its custody: it has the scopes and states a purpose.
    pub(super) fn may_read_identity(&self) -> bool {
        self.caller.has(Scope::CadreRead) && self.caller.has(Scope::CadreIdentityRead) && self.purpose.is_some()
    }

    /// Whether a group of protected facts is open to the caller. If it is, the reading is recorded for the access log.
    ///
    /// # Errors
    /// `Forbidden` without the scope; `PurposeRequired` without a purpose.
    fn opens(&self, cadre: CadreId, has_custody: bool, (scope, field): (Scope, &str)) -> Result<bool> {
        self.ensure_may_open(scope, field)?;
        if has_custody {
            self.disclose(cadre, scope, field)?;
        }
        Ok(has_custody)
    }

    /// Opens the identity of a person; `None` if the file is not in the caller's custody.
    ///
    /// # Errors
    /// `Forbidden` without the scope; `PurposeRequired` without a purpose.
    pub fn identity(&self, cadre: &AuthorizedCadre, of: &Protected) -> Result<Option<Identity>> {
        if !self.opens(cadre.id(), cadre.has_custody(), (Scope::CadreIdentityRead, "Cadre.identity"))? {
            return Ok(None);
        }
        Ok(Some(Identity {
            national_id: of.national_id.as_ref().map(|id| id.reveal().to_owned()),
            birth_on: of.birth_on.as_ref().map(|day| *day.reveal()),
            native_place_code: of.native_place_code.as_ref().map(|place| place.reveal().to_owned()),
        }))
    }

    /// Opens the political facts of a person; `None` if the file is not in the caller's custody.
    ///
    /// # Errors
    /// `Forbidden` without the scope; `PurposeRequired` without a purpose.
    pub fn political(&self, cadre: &AuthorizedCadre, of: &Protected) -> Result<Option<Political>> {
        if !self.opens(cadre.id(), cadre.has_custody(), (Scope::CadrePoliticalRead, "Cadre.political"))? {
            return Ok(None);
        }
        Ok(Some(Political { joined_party_on: of.joined_party_on.as_ref().map(|day| *day.reveal()) }))
    }

    /// Opens the origin of a person; `None` if the file is not in the caller's custody.
    ///
    /// # Errors
    /// `Forbidden` without the scope; `PurposeRequired` without a purpose.
    pub fn origin(&self, cadre: &AuthorizedCadre, of: &Protected) -> Result<Option<Origin>> {
        if !self.opens(cadre.id(), cadre.has_custody(), (Scope::CadreOriginRead, "Cadre.origin"))? {
            return Ok(None);
        }
        Ok(Some(Origin { ethnicity_code: of.ethnicity_code.as_ref().map(|code| code.reveal().to_owned()) }))
    }

    /// Opens the exemptions of a person; `None` if the file is not in the caller's custody. A duty that was issued after
    /// the request began is omitted with its exemptions.
    ///
    /// # Errors
    /// `Forbidden` without the scope; `PurposeRequired` without a purpose.
    pub fn exemptions(&self, cadre: &AuthorizedCadre, of: &[SealedExemption]) -> Result<Option<Vec<Exemption>>> {
        if !self.opens(cadre.id(), cadre.has_custody(), (Scope::CadreHealthRead, "Cadre.dutyExemptions"))? {
            return Ok(None);
        }
        let opened = of.iter().filter_map(|SealedExemption(row)| {
            Some(Exemption {
                duty: self.reference_data().duties().find(row.duty_code.as_str())?.clone(),
                valid_from: row.valid_from,
                valid_to: row.valid_to,
                reason: *row.reason.reveal(),
                document_no: row.document_no.clone(),
            })
        });
        Ok(Some(opened.collect()))
    }

    /// Opens appraisals of a person; `None` if the file is not in the caller's custody. Rows of other persons are
    /// omitted.
    ///
    /// # Errors
    /// `Forbidden` without the scope; `PurposeRequired` without a purpose.
    pub(crate) fn open_appraisals<'a>(
        &self,
        cadre: &AuthorizedCadre,
        rows: impl Iterator<Item = &'a appraisal::Model>,
        field: &str,
    ) -> Result<Option<Vec<VisibleAppraisal>>> {
        if !self.opens(cadre.id(), cadre.has_custody(), (Scope::AppraisalRead, field))? {
            return Ok(None);
        }
        let of_person = rows.filter(|row| row.cadre_id == cadre.id());
        Ok(Some(of_person.map(opened_appraisal).collect()))
    }
}

fn opened_appraisal(row: &appraisal::Model) -> VisibleAppraisal {
    let points = row.points.as_ref().map(|points| *points.reveal());
    VisibleAppraisal { rating: *row.result.reveal(), points, row: row.clone() }
}
