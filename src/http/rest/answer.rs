//! Writes the result of a document as a response of the REST API: the value without its envelope, or a problem.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header},
};
use async_graphql::ServerError;
use serde_json::{Map, Value, json};

use crate::{
    graphql::engine::ExecutionResponse,
    http::{
        error::{Refused, language, request_id},
        limit,
        problem::{self, Problem},
        rest::{
            parameter::BadParameter,
            route::{Form, Place, Route},
        },
    },
};

/// The response to a request that ran or was refused by the engine.
pub fn response(route: &Route, request: &HttpRequest, executed: ExecutionResponse) -> HttpResponse {
    let mut data = match data(request, executed) {
        Ok(data) => data,
        Err(response) => return *response,
    };
    for key in &route.value {
        data = data[key.as_str()].take();
    }
    match (route.form, data) {
        (_, Value::Null) => not_found(request),
        (Form::Page, page) => of_page(request, page),
        (Form::List, items) => sent(request, StatusCode::OK, &json!({ "items": items })),
        (Form::Payload, Value::Object(payload)) => of_payload(route, request, payload),
        (Form::Object | Form::Payload, value) => sent(request, StatusCode::OK, &value),
    }
}

/// The data of a request that ran without errors, or the problem.
pub fn data(request: &HttpRequest, executed: ExecutionResponse) -> Result<Value, Box<HttpResponse>> {
    let data = match executed {
        ExecutionResponse::Refused(errors) => return Err(of_errors(request, &errors).into()),
        ExecutionResponse::Ran(response) if !response.errors.is_empty() => {
            return Err(of_errors(request, &response.errors).into());
        }
        ExecutionResponse::Ran(response) => response.data.into_json().ok(),
        ExecutionResponse::Written(body) => {
            serde_json::from_slice(&body).ok().map(|mut body: Value| body["data"].take())
        }
        ExecutionResponse::Unchanged => return Err(HttpResponse::NotModified().finish().into()),
        ExecutionResponse::Limited(over) => return Err(limit::limited(request, over).into()),
        // Cannot occur: a document with a mutation always has the method POST.
        ExecutionResponse::MutationByGet => None,
    };
    data.ok_or_else(|| internal(request).into())
}

/// The response to a parameter that cannot be used.
pub fn bad_parameter(request: &HttpRequest, bad: &BadParameter) -> HttpResponse {
    metrics::counter!("cadre_errors_total", "code" => "BAD_PARAMETER").increment(1);
    let detail = bad.sentence.text(language(request));
    let mut error = json!({ "code": "BAD_PARAMETER", "message": detail, "field": bad.name });
    if !bad.allowed.is_empty() {
        error["allowed"] = json!(bad.allowed);
    }
    problem(request, StatusCode::BAD_REQUEST, vec![error])
}

fn of_page(request: &HttpRequest, mut page: Value) -> HttpResponse {
    let next = match page["pageInfo"]["hasNextPage"] == json!(true) {
        true => page["pageInfo"]["endCursor"].take(),
        false => Value::Null,
    };
    let body = json!({ "items": page["nodes"].take(), "next": next });
    let mut response = sent(request, StatusCode::OK, &body);
    if let Some(value) = next.as_str().and_then(|after| next_link(request, after)) {
        response.headers_mut().insert(header::LINK, value);
    }
    response
}

/// The `Link` header (RFC 8288): the same request with the next cursor.
pub fn next_link(request: &HttpRequest, after: &str) -> Option<header::HeaderValue> {
    let others = form_urlencoded::parse(request.query_string().as_bytes()).filter(|(name, _)| name != "after");
    let query =
        form_urlencoded::Serializer::new(String::new()).extend_pairs(others).append_pair("after", after).finish();
    let link = format!("<{}{}?{query}>; rel=\"next\"", problem::public_url(request), request.path());
    header::HeaderValue::try_from(link).ok()
}

fn of_payload(route: &Route, request: &HttpRequest, mut payload: Map<String, Value>) -> HttpResponse {
    match payload.remove("userErrors") {
        Some(Value::Array(errors)) if !errors.is_empty() => return of_refusals(route, request, errors),
        _ => {}
    }
    let created = route.created.as_ref().and_then(|key| payload.values().find_map(|object| object[key].as_str()));
    let Some(key) = created else { return sent(request, StatusCode::OK, &payload) };
    let key: String = form_urlencoded::byte_serialize(key.as_bytes()).collect();
    let location = format!("{}{}/{key}", problem::public_url(request), request.path());
    let mut response = sent(request, StatusCode::CREATED, &payload);
    if let Ok(location) = header::HeaderValue::try_from(location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

/// Errors of the engine. If the database is unavailable, that decides the status.
pub fn of_errors(request: &HttpRequest, errors: &[ServerError]) -> HttpResponse {
    let mut errors: Vec<Value> = errors.iter().map(of_error).collect();
    errors.sort_by_key(|error| error["code"] != "UNAVAILABLE");
    let status = errors.first().map_or(StatusCode::INTERNAL_SERVER_ERROR, |first| status_of(&first["code"]));
    problem(request, status, errors)
}

fn of_error(error: &ServerError) -> Value {
    let mut shown = json!({ "code": "INTERNAL", "message": error.message });
    let extensions = error.extensions.as_ref().and_then(|extensions| serde_json::to_value(extensions).ok());
    for (name, value) in extensions.as_ref().and_then(Value::as_object).into_iter().flatten() {
        if name != "requestId" {
            shown[name] = value.clone();
        }
    }
    // Parameters do not have `where` in their names.
    if let Some(field) = shown["field"].as_str().and_then(|field| field.strip_prefix("where.")) {
        shown["field"] = json!(field);
    }
    shown
}

/// Status of an error code of the engine. The documents are part of the program, so a code that is about their text is a
/// fault of the service.
fn status_of(code: &Value) -> StatusCode {
    match code.as_str().unwrap_or_default() {
        "INVALID" | "BAD_VARIABLES" | "OPERATION_TOO_COMPLEX" => StatusCode::BAD_REQUEST,
        "FORBIDDEN" | "PURPOSE_REQUIRED" | "PURPOSE_NOT_ALLOWED" => StatusCode::FORBIDDEN,
        "NOT_FOUND" => StatusCode::NOT_FOUND,
        "CONFLICT" => StatusCode::CONFLICT,
        "RESYNC" => StatusCode::GONE,
        "OPERATION_TIMEOUT" => StatusCode::UNPROCESSABLE_ENTITY,
        "UNAVAILABLE" => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// Reasons of a refused command, with the numbers that belong to them.
fn of_refusals(route: &Route, request: &HttpRequest, errors: Vec<Value>) -> HttpResponse {
    let errors: Vec<Map<String, Value>> = errors
        .into_iter()
        .filter_map(|error| if let Value::Object(error) = error { Some(error) } else { None })
        .collect();
    let status = errors.first().map_or(StatusCode::UNPROCESSABLE_ENTITY, |first| status_of_refusal(route, first));
    let shown = errors.into_iter().map(|mut error| {
        error.remove("__typename");
        let field = field(&error);
        error.insert("field".to_owned(), json!(field));
        Value::Object(error)
    });
    problem(request, status, shown.collect())
}

/// Status of the refusal of a command. A missing object of the path is 404; a missing object that the body names is an
/// invalid input.
fn status_of_refusal(route: &Route, error: &Map<String, Value>) -> StatusCode {
    let text = |name: &str| error.get(name).and_then(Value::as_str).unwrap_or_default();
    let field = field(error);
    let is_in_path =
        || route.parameters.iter().any(|parameter| parameter.place == Place::Path && parameter.name == field);
    match (text("code"), text("__typename")) {
        ("NOT_FOUND", _) if is_in_path() => StatusCode::NOT_FOUND,
        ("VERSION_CONFLICT", _) => StatusCode::PRECONDITION_FAILED,
        ("IDEMPOTENCY_KEY_REUSED", _) => StatusCode::UNPROCESSABLE_ENTITY,
        (_, "StepError" | "SeatsError" | "ConflictError") => StatusCode::CONFLICT,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

/// The path of an input, `["input", "grant", "scopes"]`, as the name of a parameter.
fn field(error: &Map<String, Value>) -> String {
    let path = error.get("field").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    path.skip_while(|part| *part == "input").collect::<Vec<_>>().join(".")
}

fn problem(request: &HttpRequest, status: StatusCode, errors: Vec<Value>) -> HttpResponse {
    let first = errors.first().cloned().unwrap_or_default();
    let problem = Problem {
        status,
        code: first["code"].as_str().unwrap_or("INTERNAL"),
        detail: first["message"].as_str().unwrap_or_default(),
        language: language(request),
        request_id: &request_id(request),
        public_url: problem::public_url(request),
        errors,
    };
    problem.response()
}

fn not_found(request: &HttpRequest) -> HttpResponse {
    let refused = Refused::new(
        StatusCode::NOT_FOUND,
        "NOT_FOUND",
        "Không có đối tượng này, hoặc nó nằm ngoài phạm vi của bạn.",
        "There is no such object, or it is out of your reach.",
    );
    refused.response(request)
}

fn internal(request: &HttpRequest) -> HttpResponse {
    let refused = Refused::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "INTERNAL",
        "Lỗi của hệ thống; khi báo lỗi, hãy gửi kèm mã yêu cầu.",
        "A fault of ours; quote the request id when you report it.",
    );
    refused.response(request)
}

fn sent(request: &HttpRequest, status: StatusCode, body: &impl serde::Serialize) -> HttpResponse {
    HttpResponse::build(status)
        .insert_header((header::CONTENT_LANGUAGE, language(request).tag()))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::VARY, "Accept, Accept-Language, Authorization"))
        .json(body)
}
