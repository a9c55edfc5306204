//! Commands of the operator on derived and shipped data: install the reference lists of this version, rebuild the
//! projections, record the changes that a new day brings.

mod new_day;
mod projections;
mod reference_lists;

pub use new_day::record_day;
pub use projections::{ensure_projections, rebuild_projections};
pub use reference_lists::install_reference_lists;
