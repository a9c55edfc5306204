//! A CSV file whose rows name their columns.

/// A CSV file under construction.
#[derive(Default)]
pub(super) struct CsvFile(String);

impl CsvFile {
    /// Adds a row, given as columns with their values. The first row determines the columns of the file.
    pub fn add(&mut self, row: &[(&str, &str)]) {
        let header = line(row.iter().map(|(column, _)| *column));
        if self.0.is_empty() {
            self.0.clone_from(&header);
        }
        debug_assert!(self.0.starts_with(&header), "another row has other columns than {header}");
        self.0.push_str(&line(row.iter().map(|(_, value)| *value)));
    }

    /// The content: a header, then the rows. Empty if the file has no rows.
    pub fn text(&self) -> &str {
        &self.0
    }
}

fn line<'a>(cells: impl Iterator<Item = &'a str>) -> String {
    cells.map(quoted).collect::<Vec<_>>().join(",") + "\n"
}

/// A value as a field of a record: in quotation marks if it contains a character that separates fields or records.
fn quoted(value: &str) -> String {
    if value.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", value.replace('"', "\"\""))
    } else {
        value.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_row_determines_the_columns() {
        let mut file = CsvFile::default();
        assert_eq!(file.text(), "");
        file.add(&[("code", "A"), ("name", "Phòng \"Một\", hai")]);
        file.add(&[("code", "B"), ("name", "")]);
        assert_eq!(file.text(), "code,name\nA,\"Phòng \"\"Một\"\", hai\"\nB,\n");
    }
}
