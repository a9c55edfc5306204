//! The id of a request, in its response, its errors and its log line.

use actix_web::{
    HttpMessage, HttpRequest,
    dev::ServiceRequest,
    http::header::{HeaderName, HeaderValue},
};
use uuid::Uuid;

/// The header, of requests and responses.
pub const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// Id of a request: the id that the request contains, or a new one.
#[derive(Clone)]
pub struct RequestId(String);

impl RequestId {
    /// Determines the id of a request and stores it with the request.
    pub fn assign(request: &ServiceRequest) -> Self {
        let id = Self(received(request).unwrap_or_else(|| Uuid::now_v7().to_string()));
        request.extensions_mut().insert(id.clone());
        id
    }

    /// The id of a request; `None` before it was assigned.
    pub fn of(request: &HttpRequest) -> Option<Self> {
        request.extensions().get::<Self>().cloned()
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The id as the value of a header.
    pub fn header(&self) -> Option<HeaderValue> {
        HeaderValue::try_from(&self.0).ok()
    }
}

/// The id that a client or a proxy has sent, in its spelling. Only a UUID is accepted, with or without hyphens: it
/// cannot carry a name or an identity number into the log.
fn received(request: &ServiceRequest) -> Option<String> {
    let mut sent = request.headers().get_all(HEADER);
    let (Some(id), None) = (sent.next(), sent.next()) else { return None };
    let id = id.to_str().ok().filter(|id| matches!(id.len(), 32 | 36))?;
    Uuid::try_parse(id).ok().map(|_| id.to_owned())
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn a_uuid_is_accepted_and_nothing_else() {
        let id_of = |sent: &[&str]| {
            let request = sent.iter().fold(TestRequest::default(), |request, id| request.append_header((HEADER, *id)));
            RequestId::assign(&request.to_srv_request()).0
        };
        let (hyphens, plain) = ("01890A5D-ac96-774b-bcce-b302099a8057", "01890a5dac96774bbcceb302099a8057");
        for good in [hyphens, plain] {
            assert_eq!(id_of(&[good]), good);
        }
        let braced = format!("{{{hyphens}}}");
        for bad in [
            &[][..],
            &[""],
            &["999012345678"],
            &["Tran-Van-A"],
            &["0123456789012345678901234567890g"],
            &["01890a5d-ac96774bbcceb302099a8057---"],
            &[braced.as_str()],
            &[plain, hyphens],
            &[plain, plain],
        ] {
            let id = id_of(bad);
            assert!(!bad.contains(&id.as_str()) && Uuid::try_parse(&id).is_ok(), "{bad:?}: {id}");
        }
    }
}
