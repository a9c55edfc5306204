//! An export: a sequence of chunks, one for each page.

use std::sync::Arc;

use data_encoding::HEXLOWER;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{
    appraisals::AppraisalRecord,
    areas::UnitAreasRecord,
    assignments::AssignmentRecord,
    cadres::CadreRecord,
    classes::ClassRecord,
    csv::CsvForm,
    documents::DocumentRecord,
    duties::{DutyProgrammesRecord, DutyRecord},
    enrolments::EnrolmentRecord,
    export_type::ExportType,
    identifiers::IdentifierRecord,
    lists::{InstitutionRecord, ProgrammeRecord, TitleRecord},
    plans::PlanRecord,
    qualifications::QualificationRecord,
    quotas::QuotaRecord,
    record::Record,
    rotations::RotationRecord,
    rules::{RetirementAgeRecord, RuleRecord},
    sessions::SessionRecord,
    standards::{RequirementsRecord, ScopesRecord, StandardRecord},
    successions::SuccessionRecord,
    title_steps::TitleStepsRecord,
    units::UnitRecord,
};
use crate::{
    authz::{Access, Unaudited},
    domain::change,
    error::{Error, Result},
};

/// Version of the NDJSON form. New keys can be added within a version.
const FORMAT: u32 = 1;

/// Cost of one record, in the unit of the cost limits of clients.
const PRICE: u64 = 5;

/// The form of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A JSON object per line: a head, the records, an end.
    Ndjson,
    /// The file of the import bundle.
    Csv(CsvForm),
}

/// A part of an export: whole lines.
#[derive(Debug)]
pub struct Chunk {
    /// The lines. They are released after their disclosures were logged.
    pub lines: Unaudited<Vec<u8>>,
    /// Cost of the records.
    pub cost: u64,
}

/// The first line.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Head<'a> {
    #[serde(rename = "type")]
    of: &'a str,
    format: u32,
    as_of: String,
    cursor: &'a str,
    after: Option<&'a str>,
    withheld: &'a [&'static str],
}

/// The last line.
#[derive(Serialize)]
struct End<'a> {
    end: bool,
    rows: u64,
    sha256: &'a str,
}

/// Evaluates an expression with the record of a type.
macro_rules! with_record {
    ($of:expr, $record:ident => $body:expr) => {
        match $of {
            ExportType::Units => with_record!(@ UnitRecord, $record, $body),
            ExportType::UnitSuccessions => with_record!(@ SuccessionRecord, $record, $body),
            ExportType::UnitIdentifiers => with_record!(@ IdentifierRecord, $record, $body),
            ExportType::UnitAreas => with_record!(@ UnitAreasRecord, $record, $body),
            ExportType::Documents => with_record!(@ DocumentRecord, $record, $body),
            ExportType::Titles => with_record!(@ TitleRecord, $record, $body),
            ExportType::TitleSteps => with_record!(@ TitleStepsRecord, $record, $body),
            ExportType::Institutions => with_record!(@ InstitutionRecord, $record, $body),
            ExportType::Standards => with_record!(@ StandardRecord, $record, $body),
            ExportType::StandardScopes => with_record!(@ ScopesRecord, $record, $body),
            ExportType::Requirements => with_record!(@ RequirementsRecord, $record, $body),
            ExportType::Rules => with_record!(@ RuleRecord, $record, $body),
            ExportType::RetirementAges => with_record!(@ RetirementAgeRecord, $record, $body),
            ExportType::Programmes => with_record!(@ ProgrammeRecord, $record, $body),
            ExportType::Duties => with_record!(@ DutyRecord, $record, $body),
            ExportType::DutyProgrammes => with_record!(@ DutyProgrammesRecord, $record, $body),
            ExportType::Plans => with_record!(@ PlanRecord, $record, $body),
            ExportType::Quotas => with_record!(@ QuotaRecord, $record, $body),
            ExportType::Cadres => with_record!(@ CadreRecord, $record, $body),
            ExportType::Assignments => with_record!(@ AssignmentRecord, $record, $body),
            ExportType::Qualifications => with_record!(@ QualificationRecord, $record, $body),
            ExportType::Rotations => with_record!(@ RotationRecord, $record, $body),
            ExportType::Classes => with_record!(@ ClassRecord, $record, $body),
            ExportType::Sessions => with_record!(@ SessionRecord, $record, $body),
            ExportType::Enrolments => with_record!(@ EnrolmentRecord, $record, $body),
            ExportType::Appraisals => with_record!(@ AppraisalRecord, $record, $body),
        }
    };
    (@ $type:ty, $record:ident, $body:expr) => {{
        type $record = $type;
        $body
    }};
}

impl ExportType {
    /// Name of the file in the import bundle.
    pub fn file(self) -> &'static str {
        with_record!(self, T => T::FORMAT.name)
    }

    fn withheld(self, access: &Access) -> Vec<&'static str> {
        with_record!(self, T => T::withheld(access))
    }

    fn check_id(self, id: &str) -> Result<()> {
        with_record!(self, T => parsed::<T>(id).map(drop))
    }
}

/// An export in progress.
#[derive(Debug)]
pub struct Export {
    access: Arc<Access>,
    of: ExportType,
    form: Form,
    cursor: String,
    withheld: Vec<&'static str>,
    after: Option<String>,
    stage: Stage,
    rows: u64,
    digest: Sha256,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Head,
    Records,
    Done,
}

impl Export {
    /// Begins an export, after a record if it continues an earlier one. Reads nothing yet.
    ///
    /// # Errors
    /// `Forbidden` without the scope of the type; `PurposeRequired` for protected records without a purpose; `Invalid` for `after` if it is not an id of the type.
    pub fn begin(access: &Access, of: ExportType, form: Form, after: Option<String>) -> Result<Self> {
        if let Some(scope) = of.scope() {
            access.ensure_may_open(scope, &format!("export/{of}"))?;
        }
        after.as_deref().map_or(Ok(()), |after| of.check_id(after))?;
        let access = access.for_export(&format!("export/{of}"));
        // Before the snapshot of the database begins: whatever is missing in it comes after the cursor.
        let cursor = change::latest(&access);
        let withheld = of.withheld(&access);
        let (stage, rows, digest) = (Stage::Head, 0, Sha256::new());
        Ok(Self { access: Arc::new(access), of, form, cursor, withheld, after, stage, rows, digest })
    }

    /// Cursor of the change feed: all changes that the export does not contain come after it.
    pub fn cursor(&self) -> &str {
        &self.cursor
    }

    /// Day as of which the records are shown.
    pub fn as_of(&self) -> String {
        self.access.today().to_string()
    }

    /// Keys that the caller may not read.
    pub fn withheld(&self) -> &[&'static str] {
        &self.withheld
    }

    /// The next chunk; `None` after the end.
    ///
    /// # Errors
    /// `Unavailable`, `TimedOut` or `Internal` from the database. The export cannot continue then.
    pub async fn next(&mut self) -> Result<Option<Chunk>> {
        with_record!(self.of, T => self.step::<T>().await)
    }

    async fn step<T: Record>(&mut self) -> Result<Option<Chunk>> {
        if self.stage == Stage::Done {
            return Ok(None);
        }
        self.access.forget_logged();
        let mut bytes = Vec::new();
        if self.stage == Stage::Head {
            self.head::<T>(&mut bytes)?;
            self.stage = Stage::Records;
        }
        let after = self.after.as_deref().map(parsed::<T>).transpose()?;
        let page = T::page(&self.access, after).await?;
        let cost = PRICE * page.records.len() as u64;
        self.rows += self.form.write(&page.records, &mut bytes)?;
        self.digest.update(&bytes);
        self.after = page.next.map(|id| id.to_string());
        if self.after.is_none() {
            self.end(&mut bytes)?;
            self.stage = Stage::Done;
        }
        Ok(Some(Chunk { lines: Unaudited::new(Arc::clone(&self.access), bytes), cost }))
    }

    fn head<T: Record>(&self, into: &mut Vec<u8>) -> Result<()> {
        match self.form {
            Form::Csv(form) => form.head::<T>(into),
            Form::Ndjson => line(
                &Head {
                    of: self.of.name(),
                    format: FORMAT,
                    as_of: self.as_of(),
                    cursor: &self.cursor,
                    after: self.after.as_deref(),
                    withheld: &self.withheld,
                },
                into,
            ),
        }
    }

    fn end(&self, into: &mut Vec<u8>) -> Result<()> {
        let digest = HEXLOWER.encode(&self.digest.clone().finalize());
        match self.form {
            Form::Csv(form) => {
                into.extend(form.end(self.rows, &digest).unwrap_or_default().into_bytes());
                Ok(())
            }
            Form::Ndjson => line(&End { end: true, rows: self.rows, sha256: &digest }, into),
        }
    }
}

impl Form {
    /// Writes records and returns the number of rows.
    fn write<T: Record>(self, records: &[T], into: &mut Vec<u8>) -> Result<u64> {
        match self {
            Self::Csv(form) => form.rows(records, into),
            Self::Ndjson => {
                records.iter().try_for_each(|record| line(record, into))?;
                Ok(records.len() as u64)
            }
        }
    }
}

fn line(object: &impl Serialize, into: &mut Vec<u8>) -> Result<()> {
    serde_json::to_writer(&mut *into, object).map_err(Error::internal)?;
    into.push(b'\n');
    Ok(())
}

fn parsed<T: Record>(id: &str) -> Result<T::Id> {
    id.parse().map_err(|_| {
        Error::invalid(
            "after",
            "Tham số `after` phải là mã định danh của dòng cuối cùng đã nhận trong tệp kết xuất cùng loại.",
            "`after` must be the id of the last line received of an export of the same type.",
        )
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::import::FILES;

    #[test]
    fn each_file_of_a_bundle_has_an_export() {
        let exported: BTreeSet<&str> = ExportType::all().map(ExportType::file).collect();
        // Exemptions contain reasons such as illness, which are never shown.
        let files = FILES.iter().map(|file| file.name).filter(|file| !file.ends_with("_exemptions.csv"));
        assert_eq!(exported, files.collect());
        assert_eq!(exported.len(), ExportType::all().count());
    }
}
