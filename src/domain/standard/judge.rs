//! Selects the requirements for a post on a day, and compares a person with them. Pure functions; single and bulk queries
//! both use them.

use std::{
    cmp::{Ordering, Reverse},
    collections::BTreeMap,
};

use entity::{
    standard,
    value::{Day, RequirementCode, Severity, StandardCode, SubjectCode, TitleCode, Verification},
};

use crate::reference::standards::{Requirement, Standard, Standards, UnitClass};

/// Result of a person for a requirement, a title or a set of titles (kết quả đối chiếu với tiêu chuẩn). Of several results,
/// the greatest counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, async_graphql::Enum)]
pub enum StandardResult {
    /// No standard applies (không áp dụng).
    NotApplicable,
    /// The person meets the standard (đạt chuẩn).
    Pass,
    /// The person does not meet it and is exempt from it on the day (được miễn).
    Exempt,
    /// The person does not meet it, and the transition has not ended (trong thời hạn chuẩn hóa).
    InTransition,
    /// The standard was not compared with the text of its document, so nothing follows (chưa xác định).
    Indeterminate,
    /// The person does not meet it (chưa đạt chuẩn). A person without a recorded level does not meet a requirement of the
    /// subject.
    Fail,
}

/// Standard by which people are judged.
#[derive(Clone, Copy, Debug)]
pub enum Basis<'s> {
    /// The standards in force on the day.
    InForce,
    /// This standard, whether it is in force on the day or not.
    Named(&'s Standard),
}

/// A requirement that applies to a post.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied<'s> {
    /// Its standard.
    pub standard: &'s standard::Model,
    /// The requirement.
    pub requirement: &'s Requirement,
    /// Requirements that it makes superfluous, and that are as binding. An exemption from it does not include them.
    pub hidden: Vec<Applied<'s>>,
}

/// Requirement from which a person is exempt on the day: standard, code.
pub type Exemption = (StandardCode, RequirementCode);

impl<'s> Applied<'s> {
    /// End of the transition, exclusive, if the day lies in it. Before the standard is in force there is no transition,
    /// so people of the past are compared with the level itself.
    pub fn deadline(&self, day: Day) -> Option<Day> {
        let until = self.requirement.row.transition_until?;
        (self.standard.valid_from <= day && day < until).then_some(until)
    }

    fn is_verified(&self) -> bool {
        matches!(self.standard.verification, Verification::Verified)
    }

    /// Whether a person who does not meet it is below the standard.
    pub fn is_must(&self) -> bool {
        matches!(self.requirement.row.severity, Severity::Must)
    }

    /// The levels of which one is enough, as lowest ranks by subject: its own level first, then the equivalent ones.
    pub fn levels(&self) -> impl Iterator<Item = (&'s str, i16)> + use<'s> {
        let requirement = self.requirement;
        let equivalents = requirement.equivalents.iter().map(|(subject, rank)| (subject.as_str(), *rank));
        [(requirement.row.subject_code.as_str(), requirement.rank)].into_iter().chain(equivalents)
    }

    /// Whether a person with these highest ranks by subject meets it; `None` without a recorded level.
    pub fn is_met(&self, highest: impl Fn(&str) -> Option<i16>) -> bool {
        self.levels().any(|(subject, rank)| highest(subject) >= Some(rank))
    }

    /// Result of a person with these highest ranks by subject, `None` without a recorded level, and these exemptions.
    pub fn judge(&self, highest: &impl Fn(&str) -> Option<i16>, exempt: &[Exemption], day: Day) -> StandardResult {
        match (self.is_verified(), self.is_met(highest), self.deadline(day)) {
            (false, ..) => StandardResult::Indeterminate,
            (true, true, _) => StandardResult::Pass,
            (true, false, _) if self.is_among(exempt) => {
                let hidden = self.hidden.iter().map(|of| of.judge(highest, exempt, day));
                hidden.fold(StandardResult::Exempt, Ord::max)
            }
            (true, false, Some(_)) => StandardResult::InTransition,
            (true, false, None) => StandardResult::Fail,
        }
    }

    /// Whether a person who does not meet it fails on the day.
    pub fn is_decisive(&self, day: Day) -> bool {
        self.judge(&|_: &str| None, &[], day) == StandardResult::Fail
    }

    fn is_among(&self, exempt: &[Exemption]) -> bool {
        exempt.iter().any(|(standard, code)| (standard.as_str(), code.as_str()) == self.key())
    }

    /// The same requirement with those that it makes superfluous.
    fn hiding(mut self, others: &[Self], day: Day) -> Self {
        let is_hidden = |other: &&Self| self.covers(other, day) && (other.is_must() || !self.is_must());
        self.hidden = others.iter().filter(is_hidden).cloned().collect();
        self
    }

    /// Identity of the requirement.
    pub fn key(&self) -> (&'s str, &'s str) {
        (self.standard.code.as_str(), self.requirement.row.code.as_str())
    }

    /// Whether this requirement makes another one superfluous: all levels that meet it meet the other, and it is as binding,
    /// as certain and due no later.
    fn covers(&self, other: &Self, day: Day) -> bool {
        let deadline = |of: &Self| of.deadline(day);
        let meets_other =
            |(subject, rank): (&str, i16)| other.levels().any(|(of, lowest)| subject == of && rank >= lowest);
        self.levels().all(meets_other)
            && (self.is_must() || !other.is_must())
            && (self.is_verified() || !other.is_verified())
            && deadline(self) <= deadline(other)
    }
}

/// Requirements that apply to the holder of a title in a unit of a class on a day, in the order of subjects and codes.
///
/// For each subject, the national standard and that of the nearest issuer are selected; of several standards of one
/// issuer, the one with the most specific scope, then the newest. A national requirement is omitted if one of
/// the issuer covers it, and one of the issuer if a remaining national one does, so an issuer may raise a national
/// requirement and cannot lower it.
pub fn applicable<'s>(
    standards: &'s Standards,
    basis: Basis<'s>,
    (title, class): (&TitleCode, &UnitClass),
    day: Day,
) -> Vec<Applied<'s>> {
    let candidates: Vec<&Standard> = match basis {
        Basis::InForce => standards.all().filter(|standard| is_in_force(standard, day)).collect(),
        Basis::Named(standard) => vec![standard],
    };
    let mut by_subject: BTreeMap<&SubjectCode, [Option<Candidate<'s>>; 2]> = BTreeMap::new();
    for standard in candidates {
        let Some(candidate) = Candidate::of(standard, title, class) else { continue };
        for requirement in &standard.requirements {
            let selected = by_subject.entry(&requirement.row.subject_code).or_default();
            let slot = &mut selected[usize::from(candidate.distance.is_some())];
            if slot.is_none_or(|other| candidate.precedes(&other)) {
                *slot = Some(candidate);
            }
        }
    }
    let of_subject = |(subject, [national, local]): (&SubjectCode, [Option<Candidate<'s>>; 2])| {
        let national = national.map(|of| of.requirements(subject)).unwrap_or_default();
        let local = local.map(|of| of.requirements(subject)).unwrap_or_default();
        // Of two equal requirements, the one of the issuer remains.
        let is_covered = |one: &Applied<'_>, by: &[Applied<'_>]| by.iter().any(|other| other.covers(one, day));
        let local: Vec<_> = local.into_iter().map(|one| one.hiding(&national, day)).collect();
        let raised: Vec<_> = national.into_iter().filter(|one| !is_covered(one, &local)).collect();
        let (lower, kept): (Vec<_>, Vec<_>) = local.into_iter().partition(|one| is_covered(one, &raised));
        let raised = raised.into_iter().map(|one| one.hiding(&lower, day));
        kept.into_iter().chain(raised).collect::<Vec<_>>()
    };
    by_subject.into_iter().flat_map(of_subject).collect()
}

/// Whether a standard is in force on a day.
pub fn is_in_force(standard: &Standard, day: Day) -> bool {
    standard.row.period().is_some_and(|period| period.holds(day))
}

/// A standard whose scope includes a post.
#[derive(Clone, Copy)]
struct Candidate<'s> {
    standard: &'s Standard,
    /// Position of its issuer among those of the unit, the nearest first; `None` if it is national.
    distance: Option<usize>,
    names_tier: bool,
}

impl<'s> Candidate<'s> {
    fn of(standard: &'s Standard, title: &TitleCode, class: &UnitClass) -> Option<Self> {
        let scope = standard.scope(title)?;
        if scope.tier.is_some_and(|tier| tier != class.tier) {
            return None;
        }
        let distance = match standard.row.issuer_id {
            None => None,
            Some(issuer) => Some(class.issuers.iter().position(|unit| *unit == issuer)?),
        };
        Some(Self { standard, distance, names_tier: scope.tier.is_some() })
    }

    /// Whether it is nearer, then more specific, then newer than another; of equals, the first by code.
    fn precedes(&self, other: &Self) -> bool {
        let rank = |of: &Self| (Reverse(of.distance), of.names_tier, of.standard.row.valid_from);
        let by_code = || other.standard.row.code.cmp(&self.standard.row.code);
        rank(self).cmp(&rank(other)).then_with(by_code) == Ordering::Greater
    }

    fn requirements(self, subject: &SubjectCode) -> Vec<Applied<'s>> {
        let of_subject = self.standard.requirements.iter().filter(|of| of.row.subject_code == *subject);
        of_subject
            .map(|requirement| Applied { standard: &self.standard.row, requirement, hidden: Vec::new() })
            .collect()
    }
}

/// Result for a title: the greatest result of its requirements that are a MUST.
pub fn of_title(
    applied: &[Applied<'_>],
    (highest, exempt): (&impl Fn(&str) -> Option<i16>, &[Exemption]),
    day: Day,
) -> StandardResult {
    let lowest = if applied.is_empty() { StandardResult::NotApplicable } else { StandardResult::Pass };
    let decisive = applied.iter().filter(|of| of.is_must());
    let results = decisive.map(|of| of.judge(highest, exempt, day));
    results.fold(lowest, Ord::max)
}
