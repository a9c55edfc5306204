//! Institutions that award qualifications (cơ sở đào tạo).

use sea_orm::entity::prelude::*;

use crate::value::InstitutionCode;

/// An institution.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "institution")]
pub struct Model {
    /// Code.
    #[sea_orm(primary_key, auto_increment = false)]
    pub code: InstitutionCode,
    /// Name.
    pub name: String,
}

impl ActiveModelBehavior for ActiveModel {}
