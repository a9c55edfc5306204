//! The bytes of a file before the CSV reader: bounded, counted, fingerprinted, with line ends normalised.

use std::{
    hash::Hasher,
    io::{self, Read},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
};

use super::progress::Progress;

/// Bytes per read of the file.
const BLOCK: usize = 64 * 1024;

/// State shared by the CSV reader and its byte source.
#[derive(Debug, Default)]
pub(super) struct Gauge {
    /// Bytes handed out since the reader began its record.
    since_record: AtomicU64,
    /// Fingerprint of the bytes so far.
    print: AtomicU64,
    /// Whether the reader has received the end of the file.
    at_end: AtomicBool,
}

impl Gauge {
    /// The reader begins a record.
    pub fn begin_record(&self) {
        self.since_record.store(0, Relaxed);
    }

    /// Fingerprint of the whole file, once it has been read to its end.
    pub fn print(&self) -> u64 {
        self.print.load(Relaxed)
    }

    /// Whether the reader has received the end of the file. Every line ends with a line feed, so a record that reached
    /// the end has an unclosed quotation mark.
    pub fn has_ended(&self) -> bool {
        self.at_end.load(Relaxed)
    }
}

/// A record exceeds the limit. Detected below the CSV reader, because the reader would buffer the whole record.
#[derive(Debug, thiserror::Error)]
#[error("the record is too long")]
pub(super) struct TooLong;

/// A reader that turns CRLF into LF, ends the last line, and stops a record that grows past the limit.
pub(super) struct Source<R> {
    inner: R,
    block: Vec<u8>,
    at: usize,
    limit: u64,
    carriage_return: bool,
    last: u8,
    at_end: bool,
    // Not cryptographic: a collision would have to be deliberate, and its author could write the files anyway.
    hasher: std::hash::DefaultHasher,
    gauge: Arc<Gauge>,
    progress: Progress,
}

impl<R: Read> Source<R> {
    /// Reads from `inner`; `limit` is the maximum number of bytes of one record.
    pub fn new(inner: R, limit: u64, progress: Progress) -> (Self, Arc<Gauge>) {
        let gauge = Arc::new(Gauge::default());
        let source = Self {
            inner,
            block: Vec::new(),
            at: 0,
            limit,
            carriage_return: false,
            last: b'\n',
            at_end: false,
            hasher: std::hash::DefaultHasher::new(),
            gauge: Arc::clone(&gauge),
            progress,
        };
        (source, gauge)
    }

    /// Reads the next block and normalises its line ends.
    fn fill(&mut self) -> io::Result<()> {
        let mut raw = std::mem::take(&mut self.block);
        raw.resize(BLOCK, 0);
        let length = loop {
            match self.inner.read(&mut raw) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other?,
            }
        };
        raw.truncate(length);
        self.at = 0;
        self.progress.advance(length as u64);
        self.hasher.write(&raw);
        self.gauge.print.store(self.hasher.finish(), Relaxed);
        self.block = if self.carriage_return || raw.contains(&b'\r') { self.without_returns(&raw) } else { raw };
        if length == 0 {
            self.end();
        }
        self.last = self.block.last().copied().unwrap_or(self.last);
        Ok(())
    }

    /// Removes carriage returns before a line feed. Others remain and make their cell invalid.
    fn without_returns(&mut self, raw: &[u8]) -> Vec<u8> {
        let mut block = Vec::with_capacity(raw.len() + 1);
        for &byte in raw {
            if self.carriage_return && byte != b'\n' {
                block.push(b'\r');
            }
            self.carriage_return = byte == b'\r';
            if !self.carriage_return {
                block.push(byte);
            }
        }
        block
    }

    /// Ends the last line, so that every record ends with a line feed and line numbers can be counted back from it.
    fn end(&mut self) {
        self.at_end = true;
        if self.carriage_return {
            self.block.push(b'\r');
        }
        if self.block.last().copied().unwrap_or(self.last) != b'\n' {
            self.block.push(b'\n');
        }
    }
}

impl<R: Read> Read for Source<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // The reader may have buffered bytes of later records, hence the allowance of one block.
        if self.gauge.since_record.load(Relaxed) > self.limit + BLOCK as u64 {
            return Err(io::Error::other(TooLong));
        }
        // A block can be empty before the end: a carriage return is held back until the next byte is read.
        while self.at == self.block.len() && !self.at_end {
            self.fill()?;
        }
        let length = (self.block.len() - self.at).min(buffer.len());
        if length == 0 && !buffer.is_empty() {
            self.gauge.at_end.store(true, Relaxed);
        }
        buffer[..length].copy_from_slice(&self.block[self.at..self.at + length]);
        self.at += length;
        self.gauge.since_record.fetch_add(length as u64, Relaxed);
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns one byte per read.
    struct OneBytePerRead<'a>(&'a [u8]);

    impl Read for OneBytePerRead<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.0.read(&mut buffer[..1])
        }
    }

    fn read(bytes: &[u8]) -> String {
        let whole = io::read_to_string(Source::new(bytes, 100, Progress::hidden()).0).unwrap();
        let single_bytes = io::read_to_string(Source::new(OneBytePerRead(bytes), 100, Progress::hidden()).0).unwrap();
        assert_eq!(whole, single_bytes);
        whole
    }

    #[test]
    fn line_ends_are_normalised_and_the_last_line_is_terminated() {
        for (bytes, text) in [
            ("a\nb\n", "a\nb\n"),
            ("a\r\nb\r\n", "a\nb\n"),
            ("a\nb", "a\nb\n"),
            ("a\rb", "a\rb\n"),
            ("a\r", "a\r\n"),
            ("a\r\r\n", "a\r\n"),
            ("", ""),
        ] {
            assert_eq!(read(bytes.as_bytes()), text, "{bytes:?}");
        }
    }

    #[test]
    fn different_texts_have_different_fingerprints() {
        let print = |bytes: &[u8]| {
            let (source, gauge) = Source::new(bytes, 100, Progress::hidden());
            io::read_to_string(source).unwrap();
            gauge.print()
        };
        assert_eq!(print(b"a\n"), print(b"a\n"));
        assert_ne!(print(b"a\n"), print(b"a\r\n"));
    }
}
