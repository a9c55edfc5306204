//! The inputs of counts and page keys.

use entity::{assignment, qualification, value::CadreId};

/// A person with all inputs of counts and page keys.
#[derive(Clone, Copy, Debug)]
pub(super) struct Person<'a> {
    /// Id of the person.
    pub id: CadreId,
    /// Sort key of the name.
    pub sort_key: &'a [u8],
    /// All posts, in any order.
    pub posts: &'a [assignment::Model],
    /// All qualifications, in any order.
    pub qualifications: &'a [qualification::Model],
}
