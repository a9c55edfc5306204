//! Commands on appraisals: record a result, correct it, annul it.

mod annul;
mod correct;
mod facts;
mod record;
mod subject;

pub use annul::Annul;
pub use correct::Correct;
pub use facts::Warning;
pub use record::{NewAppraisal, Record};
pub use subject::{Appraisal, Recorded};
