//! Progress of an import: a bar on a terminal, else a periodic line in the log.

use std::{
    io::IsTerminal,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Interval of the log lines if no bar is drawn.
const LOG_INTERVAL: Duration = Duration::from_secs(15);

/// A step of an import and its progress.
#[derive(Clone, Copy, Debug, Default)]
struct Step {
    name: &'static str,
    /// Bytes of the files, known beforehand; `None` if the length of the step is unknown.
    length: Option<u64>,
    bytes: u64,
    rows: u64,
    /// Time of the last log line of the step.
    last_log: Duration,
}

impl Step {
    /// Progress line after this time: share, rows, rows per second, remaining time at the present rate.
    fn line(&self, elapsed: Duration) -> String {
        let Some(length) = self.length else { return self.name.to_owned() };
        let share = self.bytes as f64 / length.max(1) as f64;
        let rows = HumanCount(self.rows);
        let mut line = format!("{}: {:.0} %, {rows} rows", self.name, 100.0 * share.min(1.0));
        // Before this time the rate is too random to be shown.
        if elapsed >= Duration::from_secs(1) && share > 0.0 {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the rate is not negative")]
            let rows_per_second = (self.rows as f64 / elapsed.as_secs_f64()) as u64;
            let left = elapsed.as_secs_f64() * (1.0 / share - 1.0).max(0.0);
            let left = Duration::try_from_secs_f64(left.round()).unwrap_or(Duration::MAX);
            line.push_str(&format!(
                ", {} rows/s, {} left",
                HumanCount(rows_per_second),
                humantime::format_duration(left)
            ));
        }
        line
    }
}

/// Progress display of an import.
#[derive(Clone, Debug)]
pub(super) struct Progress {
    bar: ProgressBar,
    step: Arc<Mutex<Step>>,
    /// Whether lines are logged in place of a bar.
    is_plain: bool,
}

impl Progress {
    /// Displayed on standard error.
    pub fn visible() -> Self {
        let is_plain = !std::io::stderr().is_terminal();
        let target = if is_plain { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let bar = ProgressBar::with_draw_target(Some(0), target);
        let style = ProgressStyle::with_template("[{bar:30}] {msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Self { bar, step: Arc::default(), is_plain }
    }

    /// Displayed nowhere.
    pub fn hidden() -> Self {
        Self { bar: ProgressBar::hidden(), step: Arc::default(), is_plain: false }
    }

    /// Begins a step that reads this number of bytes.
    pub fn begin(&self, name: &'static str, length: u64) {
        self.start(Step { name, length: Some(length), ..Step::default() });
    }

    /// Begins a step of unknown length.
    pub fn begin_unmeasured(&self, name: &'static str) {
        self.start(Step { name, ..Step::default() });
    }

    fn start(&self, step: Step) {
        self.bar.set_length(step.length.unwrap_or(0));
        self.bar.set_position(0);
        self.bar.reset_elapsed();
        self.bar.set_message(step.name);
        if self.is_plain {
            tracing::info!("{}", step.name);
        }
        *self.step.lock().unwrap_or_else(PoisonError::into_inner) = step;
    }

    /// Adds bytes read.
    pub fn advance(&self, bytes: u64) {
        self.step.lock().unwrap_or_else(PoisonError::into_inner).bytes += bytes;
        self.bar.inc(bytes);
    }

    /// Adds processed rows.
    pub fn rows(&self, rows: u64) {
        let elapsed = self.bar.elapsed();
        let mut step = self.step.lock().unwrap_or_else(PoisonError::into_inner);
        step.rows += rows;
        let line = step.line(elapsed);
        if self.is_plain && elapsed.saturating_sub(step.last_log) >= LOG_INTERVAL {
            step.last_log = elapsed;
            tracing::info!("{line}");
        }
        drop(step);
        self.bar.set_message(line);
    }

    /// Removes the bar.
    pub fn clear(&self) {
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_contains_share_rows_rate_and_time_left() {
        for ((length, bytes, rows), seconds, line) in [
            ((Some(1_000), 0, 0), 0.0, "loading: 0 %, 0 rows"),
            ((Some(1_000), 0, 0), 60.0, "loading: 0 %, 0 rows"),
            ((Some(1_000), 10, 2_000), 0.9, "loading: 1 %, 2,000 rows"),
            ((Some(1_000), 250, 2_000_000), 100.0, "loading: 25 %, 2,000,000 rows, 20,000 rows/s, 5m left"),
            ((Some(1_000), 999, 8_000_000), 100.0, "loading: 100 %, 8,000,000 rows, 80,000 rows/s, 0s left"),
            // The file grew meanwhile.
            ((Some(1_000), 2_000, 10), 10.0, "loading: 100 %, 10 rows, 1 rows/s, 0s left"),
            ((Some(0), 0, 0), 10.0, "loading: 0 %, 0 rows"),
            ((None, 500, 10), 10.0, "loading"),
        ] {
            let step = Step { name: "loading", length, bytes, rows, last_log: Duration::ZERO };
            assert_eq!(step.line(Duration::from_secs_f64(seconds)), line);
        }
    }
}
