//! Rotations (luân chuyển), transfers (điều động) and secondments (biệt phái) of persons between units.

use sea_orm::entity::prelude::*;

use crate::value::{
    CadreId, Day, EndReason, RotationDirection, RotationForm, RotationId, RotationPurpose, RotationState, Tier,
    TitleCode, UnitId,
};

/// A rotation, transfer or secondment. Direction and tiers are as of the start day and never change.
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
    /// Purpose, if recorded.
    pub purpose: Option<RotationPurpose>,
    /// Direction.
    pub direction: RotationDirection,
    /// Previous unit.
    pub from_unit_id: UnitId,
    /// Tier of the previous unit on the start day.
    pub from_tier: Tier,
    /// Title in the previous unit, if known.
    pub from_title_code: Option<TitleCode>,
    /// Destination unit.
    pub to_unit_id: UnitId,
    /// Tier of the destination unit on the start day.
    pub to_tier: Tier,
    /// Title in the destination unit, if known.
    pub to_title_code: Option<TitleCode>,
    /// First day, inclusive.
    pub start_on: Day,
    /// Planned end day, exclusive.
    pub planned_end_on: Option<Day>,
    /// Actual end day, exclusive. `None`: running, not begun, or ended on an unknown day.
    pub end_on: Option<Day>,
    /// Reason of the end, if recorded.
    pub end_reason: Option<EndReason>,
    /// Day of the last extension.
    pub extended_on: Option<Day>,
    /// State of the rotation.
    pub state: RotationState,
    /// Preparing unit; `None` for imported history.
    pub preparing_unit_id: Option<UnitId>,
    /// Day of the proposal; `None` for imported history.
    pub proposed_on: Option<Day>,
    /// Number of the decision.
    pub decision_no: Option<String>,
    /// Day of the decision.
    pub decided_on: Option<Day>,
    /// Day on which the decision was published.
    pub published_on: Option<Day>,
    /// Document of the planning pool (quy hoạch) that includes the person.
    pub planning_document: Option<String>,
    /// First day of that planning entry, inclusive.
    pub planning_from: Option<Day>,
    /// End day of that planning entry, exclusive; `None` if open.
    pub planning_until: Option<Day>,
    /// Unit of the placement after the rotation (bố trí sau luân chuyển).
    pub placement_unit_id: Option<UnitId>,
    /// Title of the placement.
    pub placement_title_code: Option<TitleCode>,
    /// First day of the placement.
    pub placed_on: Option<Day>,
    /// Number of the decision on the placement.
    pub placement_decision_no: Option<String>,
    /// Increases with every change.
    pub version: i32,
    /// The person.
    #[sea_orm(belongs_to, from = "cadre_id", to = "id")]
    pub cadre: BelongsTo<super::cadre::Entity>,
    /// The previous unit.
    #[sea_orm(belongs_to, relation_enum = "FromUnit", from = "from_unit_id", to = "id")]
    pub from_unit: BelongsTo<super::unit::Entity>,
    /// The destination unit.
    #[sea_orm(belongs_to, relation_enum = "ToUnit", from = "to_unit_id", to = "id")]
    pub to_unit: BelongsTo<super::unit::Entity>,
    /// The preparing unit.
    #[sea_orm(belongs_to, relation_enum = "PreparingUnit", from = "preparing_unit_id", to = "id")]
    pub preparing_unit: BelongsTo<Option<super::unit::Entity>>,
    /// The unit of the placement.
    #[sea_orm(belongs_to, relation_enum = "PlacementUnit", from = "placement_unit_id", to = "id")]
    pub placement_unit: BelongsTo<Option<super::unit::Entity>>,
    /// The previous title.
    #[sea_orm(belongs_to, relation_enum = "FromTitle", from = "from_title_code", to = "code")]
    pub from_title: BelongsTo<Option<super::title::Entity>>,
    /// The new title.
    #[sea_orm(belongs_to, relation_enum = "ToTitle", from = "to_title_code", to = "code")]
    pub to_title: BelongsTo<Option<super::title::Entity>>,
    /// The title of the placement.
    #[sea_orm(belongs_to, relation_enum = "PlacementTitle", from = "placement_title_code", to = "code")]
    pub placement_title: BelongsTo<Option<super::title::Entity>>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// Whether the rotation is visible to the reach of the preparing unit only. After publication it stays visible to
    /// all, even if it is revoked.
    pub fn is_embargoed(&self) -> bool {
        self.state.is_embargoed() && self.published_on.is_none()
    }

    /// The row as of a day (inclusive); `None` if the rotation was not begun, announced or prepared by that day. Later
    /// changes are undone: the end, the placement, an extension.
    pub fn as_of(mut self, day: Day) -> Option<Self> {
        let is_known = self.start_on <= day || self.proposed_on.is_some_and(|proposed| proposed <= day);
        if !is_known {
            return None;
        }
        if !self.state.has_started() {
            return Some(self);
        }
        if self.placed_on.is_some_and(|placed| placed > day) {
            self.state = RotationState::Ended;
            (self.placement_unit_id, self.placement_title_code) = (None, None);
            (self.placed_on, self.placement_decision_no) = (None, None);
        }
        if self.end_on.is_some_and(|end| end > day) {
            self.state = RotationState::Extended;
            (self.end_on, self.end_reason) = (None, None);
        }
        if self.state == RotationState::Extended && self.extended_on.is_none_or(|extended| extended > day) {
            self.state = RotationState::InProgress;
        }
        if self.start_on > day {
            self.state = RotationState::Published;
        }
        Some(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().expect("a day")
    }

    /// Proposed in February 2020, running from May 2020 to May 2023, extended in January 2022, placed in June 2023.
    fn placed() -> Model {
        Model {
            id: RotationId::new(),
            cadre_id: CadreId::new(),
            form: RotationForm::Rotation,
            purpose: Some(RotationPurpose::Development),
            direction: RotationDirection::Down,
            from_unit_id: UnitId::new(),
            from_tier: Tier::Province,
            from_title_code: None,
            to_unit_id: UnitId::new(),
            to_tier: Tier::Commune,
            to_title_code: None,
            start_on: day("2020-05-01"),
            planned_end_on: Some(day("2023-05-01")),
            end_on: Some(day("2023-05-01")),
            end_reason: Some(EndReason::TermCompleted),
            extended_on: Some(day("2022-01-01")),
            state: RotationState::Placed,
            preparing_unit_id: Some(UnitId::new()),
            proposed_on: Some(day("2020-02-01")),
            decision_no: None,
            decided_on: None,
            published_on: None,
            planning_document: None,
            planning_from: None,
            planning_until: None,
            placement_unit_id: Some(UnitId::new()),
            placement_title_code: None,
            placed_on: Some(day("2023-06-01")),
            placement_decision_no: None,
            version: 9,
        }
    }

    #[test]
    fn changes_after_the_day_are_undone() {
        use RotationState::{Ended, Extended, InProgress, Placed, Published};
        for (on, state, has_ended, is_placed) in [
            ("2020-01-31", None, false, false),
            ("2020-02-01", Some(Published), false, false),
            ("2020-04-30", Some(Published), false, false),
            ("2020-05-01", Some(InProgress), false, false),
            ("2021-12-31", Some(InProgress), false, false),
            ("2022-01-01", Some(Extended), false, false),
            ("2023-04-30", Some(Extended), false, false),
            ("2023-05-01", Some(Ended), true, false),
            ("2023-05-31", Some(Ended), true, false),
            ("2023-06-01", Some(Placed), true, true),
        ] {
            let row = placed().as_of(day(on));
            assert_eq!(row.as_ref().map(|row| row.state), state, "{on}");
            let Some(row) = row else { continue };
            assert_eq!((row.end_on.is_some(), row.end_reason.is_some()), (has_ended, has_ended), "{on}");
            assert_eq!((row.placed_on.is_some(), row.placement_unit_id.is_some()), (is_placed, is_placed), "{on}");
        }
    }

    #[test]
    fn a_later_extension_of_a_running_rotation_is_undone() {
        use RotationState::{Extended, InProgress};
        let running = Model { state: Extended, end_on: None, placed_on: None, ..placed() };
        for (on, state) in [("2021-12-31", InProgress), ("2022-01-01", Extended)] {
            assert_eq!(running.clone().as_of(day(on)).map(|row| row.state), Some(state), "{on}");
        }
    }

    #[test]
    fn imported_history_is_known_from_its_first_day_and_a_draft_is_shown_as_it_is() {
        let imported = Model { proposed_on: None, ..placed() };
        assert!(imported.clone().as_of(day("2020-04-30")).is_none());
        assert!(imported.as_of(day("2020-05-01")).is_some());
        let draft = Model { state: RotationState::Draft, end_on: None, placed_on: None, ..placed() };
        let shown = draft.as_of(day("2021-01-01")).map(|draft| draft.state);
        assert_eq!(shown, Some(RotationState::Draft));
    }
}
