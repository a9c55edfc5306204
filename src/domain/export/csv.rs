//! The CSV form: the columns of the import bundle.

use ::csv::{Writer, WriterBuilder};

use super::record::Record;
use crate::error::{Error, Result};

/// Byte order mark: Excel then reads the file as UTF-8.
const BYTE_ORDER_MARK: &[u8] = "\u{FEFF}".as_bytes();

/// Options of a CSV file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CsvForm {
    /// For a spreadsheet: with a byte order mark, and an apostrophe before cells that a spreadsheet would take for a
    /// formula (CWE-1236). An import does not read such a file unchanged.
    pub for_spreadsheet: bool,
    /// With a comment as last line: the number of rows and the digest of all lines before it. An import skips it.
    pub has_end: bool,
}

impl CsvForm {
    /// Writes the header.
    pub(super) fn head<T: Record>(self, into: &mut Vec<u8>) -> Result<()> {
        if self.for_spreadsheet {
            into.extend_from_slice(BYTE_ORDER_MARK);
        }
        let mut writer = writer(into);
        writer.write_record(T::FORMAT.columns).map_err(Error::internal)?;
        writer.flush().map_err(Error::internal)
    }

    /// Writes the rows of records and returns their number.
    pub(super) fn rows<T: Record>(self, records: &[T], into: &mut Vec<u8>) -> Result<u64> {
        let (mut writer, mut rows) = (writer(into), 0);
        for record in records {
            for row in 0..record.rows() {
                for column in T::FORMAT.columns {
                    let cell = record.cell(row, column);
                    let cell = cell.ok_or_else(|| Error::internal(format!("the export lacks the column {column}")))?;
                    let written = match self.for_spreadsheet && is_formula(&cell) {
                        true => writer.write_field(format!("'{cell}")),
                        false => writer.write_field(cell.as_bytes()),
                    };
                    written.map_err(Error::internal)?;
                }
                writer.write_record(None::<&[u8]>).map_err(Error::internal)?;
                rows += 1;
            }
        }
        writer.flush().map_err(Error::internal)?;
        Ok(rows)
    }

    /// The last line, if the file has one.
    pub(super) fn end(self, rows: u64, digest: &str) -> Option<String> {
        self.has_end.then(|| format!("# end rows={rows} sha256={digest}\n"))
    }
}

fn writer(into: &mut Vec<u8>) -> Writer<&mut Vec<u8>> {
    WriterBuilder::new().flexible(true).from_writer(into)
}

/// Whether a spreadsheet would take a cell for a formula, by its first character.
fn is_formula(cell: &str) -> bool {
    cell.starts_with(['=', '+', '-', '@', '\t', '\r'])
}

#[cfg(test)]
mod tests {
    use super::is_formula;

    #[test]
    fn a_formula_is_recognised_by_its_first_character() {
        for cell in ["=1+1", "+84", "-1", "@SUM(A1)", "\tx", "\r=1"] {
            assert!(is_formula(cell), "{cell:?}");
        }
        for cell in ["", "1-2", "a=b", " =1", "'=1"] {
            assert!(!is_formula(cell), "{cell:?}");
        }
    }
}
