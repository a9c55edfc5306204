//! Requirements of standards (yêu cầu của tiêu chuẩn): a level of a subject that the holder of a title must have.

use sea_orm::entity::prelude::*;

use crate::value::{Day, LevelCode, RequirementCode, Severity, StandardCode, SubjectCode};

/// A requirement of a standard: at least this level.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "requirement")]
pub struct Model {
    /// Standard.
    #[sea_orm(primary_key, auto_increment = false)]
    pub standard_code: StandardCode,
    /// Code within the standard.
    #[sea_orm(primary_key, auto_increment = false)]
    pub code: RequirementCode,
    /// Subject.
    pub subject_code: SubjectCode,
    /// Lowest level that meets it.
    pub level_code: LevelCode,
    /// Whether a person who does not meet it is below the standard.
    pub severity: Severity,
    /// End of the transition (thời hạn chuẩn hóa), exclusive: from this day on, a lower level is below the standard.
    /// `None` without a transition.
    pub transition_until: Option<Day>,
    /// Legal instrument and article.
    pub legal_basis: String,
    /// Levels of other subjects that meet it too (tương đương): `SUBJECT:LEVEL`, separated by spaces; empty if there are
    /// none.
    pub equivalents: String,
    /// The standard.
    #[sea_orm(belongs_to, from = "standard_code", to = "code")]
    pub standard: BelongsTo<super::standard::Entity>,
    /// The level.
    #[sea_orm(belongs_to, from = "(subject_code, level_code)", to = "(subject_code, code)")]
    pub level: BelongsTo<super::qualification_level::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// The equivalent levels.
    pub fn equivalents(&self) -> impl Iterator<Item = (SubjectCode, LevelCode)> {
        let level = |word: &str| {
            let (subject, level) = word.split_once(':')?;
            Some((subject.parse().ok()?, level.parse().ok()?))
        };
        self.equivalents.split_ascii_whitespace().filter_map(level)
    }
}
