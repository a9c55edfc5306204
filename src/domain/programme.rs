//! Training programmes (chương trình đào tạo, bồi dưỡng), held in memory.

use entity::value::ProgrammeCode;

use crate::{
    authz::Access,
    domain::filter::ensure_short,
    error::{Error, Result},
    reference::ANY_PROGRAMME,
};

/// Whether seats of the programme `given` can be used for `asked`: it is the same programme, or includes all.
pub(in crate::domain) fn stands_for(access: &Access, given: &ProgrammeCode, asked: &ProgrammeCode) -> bool {
    given == asked
        || access.reference_data().programme(given.as_str()).is_some_and(|programme| programme.subject == ANY_PROGRAMME)
}

/// Checks that all codes are those of programmes.
///
/// # Errors
/// `Invalid` for the field if a code is unknown or there are too many.
pub(in crate::domain) fn ensure_known(access: &Access, field: &str, codes: &[String]) -> Result<()> {
    ensure_short(field, codes.len())?;
    if codes.iter().all(|code| access.reference_data().programme(code).is_some()) {
        return Ok(());
    }
    Err(Error::invalid(
        field,
        "Danh sách có mã chương trình không tồn tại; xem các mã ở `programmes`.",
        "The list holds a code that no programme has; see the codes under `programmes`.",
    ))
}
