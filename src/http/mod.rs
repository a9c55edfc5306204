//! The edge: routes, limits, the road from bytes to a caller, and answers as HTTP. No SQL, no rules.

pub mod bearer;
mod body;
mod error;
mod graphql;
mod health;
mod limit;
pub mod oauth;
mod purpose;
mod root;
pub mod server;
mod trace;

use std::sync::Arc;

use metrics_exporter_prometheus::PrometheusHandle;

use crate::{
    auth::Tokens,
    domain::app_state::AppState,
    graphql::engine::Engine,
    limit::{Budgets, InFlight},
};

/// What all requests share.
pub struct Service {
    /// The domain's house.
    pub app_state: Arc<AppState>,
    /// Tokens: issuing and verifying.
    pub tokens: actix_web::web::Data<Tokens>,
    /// Schema and compiled documents.
    pub engine: Engine,
    /// What is counted for each client.
    pub budgets: Budgets,
    /// The bound on GraphQL requests that are worked on at once.
    pub in_flight: InFlight,
    /// What `/metrics` shows; none if another recorder was installed.
    pub metrics: Option<PrometheusHandle>,
}
