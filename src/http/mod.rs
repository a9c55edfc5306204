//! The HTTP layer: routes, limits, authentication, and responses. No SQL, no rules.

mod asset;
pub mod bearer;
mod body;
mod changes;
mod compress;
mod conditional;
pub mod console;
mod cors;
mod deprecation;
mod error;
mod export;
pub mod gateway;
mod graphql;
mod health;
mod import;
mod limit;
pub mod oauth;
mod persisted;
mod problem;
mod purpose;
mod request_id;
pub mod rest;
mod root;
pub mod server;
mod trace;

use std::sync::Arc;

use metrics_exporter_prometheus::PrometheusHandle;

use crate::{
    app_state::AppState,
    auth::Tokens,
    config::{Console, CorsOrigins},
    graphql::engine::Engine,
    limit::{Budgets, Exports, Imports, InFlight, Streams},
};

/// Shared state of all requests.
pub struct Service {
    /// Entry point of the domain.
    pub app_state: Arc<AppState>,
    /// Access tokens.
    pub tokens: actix_web::web::Data<Tokens>,
    /// The schema and the cache of compiled documents.
    pub engine: Engine,
    /// Rate limits of all clients.
    pub budgets: Budgets,
    /// Limit on concurrent GraphQL requests.
    pub in_flight: InFlight,
    /// Requests of each client that wait for changes.
    pub streams: Arc<Streams>,
    /// X-Road security servers whose headers are recorded.
    pub security_servers: gateway::SecurityServers,
    /// Limit on concurrent exports.
    pub exports: Exports,
    /// Limits of imports.
    pub imports: Imports,
    /// Metrics for `/metrics`; `None` if another recorder was installed.
    pub metrics: Option<PrometheusHandle>,
    /// Settings about browsers.
    pub web: WebSettings,
}

/// Settings about browsers.
#[derive(Clone, Debug, Default)]
pub struct WebSettings {
    /// Origins whose pages may read responses.
    pub cors_origins: CorsOrigins,
    /// Whether the console is served.
    pub console: Console,
}
