//! Overrides of rules: "special case, the competent authority decides".

use sea_orm::entity::prelude::*;

use crate::value::{Day, RotationId, RuleKey};

/// An exemption of a rotation from a rule.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "rule_override")]
pub struct Model {
    /// Rotation.
    #[sea_orm(primary_key, auto_increment = false)]
    pub rotation_id: RotationId,
    /// Rule.
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: RuleKey,
    /// Reason.
    pub reason: String,
    /// Authority that granted it.
    pub granted_by: String,
    /// Day on which it was granted.
    pub granted_on: Day,
    /// Number of its document.
    pub document_no: Option<String>,
    /// The rotation.
    #[sea_orm(belongs_to, from = "rotation_id", to = "id")]
    pub rotation: BelongsTo<super::rotation::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
