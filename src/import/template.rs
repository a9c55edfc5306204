//! An empty bundle: each file with its header and, as a comment, one row of the example in `examples/bundle`.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    path::Path,
};

use super::bundle::{FILES, FileFormat};
use crate::error::{Error, Result};

/// The files of `examples/bundle`, in the order of `FILES`.
const EXAMPLES: [&str; FILES.len()] = [
    include_str!("../../examples/bundle/units.csv"),
    include_str!("../../examples/bundle/unit_successions.csv"),
    include_str!("../../examples/bundle/unit_identifiers.csv"),
    include_str!("../../examples/bundle/titles.csv"),
    include_str!("../../examples/bundle/institutions.csv"),
    include_str!("../../examples/bundle/rules.csv"),
    include_str!("../../examples/bundle/retirement_ages.csv"),
    include_str!("../../examples/bundle/programmes.csv"),
    include_str!("../../examples/bundle/duties.csv"),
    include_str!("../../examples/bundle/duty_programmes.csv"),
    include_str!("../../examples/bundle/training_plans.csv"),
    include_str!("../../examples/bundle/quotas.csv"),
    include_str!("../../examples/bundle/cadres.csv"),
    include_str!("../../examples/bundle/assignments.csv"),
    include_str!("../../examples/bundle/qualifications.csv"),
    include_str!("../../examples/bundle/rotations.csv"),
    include_str!("../../examples/bundle/classes.csv"),
    include_str!("../../examples/bundle/class_sessions.csv"),
    include_str!("../../examples/bundle/enrolments.csv"),
    include_str!("../../examples/bundle/duty_exemptions.csv"),
];

/// Writes an empty bundle into a folder, which is made if there is none.
///
/// # Errors
/// `Invalid` naming `DIR` if one of the files is there already, before any file is written, or cannot be written.
pub fn write(dir: &Path) -> Result<()> {
    let failed = |error: &io::Error| {
        Error::invalid(
            "DIR",
            format!("không ghi được tệp mẫu: {error}"),
            format!("the template cannot be written: {error}"),
        )
    };
    if let Some(FileFormat { name, .. }) = FILES.iter().find(|file| fs::symlink_metadata(dir.join(file.name)).is_ok()) {
        return Err(Error::invalid(
            "DIR",
            format!("tệp {name} đã tồn tại; chưa có tệp nào được ghi; hãy chọn thư mục khác"),
            format!("{name} already exists; nothing was written; choose another folder"),
        ));
    }
    fs::create_dir_all(dir).map_err(|error| failed(&error))?;
    for (file, example) in FILES.iter().zip(EXAMPLES) {
        let text = template(file, example)?;
        let mut new = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(dir.join(file.name))
            .map_err(|error| failed(&error))?;
        new.write_all(text.as_bytes()).map_err(|error| failed(&error))?;
    }
    Ok(())
}

/// The header of a file and, as a comment, the first row of its example. Columns that the example lacks are empty. The
/// byte order mark makes Excel read the file as UTF-8.
fn template(file: &FileFormat, example: &str) -> Result<String> {
    let mut example = csv::Reader::from_reader(example.as_bytes());
    let columns = example.headers().map_err(Error::internal)?.clone();
    let first = example.records().next().transpose().map_err(Error::internal)?.unwrap_or_default();
    let cell = |column: &&str| {
        let at = columns.iter().position(|name| name == *column);
        at.and_then(|at| first.get(at)).unwrap_or_default()
    };
    let mut row = csv::Writer::from_writer(Vec::new());
    row.write_record(file.columns.iter().map(cell)).map_err(Error::internal)?;
    let row = row.into_inner().map_err(Error::internal)?;
    Ok(format!("\u{FEFF}{}\n# {}", file.columns.join(","), String::from_utf8_lossy(&row)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_has_all_columns_even_if_the_example_lacks_one() {
        let file = FileFormat { name: "a.csv", columns: &["code", "phone", "name"], optional: &["phone"] };
        let text = template(&file, "name,code\n\"Đơn vị, một\",A\nB,b\n").unwrap();
        assert_eq!(text, "\u{FEFF}code,phone,name\n# A,,\"Đơn vị, một\"\n");
    }
}
