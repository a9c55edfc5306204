//! Standards of titles (tiêu chuẩn chức danh): their issuer and days. Scopes and requirements are rows of their own tables.

use sea_orm::entity::prelude::*;

use crate::value::{Day, Period, StandardCode, UnitId, Verification};

/// A standard in force from `valid_from` (inclusive) to `valid_to` (exclusive).
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "standard")]
pub struct Model {
    /// Code.
    #[sea_orm(primary_key, auto_increment = false)]
    pub code: StandardCode,
    /// Name.
    pub name: String,
    /// Unit that issued it, for itself and the units below; `None` if it is national.
    #[sea_orm(indexed)]
    pub issuer_id: Option<UnitId>,
    /// Number of its document.
    pub document_no: String,
    /// First day, inclusive.
    pub valid_from: Day,
    /// End day, exclusive; `None` if in force.
    pub valid_to: Option<Day>,
    /// Whether it was compared with the text of the document.
    pub verification: Verification,
    /// The issuer.
    #[sea_orm(belongs_to, from = "issuer_id", to = "id")]
    pub issuer: BelongsTo<Option<super::unit::Entity>>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// The period of this standard; `None` if the row's interval is empty.
    pub fn period(&self) -> Option<Period> {
        Period::new(Some(self.valid_from), self.valid_to)
    }
}
