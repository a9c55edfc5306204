//! Totals of a validated file.

/// Totals of a file after the first pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Checked {
    pub file: &'static str,
    pub rows: u64,
    pub new: u64,
    pub unchanged: u64,
    /// Fingerprint of the file, to detect that the file changed before it is loaded.
    pub print: u64,
}
