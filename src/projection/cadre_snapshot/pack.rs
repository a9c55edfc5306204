//! Storage format of cards: one version byte, then postcard (a compact binary serde format).
//!
//! Days are day numbers, words and codes are the texts of the tables, ids are 16 bytes. Every change of the format
//! increments the version; all cards are then rebuilt.

use std::{borrow::Cow, fmt::Display, str::FromStr};

use chrono::{Datelike, NaiveDate};
use entity::{
    assignment, cadre_snapshot, qualification,
    value::{AssignmentId, CadreId, Day, EnrolmentId, QualificationId, UnitId},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::snapshot::CadreSnapshot;
use crate::error::{Error, Result};

/// Format version that this program writes and reads.
pub const VERSION: u8 = 2;

#[derive(Serialize, Deserialize)]
struct Packed<'a> {
    full_name: &'a str,
    #[serde(borrow)]
    gender: Cow<'a, str>,
    #[serde(borrow)]
    category: Cow<'a, str>,
    #[serde(borrow)]
    status: Cow<'a, str>,
    joined_service: Option<i32>,
    rank: Option<&'a str>,
    #[serde(borrow)]
    posts: Vec<Post<'a>>,
    #[serde(borrow)]
    qualifications: Vec<PackedQualification<'a>>,
}

#[derive(Serialize, Deserialize)]
struct Post<'a> {
    id: Uuid,
    unit: Uuid,
    title: &'a str,
    start: i32,
    end: Option<i32>,
    is_primary: bool,
}

#[derive(Serialize, Deserialize)]
struct PackedQualification<'a> {
    id: Uuid,
    subject: &'a str,
    level: &'a str,
    field: Option<&'a str>,
    institution: Option<&'a str>,
    #[serde(borrow)]
    mode: Option<Cow<'a, str>>,
    #[serde(borrow)]
    granted_on: Cow<'a, str>,
    counts_from: i32,
    enrolment: Option<Uuid>,
}

/// Encodes the body of a card.
pub(super) fn pack(card: &CadreSnapshot) -> Result<Vec<u8>> {
    let packed = Packed {
        full_name: &card.full_name,
        gender: word(card.gender),
        category: word(card.category),
        status: word(card.status),
        joined_service: card.joined_service_on.map(number),
        rank: card.rank_code.as_deref(),
        posts: card.posts.iter().map(Post::of).collect(),
        qualifications: card.qualifications.iter().map(PackedQualification::of).collect(),
    };
    postcard::to_extend(&packed, vec![VERSION]).map_err(Error::internal)
}

/// Decodes the card of a row.
pub(super) fn unpack(row: &cadre_snapshot::Model) -> Result<CadreSnapshot> {
    let Some((&VERSION, bytes)) = row.body.split_first() else { return Err(unreadable("another version")) };
    let packed: Packed<'_> = postcard::from_bytes(bytes).map_err(unreadable)?;
    Ok(CadreSnapshot {
        id: row.cadre_id,
        code: row.code.clone(),
        full_name: packed.full_name.to_owned(),
        gender: read(&packed.gender)?,
        category: read(&packed.category)?,
        status: read(&packed.status)?,
        joined_service_on: packed.joined_service.map(day).transpose()?,
        rank_code: packed.rank.map(str::to_owned),
        has_rotations: row.has_rotations,
        posts: packed.posts.iter().map(|post| post.model(row.cadre_id)).collect::<Result<_>>()?,
        qualifications: packed
            .qualifications
            .iter()
            .map(|qualification| qualification.model(row.cadre_id))
            .collect::<Result<_>>()?,
    })
}

impl<'a> Post<'a> {
    fn of(post: &'a assignment::Model) -> Self {
        Self {
            id: post.id.0,
            unit: post.unit_id.0,
            title: post.title_code.as_str(),
            start: number(post.start_on),
            end: post.end_on.map(number),
            is_primary: post.is_primary,
        }
    }

    fn model(&self, cadre_id: CadreId) -> Result<assignment::Model> {
        Ok(assignment::Model {
            id: AssignmentId(self.id),
            cadre_id,
            unit_id: UnitId(self.unit),
            title_code: read(self.title)?,
            start_on: day(self.start)?,
            end_on: self.end.map(day).transpose()?,
            is_primary: self.is_primary,
        })
    }
}

impl<'a> PackedQualification<'a> {
    fn of(row: &'a qualification::Model) -> Self {
        Self {
            id: row.id.0,
            subject: row.subject_code.as_str(),
            level: row.level_code.as_str(),
            field: row.field_code.as_deref(),
            institution: row.institution_code.as_ref().map(|code| code.as_str()),
            mode: row.mode.map(word),
            granted_on: word(row.granted_on),
            counts_from: number(row.counts_from),
            enrolment: row.enrolment_id.map(|id| id.0),
        }
    }

    fn model(&self, cadre_id: CadreId) -> Result<qualification::Model> {
        Ok(qualification::Model {
            id: QualificationId(self.id),
            cadre_id,
            subject_code: read(self.subject)?,
            level_code: read(self.level)?,
            field_code: self.field.map(str::to_owned),
            institution_code: self.institution.map(read).transpose()?,
            mode: self.mode.as_deref().map(read).transpose()?,
            granted_on: read(&self.granted_on)?,
            counts_from: day(self.counts_from)?,
            enrolment_id: self.enrolment.map(EnrolmentId),
        })
    }
}

fn word(value: impl Display) -> Cow<'static, str> {
    Cow::Owned(value.to_string())
}

fn read<T: FromStr<Err: Display>>(text: &str) -> Result<T> {
    text.parse().map_err(unreadable)
}

fn number(day: Day) -> i32 {
    day.0.num_days_from_ce()
}

fn day(number: i32) -> Result<Day> {
    NaiveDate::from_num_days_from_ce_opt(number).map(Day).ok_or_else(|| unreadable("no day"))
}

fn unreadable(why: impl Display) -> Error {
    Error::internal(format!(
        "a stored card cannot be read ({why}); run `cadre-api verify --repair`, which rebuilds all cards"
    ))
}

#[cfg(test)]
mod tests {
    use entity::value::{CadreStatus, Category, Gender, StudyMode};

    use super::*;

    fn card() -> CadreSnapshot {
        let id = CadreId::new();
        let post = assignment::Model {
            id: AssignmentId::new(),
            cadre_id: id,
            unit_id: UnitId::new(),
            title_code: "X_BT".parse().expect("a code"),
            start_on: "1800-01-01".parse().expect("a day"),
            end_on: "2199-12-31".parse().ok(),
            is_primary: true,
        };
        let qualification = qualification::Model {
            id: QualificationId::new(),
            cadre_id: id,
            subject_code: "LLCT".parse().expect("a code"),
            level_code: "TRUNG_CAP".parse().expect("a code"),
            field_code: Some("luật".to_owned()),
            institution_code: "TCT".parse().ok(),
            mode: Some(StudyMode::FullTime),
            granted_on: "2014-06".parse().expect("a date"),
            counts_from: "2014-06-30".parse().expect("a day"),
            enrolment_id: Some(EnrolmentId::new()),
        };
        let bare = qualification::Model {
            id: QualificationId::new(),
            field_code: None,
            institution_code: None,
            mode: None,
            enrolment_id: None,
            ..qualification.clone()
        };
        CadreSnapshot {
            id,
            code: "CB1".parse().expect("a code"),
            full_name: "Lò Thị Ánh".to_owned(),
            gender: Gender::Female,
            category: Category::CivilServant,
            status: CadreStatus::Active,
            joined_service_on: "1999-09-01".parse().ok(),
            rank_code: Some("01.003".to_owned()),
            has_rotations: true,
            posts: vec![post.clone(), assignment::Model { end_on: None, is_primary: false, ..post }],
            qualifications: vec![qualification, bare],
        }
    }

    #[test]
    fn a_card_is_unchanged_after_packing_and_unpacking() {
        let card = card();
        assert_eq!(CadreSnapshot::of(&card.row().expect("packed")).expect("unpacked"), card);
    }

    #[test]
    fn a_truncated_card_or_one_of_another_version_is_an_error() {
        let whole = card().row().expect("packed");
        for len in 0..whole.body.len() {
            let cut = cadre_snapshot::Model { body: whole.body[..len].to_vec(), ..whole.clone() };
            assert!(matches!(CadreSnapshot::of(&cut), Err(Error::Internal(_))), "{len} bytes");
        }
        let mut other = whole;
        other.body[0] = VERSION + 1;
        assert!(matches!(CadreSnapshot::of(&other), Err(Error::Internal(_))));
    }
}
