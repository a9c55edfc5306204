//! An empty bundle: each file with its header and, as a comment, one row of the example in `examples/bundle`.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    path::Path,
};

use super::bundle::LOADED;
use crate::error::{Error, Result};

/// The files of `examples/bundle`, in the order of `LOADED`.
const EXAMPLES: [&str; LOADED.len()] = [
    include_str!("../../examples/bundle/units.csv"),
    include_str!("../../examples/bundle/unit_successions.csv"),
    include_str!("../../examples/bundle/titles.csv"),
    include_str!("../../examples/bundle/institutions.csv"),
    include_str!("../../examples/bundle/rules.csv"),
    include_str!("../../examples/bundle/retirement_ages.csv"),
    include_str!("../../examples/bundle/programmes.csv"),
    include_str!("../../examples/bundle/training_plans.csv"),
    include_str!("../../examples/bundle/quotas.csv"),
    include_str!("../../examples/bundle/cadres.csv"),
    include_str!("../../examples/bundle/assignments.csv"),
    include_str!("../../examples/bundle/qualifications.csv"),
    include_str!("../../examples/bundle/rotations.csv"),
    include_str!("../../examples/bundle/classes.csv"),
    include_str!("../../examples/bundle/class_sessions.csv"),
    include_str!("../../examples/bundle/enrolments.csv"),
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
    if let Some(file) = LOADED.iter().find(|file| fs::symlink_metadata(dir.join(file)).is_ok()) {
        return Err(Error::invalid(
            "DIR",
            format!("đã có tệp {file}; không ghi gì; hãy chọn thư mục khác"),
            format!("{file} already exists; nothing was written; choose another folder"),
        ));
    }
    fs::create_dir_all(dir).map_err(|error| failed(&error))?;
    for (file, example) in LOADED.iter().zip(EXAMPLES) {
        let mut new =
            OpenOptions::new().write(true).create_new(true).open(dir.join(file)).map_err(|error| failed(&error))?;
        new.write_all(template(example).as_bytes()).map_err(|error| failed(&error))?;
    }
    Ok(())
}

/// The header of a file and its first row as a comment. The byte order mark makes Excel read the file as UTF-8.
fn template(example: &str) -> String {
    let mut lines = example.lines();
    let (header, row) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
    format!("\u{FEFF}{header}\n# {row}\n")
}
