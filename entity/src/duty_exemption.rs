//! Exemptions (miễn, hoãn) of persons from a duty.

use sea_orm::entity::prelude::*;

use crate::value::{CadreId, Day, DutyCode, ExemptionId, SealedReason};

/// A person is exempt from a duty from `valid_from` (inclusive) to `valid_to` (exclusive), unless the exemption was
/// withdrawn.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "duty_exemption")]
pub struct Model {
    /// Id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ExemptionId,
    /// Person.
    pub cadre_id: CadreId,
    /// Duty.
    pub duty_code: DutyCode,
    /// First day, inclusive.
    pub valid_from: Day,
    /// End day, exclusive; `None` if it has no end.
    pub valid_to: Option<Day>,
    /// Reason. It may concern health.
    pub reason: SealedReason,
    /// Number of its document.
    pub document_no: Option<String>,
    /// Day on which it was withdrawn; `None` if it is in force.
    pub withdrawn_on: Option<Day>,
    /// Number of the document that ended or withdrew it.
    pub end_document_no: Option<String>,
    /// The person.
    #[sea_orm(belongs_to, from = "cadre_id", to = "id")]
    pub cadre: BelongsTo<super::cadre::Entity>,
    /// The duty.
    #[sea_orm(belongs_to, from = "duty_code", to = "code")]
    pub duty: BelongsTo<super::duty::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
