//! Months of work in a year (thời gian công tác trong năm), from the recorded posts: a person who worked for too few
//! months is not rated.

use entity::{
    assignment,
    value::{AppraisalRating, Day},
};

use crate::reference::appraisal_rules::AppraisalRule;

/// Work of a person in a year, compared with a number of months.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// At least the months.
    Enough,
    /// Fewer months. The posts are recorded from the first day of service on.
    TooLittle,
    /// The recorded posts do not say.
    Unknown,
}

/// Consequence of the months of work for a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkJudgement {
    /// The result may be recorded.
    Allowed,
    /// By a verified rule, the person may not be rated.
    Refused,
    /// The result may be recorded; the recorded posts have too few months, and the rule is not verified.
    TooShort,
    /// The result may be recorded; the recorded posts do not say whether there are enough months.
    Unknown,
}

/// Work in a year. A post without an end is assumed to last to the end of the year. Several posts with gaps between them
/// are compared by their days; if the length of the months decides, the result is unknown.
pub fn work_in(posts: &[assignment::Model], joined_service_on: Option<Day>, (year, months): (i32, u32)) -> Work {
    let (Some(first), Some(end)) = (Day::of(year, 1, 1), Day::of(year + 1, 1, 1)) else { return Work::Unknown };
    let mut periods: Vec<(Day, Day)> = posts
        .iter()
        .map(|post| (post.start_on.max(first), post.end_on.map_or(end, |last| last.min(end))))
        .filter(|(from, to)| from < to)
        .collect();
    periods.sort_unstable();
    let mut joined: Vec<(Day, Day)> = Vec::new();
    for (from, to) in periods {
        match joined.last_mut() {
            Some(last) if from <= last.1 => last.1 = last.1.max(to),
            _ => joined.push((from, to)),
        }
    }
    let lasts_long = |(from, to): &(Day, Day)| from.plus_months(months).is_some_and(|after| after <= *to);
    if joined.iter().any(lasts_long) {
        return Work::Enough;
    }
    let days: i64 = joined.iter().map(|(from, to)| (to.0 - from.0).num_days()).sum();
    let is_complete = posts
        .iter()
        .map(|post| post.start_on)
        .min()
        .zip(joined_service_on)
        .is_some_and(|(post, service)| post <= service);
    match days {
        days if days >= i64::from(months) * LONGEST_MONTH => Work::Enough,
        _ if !is_complete => Work::Unknown,
        days if joined.len() <= 1 || days < i64::from(months) * SHORTEST_MONTH => Work::TooLittle,
        _ => Work::Unknown,
    }
}

/// Days of the longest and of the shortest month.
const LONGEST_MONTH: i64 = 31;
const SHORTEST_MONTH: i64 = 28;

/// Judges a result of a year. A person who is not rated may have worked for any time.
pub fn judge_work(rule: Option<&AppraisalRule>, work: Work, rating: AppraisalRating) -> WorkJudgement {
    let Some(rule) = rule.filter(|_| rating != AppraisalRating::NotRated) else { return WorkJudgement::Allowed };
    match (work, rule.is_verified()) {
        (Work::Enough, _) => WorkJudgement::Allowed,
        (Work::TooLittle, true) => WorkJudgement::Refused,
        (Work::TooLittle, false) => WorkJudgement::TooShort,
        (Work::Unknown, _) => WorkJudgement::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use entity::{
        sample,
        value::{AppraisalSystem, Category},
    };

    use super::*;
    use crate::reference::appraisal_rules::{AppraisalCase, AppraisalRuleKey, AppraisalRules};

    fn day(text: &str) -> Day {
        text.parse().expect("a day")
    }

    fn worked(posts: &[(&str, &str)], joined: &str) -> Work {
        let post = |(from, to): &(&str, &str)| assignment::Model {
            start_on: day(from),
            end_on: to.parse().ok(),
            ..sample::assignment()
        };
        let posts: Vec<_> = posts.iter().map(post).collect();
        work_in(&posts, joined.parse().ok(), (2026, 6))
    }

    #[test]
    fn six_months_are_counted_to_the_day() {
        use Work::{Enough, TooLittle, Unknown};
        for (posts, joined, expected) in [
            (&[("2026-06-30", "")][..], "2026-06-30", Enough),
            (&[("2026-07-01", "")], "2026-07-01", Enough),
            (&[("2026-07-02", "")], "2026-07-02", TooLittle),
            (&[("2020-01-01", "2026-06-30")], "2020-01-01", TooLittle),
            (&[("2020-01-01", "2026-07-01")], "2020-01-01", Enough),
            (&[("2020-01-01", "2026-07-02")], "2020-01-01", Enough),
            // A change of posts does not interrupt the work; posts at the same time count once.
            (&[("2026-07-01", "2026-09-01"), ("2026-09-01", "")], "2026-07-01", Enough),
            (&[("2026-07-02", ""), ("2026-08-01", "")], "2026-07-02", TooLittle),
            // With a gap, the days decide unless the length of the months does.
            (&[("2026-01-01", "2026-03-01"), ("2026-10-01", "")], "2026-01-01", TooLittle),
            (&[("2026-01-01", "2026-04-01"), ("2026-10-01", "")], "2026-01-01", Unknown),
            (&[("2026-01-01", "2026-05-01"), ("2026-10-01", "")], "2026-01-01", Enough),
            // Posts before the first recorded one may be missing.
            (&[("2026-07-02", "")], "2020-01-01", Unknown),
            (&[("2026-07-02", "")], "", Unknown),
            (&[("2027-01-01", "")], "2027-01-01", TooLittle),
            (&[], "2026-01-01", Unknown),
        ] {
            assert_eq!(worked(posts, joined), expected, "{posts:?} {joined}");
        }
    }

    #[test]
    fn only_a_verified_rule_refuses_a_rating() {
        use WorkJudgement::{Allowed, Refused, TooShort, Unknown};
        for (category, on, expected) in [
            (Category::PublicEmployee, "2026-06-30", [Allowed, Allowed, Allowed]),
            (Category::PublicEmployee, "2026-07-01", [Allowed, Refused, Unknown]),
            (Category::PublicEmployee, "2026-07-02", [Allowed, Refused, Unknown]),
            (Category::CivilServant, "2025-12-31", [Allowed, Allowed, Allowed]),
            (Category::CivilServant, "2026-01-01", [Allowed, TooShort, Unknown]),
        ] {
            let case = AppraisalCase { system: AppraisalSystem::State, category, day: day(on) };
            let rule = AppraisalRules::shipped().find(AppraisalRuleKey::WorkMonths, case);
            let works = [Work::Enough, Work::TooLittle, Work::Unknown];
            assert_eq!(works.map(|work| judge_work(rule, work, AppraisalRating::Good)), expected, "{category} {on}");
            let not_rated = works.map(|work| judge_work(rule, work, AppraisalRating::NotRated));
            assert_eq!(not_rated, [Allowed; 3]);
        }
    }
}
