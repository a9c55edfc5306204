//! Requests as forms (RFC 6749, section 3.2).

use std::time::Duration;

use actix_web::{
    HttpMessage, HttpRequest,
    http::{StatusCode, header},
    web,
};

use crate::http::oauth::refusal::Refusal;

/// A token request has a few short parameters; a longer body is refused unread.
const MAX_BODY_BYTES: usize = 8 * 1024;

/// How long the body may take to arrive.
const BODY_TIMEOUT: Duration = Duration::from_secs(5);

/// The parameters of a form, each at most once.
pub(super) struct Form(Vec<(String, String)>);

impl Form {
    /// Reads the form of a request.
    pub async fn of(request: &HttpRequest, payload: web::Payload) -> Result<Self, Refusal> {
        ensure_form(request)?;
        let body = tokio::time::timeout(BODY_TIMEOUT, payload.to_bytes_limited(MAX_BODY_BYTES));
        let Ok(body) = body.await else {
            return Err(
                Refusal::invalid_request("the body did not arrive in time").with_status(StatusCode::REQUEST_TIMEOUT)
            );
        };
        let Ok(body) = body else {
            return Err(
                Refusal::invalid_request("the body is longer than 8 KiB").with_status(StatusCode::PAYLOAD_TOO_LARGE)
            );
        };
        let body = body.map_err(|_| Refusal::invalid_request("the body could not be read"))?;
        let pairs: Vec<(String, String)> = form_urlencoded::parse(&body).into_owned().collect();
        let is_repeated = |at: usize| pairs[..at].iter().any(|earlier| earlier.0 == pairs[at].0);
        if (0..pairs.len()).any(is_repeated) {
            return Err(Refusal::invalid_request("a parameter stands more than once"));
        }
        Ok(Self(pairs))
    }

    /// The parameter; sent without a value it counts as omitted (RFC 6749, section 3.2).
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|pair| pair.0 == name).map(|pair| pair.1.as_str()).filter(|value| !value.is_empty())
    }
}

/// RFC 6749, section 3.2: parameters come in the body of a form. In a URL they would end up in logs.
fn ensure_form(request: &HttpRequest) -> Result<(), Refusal> {
    if !request.query_string().is_empty() {
        return Err(Refusal::invalid_request("parameters belong into the body, not into the URL"));
    }
    let is_form = request.content_type().eq_ignore_ascii_case("application/x-www-form-urlencoded");
    if !is_form || request.headers().contains_key(header::CONTENT_ENCODING) {
        return Err(Refusal::invalid_request("send the parameters as application/x-www-form-urlencoded, uncompressed")
            .with_status(StatusCode::UNSUPPORTED_MEDIA_TYPE));
    }
    Ok(())
}
