//! Commands of the operator on derived and shipped data: installs the reference lists of this version, rebuilds the
//! projections.

mod projections;
mod reference_lists;

pub use projections::{ensure_projections, rebuild_projections};
pub use reference_lists::install_reference_lists;
