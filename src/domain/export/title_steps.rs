//! Steps of titles.

use std::borrow::Cow;

use entity::{
    title, title_step,
    value::{Day, TitleCode, Verification},
};

use super::record::{Cell, Page, Record, maybe, word};
use crate::{
    authz::Access,
    domain::bundle::{self, FileFormat},
    error::Result,
};

/// The steps of a title.
#[derive(Debug, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TitleStepsRecord {
    title_code: TitleCode,
    steps: Vec<Step>,
}

#[derive(Debug, serde::Serialize)]
#[serde(rename_all = "camelCase")]
struct Step {
    step: i16,
    valid_from: Day,
    valid_to: Option<Day>,
    legal_basis: String,
    verification: Verification,
}

impl Step {
    fn of(row: &title_step::Model) -> Self {
        Self {
            step: row.step,
            valid_from: row.valid_from,
            valid_to: row.valid_to,
            legal_basis: row.legal_basis.clone(),
            verification: row.verification,
        }
    }
}

impl Record for TitleStepsRecord {
    const FORMAT: FileFormat = bundle::TITLE_STEPS;
    type Id = TitleCode;

    async fn page(access: &Access, after: Option<TitleCode>) -> Result<Page<Self>> {
        let steps = access.reference_data().title_steps();
        let record = |title: &title::Model| Self {
            title_code: title.code.clone(),
            steps: steps.of_title(title.code.as_str()).iter().map(Step::of).collect(),
        };
        let titles = access.reference_data().titles();
        Ok(Page::cut(titles, after.as_ref(), |title| title.code.clone(), record))
    }

    fn rows(&self) -> usize {
        self.steps.len()
    }

    fn cell(&self, row: usize, column: &str) -> Option<Cell<'_>> {
        let step = &self.steps[row];
        Some(match column {
            "title_code" => word(&self.title_code),
            "step" => word(&step.step),
            "valid_from" => word(&step.valid_from),
            "valid_to" => maybe(step.valid_to.as_ref()),
            "legal_basis" => Cow::Borrowed(&step.legal_basis),
            "verification" => word(&step.verification),
            _ => return None,
        })
    }
}
