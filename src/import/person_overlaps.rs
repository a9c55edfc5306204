//! Checks that span all rows of a person: no repeated row, no overlapping primary posts, no overlapping rotations. Each
//! row is reduced to one compact value, so that the rows of millions of persons can be compared in any order.

use std::hash::{DefaultHasher, Hash, Hasher};

use entity::{assignment, qualification, rotation, value::Day};

use super::{
    cadre_index::Person,
    resolve::Resolved,
    rotation_history::{Move, Phase},
};

/// Fingerprint of the identity of a row among the rows of one person; 64 bits suffice for these few rows.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Fingerprint([u32; 2]);

impl Fingerprint {
    pub fn of(content: impl Hash) -> Self {
        let mut hasher = DefaultHasher::new();
        content.hash(&mut hasher);
        let print = hasher.finish();
        #[expect(clippy::cast_possible_truncation, reason = "split into its halves")]
        Self([(print >> 32) as u32, print as u32])
    }
}

/// A line number; 0 for a row of the database.
pub(super) type Line = u32;

/// A qualification, or a completed training without a class, 20 bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Achievement {
    person: Person,
    /// Fingerprint of the content without the date.
    print: Fingerprint,
    /// Fingerprint of the date.
    date: u32,
    line: Line,
}

impl Achievement {
    /// The value of a row of the bundle.
    pub fn of(row: &Resolved<qualification::Model>) -> Self {
        Self { line: line(row.line), ..Self::stored(row.person, &row.model) }
    }

    /// The value of a row of the database.
    pub fn stored(person: Person, row: &qualification::Model) -> Self {
        let content = (&row.subject_code, &row.level_code, &row.field_code, &row.institution_code, row.mode);
        let Fingerprint([date, _]) = Fingerprint::of(row.granted_on);
        Self { person, print: Fingerprint::of(content), date, line: 0 }
    }

    /// The value of a row that is identified by its content alone.
    pub fn of_content((at, person): (u64, Person), content: impl Hash) -> Self {
        Self { person, print: Fingerprint::of(content), date: 0, line: line(at) }
    }
}

/// Lines that repeat an earlier line.
pub(super) fn repeated_achievements(achievements: Vec<Achievement>) -> Vec<u64> {
    compare_achievements(achievements).repeated
}

/// Results of comparing the achievements of all persons.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Achievements {
    /// Lines that repeat an earlier line.
    pub repeated: Vec<u64>,
    /// Lines that equal another line, or a row of the database, except for the date.
    pub redated: Vec<u64>,
}

/// Compares the achievements of each person.
pub(super) fn compare_achievements(mut achievements: Vec<Achievement>) -> Achievements {
    achievements.sort_unstable();
    let mut found = Achievements::default();
    for same in achievements.chunk_by(|a, b| (a.person, a.print) == (b.person, b.print)) {
        // A row of the database sorts first, as line 0, and is not reported.
        let dates = || same.chunk_by(|a, b| a.date == b.date);
        found.repeated.extend(dates().flat_map(|twins| {
            let of_bundle = twins.iter().filter(|achievement| achievement.line != 0).skip(1);
            of_bundle.map(|achievement| u64::from(achievement.line))
        }));
        let is_stored = |twins: &[Achievement]| twins.iter().any(|achievement| achievement.line == 0);
        let mut new: Vec<Line> = dates().filter(|twins| !is_stored(twins)).map(|twins| twins[0].line).collect();
        new.sort_unstable();
        let known = usize::from(!dates().any(is_stored));
        found.redated.extend(new.into_iter().skip(known).map(u64::from));
    }
    found.repeated.sort_unstable();
    found.redated.sort_unstable();
    found
}

/// The days of a row of a person.
#[derive(Clone, Copy)]
pub(super) struct Span {
    pub person: Person,
    pub start_on: Day,
    pub end_on: Option<Day>,
    pub line: Line,
}

/// The row of a person with the latest end among those read so far. Rows must be added in the order of their first
/// days.
#[derive(Default)]
pub(super) struct Longest(Option<Span>);

impl Longest {
    /// Adds a row. Returns the line to report if the row overlaps an earlier one of the person.
    pub fn add(&mut self, span: Span) -> Option<u64> {
        let lasts = |span: &Span| span.end_on.map_or(Day(chrono::NaiveDate::MAX), |end| end);
        let other = self.0.filter(|other| other.person == span.person);
        self.0 = other.filter(|other| lasts(other) >= lasts(&span)).or(Some(span));

        let other = other.filter(|other| other.end_on.is_none_or(|end| span.start_on < end))?;
        // Reports the later row, unless only the other one is in the bundle. Of two that begin on the same day, reports
        // the later line.
        let together = span.start_on == other.start_on;
        let line = if span.line == 0 || (together && other.line > span.line) { other.line } else { span.line };
        (line != 0).then_some(u64::from(line))
    }
}

/// A post, 28 bytes.
#[derive(Clone, Copy)]
pub(super) struct Post {
    span: Span,
    print: Fingerprint,
    is_primary: bool,
}

impl Post {
    /// The post of a row of the bundle.
    pub fn of(row: &Resolved<assignment::Model>) -> Self {
        let mut post = Self::stored(row.person, &row.model);
        post.span.line = line(row.line);
        post
    }

    /// A post of the database.
    pub fn stored(person: Person, post: &assignment::Model) -> Self {
        Self {
            span: Span { person, start_on: post.start_on, end_on: post.end_on, line: 0 },
            print: Fingerprint::of((post.unit_id, &post.title_code, post.is_primary)),
            is_primary: post.is_primary,
        }
    }

    fn is_same(&self, other: &Self) -> bool {
        let key = |post: &Self| (post.span.person, post.span.start_on, post.print);
        key(self) == key(other)
    }
}

/// Results of comparing the posts of all persons.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Posts {
    /// Lines that repeat an earlier line.
    pub repeated: Vec<u64>,
    /// Lines of primary posts that begin during another primary post of the person.
    pub overlapping: Vec<u64>,
}

/// Compares the posts of each person.
pub(super) fn compare_posts(mut posts: Vec<Post>) -> Posts {
    // Among rows of the same post, the database row sorts last, so that the row of the bundle is used.
    let place = |Post { span, print, .. }: &Post| (span.person, span.start_on, *print, span.line == 0, span.line);
    posts.sort_unstable_by_key(place);
    let mut found = Posts::default();
    let mut before: Option<Post> = None;
    let mut longest = Longest::default();
    for post in posts {
        if let Some(twin) = before.filter(|before| before.is_same(&post)) {
            if post.span.line != 0 && twin.span.line != 0 {
                found.repeated.push(u64::from(post.span.line));
            }
            continue;
        }
        before = Some(post);
        if post.is_primary {
            found.overlapping.extend(longest.add(post.span));
        }
    }
    found.repeated.sort_unstable();
    found.overlapping.sort_unstable();
    found.overlapping.dedup();
    found
}

/// A rotation, 32 bytes.
#[derive(Clone, Copy)]
pub(super) struct Episode {
    span: Span,
    to: Fingerprint,
    phase: Phase,
    is_new: bool,
}

impl Episode {
    /// The rotation of a row of the bundle. If the database has the rotation, its stored state determines the phase.
    pub fn of(row: &Resolved<Move>, today: Day) -> Self {
        let Move { to_unit_id, start_on, end_on, stored, .. } = row.model;
        Self {
            span: Span { person: row.person, start_on, end_on, line: line(row.line) },
            to: Fingerprint::of(to_unit_id),
            phase: stored.map_or_else(|| Phase::on(today, start_on, end_on), Phase::of),
            is_new: stored.is_none(),
        }
    }

    /// A rotation of the database.
    pub fn stored(person: Person, row: &rotation::Model) -> Self {
        let phase = Phase::of(row.state);
        let end_on = row.end_on.or(row.planned_end_on);
        // A rotation that ended on an unknown day gets an empty interval, so that it does not overlap later ones.
        let end_on = end_on.or_else(|| (phase == Phase::Over).then_some(row.start_on));
        let span = Span { person, start_on: row.start_on, end_on, line: 0 };
        Self { span, to: Fingerprint::of(row.to_unit_id), phase, is_new: false }
    }

    fn is_same(&self, other: &Self) -> bool {
        let key = |episode: &Self| (episode.span.person, episode.span.start_on, episode.to);
        key(self) == key(other)
    }
}

/// Results of comparing the rotations of all persons.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Episodes {
    /// Lines that repeat an earlier line.
    pub repeated: Vec<u64>,
    /// Lines of rotations that begin during another rotation of the person.
    pub overlapping: Vec<u64>,
    /// Lines of rotations without an end that were ended by a later rotation.
    pub overtaken: Vec<u64>,
    /// Lines of rotations that would be a second running or a second future rotation of the person.
    pub second: Vec<u64>,
}

/// Compares the rotations of each person.
pub(super) fn compare_episodes(mut episodes: Vec<Episode>) -> Episodes {
    let place = |Episode { span, to, .. }: &Episode| (span.person, span.start_on, *to, span.line == 0, span.line);
    episodes.sort_unstable_by_key(place);
    let mut found = Episodes::default();
    episodes.dedup_by(|later, earlier| {
        let is_same = later.is_same(earlier);
        if is_same && later.span.line != 0 {
            found.repeated.push(u64::from(later.span.line));
        }
        is_same
    });
    let mut longest = Longest::default();
    for of_person in episodes.chunk_by(|a, b| a.span.person == b.span.person) {
        found.overlapping.extend(of_person.iter().filter_map(|episode| longest.add(episode.span)));
        found.one_at_a_time(of_person);
    }
    found.repeated.sort_unstable();
    found.overlapping.sort_unstable();
    found.overlapping.dedup();
    found.second.sort_unstable();
    found
}

impl Episodes {
    /// A person has at most one running and one future rotation. Imported history without ends is corrected: a later
    /// rotation ended the earlier one. Stored rotations are not corrected: that requires a command.
    fn one_at_a_time(&mut self, of_person: &[Episode]) {
        for phase in [Phase::Running, Phase::ToCome] {
            let in_phase = || of_person.iter().filter(|episode| episode.phase == phase);
            let lines = in_phase().filter(|episode| episode.is_new).map(|episode| u64::from(episode.span.line));
            if in_phase().any(|episode| !episode.is_new) {
                self.second.extend(lines);
                continue;
            }
            let order = |episode: &&Episode| (episode.span.start_on, episode.span.line);
            let (one, others) = match phase {
                Phase::Running => (in_phase().max_by_key(order), &mut self.overtaken),
                Phase::ToCome | Phase::Overtaken | Phase::Over => (in_phase().min_by_key(order), &mut self.second),
            };
            let one = one.map(|episode| u64::from(episode.span.line));
            others.extend(lines.filter(|line| Some(*line) != one));
        }
    }
}

/// Lines beyond `u32::MAX` share the last number; only the position of a finding is then wrong.
pub(super) fn line(line: u64) -> Line {
    Line::try_from(line).unwrap_or(Line::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_qualification_with_another_date_differs_from_a_repeated_one() {
        // `(line, person, content, date)`, line 0 for a row of the database.
        for (rows, repeated, redated) in [
            (&[(2, 1, 'a', 1), (3, 1, 'b', 1), (4, 2, 'a', 1)][..], &[][..], &[][..]),
            (&[(2, 1, 'a', 1), (3, 1, 'a', 1)], &[3], &[]),
            (&[(2, 1, 'a', 1), (3, 1, 'a', 2)], &[], &[3]),
            (&[(2, 1, 'a', 2), (3, 1, 'a', 1), (4, 1, 'a', 1)], &[4], &[3]),
            (&[(0, 1, 'a', 1), (2, 1, 'a', 1)], &[], &[]),
            (&[(0, 1, 'a', 1), (2, 1, 'a', 2)], &[], &[2]),
            (&[(0, 1, 'a', 1), (2, 1, 'a', 1), (3, 1, 'a', 2)], &[], &[3]),
            (&[(0, 1, 'a', 1), (0, 1, 'a', 2), (2, 1, 'a', 2)], &[], &[]),
            (&[(0, 1, 'a', 1), (2, 2, 'a', 2)], &[], &[]),
        ] {
            let achievement = |&(line, person, content, date): &(u32, Person, char, u32)| Achievement {
                person,
                print: Fingerprint::of(content),
                date,
                line,
            };
            let expected = Achievements { repeated: repeated.to_vec(), redated: redated.to_vec() };
            assert_eq!(compare_achievements(rows.iter().map(achievement).collect()), expected, "{rows:?}");
        }
    }

    /// Compares rows `(line, person, unit, start, end, is_primary)`.
    fn posts(rows: &[(u32, u32, u32, &str, &str, bool)]) -> Posts {
        let post = |&(line, person, unit, start, end, is_primary): &(u32, u32, u32, &str, &str, bool)| Post {
            span: Span { person, start_on: start.parse().expect(start), end_on: end.parse().ok(), line },
            print: Fingerprint::of((unit, is_primary)),
            is_primary,
        };
        compare_posts(rows.iter().map(post).collect())
    }

    #[test]
    fn primary_posts_of_a_person_do_not_overlap() {
        for (rows, overlapping) in [
            (&[(2, 1, 1, "2010-01-01", "2015-01-01", true), (3, 1, 2, "2015-01-01", "", true)][..], &[][..]),
            (&[(2, 1, 1, "2010-01-01", "2015-01-02", true), (3, 1, 2, "2015-01-01", "", true)], &[3]),
            (&[(2, 1, 2, "2015-01-01", "", true), (3, 1, 1, "2010-01-01", "", true)], &[2]),
            (&[(2, 1, 1, "2010-01-01", "", true), (3, 1, 2, "2010-01-01", "", true)], &[3]),
            (&[(3, 1, 1, "2010-01-01", "", true), (2, 1, 2, "2010-01-01", "", true)], &[3]),
            (&[(2, 1, 1, "2010-01-01", "", true), (3, 1, 2, "2015-01-01", "", false)], &[]),
            (&[(2, 1, 1, "2010-01-01", "", true), (3, 2, 2, "2015-01-01", "", true)], &[]),
            (
                &[
                    (2, 1, 1, "2010-01-01", "", true),
                    (3, 1, 2, "2011-01-01", "2012-01-01", true),
                    (4, 1, 3, "2020-01-01", "", true),
                ],
                &[3, 4],
            ),
            (&[(0, 1, 1, "2010-01-01", "", true), (3, 1, 2, "2015-01-01", "", true)], &[3]),
            (&[(0, 1, 1, "2016-01-01", "", true), (3, 1, 2, "2015-01-01", "", true)], &[3]),
            (&[(0, 1, 1, "2010-01-01", "", true), (3, 1, 1, "2010-01-01", "", true)], &[]),
            (&[(0, 1, 1, "2010-01-01", "", true), (0, 1, 2, "2010-01-01", "", true)], &[]),
        ] {
            let expected = Posts { repeated: vec![], overlapping: overlapping.to_vec() };
            assert_eq!(posts(rows), expected, "{rows:?}");
        }
    }

    #[test]
    fn a_repeated_post_is_reported_whatever_its_end() {
        let rows = [
            (2, 1, 1, "2010-01-01", "2015-01-01", true),
            (5, 1, 1, "2010-01-01", "", true),
            (4, 1, 1, "2011-01-01", "", false),
        ];
        assert_eq!(posts(&rows), Posts { repeated: vec![5], overlapping: vec![] });
    }

    /// `(line, person, to, start, end, phase in the database or on 2026-06-01)`; line 0: the database has it.
    type Row = (u32, u32, u32, &'static str, &'static str, Option<Phase>);

    fn episodes(rows: &[Row]) -> Episodes {
        let today = "2026-06-01".parse().expect("a day");
        let episode = |&(line, person, to, start, end, stored): &Row| {
            let (start_on, end_on) = (start.parse().expect(start), end.parse().ok());
            let phase = stored.unwrap_or_else(|| Phase::on(today, start_on, end_on));
            let span = Span { person, start_on, end_on, line };
            Episode { span, to: Fingerprint::of(to), phase, is_new: stored.is_none() }
        };
        compare_episodes(rows.iter().map(episode).collect())
    }

    #[test]
    fn rotations_of_a_person_do_not_overlap() {
        let (over, running, to_come) = (Some(Phase::Over), Some(Phase::Running), Some(Phase::ToCome));
        let found = |overlapping: &[u64], overtaken: &[u64], second: &[u64]| {
            let (overlapping, overtaken, second) = (overlapping.to_vec(), overtaken.to_vec(), second.to_vec());
            Episodes { repeated: vec![], overlapping, overtaken, second }
        };
        for (rows, expected) in [
            (
                &[(2, 1, 1, "2010-01-01", "2013-01-01", None), (3, 1, 2, "2013-01-01", "", None)][..],
                found(&[], &[], &[]),
            ),
            (&[(2, 1, 1, "2010-01-01", "2013-01-02", None), (3, 1, 2, "2013-01-01", "", None)], found(&[3], &[], &[])),
            (&[(2, 1, 1, "2010-01-01", "", None), (3, 2, 2, "2013-01-01", "", None)], found(&[], &[], &[])),
            // The rotation that began later is running.
            (&[(2, 1, 1, "2013-01-01", "", None), (3, 1, 2, "2010-01-01", "", None)], found(&[2], &[3], &[])),
            (&[(2, 1, 1, "2013-01-01", "2030-01-01", None), (3, 1, 2, "2013-01-01", "", None)], found(&[3], &[2], &[])),
            // The earliest future rotation is accepted.
            (&[(2, 1, 1, "2030-01-01", "2031-01-01", None), (3, 1, 2, "2032-01-01", "", None)], found(&[], &[], &[3])),
            (&[(2, 1, 1, "2020-01-01", "2030-01-01", None), (3, 1, 2, "2030-01-01", "", None)], found(&[], &[], &[])),
            // Stored rotations are not corrected.
            (&[(0, 1, 1, "2010-01-01", "", running), (3, 1, 2, "2013-01-01", "", None)], found(&[3], &[], &[3])),
            (
                &[(0, 1, 1, "2010-01-01", "", running), (3, 1, 2, "2013-01-01", "2014-01-01", None)],
                found(&[3], &[], &[]),
            ),
            (&[(2, 1, 1, "2010-01-01", "", running), (3, 1, 2, "2013-01-01", "", None)], found(&[3], &[], &[3])),
            (&[(2, 1, 1, "2010-01-01", "", over), (3, 1, 2, "2013-01-01", "", running)], found(&[3], &[], &[])),
            (&[(0, 1, 1, "2010-01-01", "2010-01-01", over), (3, 1, 2, "2013-01-01", "", None)], found(&[], &[], &[])),
            (
                &[(0, 1, 1, "2030-01-01", "2031-01-01", to_come), (3, 1, 2, "2032-01-01", "", None)],
                found(&[], &[], &[3]),
            ),
        ] {
            assert_eq!(episodes(rows), expected, "{rows:?}");
        }
    }

    #[test]
    fn a_repeated_rotation_is_reported_whatever_its_end() {
        let rows = [
            (2, 1, 1, "2010-01-01", "2013-01-01", None),
            (5, 1, 1, "2010-01-01", "", None),
            (4, 1, 2, "2013-01-01", "2014-01-01", None),
        ];
        assert_eq!(episodes(&rows), Episodes { repeated: vec![5], ..Episodes::default() });
    }
}
