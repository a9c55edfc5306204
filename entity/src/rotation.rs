//! Rotations (luân chuyển), transfers (điều động) and secondments (biệt phái): who went from where to where, and how it
//! ended.

use sea_orm::entity::prelude::*;

use crate::value::{
    CadreId, Day, EndReason, RotationDirection, RotationForm, RotationId, RotationPurpose, RotationState, Tier,
    TitleCode, UnitId,
};

/// One episode of a person's service. Direction and tiers are those of the start day and are never retyped.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "rotation")]
pub struct Model {
    /// Id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RotationId,
    /// Person.
    pub cadre_id: CadreId,
    /// Form.
    pub form: RotationForm,
    /// What it is for, where it is recorded.
    pub purpose: Option<RotationPurpose>,
    /// Direction.
    pub direction: RotationDirection,
    /// Unit that the person leaves.
    pub from_unit_id: UnitId,
    /// Its tier on the start day.
    pub from_tier: Tier,
    /// Title held there, where it is known.
    pub from_title_code: Option<TitleCode>,
    /// Unit that the person goes to.
    pub to_unit_id: UnitId,
    /// Its tier on the start day.
    pub to_tier: Tier,
    /// Title taken up there, where it is known.
    pub to_title_code: Option<TitleCode>,
    /// First day.
    pub start_on: Day,
    /// First day no longer, as planned.
    pub planned_end_on: Option<Day>,
    /// First day no longer, as it came. None: running, not begun, or ended on a day that is not recorded.
    pub end_on: Option<Day>,
    /// Why it ended, where it is recorded.
    pub end_reason: Option<EndReason>,
    /// Day of the last extension.
    pub extended_on: Option<Day>,
    /// Where it stands.
    pub state: RotationState,
    /// Unit that prepares it; none: imported history.
    pub preparing_unit_id: Option<UnitId>,
    /// Day of the proposal; none: imported history.
    pub proposed_on: Option<Day>,
    /// Number of the decision.
    pub decision_no: Option<String>,
    /// Day of the decision.
    pub decided_on: Option<Day>,
    /// Day on which the decision was published.
    pub published_on: Option<Day>,
    /// Document of the planning pool (quy hoạch) that the person is in.
    pub planning_document: Option<String>,
    /// First day of that planning entry.
    pub planning_from: Option<Day>,
    /// First day on which it no longer holds; none: open.
    pub planning_until: Option<Day>,
    /// Unit of the placement after the rotation (bố trí sau luân chuyển).
    pub placement_unit_id: Option<UnitId>,
    /// Title of the placement.
    pub placement_title_code: Option<TitleCode>,
    /// First day of the placement.
    pub placed_on: Option<Day>,
    /// Number of the decision on the placement.
    pub placement_decision_no: Option<String>,
    /// Rises with every change.
    pub version: i32,
    /// The person.
    #[sea_orm(belongs_to, from = "cadre_id", to = "id")]
    pub cadre: BelongsTo<super::cadre::Entity>,
    /// The unit that the person leaves.
    #[sea_orm(belongs_to, relation_enum = "FromUnit", from = "from_unit_id", to = "id")]
    pub from_unit: BelongsTo<super::unit::Entity>,
    /// The unit that the person goes to.
    #[sea_orm(belongs_to, relation_enum = "ToUnit", from = "to_unit_id", to = "id")]
    pub to_unit: BelongsTo<super::unit::Entity>,
    /// The preparing unit.
    #[sea_orm(belongs_to, relation_enum = "PreparingUnit", from = "preparing_unit_id", to = "id")]
    pub preparing_unit: BelongsTo<Option<super::unit::Entity>>,
    /// The unit of the placement.
    #[sea_orm(belongs_to, relation_enum = "PlacementUnit", from = "placement_unit_id", to = "id")]
    pub placement_unit: BelongsTo<Option<super::unit::Entity>>,
    /// The title left.
    #[sea_orm(belongs_to, relation_enum = "FromTitle", from = "from_title_code", to = "code")]
    pub from_title: BelongsTo<Option<super::title::Entity>>,
    /// The title taken up.
    #[sea_orm(belongs_to, relation_enum = "ToTitle", from = "to_title_code", to = "code")]
    pub to_title: BelongsTo<Option<super::title::Entity>>,
    /// The title of the placement.
    #[sea_orm(belongs_to, relation_enum = "PlacementTitle", from = "placement_title_code", to = "code")]
    pub placement_title: BelongsTo<Option<super::title::Entity>>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// The row as it stood on a day, if it was part of the person's history by then: begun by the day, or announced or
    /// prepared by it. What came later is taken back: the end, the placement, an extension.
    pub fn as_of(mut self, day: Day) -> Option<Self> {
        let is_known = self.start_on <= day || self.proposed_on.is_some_and(|proposed| proposed <= day);
        if !is_known {
            return None;
        }
        if !self.state.has_started() || self.start_on > day {
            return Some(self);
        }
        if self.placed_on.is_some_and(|placed| placed > day) {
            self.state = RotationState::Ended;
            (self.placement_unit_id, self.placement_title_code) = (None, None);
            (self.placed_on, self.placement_decision_no) = (None, None);
        }
        if self.end_on.is_some_and(|end| end > day) {
            let extended = self.extended_on.is_some_and(|extended| extended <= day);
            self.state = if extended { RotationState::Extended } else { RotationState::InProgress };
            (self.end_on, self.end_reason) = (None, None);
        }
        Some(self)
    }
}
