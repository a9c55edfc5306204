//! `GET /v1/changes`: the change feed as CloudEvents (CloudEvents 1.0, JSON event format), in batches or as server-sent
//! events.
//!
//! It executes one document in the engine, like every route of the REST API. A request may wait for changes: with
//! `Prefer: wait` (RFC 7240) for one batch, or on an event stream until the token expires.

mod event;
mod page;
mod stream;

use std::time::Duration;

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header},
    web,
};
use serde_json::{Value, json};
use tokio::time::{Instant, timeout_at};

use self::{event::Page, page::page, stream::STREAM};
use crate::http::{Service, error::Refused, limit, rest::answer};

/// The media type of a batch of events.
const BATCH: &str = "application/cloudevents-batch+json";
/// Longest time for which a request waits for changes.
const LONGEST_WAIT: Duration = Duration::from_secs(25);

/// `GET /v1/changes`.
pub async fn get(request: HttpRequest, service: web::Data<Service>) -> HttpResponse {
    let variables = match parameters(&request) {
        Ok(variables) => variables,
        Err(refused) => return refused.response(&request),
    };
    match media(&request) {
        Ok(STREAM) => stream::open(request, service, variables).await,
        Ok(_) => batch(&request, &service, variables).await,
        Err(refused) => refused.response(&request),
    }
}

/// Responds with the next events. Without events it waits as long as the client prefers.
async fn batch(request: &HttpRequest, service: &Service, mut variables: Value) -> HttpResponse {
    let wait = preferred_wait(request);
    let deadline = Instant::now() + wait;
    // Subscribed before the first read, so that no commit between the read and the wait is missed.
    let mut commits = service.app_state.commits();
    let mut place = None;
    loop {
        let read = match page(request, service, &variables).await {
            Ok(read) => read,
            Err(response) => return response,
        };
        variables["after"] = json!(read.page.end);
        let is_due = !read.page.events.is_empty() || wait.is_zero();
        if !is_due && !read.page.has_more && place.is_none() {
            place = match read.wait(request, service) {
                Ok(place) => Some(place),
                Err(response) => return *response,
            };
        }
        if is_due || (!read.page.has_more && !matches!(timeout_at(deadline, commits.changed()).await, Ok(Ok(())))) {
            return limit::with_rate_limit_headers(batch_response(request, &read.page, wait), &read.allowance);
        }
    }
}

/// The response: 204 if the client waited and there were no events. `Link` names the request that continues.
fn batch_response(request: &HttpRequest, page: &Page, wait: Duration) -> HttpResponse {
    let is_empty = page.events.is_empty() && !wait.is_zero();
    let mut response = HttpResponse::build(if is_empty { StatusCode::NO_CONTENT } else { StatusCode::OK });
    response
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::VARY, "Accept, Accept-Language, Authorization, Prefer"))
        .insert_header(("X-Has-More", if page.has_more { "true" } else { "false" }));
    if let Some(link) = answer::next_link(request, &page.end) {
        response.insert_header((header::LINK, link));
    }
    if !wait.is_zero() {
        response.insert_header(("Preference-Applied", format!("wait={}", wait.as_secs())));
    }
    if is_empty {
        return response.finish();
    }
    let events: Vec<&Value> = page.events.iter().map(|event| &event.body).collect();
    response.insert_header((header::CONTENT_TYPE, BATCH)).body(json!(events).to_string())
}

/// The parameters `after`, `first` and `types` as variables. An event stream continues after `Last-Event-ID`.
fn parameters(request: &HttpRequest) -> Result<Value, Refused> {
    let mut variables = json!({});
    for (name, value) in form_urlencoded::parse(request.query_string().as_bytes()) {
        let is_repeated = !variables[&*name].is_null() && name != "types";
        match &*name {
            _ if is_repeated => return Err(bad_parameter(&name)),
            "after" => variables["after"] = json!(value),
            "first" => variables["first"] = json!(value.parse::<i32>().map_err(|_| bad_parameter("first"))?),
            "types" => {
                let mut types = variables["types"].as_array().cloned().unwrap_or_default();
                types.push(json!(value));
                variables["types"] = json!(types);
            }
            _ => return Err(bad_parameter(&name)),
        }
    }
    if let Some(last) = request.headers().get("Last-Event-ID").and_then(|last| last.to_str().ok()) {
        variables["after"] = json!(last);
    }
    Ok(variables)
}

fn bad_parameter(name: &str) -> Refused {
    Refused::new(
        StatusCode::BAD_REQUEST,
        "BAD_PARAMETER",
        format!("Tham số `{}` không tồn tại, bị lặp hoặc sai kiểu; dùng được: after, first, types.", shortened(name)),
        format!(
            "The parameter `{}` is unknown, repeated or of the wrong type; use after, first, types.",
            shortened(name)
        ),
    )
}

/// A name of the request, shortened for a message.
fn shortened(name: &str) -> String {
    name.chars().filter(|letter| letter.is_ascii_alphanumeric() || *letter == '_').take(40).collect()
}

/// The media type that the client accepts: a batch by default.
fn media(request: &HttpRequest) -> Result<&'static str, Refused> {
    let ranges: Vec<&str> = request.headers().get_all(header::ACCEPT).filter_map(|value| value.to_str().ok()).collect();
    let ranges = ranges.join(",");
    if ranges.is_empty() {
        return Ok(BATCH);
    }
    let known = ranges.split(',').find_map(|range| match range.split(';').next().unwrap_or_default().trim() {
        STREAM | "text/*" => Some(STREAM),
        BATCH | "application/json" | "application/*" | "*/*" => Some(BATCH),
        _ => None,
    });
    known.ok_or_else(|| {
        Refused::new(
            StatusCode::NOT_ACCEPTABLE,
            "NOT_ACCEPTABLE",
            format!("Câu trả lời có dạng `{BATCH}` hoặc `{STREAM}`; hãy sửa tiêu đề Accept."),
            format!("Responses are `{BATCH}` or `{STREAM}`; correct the header Accept."),
        )
    })
}

/// How long the client prefers to wait for a change, at most 25 seconds (RFC 7240, section 4.3).
fn preferred_wait(request: &HttpRequest) -> Duration {
    let preferences = request.headers().get_all("Prefer").filter_map(|value| value.to_str().ok());
    let wait = preferences.flat_map(|value| value.split([',', ';'])).find_map(|preference| {
        let (name, seconds) = preference.split_once('=')?;
        let seconds = seconds.trim().trim_matches('"').parse().ok()?;
        name.trim().eq_ignore_ascii_case("wait").then(|| Duration::from_secs(seconds))
    });
    wait.unwrap_or_default().min(LONGEST_WAIT)
}
