//! One span and one log line per request, with its id, route, status and duration: never a URL's query, a header, a
//! body or a variable, which may contain personal data or a token.

use std::time::Instant;

use actix_web::{
    Error, HttpMessage,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    middleware::Next,
};
use tracing::{Span, field::Empty};
use tracing_actix_web::RootSpanBuilder;

use crate::http::request_id::{self, RequestId};

/// Adds the id of the request, as logged, to the response of every route.
pub async fn with_request_id<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let id = RequestId::of(request.request());
    let mut response = next.call(request).await?;
    if let Some(id) = id.and_then(|id| id.header()) {
        response.headers_mut().insert(request_id::HEADER, id);
    }
    Ok(response)
}

/// Creates the span of a request and closes it with a log line and metrics.
pub struct Spans;

#[derive(Clone, Copy)]
struct StartTime(Instant);

impl RootSpanBuilder for Spans {
    fn on_request_start(request: &ServiceRequest) -> Span {
        request.extensions_mut().insert(StartTime(Instant::now()));
        let id = RequestId::assign(request);
        let route = request.match_pattern().unwrap_or_else(|| "other".to_owned());
        // At ERROR level: with a filter for warnings, an INFO span would be missing, and with it the request id.
        tracing::error_span!("request", request.id = id.as_str(), http.method = %request.method(), http.route = %route, client.id = Empty)
    }

    fn on_request_end<B: MessageBody>(span: Span, outcome: &Result<ServiceResponse<B>, Error>) {
        let (status, started, route) = match outcome {
            Ok(response) => {
                let request = response.request();
                let started = request.extensions().get::<StartTime>().copied();
                (response.status().as_u16(), started, request.match_pattern())
            }
            Err(error) => (error.as_response_error().status_code().as_u16(), None, None),
        };
        let route = route.unwrap_or_else(|| "other".to_owned());
        let seconds = started.map_or(0.0, |StartTime(at)| at.elapsed().as_secs_f64());
        metrics::counter!("cadre_requests_total", "route" => route.clone(), "status" => status.to_string())
            .increment(1);
        metrics::histogram!("cadre_request_seconds", "route" => route).record(seconds);
        span.in_scope(|| {
            tracing::info!(
                http.status = status,
                duration_ms = (seconds * 1_000_000.0).round() / 1000.0,
                "request completed"
            );
        });
    }
}
