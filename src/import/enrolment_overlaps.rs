//! Checks that span all seats of a person: no repeated seat, no overlapping full-time classes. Each row is reduced to
//! one compact value, as in `person_overlaps`.

use entity::value::{Day, StudyMode};

use super::{
    cadre_index::Person,
    class_index::{Class, Classes},
    person_overlaps::{Line, Longest, Span, line},
};

/// A person in a class, 16 bytes.
#[derive(Clone, Copy)]
pub(super) struct Seat {
    person: Person,
    class: Class,
    line: Line,
    /// False for learners who dropped out or are on the waiting list: the class does not occupy their days.
    is_taken: bool,
}

impl Seat {
    /// The seat of a row of the bundle.
    pub fn of(at: u64, (person, class): (Person, Class), is_taken: bool) -> Self {
        Self { person, class, line: line(at), is_taken }
    }

    /// A seat of the database.
    pub fn stored(person: Person, class: Class) -> Self {
        Self { person, class, line: 0, is_taken: true }
    }
}

/// Results of comparing the seats of all persons.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Seats {
    /// Lines that repeat an earlier line.
    pub repeated: Vec<u64>,
    /// Lines of full-time classes that begin during another full-time class of the person.
    pub overlapping: Vec<u64>,
}

/// Compares the seats of each person.
pub(super) fn compare_seats(mut seats: Vec<Seat>, classes: &Classes) -> Seats {
    // Among rows of the same seat, the database row sorts last, so that the row of the bundle is used.
    seats.sort_unstable_by_key(|seat| (seat.person, seat.class, seat.line == 0, seat.line));
    let mut found = Seats::default();
    seats.dedup_by(|later, earlier| {
        let is_same = (later.person, later.class) == (earlier.person, earlier.class);
        if is_same && later.line != 0 {
            found.repeated.push(u64::from(later.line));
        }
        is_same
    });
    let mut longest = Longest::default();
    for of_person in seats.chunk_by(|a, b| a.person == b.person) {
        let mut spans: Vec<Span> = of_person.iter().filter_map(|seat| full_time(*seat, classes)).collect();
        spans.sort_unstable_by_key(|span| (span.start_on, span.line));
        found.overlapping.extend(spans.into_iter().filter_map(|span| longest.add(span)));
    }
    found.repeated.sort_unstable();
    found.overlapping.sort_unstable();
    found.overlapping.dedup();
    found
}

/// The days that a taken seat of a full-time class occupies, including the last day of the class.
fn full_time(seat: Seat, classes: &Classes) -> Option<Span> {
    let class = classes.get(seat.class);
    let is_held = seat.is_taken && class.mode == Some(StudyMode::FullTime);
    let end_on = class.end_on.0.succ_opt().map(Day);
    is_held.then_some(Span { person: seat.person, start_on: class.start_on, end_on, line: seat.line })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Compares rows `(line, person, class, is_taken)`. The classes: one in May, one on the last day of that class, one
    /// in June, and one part-time.
    fn compare_rows(rows: &[(u64, Person, Class, bool)]) -> (Vec<u64>, Vec<u64>) {
        let days = [
            ("2025-05-01", "2025-05-31", StudyMode::FullTime),
            ("2025-05-31", "2025-05-31", StudyMode::FullTime),
            ("2025-06-01", "2025-06-30", StudyMode::FullTime),
            ("2025-05-01", "2025-06-30", StudyMode::PartTime),
        ];
        let classes = Classes::of(days);
        let seat = |&(line, person, class, is_taken): &(u64, Person, Class, bool)| Seat {
            line: u32::try_from(line).expect("a line"),
            ..Seat::of(line, (person, class), is_taken)
        };
        let Seats { repeated, overlapping } = compare_seats(rows.iter().map(seat).collect(), &classes);
        (repeated, overlapping)
    }

    #[test]
    fn two_overlapping_full_time_classes_of_a_person_are_reported() {
        for (rows, overlapping) in [
            (&[(2, 1, 0, true), (3, 1, 2, true)][..], &[][..]),
            (&[(2, 1, 0, true), (3, 1, 1, true)], &[3]),
            (&[(3, 1, 0, true), (2, 1, 1, true)], &[2]),
            (&[(2, 1, 0, true), (3, 1, 1, false)], &[]),
            (&[(2, 1, 0, true), (3, 2, 1, true)], &[]),
            (&[(2, 1, 0, true), (3, 1, 3, true)], &[]),
            (&[(0, 1, 0, true), (3, 1, 1, true)], &[3]),
            (&[(0, 1, 1, true), (3, 1, 0, true)], &[3]),
            (&[(0, 1, 0, true), (0, 1, 1, true)], &[]),
        ] {
            assert_eq!(compare_rows(rows), (vec![], overlapping.to_vec()), "{rows:?}");
        }
    }

    #[test]
    fn a_repeated_seat_is_reported_whatever_its_state() {
        assert_eq!(compare_rows(&[(2, 1, 0, true), (5, 1, 0, false), (4, 2, 0, true)]), (vec![5], vec![]));
        assert_eq!(compare_rows(&[(0, 1, 0, true), (5, 1, 0, true)]), (vec![], vec![]));
    }
}
