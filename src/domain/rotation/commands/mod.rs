//! Commands on rotations. Each file has the input of a command, its change of the row, and the days and posts that it
//! needs.

mod appraise;
mod end;
mod extend;
mod place;
mod post;
mod procedure;
mod propose;
mod service;
mod start;
mod subject;

pub use appraise::{Appraise, Override};
pub use end::{End, Placement};
pub use extend::Extend;
pub use place::Place;
pub use procedure::{Advance, Cancel, Decide, Publish};
pub use propose::{Planning, Proposal, Propose};
pub use start::Start;
pub use subject::Rotation;
