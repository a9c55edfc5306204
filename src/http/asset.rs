//! Static content of the program: compressed once, with a validator.

use std::{borrow::Cow, io::Read};

use actix_web::{
    HttpMessage, HttpRequest, HttpResponse,
    http::header::{self, EntityTag, IfNoneMatch},
    web::Bytes,
};
use data_encoding::HEXLOWER;
use flate2::{Compression, read::GzDecoder};
use sha2::{Digest, Sha256};

use crate::http::compress::{accepts_gzip, gzip};

/// Caches may use a stored response for this time without a new request.
const FRESH: &str = "public, max-age=300";

/// Content in both forms that clients accept.
pub struct Asset {
    media_type: &'static str,
    plain: Bytes,
    compressed: Bytes,
    tag: EntityTag,
}

impl Asset {
    /// Content from text.
    pub fn of_text(media_type: &'static str, text: impl Into<Cow<'static, str>>) -> Self {
        let plain = match text.into() {
            Cow::Borrowed(text) => Bytes::from_static(text.as_bytes()),
            Cow::Owned(text) => Bytes::from(text),
        };
        let compressed = Bytes::from(gzip(&plain, Compression::best()));
        Self::new(media_type, plain, compressed)
    }

    /// Content from a file that is stored compressed.
    pub fn of_gzip(media_type: &'static str, file: &'static [u8]) -> Self {
        let mut plain = Vec::new();
        let read = GzDecoder::new(file).read_to_end(&mut plain);
        read.expect("the program contains whole files");
        Self::new(media_type, Bytes::from(plain), Bytes::from_static(file))
    }

    fn new(media_type: &'static str, plain: Bytes, compressed: Bytes) -> Self {
        let digest = HEXLOWER.encode(&Sha256::digest(&plain)[..16]);
        // Weak, because both forms have the same tag.
        Self { media_type, plain, compressed, tag: EntityTag::new_weak(digest) }
    }

    /// The response to a request: the content, or 304 if the client has it already (RFC 9110, section 13.1.2).
    pub fn response(&self, request: &HttpRequest) -> HttpResponse {
        let is_known = match request.get_header::<IfNoneMatch>() {
            Some(IfNoneMatch::Any) => true,
            Some(IfNoneMatch::Items(tags)) => tags.iter().any(|tag| tag.weak_eq(&self.tag)),
            None => false,
        };
        let mut response = if is_known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
        response
            .insert_header(header::ETag(self.tag.clone()))
            .insert_header((header::CACHE_CONTROL, FRESH))
            .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
            .insert_header((header::VARY, "Accept-Encoding"));
        if is_known {
            return response.finish();
        }
        response.insert_header((header::CONTENT_TYPE, self.media_type));
        if accepts_gzip(request) {
            response.insert_header((header::CONTENT_ENCODING, "gzip")).body(Bytes::clone(&self.compressed))
        } else {
            response.body(Bytes::clone(&self.plain))
        }
    }
}
