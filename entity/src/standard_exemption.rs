//! Exemptions (miễn) of persons from requirements of standards.

use sea_orm::entity::prelude::*;

use crate::value::{CadreId, Day, ExemptionId, RequirementCode, StandardCode, UnitId};

/// A person is exempt from a requirement from `valid_from` (inclusive) to `valid_to` (exclusive).
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "standard_exemption")]
pub struct Model {
    /// Id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ExemptionId,
    /// Person.
    #[sea_orm(indexed)]
    pub cadre_id: CadreId,
    /// Standard.
    pub standard_code: StandardCode,
    /// Requirement of the standard.
    pub requirement_code: RequirementCode,
    /// Unit that granted it.
    pub granted_by_id: UnitId,
    /// Number of its document.
    pub document_no: String,
    /// First day, inclusive.
    pub valid_from: Day,
    /// End day, exclusive; `None` if it has no end.
    pub valid_to: Option<Day>,
    /// Reason. It may concern health or the ethnic group and is not shown.
    pub reason: String,
    /// The person.
    #[sea_orm(belongs_to, from = "cadre_id", to = "id")]
    pub cadre: BelongsTo<super::cadre::Entity>,
    /// The unit that granted it.
    #[sea_orm(belongs_to, from = "granted_by_id", to = "id")]
    pub granted_by: BelongsTo<super::unit::Entity>,
    /// The requirement.
    #[sea_orm(belongs_to, from = "(standard_code, requirement_code)", to = "(standard_code, code)")]
    pub requirement: BelongsTo<super::requirement::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
