//! Documents (văn bản): resolutions, schemes, plans and decisions that other records refer to.

use sea_orm::entity::prelude::*;

use crate::value::{Day, DocumentCode, DocumentKind, Period, UnitId};

/// Maximum length of a number with its symbol, in characters.
pub const LONGEST_NUMBER: usize = 100;
/// Maximum length of a title, in characters.
pub const LONGEST_TITLE: usize = 1_000;

/// A document in force from `valid_from` (inclusive) to `valid_to` (exclusive). A number belongs to one document of an
/// issuer and a year.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "document")]
pub struct Model {
    /// Code.
    #[sea_orm(primary_key, auto_increment = false)]
    pub code: DocumentCode,
    /// Number and symbol, such as `134-KH/TU`.
    pub number: String,
    /// Kind.
    pub kind: DocumentKind,
    /// Unit that issued it; `None` if it is national.
    #[sea_orm(indexed)]
    pub issuer_id: Option<UnitId>,
    /// Day of signing.
    pub signed_on: Day,
    /// First day, inclusive.
    pub valid_from: Day,
    /// End day, exclusive; `None` if in force.
    pub valid_to: Option<Day>,
    /// Document that replaced it on `valid_to`.
    #[sea_orm(indexed)]
    pub replaced_by: Option<DocumentCode>,
    /// Title.
    pub title: String,
    /// Issuer, year of signing and normalised number.
    #[sea_orm(unique)]
    pub identity: String,
    /// Increases with every change.
    pub version: i32,
    /// The issuer.
    #[sea_orm(belongs_to, from = "issuer_id", to = "id")]
    pub issuer: BelongsTo<Option<super::unit::Entity>>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// The period of this document; `None` if the row's interval is empty.
    pub fn period(&self) -> Option<Period> {
        Period::new(Some(self.valid_from), self.valid_to)
    }

    /// Whether another document can replace it: the other one is in force on the day on which this one ends. No document
    /// can thus replace itself, not even through others, because each one ends after those that it replaced.
    pub fn can_be_replaced_by(&self, successor: &Self) -> bool {
        self.code != successor.code && self.valid_to.is_some_and(|end| successor.is_in_force(end))
    }

    /// Whether it is in force on a day.
    pub fn is_in_force(&self, day: Day) -> bool {
        self.valid_from <= day && self.valid_to.is_none_or(|end| day < end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(code: &str, valid_from: &str, valid_to: &str) -> Model {
        let day = |text: &str| text.parse().expect("a day");
        Model {
            code: code.parse().expect("a code"),
            number: "1-QĐ/TU".to_owned(),
            kind: DocumentKind::Decision,
            issuer_id: None,
            signed_on: day(valid_from),
            valid_from: day(valid_from),
            valid_to: valid_to.parse().ok(),
            replaced_by: None,
            title: "Quyết định".to_owned(),
            identity: code.to_owned(),
            version: 1,
        }
    }

    #[test]
    fn a_document_is_in_force_until_the_day_before_its_end() {
        let document = document("D1", "2020-01-01", "2025-01-01");
        for (day, is_in_force) in
            [("2019-12-31", false), ("2020-01-01", true), ("2024-12-31", true), ("2025-01-01", false)]
        {
            assert_eq!(document.is_in_force(day.parse().expect("a day")), is_in_force, "{day}");
        }
    }

    #[test]
    fn a_successor_is_in_force_on_the_day_of_the_replacement() {
        let ended = document("D1", "2020-01-01", "2025-01-01");
        for (code, from, to, can) in [
            ("D2", "2025-01-01", "", true),
            ("D2", "2024-12-31", "", true),
            ("D2", "2025-01-02", "", false),
            ("D2", "2020-01-01", "2025-01-02", true),
            ("D2", "2020-01-01", "2025-01-01", false),
            ("D1", "2020-01-01", "", false),
        ] {
            assert_eq!(ended.can_be_replaced_by(&document(code, from, to)), can, "{code} {from} {to}");
        }
        assert!(!document("D1", "2020-01-01", "").can_be_replaced_by(&document("D2", "2020-01-01", "")), "no end");
    }
}
