//! Client credentials: exactly one authentication method (RFC 6749, section 2.3).

use std::net::IpAddr;

use actix_web::{HttpRequest, http::header};
use data_encoding::BASE64;

use crate::{
    auth::ClientCredential,
    http::oauth::{form::Form, refusal::Refusal},
};

/// The only supported type of assertion (RFC 7523, section 2.2).
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Credentials of a request, not verified yet.
pub(super) enum Credentials {
    /// Id and secret, by Basic or in the form.
    Secret { id: String, secret: String, from: Option<IpAddr> },
    /// An assertion, and the id if the form contains it.
    Assertion { assertion: String, id: Option<String> },
}

impl Credentials {
    /// The credentials of a request: Basic, id and secret in the form, or an assertion in the form.
    pub fn of(request: &HttpRequest, form: &Form) -> Result<Self, Refusal> {
        let is_asserted = form.get("client_assertion").is_some() || form.get("client_assertion_type").is_some();
        let (id, secret) = (form.get("client_id"), form.get("client_secret"));
        let from = request.peer_addr().map(|peer| peer.ip());
        let mut sent = request.headers().get_all(header::AUTHORIZATION);
        match (sent.next(), sent.next()) {
            (Some(_), Some(_)) => Err(Refusal::invalid_request("send exactly one Authorization header")),
            (None, _) if is_asserted && secret.is_none() => assertion(form),
            (Some(_), None) if is_asserted || secret.is_some() => Err(several_methods()),
            (None, _) if is_asserted => Err(several_methods()),
            (None, _) => match (id, secret) {
                (Some(id), Some(secret)) => Ok(Self::Secret { id: id.to_owned(), secret: secret.to_owned(), from }),
                _ => Err(Refusal::invalid_client()),
            },
            (Some(header), None) => {
                let (known, secret) = header.to_str().ok().and_then(basic).ok_or_else(Refusal::invalid_client)?;
                // Many clients repeat their id in the body; it must be the same.
                if id.is_some_and(|id| id != known) {
                    return Err(Refusal::invalid_request("client_id differs from the client that authenticates"));
                }
                Ok(Self::Secret { id: known, secret, from })
            }
        }
    }

    /// Converts the credentials for the module `auth`.
    pub fn credential(&self) -> ClientCredential<'_> {
        match self {
            Self::Secret { id, secret, from } => ClientCredential::Secret { id, secret, from: *from },
            Self::Assertion { assertion, id } => ClientCredential::Assertion { assertion, id: id.as_deref() },
        }
    }
}

fn several_methods() -> Refusal {
    Refusal::invalid_request(
        "use exactly one authentication method: Basic, client_secret in the body, or client_assertion",
    )
}

/// An assertion in the form (RFC 7521, section 4.2).
fn assertion(form: &Form) -> Result<Credentials, Refusal> {
    match (form.get("client_assertion_type"), form.get("client_assertion")) {
        (Some(ASSERTION_TYPE), Some(assertion)) => {
            Ok(Credentials::Assertion { assertion: assertion.to_owned(), id: form.get("client_id").map(str::to_owned) })
        }
        (Some(_), Some(_)) => Err(Refusal::invalid_client()),
        _ => Err(Refusal::invalid_request("send client_assertion and client_assertion_type together")),
    }
}

/// The id and secret of Basic authentication (RFC 7617). Both are form-encoded, as RFC 6749, section 2.3.1, requires.
fn basic(header: &str) -> Option<(String, String)> {
    let (scheme, encoded) = header.split_once(' ')?;
    let decoded = BASE64.decode(encoded.as_bytes()).ok().filter(|_| scheme.eq_ignore_ascii_case("Basic"))?;
    let (id, secret) = std::str::from_utf8(&decoded).ok()?.split_once(':')?;
    Some((form_decoded(id)?, form_decoded(secret)?))
}

fn form_decoded(half: &str) -> Option<String> {
    // Encoded text contains neither character; unencoded, they would end the decoded value.
    if half.contains(['&', '=']) {
        return None;
    }
    form_urlencoded::parse(half.as_bytes()).next().map(|(name, _)| name.into_owned())
}
