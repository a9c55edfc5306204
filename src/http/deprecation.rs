//! Deprecated parts of the API: headers of the responses that use them (RFC 9745, RFC 8594), and a page that lists them.

use std::{fmt::Write, time::SystemTime};

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{self, HeaderName, HeaderValue, HttpDate},
    web,
};
use chrono::{DateTime, Utc};

use crate::{
    clock,
    graphql::guard::deprecation::Deprecation,
    http::{Service, problem::public_url},
};

const DEPRECATION: HeaderName = HeaderName::from_static("deprecation");

const SUNSET: HeaderName = HeaderName::from_static("sunset");

/// Maximum number of links in a response; the page lists all deprecated parts.
const LINKS: usize = 10;

/// Adds to a response that the request uses deprecated parts of the API: the earliest day of their deprecation, the
/// earliest day of their removal, and a link to each of them.
pub fn with_headers(request: &HttpRequest, mut response: HttpResponse, used: &[Deprecation]) -> HttpResponse {
    let since = used.iter().map(|of| of.since).min();
    let removed_on = used.iter().map(|of| of.removed_on).min();
    let Some((since, removed_on)) = since.zip(removed_on) else { return response };
    let (since, removed_on) = (clock::start_of(since), clock::start_of(removed_on));
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::try_from(format!("@{}", since.timestamp())) {
        headers.insert(DEPRECATION, value);
    }
    if let Ok(value) = HeaderValue::try_from(http_date(removed_on)) {
        headers.insert(SUNSET, value);
    }
    for of in used.iter().take(LINKS) {
        let link = format!("<{}/deprecations#{}>; rel=\"deprecation\"", public_url(request), of.coordinate);
        if let Ok(value) = HeaderValue::try_from(link) {
            headers.append(header::LINK, value);
        }
    }
    response
}

fn http_date(at: DateTime<Utc>) -> String {
    HttpDate::from(SystemTime::from(at)).to_string()
}

/// The page loads no scripts, styles, images or frames.
const POLICY: &str = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// `GET /deprecations`: all deprecated parts of the API with their replacement and their days, each with an anchor. Public,
/// as the schema.
pub async fn page(service: web::Data<Service>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((header::REFERRER_POLICY, "no-referrer"))
        .insert_header((header::CACHE_CONTROL, "public, max-age=300"))
        .body(written(service.engine.schema_index().deprecations()))
}

fn written<'a>(deprecations: impl Iterator<Item = &'a Deprecation>) -> String {
    let mut page = String::from(
        "<!doctype html>\n<html lang=\"vi\">\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>cadre-api: deprecations</title>\n<h1>Các phần của API sẽ bị bỏ <span lang=\"en\">/ Deprecated parts of the API</span></h1>\n",
    );
    let mut deprecations = deprecations.peekable();
    if deprecations.peek().is_none() {
        return page + "<p>Không có. <span lang=\"en\">/ There are none.</span>\n";
    }
    page += "<dl>\n";
    for Deprecation { coordinate, advice, since, removed_on } in deprecations {
        let advice = advice.replace('&', "&amp;").replace('<', "&lt;");
        _ = writeln!(
            page,
            "<dt id=\"{coordinate}\"><code>{coordinate}</code><dd>Không nên dùng từ {since}, bị bỏ ngày {removed_on}. <span \
             lang=\"en\">/ Deprecated since {since}, removed on {removed_on}.<br>{advice}</span>"
        );
    }
    page + "</dl>\n"
}
