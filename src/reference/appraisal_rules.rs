//! Rules on appraisals that ship with the service: the scale of points, the share of EXCELLENT, the months of work. They
//! apply by the day of the decision, the system and the category of the person.

use std::{str::FromStr, sync::LazyLock};

use entity::value::{AppraisalSystem, Category, Day, Verification};

const FILE: &str = include_str!("lists/appraisal_rules.csv");

/// The shipped rules. A test parses the file.
static SHIPPED: LazyLock<AppraisalRules> =
    LazyLock::new(|| AppraisalRules::parse(FILE).expect("the file is part of the program and is parsed by a test"));

/// Subject of a rule on appraisals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AppraisalRuleKey {
    /// Lowest points of EXCELLENT.
    PointsExcellent,
    /// Lowest points of GOOD.
    PointsGood,
    /// Lowest points of FULFILLED.
    PointsFulfilled,
    /// Largest share of EXCELLENT among the results GOOD and better, in percent.
    ExcellentPercent,
    /// Months of work in the year below which a person is not rated.
    WorkMonths,
}

/// The word is not a key of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a key of a rule on appraisals")]
pub struct UnknownKey;

impl FromStr for AppraisalRuleKey {
    type Err = UnknownKey;

    fn from_str(word: &str) -> Result<Self, UnknownKey> {
        Ok(match word {
            "points.excellent" => Self::PointsExcellent,
            "points.good" => Self::PointsGood,
            "points.fulfilled" => Self::PointsFulfilled,
            "excellent.percent" => Self::ExcellentPercent,
            "work.months" => Self::WorkMonths,
            _ => return Err(UnknownKey),
        })
    }
}

/// The case to which rules apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AppraisalCase {
    /// System of the appraisal.
    pub system: AppraisalSystem,
    /// Category of the person.
    pub category: Category,
    /// Day of the decision.
    pub day: Day,
}

/// A rule on appraisals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppraisalRule {
    system: AppraisalSystem,
    /// Categories of persons; empty for all.
    categories: Vec<Category>,
    key: AppraisalRuleKey,
    /// Value.
    pub value: i32,
    valid_from: Day,
    valid_to: Option<Day>,
    /// Legal instrument and article.
    pub legal_basis: String,
    /// Whether the value was compared with the text of the instrument. An unverified rule decides nothing.
    pub verification: Verification,
}

impl AppraisalRule {
    fn applies_to(&self, case: AppraisalCase) -> bool {
        let is_in_force = self.valid_from <= case.day && self.valid_to.is_none_or(|end| case.day < end);
        let is_of_category = self.categories.is_empty() || self.categories.contains(&case.category);
        self.system == case.system && is_in_force && is_of_category
    }

    /// Whether the rule may decide.
    pub fn is_verified(&self) -> bool {
        matches!(self.verification, Verification::Verified)
    }
}

/// Rules on appraisals.
#[derive(Clone, Debug, Default)]
pub struct AppraisalRules(Vec<AppraisalRule>);

impl AppraisalRules {
    /// The rules that ship with the service.
    pub fn shipped() -> &'static Self {
        &SHIPPED
    }

    /// The rule of a key that applies to a case.
    pub fn find(&self, key: AppraisalRuleKey, case: AppraisalCase) -> Option<&AppraisalRule> {
        self.0.iter().find(|rule| rule.key == key && rule.applies_to(case))
    }

    fn parse(file: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let lines = csv::Reader::from_reader(file.as_bytes()).into_deserialize::<Line>();
        lines.map(|line| line?.rule()).collect::<Result<_, _>>().map(Self)
    }
}

/// A line of the file.
#[derive(serde::Deserialize)]
struct Line {
    system: String,
    categories: String,
    key: String,
    value: i32,
    valid_from: String,
    valid_to: String,
    legal_basis: String,
    verification: String,
}

impl Line {
    fn rule(self) -> Result<AppraisalRule, Box<dyn std::error::Error + Send + Sync>> {
        let words = self.categories.split('|').filter(|word| !word.is_empty());
        Ok(AppraisalRule {
            system: self.system.parse()?,
            categories: words.map(str::parse).collect::<Result<_, _>>()?,
            key: self.key.parse()?,
            value: self.value,
            valid_from: self.valid_from.parse()?,
            valid_to: (!self.valid_to.is_empty()).then(|| self.valid_to.parse()).transpose()?,
            legal_basis: self.legal_basis,
            verification: self.verification.parse()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rule_begins_on_its_day_for_its_persons() {
        use AppraisalRuleKey::{ExcellentPercent, PointsExcellent, PointsFulfilled, PointsGood, WorkMonths};
        use AppraisalSystem::{Party, State};
        use Category::{Cadre, CivilServant, PublicEmployee};
        for (system, category, before, first, after) in [
            (Party, Cadre, "2025-08-29", "2025-08-30", "2025-08-31"),
            (Party, PublicEmployee, "2025-08-29", "2025-08-30", "2025-08-31"),
            (State, Cadre, "2025-12-31", "2026-01-01", "2026-01-02"),
            (State, CivilServant, "2025-12-31", "2026-01-01", "2026-01-02"),
            (State, PublicEmployee, "2026-06-30", "2026-07-01", "2026-07-02"),
        ] {
            for (day, expected) in
                [(before, [None; 3]), (first, [Some(90), Some(70), Some(50)]), (after, [Some(90), Some(70), Some(50)])]
            {
                let case = AppraisalCase { system, category, day: day.parse().expect("a day") };
                let value = |key| {
                    AppraisalRules::shipped().find(key, case).filter(|rule| rule.is_verified()).map(|rule| rule.value)
                };
                assert_eq!([PointsExcellent, PointsGood, PointsFulfilled].map(value), expected, "{case:?}");
            }
        }
        let verified = |key, category| {
            let case = AppraisalCase { system: State, category, day: "2026-07-01".parse().expect("a day") };
            AppraisalRules::shipped().find(key, case).map(|rule| (rule.value, rule.is_verified()))
        };
        assert_eq!(verified(ExcellentPercent, PublicEmployee), Some((20, true)));
        assert_eq!(verified(ExcellentPercent, CivilServant), Some((20, false)));
        assert_eq!(verified(WorkMonths, PublicEmployee), Some((6, true)));
        assert_eq!(verified(WorkMonths, CivilServant), Some((6, false)));
        let case = AppraisalCase { system: Party, category: Cadre, day: "2026-07-01".parse().expect("a day") };
        assert_eq!(AppraisalRules::shipped().find(WorkMonths, case), None);
    }
}
