//! Study record of a person in a year (kết quả học tập trong năm): the facts that an appraisal can consider. No points are
//! computed.

use std::collections::{BTreeMap, HashMap};

use entity::{
    enrolment,
    value::{EnrolmentState, Grade},
};

use crate::{
    authz::{Access, AuthorizedCadreId},
    error::Result,
};

/// Enrolments of a person in a year, by their state, and the grades.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StudyRecord {
    /// Completed courses.
    pub completed: u64,
    /// Failed courses.
    pub failed: u64,
    /// Courses that the person left.
    pub dropped: u64,
    /// Courses without a result so far.
    pub open: u64,
    /// Number of results with each grade.
    pub grades: BTreeMap<Grade, u64>,
}

impl StudyRecord {
    /// Counts enrolments. Those that were moved to another class, or deferred to another year, do not count.
    pub fn of(rows: &[enrolment::Model]) -> Self {
        let mut record = Self::default();
        for row in rows {
            match row.state {
                EnrolmentState::Completed => record.completed += 1,
                EnrolmentState::Failed => record.failed += 1,
                EnrolmentState::Dropped => record.dropped += 1,
                EnrolmentState::Registered
                | EnrolmentState::Waitlisted
                | EnrolmentState::Confirmed
                | EnrolmentState::Attending => record.open += 1,
                EnrolmentState::Transferred | EnrolmentState::Deferred => continue,
            }
            if let Some(grade) = row.grade {
                *record.grades.entry(grade).or_default() += 1;
            }
        }
        record
    }
}

/// Study records of persons in a year, from the enrolments that the caller may see.
///
/// # Errors
/// `Forbidden` without `training:read`.
pub async fn of_persons(
    access: &Access,
    persons: &[AuthorizedCadreId],
    year: i32,
) -> Result<HashMap<AuthorizedCadreId, StudyRecord>> {
    let rows = access.training()?.of_year(persons, year).await?;
    Ok(rows.into_iter().map(|(person, rows)| (person, StudyRecord::of(&rows))).collect())
}

#[cfg(test)]
mod tests {
    use entity::sample;

    use super::*;

    #[test]
    fn each_enrolment_counts_once_by_its_state() {
        use EnrolmentState as S;
        let row = |(state, grade)| enrolment::Model { state, grade, ..sample::enrolment() };
        let rows: Vec<_> = [
            (S::Completed, Some(Grade::Good)),
            (S::Completed, Some(Grade::Good)),
            (S::Completed, None),
            (S::Failed, None),
            (S::Dropped, None),
            (S::Registered, None),
            (S::Waitlisted, None),
            (S::Confirmed, None),
            (S::Attending, None),
            (S::Transferred, None),
            (S::Deferred, None),
        ]
        .map(row)
        .to_vec();
        let grades = BTreeMap::from([(Grade::Good, 2)]);
        assert_eq!(StudyRecord::of(&rows), StudyRecord { completed: 3, failed: 1, dropped: 1, open: 4, grades });
        assert_eq!(StudyRecord::of(&[]), StudyRecord::default());
    }
}
