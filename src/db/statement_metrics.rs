//! Metrics of statements.

use std::time::Duration;

/// Name of the query pool in the metrics.
pub(super) const QUERIES: &str = "query";

/// Counts a statement.
pub(super) fn count(pool: &'static str, elapsed: Duration, failed: bool) {
    let failed = if failed { "true" } else { "false" };
    metrics::counter!("cadre_database_statements_total", "pool" => pool, "failed" => failed).increment(1);
    metrics::histogram!("cadre_database_statement_seconds").record(elapsed.as_secs_f64());
}
