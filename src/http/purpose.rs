//! Stated purpose of a request (mục đích truy cập): one value of the enum in the header `X-Purpose`.

use actix_web::HttpRequest;
use entity::value::Purpose;

use crate::http::error::Refused;

/// The header.
const HEADER: &str = "X-Purpose";

/// The purpose of a request; `None` if it states none.
///
/// # Errors
/// `BAD_REQUEST` if it states two, or an unknown one.
pub fn stated(request: &HttpRequest) -> Result<Option<Purpose>, Refused> {
    let mut sent = request.headers().get_all(HEADER);
    let Some(word) = sent.next() else { return Ok(None) };
    let known = word.to_str().ok().and_then(|word| word.parse().ok()).filter(|_| sent.next().is_none());
    known.map(Some).ok_or_else(|| {
        let words = Purpose::all().map(|purpose| purpose.to_string()).collect::<Vec<_>>().join(", ");
        Refused::bad_request(
            format!("Tiêu đề {HEADER} phải nêu đúng một trong các mục đích: {words}."),
            format!("The header {HEADER} must contain exactly one of the purposes {words}."),
        )
    })
}
