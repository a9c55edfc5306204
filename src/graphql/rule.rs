//! Rules of law (quy định), retirement ages, and rule checks of rotations.

use async_graphql::{Context, Object};
use entity::{
    retirement_age, rule as rule_row, rule_override,
    value::{Category, CountingBasis, Day, Gender, RotationForm, RotationPurpose, Verification},
};

use crate::{
    domain::rule::{self, RuleResult},
    graphql::ContextExt,
};

/// Root fields of rules.
#[derive(Default)]
pub struct RuleQuery;

#[Object]
impl RuleQuery {
    /// All rules (quy định) for rotations, including past ones, by code.
    async fn rules(&self, ctx: &Context<'_>) -> Vec<Rule> {
        ctx.reference_data().rules().all().iter().cloned().map(Rule).collect()
    }

    /// Retirement ages (tuổi nghỉ hưu), by gender and year.
    async fn retirement_ages(&self, ctx: &Context<'_>) -> Vec<RetirementAge> {
        ctx.reference_data().rules().retirement_ages().all().iter().cloned().map(RetirementAge).collect()
    }
}

/// A rule of law (quy định). Of several in force on a day the most specific applies: by purpose, then category, then
/// form; then a rule of the office itself, then the newest.
pub struct Rule(pub rule_row::Model);

/// A rule of law (quy định). Of several in force on a day the most specific applies: by purpose, then category, then
/// form; then a rule of the office itself, then the newest.
#[Object]
impl Rule {
    /// Code of the rule (mã quy định), such as `rotation.min_remaining_service_months`.
    async fn code(&self) -> &str {
        self.0.code.as_str()
    }

    /// Subject of the rule, such as `rotation.min_term_months`.
    async fn key(&self) -> String {
        self.0.key.to_string()
    }

    /// Form to which it applies (hình thức); null for all.
    async fn form(&self) -> Option<RotationForm> {
        self.0.form
    }

    /// Category of persons to which it applies; null for all.
    async fn category(&self) -> Option<Category> {
        self.0.category
    }

    /// Purpose to which it applies (mục đích); null for all.
    async fn purpose(&self) -> Option<RotationPurpose> {
        self.0.purpose
    }

    /// Value: months, or 1 for required and 0 for not required.
    async fn value(&self) -> i32 {
        self.0.value
    }

    /// Counting basis of the value (cách tính).
    async fn counting_basis(&self) -> CountingBasis {
        self.0.basis
    }

    /// First day, inclusive.
    async fn valid_from(&self) -> Day {
        self.0.valid_from
    }

    /// End day, exclusive; null if no end is recorded.
    async fn valid_to(&self) -> Option<Day> {
        self.0.valid_to
    }

    /// Legal instrument and article (căn cứ pháp lý).
    async fn legal_basis(&self) -> &str {
        &self.0.legal_basis
    }

    /// Whether the value was compared with the text of the instrument (đã đối chiếu). With an unverified value a check
    /// neither passes nor fails.
    async fn verified(&self) -> bool {
        is_verified(self.0.verification)
    }
}

/// Retirement age for persons who reach it from a day on (tuổi nghỉ hưu).
pub struct RetirementAge(pub retirement_age::Model);

/// Retirement age for persons who reach it from a day on (tuổi nghỉ hưu).
#[Object]
impl RetirementAge {
    /// Code of the schedule of ages (mã quy định tuổi nghỉ hưu).
    async fn code(&self) -> &str {
        self.0.code.as_str()
    }

    /// Gender to which the ages apply (giới tính).
    async fn gender(&self) -> Gender {
        self.0.gender
    }

    /// First day, inclusive; valid until the next age of the same gender.
    async fn valid_from(&self) -> Day {
        self.0.valid_from
    }

    /// Age in months.
    async fn months(&self) -> i32 {
        self.0.age_months
    }

    /// Legal instrument and article (căn cứ pháp lý).
    async fn legal_basis(&self) -> &str {
        &self.0.legal_basis
    }

    /// Whether the age was compared with the text of the instrument (đã đối chiếu).
    async fn verified(&self) -> bool {
        is_verified(self.0.verification)
    }
}

fn is_verified(verification: Verification) -> bool {
    matches!(verification, Verification::Verified)
}

/// Check of a rule for a rotation (đối chiếu với quy định), by the rule in force on its start day.
pub struct RuleCheck(pub rule::RuleCheck);

/// Check of a rule for a rotation (đối chiếu với quy định), by the rule in force on its start day.
#[Object]
impl RuleCheck {
    /// Subject of the rule, such as `rotation.min_term_months`.
    async fn rule(&self) -> String {
        self.0.key.to_string()
    }

    /// Result of the check.
    async fn result(&self) -> RuleResult {
        self.0.result
    }

    /// Legal instrument and article (căn cứ pháp lý); empty if no rule was in force on the start day.
    async fn legal_basis(&self) -> &str {
        &self.0.legal_basis
    }

    /// Whether all values used were compared with the text of their instruments (đã đối chiếu).
    async fn verified(&self) -> bool {
        self.0.verified
    }

    /// Reason and solution, in the language of the request.
    async fn message(&self, ctx: &Context<'_>) -> &str {
        self.0.sentence.text(ctx.language())
    }

    /// Granted override (ngoại lệ), which allows the rotation although the rule is violated.
    #[graphql(name = "override")]
    async fn overridden(&self) -> Option<RuleOverride> {
        self.0.overridden.clone().map(RuleOverride)
    }
}

/// An override (ngoại lệ): exempts a rotation from a rule.
pub struct RuleOverride(pub rule_override::Model);

/// An override (ngoại lệ): exempts a rotation from a rule.
#[Object]
impl RuleOverride {
    /// Subject of the rule, such as `rotation.min_term_months`.
    async fn rule(&self) -> String {
        self.0.key.to_string()
    }

    /// Reason for the override (lý do áp dụng ngoại lệ).
    async fn reason(&self) -> &str {
        &self.0.reason
    }

    /// Authority that granted it (cơ quan cho phép).
    async fn granted_by(&self) -> &str {
        &self.0.granted_by
    }

    /// Day on which it was granted.
    async fn granted_on(&self) -> Day {
        self.0.granted_on
    }

    /// Number of its document (số văn bản).
    async fn document_no(&self) -> Option<&str> {
        self.0.document_no.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::{EmptyMutation, EmptySubscription, Schema, value};
    use entity::value::{RotationId, RuleKey};

    use super::*;
    use crate::language::{Language, Sentence};

    struct Root;

    #[Object]
    impl Root {
        async fn checks(&self) -> Vec<RuleCheck> {
            let granted = rule_override::Model {
                rotation_id: RotationId::new(),
                key: RuleKey::MinTerm,
                reason: "Thiếu người đứng đầu".to_owned(),
                granted_by: "Ban Thường vụ Tỉnh ủy".to_owned(),
                granted_on: Day::of(2025, 6, 15).expect("a day"),
                document_no: None,
            };
            let failed = rule::RuleCheck {
                key: RuleKey::MinTerm,
                result: RuleResult::Fail,
                legal_basis: "Nghị định 170/2025/NĐ-CP, Điều 48".to_owned(),
                verified: true,
                sentence: Sentence::new("Ngắn hơn 36 tháng.", "Shorter than 36 months."),
                overridden: Some(granted),
                is_withheld: false,
            };
            let not_applicable =
                rule::RuleCheck { result: RuleResult::NotApplicable, overridden: None, ..failed.clone() };
            [failed, not_applicable].map(RuleCheck).into()
        }
    }

    #[tokio::test]
    async fn a_check_message_uses_the_language_of_the_request() {
        let schema = Schema::new(Root, EmptyMutation, EmptySubscription);
        let document = "{ checks { rule result legalBasis verified message
                       override { reason grantedBy grantedOn documentNo } } }";
        for (language, message) in
            [(Language::Vietnamese, "Ngắn hơn 36 tháng."), (Language::English, "Shorter than 36 months.")]
        {
            let response = schema.execute(async_graphql::Request::new(document).data(language)).await;

            assert!(response.errors.is_empty(), "{:?}", response.errors);
            let check = |result: &str, overridden| {
                value!({
                    "rule": "rotation.min_term_months",
                    "result": async_graphql::Value::Enum(async_graphql::Name::new(result)),
                    "legalBasis": "Nghị định 170/2025/NĐ-CP, Điều 48",
                    "verified": true,
                    "message": message,
                    "override": overridden
                })
            };
            let granted = value!({
                "reason": "Thiếu người đứng đầu",
                "grantedBy": "Ban Thường vụ Tỉnh ủy",
                "grantedOn": "2025-06-15",
                "documentNo": null
            });
            let expected = [check("FAIL", granted), check("NOT_APPLICABLE", value!(null))];
            assert_eq!(response.data, value!({ "checks": async_graphql::Value::List(expected.into()) }));
        }
    }
}
