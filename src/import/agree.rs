//! Consistency checks between columns of the training files, and between an enrolment and its class.

use entity::{
    enrolment,
    value::{ClassState, Day, EnrolmentState},
};

use super::{class_index::ClassEntry, finding::FindingCode};
use crate::language::Sentence;

/// A contradiction between two columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Disagreement {
    /// The year of the enrolment lies outside the years of the class.
    YearOutsideClass,
    /// The year of the enrolment is not the year in which the class begins.
    OtherYear,
    /// A result of a class that is cancelled or postponed.
    ResultWithoutClass,
    /// A result of a class, or of a year, that has not begun.
    ResultTooEarly,
    /// A learner of a class that is cancelled or postponed.
    ClassNotHeld,
    /// A grade without a result.
    GradeWithoutResult,
    /// The state is WAITLISTED, but there is no class.
    WaitingForNoClass,
    /// The state of the class says that it has begun, but its first day is in the future.
    ClassTooEarly,
}

/// A row of `enrolments.csv` with its class.
#[derive(Clone, Copy, Debug)]
pub(super) struct StatedEnrolment<'a> {
    /// The row, with the state that will be stored.
    pub row: &'a enrolment::Model,
    /// The state as stated in the file.
    pub state: EnrolmentState,
    /// The class.
    pub class: Option<&'a ClassEntry>,
    /// Today.
    pub today: Day,
}

/// The state of a learner, adjusted to the state of the class: a cancelled class drops its learners, a postponed class
/// puts them on the waiting list, as `classAdvance` does.
pub(super) fn state_in(class: ClassState, state: EnrolmentState) -> EnrolmentState {
    use EnrolmentState::{Attending, Confirmed, Dropped, Waitlisted};
    match (class, state) {
        (ClassState::Cancelled, Waitlisted | Confirmed | Attending) => Dropped,
        (ClassState::Postponed, Confirmed | Attending) => Waitlisted,
        (_, state) => state,
    }
}

/// Whether a learner has a result.
fn has_result(state: EnrolmentState) -> bool {
    matches!(state, EnrolmentState::Completed | EnrolmentState::Failed)
}

/// The contradictory columns of an enrolment, each with the contradiction.
pub(super) fn of_enrolment(stated: StatedEnrolment<'_>) -> Vec<(&'static str, Disagreement)> {
    use Disagreement::{
        ClassNotHeld, GradeWithoutResult, OtherYear, ResultTooEarly, ResultWithoutClass, WaitingForNoClass,
        YearOutsideClass,
    };
    let StatedEnrolment { row, state, class, today } = stated;
    let is_over = class.is_some_and(|class| [ClassState::Cancelled, ClassState::Postponed].contains(&class.state));
    let begins = class.map_or(row.year, |class| class.start_on.year());
    let is_future = class.map_or(row.year > today.year(), |class| class.start_on > today);
    let is_outside = class.is_some_and(|class| !(begins..=class.end_on.year()).contains(&row.year));
    let columns = [
        ("year", YearOutsideClass, is_outside),
        ("year", OtherYear, !is_outside && row.year != begins),
        ("result", ResultWithoutClass, is_over && has_result(state)),
        ("result", ResultTooEarly, !is_over && is_future && has_result(state)),
        ("result", ClassNotHeld, state != row.state),
        ("result", WaitingForNoClass, class.is_none() && state == EnrolmentState::Waitlisted),
        ("grade", GradeWithoutResult, row.grade.is_some() && !has_result(state)),
    ];
    columns.into_iter().filter(|(.., is_so)| *is_so).map(|(column, what, _)| (column, what)).collect()
}

/// Compares the state of a class with its first day.
pub(super) fn of_class(state: ClassState, start_on: Day, today: Day) -> Option<Disagreement> {
    let has_begun = [ClassState::Running, ClassState::Completed, ClassState::Closed].contains(&state);
    (has_begun && start_on > today).then_some(Disagreement::ClassTooEarly)
}

impl Disagreement {
    /// The code of the finding.
    pub fn code(self) -> FindingCode {
        match self {
            Self::YearOutsideClass => FindingCode::YearOutsideClass,
            Self::OtherYear => FindingCode::OtherYear,
            Self::ResultWithoutClass => FindingCode::ResultWithoutClass,
            Self::ResultTooEarly | Self::ClassTooEarly => FindingCode::NotYetBegun,
            Self::ClassNotHeld => FindingCode::ClassNotHeld,
            Self::GradeWithoutResult => FindingCode::GradeWithoutResult,
            Self::WaitingForNoClass => FindingCode::WaitingForNoClass,
        }
    }

    /// The sentence of the finding, with the days of the class, if there is one.
    pub fn sentence(self, class: Option<&ClassEntry>) -> Sentence {
        let (start, end) = class
            .map_or((String::new(), String::new()), |class| (class.start_on.to_string(), class.end_on.to_string()));
        let (vi, en) = match self {
            Self::YearOutsideClass => (
                format!("lớp học từ {start} đến {end}, không thuộc năm này; hãy ghi năm khai giảng của lớp"),
                format!(
                    "the class lasts from {start} to {end} and is not in this year; enter the year in which it begins"
                ),
            ),
            Self::OtherYear => (
                format!(
                    "lớp khai giảng ngày {start}, khác năm của dòng này; tiến độ được tính cho năm của dòng này, chỉ \
                     tiêu được tính theo kế hoạch của lớp; hãy kiểm tra lại năm"
                ),
                format!(
                    "the class begins on {start}, in another year than this row; progress is counted for the year of \
                     this row, quotas for the plan of the class; check the year"
                ),
            ),
            Self::ResultWithoutClass => (
                "lớp đã hủy hoặc đã hoãn nên không thể có kết quả; hãy sửa trạng thái của lớp hoặc kết quả của học viên"
                    .to_owned(),
                "the class is cancelled or postponed, so it cannot have results; correct the status of the class or the \
                 result"
                    .to_owned(),
            ),
            Self::ResultTooEarly => (
                "chưa đến ngày khai giảng hoặc chưa đến năm này nên chưa thể có kết quả; hãy sửa ngày, năm hoặc kết quả"
                .to_owned(),
                "the class or the year has not begun, so there cannot be a result; correct the days, the year or the \
                 result"
                    .to_owned(),
            ),
            Self::ClassTooEarly => (
                "chưa đến ngày khai giảng nên lớp chưa thể ở trạng thái này; hãy sửa ngày hoặc trạng thái".to_owned(),
                "the class has not begun, so it cannot have this status; correct the days or the status".to_owned(),
            ),
            Self::ClassNotHeld => (
                "lớp đã hủy hoặc đã hoãn; hãy ghi học viên của lớp đã hủy là DROPPED, của lớp đã hoãn là WAITLISTED"
                    .to_owned(),
                "the class is cancelled or postponed; record learners of a cancelled class as DROPPED, of a postponed \
                 class as WAITLISTED"
                    .to_owned(),
            ),
            Self::GradeWithoutResult => (
                "có xếp loại nhưng kết quả không phải COMPLETED hoặc FAILED; hãy sửa một trong hai ô".to_owned(),
                "there is a grade, but the result is neither COMPLETED nor FAILED; correct one of the two cells"
                    .to_owned(),
            ),
            Self::WaitingForNoClass => (
                "học viên dự bị (WAITLISTED) phải thuộc một lớp; hãy ghi `class_code` hoặc dùng REGISTERED".to_owned(),
                "a WAITLISTED person must wait for a class; fill in `class_code`, or use REGISTERED".to_owned(),
            ),
        };
        Sentence::new(vi, en)
    }
}

#[cfg(test)]
mod tests {
    use entity::{
        sample,
        value::{ClassId, Grade},
    };

    use super::*;

    fn day(text: &str) -> Day {
        text.parse().expect(text)
    }

    fn class(state: ClassState, start: &str, end: &str) -> ClassEntry {
        ClassEntry {
            id: ClassId::new(),
            plan_id: None,
            programme: None,
            mode: None,
            state,
            start_on: day(start),
            end_on: day(end),
            capacity: None,
            stored: None,
            new_seats: 0,
            is_in_file: false,
        }
    }

    #[test]
    fn contradictory_columns_are_named() {
        use Disagreement as D;
        use EnrolmentState as S;
        let closed = class(ClassState::Closed, "2025-12-31", "2026-01-01");
        let cancelled = class(ClassState::Cancelled, "2026-03-01", "2026-03-05");
        let postponed = class(ClassState::Postponed, "2026-03-01", "2026-03-05");
        let ahead = class(ClassState::OpenForNomination, "2026-09-01", "2026-09-05");
        for (class, year, state, grade, expected) in [
            (Some(&closed), 2025, S::Completed, Some(Grade::Good), &[][..]),
            (Some(&closed), 2026, S::Completed, None, &[("year", D::OtherYear)]),
            (Some(&closed), 2019, S::Completed, None, &[("year", D::YearOutsideClass)]),
            (Some(&closed), 2027, S::Dropped, None, &[("year", D::YearOutsideClass)]),
            (Some(&closed), 2025, S::Attending, Some(Grade::Good), &[("grade", D::GradeWithoutResult)]),
            (Some(&cancelled), 2026, S::Attending, None, &[("result", D::ClassNotHeld)]),
            (Some(&cancelled), 2026, S::Waitlisted, None, &[("result", D::ClassNotHeld)]),
            (Some(&cancelled), 2026, S::Completed, None, &[("result", D::ResultWithoutClass)]),
            (Some(&cancelled), 2026, S::Dropped, None, &[]),
            (Some(&postponed), 2026, S::Confirmed, None, &[("result", D::ClassNotHeld)]),
            (Some(&postponed), 2026, S::Waitlisted, None, &[]),
            (Some(&postponed), 2026, S::Failed, None, &[("result", D::ResultWithoutClass)]),
            (Some(&ahead), 2026, S::Confirmed, None, &[]),
            (Some(&ahead), 2026, S::Failed, None, &[("result", D::ResultTooEarly)]),
            (None, 2026, S::Completed, None, &[]),
            (None, 2027, S::Completed, None, &[("result", D::ResultTooEarly)]),
            (None, 2027, S::Registered, None, &[]),
            (None, 2026, S::Waitlisted, None, &[("result", D::WaitingForNoClass)]),
        ] {
            let row = enrolment::Model {
                class_id: class.map(|class| class.id),
                year,
                state: class.map_or(state, |class| state_in(class.state, state)),
                grade,
                ..sample::enrolment()
            };
            let found = of_enrolment(StatedEnrolment { row: &row, state, class, today: day("2026-06-01") });
            assert_eq!(found, expected, "{class:?} {year} {state}");
            found.iter().for_each(|(_, what)| assert_ne!(what.sentence(class).vi, what.sentence(class).en));
        }
    }

    #[test]
    fn a_cancelled_or_postponed_class_has_no_seated_learners() {
        use EnrolmentState as S;
        for (class, state, expected) in [
            (ClassState::Cancelled, S::Attending, S::Dropped),
            (ClassState::Cancelled, S::Waitlisted, S::Dropped),
            (ClassState::Cancelled, S::Transferred, S::Transferred),
            (ClassState::Postponed, S::Confirmed, S::Waitlisted),
            (ClassState::Postponed, S::Dropped, S::Dropped),
            (ClassState::Running, S::Attending, S::Attending),
        ] {
            assert_eq!(state_in(class, state), expected, "{class} {state}");
        }
    }

    #[test]
    fn a_class_with_a_future_first_day_has_not_begun() {
        for (state, start, expected) in [
            (ClassState::Closed, "2026-06-02", Some(Disagreement::ClassTooEarly)),
            (ClassState::Running, "2026-06-01", None),
            (ClassState::Planned, "2026-06-02", None),
            (ClassState::Cancelled, "2026-06-02", None),
        ] {
            assert_eq!(of_class(state, day(start), day("2026-06-01")), expected, "{state} {start}");
        }
    }
}
