//! Sessions of classes (buổi học): validates their days, and compares two classes that a person attends.

use entity::{
    training_class,
    value::{Day, StudyMode},
};

use crate::domain::refusal::{Code, Refusal};

/// Maximum number of sessions of a class.
pub const MAX: usize = 400;

/// Validates the session days of a class and sorts them.
///
/// # Errors
/// `InvalidNumber` for too many days; `InvalidDay` with the day that lies outside the class or is repeated.
pub fn stated(field: &str, given: &[Day], (start, end): (Day, Day)) -> Result<Vec<Day>, Refusal> {
    if given.len() > MAX {
        return Err(too_many(field, given.len()));
    }
    if let Some(day) = given.iter().find(|day| !(start..=end).contains(*day)) {
        return Err(outside(field, *day, (start, end)));
    }
    let mut days = given.to_vec();
    days.sort_unstable();
    match days.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(twice(field, pair[0])),
        None => Ok(days),
    }
}

/// A class with its session days.
#[derive(Clone, Copy, Debug)]
pub struct ClassDays<'a> {
    /// The class.
    pub class: &'a training_class::Model,
    /// Its session days in order; empty if they are unknown.
    pub sessions: &'a [Day],
}

/// Overlap of two classes for a person who attends both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Overlap {
    /// They share no day.
    Apart,
    /// They may share days: one of them has only a first and a last day.
    Possible,
    /// Both have sessions on these days, at least one.
    Sessions(Vec<Day>),
    /// Both are full-time, and one begins before the other has ended.
    FullTime,
}

/// The overlap of two classes for a person who attends both. A full-time class takes the person from its first to its
/// last day (both inclusive), so two full-time classes are compared by these days, whatever their sessions.
pub fn overlap(one: ClassDays<'_>, other: ClassDays<'_>) -> Overlap {
    if one.class.end_on < other.class.start_on || other.class.end_on < one.class.start_on {
        return Overlap::Apart;
    }
    if is_full_time(one.class) && is_full_time(other.class) {
        return Overlap::FullTime;
    }
    match (one.sessions, other.sessions) {
        ([], []) => Overlap::Possible,
        (stated, []) => overlap_with_days(stated, other.class),
        ([], stated) => overlap_with_days(stated, one.class),
        (stated, others) => {
            let shared: Vec<Day> = stated.iter().copied().filter(|day| others.binary_search(day).is_ok()).collect();
            if shared.is_empty() { Overlap::Apart } else { Overlap::Sessions(shared) }
        }
    }
}

fn is_full_time(class: &training_class::Model) -> bool {
    class.mode == Some(StudyMode::FullTime)
}

/// The overlap of sessions with a class that has only a first and a last day.
fn overlap_with_days(sessions: &[Day], class: &training_class::Model) -> Overlap {
    let days = class.start_on..=class.end_on;
    if sessions.iter().any(|day| days.contains(day)) { Overlap::Possible } else { Overlap::Apart }
}

fn too_many(field: &str, given: usize) -> Refusal {
    Refusal::input(
        Code::InvalidNumber,
        field,
        format!("Lớp chỉ được có tối đa {MAX} buổi học, yêu cầu nêu {given}; hãy bỏ bớt, hoặc chia thành nhiều lớp."),
        format!(
            "A class can have at most {MAX} sessions, but {given} are given; remove some, or plan several classes."
        ),
    )
}

fn outside(field: &str, day: Day, (start, end): (Day, Day)) -> Refusal {
    Refusal::input(
        Code::InvalidDay,
        field,
        format!("Buổi học ngày {day} nằm ngoài thời gian của lớp, từ {start} đến {end}; hãy sửa hoặc bỏ ngày này."),
        format!(
            "The session on {day} is outside the class, which lasts from {start} to {end}; correct or remove the day."
        ),
    )
}

fn twice(field: &str, day: Day) -> Refusal {
    Refusal::input(
        Code::InvalidDay,
        field,
        format!("Ngày {day} được nêu hai lần; hãy nêu mỗi ngày một lần."),
        format!("The day {day} is listed twice; list each day once."),
    )
}

#[cfg(test)]
mod tests {
    use entity::{sample, value::ClassState};

    use super::*;

    fn day(text: &str) -> Day {
        text.parse().expect(text)
    }

    /// Days of June, such as `8 12`.
    fn days(text: &str) -> Vec<Day> {
        text.split_whitespace().map(|of_june| day(&format!("2026-06-{of_june:0>2}"))).collect()
    }

    fn class(mode: &str, start: &str, end: &str) -> training_class::Model {
        training_class::Model {
            mode: match mode {
                "full" => Some(StudyMode::FullTime),
                "part" => Some(StudyMode::PartTime),
                _ => None,
            },
            start_on: days(start)[0],
            end_on: days(end)[0],
            state: ClassState::Confirmed,
            ..sample::training_class()
        }
    }

    #[test]
    fn sessions_lie_within_the_class_and_are_not_repeated() {
        let class = (day("2026-06-08"), day("2026-06-12"));
        for (given, expected) in [
            ("", Ok("")),
            ("12 8 10", Ok("8 10 12")),
            ("8 7", Err((Code::InvalidDay, "2026-06-07"))),
            ("8 13", Err((Code::InvalidDay, "2026-06-13"))),
            ("9 8 9", Err((Code::InvalidDay, "2026-06-09"))),
        ] {
            match (stated("sessions", &days(given), class), expected) {
                (Ok(sorted), Ok(expected)) => assert_eq!(sorted, days(expected), "{given}"),
                (Err(Refusal::Input { code, field, sentence }), Err((expected, named))) => {
                    assert_eq!((code, field), (expected, vec!["input".to_owned(), "sessions".to_owned()]), "{given}");
                    assert!(sentence.vi.contains(named) && sentence.en.contains(named), "{given}: {sentence:?}");
                }
                (found, expected) => panic!("{given}: {found:?} for {expected:?}"),
            }
        }
    }

    #[test]
    fn a_class_has_at_most_four_hundred_sessions() {
        let all = |from: Day| std::iter::successors(Some(from), |day| day.0.succ_opt().map(Day));
        let (start, end) = (day("2026-01-01"), day("2027-12-31"));
        for (number, good) in [(MAX, true), (MAX + 1, false)] {
            let given: Vec<Day> = all(start).take(number).collect();
            let found = stated("sessions", &given, (start, end));
            assert_eq!(found.as_ref().map_err(Refusal::code).is_ok(), good, "{found:?}");
            assert!(good || found.is_err_and(|refusal| refusal.code() == Code::InvalidNumber));
        }
    }

    /// One line per pair of classes: mode, first and last day and sessions of each, and their overlap.
    const TABLE: &str = "
        full 8 12 -       | full 12 19 -       | full-time
        full 8 12 -       | full 13 19 -       | apart
        full 8 12 8 9     | full 12 19 15 16   | full-time
        full 8 12 -       | part 1 30 -        | possible
        full 8 12 -       | part 1 30 3 10     | possible
        full 8 12 -       | part 1 30 3 13     | apart
        full 8 12 8 9     | part 1 30 3 10     | apart
        full 8 12 8 9     | part 1 30 9 10     | 9
        part 1 30 -       | part 30 30 -       | possible
        part 1 29 -       | part 30 30 -       | apart
        part 1 30 6 13    | part 8 12 -        | apart
        part 1 30 6 12    | part 8 12 -        | possible
        part 1 30 6 13 20 | part 1 30 20 6 27  | 6 20
        part 1 30 6 13 20 | part 1 30 7 14 21  | apart
        any  1 30 6       | any  1 30 6        | 6
        any  1 30 -       | full 1 30 -        | possible
    ";

    #[test]
    fn two_classes_overlap_as_the_table_says() {
        for line in TABLE.trim().lines() {
            let parts: Vec<&str> = line.split('|').map(str::trim).collect();
            let held = |text: &str| {
                let words: Vec<&str> = text.split_whitespace().collect();
                let mut sessions = days(&words[3..].join(" ").replace('-', ""));
                sessions.sort_unstable();
                (class(words[0], words[1], words[2]), sessions)
            };
            let (one, other) = (held(parts[0]), held(parts[1]));
            let (one, other) =
                (ClassDays { class: &one.0, sessions: &one.1 }, ClassDays { class: &other.0, sessions: &other.1 });
            let expected = match parts[2] {
                "apart" => Overlap::Apart,
                "possible" => Overlap::Possible,
                "full-time" => Overlap::FullTime,
                shared => Overlap::Sessions(days(shared)),
            };
            assert_eq!(overlap(one, other), expected, "{line}");
            assert_eq!(overlap(other, one), expected, "{line}, the other way round");
        }
    }
}
