//! An empty bundle: each file with its header and, as a comment, one row of the example in `examples/bundle`.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    path::Path,
};

use super::bundle::FILES;
use crate::{
    domain::bundle::FileFormat,
    error::{Error, Result},
};

/// Writes an empty bundle into a folder, which is created if it does not exist.
///
/// # Errors
/// `Invalid` for `DIR` if one of the files exists already (then no file is written), or if a file cannot be written.
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
    for file in &FILES {
        let text = template(file)?;
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
fn template(file: &FileFormat) -> Result<String> {
    let mut example = csv::Reader::from_reader(file.example.as_bytes());
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
        let file = FileFormat {
            name: "a.csv",
            columns: &["code", "phone", "name"],
            optional: &["phone"],
            example: "name,code\n\"Đơn vị, một\",A\nB,b\n",
        };
        let text = template(&file).unwrap();
        assert_eq!(text, "\u{FEFF}code,phone,name\n# A,,\"Đơn vị, một\"\n");
    }
}
