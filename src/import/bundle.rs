//! Lists the files of a bundle and reports unknown ones.

use super::{
    appraisal::AppraisalRow,
    area::AreaRow,
    class::ClassRow,
    document::DocumentRow,
    duty_row::{DutyProgrammeRow, DutyRow, ExemptionRow},
    enrolment::EnrolmentRow,
    exemption::StandardExemptionRow,
    files::{Files, Found},
    finding::{FindingCode, Findings, Place},
    identifier::IdentifierRow,
    row::{AssignmentRow, CadreRow, QualificationRow, RotationRow, SuccessionRow, UnitRow},
    session::SessionRow,
    standard::{RequirementRow, ScopeRow, StandardRow},
    table::Row,
    title::StepRow,
    training_row::{PlanRow, QuotaRow},
};
use crate::{
    domain::bundle::FileFormat,
    error::{Error, Result},
    language::Sentence,
};

/// The files of a bundle, in the order in which they are read: later ones refer to earlier ones.
pub const FILES: [FileFormat; 28] = [
    <UnitRow as Row>::FORMAT,
    <SuccessionRow as Row>::FORMAT,
    <IdentifierRow as Row>::FORMAT,
    <AreaRow as Row>::FORMAT,
    <DocumentRow as Row>::FORMAT,
    <entity::title::Model as Row>::FORMAT,
    <StepRow as Row>::FORMAT,
    <entity::institution::Model as Row>::FORMAT,
    <StandardRow as Row>::FORMAT,
    <ScopeRow as Row>::FORMAT,
    <RequirementRow as Row>::FORMAT,
    <entity::rule::Model as Row>::FORMAT,
    <entity::retirement_age::Model as Row>::FORMAT,
    <entity::programme::Model as Row>::FORMAT,
    <DutyRow as Row>::FORMAT,
    <DutyProgrammeRow as Row>::FORMAT,
    <PlanRow as Row>::FORMAT,
    <QuotaRow as Row>::FORMAT,
    <CadreRow as Row>::FORMAT,
    <AssignmentRow as Row>::FORMAT,
    <QualificationRow as Row>::FORMAT,
    <RotationRow as Row>::FORMAT,
    <ClassRow as Row>::FORMAT,
    <SessionRow as Row>::FORMAT,
    <EnrolmentRow as Row>::FORMAT,
    <ExemptionRow as Row>::FORMAT,
    <AppraisalRow as Row>::FORMAT,
    <StandardExemptionRow as Row>::FORMAT,
];

/// The files of a folder.
#[derive(Debug, Default)]
pub(super) struct Bundle {
    /// Files to load, in their order.
    pub loaded: Vec<&'static str>,
    /// Names of the format that are not regular files and cannot be read.
    pub irregular: Vec<&'static str>,
    /// Bytes of the files.
    pub bytes: u64,
}

impl Bundle {
    /// Lists the files.
    pub fn find(files: Files<'_>, findings: &mut Findings) -> Result<Self> {
        let (mut sizes, mut irregular) = (Vec::new(), Vec::new());
        for Found { name, size } in files.list()? {
            if let Some(file) = names().find(|file| *file == name) {
                match size {
                    Some(size) => sizes.push((file, size)),
                    None => {
                        findings.note(file, Place::default(), FindingCode::NotAFile, not_a_file);
                        irregular.push(file);
                    }
                }
            } else if name.to_ascii_lowercase().ends_with(".csv") {
                findings.unknown_file(name, unknown_file());
            }
        }
        let size = |file: &&'static str| sizes.iter().find(|(name, _)| name == file).map(|(_, size)| *size);
        let bundle = Self {
            loaded: names().filter(|file| size(file).is_some()).collect(),
            bytes: names().filter_map(|file| size(&file)).sum(),
            irregular,
        };
        if bundle.loaded.is_empty() && bundle.irregular.is_empty() {
            let files = FILES.map(|file| file.name).join(", ");
            return Err(Error::invalid(
                "DIR",
                format!("thư mục không có tệp nào của gói nhập; cần có ít nhất một trong các tệp: {files}"),
                format!("the folder contains no file of an import bundle; at least one of these is required: {files}"),
            ));
        }
        Ok(bundle)
    }

    /// Whether the bundle has the file.
    pub fn has(&self, file: &str) -> bool {
        self.loaded.contains(&file)
    }
}

/// The names of the files, in the order of `FILES`.
fn names() -> impl Iterator<Item = &'static str> {
    FILES.iter().map(|file| file.name)
}

fn not_a_file() -> Sentence {
    Sentence::new(
        "đây không phải là tệp thông thường (có thể là thư mục, đường ống hoặc thiết bị) nên không được đọc; hãy thay \
         bằng tệp CSV",
        "this is not a regular file (perhaps a folder, a pipe or a device) and was not read; replace it with a CSV file",
    )
}

fn unknown_file() -> Sentence {
    Sentence::new(
        "tệp này không thuộc định dạng gói nhập nên đã được bỏ qua; hãy kiểm tra tên tệp",
        "the file is not part of the bundle format and was ignored; check its name",
    )
}
