//! Reference lists: titles, institutions and programmes. Every caller may read them.

use std::borrow::Cow;

use entity::{
    institution, programme, title,
    value::{
        Category, InstitutionCode, LevelCode, ProgrammeCode, ProgrammeKind, Tier, TitleCode, TitleGroupCode, TitleRole,
    },
};

use super::record::{Cell, Page, Record, maybe, word};
use crate::{
    authz::Access,
    domain::bundle::{self, FileFormat},
    error::Result,
};

/// A title.
#[derive(Debug, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TitleRecord {
    code: TitleCode,
    name: String,
    category: Category,
    tier: Option<Tier>,
    is_key_leader: bool,
    group: Option<TitleGroupCode>,
    role: Option<TitleRole>,
}

impl Record for TitleRecord {
    const FORMAT: FileFormat = bundle::TITLES;
    type Id = TitleCode;

    async fn page(access: &Access, after: Option<TitleCode>) -> Result<Page<Self>> {
        let record = |row: &title::Model| Self {
            code: row.code.clone(),
            name: row.name.clone(),
            category: row.category,
            tier: row.tier,
            is_key_leader: row.is_key_leader,
            group: row.group_code.clone(),
            role: row.role,
        };
        Ok(Page::cut(access.reference_data().titles(), after.as_ref(), |row| row.code.clone(), record))
    }

    fn cell(&self, _: usize, column: &str) -> Option<Cell<'_>> {
        Some(match column {
            "code" => word(&self.code),
            "name" => Cow::Borrowed(&self.name),
            "category" => word(&self.category),
            "tier" => maybe(self.tier.as_ref()),
            "is_key_leader" => word(&self.is_key_leader),
            "group" => maybe(self.group.as_ref()),
            "role" => maybe(self.role.as_ref()),
            _ => return None,
        })
    }
}

/// An institution that awards qualifications.
#[derive(Debug, serde::Serialize)]
pub(super) struct InstitutionRecord {
    code: InstitutionCode,
    name: String,
}

impl Record for InstitutionRecord {
    const FORMAT: FileFormat = bundle::INSTITUTIONS;
    type Id = InstitutionCode;

    async fn page(access: &Access, after: Option<InstitutionCode>) -> Result<Page<Self>> {
        let all = access.reference_data().institutions().into_iter();
        let record = |row: &institution::Model| Self { code: row.code.clone(), name: row.name.clone() };
        Ok(Page::cut(all, after.as_ref(), |row| row.code.clone(), record))
    }

    fn cell(&self, _: usize, column: &str) -> Option<Cell<'_>> {
        Some(match column {
            "code" => word(&self.code),
            "name" => Cow::Borrowed(&self.name),
            _ => return None,
        })
    }
}

/// A training programme.
#[derive(Debug, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ProgrammeRecord {
    code: ProgrammeCode,
    name: String,
    kind: ProgrammeKind,
    subject: String,
    level: Option<LevelCode>,
    hours: Option<i32>,
}

impl Record for ProgrammeRecord {
    const FORMAT: FileFormat = bundle::PROGRAMMES;
    type Id = ProgrammeCode;

    async fn page(access: &Access, after: Option<ProgrammeCode>) -> Result<Page<Self>> {
        let record = |row: &programme::Model| Self {
            code: row.code.clone(),
            name: row.name.clone(),
            kind: row.kind,
            subject: row.subject.clone(),
            level: row.level_code.clone(),
            hours: row.hours,
        };
        Ok(Page::cut(access.reference_data().programmes(), after.as_ref(), |row| row.code.clone(), record))
    }

    fn cell(&self, _: usize, column: &str) -> Option<Cell<'_>> {
        Some(match column {
            "code" => word(&self.code),
            "name" => Cow::Borrowed(&self.name),
            "kind" => word(&self.kind),
            "subject" => Cow::Borrowed(&self.subject),
            "level" => maybe(self.level.as_ref()),
            "hours" => maybe(self.hours.as_ref()),
            _ => return None,
        })
    }
}
