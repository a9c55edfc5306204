//! Requests of web pages of other origins (CORS, section 3.3 of the Fetch standard). Off unless `CADRE_CORS_ORIGINS`
//! lists origins.

use actix_web::{
    Error, HttpResponse,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{
        Method, StatusCode,
        header::{self, HeaderMap, HeaderValue},
    },
    middleware::Next,
    web,
};

use crate::{
    config::CorsOrigins,
    http::{Service, error::Refused, oauth},
};

/// Methods of cross-origin requests.
const METHODS: &str = "GET, HEAD, POST";

/// Headers that a page may send.
const REQUEST_HEADERS: &str = "Accept-Language, Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, \
                               Prefer, X-Purpose, X-Request-Id";

/// Headers that a page may read.
const RESPONSE_HEADERS: &str = "Allow, Deprecation, ETag, Link, Location, RateLimit, RateLimit-Policy, Retry-After, \
                                Sunset, WWW-Authenticate, X-Request-Id";

/// Seconds for which a browser may cache the answer to a preflight request. Browsers reduce a longer time to this one.
const MAX_AGE: &str = "7200";

/// Answers preflight requests, and adds to other responses whether a page may read them. Credentials are never allowed:
/// the service has no cookies, and a page sends its token in a header.
pub async fn cross_origin<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let service = request.app_data::<web::Data<Service>>().cloned();
    let Some(origins) = service.as_ref().map(|service| &service.web.cors_origins).filter(|origins| origins.is_some())
    else {
        return Ok(next.call(request).await?.map_into_boxed_body());
    };
    let allowed = allowed_origin(&request, origins);
    let mut response = if is_preflight(&request) {
        let response = match allowed {
            Some(_) => preflight(),
            None => refused(&request).response(request.request()),
        };
        request.into_response(response)
    } else {
        next.call(request).await?.map_into_boxed_body()
    };
    let headers = response.headers_mut();
    if let Some(origin) = allowed {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(RESPONSE_HEADERS));
    }
    if *origins != CorsOrigins::Any {
        headers.append(header::VARY, HeaderValue::from_static("Origin"));
    }
    Ok(response)
}

/// The value of `Access-Control-Allow-Origin`; `None` if the page may not read the response.
fn allowed_origin(request: &ServiceRequest, origins: &CorsOrigins) -> Option<HeaderValue> {
    let origin = only_value(request.headers(), &header::ORIGIN)?;
    if needs_secret(request) || !origins.include(origin.to_str().ok()?) {
        return None;
    }
    Some(if *origins == CorsOrigins::Any { HeaderValue::from_static("*") } else { origin.clone() })
}

/// Endpoints for client secrets and assertions. No page may have these: every user who opens the page could read them.
fn needs_secret(request: &ServiceRequest) -> bool {
    oauth::WITH_SECRET.contains(&request.match_info().as_str())
}

fn is_preflight(request: &ServiceRequest) -> bool {
    let headers = request.headers();
    *request.method() == Method::OPTIONS
        && headers.contains_key(header::ORIGIN)
        && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

fn only_value<'a>(headers: &'a HeaderMap, name: &header::HeaderName) -> Option<&'a HeaderValue> {
    let mut values = headers.get_all(name);
    values.next().filter(|_| values.next().is_none())
}

fn preflight() -> HttpResponse {
    HttpResponse::NoContent()
        .insert_header((header::ACCESS_CONTROL_ALLOW_METHODS, METHODS))
        .insert_header((header::ACCESS_CONTROL_ALLOW_HEADERS, REQUEST_HEADERS))
        .insert_header((header::ACCESS_CONTROL_MAX_AGE, MAX_AGE))
        .finish()
}

/// The browser blocks the page in any case; the message is for the developer who inspects the request.
fn refused(request: &ServiceRequest) -> Refused {
    let (vi, en) = if needs_secret(request) {
        (
            "Trang web của nguồn khác không được gọi đường dẫn này, vì trình duyệt không được giữ mã bí mật; hãy lấy mã \
             truy cập ở máy chủ của bạn.",
            "Pages of other origins may not call this path, because a browser must not have a client secret; get the \
             token on your server.",
        )
    } else {
        (
            "Nguồn (origin) của trang web này không được phép; người vận hành thêm nguồn vào CADRE_CORS_ORIGINS.",
            "The origin of this page is not allowed; the operator adds it to CADRE_CORS_ORIGINS.",
        )
    };
    Refused::new(StatusCode::FORBIDDEN, "FORBIDDEN", vi, en)
}
