//! Derives the phase of a rotation on the day of the import, and its posts and placement from the person's posts. Pure
//! functions.

use std::cmp::Reverse;

use entity::{
    assignment, rotation,
    value::{CadreId, Day, RotationForm, RotationId, RotationState, UnitId},
};

use crate::{
    domain::rotation::{Standing, direction},
    reference::units::Units,
};

/// A rotation as its row describes it.
#[derive(Clone, Debug)]
pub(super) struct Move {
    pub cadre_id: CadreId,
    pub from_unit_id: UnitId,
    pub to_unit_id: UnitId,
    pub form: RotationForm,
    pub start_on: Day,
    pub end_on: Option<Day>,
    pub decision_no: Option<String>,
    /// Its state in the database, if it is stored there.
    pub stored: Option<RotationState>,
}

/// Phase of a rotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// The rotation has not begun.
    ToCome,
    /// The rotation has begun and not ended.
    Running,
    /// The rotation has no end, or an end after today, but another rotation began after it: it ended on an unknown day.
    Overtaken,
    /// The rotation has ended.
    Over,
}

impl Phase {
    /// The phase on `today` of a rotation with these days.
    pub fn on(today: Day, start_on: Day, end_on: Option<Day>) -> Self {
        match end_on {
            _ if start_on > today => Self::ToCome,
            Some(end) if end <= today => Self::Over,
            _ => Self::Running,
        }
    }

    /// The phase of a stored state.
    pub fn of(state: RotationState) -> Self {
        match state {
            RotationState::Draft
            | RotationState::PolicyApproved
            | RotationState::Nominated
            | RotationState::Prepared
            | RotationState::Exchanged
            | RotationState::Decided
            | RotationState::Published => Self::ToCome,
            RotationState::InProgress | RotationState::Extended => Self::Running,
            RotationState::Ended | RotationState::Placed | RotationState::Cancelled | RotationState::Revoked => {
                Self::Over
            }
        }
    }
}

impl Move {
    /// The columns in which a stored rotation differs. The end in the file is compared with the actual end, or with the
    /// planned one if there is no actual end.
    pub fn differing(&self, stored: &rotation::Model) -> Vec<&'static str> {
        let columns = [
            ("from_unit_code", stored.from_unit_id == self.from_unit_id),
            ("form", stored.form == self.form),
            ("end_on", stored.end_on.or(stored.planned_end_on) == self.end_on),
            ("decision_no", stored.decision_no == self.decision_no),
        ];
        columns.into_iter().filter(|(_, same)| !same).map(|(column, _)| column).collect()
    }

    /// The row for the database; `None` if a unit has no version. Columns that the file lacks are empty.
    pub fn model(self, phase: Phase, units: &Units, posts: &[assignment::Model]) -> Option<rotation::Model> {
        let from = Standing::of(units, self.from_unit_id, self.start_on)?;
        let to = Standing::of(units, self.to_unit_id, self.start_on)?;
        let end_on = self.end_on.filter(|_| phase == Phase::Over);
        let placement = end_on.and_then(|day| placement(posts, self.to_unit_id, day));
        let state = match phase {
            Phase::ToCome => RotationState::Published,
            Phase::Running => RotationState::InProgress,
            Phase::Over if placement.is_some() => RotationState::Placed,
            Phase::Overtaken | Phase::Over => RotationState::Ended,
        };
        Some(rotation::Model {
            id: RotationId::new(),
            cadre_id: self.cadre_id,
            form: self.form,
            purpose: None,
            direction: direction(from, to),
            from_unit_id: self.from_unit_id,
            from_tier: from.tier,
            from_title_code: post_left(posts, self.from_unit_id, self.start_on).map(|post| post.title_code.clone()),
            to_unit_id: self.to_unit_id,
            to_tier: to.tier,
            to_title_code: post_taken_up(posts, self.to_unit_id, self.start_on).map(|post| post.title_code.clone()),
            start_on: self.start_on,
            planned_end_on: self.end_on.filter(|_| phase != Phase::Over),
            end_on,
            end_reason: None,
            extended_on: None,
            state,
            preparing_unit_id: None,
            proposed_on: None,
            decision_no: self.decision_no,
            decided_on: None,
            published_on: None,
            planning_document: None,
            planning_from: None,
            planning_until: None,
            placement_unit_id: placement.map(|(post, _)| post.unit_id),
            placement_title_code: placement.map(|(post, _)| post.title_code.clone()),
            placed_on: placement.map(|(_, on)| on),
            placement_decision_no: None,
            version: 1,
        })
    }
}

/// The post that a person leaves with the unit on a day: a post that ends on that day, else one that goes on. Among
/// several, the primary post comes first, then the one that began last.
fn post_left(posts: &[assignment::Model], unit: UnitId, day: Day) -> Option<&assignment::Model> {
    let is_left = |post: &&assignment::Model| {
        post.unit_id == unit && post.start_on < day && post.end_on.is_none_or(|end| day <= end)
    };
    let order =
        |post: &&assignment::Model| (post.end_on == Some(day), post.is_primary, post.start_on, Reverse(post.id));
    posts.iter().filter(is_left).max_by_key(order)
}

/// The post that a person takes up in a unit on a day, the primary one first.
fn post_taken_up(posts: &[assignment::Model], unit: UnitId, day: Day) -> Option<&assignment::Model> {
    let is_taken_up = |post: &&assignment::Model| post.unit_id == unit && post.start_on == day;
    posts.iter().filter(is_taken_up).max_by_key(|post| (post.is_primary, Reverse(post.id)))
}

/// The primary post after a rotation that ends on a day, and the day of the placement (bố trí sau luân chuyển): the
/// post that begins on that day; else one that continues over it, first at the destination; else the next to begin.
fn placement(posts: &[assignment::Model], destination: UnitId, day: Day) -> Option<(&assignment::Model, Day)> {
    let candidates = posts.iter().filter(|post| post.is_primary && post.end_on.is_none_or(|end| day < end));
    let order = |post: &&assignment::Model| {
        let goes_on = post.start_on < day;
        let (begins_then, waits_until) = (post.start_on == day, post.start_on.max(day));
        (waits_until, !begins_then, goes_on && post.unit_id != destination, Reverse(post.start_on), post.id)
    };
    candidates.min_by_key(order).map(|post| (post, post.start_on.max(day)))
}

#[cfg(test)]
mod tests {
    use entity::{sample, unit, unit_version};

    use super::*;

    fn day(text: &str) -> Day {
        text.parse().expect(text)
    }

    #[test]
    fn a_phase_follows_from_the_days() {
        for (start, end, phase) in [
            ("2026-06-02", "", Phase::ToCome),
            ("2026-06-02", "2029-06-02", Phase::ToCome),
            ("2026-06-01", "", Phase::Running),
            ("2020-01-01", "2026-06-02", Phase::Running),
            ("2020-01-01", "2026-06-01", Phase::Over),
        ] {
            assert_eq!(Phase::on(day("2026-06-01"), day(start), end.parse().ok()), phase, "{start} {end}");
        }
    }

    /// The change of a rotation without a preparing unit is public, so an import may not create one under embargo.
    #[test]
    fn no_imported_rotation_is_under_embargo() {
        let versions = ["A", "B"].map(|code| (code, sample::unit_version()));
        let unit = |(code, version): &(&str, unit_version::Model)| unit::Model {
            id: version.unit_id,
            code: code.parse().expect("a code"),
        };
        let rows = versions.iter().map(unit).collect();
        let units = Units::new(rows, versions.iter().map(|(_, version)| version.clone()).collect(), Vec::new());
        let [from, to] = versions.map(|(_, version)| version.unit_id);
        for phase in [Phase::ToCome, Phase::Running, Phase::Overtaken, Phase::Over] {
            for end_on in [None, Some(day("2029-06-02"))] {
                let row = Move {
                    cadre_id: CadreId::new(),
                    from_unit_id: from,
                    to_unit_id: to,
                    form: RotationForm::Transfer,
                    start_on: day("2026-06-02"),
                    end_on,
                    decision_no: None,
                    stored: None,
                };
                let row = row.model(phase, &units, &[]).expect("units with a version");
                assert_eq!(row.preparing_unit_id, None);
                assert!(!row.is_embargoed(), "{phase:?} {:?}", row.state);
            }
        }
    }

    #[test]
    fn posts_determine_origin_destination_and_placement() {
        let (here, there, cadre_id) = (UnitId::new(), UnitId::new(), CadreId::new());
        let post = |unit_id, title: &str, start: &str, end: &str, is_primary| assignment::Model {
            cadre_id,
            unit_id,
            title_code: title.parse().expect(title),
            start_on: day(start),
            end_on: end.parse().ok(),
            is_primary,
            ..sample::assignment()
        };
        let posts = [
            post(here, "CONCURRENT", "2009-01-01", "", false),
            post(here, "LASTING", "2008-01-01", "", true),
            post(here, "ENDED", "2005-01-01", "2010-01-01", true),
            post(there, "SIDE", "2010-01-01", "", false),
            post(there, "MAIN", "2010-01-01", "2013-01-01", true),
            post(here, "SIDE", "2013-01-01", "", false),
            post(here, "NEXT", "2013-01-01", "", true),
            post(there, "TOO", "2013-01-01", "", true),
        ];
        let title = |post: Option<&assignment::Model>| post.map(|post| post.title_code.to_string());
        for (unit, on, expected) in [
            (here, "2010-01-01", Some("ENDED")),
            (here, "2010-01-02", Some("LASTING")),
            (here, "2008-01-01", Some("ENDED")),
            (here, "2005-01-01", None),
            (there, "2010-01-01", None),
            (there, "2013-01-01", Some("MAIN")),
        ] {
            assert_eq!(title(post_left(&posts, unit, day(on))).as_deref(), expected, "{on}");
        }
        assert_eq!(title(post_taken_up(&posts, there, day("2010-01-01"))).as_deref(), Some("MAIN"));
        assert_eq!(title(post_taken_up(&posts, there, day("2010-01-02"))), None);
    }

    #[test]
    fn a_placement_is_the_primary_post_after_the_end() {
        let (destination, other, cadre_id) = (UnitId::new(), UnitId::new(), CadreId::new());
        let post = |unit_id, title: &str, (start, end): (&str, &str), is_primary| assignment::Model {
            cadre_id,
            unit_id,
            title_code: title.parse().expect(title),
            start_on: day(start),
            end_on: end.parse().ok(),
            is_primary,
            ..sample::assignment()
        };
        let ended = || post(destination, "ENDED", ("2010-01-01", "2013-01-01"), true);
        let stays = || post(destination, "STAYS", ("2010-01-01", ""), true);
        let elsewhere = || post(other, "ELSEWHERE", ("2011-01-01", ""), true);
        let next = || post(other, "NEXT", ("2013-01-01", ""), true);
        let later = || post(other, "LATER", ("2013-02-01", ""), true);
        let latest = || post(other, "LATEST", ("2014-01-01", ""), true);
        let side = || post(other, "SIDE", ("2009-01-01", ""), false);
        for (posts, expected) in [
            (vec![ended(), next(), later()], Some(("NEXT", "2013-01-01"))),
            (vec![stays()], Some(("STAYS", "2013-01-01"))),
            (vec![elsewhere(), stays()], Some(("STAYS", "2013-01-01"))),
            (vec![stays(), next()], Some(("NEXT", "2013-01-01"))),
            (vec![ended(), elsewhere()], Some(("ELSEWHERE", "2013-01-01"))),
            (vec![latest(), ended(), later()], Some(("LATER", "2013-02-01"))),
            (vec![ended()], None),
            (vec![ended(), side()], None),
        ] {
            let found = placement(&posts, destination, day("2013-01-01"));
            let found = found.map(|(post, on)| (post.title_code.to_string(), on));
            assert_eq!(found, expected.map(|(title, on)| (title.to_owned(), day(on))), "{posts:?}");
        }
    }
}
