//! Rules and retirement ages. The CSV files contain those of the office only: those that ship with the service are in
//! every database.

use std::borrow::Cow;

use entity::{
    retirement_age, rule,
    value::{
        Category, CountingBasis, Day, Gender, RotationForm, RotationPurpose, RuleCode, RuleKey, RuleOrigin,
        Verification,
    },
};

use super::record::{Cell, Page, Record, maybe, word};
use crate::{
    authz::Access,
    domain::bundle::{self, FileFormat},
    error::Result,
};

/// A rule.
#[derive(Debug, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RuleRecord {
    code: RuleCode,
    key: RuleKey,
    form: Option<RotationForm>,
    category: Option<Category>,
    purpose: Option<RotationPurpose>,
    value: i32,
    basis: CountingBasis,
    valid_from: Day,
    valid_to: Option<Day>,
    legal_basis: String,
    verification: Verification,
    origin: RuleOrigin,
}

impl Record for RuleRecord {
    const FORMAT: FileFormat = bundle::RULES;
    type Id = RuleCode;

    async fn page(access: &Access, after: Option<RuleCode>) -> Result<Page<Self>> {
        let record = |row: &rule::Model| Self {
            code: row.code.clone(),
            key: row.key,
            form: row.form,
            category: row.category,
            purpose: row.purpose,
            value: row.value,
            basis: row.basis,
            valid_from: row.valid_from,
            valid_to: row.valid_to,
            legal_basis: row.legal_basis.clone(),
            verification: row.verification,
            origin: row.origin,
        };
        Ok(Page::cut(access.reference_data().rules().all().iter(), after.as_ref(), |row| row.code.clone(), record))
    }

    fn rows(&self) -> usize {
        usize::from(self.origin == RuleOrigin::Office)
    }

    fn cell(&self, _: usize, column: &str) -> Option<Cell<'_>> {
        Some(match column {
            "code" => word(&self.code),
            "key" => word(&self.key),
            "form" => maybe(self.form.as_ref()),
            "category" => maybe(self.category.as_ref()),
            "purpose" => maybe(self.purpose.as_ref()),
            "value" => word(&self.value),
            "basis" => word(&self.basis),
            "valid_from" => word(&self.valid_from),
            "valid_to" => maybe(self.valid_to.as_ref()),
            "legal_basis" => Cow::Borrowed(&self.legal_basis),
            "verification" => word(&self.verification),
            _ => return None,
        })
    }
}

/// A retirement age.
#[derive(Debug, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RetirementAgeRecord {
    code: RuleCode,
    gender: Gender,
    valid_from: Day,
    age_months: i32,
    legal_basis: String,
    verification: Verification,
    origin: RuleOrigin,
}

impl Record for RetirementAgeRecord {
    const FORMAT: FileFormat = bundle::RETIREMENT_AGES;
    type Id = RuleCode;

    async fn page(access: &Access, after: Option<RuleCode>) -> Result<Page<Self>> {
        let all = access.reference_data().rules().retirement_ages().all().iter();
        let record = |row: &retirement_age::Model| Self {
            code: row.code.clone(),
            gender: row.gender,
            valid_from: row.valid_from,
            age_months: row.age_months,
            legal_basis: row.legal_basis.clone(),
            verification: row.verification,
            origin: row.origin,
        };
        Ok(Page::cut(all, after.as_ref(), |row| row.code.clone(), record))
    }

    fn rows(&self) -> usize {
        usize::from(self.origin == RuleOrigin::Office)
    }

    fn cell(&self, _: usize, column: &str) -> Option<Cell<'_>> {
        Some(match column {
            "code" => word(&self.code),
            "gender" => word(&self.gender),
            "valid_from" => word(&self.valid_from),
            "age_months" => word(&self.age_months),
            "legal_basis" => Cow::Borrowed(&self.legal_basis),
            "verification" => word(&self.verification),
            _ => return None,
        })
    }
}
