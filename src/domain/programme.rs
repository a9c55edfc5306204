//! Training programmes (chương trình đào tạo, bồi dưỡng), read from memory.

use entity::value::ProgrammeCode;

use crate::{
    authz::Access,
    domain::filter::ensure_short,
    error::{Error, Result},
    reference::ANY_PROGRAMME,
};

/// Whether seats of the programme `offered` can be used for `requested`: it is the same programme, or includes all
/// programmes.
pub(in crate::domain) fn covers(access: &Access, offered: &ProgrammeCode, requested: &ProgrammeCode) -> bool {
    offered == requested
        || access
            .reference_data()
            .programme(offered.as_str())
            .is_some_and(|programme| programme.subject == ANY_PROGRAMME)
}

/// Checks that all codes belong to programmes.
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
        "Danh sách có mã chương trình không tồn tại; xem các mã tại `programmes`.",
        "The list contains a programme code that does not exist; see the codes under `programmes`.",
    ))
}
