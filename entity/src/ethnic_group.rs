//! Ethnic groups (dân tộc): a reference list included in the service.

use sea_orm::entity::prelude::*;

/// An ethnic group of the list of 2008 (Quyết định 1019/QĐ-TCTK).
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "ethnic_group")]
pub struct Model {
    /// Code in the list of 2008.
    #[sea_orm(primary_key, auto_increment = false)]
    pub code: String,
    /// Name.
    pub name: String,
    /// Other names, separated by semicolons.
    pub other_names: String,
    /// Code in the list of 1979 (Quyết định 121-TCTK/PPCĐ), which differs for some groups.
    pub code_1979: String,
}

impl ActiveModelBehavior for ActiveModel {}
