//! The endpoints of OAuth 2: tokens for client credentials (RFC 6749, section 4.4), keys and metadata.

mod credentials;
mod form;
mod metadata;
mod refusal;

use actix_web::{
    HttpRequest, HttpResponse, HttpResponseBuilder, Resource, Route,
    http::{StatusCode, header},
    web,
};
use credentials::Credentials;
use form::Form;
use refusal::Refusal;
use serde_json::json;

use crate::{
    auth::{AccessToken, Tokens},
    http::{error::only, server::read},
};

/// The routes of this module; they take `web::Data<Tokens>`.
pub fn routes(config: &mut web::ServiceConfig) {
    config
        .service(web::resource("/oauth/token").route(web::post().to(token)).default_service(only("POST")))
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
            description: "the one grant type is client_credentials",
        });
    }
    Ok(tokens.exchange(credentials.proof(), form.get("scope")).await?)
}

/// RFC 6749, section 5.1: no cache may keep a token.
fn uncached(mut response: HttpResponseBuilder) -> HttpResponseBuilder {
    response.insert_header((header::CACHE_CONTROL, "no-store")).insert_header((header::PRAGMA, "no-cache"));
    response
}

#[cfg(test)]
mod tests;
