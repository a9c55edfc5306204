//! Looks up the units and people that the input of a command names.

use entity::value::UnitId;

use crate::{
    authz::{Access, AuthorizedCadre},
    domain::{
        cadre::{self, CadreKey},
        refusal::{CommandResult, Refusal},
    },
    error::Error,
};

/// Finds a unit by code within the caller's reach.
pub(in crate::domain) fn within_reach(access: &Access, field: &str, code: &str) -> Result<UnitId, Refusal> {
    let unit = access.reference_data().units().by_code(code).filter(|unit| access.reaches(unit.row.id));
    unit.map(|unit| unit.row.id).ok_or_else(|| Refusal::not_found(field))
}

/// Finds a person by code whose file is in the caller's custody today.
///
/// # Errors
/// `Forbidden` without `cadre:read`.
pub(in crate::domain) async fn person(access: &Access, field: &str, code: &str) -> CommandResult<AuthorizedCadre> {
    match cadre::look_up(access, &CadreKey::Code(code.to_owned()), None, access.today()).await {
        Err(Error::NotFound) => Err(Refusal::not_found(field).into()),
        found => Ok(found?),
    }
}
