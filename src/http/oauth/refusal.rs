//! Errors in the format of RFC 6749, section 5.2.

use std::time::Duration;

use actix_web::{
    HttpResponse, HttpResponseBuilder,
    http::{StatusCode, header},
};
use serde_json::json;

use crate::{
    auth::{Refused, rejection},
    limit::whole_seconds,
};

/// A refused request. The description is a constant: nothing of the request is repeated.
#[derive(Debug)]
pub(super) struct Refusal {
    pub status: StatusCode,
    pub error: &'static str,
    pub description: &'static str,
    /// Seconds until a retry may succeed.
    pub retry_after: Option<u64>,
}

impl Refusal {
    /// A malformed request.
    pub fn invalid_request(description: &'static str) -> Self {
        Self { status: StatusCode::BAD_REQUEST, error: "invalid_request", description, retry_after: None }
    }

    /// The same error with another status.
    pub fn with_status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    /// The same error for an unknown client, a wrong secret and malformed credentials.
    pub fn invalid_client() -> Self {
        Self {
            status: StatusCode::UNAUTHORIZED,
            error: "invalid_client",
            description: "client authentication failed: the client is unknown or revoked, or its secret or assertion is \
                          missing or invalid",
            retry_after: None,
        }
    }

    /// Too many failed attempts with a secret, whether or not the client exists.
    fn too_many_attempts(wait: Duration) -> Self {
        metrics::counter!("cadre_limited_total", "limit" => "attempts").increment(1);
        Self {
            status: StatusCode::TOO_MANY_REQUESTS,
            error: "temporarily_unavailable",
            description: "too many attempts with a wrong secret; try again after Retry-After seconds",
            retry_after: Some(whole_seconds(wait)),
        }
    }

    /// Why a token is not revoked.
    pub fn of_revocation(refused: Refused) -> Self {
        match refused {
            Refused::UnauthorizedClient => Self {
                status: StatusCode::BAD_REQUEST,
                error: "unauthorized_client",
                description: "the token was issued to another client",
                retry_after: None,
            },
            refused => refused.into(),
        }
    }

    /// Converts the refusal into a response.
    pub fn response(&self) -> HttpResponse {
        let mut response = uncached(HttpResponse::build(self.status));
        match self.status {
            // Every 401 names an authentication scheme (RFC 9110, section 15.5.2), whichever the client used.
            StatusCode::UNAUTHORIZED => {
                response.insert_header((header::WWW_AUTHENTICATE, r#"Basic realm="cadre-api", charset="UTF-8""#))
            }
            StatusCode::UNSUPPORTED_MEDIA_TYPE => {
                response.insert_header(("Accept-Post", "application/x-www-form-urlencoded"))
            }
            _ => &mut response,
        };
        if let Some(seconds) = self.retry_after {
            response.insert_header((header::RETRY_AFTER, seconds));
        }
        response.json(json!({ "error": self.error, "error_description": self.description }))
    }
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        let (error, description) = match refused {
            Refused::InvalidClient => return Self::invalid_client(),
            Refused::TooManyAttempts(wait) => return Self::too_many_attempts(wait),
            Refused::InvalidAssertion(reason) => {
                rejection::log("client assertion", reason);
                return Self::invalid_client();
            }
            Refused::UnauthorizedClient => ("unauthorized_client", "the client has no grant that is valid today"),
            Refused::InvalidScope => ("invalid_scope", "a requested scope is unknown or not granted to the client"),
            Refused::Failed(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "a token request failed");
                return Self {
                    status: StatusCode::SERVICE_UNAVAILABLE,
                    error: "temporarily_unavailable",
                    description: "the service is not available at the moment; try again in a few seconds",
                    retry_after: Some(5),
                };
            }
        };
        Self { status: StatusCode::BAD_REQUEST, error, description, retry_after: None }
    }
}

/// RFC 6749, section 5.1: tokens must not be cached.
pub(super) fn uncached(mut response: HttpResponseBuilder) -> HttpResponseBuilder {
    response.insert_header((header::CACHE_CONTROL, "no-store")).insert_header((header::PRAGMA, "no-cache"));
    response
}
