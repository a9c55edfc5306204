//! The REST API `/v1`: each route executes one checked-in document of `api/v1` in the engine of `/graphql`, with the same
//! policy, cost, limits, purposes and logs. Routes are data; there is no second path to the records.

pub(super) mod answer;
mod description;
mod documents;
mod parameter;
pub mod route;

use std::sync::{Arc, LazyLock};

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header},
    web,
};
use serde_json::{Map, Value, json};

use crate::{
    graphql::{
        engine::{DocumentOrigin, ExecutionRequest},
        guard::schema_index::SchemaIndex,
        sdl,
    },
    http::{
        Service, body, conditional, deprecation,
        error::{Refused, language, only, read, request_id},
        graphql, limit,
        rest::route::{PREFIX, Route},
    },
};

/// Representation of the answers, which differs from that of `/graphql`.
const REPRESENTATION: &str = "REST";

static ROUTES: LazyLock<Vec<Route>> = LazyLock::new(|| route::routes(&SchemaIndex::of(&sdl())));

/// Adds the routes of the REST API.
pub fn routes(config: &mut web::ServiceConfig) {
    config.service(web::resource("/openapi.json").route(read(description::get)).default_service(only("GET, HEAD")));
    config.service(web::resource(PREFIX).route(read(index)).default_service(only("GET, HEAD")));
    for of_path in ROUTES.chunk_by(|one, other| one.path == other.path) {
        let mut resource = web::resource(&of_path[0].path);
        for route in of_path {
            let handler = move |request: HttpRequest, payload: web::Payload, service: web::Data<Service>| {
                serve(route, request, payload, service)
            };
            resource = resource.route(if route.is_post { web::post().to(handler) } else { read(handler) });
        }
        let allowed = match (of_path[0].is_post, of_path.len()) {
            (true, _) => "POST",
            (false, 1) => "GET, HEAD",
            (false, _) => "GET, HEAD, POST",
        };
        config.service(resource.default_service(only(allowed)));
    }
}

/// `GET /v1`: all routes. Public.
async fn index(request: HttpRequest) -> HttpResponse {
    let language = language(&request);
    let shown = |route: &Route| {
        let method = if route.is_post { "POST" } else { "GET" };
        json!({ "method": method, "path": route.path, "operation": route.name, "summary": route.summary.text(language) })
    };
    HttpResponse::Ok()
        .insert_header((header::CONTENT_LANGUAGE, language.tag()))
        .insert_header((header::CACHE_CONTROL, "public, max-age=300"))
        .insert_header((header::VARY, "Accept-Language"))
        .json(json!({ "routes": ROUTES.iter().map(shown).collect::<Vec<_>>() }))
}

async fn serve(
    route: &'static Route,
    request: HttpRequest,
    mut payload: web::Payload,
    service: web::Data<Service>,
) -> HttpResponse {
    let (access, allowance) = match graphql::admitted(&request, &service).await {
        Ok(admitted) => admitted,
        Err(response) => return body::unread(response, payload),
    };
    let parts = async {
        ensure_acceptable(&request).map_err(|refused| refused.response(&request))?;
        let body = match route.is_post {
            true => members(&request, &mut payload).await.map_err(|refused| refused.response(&request))?,
            false => Map::new(),
        };
        let variables = parameter::variables(route, service.engine.schema_index(), &request, body);
        variables.map_err(|bad| answer::bad_parameter(&request, &bad))
    };
    let response = match parts.await {
        Ok(variables) => {
            let validation = conditional::validation(&request, REPRESENTATION);
            let question = ExecutionRequest {
                document: route.document.clone(),
                origin: DocumentOrigin::Registered,
                operation_name: None,
                variables,
                language: language(&request),
                request_id: request_id(&request),
                queries_only: !route.is_mutation,
                allowance: Arc::clone(&allowance),
                validation: validation.clone(),
            };
            let executed = graphql::executed(&request, &service, access, question).await;
            let response = executed.map_or_else(
                |response| response,
                |executed| {
                    let response = answer::response(route, &request, executed.response);
                    deprecation::with_headers(&request, response, &executed.deprecations)
                },
            );
            conditional::validated(response, validation.as_deref())
        }
        Err(response) => body::unread(response, payload),
    };
    limit::with_rate_limit_headers(response, &allowance)
}

/// The members of the body; a request without a body has none.
async fn members(request: &HttpRequest, payload: &mut web::Payload) -> Result<Map<String, Value>, Refused> {
    let has_header = |name| request.headers().contains_key(name);
    let length = request.headers().get(header::CONTENT_LENGTH).is_none_or(|length| length == "0");
    if length && !has_header(header::TRANSFER_ENCODING) && !has_header(header::CONTENT_TYPE) {
        return Ok(Map::new());
    }
    let bytes = body::json(request, payload).await?;
    serde_json::from_slice(&bytes).map_err(|_| {
        Refused::bad_request(
            "Nội dung không phải là một đối tượng JSON hợp lệ.",
            "The body is not a well-formed JSON object.",
        )
    })
}

/// Responses are JSON, and errors are JSON problems.
fn ensure_acceptable(request: &HttpRequest) -> Result<(), Refused> {
    let mut ranges = request.headers().get_all(header::ACCEPT).filter_map(|value| value.to_str().ok()).peekable();
    let is_json = |range: &str| {
        let mut parts = range.split(';').map(|part| part.trim().to_ascii_lowercase());
        let media = parts.next().unwrap_or_default();
        let is_refused = parts.any(|part| part.strip_prefix("q=").is_some_and(|q| q.parse() == Ok(0.0)));
        let is_json =
            matches!(media.as_str(), "application/json" | "application/problem+json" | "application/*" | "*/*");
        is_json && !is_refused
    };
    if ranges.peek().is_none() || ranges.any(|ranges| ranges.split(',').any(is_json)) {
        return Ok(());
    }
    Err(Refused::new(
        StatusCode::NOT_ACCEPTABLE,
        "NOT_ACCEPTABLE",
        "Câu trả lời chỉ có dạng `application/json`; hãy sửa tiêu đề Accept.",
        "Responses are `application/json`; correct the header Accept.",
    ))
}

#[cfg(test)]
mod tests;
