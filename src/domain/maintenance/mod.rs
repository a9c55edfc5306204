//! Commands of the operator on derived and shipped data: installs the reference lists of this version, rebuilds the
//! projections, records what a new day changes.

mod new_day;
mod projections;
mod reference_lists;

pub use new_day::record_day;
pub use projections::{ensure_projections, rebuild_projections};
pub use reference_lists::install_reference_lists;
