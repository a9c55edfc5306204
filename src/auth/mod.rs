//! stub
use entity::value::*;
use std::collections::BTreeSet;
/// Caller.
#[derive(Clone, Debug)]
pub struct Caller {
    pub(crate) client_id: ClientId,
    pub(crate) name: String,
    pub(crate) scopes: BTreeSet<Scope>,
    pub(crate) purposes: BTreeSet<Purpose>,
    pub(crate) unit_roots: Vec<UnitId>,
}
impl Caller {
    /// .
    pub fn client_id(&self) -> ClientId {
        self.client_id
    }
    /// .
    pub fn name(&self) -> &str {
        &self.name
    }
    /// .
    pub fn scopes(&self) -> &BTreeSet<Scope> {
        &self.scopes
    }
    /// .
    pub fn purposes(&self) -> &BTreeSet<Purpose> {
        &self.purposes
    }
    /// .
    pub fn unit_roots(&self) -> &[UnitId] {
        &self.unit_roots
    }
}
