//! Endpoints for operators and load balancers: liveness, readiness, metrics.

use actix_web::{HttpResponse, http::header, web};

use crate::{db::SchemaState, http::Service};

/// `GET /healthz`: the process is running.
pub async fn live() -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain; charset=utf-8").body("ok\n")
}

/// `GET /readyz`: the database responds, its schema has this version, and writes can be stored.
pub async fn ready(service: web::Data<Service>) -> HttpResponse {
    let database = service.app_state.database();
    match database.schema_state().await {
        Ok(SchemaState::Current) => match database.fault().await {
            Some(fault) => not_ready(fault.sentence()),
            None => HttpResponse::Ok().content_type("text/plain; charset=utf-8").body("ok\n"),
        },
        Ok(SchemaState::Older(_)) => not_ready("the schema is older than this version: run `cadre-api migrate up`"),
        Ok(SchemaState::Newer(_)) => {
            not_ready("the schema is newer than this version: run the newer version of cadre-api")
        }
        Err(error) => {
            tracing::warn!(%error, "not ready");
            not_ready("the database does not answer")
        }
    }
}

fn not_ready(why: &'static str) -> HttpResponse {
    HttpResponse::ServiceUnavailable()
        .insert_header((header::RETRY_AFTER, "5"))
        .content_type("text/plain; charset=utf-8")
        .body(format!("{why}\n"))
}

/// `GET /metrics`: counters and latencies, in the text format of Prometheus.
pub async fn metrics(service: web::Data<Service>) -> HttpResponse {
    let Some(handle) = &service.metrics else { return HttpResponse::NotFound().finish() };
    service.app_state.database().measure();
    HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(handle.render())
}
