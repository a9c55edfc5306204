//! Authenticates the caller by the bearer token in the `Authorization` header (RFC 6750), or responds with a challenge.

use actix_web::{
    HttpRequest, HttpResponse, ResponseError,
    http::{
        StatusCode,
        header::{self, HeaderValue},
    },
};
use serde_json::{Value, json};

use crate::{
    auth::{Caller, Denied, Reason, Tokens, rejection},
    http::{
        problem::{self, Problem},
        request_id::RequestId,
    },
    language::{Language, Sentence},
};

/// Why a request has no caller, as reported to the client. Details of an invalid token are in the log only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// No bearer token; RFC 6750, section 3.1, requires no error code then.
    Missing,
    /// More than one token, or one in the URL, which logs and histories store (RFC 6750, sections 2.3 and 5.3).
    Misplaced,
    /// The token is invalid.
    Invalid,
    /// The token is genuine, but the client or person named by its issuer is not registered.
    Unregistered,
    /// Authorization is unavailable now.
    Unavailable,
}

/// Response to a request without a caller: 401 with a hint how to get a token, or 503.
#[derive(Debug, thiserror::Error)]
#[error("no caller: {kind:?}")]
pub struct Challenge {
    kind: Kind,
    language: Language,
    public_url: String,
    request_id: Option<String>,
    is_problem: bool,
}

/// The caller of a request with one bearer token.
pub async fn caller(request: &HttpRequest, tokens: &Tokens) -> Result<Caller, Challenge> {
    let challenge = |kind| Challenge {
        kind,
        language: Language::negotiate(
            request.headers().get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()),
        ),
        public_url: tokens.issuer.public_url().to_owned(),
        request_id: RequestId::of(request).map(|id| id.as_str().to_owned()),
        is_problem: problem::is_wanted(request),
    };
    let bearer = bearer(request).map_err(challenge)?;
    match tokens.verifier.verify(bearer, tokens.clock.now()).await {
        Ok(caller) => Ok(caller),
        Err(Denied::Invalid(reason)) => {
            rejection::log("access token", reason);
            Err(challenge(match reason {
                Reason::UnknownClient | Reason::UnknownPerson => Kind::Unregistered,
                _ => Kind::Invalid,
            }))
        }
        Err(Denied::Unavailable(error)) => {
            tracing::warn!(error = &error as &dyn std::error::Error, "the rights of callers cannot be read");
            Err(challenge(Kind::Unavailable))
        }
    }
}

/// The token of a request that `caller` has accepted.
pub(super) fn token(request: &HttpRequest) -> Option<&str> {
    bearer(request).ok()
}

fn bearer(request: &HttpRequest) -> Result<&str, Kind> {
    if form_urlencoded::parse(request.query_string().as_bytes()).any(|(name, _)| name == "access_token") {
        return Err(Kind::Misplaced);
    }
    let mut sent = request.headers().get_all(header::AUTHORIZATION);
    let (credentials, more) = (sent.next().ok_or(Kind::Missing)?, sent.next());
    if more.is_some() {
        return Err(Kind::Misplaced);
    }
    // Scheme names are case-insensitive (RFC 9110, section 11.1); one blank and a token68 follow.
    let (scheme, token) = credentials.to_str().ok().and_then(|text| text.split_once(' ')).ok_or(Kind::Missing)?;
    if !scheme.eq_ignore_ascii_case("Bearer") {
        return Err(Kind::Missing);
    }
    if is_token68(token) { Ok(token) } else { Err(Kind::Invalid) }
}

/// RFC 9110, section 11.2.
fn is_token68(text: &str) -> bool {
    let text = text.trim_end_matches('=');
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'+' | b'/');
    !text.is_empty() && text.bytes().all(plain)
}

impl Challenge {
    fn sentence(&self) -> Sentence {
        let endpoint = format!("{}/oauth/token", self.public_url);
        let (vi, en) = match self.kind {
            Kind::Missing => ("Yêu cầu không có mã truy cập.", "The request has no access token."),
            Kind::Misplaced => (
                "Hãy gửi mã truy cập trong đúng một tiêu đề Authorization, không đặt trong URL.",
                "Send the access token in exactly one Authorization header, not in the URL.",
            ),
            Kind::Invalid => {
                ("Mã truy cập không hợp lệ hoặc đã hết hạn.", "The access token is invalid or has expired.")
            }
            Kind::Unregistered => {
                return Sentence::new(
                    "Mã truy cập hợp lệ, nhưng hệ thống kết nối hoặc người dùng nêu trong mã chưa được đăng ký tại dịch \
                     vụ này; hãy đề nghị đơn vị vận hành đăng ký.",
                    "The token is valid, but the client or the person that it names is not registered with this \
                     service; ask the operator to register them.",
                );
            }
            Kind::Unavailable => {
                return Sentence::new(
                    "Hiện chưa kiểm tra được quyền truy cập; hãy gửi lại yêu cầu sau vài giây.",
                    "Access rights cannot be checked at the moment; try again in a few seconds.",
                );
            }
        };
        Sentence::new(
            format!(
                "{vi} Hãy lấy mã bằng POST {endpoint} (grant_type=client_credentials) với client_id và client_secret, \
                 rồi gửi trong tiêu đề \"Authorization: Bearer <mã>\"."
            ),
            format!(
                "{en} Get a token with POST {endpoint} (grant_type=client_credentials), client_id and client_secret, \
                 then send it in the header \"Authorization: Bearer <token>\"."
            ),
        )
    }

    /// RFC 6750, section 3, with a link to the resource's metadata of RFC 9728, section 5.1.
    fn www_authenticate(&self) -> String {
        let error = match self.kind {
            Kind::Missing | Kind::Unavailable => "",
            Kind::Misplaced => r#" error="invalid_request","#,
            Kind::Invalid => r#" error="invalid_token","#,
            Kind::Unregistered => r#" error="insufficient_scope","#,
        };
        let url = &self.public_url;
        format!(r#"Bearer realm="cadre-api",{error} resource_metadata="{url}/.well-known/oauth-protected-resource""#)
    }

    fn code(&self) -> &'static str {
        match self.kind {
            Kind::Unavailable => "UNAVAILABLE",
            Kind::Unregistered => "FORBIDDEN",
            _ => "UNAUTHENTICATED",
        }
    }

    fn body(&self) -> Value {
        let code = self.code();
        let mut extensions = json!({ "code": code });
        if let Some(id) = &self.request_id {
            extensions["requestId"] = json!(id);
        }
        json!({ "errors": [{ "message": self.sentence().text(self.language), "extensions": extensions }] })
    }

    fn problem(&self) -> HttpResponse {
        let sentence = self.sentence();
        let problem = Problem {
            status: self.status_code(),
            code: self.code(),
            detail: sentence.text(self.language),
            language: self.language,
            request_id: self.request_id.as_deref().unwrap_or_default(),
            public_url: &self.public_url,
            errors: Vec::new(),
        };
        problem.response()
    }
}

impl ResponseError for Challenge {
    fn status_code(&self) -> StatusCode {
        match self.kind {
            // RFC 6750 suggests 400 for a misplaced token; a common status reveals less and is simpler.
            Kind::Missing | Kind::Misplaced | Kind::Invalid => StatusCode::UNAUTHORIZED,
            Kind::Unregistered => StatusCode::FORBIDDEN,
            Kind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn error_response(&self) -> HttpResponse {
        metrics::counter!("cadre_errors_total", "code" => self.code()).increment(1);
        let mut response = if self.is_problem {
            self.problem()
        } else {
            HttpResponse::build(self.status_code())
                .insert_header((header::CACHE_CONTROL, "no-store"))
                .insert_header((header::CONTENT_LANGUAGE, self.language.tag()))
                .insert_header((header::VARY, "Accept, Accept-Language, Authorization"))
                .json(self.body())
        };
        let (name, value) = match self.kind {
            Kind::Unavailable => (header::RETRY_AFTER, Ok(HeaderValue::from_static("5"))),
            _ => (header::WWW_AUTHENTICATE, HeaderValue::try_from(self.www_authenticate())),
        };
        if let Ok(value) = value {
            response.headers_mut().insert(name, value);
        }
        response
    }
}

#[cfg(test)]
mod tests;
