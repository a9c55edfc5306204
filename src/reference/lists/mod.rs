//! Reference lists that ship with the product: subjects and levels of qualification, ethnic groups, rules of law and
//! retirement ages.
//!
//! The lists are the CSV files in this folder; titles, institutions and units are imported.

#[cfg(test)]
mod tests;

use std::{collections::HashMap, str::FromStr};

use entity::{
    ethnic_group, qualification_level, qualification_subject, retirement_age, rule,
    value::{ChangeKind, LevelCode, RuleOrigin, SubjectCode},
};
use sea_orm::{ConnectionTrait, EntityTrait};
use serde::de::DeserializeOwned;

use crate::error::{Error, Result};

const SUBJECTS: &str = include_str!("subjects.csv");
const LEVELS: &str = include_str!("levels.csv");
const ETHNIC_GROUPS: &str = include_str!("ethnic_groups.csv");
const RULES: &str = include_str!("rules.csv");
const RETIREMENT_AGES: &str = include_str!("retirement_ages.csv");

/// Rows of the files that are missing in the database or differ from it.
pub(crate) struct Pending {
    pub(crate) subjects: Vec<(ChangeKind, qualification_subject::Model)>,
    pub(crate) levels: Vec<(ChangeKind, qualification_level::Model)>,
    pub(crate) ethnic_groups: Vec<(ChangeKind, ethnic_group::Model)>,
    pub(crate) rules: Vec<(ChangeKind, rule::Model)>,
    pub(crate) retirement_ages: Vec<(ChangeKind, retirement_age::Model)>,
}

impl Pending {
    /// Compares the files with the database.
    pub(crate) async fn find(connection: &impl ConnectionTrait) -> Result<Self> {
        let subjects = qualification_subject::Entity::find().all(connection).await?;
        let levels = qualification_level::Entity::find().all(connection).await?;
        let ethnic_groups = ethnic_group::Entity::find().all(connection).await?;
        let rules = rule::Entity::find().all(connection).await?;
        let ages = retirement_age::Entity::find().all(connection).await?;
        let is_of_office = |origin| matches!(origin, RuleOrigin::Office);
        Ok(Self {
            subjects: pending_rows(file_subjects()?, subjects, |row| row.code.clone()),
            levels: pending_rows(file_levels()?, levels, |row| (row.subject_code.clone(), row.code.clone())),
            ethnic_groups: pending_rows(file_ethnic_groups()?, ethnic_groups, |row| row.code.clone()),
            rules: pending_rows(
                without_replaced(file_rules()?, &rules, |rows, there| {
                    rows.code == there.code && is_of_office(there.origin)
                }),
                rules,
                |row| row.code.clone(),
            ),
            retirement_ages: pending_rows(
                without_replaced(file_retirement_ages()?, &ages, |rows, there| {
                    rows.code == there.code && is_of_office(there.origin)
                }),
                ages,
                |row| row.code.clone(),
            ),
        })
    }

    /// Whether the database matches the files.
    pub(crate) fn is_empty(&self) -> bool {
        self.subjects.is_empty()
            && self.levels.is_empty()
            && self.ethnic_groups.is_empty()
            && self.rules.is_empty()
            && self.retirement_ages.is_empty()
    }
}

/// Rows of the file whose place is not taken by a stored row.
fn without_replaced<R>(mut rows: Vec<R>, stored: &[R], takes_place: impl Fn(&R, &R) -> bool) -> Vec<R> {
    rows.retain(|row| !stored.iter().any(|there| takes_place(row, there)));
    rows
}

/// Rows of the file that are missing (CREATED) or differ (UPDATED), in the order of the file.
fn pending_rows<R: PartialEq, K: std::hash::Hash + Eq>(
    rows: Vec<R>,
    stored: Vec<R>,
    key: impl Fn(&R) -> K,
) -> Vec<(ChangeKind, R)> {
    let stored: HashMap<K, R> = stored.into_iter().map(|row| (key(&row), row)).collect();
    let kind = |row: &R| match stored.get(&key(row)) {
        None => Some(ChangeKind::Created),
        Some(there) => (there != row).then_some(ChangeKind::Updated),
    };
    rows.into_iter().filter_map(|row| Some((kind(&row)?, row))).collect()
}

fn file_subjects() -> Result<Vec<qualification_subject::Model>> {
    let rows: Vec<(String, String, String, i16)> = parse(SUBJECTS)?;
    rows.into_iter()
        .map(|(code, label_vi, label_en, position)| {
            let code: SubjectCode = code.parse().map_err(Error::internal)?;
            Ok(qualification_subject::Model { code, label_vi, label_en, position })
        })
        .collect()
}

/// Shipped levels (mức trình độ), lowest first within each subject.
pub(crate) fn file_levels() -> Result<Vec<qualification_level::Model>> {
    let rows: Vec<(String, String, i16, String, String)> = parse(LEVELS)?;
    rows.into_iter()
        .map(|(subject, code, rank, label_vi, label_en)| {
            let subject_code: SubjectCode = subject.parse().map_err(Error::internal)?;
            let code: LevelCode = code.parse().map_err(Error::internal)?;
            Ok(qualification_level::Model { subject_code, code, rank, label_vi, label_en })
        })
        .collect()
}

fn file_ethnic_groups() -> Result<Vec<ethnic_group::Model>> {
    let rows: Vec<(String, String, String, String)> = parse(ETHNIC_GROUPS)?;
    let row = |(code, name, other_names, code_1979)| ethnic_group::Model { code, name, other_names, code_1979 };
    Ok(rows.into_iter().map(row).collect())
}

/// Shipped rules (quy định), in the order of the file.
pub(crate) fn file_rules() -> Result<Vec<rule::Model>> {
    parse::<FileRule>(RULES)?.into_iter().map(FileRule::row).collect()
}

/// Shipped retirement ages (tuổi nghỉ hưu), in the order of the file.
pub(crate) fn file_retirement_ages() -> Result<Vec<retirement_age::Model>> {
    let rows: Vec<(String, String, String, i32, String, String)> = parse(RETIREMENT_AGES)?;
    rows.into_iter()
        .map(|(code, gender, valid_from, age_months, legal_basis, verification)| {
            Ok(retirement_age::Model {
                code: value(&code)?,
                gender: value(&gender)?,
                valid_from: value(&valid_from)?,
                age_months,
                legal_basis,
                verification: value(&verification)?,
                origin: RuleOrigin::Shipped,
            })
        })
        .collect()
}

/// A line of `rules.csv`: the columns of the table, except the origin.
#[derive(serde::Deserialize)]
struct FileRule {
    code: String,
    key: String,
    form: String,
    category: String,
    purpose: String,
    value: i32,
    basis: String,
    valid_from: String,
    valid_to: String,
    legal_basis: String,
    verification: String,
}

impl FileRule {
    fn row(self) -> Result<rule::Model> {
        Ok(rule::Model {
            code: value(&self.code)?,
            key: value(&self.key)?,
            form: optional(&self.form)?,
            category: optional(&self.category)?,
            purpose: optional(&self.purpose)?,
            value: self.value,
            basis: value(&self.basis)?,
            valid_from: value(&self.valid_from)?,
            valid_to: optional(&self.valid_to)?,
            legal_basis: self.legal_basis,
            verification: value(&self.verification)?,
            origin: RuleOrigin::Shipped,
        })
    }
}

fn value<T: FromStr<Err: std::error::Error + Send + Sync + 'static>>(text: &str) -> Result<T> {
    text.parse().map_err(Error::internal)
}

fn optional<T: FromStr<Err: std::error::Error + Send + Sync + 'static>>(text: &str) -> Result<Option<T>> {
    (!text.is_empty()).then(|| value(text)).transpose()
}

fn parse<R: DeserializeOwned>(file: &str) -> Result<Vec<R>> {
    csv::Reader::from_reader(file.as_bytes()).into_deserialize().collect::<Result<_, _>>().map_err(Error::internal)
}
