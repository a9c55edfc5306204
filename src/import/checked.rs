//! Totals of a validated file.

/// Totals of a file after the first pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Checked {
    pub file: &'static str,
    pub rows: u64,
    pub new: u64,
    pub unchanged: u64,
    /// Fingerprint, to see whether the file is still the same when it is loaded.
    pub print: u64,
}
