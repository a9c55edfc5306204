//! Lists the files of a bundle and reports unknown ones.

use std::{fs, io, path::Path};

use super::{
    class::ClassRow,
    duty_row::{DutyProgrammeRow, DutyRow, ExemptionRow},
    enrolment::EnrolmentRow,
    finding::{FindingCode, Findings, Place},
    identifier::IdentifierRow,
    row::{AssignmentRow, CadreRow, QualificationRow, RotationRow, SuccessionRow, UnitRow},
    session::SessionRow,
    table::{Row, unreadable},
    training_row::{PlanRow, QuotaRow},
};
use crate::{
    error::{Error, Result},
    language::Sentence,
};

/// The format of a file.
#[derive(Clone, Copy, Debug)]
pub struct FileFormat {
    /// Name of the file.
    pub name: &'static str,
    /// All columns. A file may have them in any order.
    pub columns: &'static [&'static str],
    /// The columns that a file may lack.
    pub optional: &'static [&'static str],
}

const fn format<T: Row>() -> FileFormat {
    FileFormat { name: T::FILE, columns: T::COLUMNS, optional: T::OPTIONAL }
}

/// The files of a bundle, in the order in which they are read: later ones refer to earlier ones.
pub const FILES: [FileFormat; 20] = [
    format::<UnitRow>(),
    format::<SuccessionRow>(),
    format::<IdentifierRow>(),
    format::<entity::title::Model>(),
    format::<entity::institution::Model>(),
    format::<entity::rule::Model>(),
    format::<entity::retirement_age::Model>(),
    format::<entity::programme::Model>(),
    format::<DutyRow>(),
    format::<DutyProgrammeRow>(),
    format::<PlanRow>(),
    format::<QuotaRow>(),
    format::<CadreRow>(),
    format::<AssignmentRow>(),
    format::<QualificationRow>(),
    format::<RotationRow>(),
    format::<ClassRow>(),
    format::<SessionRow>(),
    format::<EnrolmentRow>(),
    format::<ExemptionRow>(),
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
    /// Lists a folder.
    pub fn find(dir: &Path, findings: &mut Findings) -> Result<Self> {
        let (mut sizes, mut irregular) = (Vec::new(), Vec::new());
        let entries: io::Result<Vec<_>> = fs::read_dir(dir).and_then(|entries| entries.collect());
        let mut entries = entries.map_err(|error| no_folder(&error))?;
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let name = entry.file_name().to_string_lossy().into_owned();
            if let Some(file) = names().find(|file| *file == name) {
                // Follows a link, as opening the file will. A pipe would block the import until something writes to it.
                let metadata = fs::metadata(entry.path()).map_err(|error| unreadable(&name, &error))?;
                if metadata.is_file() {
                    sizes.push((file, metadata.len()));
                } else {
                    findings.note(file, Place::default(), FindingCode::NotAFile, not_a_file);
                    irregular.push(file);
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

fn no_folder(error: &io::Error) -> Error {
    Error::invalid("DIR", format!("không đọc được thư mục: {error}"), format!("the folder cannot be read: {error}"))
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
