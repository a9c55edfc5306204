//! Titles to which standards apply.

use sea_orm::entity::prelude::*;

use crate::value::{StandardCode, Tier, TitleCode};

/// A standard applies to the holders of a title, in units of one tier or of all tiers.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "standard_scope")]
pub struct Model {
    /// Standard.
    #[sea_orm(primary_key, auto_increment = false)]
    pub standard_code: StandardCode,
    /// Title.
    #[sea_orm(primary_key, auto_increment = false, indexed)]
    pub title_code: TitleCode,
    /// Tier of the units; `None` for any.
    pub tier: Option<Tier>,
    /// The standard.
    #[sea_orm(belongs_to, from = "standard_code", to = "code")]
    pub standard: BelongsTo<super::standard::Entity>,
    /// The title.
    #[sea_orm(belongs_to, from = "title_code", to = "code")]
    pub title: BelongsTo<super::title::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
