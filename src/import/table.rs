//! Reads a CSV file as a stream of typed rows, in bounded memory.

use std::{
    collections::HashSet,
    io::{self, Read},
    marker::PhantomData,
    sync::Arc,
};

use csv::{ByteRecord, ReaderBuilder, Terminator};

use super::{
    cell::{Cells, Faults},
    encoding::{self, Container, Encoding},
    files::{Files, unreadable},
    finding::{FindingCode, Findings, Place},
    header::Header,
    progress::Progress,
    source::{Gauge, Source, TooLong},
};
use crate::{
    domain::bundle::FileFormat,
    error::{Error, Result},
    language::Sentence,
    text::closest,
};

/// Longest record, in bytes.
pub(super) const LONGEST_RECORD: u64 = 1024 * 1024;

/// A typed row of a file.
pub(super) trait Row: Sized {
    /// Name and columns of the file.
    const FORMAT: FileFormat;
    /// Name of the file.
    const FILE: &'static str = Self::FORMAT.name;
    /// The columns, in the order of the format's description.
    const COLUMNS: &'static [&'static str] = Self::FORMAT.columns;
    /// Columns that a file may lack. Its rows then have no value there, and stored rows are not compared there.
    const OPTIONAL: &'static [&'static str] = Self::FORMAT.optional;

    /// Reads a record, column by column in the order of `COLUMNS`; every bad cell is noted, not only the first.
    fn read(cells: &mut Cells<'_, '_>) -> Option<Self>;
}

/// A row and the line it begins on.
pub(super) struct Line<T> {
    pub line: u64,
    /// The row; or the text of its first column, if a cell is invalid.
    pub row: Result<T, String>,
}

/// A file whose first bytes have already been read.
type SampledFile<R> = io::Chain<io::Cursor<Vec<u8>>, R>;

/// A file being read.
pub(super) struct Table<T, R> {
    reader: csv::Reader<Source<SampledFile<R>>>,
    gauge: Arc<Gauge>,
    header: Header,
    record: ByteRecord,
    faults: Faults,
    limit: u64,
    rows: u64,
    /// Reading has stopped: the file ended or cannot be parsed further.
    ended: bool,
    broke_off: bool,
    row: PhantomData<T>,
}

impl<'a, T: Row> Table<T, Box<dyn Read + 'a>> {
    /// Opens the file of a bundle.
    pub fn open(files: Files<'a>, progress: &Progress, findings: &mut Findings) -> Result<Self> {
        Self::new(files.open(T::FILE)?, LONGEST_RECORD, progress, findings)
    }
}

/// Fingerprint of a file.
pub(super) fn print(files: Files<'_>, file: &'static str, progress: &Progress) -> Result<u64> {
    let (mut source, gauge) = Source::new(files.open(file)?, u64::MAX / 2, progress.clone());
    io::copy(&mut source, &mut io::sink()).map_err(|error| unreadable(file, &error))?;
    Ok(gauge.print())
}

impl<T: Row, R: Read> Table<T, R> {
    /// Reads the header. An invalid one is reported, and the table is then empty.
    pub fn new(mut input: R, limit: u64, progress: &Progress, findings: &mut Findings) -> Result<Self> {
        let mut sample = Vec::new();
        let read = input.by_ref().take(encoding::SAMPLE).read_to_end(&mut sample);
        read.map_err(|error| unreadable(T::FILE, &error))?;
        let container = Container::of(&sample);
        // A character cut off by the end of the sample is not an error.
        let is_bad = std::str::from_utf8(&sample).is_err_and(|error| error.error_len().is_some());
        let faults = Faults { encoding: is_bad.then(|| Encoding::of(&sample)), is_reported: false };
        let (source, gauge) = Source::new(io::Cursor::new(sample).chain(input), limit, progress.clone());
        let reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .terminator(Terminator::Any(b'\n'))
            .from_reader(source);
        let header = Header { file: T::FILE, columns: T::COLUMNS, places: Vec::new() };
        let record = ByteRecord::new();
        let (ended, broke_off) = (container.is_some(), false);
        let mut table =
            Self { reader, gauge, header, record, faults, limit, rows: 0, ended, broke_off, row: PhantomData };
        if let Some(container) = container {
            table.note_header(findings, FindingCode::BadEncoding, || container.sentence());
        } else if table.advance(findings)? {
            table.read_header(findings);
        } else if !table.broke_off {
            table.note_header(findings, FindingCode::BadHeader, || bad_header(&[], (T::COLUMNS, T::OPTIONAL)));
        }
        Ok(table)
    }

    /// Positions of the columns.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Whether the file was parsed to its end.
    pub fn is_whole(&self) -> bool {
        self.is_readable() && !self.broke_off
    }

    /// Whether the header is valid.
    fn is_readable(&self) -> bool {
        self.header.places.len() == T::COLUMNS.len()
    }

    /// Rows so far.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Fingerprint of the file, once it has been read to its end.
    pub fn print(&self) -> u64 {
        self.gauge.print()
    }

    /// The next rows, at most `size`; none at the end.
    pub fn batch(&mut self, size: usize, findings: &mut Findings) -> Result<Vec<Line<T>>> {
        let mut lines = Vec::new();
        while lines.len() < size && self.is_readable() && self.advance(findings)? {
            self.rows += 1;
            let line = self.line();
            let mut cells = Cells::new(&self.header, &self.record, line, findings);
            let row = if cells.are_whole(&mut self.faults) { T::read(&mut cells) } else { None };
            lines.push(Line { line, row: row.ok_or_else(|| self.first_cell()) });
        }
        Ok(lines)
    }

    fn first_cell(&self) -> String {
        let first = self.header.places.first().copied().flatten();
        let cell = first.and_then(|place| self.record.get(place)).unwrap_or_default();
        String::from_utf8_lossy(cell).trim().to_owned()
    }

    /// The line on which the record begins. It is counted back from the reader's position by the line feeds in the
    /// record, because the reader's own start includes blank lines before the record.
    fn line(&self) -> u64 {
        let within = self.record.as_slice().iter().filter(|byte| **byte == b'\n').count() as u64;
        self.reader.position().line().saturating_sub(1 + within).max(1)
    }

    /// Reads a record; false at the end, or if the file cannot be parsed further.
    fn advance(&mut self, findings: &mut Findings) -> Result<bool> {
        if self.ended {
            return Ok(false);
        }
        loop {
            self.gauge.begin_record();
            let first_line = self.reader.position().line();
            match self.reader.read_byte_record(&mut self.record) {
                Ok(true) if self.gauge.has_ended() => self.never_closed(findings),
                Ok(true) if self.record.as_slice().len() as u64 > self.limit => self.too_long(first_line, findings),
                Ok(true) if is_comment(&self.record) => continue,
                Ok(true) => return Ok(true),
                Ok(false) => {}
                Err(error) if is_too_long(&error) => self.too_long(first_line, findings),
                Err(error) => return Err(failed(T::FILE, error)),
            }
            break;
        }
        self.ended = true;
        Ok(false)
    }

    fn too_long(&mut self, first_line: u64, findings: &mut Findings) {
        self.broke_off = true;
        let limit = self.limit;
        let place = Place { line: Some(first_line), column: None };
        findings.note(T::FILE, place, FindingCode::BadRecord, || {
            Sentence::new(
                format!(
                    "bản ghi dài hơn {limit} byte, có thể do thiếu dấu ngoặc kép đóng; hãy sửa dòng này, phần còn lại \
                     của tệp chưa được đọc"
                ),
                format!(
                    "the record is longer than {limit} bytes, perhaps because a closing quotation mark is missing; \
                     correct it, the rest of the file was not read"
                ),
            )
        });
    }

    /// Reports a quotation mark that is never closed, so that the rest of the file is one record.
    fn never_closed(&mut self, findings: &mut Findings) {
        self.broke_off = true;
        // In this case the line feed at the end of the file is part of the record.
        let place = Place { line: Some(self.line() + 1), column: None };
        findings.note(T::FILE, place, FindingCode::BadRecord, || {
            Sentence::new(
                "bản ghi có dấu ngoặc kép mở mà không đóng, nên phần còn lại của tệp được đọc thành một ô; hãy thêm dấu \
                 đóng",
                "the record has an opening quotation mark without a closing one, so the rest of the file was read as \
                 one cell; add the closing mark",
            )
        });
    }

    fn read_header(&mut self, findings: &mut Findings) {
        let names = self.record.iter().map(|name| std::str::from_utf8(name).ok().filter(|name| !name.contains('\0')));
        let Some(names) = names.collect::<Option<Vec<_>>>() else {
            let encoding = self.faults.encoding.unwrap_or_else(|| Encoding::of(self.record.as_slice()));
            return self.note_header(findings, FindingCode::BadEncoding, || header_not_utf8(encoding));
        };
        if let Some(separator) = encoding::separator(&names.join(","), T::COLUMNS) {
            return self.note_header(findings, FindingCode::BadSeparator, || separator.sentence());
        }
        let is_known = |name: &&str| T::COLUMNS.contains(name);
        let is_absent = |column: &&str| !names.contains(column) && !T::OPTIONAL.contains(column);
        let distinct: HashSet<_> = names.iter().collect();
        if distinct.len() == names.len() && names.iter().all(is_known) && !T::COLUMNS.iter().any(is_absent) {
            let places = T::COLUMNS.iter().map(|column| names.iter().position(|name| name == column)).collect();
            self.header.places = places;
            return;
        }
        let sentence = bad_header(&names, (T::COLUMNS, T::OPTIONAL));
        self.note_header(findings, FindingCode::BadHeader, || sentence);
    }

    /// Reports the reason why the file cannot be read beyond its first line.
    fn note_header(&mut self, findings: &mut Findings, code: FindingCode, sentence: impl FnOnce() -> Sentence) {
        self.ended = true;
        findings.note(T::FILE, Place { line: Some(1), column: None }, code, sentence);
    }
}

fn header_not_utf8(encoding: Encoding) -> Sentence {
    let Sentence { vi, en } = encoding.sentence();
    Sentence::new(
        format!("dòng tiêu đề không dùng bảng mã UTF-8 (hoặc có ký tự NUL); {vi}"),
        format!("the header is not UTF-8 (or contains a NUL character); {en}"),
    )
}

/// All errors of a header in one sentence. The sentence does not quote the header: a file without a header has a
/// person's facts in its first line.
fn bad_header(names: &[&str], (columns, optional): (&[&str], &[&str])) -> Sentence {
    let all = columns.join(",");
    if !names.iter().any(|name| columns.contains(name)) {
        return Sentence::new(
            format!("dòng đầu tiên không phải dòng tiêu đề; các cột là: {all}"),
            format!("the first line is not a header; the columns are: {all}"),
        );
    }
    let (mut vi, mut en) = (Vec::new(), Vec::new());
    let absent: Vec<&str> =
        columns.iter().copied().filter(|column| !names.contains(column) && !optional.contains(column)).collect();
    if !absent.is_empty() {
        vi.push(format!("thiếu cột: {}", absent.join(", ")));
        en.push(format!("missing columns: {}", absent.join(", ")));
    }
    for (at, name) in names.iter().enumerate() {
        let position = at + 1;
        if names[..at].contains(name) {
            vi.push(format!("cột thứ {position} lặp lại một cột trước đó"));
            en.push(format!("column number {position} repeats an earlier column"));
        } else if !columns.contains(name) {
            let suggestion = closest(name, columns.iter().copied().filter(|column| !names.contains(column)));
            let (meant_vi, meant_en) = suggestion.map_or_else(Default::default, |suggestion| {
                (format!(", tên gần giống: {suggestion}"), format!(" (did you mean {suggestion}?)"))
            });
            vi.push(format!("tên cột thứ {position} không có trong định dạng{meant_vi}"));
            en.push(format!("the name of column number {position} is not in the format{meant_en}"));
        }
    }
    Sentence::new(format!("{}; các cột là: {all}", vi.join("; ")), format!("{}; the columns are: {all}", en.join("; ")))
}

/// Whether a record is a comment: a line that begins with `#` and a blank. The error value `#REF!` of spreadsheets has
/// no blank.
fn is_comment(record: &ByteRecord) -> bool {
    record.get(0).is_some_and(|first| first == b"#" || first.starts_with(b"# "))
}

fn is_too_long(error: &csv::Error) -> bool {
    match error.kind() {
        csv::ErrorKind::Io(error) => error.get_ref().is_some_and(|inner| inner.is::<TooLong>()),
        _ => false,
    }
}

fn failed(file: &str, error: csv::Error) -> Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => unreadable(file, &error),
        other => Error::internal(io::Error::other(format!("{other:?}"))),
    }
}
