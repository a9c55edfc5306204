//! Programmes of training (chương trình đào tạo, bồi dưỡng), which are in memory.

use entity::value::ProgrammeCode;

use crate::{
    domain::{authz::Access, filter::ensure_short},
    error::{Error, Result},
};

/// Subject of the programmes that stand for every programme of their plan.
pub(in crate::domain) const ANY: &str = "ANY";

/// Whether seats of a programme are seats of another: of itself, or of every one.
pub(in crate::domain) fn stands_for(access: &Access, given: &ProgrammeCode, asked: &ProgrammeCode) -> bool {
    given == asked
        || access.reference_data().programme(given.as_str()).is_some_and(|programme| programme.subject == ANY)
}

/// Checks that each code names a programme.
///
/// # Errors
/// `Invalid` naming the field, if one does not or there are too many.
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
