//! Successions (sắp xếp đơn vị): m:n links from the units that an event ended or changed to their successors.

use sea_orm::entity::prelude::*;

use crate::value::{Day, SuccessionId, SuccessionKind, UnitId};

/// One link of a succession.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "unit_succession")]
pub struct Model {
    /// Id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SuccessionId,
    /// The earlier unit.
    #[sea_orm(indexed)]
    pub predecessor_id: UnitId,
    /// The later unit.
    #[sea_orm(indexed)]
    pub successor_id: UnitId,
    /// Kind of the succession.
    pub kind: SuccessionKind,
    /// First day of the new order, inclusive.
    pub on_date: Day,
    /// Legal document.
    pub document: Option<String>,
    /// The earlier unit.
    #[sea_orm(belongs_to, relation_enum = "Predecessor", from = "predecessor_id", to = "id")]
    pub predecessor: BelongsTo<super::unit::Entity>,
    /// The later unit.
    #[sea_orm(belongs_to, relation_enum = "Successor", from = "successor_id", to = "id")]
    pub successor: BelongsTo<super::unit::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
