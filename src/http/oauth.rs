//! The endpoints of OAuth 2: tokens for client credentials (RFC 6749, section 4.4), revocation (RFC 7009),
//! introspection (RFC 7662), keys and metadata.

mod credentials;
mod form;
mod metadata;
mod refusal;

use actix_web::{HttpRequest, HttpResponse, Resource, Route, http::StatusCode, web};
use credentials::Credentials;
use form::Form;
use refusal::{Refusal, uncached};
use serde_json::{Value, json};

use crate::{
    auth::{AccessToken, Active, Tokens},
    http::error::{only, read},
};

/// Endpoints to which a client sends its secret or an assertion.
pub const WITH_SECRET: [&str; 3] = ["/oauth/token", "/oauth/revoke", "/oauth/introspect"];

/// The routes of this module; they require `web::Data<Tokens>`.
pub fn routes(config: &mut web::ServiceConfig) {
    config
        .service(web::resource("/oauth/token").route(web::post().to(token)).default_service(only("POST")))
        .service(web::resource("/oauth/revoke").route(web::post().to(revoke)).default_service(only("POST")))
        .service(web::resource("/oauth/introspect").route(web::post().to(introspect)).default_service(only("POST")))
        .service(public_resource("/oauth/jwks.json", read(metadata::jwks)))
        .service(public_resource("/.well-known/oauth-authorization-server", read(metadata::authorization_server)))
        .service(public_resource("/.well-known/oauth-protected-resource", read(metadata::protected_resource)));
}

fn public_resource(path: &'static str, route: Route) -> Resource {
    web::resource(path).route(route).default_service(only("GET, HEAD"))
}

async fn token(request: HttpRequest, payload: web::Payload, tokens: web::Data<Tokens>) -> HttpResponse {
    match issue(&request, payload, &tokens).await {
        Ok(AccessToken { token, expires_in, scope }) => uncached(HttpResponse::Ok())
            .json(json!({ "access_token": token, "token_type": "Bearer", "expires_in": expires_in, "scope": scope })),
        Err(error) => error.response(),
    }
}

async fn issue(request: &HttpRequest, payload: web::Payload, tokens: &Tokens) -> Result<AccessToken, Refusal> {
    let form = Form::of(request, payload).await?;
    let grant_type = form.get("grant_type").ok_or_else(|| Refusal::invalid_request("grant_type is missing"))?;
    let credentials = Credentials::of(request, &form)?;
    if grant_type != "client_credentials" {
        return Err(Refusal {
            status: StatusCode::BAD_REQUEST,
            error: "unsupported_grant_type",
            description: "the only supported grant_type is client_credentials",
            retry_after: None,
        });
    }
    Ok(tokens.exchange(credentials.credential(), form.get("scope")).await?)
}

async fn revoke(request: HttpRequest, payload: web::Payload, tokens: web::Data<Tokens>) -> HttpResponse {
    let revoked = async {
        let form = Form::of(&request, payload).await?;
        let credentials = Credentials::of(&request, &form)?;
        tokens.revoke(credentials.credential(), named_token(&form)?).await.map_err(Refusal::of_revocation)
    };
    match revoked.await {
        Ok(()) => uncached(HttpResponse::Ok()).finish(),
        Err(refusal) => refusal.response(),
    }
}

async fn introspect(request: HttpRequest, payload: web::Payload, tokens: web::Data<Tokens>) -> HttpResponse {
    let active = async {
        let form = Form::of(&request, payload).await?;
        let credentials = Credentials::of(&request, &form)?;
        Ok::<_, Refusal>(tokens.introspect(credentials.credential(), named_token(&form)?).await?)
    };
    match active.await {
        Ok(active) => uncached(HttpResponse::Ok()).json(introspection_response(active, tokens.issuer.public_url())),
        Err(refusal) => refusal.response(),
    }
}

/// The response to an introspection. Nothing else is disclosed about an inactive token (RFC 7662, section 2.2).
fn introspection_response(active: Option<Active>, url: &str) -> Value {
    let Some(Active { jti, client_id, scope, issued, expires }) = active else { return json!({ "active": false }) };
    let client = client_id.to_string();
    json!({
        "active": true, "scope": scope, "client_id": client, "token_type": "Bearer", "iss": url, "aud": url,
        "sub": client, "jti": jti, "iat": issued, "exp": expires,
    })
}

/// The parameter `token` of RFC 7009, section 2.1, and RFC 7662, section 2.1. The optional hint is ignored.
fn named_token(form: &Form) -> Result<&str, Refusal> {
    form.get("token").ok_or_else(|| Refusal::invalid_request("token is missing"))
}

#[cfg(test)]
mod tests;
