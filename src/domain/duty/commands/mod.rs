//! Commands on yearly duties (chế độ bồi dưỡng bắt buộc): a unit issues and ends its duties; the unit that keeps the file
//! of a person exempts the person.

mod end;
mod exempt;
mod exemption;
mod exemption_end;
mod issue;

pub use end::End;
pub use exempt::Exempt;
pub use exemption_end::EndExemption;
pub use issue::Issue;

use crate::{
    authz::Access,
    domain::refusal::{CommandResult, Refusal},
    reference::duties::Duty,
};

/// Calendar years that a command may name.
const YEARS: (i32, i32) = (1800, 2198);

/// The duty with a code, as it is recorded now: another command may have issued it a moment ago.
async fn recorded(access: &Access, field: &str, code: &str) -> CommandResult<Duty> {
    let unknown = || Refusal::not_found(field);
    let code = code.parse().map_err(|_| unknown())?;
    Ok(Duty::read(access.reader(), &code).await?.ok_or_else(unknown)?)
}
