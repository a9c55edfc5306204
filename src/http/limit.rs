//! Limits in HTTP: a request over a limit is refused at once, and every response to a client contains the remaining
//! amounts (draft-ietf-httpapi-ratelimit-headers-10).

use std::sync::Arc;

use actix_web::{
    HttpRequest, HttpResponse,
    http::{
        StatusCode,
        header::{self, HeaderName, HeaderValue},
    },
};

use crate::{
    auth::Caller,
    http::{Service, error::Refused},
    limit::{Allowance, Exceeded, Limits, Remaining},
};

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// Seconds after which another attempt to wait for changes is reasonable: the longest wait of a request.
const STREAM_RETRY: u64 = 25;

/// Counts a request of a caller; returns the response if it is over the limit.
pub(super) fn admitted(
    request: &HttpRequest,
    service: &Service,
    caller: &Caller,
) -> Result<Arc<Allowance>, Box<HttpResponse>> {
    let budget = service.budgets.of(caller.client_id().0, caller.limits());
    let limits = budget.limits();
    let allowance = Allowance::begin(budget);
    allowance
        .map(Arc::new)
        .map_err(|over| Box::new(set_rate_limit_headers(limited(request, over), limits, over.left(), None)))
}

/// Response to a request over a limit of its client.
pub(super) fn limited(request: &HttpRequest, over: Exceeded) -> HttpResponse {
    let why = match over {
        Exceeded::Requests { .. } => "requests",
        Exceeded::Cost { .. } | Exceeded::Never { .. } => "cost",
        Exceeded::Turns { .. } => "turns",
    };
    metrics::counter!("cadre_limited_total", "limit" => why).increment(1);
    let mut response = refused(over).response(request);
    if let Some(seconds) = over.retry_after() {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

fn refused(over: Exceeded) -> Refused {
    let seconds = over.retry_after().unwrap_or_default();
    let (vi, en) = match over {
        Exceeded::Requests { limit, .. } => (
            format!("Hệ thống kết nối đã vượt hạn mức {limit} yêu cầu mỗi giây; hãy gửi lại sau {seconds} giây."),
            format!(
                "Your client exceeded its limit of requests per second ({limit}); send this request again after \
                 {seconds} s."
            ),
        ),
        Exceeded::Turns { limit } => (
            format!(
                "Hệ thống kết nối được chạy đồng thời {limit} thao tác và đang có quá nhiều thao tác chờ; hãy gửi lại \
                 sau {seconds} giây."
            ),
            format!(
                "Your client may run {limit} operations at the same time, and too many are waiting; send this request \
                 again after {seconds} s."
            ),
        ),
        Exceeded::Cost { cost, limit, .. } | Exceeded::Never { cost, limit } => (
            format!(
                "Thao tác có chi phí {cost}; hệ thống kết nối được dùng {limit} mỗi phút và phần còn lại không đủ; hãy \
                 gửi lại sau {seconds} giây."
            ),
            format!(
                "The operation costs {cost}; your client may use {limit} per minute, and the rest is not sufficient. \
                 Send the request again after {seconds} s."
            ),
        ),
    };
    Refused::new(StatusCode::TOO_MANY_REQUESTS, "RATE_LIMITED", vi, en)
}

/// Response if too many requests are in progress.
pub(super) fn busy(request: &HttpRequest) -> HttpResponse {
    metrics::counter!("cadre_limited_total", "limit" => "in-flight").increment(1);
    let refused = Refused::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "UNAVAILABLE",
        "Dịch vụ đang xử lý số yêu cầu tối đa; hãy gửi lại sau vài giây.",
        "The service is processing its maximum number of requests; send this request again in a few seconds.",
    );
    refused.response(request)
}

/// Response to a request that would wait for changes while too many requests of its client do.
pub(super) fn too_many_streams(request: &HttpRequest, most: u32) -> HttpResponse {
    metrics::counter!("cadre_limited_total", "limit" => "streams").increment(1);
    let refused = Refused::new(
        StatusCode::TOO_MANY_REQUESTS,
        "RATE_LIMITED",
        format!(
            "Hệ thống kết nối đang mở {most} luồng sự kiện hoặc yêu cầu chờ thay đổi, là số tối đa; hãy đóng bớt, hoặc đọc \
             không chờ (bỏ `Prefer: wait` và `Accept: text/event-stream`)."
        ),
        format!(
            "Your client has {most} open event streams and requests that wait for changes, which is its limit; close \
             some, or read without waiting (without `Prefer: wait` and `Accept: text/event-stream`)."
        ),
    );
    let mut response = refused.response(request);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(STREAM_RETRY));
    response
}

/// Adds the client's limits and remaining amounts to a response.
pub(super) fn with_rate_limit_headers(response: HttpResponse, allowance: &Allowance) -> HttpResponse {
    set_rate_limit_headers(response, allowance.limits(), allowance.requests(), allowance.cost())
}

fn set_rate_limit_headers(
    mut response: HttpResponse,
    limits: Limits,
    requests: Remaining,
    cost: Option<Remaining>,
) -> HttpResponse {
    let item = |name: &str, Remaining { amount, back_in }: Remaining| format!(r#""{name}";r={amount};t={back_in}"#);
    let remaining: Vec<_> =
        [Some(item("requests", requests)), cost.map(|cost| item("cost", cost))].into_iter().flatten().collect();
    let policy = format!(
        r#""requests";q={};w=1, "cost";q={};w=60;qu="cost""#,
        limits.requests_per_second, limits.cost_per_minute
    );
    for (name, value) in [(POLICY, policy), (LIMIT, remaining.join(", "))] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}
