//! Yearly duties of training and the programmes that count for them. Exemptions are not exported: they contain reasons
//! such as illness.

use std::borrow::Cow;

use entity::value::{Category, Day, DutyCode, DutyMeasure, ProgrammeCode, Verification};

use super::{
    codes::{self, UnitRef},
    record::{Cell, Page, Record, maybe, word},
};
use crate::{
    authz::Access,
    domain::bundle::{self, FileFormat},
    error::Result,
    reference::duties::Duty,
};

/// A duty.
#[derive(Debug, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DutyRecord {
    code: DutyCode,
    name: String,
    issuer: Option<UnitRef>,
    categories: Vec<Category>,
    key_leaders_only: bool,
    measure: DutyMeasure,
    amount: i32,
    norm_percent: i32,
    valid_from: Day,
    valid_to: Option<Day>,
    legal_basis: String,
    verification: Verification,
}

impl DutyRecord {
    fn of(access: &Access, duty: &Duty) -> Result<Self> {
        let row = duty.row();
        Ok(Self {
            code: row.code.clone(),
            name: row.name.clone(),
            issuer: duty.issuer().map(|issuer| codes::unit(access, issuer)).transpose()?,
            categories: row.categories().collect(),
            key_leaders_only: row.key_leaders_only,
            measure: row.measure,
            amount: row.amount,
            norm_percent: row.norm_percent,
            valid_from: row.valid_from,
            valid_to: row.valid_to,
            legal_basis: row.legal_basis.clone(),
            verification: row.verification,
        })
    }
}

impl Record for DutyRecord {
    const FORMAT: FileFormat = bundle::DUTIES;
    type Id = DutyCode;

    async fn page(access: &Access, after: Option<DutyCode>) -> Result<Page<Self>> {
        let duties = access.reference_data().duties().all().iter();
        let records = duties.map(|duty| Self::of(access, duty)).collect::<Result<Vec<_>>>()?;
        Ok(Page::cut(records.into_iter(), after.as_ref(), |record| record.code.clone(), |record| record))
    }

    fn cell(&self, _: usize, column: &str) -> Option<Cell<'_>> {
        Some(match column {
            "code" => word(&self.code),
            "name" => Cow::Borrowed(&self.name),
            "issuer_code" => maybe(self.issuer.as_ref().map(|issuer| &issuer.code)),
            "categories" => {
                let categories: Vec<String> = self.categories.iter().map(ToString::to_string).collect();
                Cow::Owned(categories.join("|"))
            }
            "key_leaders_only" => word(&self.key_leaders_only),
            "measure" => word(&self.measure),
            "amount" => word(&self.amount),
            "norm_percent" => word(&self.norm_percent),
            "valid_from" => word(&self.valid_from),
            "valid_to" => maybe(self.valid_to.as_ref()),
            "legal_basis" => Cow::Borrowed(&self.legal_basis),
            "verification" => word(&self.verification),
            _ => return None,
        })
    }
}

/// The programmes that count for a duty.
#[derive(Debug, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DutyProgrammesRecord {
    duty_code: DutyCode,
    /// In the order of their codes. Empty if all programmes count.
    programmes: Vec<ProgrammeCode>,
}

impl Record for DutyProgrammesRecord {
    const FORMAT: FileFormat = bundle::DUTY_PROGRAMMES;
    type Id = DutyCode;

    async fn page(access: &Access, after: Option<DutyCode>) -> Result<Page<Self>> {
        let record = |duty: &Duty| Self {
            duty_code: duty.row().code.clone(),
            programmes: duty.programmes().iter().cloned().collect(),
        };
        let duties = access.reference_data().duties().all().iter();
        Ok(Page::cut(duties, after.as_ref(), |duty| duty.row().code.clone(), record))
    }

    fn rows(&self) -> usize {
        self.programmes.len()
    }

    fn cell(&self, row: usize, column: &str) -> Option<Cell<'_>> {
        Some(match column {
            "duty_code" => word(&self.duty_code),
            "programme_code" => word(&self.programmes[row]),
            _ => return None,
        })
    }
}
