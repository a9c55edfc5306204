//! The endpoints of OAuth 2: tokens for client credentials (RFC 6749, section 4.4), keys (RFC 7517) and metadata (RFC
//! 8414, RFC 9728).

use std::time::Duration;

use actix_web::{
    HttpMessage, HttpRequest, HttpResponse, HttpResponseBuilder, Resource, Route,
    http::{StatusCode, header},
    web,
};
use data_encoding::BASE64;
use serde_json::json;

use crate::{
    auth::{AccessToken, Refused, Tokens},
    http::{error::only, server::read},
};

/// A token request has a few short parameters; a longer body is refused unread.
const MAX_BODY_BYTES: usize = 8 * 1024;

/// How long the body may take to arrive.
const BODY_TIMEOUT: Duration = Duration::from_secs(5);

/// The routes of this module; they take `web::Data<Tokens>`.
pub fn routes(config: &mut web::ServiceConfig) {
    config
        .service(web::resource("/oauth/token").route(web::post().to(token)).default_service(only("POST")))
        .service(public_resource("/oauth/jwks.json", read(jwks)))
        .service(public_resource("/.well-known/oauth-authorization-server", read(authorization_server)))
        .service(public_resource("/.well-known/oauth-protected-resource", read(protected_resource)));
}

fn public_resource(path: &'static str, route: Route) -> Resource {
    web::resource(path).route(route).default_service(only("GET, HEAD"))
}

/// A refused token request (RFC 6749, section 5.2). The description is a constant: nothing of the request is repeated.
#[derive(Debug)]
struct TokenError {
    status: StatusCode,
    error: &'static str,
    description: &'static str,
}

impl TokenError {
    fn invalid_request(description: &'static str) -> Self {
        Self { status: StatusCode::BAD_REQUEST, error: "invalid_request", description }
    }

    fn with_status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    /// One answer for an unknown client, a wrong secret and credentials that cannot be read.
    fn invalid_client() -> Self {
        Self {
            status: StatusCode::UNAUTHORIZED,
            error: "invalid_client",
            description: "the client is unknown or revoked, its secret is wrong, or no credentials were sent",
        }
    }

    fn response(&self) -> HttpResponse {
        let mut response = uncached(HttpResponse::build(self.status));
        match self.status {
            // Every 401 names a way in (RFC 9110, section 15.5.2), whichever way the client tried.
            StatusCode::UNAUTHORIZED => {
                response.insert_header((header::WWW_AUTHENTICATE, r#"Basic realm="cadre-api", charset="UTF-8""#))
            }
            StatusCode::SERVICE_UNAVAILABLE => response.insert_header((header::RETRY_AFTER, "5")),
            StatusCode::UNSUPPORTED_MEDIA_TYPE => {
                response.insert_header(("Accept-Post", "application/x-www-form-urlencoded"))
            }
            _ => &mut response,
        };
        response.json(json!({ "error": self.error, "error_description": self.description }))
    }
}

impl From<Refused> for TokenError {
    fn from(refused: Refused) -> Self {
        let (error, description) = match refused {
            Refused::InvalidClient => return Self::invalid_client(),
            Refused::UnauthorizedClient => ("unauthorized_client", "the client has no grant that is valid today"),
            Refused::InvalidScope => ("invalid_scope", "a requested scope is unknown or not granted to the client"),
            Refused::Failed(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "no token could be issued");
                return Self {
                    status: StatusCode::SERVICE_UNAVAILABLE,
                    error: "temporarily_unavailable",
                    description: "no token can be issued at the moment; try again in a few seconds",
                };
            }
        };
        Self { status: StatusCode::BAD_REQUEST, error, description }
    }
}

async fn token(request: HttpRequest, payload: web::Payload, tokens: web::Data<Tokens>) -> HttpResponse {
    match issue(&request, payload, &tokens).await {
        Ok(AccessToken { token, expires_in, scope }) => uncached(HttpResponse::Ok())
            .json(json!({ "access_token": token, "token_type": "Bearer", "expires_in": expires_in, "scope": scope })),
        Err(error) => error.response(),
    }
}

async fn issue(request: &HttpRequest, payload: web::Payload, tokens: &Tokens) -> Result<AccessToken, TokenError> {
    ensure_form(request)?;
    let form = Form::read(payload).await?;
    let grant_type = form.get("grant_type").ok_or_else(|| TokenError::invalid_request("grant_type is missing"))?;
    let credentials = credentials(request, &form)?;
    if grant_type != "client_credentials" {
        return Err(TokenError {
            status: StatusCode::BAD_REQUEST,
            error: "unsupported_grant_type",
            description: "the one grant type is client_credentials",
        });
    }
    Ok(tokens.exchange(&credentials.id, &credentials.secret, form.get("scope")).await?)
}

/// RFC 6749, section 3.2: parameters come in the body of a form. In a URL they would end up in logs.
fn ensure_form(request: &HttpRequest) -> Result<(), TokenError> {
    if !request.query_string().is_empty() {
        return Err(TokenError::invalid_request("parameters belong into the body, not into the URL"));
    }
    let is_form = request.content_type().eq_ignore_ascii_case("application/x-www-form-urlencoded");
    if !is_form || request.headers().contains_key(header::CONTENT_ENCODING) {
        return Err(TokenError::invalid_request(
            "send the parameters as application/x-www-form-urlencoded, uncompressed",
        )
        .with_status(StatusCode::UNSUPPORTED_MEDIA_TYPE));
    }
    Ok(())
}

/// The parameters of a form, each at most once (RFC 6749, section 3.2).
struct Form(Vec<(String, String)>);

impl Form {
    async fn read(payload: web::Payload) -> Result<Self, TokenError> {
        let body = tokio::time::timeout(BODY_TIMEOUT, payload.to_bytes_limited(MAX_BODY_BYTES));
        let Ok(body) = body.await else {
            return Err(
                TokenError::invalid_request("the body did not arrive in time").with_status(StatusCode::REQUEST_TIMEOUT)
            );
        };
        let Ok(body) = body else {
            return Err(
                TokenError::invalid_request("the body is longer than 8 KiB").with_status(StatusCode::PAYLOAD_TOO_LARGE)
            );
        };
        let body = body.map_err(|_| TokenError::invalid_request("the body could not be read"))?;
        let pairs: Vec<(String, String)> = form_urlencoded::parse(&body).into_owned().collect();
        let is_repeated = |at: usize| pairs[..at].iter().any(|earlier| earlier.0 == pairs[at].0);
        if (0..pairs.len()).any(is_repeated) {
            return Err(TokenError::invalid_request("a parameter stands more than once"));
        }
        Ok(Self(pairs))
    }

    /// The parameter; sent without a value it counts as omitted (RFC 6749, section 3.2).
    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|pair| pair.0 == name).map(|pair| pair.1.as_str()).filter(|value| !value.is_empty())
    }
}

struct Credentials {
    id: String,
    secret: String,
}

/// Exactly one way of authentication (RFC 6749, section 2.3): Basic, or both parameters in the body.
fn credentials(request: &HttpRequest, form: &Form) -> Result<Credentials, TokenError> {
    let (id, secret) = (form.get("client_id"), form.get("client_secret"));
    let mut sent = request.headers().get_all(header::AUTHORIZATION);
    match (sent.next(), sent.next()) {
        (None, _) => match (id, secret) {
            (Some(id), Some(secret)) => Ok(Credentials { id: id.to_owned(), secret: secret.to_owned() }),
            _ => Err(TokenError::invalid_client()),
        },
        (Some(_), Some(_)) => Err(TokenError::invalid_request("there is more than one Authorization header")),
        (Some(_), None) if secret.is_some() => {
            Err(TokenError::invalid_request("use either Basic authentication or client_secret in the body, not both"))
        }
        (Some(header), None) => {
            let basic = header.to_str().ok().and_then(basic).ok_or_else(TokenError::invalid_client)?;
            // Many clients repeat their id in the body; it must not be another one.
            if id.is_some_and(|id| id != basic.id) {
                return Err(TokenError::invalid_request("client_id differs from the one that authenticates"));
            }
            Ok(basic)
        }
    }
}

/// RFC 7617, with both halves form-encoded as RFC 6749, section 2.3.1, has it.
fn basic(header: &str) -> Option<Credentials> {
    let (scheme, encoded) = header.split_once(' ')?;
    let decoded = BASE64.decode(encoded.as_bytes()).ok().filter(|_| scheme.eq_ignore_ascii_case("Basic"))?;
    let (id, secret) = std::str::from_utf8(&decoded).ok()?.split_once(':')?;
    Some(Credentials { id: form_decoded(id)?, secret: form_decoded(secret)? })
}

fn form_decoded(half: &str) -> Option<String> {
    // Encoded, these two would not stand there; unencoded, they would end what is decoded.
    if half.contains(['&', '=']) {
        return None;
    }
    form_urlencoded::parse(half.as_bytes()).next().map(|(name, _)| name.into_owned())
}

async fn jwks(tokens: web::Data<Tokens>) -> HttpResponse {
    public().content_type("application/jwk-set+json").body(tokens.keys().jwks().to_owned())
}

async fn authorization_server(tokens: web::Data<Tokens>) -> HttpResponse {
    let url = tokens.issuer.public_url();
    public().json(json!({
        "issuer": url,
        "token_endpoint": format!("{url}/oauth/token"),
        "jwks_uri": format!("{url}/oauth/jwks.json"),
        "scopes_supported": tokens.scopes(),
        // Required even where no person is ever asked for consent.
        "response_types_supported": [],
        "grant_types_supported": ["client_credentials"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
    }))
}

async fn protected_resource(tokens: web::Data<Tokens>) -> HttpResponse {
    let url = tokens.issuer.public_url();
    public().json(json!({
        "resource": url,
        "authorization_servers": [url],
        "scopes_supported": tokens.scopes(),
        "bearer_methods_supported": ["header"],
        "resource_name": "cadre-api",
    }))
}

fn public() -> HttpResponseBuilder {
    let mut response = HttpResponse::Ok();
    response.insert_header((header::CACHE_CONTROL, "public, max-age=300"));
    response
}

/// RFC 6749, section 5.1: no cache may keep a token.
fn uncached(mut response: HttpResponseBuilder) -> HttpResponseBuilder {
    response.insert_header((header::CACHE_CONTROL, "no-store")).insert_header((header::PRAGMA, "no-cache"));
    response
}

#[cfg(test)]
mod tests;
