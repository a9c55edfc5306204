//! Units (đơn vị): their permanent identity. Name, kind, tier and parents may change and are in `unit_version`.

use sea_orm::entity::prelude::*;

use crate::value::{UnitCode, UnitId};

/// A unit.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "unit")]
pub struct Model {
    /// Id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: UnitId,
    /// Code.
    #[sea_orm(unique)]
    pub code: UnitCode,
}

impl ActiveModelBehavior for ActiveModel {}
