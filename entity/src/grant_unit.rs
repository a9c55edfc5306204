//! Root units of a grant. The reach of the grant consists of the subtrees of these units.

use sea_orm::entity::prelude::*;

use crate::value::{GrantId, UnitId};

/// A root unit of a grant.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "grant_unit")]
pub struct Model {
    /// Grant.
    #[sea_orm(primary_key, auto_increment = false)]
    pub grant_id: GrantId,
    /// Root unit.
    #[sea_orm(primary_key, auto_increment = false)]
    pub unit_id: UnitId,
    /// The grant.
    #[sea_orm(belongs_to, from = "grant_id", to = "id")]
    pub grant: BelongsTo<super::client_grant::Entity>,
    /// The unit.
    #[sea_orm(belongs_to, from = "unit_id", to = "id")]
    pub unit: BelongsTo<super::unit::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
