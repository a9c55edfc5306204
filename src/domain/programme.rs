//! Programmes of training (chương trình đào tạo, bồi dưỡng), which are in memory.

use crate::{
    domain::{access::Access, filter::ensure_short},
    error::{Error, Result},
};

/// Checks that each code names a programme.
///
/// # Errors
/// `Invalid` naming the field, if one does not or there are too many.
pub(in crate::domain) fn ensure_known(access: &Access, field: &str, codes: &[String]) -> Result<()> {
    ensure_short(field, codes.len())?;
    if codes.iter().all(|code| access.registry().programme(code).is_some()) {
        return Ok(());
    }
    Err(Error::invalid(
        field,
        "Danh sách có mã chương trình không tồn tại; xem các mã ở `programmes`.",
        "The list holds a code that no programme has; see the codes under `programmes`.",
    ))
}
