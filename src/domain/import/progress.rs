//! How far an import has come, drawn on a terminal.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A bar by bytes. Draws nothing where standard error is not a terminal.
#[derive(Clone, Debug)]
pub(super) struct Progress(ProgressBar);

impl Progress {
    /// A bar over this many bytes.
    pub fn over(bytes: u64) -> Self {
        let bar = ProgressBar::with_draw_target(Some(bytes), ProgressDrawTarget::stderr());
        let style = ProgressStyle::with_template(
            "{msg:20} [{bar:30}] {bytes}/{total_bytes} ({binary_bytes_per_sec}, {eta} left)",
        );
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Self(bar)
    }

    /// A bar that is never drawn.
    #[cfg(test)]
    pub fn hidden() -> Self {
        Self(ProgressBar::hidden())
    }

    /// Says what is being done.
    pub fn say(&self, message: &'static str) {
        self.0.set_message(message);
    }

    /// More bytes were read.
    pub fn advance(&self, bytes: u64) {
        self.0.inc(bytes);
    }

    /// Removes the bar.
    pub fn clear(&self) {
        self.0.finish_and_clear();
    }
}
