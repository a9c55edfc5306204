//! Discovery for clients: keys (RFC 7517) and metadata (RFC 8414, RFC 9728).

use actix_web::{HttpResponse, HttpResponseBuilder, http::header, web};
use serde_json::json;

use crate::auth::Tokens;

/// Authentication methods of clients (OpenID Connect Core, section 9).
const METHODS: [&str; 3] = ["client_secret_basic", "client_secret_post", "private_key_jwt"];

pub(super) async fn jwks(tokens: web::Data<Tokens>) -> HttpResponse {
    public().content_type("application/jwk-set+json").body(tokens.jwks().await)
}

pub(super) async fn authorization_server(tokens: web::Data<Tokens>) -> HttpResponse {
    let url = tokens.issuer.public_url();
    public().json(json!({
        "issuer": url,
        "token_endpoint": format!("{url}/oauth/token"),
        "revocation_endpoint": format!("{url}/oauth/revoke"),
        "introspection_endpoint": format!("{url}/oauth/introspect"),
        "jwks_uri": format!("{url}/oauth/jwks.json"),
        "scopes_supported": tokens.scopes(),
        // Required by the RFC, although the service never asks a person for consent.
        "response_types_supported": [],
        "grant_types_supported": ["client_credentials"],
        "token_endpoint_auth_methods_supported": METHODS,
        "token_endpoint_auth_signing_alg_values_supported": tokens.assertion_algorithms(),
        "revocation_endpoint_auth_methods_supported": METHODS,
        "revocation_endpoint_auth_signing_alg_values_supported": tokens.assertion_algorithms(),
        "introspection_endpoint_auth_methods_supported": METHODS,
        "introspection_endpoint_auth_signing_alg_values_supported": tokens.assertion_algorithms(),
    }))
}

pub(super) async fn protected_resource(tokens: web::Data<Tokens>) -> HttpResponse {
    let url = tokens.issuer.public_url();
    public().json(json!({
        "resource": url,
        "authorization_servers": tokens.issuers(),
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
