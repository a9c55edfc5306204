//! Compression of responses with gzip, for clients that accept it.

use std::io::Write;

use actix_web::{
    Error, HttpMessage, HttpRequest,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{
        StatusCode,
        header::{self, AcceptEncoding, Encoding, HeaderMap, HeaderValue},
    },
    middleware::Next,
    web::{self, Bytes},
};
use flate2::{Compression, write::GzEncoder};

/// Shorter bodies are not compressed: they fit into one packet anyway.
const THRESHOLD: usize = 1024;

/// Longer bodies are compressed on another thread, so that other requests of this thread do not wait.
const INLINE: usize = 64 * 1024;

/// Compresses the response to a request if that saves time. Bodies that arrive in pieces are not compressed.
pub async fn compressed<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let (request, response) = next.call(request).await?.into_parts();
    if !is_compressible(&request, response.status(), response.headers()) {
        return Ok(ServiceResponse::new(request, response.map_into_boxed_body()));
    }
    let (mut response, body) = response.into_parts();
    let plain = match body.try_into_bytes() {
        Ok(plain) if plain.len() >= THRESHOLD => plain,
        Ok(short) => return Ok(ServiceResponse::new(request, response.set_body(BoxBody::new(short)))),
        Err(stream) => return Ok(ServiceResponse::new(request, response.set_body(BoxBody::new(stream)))),
    };
    response.headers_mut().append(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    if !accepts_gzip(&request) {
        return Ok(ServiceResponse::new(request, response.set_body(BoxBody::new(plain))));
    }
    let body = if plain.len() > INLINE {
        let source = Bytes::clone(&plain);
        web::block(move || gzip(&source, Compression::fast())).await.ok()
    } else {
        Some(gzip(&plain, Compression::fast()))
    };
    if body.is_some() {
        response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    Ok(ServiceResponse::new(request, response.set_body(BoxBody::new(body.map_or(plain, Bytes::from)))))
}

/// Whether the client accepts gzip and does not prefer the plain form (RFC 9110, section 12.5.3).
pub fn accepts_gzip(request: &HttpRequest) -> bool {
    let supported = [Encoding::identity(), Encoding::gzip()];
    let accepted = request.get_header::<AcceptEncoding>();
    accepted.and_then(|accepted| accepted.negotiate(supported.iter())) == Some(Encoding::gzip())
}

/// Compresses bytes.
pub fn gzip(plain: &[u8], level: Compression) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(plain.len() / 4), level);
    let written = encoder.write_all(plain).and_then(|()| encoder.finish());
    written.expect("memory accepts every write")
}

/// Whether a response may be compressed. Responses of the OAuth endpoints contain tokens and are short. A strong entity
/// tag identifies the exact bytes of a body.
fn is_compressible(request: &HttpRequest, status: StatusCode, headers: &HeaderMap) -> bool {
    let is_strong = |tag: &HeaderValue| !tag.as_bytes().starts_with(b"W/");
    !request.match_info().as_str().starts_with("/oauth/")
        && !matches!(status, StatusCode::NO_CONTENT | StatusCode::PARTIAL_CONTENT | StatusCode::NOT_MODIFIED)
        && !headers.contains_key(header::CONTENT_ENCODING)
        && !headers.get(header::ETAG).is_some_and(is_strong)
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn gzip_is_chosen_by_the_preferences_of_the_client() {
        for (accepted, expected) in [
            (&["gzip"][..], true),
            (&["gzip, deflate, br, zstd"], true),
            (&["br;q=1.0, gzip;q=0.8, *;q=0.1"], true),
            (&["GZIP"], true),
            (&["identity, gzip"], true),
            (&["identity;q=0.5, gzip;q=0.5"], true),
            (&["br", "gzip"], true),
            (&["gzip;q=0"], false),
            (&["identity, gzip;q=0.5"], false),
            (&["br, zstd"], false),
            (&["identity"], false),
            (&["*"], false),
            (&[""], false),
            (&["identity;q=0"], false),
            (&[], false),
        ] {
            let request = accepted.iter().fold(TestRequest::default(), |request, value| {
                request.append_header((header::ACCEPT_ENCODING, *value))
            });
            assert_eq!(accepts_gzip(&request.to_http_request()), expected, "{accepted:?}");
        }
    }

    #[test]
    fn tokens_and_exact_bytes_are_not_compressed() {
        let headers = |pairs: &[(header::HeaderName, &'static str)]| {
            let mut headers = HeaderMap::new();
            for (name, value) in pairs {
                headers.insert(name.clone(), HeaderValue::from_static(value));
            }
            headers
        };
        for (path, status, pairs, expected) in [
            ("/graphql", 200, &[][..], true),
            ("/graphql", 503, &[], true),
            ("/schema.graphql", 200, &[(header::ETAG, "W/\"a\"")], true),
            ("/schema.graphql", 200, &[(header::ETAG, "\"a\"")], false),
            ("/schema.graphql", 304, &[(header::ETAG, "W/\"a\"")], false),
            ("/console", 200, &[(header::CONTENT_ENCODING, "gzip")], false),
            ("/oauth/token", 200, &[], false),
            ("/oauth/%74oken", 200, &[], false),
            ("/oauth/introspect", 200, &[], false),
        ] {
            let request = TestRequest::with_uri(path).to_http_request();
            let status = StatusCode::from_u16(status).expect("a status");
            assert_eq!(is_compressible(&request, status, &headers(pairs)), expected, "{path} {status} {pairs:?}");
        }
    }
}
