//! Checks a rotation against the rules of its start day. Pure functions from facts to checks.

use entity::{
    cadre, rotation, rule, rule_override,
    value::{Category, CountingBasis, Day, Period, RotationForm, RuleKey, Verification},
};
use sea_orm::Iterable;

use crate::{
    authz::RetirementOutlook,
    domain::rule::{
        sentence,
        verdict::{Fact, Verdict},
    },
    language::Sentence,
    reference::rules::{Event, Rules},
};

/// Result of a rule for a rotation (kết quả đối chiếu với quy định).
#[derive(Clone, Copy, Debug, PartialEq, Eq, async_graphql::Enum)]
pub enum RuleResult {
    /// The rotation complies with the rule (đạt).
    Pass,
    /// The rotation violates the rule (không đạt).
    Fail,
    /// No rule applies to the rotation on its start day, or the rule sets no requirement (không áp dụng).
    NotApplicable,
    /// A fact is missing or not open to the caller, or the rule was not compared with the text of its instrument (chưa
    /// xác định).
    Indeterminate,
}

/// Inputs of the rules: a rotation and its person. The end of the person's service is not visible outside this module.
#[derive(Debug)]
pub struct Facts<'a> {
    rotation: &'a rotation::Model,
    category: Category,
    /// `None` if the caller may not learn the end of service.
    service: Option<RetirementOutlook>,
}

impl<'a> Facts<'a> {
    /// Facts of a rotation and its person, without the end of service.
    pub fn of(rotation: &'a rotation::Model, cadre: &cadre::Model) -> Self {
        Self { rotation, category: cadre.category, service: None }
    }

    /// Adds the end of service to the facts.
    pub(in crate::domain) fn with_service(self, service: Option<RetirementOutlook>) -> Self {
        Self { service, ..self }
    }

    /// Rule on the remaining service, if one is in force and its deadline is within the calendar.
    pub fn rule_of_service<'r>(&self, rules: &'r Rules) -> Option<&'r rule::Model> {
        let rule = rules.rule_for(RuleKey::MinRemainingService, self.event())?;
        due(rule, self.rotation).is_some().then_some(rule)
    }

    fn event(&self) -> Event {
        let rotation = self.rotation;
        Event { form: rotation.form, category: self.category, purpose: rotation.purpose, day: rotation.start_on }
    }
}

/// Result of one rule for one rotation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleCheck {
    /// Subject of the rule.
    pub key: RuleKey,
    /// Result of the check.
    pub result: RuleResult,
    /// Legal instrument and article; empty if no rule was in force.
    pub legal_basis: String,
    /// Whether all values used were compared with the text of their instruments.
    pub verified: bool,
    /// Reason and possible remedy. It contains no birth date, age, retirement day or remaining time.
    pub sentence: Sentence,
    /// Override granted for this rotation (ngoại lệ).
    pub overridden: Option<rule_override::Model>,
    /// Whether the rule was not checked because the caller may not learn the end of service.
    pub is_withheld: bool,
}

/// Checks a rotation against every rule: one check for each key, always in the same order.
pub fn judge(rules: &Rules, facts: &Facts<'_>, overrides: &[rule_override::Model]) -> Vec<RuleCheck> {
    let event = facts.event();
    let of_key = |key| {
        let is_for = |granted: &&rule_override::Model| granted.rotation_id == facts.rotation.id && granted.key == key;
        let overridden = overrides.iter().find(is_for).cloned();
        match rules.rule_for(key, event) {
            Some(rule) => by_rule(rule, facts, overridden),
            None => without_rule(key, overridden),
        }
    };
    RuleKey::iter().map(of_key).collect()
}

/// Checks that were withheld and might block the rotation.
pub fn withheld(checks: &[RuleCheck]) -> impl Iterator<Item = &RuleCheck> {
    checks.iter().filter(|check| check.is_withheld && check.verified && check.overridden.is_none())
}

/// Checks that block the rotation: violated rules without an override.
pub fn blocking(checks: &[RuleCheck]) -> impl Iterator<Item = &RuleCheck> {
    checks.iter().filter(|check| check.result == RuleResult::Fail && check.overridden.is_none())
}

fn without_rule(key: RuleKey, overridden: Option<rule_override::Model>) -> RuleCheck {
    RuleCheck {
        key,
        result: RuleResult::NotApplicable,
        legal_basis: String::new(),
        verified: false,
        sentence: sentence::none_in_force(key),
        overridden,
        is_withheld: false,
    }
}

fn by_rule(rule: &rule::Model, facts: &Facts<'_>, overridden: Option<rule_override::Model>) -> RuleCheck {
    let verdict = verdict(rule, facts);
    let verification = verification(rule, facts);
    let (result, sentence) = match (verdict, verification) {
        (Verdict::AsksNothing, _) => (RuleResult::NotApplicable, sentence::no_requirement(rule)),
        (Verdict::Lacks(fact), _) => (RuleResult::Indeterminate, sentence::lacks(rule, fact)),
        (Verdict::Withheld, _) => (RuleResult::Indeterminate, sentence::withheld(rule)),
        (_, Verification::Unverified) => (RuleResult::Indeterminate, sentence::unverified(rule, verdict)),
        (Verdict::Holds, Verification::Verified) => (RuleResult::Pass, sentence::complies(rule)),
        (Verdict::Broken, Verification::Verified) => (RuleResult::Fail, sentence::violated(rule, overridden.as_ref())),
    };
    RuleCheck {
        key: rule.key,
        result,
        legal_basis: rule.legal_basis.clone(),
        verified: matches!(verification, Verification::Verified),
        sentence,
        overridden,
        is_withheld: verdict == Verdict::Withheld,
    }
}

/// Whether all values that the verdict uses were compared with their instruments: the rule, and the retirement age if
/// it is used.
fn verification(rule: &rule::Model, facts: &Facts<'_>) -> Verification {
    match rule.key {
        // `Unverified` is greater than `Verified`.
        RuleKey::MinRemainingService => {
            let of_age = facts.service.as_ref().map(RetirementOutlook::verification);
            of_age.map_or(rule.verification, |of_age| rule.verification.max(of_age))
        }
        RuleKey::MinTerm | RuleKey::RequiresPlanningEntry | RuleKey::MaxSecondmentTerm => rule.verification,
    }
}

fn verdict(rule: &rule::Model, facts: &Facts<'_>) -> Verdict {
    match rule.key {
        RuleKey::MinTerm => min_term(rule, facts.rotation),
        RuleKey::MinRemainingService => min_remaining_service(rule, facts),
        RuleKey::RequiresPlanningEntry => requires_planning_entry(rule, facts.rotation),
        RuleKey::MaxSecondmentTerm => max_secondment_term(rule, facts.rotation),
    }
}

/// The minimum term. Regulation 98-QĐ/TW counts the time in one title, Decree 170/2025/NĐ-CP, Art. 48 the whole
/// rotation.
fn min_term(rule: &rule::Model, rotation: &rotation::Model) -> Verdict {
    if matches!(rule.basis, CountingBasis::PerTitle) && rotation.to_title_code.is_none() {
        return Verdict::Lacks(Fact::DestinationTitle);
    }
    compare_end(rule, rotation, |end, due| end >= due)
}

/// The maximum term of a secondment (Decree 170/2025/NĐ-CP). Applies to secondments only, even if the scope of its row
/// is wider.
fn max_secondment_term(rule: &rule::Model, rotation: &rotation::Model) -> Verdict {
    match rotation.form {
        RotationForm::Secondment => compare_end(rule, rotation, |end, due| end <= due),
        RotationForm::Rotation | RotationForm::Transfer => Verdict::AsksNothing,
    }
}

fn compare_end(rule: &rule::Model, rotation: &rotation::Model, complies: impl Fn(Day, Day) -> bool) -> Verdict {
    let Some(end) = rotation.end_on.or(rotation.planned_end_on) else { return Verdict::Lacks(Fact::End) };
    let Some(due) = due(rule, rotation) else { return Verdict::Lacks(Fact::Deadline) };
    complies(end, due).into()
}

/// The minimum remaining service (Decree 138/2020/NĐ-CP, Art. 56(4)).
fn min_remaining_service(rule: &rule::Model, facts: &Facts<'_>) -> Verdict {
    let Some(due) = due(rule, facts.rotation) else { return Verdict::Lacks(Fact::Deadline) };
    let Some(service) = &facts.service else { return Verdict::Withheld };
    service.lasts_until(due).map_or(Verdict::Lacks(Fact::Retirement), Verdict::from)
}

/// The planning entry (Decree 138/2020/NĐ-CP, Art. 56(2)). Old files often lack it; a prepared rotation must have it.
fn requires_planning_entry(rule: &rule::Model, rotation: &rotation::Model) -> Verdict {
    if rule.value == 0 {
        return Verdict::AsksNothing;
    }
    match rotation.planning_from {
        Some(from) => Period::new(Some(from), rotation.planning_until)
            .is_some_and(|planned| planned.holds(rotation.start_on))
            .into(),
        None if rotation.preparing_unit_id.is_none() => Verdict::Lacks(Fact::PlanningEntry),
        None => Verdict::Broken,
    }
}

/// Deadline: the start day plus the number of months of the rule.
fn due(rule: &rule::Model, rotation: &rotation::Model) -> Option<Day> {
    rotation.start_on.plus_months(u32::try_from(rule.value).ok()?)
}
