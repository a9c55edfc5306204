//! Standards of titles, their scopes and their requirements.

use std::borrow::Cow;

use entity::{
    requirement, standard_scope,
    value::{Day, LevelCode, RequirementCode, Severity, StandardCode, SubjectCode, Tier, TitleCode, Verification},
};

use super::{
    codes::{self, UnitRef},
    record::{Cell, Page, Record, maybe, word},
};
use crate::{
    authz::Access,
    domain::bundle::{self, FileFormat},
    error::Result,
    reference::standards::Standard,
};

/// A standard.
#[derive(Debug, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct StandardRecord {
    code: StandardCode,
    name: String,
    issuer: Option<UnitRef>,
    document_no: String,
    valid_from: Day,
    valid_to: Option<Day>,
    verification: Verification,
}

impl StandardRecord {
    fn of(access: &Access, Standard { row, .. }: &Standard) -> Result<Self> {
        Ok(Self {
            code: row.code.clone(),
            name: row.name.clone(),
            issuer: row.issuer_id.map(|issuer| codes::unit(access, issuer)).transpose()?,
            document_no: row.document_no.clone(),
            valid_from: row.valid_from,
            valid_to: row.valid_to,
            verification: row.verification,
        })
    }
}

impl Record for StandardRecord {
    const FORMAT: FileFormat = bundle::STANDARDS;
    type Id = StandardCode;

    async fn page(access: &Access, after: Option<StandardCode>) -> Result<Page<Self>> {
        let standards = access.reference_data().standards().all();
        let records = standards.map(|standard| Self::of(access, standard)).collect::<Result<Vec<_>>>()?;
        Ok(Page::cut(records.into_iter(), after.as_ref(), |record| record.code.clone(), |record| record))
    }

    fn cell(&self, _: usize, column: &str) -> Option<Cell<'_>> {
        Some(match column {
            "code" => word(&self.code),
            "name" => Cow::Borrowed(&self.name),
            "issuer_code" => maybe(self.issuer.as_ref().map(|issuer| &issuer.code)),
            "document_no" => Cow::Borrowed(&self.document_no),
            "valid_from" => word(&self.valid_from),
            "valid_to" => maybe(self.valid_to.as_ref()),
            "verification" => word(&self.verification),
            _ => return None,
        })
    }
}

/// The scopes of a standard.
#[derive(Debug, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ScopesRecord {
    standard_code: StandardCode,
    scopes: Vec<Scope>,
}

#[derive(Debug, serde::Serialize)]
#[serde(rename_all = "camelCase")]
struct Scope {
    title_code: TitleCode,
    tier: Option<Tier>,
}

impl Scope {
    fn of(row: &standard_scope::Model) -> Self {
        Self { title_code: row.title_code.clone(), tier: row.tier }
    }
}

impl Record for ScopesRecord {
    const FORMAT: FileFormat = bundle::STANDARD_SCOPES;
    type Id = StandardCode;

    async fn page(access: &Access, after: Option<StandardCode>) -> Result<Page<Self>> {
        let record = |standard: &Standard| Self {
            standard_code: standard.row.code.clone(),
            scopes: standard.scopes.iter().map(Scope::of).collect(),
        };
        let standards = access.reference_data().standards().all();
        Ok(Page::cut(standards, after.as_ref(), |standard| standard.row.code.clone(), record))
    }

    fn rows(&self) -> usize {
        self.scopes.len()
    }

    fn cell(&self, row: usize, column: &str) -> Option<Cell<'_>> {
        Some(match column {
            "standard_code" => word(&self.standard_code),
            "title_code" => word(&self.scopes[row].title_code),
            "tier" => maybe(self.scopes[row].tier.as_ref()),
            _ => return None,
        })
    }
}

/// The requirements of a standard.
#[derive(Debug, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RequirementsRecord {
    standard_code: StandardCode,
    requirements: Vec<Requirement>,
}

#[derive(Debug, serde::Serialize)]
#[serde(rename_all = "camelCase")]
struct Requirement {
    code: RequirementCode,
    subject: SubjectCode,
    level: LevelCode,
    severity: Severity,
    transition_until: Option<Day>,
    legal_basis: String,
    equivalents: Vec<Equivalent>,
}

#[derive(Debug, serde::Serialize)]
#[serde(rename_all = "camelCase")]
struct Equivalent {
    subject: SubjectCode,
    level: LevelCode,
}

impl Requirement {
    fn of(row: &requirement::Model) -> Self {
        Self {
            code: row.code.clone(),
            subject: row.subject_code.clone(),
            level: row.level_code.clone(),
            severity: row.severity,
            transition_until: row.transition_until,
            legal_basis: row.legal_basis.clone(),
            equivalents: row.equivalents().map(|(subject, level)| Equivalent { subject, level }).collect(),
        }
    }
}

impl Record for RequirementsRecord {
    const FORMAT: FileFormat = bundle::REQUIREMENTS;
    type Id = StandardCode;

    async fn page(access: &Access, after: Option<StandardCode>) -> Result<Page<Self>> {
        let record = |standard: &Standard| Self {
            standard_code: standard.row.code.clone(),
            requirements: standard.requirements.iter().map(|requirement| Requirement::of(&requirement.row)).collect(),
        };
        let standards = access.reference_data().standards().all();
        Ok(Page::cut(standards, after.as_ref(), |standard| standard.row.code.clone(), record))
    }

    fn rows(&self) -> usize {
        self.requirements.len()
    }

    fn cell(&self, row: usize, column: &str) -> Option<Cell<'_>> {
        let requirement = &self.requirements[row];
        Some(match column {
            "standard_code" => word(&self.standard_code),
            "code" => word(&requirement.code),
            "subject" => word(&requirement.subject),
            "level" => word(&requirement.level),
            "severity" => word(&requirement.severity),
            "transition_until" => maybe(requirement.transition_until.as_ref()),
            "legal_basis" => Cow::Borrowed(&requirement.legal_basis),
            "equivalents" => {
                let words =
                    requirement.equivalents.iter().map(|Equivalent { subject, level }| format!("{subject}:{level}"));
                Cow::Owned(words.collect::<Vec<_>>().join("|"))
            }
            _ => return None,
        })
    }
}
