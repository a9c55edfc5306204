//! The verdict of a rule on the facts of a rotation.

/// Verdict on the facts, assuming that the value of the rule is correct.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Holds,
    Broken,
    AsksNothing,
    Lacks(Fact),
    /// The verdict depends on a protected fact that the caller may not learn.
    Withheld,
}

impl From<bool> for Verdict {
    fn from(holds: bool) -> Self {
        if holds { Self::Holds } else { Self::Broken }
    }
}

/// A fact that is required to check a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fact {
    /// End of the rotation, planned or actual.
    End,
    /// Title at the destination unit.
    DestinationTitle,
    /// Day of birth, or a retirement age for it.
    Retirement,
    /// Planning entry (quy hoạch).
    PlanningEntry,
    /// Deadline of the rule, within the calendar.
    Deadline,
}
