//! Standard output of commands.

use chrono::{DateTime, Utc};
use std::{
    fmt::Display,
    io::{self, ErrorKind, Write},
};

/// Standard output of a command.
///
/// When the reader closes its end of the pipe, as `head` does, printing stops and the command continues: its exit
/// status describes its effect on the data. Any other write error is reported by [`Output::finish`].
pub struct Output<W = io::Stdout> {
    to: W,
    error: Option<io::Error>,
}

impl Output {
    /// The standard output of the process.
    pub fn standard() -> Self {
        Self::to(io::stdout())
    }
}

impl<W: Write> Output<W> {
    /// Output to any writer.
    pub fn to(to: W) -> Self {
        Self { to, error: None }
    }

    /// Prints a line.
    pub fn line(&mut self, text: impl Display) {
        self.text(format_args!("{text}\n"));
    }

    /// Prints text without a line feed.
    pub fn text(&mut self, text: impl Display) {
        if self.error.is_none() {
            self.error = write!(self.to, "{text}").err();
        }
    }

    /// Whether everything printed so far was written. Flushes, so that `true` means that the reader can read it.
    pub fn is_written(&mut self) -> bool {
        if self.error.is_none() {
            self.error = self.to.flush().err();
        }
        self.error.is_none()
    }

    /// Flushes.
    ///
    /// # Errors
    /// If output could not be written for a reason other than a pipe closed by its reader.
    pub fn finish(mut self) -> io::Result<()> {
        self.is_written();
        match self.error {
            Some(error) if error.kind() != ErrorKind::BrokenPipe => Err(error),
            _ => Ok(()),
        }
    }
}

/// For code that needs a writer. Never fails: errors are stored for [`Output::finish`].
impl<W: Write> Write for Output<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.error.is_none() {
            self.error = self.to.write_all(bytes).err();
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.is_written();
        Ok(())
    }
}

/// Prints a line to standard error. Ignores failures, because they cannot be reported elsewhere.
pub fn note(text: impl Display) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// State of an object that may be revoked.
pub fn state(revoked_at: Option<DateTime<Utc>>) -> String {
    revoked_at.map_or("live".to_owned(), |at| format!("revoked {}", at.format("%Y-%m-%d")))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Accepts some bytes and then fails.
    struct Failing(usize, ErrorKind);

    impl Write for Failing {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let accepted = self.0.min(bytes.len());
            self.0 -= accepted;
            if accepted == 0 { Err(self.1.into()) } else { Ok(accepted) }
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn every_write_error_but_a_closed_pipe_is_a_failure() {
        for (capacity, kind, is_written, is_ok) in [
            (100, ErrorKind::Other, true, true),
            (0, ErrorKind::BrokenPipe, false, true),
            (8, ErrorKind::BrokenPipe, false, true),
            (0, ErrorKind::StorageFull, false, false),
            (8, ErrorKind::StorageFull, false, false),
        ] {
            let mut out = Output::to(Failing(capacity, kind));
            out.line("seven 7");
            writeln!(out, "and more").expect("never fails");
            assert_eq!(out.is_written(), is_written, "{capacity} {kind}");
            assert_eq!(out.finish().is_ok(), is_ok, "{capacity} {kind}");
        }
    }
}
