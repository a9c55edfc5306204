//! Errors of the HTTP layer, in the JSON format of GraphQL clients: `errors` with a message and a code. The REST API gets
//! them as problems.

use actix_web::{
    HttpRequest, HttpResponse, Route,
    http::{Method, StatusCode, header},
    web,
};

use crate::{
    http::{
        problem::{self, Problem},
        request_id::RequestId,
    },
    language::{Language, Sentence},
};

/// A request that was refused before any GraphQL was parsed.
#[derive(Clone, Debug)]
pub struct Refused {
    /// Status of the response.
    pub status: StatusCode,
    /// Code for programs.
    pub code: &'static str,
    /// The problem and its solution.
    pub sentence: Sentence,
}

impl Refused {
    /// Creates a refusal.
    pub fn new(status: StatusCode, code: &'static str, vi: impl Into<String>, en: impl Into<String>) -> Self {
        Self { status, code, sentence: Sentence::new(vi, en) }
    }

    /// A request that is not a GraphQL request (GraphQL over HTTP, section 5.2).
    pub fn bad_request(vi: impl Into<String>, en: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "BAD_REQUEST", vi, en)
    }

    /// A request whose field is missing or has the wrong type.
    pub fn wrong_field(field: &str) -> Self {
        Self::bad_request(
            format!("Trường `{field}` của yêu cầu thiếu hoặc sai kiểu."),
            format!("The field `{field}` of the request is missing or of the wrong type."),
        )
    }

    /// Converts the refusal into a response.
    pub fn response(&self, request: &HttpRequest) -> HttpResponse {
        metrics::counter!("cadre_errors_total", "code" => self.code).increment(1);
        let language = language(request);
        if problem::is_wanted(request) {
            let (detail, request_id) = (self.sentence.text(language), request_id(request));
            let (status, code, public_url) = (self.status, self.code, problem::public_url(request));
            let problem =
                Problem { status, code, detail, language, request_id: &request_id, public_url, errors: Vec::new() };
            return problem.response();
        }
        let body = serde_json::json!({ "errors": [{
            "message": self.sentence.text(language),
            "extensions": { "code": self.code, "requestId": request_id(request) },
        }] });
        let mut response = HttpResponse::build(self.status);
        response
            .insert_header((header::CONTENT_LANGUAGE, language.tag()))
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .insert_header((header::VARY, "Accept, Accept-Language, Authorization"));
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            response.insert_header((header::RETRY_AFTER, "1"));
        }
        response.json(body)
    }
}

/// The language that the client prefers.
pub fn language(request: &HttpRequest) -> Language {
    let asked = request.headers().get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    Language::negotiate(asked)
}

/// Id of the request, used in the response, its errors and the log.
pub fn request_id(request: &HttpRequest) -> String {
    RequestId::of(request).map(|id| id.as_str().to_owned()).unwrap_or_default()
}

/// Response for a route with other methods; `allowed` lists these.
pub fn only(allowed: &'static str) -> Route {
    web::route().to(move |request: HttpRequest| async move {
        let refused = Refused::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "METHOD_NOT_ALLOWED",
            format!("Đường dẫn này chỉ chấp nhận phương thức {allowed}."),
            format!("This path only accepts the methods {allowed}."),
        );
        allowing(refused.response(&request), allowed)
    })
}

/// A 405 lists the allowed methods (RFC 9110, section 15.5.6).
pub fn allowing(mut response: HttpResponse, allowed: &'static str) -> HttpResponse {
    response.headers_mut().insert(header::ALLOW, header::HeaderValue::from_static(allowed));
    response
}

/// Response for an unknown route.
pub async fn no_such_route(request: HttpRequest) -> HttpResponse {
    let refused = Refused::new(
        StatusCode::NOT_FOUND,
        "NOT_FOUND",
        "Không có đường dẫn này; dữ liệu ở /graphql (lược đồ: /schema.graphql) và /v1 (danh sách đường dẫn: GET /v1).",
        "There is no such path; data is at /graphql (schema: /schema.graphql) and /v1 (list of paths: GET /v1).",
    );
    refused.response(&request)
}

/// A read-only route for GET and HEAD.
pub(in crate::http) fn read<F, Args>(handler: F) -> actix_web::Route
where
    F: actix_web::Handler<Args>,
    Args: actix_web::FromRequest + 'static,
    F::Output: actix_web::Responder + 'static,
{
    web::route()
        .guard(actix_web::guard::Any(actix_web::guard::Get()).or(actix_web::guard::Method(Method::HEAD)))
        .to(handler)
}
