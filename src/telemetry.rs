//! Logs and metrics.

use std::{
    env,
    io::{self, IsTerminal, Write},
};

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::{
    Layer, Registry,
    filter::{LevelFilter, Targets},
    fmt,
    layer::{Layered, SubscriberExt},
    util::SubscriberInitExt,
};

use crate::config::LogFormat;

/// Histogram buckets of latencies, in seconds.
const LATENCIES: [f64; 11] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];

/// Histogram buckets of operation costs.
const COSTS: [f64; 7] = [10.0, 50.0, 200.0, 1_000.0, 5_000.0, 10_000.0, 20_000.0];

/// Sends logs to standard error. Text is coloured on a terminal, unless `NO_COLOR` is set.
///
/// # Errors
/// A sentence if a log subscriber is already installed.
pub fn start_logs(filter: Targets, format: LogFormat) -> Result<(), String> {
    let is_terminal = io::stderr().is_terminal();
    // Internal errors of the subscriber are not logged: they are printed to standard error too, which panics if it is a
    // closed pipe.
    let logs = fmt::layer().with_writer(LogWriter::default).with_target(false).log_internal_errors(false);
    let logs: Box<dyn Layer<Layered<Targets, Registry>> + Send + Sync> = match format {
        LogFormat::Auto if is_terminal => logs.with_ansi(is_coloured(is_terminal)).boxed(),
        LogFormat::Text => logs.with_ansi(is_coloured(is_terminal)).boxed(),
        LogFormat::Auto | LogFormat::Json => logs.json().flatten_event(true).with_span_list(false).boxed(),
    };
    let started = tracing_subscriber::registry().with(without_parser_errors(filter)).with(logs).try_init();
    started.map_err(|_| "logging has already been started".to_owned())
}

/// Whether text is coloured (<https://no-color.org>).
#[expect(clippy::disallowed_methods, reason = "NO_COLOR is a convention of all programs, not a setting of this one")]
fn is_coloured(is_terminal: bool) -> bool {
    is_terminal && env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Hides errors of the HTTP parser, which reports each malformed request as an error, so that clients could fill the
/// log.
fn without_parser_errors(filter: Targets) -> Targets {
    const PARSER: &str = "actix_http";
    if filter.iter().any(|(target, _)| target.starts_with(PARSER)) {
        return filter;
    }
    filter.with_target(PARSER, LevelFilter::OFF)
}

/// Standard error. A line that cannot be written, for instance because the disk is full, is counted and dropped,
/// because a request must not fail because of its log.
#[derive(Debug)]
struct LogWriter(io::Stderr);

impl Default for LogWriter {
    fn default() -> Self {
        Self(io::stderr())
    }
}

impl Write for LogWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.0.write(bytes) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => {
                metrics::counter!("cadre_log_lines_lost_total").increment(1);
                Ok(bytes.len())
            }
            written => written,
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Logs only the location of a panic: its message may contain a value that must not be logged.
pub fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(panic.place = %place, "panic");
    }));
}

/// Installs the metrics recorder for `/metrics`; `None` if one is installed already.
pub fn start_metrics() -> Option<PrometheusHandle> {
    let seconds = Matcher::Suffix("_seconds".to_owned());
    let cost = Matcher::Full("cadre_operation_cost".to_owned());
    let builder = PrometheusBuilder::new().set_buckets_for_metric(seconds, &LATENCIES).ok()?;
    let handle = builder.set_buckets_for_metric(cost, &COSTS).ok()?.install_recorder().ok()?;
    metrics::describe_counter!("cadre_requests_total", "Completed requests, by route and status.");
    metrics::describe_histogram!("cadre_request_seconds", "Duration of a request in seconds, by route.");
    metrics::describe_counter!("cadre_errors_total", "Errors sent to clients, by code.");
    metrics::describe_counter!(
        "cadre_limited_total",
        "Requests refused by a limit, by limit: requests, cost, turns, in-flight, attempts, streams."
    );
    metrics::describe_histogram!("cadre_operation_cost", "Computed cost of operations.");
    metrics::describe_counter!("cadre_database_statements_total", "Statements sent to the database.");
    metrics::describe_histogram!("cadre_database_statement_seconds", "Duration of a statement in seconds.");
    metrics::describe_counter!("cadre_log_lines_lost_total", "Log lines that could not be written.");
    metrics::describe_counter!(
        "cadre_checkpoints_failed_total",
        "Failed writes of log checkpoints; each write is retried."
    );
    metrics::describe_counter!(
        "cadre_deprecated_field_total",
        "Operations that use a deprecated part of the API, by its coordinate and client."
    );
    metrics::describe_counter!("cadre_webhook_deliveries_total", "Attempts to deliver to webhooks, by result.");
    metrics::describe_gauge!(
        "cadre_webhook_oldest_pending_seconds",
        "Age of the oldest announcement that is not delivered, in seconds."
    );
    metrics::describe_gauge!("cadre_database_connections", "Connections of the read pool, by state.");
    Some(handle)
}
