//! State machine of a training plan (kế hoạch đào tạo, bồi dưỡng).

use entity::value::PlanState;

use super::{MachineLabels, not_due, only_in};
use crate::domain::refusal::Refusal;

const PLAN: MachineLabels = MachineLabels {
    field: "planCode",
    vi: "Kế hoạch",
    en: "plan",
    alternative: [
        "dùng kế hoạch khác, hoặc lập kế hoạch mới bằng planDraft",
        "use another plan, or draft a new one with planDraft",
    ],
};

/// Validates the transition of a plan to a state.
///
/// # Errors
/// `Step`, with the permitted next states, if the transition is not permitted.
pub fn after(state: PlanState, to: PlanState) -> Result<PlanState, Refusal> {
    if due(state).contains(&to) { Ok(to) } else { Err(not_due(PLAN, &state, named(state))) }
}

/// Checks that the state permits to issue, allocate and use quotas of the plan: it is approved and not closed.
///
/// # Errors
/// `Step`, with the next states of the plan, for the field of the input.
pub fn ensure_quotas_permitted(state: PlanState, field: &'static str) -> Result<(), Refusal> {
    if PlanState::GIVING.contains(&state) {
        return Ok(());
    }
    let what = ["được giao, phân bổ và sử dụng chỉ tiêu", "its quotas can be issued, allocated and used"];
    Err(only_in(MachineLabels { field, ..PLAN }, (&state, named(state)), (&PlanState::GIVING, what)))
}

/// The next states of a plan, the regular one first.
pub fn due(state: PlanState) -> &'static [PlanState] {
    match state {
        PlanState::Draft => &[PlanState::CollectingDemand, PlanState::Cancelled],
        PlanState::CollectingDemand => &[PlanState::Consolidated],
        PlanState::Consolidated => &[PlanState::Submitted],
        PlanState::Submitted => &[PlanState::Approved, PlanState::Returned, PlanState::Cancelled],
        PlanState::Returned => &[PlanState::Draft],
        PlanState::Approved => &[PlanState::Published],
        PlanState::Published => &[PlanState::Closed],
        PlanState::Closed | PlanState::Cancelled => &[],
    }
}

fn named(state: PlanState) -> Vec<String> {
    due(state).iter().map(|to| format!("planAdvance(to: {to})")).collect()
}

#[cfg(test)]
mod tests {
    use sea_orm::Iterable;

    use super::*;

    /// One line per state: the next states, and whether quotas may be issued.
    const TABLE: &str = "
        DRAFT             no   COLLECTING_DEMAND CANCELLED
        COLLECTING_DEMAND no   CONSOLIDATED
        CONSOLIDATED      no   SUBMITTED
        SUBMITTED         no   APPROVED RETURNED CANCELLED
        RETURNED          no   DRAFT
        APPROVED          yes  PUBLISHED
        PUBLISHED         yes  CLOSED
        CLOSED            no
        CANCELLED         no
    ";

    #[test]
    fn every_transition_of_a_plan_matches_the_table() {
        let lines: Vec<Vec<&str>> = TABLE.trim().lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(lines.len(), PlanState::iter().count());
        for line in lines {
            let state: PlanState = line[0].parse().expect("a state");
            assert_eq!(ensure_quotas_permitted(state, "planCode").is_ok(), line[1] == "yes", "{state}");
            for to in PlanState::iter() {
                let next = after(state, to);
                assert_eq!(next.is_ok(), line[2..].contains(&to.to_string().as_str()), "{state} to {to}");
                if let Err(Refusal::Step { state: said, due: named, .. }) = next {
                    assert_eq!((said, named.len()), (state.to_string(), line.len() - 2));
                }
            }
        }
    }
}
