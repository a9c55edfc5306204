//! Rules on all rows of a person together: no row twice, no two primary posts at a time. One compact note per row, so
//! that the rows of millions of persons can be compared in whatever order their files hold them.

use std::hash::{DefaultHasher, Hash, Hasher};

use entity::{assignment, qualification, value::Day};

use super::{pass::Resolved, register::Person};

/// Fingerprint of what makes a row of a person itself: 64 bits among the few rows of one person.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Print([u32; 2]);

impl Print {
    fn of(content: impl Hash) -> Self {
        let mut hasher = DefaultHasher::new();
        content.hash(&mut hasher);
        let print = hasher.finish();
        #[expect(clippy::cast_possible_truncation, reason = "split into its halves")]
        Self([(print >> 32) as u32, print as u32])
    }
}

/// A line number; 0 for a row that the database holds.
type Line = u32;

/// A qualification, 16 bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Paper {
    person: Person,
    print: Print,
    line: Line,
}

impl Paper {
    /// Notes a row.
    pub fn of(row: &Resolved<qualification::Model>) -> Self {
        let paper = &row.model;
        let granted_on = paper.granted_on;
        let papers = (&paper.subject_code, &paper.level_code, &paper.field_code, &paper.institution_code);
        Self { person: row.person, print: Print::of((papers, paper.mode, granted_on)), line: line(row.line) }
    }
}

/// Lines that say what an earlier line said.
pub(super) fn repeated_papers(mut papers: Vec<Paper>) -> Vec<u64> {
    papers.sort_unstable();
    let twins = papers.windows(2).filter(|two| (two[0].person, two[0].print) == (two[1].person, two[1].print));
    twins.map(|two| u64::from(two[1].line)).collect()
}

/// A post, 28 bytes.
#[derive(Clone, Copy)]
pub(super) struct Post {
    person: Person,
    print: Print,
    start_on: Day,
    end_on: Option<Day>,
    line: Line,
    is_primary: bool,
}

impl Post {
    /// Notes a row of the bundle.
    pub fn of(row: &Resolved<assignment::Model>) -> Self {
        Self { line: line(row.line), ..Self::stored(row.person, &row.model) }
    }

    /// Notes a row of the database.
    pub fn stored(person: Person, post: &assignment::Model) -> Self {
        Self {
            person,
            print: Print::of((post.unit_id, &post.title_code, post.is_primary)),
            start_on: post.start_on,
            end_on: post.end_on,
            line: 0,
            is_primary: post.is_primary,
        }
    }

    fn is_same(&self, other: &Self) -> bool {
        (self.person, self.start_on, self.print) == (other.person, other.start_on, other.print)
    }
}

/// What the posts of all persons show.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Posts {
    /// Lines that repeat an earlier line.
    pub repeated: Vec<u64>,
    /// Lines of primary posts that begin while another primary post of the person lasts.
    pub overlapping: Vec<u64>,
}

/// Compares the posts of each person.
pub(super) fn compare_posts(mut posts: Vec<Post>) -> Posts {
    // Of the same post the row of the database comes last, and gives way to that of the bundle.
    posts.sort_unstable_by_key(|post| (post.person, post.start_on, post.print, post.line == 0, post.line));
    let mut found = Posts::default();
    let mut before: Option<Post> = None;
    let mut longest: Option<Post> = None;
    for post in posts {
        if let Some(twin) = before.filter(|before| before.is_same(&post)) {
            if post.line != 0 && twin.line != 0 {
                found.repeated.push(u64::from(post.line));
            }
            continue;
        }
        before = Some(post);
        if !post.is_primary {
            continue;
        }
        let other = longest.filter(|longest| longest.person == post.person);
        if let Some(other) = other.filter(|other| other.end_on.is_none_or(|end| post.start_on < end)) {
            // The later one, unless only the other one is in the bundle; of two that begin together, the later line.
            let together = post.start_on == other.start_on;
            let line = if post.line == 0 || (together && other.line > post.line) { other.line } else { post.line };
            found.overlapping.extend((line != 0).then_some(u64::from(line)));
        }
        let lasts = |post: &Post| post.end_on.map_or(Day(chrono::NaiveDate::MAX), |end| end);
        longest = Some(other.filter(|other| lasts(other) >= lasts(&post)).unwrap_or(post));
    }
    found.repeated.sort_unstable();
    found.overlapping.sort_unstable();
    found.overlapping.dedup();
    found
}

/// Lines beyond four thousand millions share the last number: only the finding's place suffers.
fn line(line: u64) -> Line {
    Line::try_from(line).unwrap_or(Line::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `(line, person, unit, start, end, primary)`
    fn posts(rows: &[(u32, u32, u32, &str, &str, bool)]) -> Posts {
        let post = |&(line, person, unit, start, end, is_primary): &(u32, u32, u32, &str, &str, bool)| Post {
            person,
            print: Print::of((unit, is_primary)),
            start_on: start.parse().expect(start),
            end_on: end.parse().ok(),
            line,
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
    fn a_post_stands_there_once_whenever_it_ends() {
        let rows = [
            (2, 1, 1, "2010-01-01", "2015-01-01", true),
            (5, 1, 1, "2010-01-01", "", true),
            (4, 1, 1, "2011-01-01", "", false),
        ];
        assert_eq!(posts(&rows), Posts { repeated: vec![5], overlapping: vec![] });
    }
}
