//! Versions of units: name, kind, tier and parents during an interval.

use sea_orm::entity::prelude::*;

use crate::value::{Day, Tier, UnitId, UnitKind, VersionId};

/// State of a unit from `valid_from` (inclusive) to `valid_to` (exclusive).
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "unit_version")]
pub struct Model {
    /// Id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: VersionId,
    /// Unit.
    #[sea_orm(indexed)]
    pub unit_id: UnitId,
    /// First day, inclusive; `None` if there is no start.
    pub valid_from: Option<Day>,
    /// End day, exclusive; `None` if current.
    pub valid_to: Option<Day>,
    /// Name.
    pub name: String,
    /// Kind.
    pub kind: UnitKind,
    /// Tier.
    pub tier: Tier,
    /// Code in the national list of territorial units. Codes are reused over time for other units, so this is never a
    /// key.
    pub admin_code: Option<String>,
    /// Parent in the administrative tree.
    pub parent_id: Option<UnitId>,
    /// Parent in the tree of Party organisations.
    pub party_parent_id: Option<UnitId>,
    /// The unit.
    #[sea_orm(belongs_to, relation_enum = "Unit", from = "unit_id", to = "id")]
    pub unit: BelongsTo<super::unit::Entity>,
    /// The administrative parent.
    #[sea_orm(belongs_to, relation_enum = "Parent", from = "parent_id", to = "id")]
    pub parent: BelongsTo<Option<super::unit::Entity>>,
    /// The Party parent.
    #[sea_orm(belongs_to, relation_enum = "PartyParent", from = "party_parent_id", to = "id")]
    pub party_parent: BelongsTo<Option<super::unit::Entity>>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// The period of this version; `None` if the row's interval is empty.
    pub fn period(&self) -> Option<crate::value::Period> {
        crate::value::Period::new(self.valid_from, self.valid_to)
    }

    /// The parent in a hierarchy.
    pub fn parent_in(&self, hierarchy: crate::value::Hierarchy) -> Option<UnitId> {
        match hierarchy {
            crate::value::Hierarchy::Administrative => self.parent_id,
            crate::value::Hierarchy::Party => self.party_parent_id,
        }
    }
}
