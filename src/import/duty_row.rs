//! Rows of the files of duties and exemptions.

use std::collections::HashSet;

use entity::{
    duty,
    value::{
        CadreCode, Category, Day, DutyCode, DutyMeasure, ExemptionReason, Period, ProgrammeCode, UnitCode, Verification,
    },
};
use sea_orm::Iterable;

use super::{
    cell::{Cells, Problem, code, day, flag, word},
    table::Row,
};
use crate::{
    domain::bundle::{self, FileFormat},
    language::Sentence,
};

/// Largest amount of a duty: more than the hours of a year.
const LARGEST_AMOUNT: i32 = 10_000;

/// A duty.
pub(super) struct DutyRow {
    pub issuer: Option<UnitCode>,
    /// The duty, without its issuer.
    pub duty: duty::Model,
}

impl Row for DutyRow {
    const FORMAT: FileFormat = bundle::DUTIES;

    fn read(cells: &mut Cells<'_, '_>) -> Option<Self> {
        let code_ = cells.required("code", code);
        let name = cells.name("name");
        let issuer = cells.optional("issuer_code", code);
        let categories = cells.required("categories", categories);
        let key_leaders_only = cells.required("key_leaders_only", flag);
        let measure = cells.required::<DutyMeasure>("measure", word);
        let amount = cells.required("amount", amount);
        let norm_percent = cells.required("norm_percent", percent);
        let valid_from = cells.required("valid_from", day);
        let valid_to = cells.optional("valid_to", day);
        let legal_basis = cells.name("legal_basis");
        let verification = cells.required::<Verification>("verification", word);
        let (from, to) = (valid_from?, valid_to?);
        if Period::new(Some(from), to).is_none() {
            cells.empty_interval("valid_to");
            return None;
        }
        let duty = duty::Model {
            code: code_?,
            name: name?,
            issuer_unit_id: None,
            legal_basis: legal_basis?,
            categories: categories?,
            key_leaders_only: key_leaders_only?,
            measure: measure?,
            amount: amount?,
            norm_percent: norm_percent?,
            valid_from: from,
            valid_to: to,
            verification: verification?,
        };
        Some(Self { issuer: issuer?, duty })
    }
}

/// Categories separated by `|`, as they are stored: separated by spaces, in the order of their declaration.
fn categories(text: &str) -> Result<String, Problem> {
    let named: HashSet<Category> = text.split('|').map(word).collect::<Result<_, _>>()?;
    let words: Vec<String> =
        Category::iter().filter(|category| named.contains(category)).map(|category| category.to_string()).collect();
    Ok(words.join(" "))
}

/// An amount of courses or hours.
fn amount(text: &str) -> Result<i32, Problem> {
    between(text, LARGEST_AMOUNT)
}

/// A percentage that is not zero.
fn percent(text: &str) -> Result<i32, Problem> {
    between(text, 100)
}

fn between(text: &str, largest: i32) -> Result<i32, Problem> {
    text.parse().ok().filter(|number| (1..=largest).contains(number)).ok_or_else(|| {
        Problem::from(Sentence::new(
            format!("phải là số nguyên từ 1 đến {largest}"),
            format!("must be a whole number from 1 to {largest}"),
        ))
    })
}

/// A programme that counts for a duty.
pub(super) struct DutyProgrammeRow {
    pub duty: DutyCode,
    pub programme: ProgrammeCode,
}

impl Row for DutyProgrammeRow {
    const FORMAT: FileFormat = bundle::DUTY_PROGRAMMES;

    fn read(cells: &mut Cells<'_, '_>) -> Option<Self> {
        let duty = cells.required("duty_code", code);
        let programme = cells.required("programme_code", code);
        Some(Self { duty: duty?, programme: programme? })
    }
}

/// An exemption of a person from a duty.
pub(super) struct ExemptionRow {
    pub cadre: CadreCode,
    pub duty: DutyCode,
    pub valid_from: Day,
    pub valid_to: Option<Day>,
    pub reason: ExemptionReason,
    pub document_no: Option<String>,
}

impl Row for ExemptionRow {
    const FORMAT: FileFormat = bundle::DUTY_EXEMPTIONS;

    fn read(cells: &mut Cells<'_, '_>) -> Option<Self> {
        let cadre = cells.required("cadre_code", code);
        let duty = cells.required("duty_code", code);
        let valid_from = cells.required("valid_from", day);
        let valid_to = cells.optional("valid_to", day);
        let reason = cells.required("reason", word);
        let document_no = cells.text("document_no");
        let (valid_from, valid_to) = (valid_from?, valid_to?);
        if Period::new(Some(valid_from), valid_to).is_none() {
            cells.empty_interval("valid_to");
            return None;
        }
        Some(Self { cadre: cadre?, duty: duty?, valid_from, valid_to, reason: reason?, document_no: document_no? })
    }
}
