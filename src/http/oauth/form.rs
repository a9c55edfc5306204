//! Requests with forms (RFC 6749, section 3.2).

use std::time::Duration;

use actix_web::{
    HttpRequest,
    http::{StatusCode, header},
    web,
};

use crate::http::oauth::refusal::Refusal;

/// Maximum size of the body. A token request has a few short parameters; a longer body is refused without being read.
const MAX_BODY_BYTES: usize = 8 * 1024;

/// Time limit for receiving the body.
const BODY_TIMEOUT: Duration = Duration::from_secs(5);

/// Parameters of a form, each at most once.
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
            return Err(Refusal::invalid_request("a parameter occurs more than once"));
        }
        Ok(Self(pairs))
    }

    /// The parameter; an empty one counts as omitted (RFC 6749, section 3.2).
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|pair| pair.0 == name).map(|pair| pair.1.as_str()).filter(|value| !value.is_empty())
    }
}

/// Parameters must be in the body (RFC 6749, section 3.2). In a URL they would be logged.
fn ensure_form(request: &HttpRequest) -> Result<(), Refusal> {
    if !request.query_string().is_empty() {
        return Err(Refusal::invalid_request("send parameters in the body, not in the URL"));
    }
    if !is_utf8_form(request) || request.headers().contains_key(header::CONTENT_ENCODING) {
        return Err(Refusal::invalid_request(
            "send the parameters as application/x-www-form-urlencoded in UTF-8, uncompressed",
        )
        .with_status(StatusCode::UNSUPPORTED_MEDIA_TYPE));
    }
    Ok(())
}

/// Whether the one content type is that of a form, with no charset or with UTF-8 (RFC 6749, appendix B).
fn is_utf8_form(request: &HttpRequest) -> bool {
    let mut types = request.headers().get_all(header::CONTENT_TYPE);
    let (Some(media), None) = (types.next().and_then(|value| value.to_str().ok()), types.next()) else { return false };
    let media = media.to_ascii_lowercase();
    let mut parts = media.split(';').map(str::trim);
    let is_form = parts.next() == Some("application/x-www-form-urlencoded");
    is_form
        && parts.filter_map(|part| part.split_once('=')).all(|(name, value)| {
            name.trim_end() != "charset" || matches!(value.trim_matches([' ', '"']), "utf-8" | "utf8")
        })
}
