//! State machine of a rotation: the commands that are allowed in each state (Decree 170/2025, Arts. 46 and 50).

use entity::value::RotationState;

use crate::{domain::refusal::Refusal, language::Sentence};

/// A step of the procedure before the decision (bước của quy trình), Decree 170/2025, Art. 46.
#[derive(Clone, Copy, Debug, PartialEq, Eq, async_graphql::Enum, serde::Serialize)]
#[graphql(name = "RotationStepName")]
pub enum StepName {
    /// Step 1: the policy is proposed and approved (đề xuất chủ trương).
    Policy,
    /// Step 2: units nominate (giới thiệu nhân sự).
    Nomination,
    /// Step 3: standards, place and title are reviewed (chuẩn bị nhân sự).
    Preparation,
    /// Step 4: exchange with the sending and the receiving unit and with the person (trao đổi).
    Exchange,
}

/// Transitions of a rotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transition {
    /// A step of the procedure is recorded.
    Advance(StepName),
    /// Step 5: the rotation is decided.
    Decide,
    /// The decision is published.
    Publish,
    /// The rotation begins.
    Start,
    /// The planned end is extended.
    Extend,
    /// The rotation ends.
    End,
    /// The person is placed.
    Place,
    /// Cancels the rotation or revokes its decision.
    Cancel,
    /// A year of the rotation is appraised.
    Appraise,
    /// A rule is overridden.
    Override,
}

impl Transition {
    /// Name of the mutation in the schema.
    pub fn mutation(self) -> &'static str {
        match self {
            Self::Advance(StepName::Policy) => "rotationAdvance(step: POLICY)",
            Self::Advance(StepName::Nomination) => "rotationAdvance(step: NOMINATION)",
            Self::Advance(StepName::Preparation) => "rotationAdvance(step: PREPARATION)",
            Self::Advance(StepName::Exchange) => "rotationAdvance(step: EXCHANGE)",
            Self::Decide => "rotationDecide",
            Self::Publish => "rotationPublish",
            Self::Start => "rotationStart",
            Self::Extend => "rotationExtend",
            Self::End => "rotationEnd",
            Self::Place => "rotationPlace",
            Self::Cancel => "rotationCancel",
            Self::Appraise => "rotationAppraise",
            Self::Override => "rotationOverride",
        }
    }
}

/// The state after a transition.
///
/// # Errors
/// `Step` if this transition is not allowed, with the transitions that are.
pub fn after(state: RotationState, step: Transition) -> Result<RotationState, Refusal> {
    use RotationState::{
        Decided, Draft, Ended, Exchanged, Extended, InProgress, Nominated, Placed, PolicyApproved, Prepared, Published,
    };
    let next = match (step, state) {
        (Transition::Advance(StepName::Policy), Draft) => Some(PolicyApproved),
        (Transition::Advance(StepName::Nomination), PolicyApproved) => Some(Nominated),
        (Transition::Advance(StepName::Preparation), Nominated) => Some(Prepared),
        (Transition::Advance(StepName::Exchange), Prepared) => Some(Exchanged),
        (Transition::Decide, Exchanged) => Some(Decided),
        (Transition::Publish, Decided) => Some(Published),
        (Transition::Start, Published) => Some(InProgress),
        (Transition::Extend, InProgress | Extended) => Some(Extended),
        (Transition::End, InProgress | Extended) => Some(Ended),
        (Transition::Place, Ended) => Some(Placed),
        (Transition::Cancel, Draft | PolicyApproved | Nominated | Prepared | Exchanged) => {
            Some(RotationState::Cancelled)
        }
        (Transition::Cancel, Decided | Published) => Some(RotationState::Revoked),
        (Transition::Appraise, same @ (InProgress | Extended | Ended | Placed)) => Some(same),
        (Transition::Override, same) if !has_ended(same) => Some(same),
        _ => None,
    };
    next.ok_or_else(|| not_due(state))
}

/// The transitions out of a state, the regular one first.
pub fn due(state: RotationState) -> &'static [Transition] {
    match state {
        RotationState::Draft => &[Transition::Advance(StepName::Policy), Transition::Cancel],
        RotationState::PolicyApproved => &[Transition::Advance(StepName::Nomination), Transition::Cancel],
        RotationState::Nominated => &[Transition::Advance(StepName::Preparation), Transition::Cancel],
        RotationState::Prepared => &[Transition::Advance(StepName::Exchange), Transition::Cancel],
        RotationState::Exchanged => &[Transition::Decide, Transition::Cancel],
        RotationState::Decided => &[Transition::Publish, Transition::Cancel],
        RotationState::Published => &[Transition::Start, Transition::Cancel],
        RotationState::InProgress | RotationState::Extended => &[Transition::End, Transition::Extend],
        RotationState::Ended => &[Transition::Place],
        RotationState::Placed | RotationState::Cancelled | RotationState::Revoked => &[],
    }
}

fn has_ended(state: RotationState) -> bool {
    matches!(state, RotationState::Ended | RotationState::Placed | RotationState::Cancelled | RotationState::Revoked)
}

fn not_due(state: RotationState) -> Refusal {
    let due: Vec<_> = due(state).iter().map(|step| step.mutation().to_owned()).collect();
    let sentence = if due.is_empty() {
        Sentence::new(
            format!("Hồ sơ luân chuyển đã ở trạng thái cuối {state}; hãy đề xuất một hồ sơ mới."),
            format!("The rotation is {state}, which is a final state; propose a new rotation."),
        )
    } else {
        let named = due.join(", ");
        Sentence::new(
            format!("Hồ sơ luân chuyển ở trạng thái {state}; bước được phép tiếp theo: {named}."),
            format!("The rotation is {state}; permitted next steps: {named}."),
        )
    };
    Refusal::step("rotationId", &state, due, sentence)
}

#[cfg(test)]
mod tests {
    use sea_orm::Iterable;

    use super::*;

    const TRANSITIONS: [Transition; 13] = [
        Transition::Advance(StepName::Policy),
        Transition::Advance(StepName::Nomination),
        Transition::Advance(StepName::Preparation),
        Transition::Advance(StepName::Exchange),
        Transition::Decide,
        Transition::Publish,
        Transition::Start,
        Transition::Extend,
        Transition::End,
        Transition::Place,
        Transition::Cancel,
        Transition::Appraise,
        Transition::Override,
    ];

    /// A line for each state, and a column for each transition in the order above; `-` if the transition is not
    /// allowed.
    const TABLE: &str = "
        DRAFT           POLICY_APPROVED - - -  - -  - - - -  CANCELLED - DRAFT
        POLICY_APPROVED - NOMINATED - -  - -  - - - -  CANCELLED - POLICY_APPROVED
        NOMINATED       - - PREPARED -  - -  - - - -  CANCELLED - NOMINATED
        PREPARED        - - - EXCHANGED  - -  - - - -  CANCELLED - PREPARED
        EXCHANGED       - - - -  DECIDED -  - - - -  CANCELLED - EXCHANGED
        DECIDED         - - - -  - PUBLISHED  - - - -  REVOKED - DECIDED
        PUBLISHED       - - - -  - -  IN_PROGRESS - - -  REVOKED - PUBLISHED
        IN_PROGRESS     - - - -  - -  - EXTENDED ENDED -  - IN_PROGRESS IN_PROGRESS
        EXTENDED        - - - -  - -  - EXTENDED ENDED -  - EXTENDED EXTENDED
        ENDED           - - - -  - -  - - - PLACED  - ENDED -
        PLACED          - - - -  - -  - - - -  - PLACED -
        CANCELLED       - - - -  - -  - - - -  - - -
        REVOKED         - - - -  - -  - - - -  - - -
    ";

    #[test]
    fn every_transition_from_every_state_matches_the_table() {
        let lines: Vec<Vec<&str>> = TABLE.trim().lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(lines.len(), RotationState::iter().count());
        for line in lines {
            let state: RotationState = line[0].parse().expect("a state");
            assert_eq!(line.len(), 1 + TRANSITIONS.len(), "{state}");
            for (step, expected) in TRANSITIONS.into_iter().zip(&line[1..]) {
                let next = after(state, step);
                assert_eq!(
                    next.as_ref().ok().map(ToString::to_string).as_deref().unwrap_or("-"),
                    *expected,
                    "{state} {step:?}"
                );
                let is_step = !matches!(step, Transition::Appraise | Transition::Override);
                assert_eq!(
                    due(state).contains(&step),
                    next.is_ok() && is_step,
                    "what is due is what leads: {state} {step:?}"
                );
            }
        }
    }

    #[test]
    fn a_refused_step_names_the_allowed_ones() {
        let Err(refusal) = after(RotationState::Nominated, Transition::Decide) else { panic!("not due") };

        let Refusal::Step { state, due, sentence, .. } = refusal else { panic!("a step") };
        assert_eq!(
            (state.as_str(), due),
            ("NOMINATED", vec!["rotationAdvance(step: PREPARATION)".to_owned(), "rotationCancel".to_owned()])
        );
        assert!(sentence.en.contains("NOMINATED") && sentence.vi.contains("NOMINATED"), "{sentence:?}");
        let Err(Refusal::Step { due, .. }) = after(RotationState::Placed, Transition::End) else { panic!("final") };
        assert!(due.is_empty());
    }
}
