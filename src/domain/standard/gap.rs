//! Gaps (chưa đạt chuẩn): people of a unit by their result for the standards of the titles that they hold.
//!
//! The database groups the people by the profiles of their posts and by their highest levels; each group is judged once,
//! by the functions that judge a single person.

use std::collections::BTreeMap;

use entity::value::{Day, Hierarchy, Scope, UnitId};
use serde::Serialize;

use super::{
    judge::{Applied, Basis, StandardResult, of_title},
    list::find,
    people::{self, People},
    profile::Profiles,
};
use crate::{
    authz::{Access, Statistics},
    db::ReadMode,
    domain::{
        composition,
        percent::{decimals, percent},
    },
    error::Result,
    reference::{
        standards::{Requirement, Standard},
        units::Reach,
    },
};

/// Arguments of a gap.
#[derive(Clone, Debug)]
pub struct GapAsked {
    /// Unit to count.
    pub unit: UnitId,
    /// Titles of the posts to count, by code; `None` for all titles.
    pub titles: Option<Vec<String>>,
    /// Whether only posts of key leaders count.
    pub key_leaders_only: bool,
    /// Code of the standard by which people are judged; `None` for the standards in force on the day.
    pub standard: Option<String>,
    /// Tree of the subtree.
    pub hierarchy: Hierarchy,
    /// The unit alone or its subtree.
    pub reach: Reach,
    /// Day of the count.
    pub day: Day,
    /// Decimals of the percentages, 0 to 6.
    pub decimals: i32,
}

/// Number of people by result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// People who meet it.
    pub met: u64,
    /// People who do not.
    pub below: u64,
    /// People who do not, and who are exempt.
    pub exempt: u64,
    /// People who do not, and whose transition has not ended.
    pub in_transition: u64,
    /// People for whom nothing follows.
    pub indeterminate: u64,
    /// People to whom no standard applies.
    pub not_applicable: u64,
}

impl Tally {
    fn slot(&mut self, result: StandardResult) -> &mut u64 {
        match result {
            StandardResult::Pass => &mut self.met,
            StandardResult::Fail => &mut self.below,
            StandardResult::Exempt => &mut self.exempt,
            StandardResult::InTransition => &mut self.in_transition,
            StandardResult::Indeterminate => &mut self.indeterminate,
            StandardResult::NotApplicable => &mut self.not_applicable,
        }
    }
}

/// People by their result for one requirement.
#[derive(Clone, Debug)]
pub struct RequirementGap {
    /// Standard of the requirement.
    pub standard: Standard,
    /// The requirement.
    pub requirement: Requirement,
    /// People to whom it applies, by result.
    pub tally: Tally,
    /// People below as a percentage of all holders.
    pub below_percent: f64,
}

/// People of a unit by their result for the standards of their titles.
#[derive(Clone, Debug)]
pub struct Gap {
    /// Day of the count.
    pub day: Day,
    /// All people counted.
    pub holders: u64,
    /// People by result; each person once, by the worst result of the titles.
    pub tally: Tally,
    /// People below as a percentage of all holders.
    pub below_percent: f64,
    /// Each requirement that applies to a title in one of the units.
    pub requirements: Vec<RequirementGap>,
    /// Their standards.
    pub standards: Vec<Standard>,
    /// Whether the counts are rounded to multiples of five.
    pub is_rounded: bool,
}

/// Cell of a count for rounding, independent of the day.
#[derive(Serialize)]
struct Cell<'a> {
    gap_of: &'a str,
    key_leaders_only: bool,
    /// Standard and code if the count is of one requirement.
    requirement: Option<(&'a str, &'a str)>,
    result: &'a str,
}

/// Counts the people who hold a post, primary or concurrent, by their result; each person once. With `stats:read`
/// alone, counts are rounded and need not add up.
///
/// # Errors
/// `Forbidden` without `cadre:read` and `stats:read`, or with titles or a standard but without `cadre:read`; `Invalid`
/// for an unknown title or standard, or decimals outside 0 to 6.
pub async fn gap(access: &Access, asked: &GapAsked) -> Result<Gap> {
    let statistics = access.statistics(Scope::CadreRead, "StandardGap")?;
    // Both allow many overlapping sets of posts; differences of their rounded counts could identify a person.
    for (is_given, argument) in [(asked.titles.is_some(), "titles"), (asked.standard.is_some(), "standard")] {
        if is_given {
            access.require(Scope::CadreRead, &format!("Unit.standardGap({argument}:)"))?;
        }
    }
    let decimals = decimals(asked.decimals)?;
    let titles = composition::wanted_titles(access, asked.titles.as_deref(), asked.key_leaders_only)?;
    let basis = match &asked.standard {
        Some(code) => Basis::Named(find(access, "standard", code)?),
        None => Basis::InForce,
    };
    let subtree = access.subtree((asked.unit, asked.hierarchy, asked.reach, asked.day));
    let units = access.within(&subtree);
    let of = (units.ids().map(UnitId), titles.as_deref());
    let profiles = Profiles::of(access.reference_data(), basis, of, asked.day);

    access.continue_reading(ReadMode::Any).await;
    let mut counted = Counted::new(access, &profiles);
    for people in people::grouped(access, &statistics, (&units, titles.as_deref()), (&profiles, asked.day)).await? {
        counted.add(&people, &profiles, asked.day);
    }
    Ok(counted.shown(&statistics, asked, (|| access.fingerprint(&subtree), decimals)))
}

/// Counts so far.
struct Counted<'s> {
    holders: u64,
    tally: Tally,
    requirements: BTreeMap<(&'s str, &'s str), (&'s Standard, &'s Requirement, Tally)>,
}

impl<'s> Counted<'s> {
    fn new(access: &'s Access, profiles: &Profiles<'s>) -> Self {
        let standards = access.reference_data().standards();
        let entry = |of: &Applied<'s>| {
            let standard = standards.by_code(of.standard.code.as_str())?;
            Some((of.key(), (standard, of.requirement, Tally::default())))
        };
        let requirements = profiles.all.iter().flatten().filter_map(entry).collect();
        Self { holders: 0, tally: Tally::default(), requirements }
    }

    fn add(&mut self, people: &People, profiles: &Profiles<'s>, day: Day) {
        let highest = |subject: &str| people.ranks.get(subject).copied().flatten();
        let applied = people.profiles.iter().filter_map(|number| profiles.all.get(*number));
        let results = applied.clone().map(|of| of_title(of, (&highest, people.exempt.as_slice()), day));
        self.holders += people.count;
        *self.tally.slot(results.max().unwrap_or(StandardResult::NotApplicable)) += people.count;
        // A requirement of several titles has one result, because it depends on the levels and the day only.
        let each: BTreeMap<_, _> = applied.flatten().map(|of| (of.key(), of)).collect();
        for (key, of) in each {
            if let Some((.., tally)) = self.requirements.get_mut(&key) {
                let result = of.judge(&highest, &people.exempt, day);
                *tally.slot(result) += people.count;
            }
        }
    }

    /// The counts as the caller may see them.
    fn shown(
        self,
        statistics: &Statistics<'_>,
        asked: &GapAsked,
        (fingerprint, decimals): (impl FnOnce() -> String, u32),
    ) -> Gap {
        let is_rounded = statistics.is_rounded();
        let fingerprint = if is_rounded { fingerprint() } else { String::new() };
        let key_leaders_only = asked.key_leaders_only;
        let shown = |requirement, tally: Tally| {
            let of = |result, count| {
                statistics.shown(&Cell { gap_of: &fingerprint, key_leaders_only, requirement, result }, count)
            };
            Tally {
                met: of("met", tally.met),
                below: of("below", tally.below),
                exempt: of("exempt", tally.exempt),
                in_transition: of("in_transition", tally.in_transition),
                indeterminate: of("indeterminate", tally.indeterminate),
                not_applicable: of("not_applicable", tally.not_applicable),
            }
        };
        let holders = composition::shown_total(statistics, (&fingerprint, key_leaders_only), self.holders);
        let below_percent = |tally: &Tally| percent(Ord::min(tally.below, holders), holders, decimals);
        let tally = shown(None, self.tally);
        let mut standards: Vec<Standard> = Vec::new();
        let mut requirements = Vec::new();
        for (key, (standard, requirement, counted)) in self.requirements {
            if standards.last().is_none_or(|last| last.row.code != standard.row.code) {
                standards.push(standard.clone());
            }
            let tally = shown(Some(key), counted);
            let (standard, requirement) = (standard.clone(), requirement.clone());
            requirements.push(RequirementGap { standard, requirement, tally, below_percent: below_percent(&tally) });
        }
        Gap {
            day: asked.day,
            holders,
            tally,
            below_percent: below_percent(&tally),
            requirements,
            standards,
            is_rounded,
        }
    }
}
