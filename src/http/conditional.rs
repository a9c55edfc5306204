//! Conditional requests: `ETag` and `If-None-Match` of answers to GET (RFC 9110, sections 8.8.3 and 13.1.2).

use std::sync::Arc;

use actix_web::{
    HttpMessage, HttpRequest, HttpResponse,
    http::{
        Method, StatusCode,
        header::{self, EntityTag, HeaderValue, IfNoneMatch},
    },
};

use crate::graphql::validation::{SentTags, Validation};

/// A cache may store the answer for its client, and asks again before each use.
const CACHE_CONTROL: &str = "private, no-cache";
/// Headers of the request that an answer with a tag depends on.
const VARY: &str = "Accept, Accept-Language, Authorization, X-Purpose";

/// The validation of the answer to a request; `None` unless the method is GET or HEAD.
pub(super) fn validation(request: &HttpRequest, representation: &'static str) -> Option<Arc<Validation>> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return None;
    }
    let sent = match request.get_header::<IfNoneMatch>() {
        Some(IfNoneMatch::Any) => SentTags::Any,
        // The comparison is weak: a strong tag with the same text matches.
        Some(IfNoneMatch::Items(tags)) => SentTags::Tags(tags.iter().map(|tag| tag.tag().to_owned()).collect()),
        None => SentTags::Tags(Vec::new()),
    };
    Some(Arc::new(Validation::new(representation, sent)))
}

/// Adds the tag to an answer that has one; a client that already has it gets 304 without a body.
pub(super) fn validated(response: HttpResponse, validation: Option<&Validation>) -> HttpResponse {
    let Some((validation, tag)) = validation.and_then(|validation| Some((validation, validation.tag()?))) else {
        return response;
    };
    let mut response = match response.status() {
        StatusCode::OK if validation.includes_any() => HttpResponse::NotModified().finish(),
        StatusCode::OK | StatusCode::NOT_MODIFIED => response,
        // A problem: the answer of the engine is only its cause.
        _ => return response,
    };
    let is_unchanged = response.status() == StatusCode::NOT_MODIFIED;
    // Weak, because the compressed and the plain form have the same tag.
    if let Ok(tag) = HeaderValue::from_str(&EntityTag::new_weak(tag.to_owned()).to_string()) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(CACHE_CONTROL));
    response.headers_mut().insert(header::VARY, HeaderValue::from_static(VARY));
    if is_unchanged {
        // That of the whole answer, which may be compressed.
        response.headers_mut().append(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    }
    response
}
