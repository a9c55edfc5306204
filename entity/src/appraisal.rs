//! Appraisals of persons (đánh giá, xếp loại chất lượng).

use sea_orm::entity::prelude::*;

use crate::value::{
    AppraisalId, AppraisalPeriod, AppraisalState, AppraisalSystem, CadreId, Category, Day, SealedPoints, SealedRating,
    UnitId,
};

/// The appraisal of a person in a period.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "appraisal")]
pub struct Model {
    /// Id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AppraisalId,
    /// Person.
    pub cadre_id: CadreId,
    /// Category of the person when it was recorded: rules differ by category, and categories have no history.
    pub category: Category,
    /// System.
    pub system: AppraisalSystem,
    /// Period.
    pub period: AppraisalPeriod,
    /// Calendar year; for a term, the year in which it ends.
    pub year: i32,
    /// Number of the quarter or month; 0 for a year and a term, so that the key of current appraisals has no null.
    pub number: i32,
    /// Unit that rated the person.
    pub unit_id: UnitId,
    /// Points in hundredths, sealed; `None` if there are none.
    pub points: Option<SealedPoints>,
    /// Result, sealed.
    pub result: SealedRating,
    /// Day of the decision.
    pub decided_on: Day,
    /// Number of its document.
    pub document_no: Option<String>,
    /// State.
    pub state: AppraisalState,
    /// The appraisal that replaces it.
    pub superseded_by: Option<AppraisalId>,
    /// Day on which it was corrected or annulled.
    pub ended_on: Option<Day>,
    /// Reason of the correction or annulment.
    pub reason: Option<String>,
    /// Version.
    pub version: i32,
    /// The person.
    #[sea_orm(belongs_to, from = "cadre_id", to = "id")]
    pub cadre: BelongsTo<super::cadre::Entity>,
    /// The unit.
    #[sea_orm(belongs_to, from = "unit_id", to = "id")]
    pub unit: BelongsTo<super::unit::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
