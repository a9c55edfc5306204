//! Rules of law (quy định) and retirement ages (tuổi nghỉ hưu) of an office, in addition to those that ship with the
//! service.

use chrono::Datelike;
use entity::{
    retirement_age, rule,
    value::{Day, Gender, Period, RuleCode, RuleKey, RuleOrigin},
};

use super::{
    cell::{Cells, Problem, code, day, word},
    reference_lists::Listed,
    table::Row,
};
use crate::{
    domain::bundle::{self, FileFormat},
    language::Sentence,
};

/// Longest accepted term or age, in months.
const LONGEST: i32 = 1_200;

impl Row for rule::Model {
    const FORMAT: FileFormat = bundle::RULES;

    fn read(cells: &mut Cells<'_, '_>) -> Option<Self> {
        let code_ = cells.must("code", code);
        let key = cells.must("key", word);
        let form = cells.may("form", word);
        let category = cells.may("category", word);
        let purpose = cells.may("purpose", word);
        let value = match key {
            Some(RuleKey::RequiresPlanningEntry) => cells.must("value", yes_or_no),
            _ => cells.must("value", months),
        };
        let basis = cells.must("basis", word);
        let valid_from = cells.must("valid_from", day);
        let valid_to = cells.may("valid_to", day);
        let legal_basis = cells.name("legal_basis");
        let verification = cells.must("verification", word);
        let (from, to) = (valid_from?, valid_to?);
        if Period::new(Some(from), to).is_none() {
            cells.empty_interval("valid_to");
            return None;
        }
        Some(Self {
            code: code_?,
            key: key?,
            form: form?,
            category: category?,
            purpose: purpose?,
            value: value?,
            basis: basis?,
            valid_from: from,
            valid_to: to,
            legal_basis: legal_basis?,
            verification: verification?,
            origin: RuleOrigin::Office,
        })
    }
}

/// A number of months.
fn months(text: &str) -> Result<i32, Problem> {
    text.parse().ok().filter(|months| (0..=LONGEST).contains(months)).ok_or_else(|| {
        Problem::from(Sentence::new(
            format!("phải là số tháng, từ 0 đến {LONGEST}"),
            format!("must be a number of months, from 0 to {LONGEST}"),
        ))
    })
}

/// 1 or 0.
fn yes_or_no(text: &str) -> Result<i32, Problem> {
    match text {
        "1" => Ok(1),
        "0" => Ok(0),
        _ => Err(Sentence::new("phải là 1 (có) hoặc 0 (không)", "must be 1 (yes) or 0 (no)").into()),
    }
}

/// Parses the first day of a year.
fn new_year(text: &str) -> Result<Day, Problem> {
    let first = day(text)?;
    let sentence = || Sentence::new("phải là ngày 01-01 của một năm", "must be 1 January of a year");
    if first.0.ordinal() == 1 { Ok(first) } else { Err(sentence().into()) }
}

impl Listed for rule::Model {
    type Code = RuleCode;

    fn code(&self) -> &Self::Code {
        &self.code
    }

    fn differing(&self, stored: &Self) -> Vec<&'static str> {
        let columns = [
            ("key", self.key == stored.key),
            ("form", self.form == stored.form),
            ("category", self.category == stored.category),
            ("purpose", self.purpose == stored.purpose),
            ("value", self.value == stored.value),
            ("basis", self.basis == stored.basis),
            ("valid_from", self.valid_from == stored.valid_from),
            ("valid_to", self.valid_to == stored.valid_to),
            ("legal_basis", self.legal_basis == stored.legal_basis),
            ("verification", self.verification == stored.verification),
        ];
        columns.into_iter().filter(|(_, same)| !same).map(|(column, _)| column).collect()
    }

    fn reserved(stored: &Self) -> Option<Sentence> {
        shipped(stored.origin)
    }
}

impl Row for retirement_age::Model {
    const FORMAT: FileFormat = bundle::RETIREMENT_AGES;

    fn read(cells: &mut Cells<'_, '_>) -> Option<Self> {
        let code_ = cells.must("code", code);
        let gender = cells.must::<Gender>("gender", word);
        let valid_from = cells.must("valid_from", new_year);
        let age_months = cells.must("age_months", months);
        let legal_basis = cells.name("legal_basis");
        let verification = cells.must("verification", word);
        Some(Self {
            code: code_?,
            gender: gender?,
            valid_from: valid_from?,
            age_months: age_months?,
            legal_basis: legal_basis?,
            verification: verification?,
            origin: RuleOrigin::Office,
        })
    }
}

impl Listed for retirement_age::Model {
    type Code = RuleCode;

    fn code(&self) -> &Self::Code {
        &self.code
    }

    fn differing(&self, stored: &Self) -> Vec<&'static str> {
        let columns = [
            ("gender", self.gender == stored.gender),
            ("valid_from", self.valid_from == stored.valid_from),
            ("age_months", self.age_months == stored.age_months),
            ("legal_basis", self.legal_basis == stored.legal_basis),
            ("verification", self.verification == stored.verification),
        ];
        columns.into_iter().filter(|(_, same)| !same).map(|(column, _)| column).collect()
    }

    fn reserved(stored: &Self) -> Option<Sentence> {
        shipped(stored.origin)
    }
}

/// Reason why an office cannot use the code of a row of this origin, if so.
fn shipped(origin: RuleOrigin) -> Option<Sentence> {
    match origin {
        RuleOrigin::Office => None,
        RuleOrigin::Shipped => Some(Sentence::new(
            "mã này đã được dùng cho một quy định có sẵn trong phần mềm; hãy đặt mã khác",
            "this code belongs to a rule that ships with the service; choose another code",
        )),
    }
}
