//! Lists of standards.

use entity::value::Day;

use crate::{
    authz::Access,
    domain::{
        standard::judge::is_in_force,
        unit::{named, titles},
    },
    error::{Error, Result},
    reference::standards::Standard,
};

/// Filter of standards; all conditions must hold.
#[derive(Clone, Debug, Default, async_graphql::InputObject, serde::Serialize)]
pub struct StandardWhere {
    /// Applies to this title, by code, in units of any tier.
    pub title: Option<String>,
    /// Is in force on this day.
    pub on: Option<Day>,
    /// Was issued by this unit, by code.
    pub issuer: Option<String>,
}

/// Standards that satisfy a filter, by code.
///
/// # Errors
/// `Invalid` for an unknown title or a unit that does not exist or is out of reach.
pub fn list<'a>(access: &'a Access, filter: &StandardWhere) -> Result<Vec<&'a Standard>> {
    let title = filter.title.as_ref().map(|code| titles(access, "where.title", std::slice::from_ref(code)));
    let title = title.transpose()?.and_then(|mut titles| titles.pop());
    let issuer = filter.issuer.as_ref().map(|code| named(access, "where.issuer", code)).transpose()?;
    let is_listed = |standard: &&Standard| {
        title.is_none_or(|title| standard.scope(&title.code).is_some())
            && filter.on.is_none_or(|day| is_in_force(standard, day))
            && issuer.is_none_or(|issuer| standard.row.issuer_id == Some(issuer))
    };
    Ok(access.reference_data().standards().all().filter(is_listed).collect())
}

/// Finds a standard by code.
///
/// # Errors
/// `Invalid` for the field if it does not exist.
pub fn find<'a>(access: &'a Access, field: &str, code: &str) -> Result<&'a Standard> {
    access.reference_data().standards().by_code(code).ok_or_else(|| {
        Error::invalid(
            field,
            "Không có tiêu chuẩn nào có mã này; xem các mã tại `standards`.",
            "No standard has this code; see the codes under `standards`.",
        )
    })
}
