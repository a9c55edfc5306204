//! Requests of X-Road security servers. Their headers are read only if the operator has named the server: any other
//! client could write them too.

use std::net::IpAddr;

use actix_web::HttpRequest;

use crate::authz::Gateway;

/// Longest recorded value, in characters.
const LONGEST: usize = 255;

/// The X-Road security servers that the operator has named, by address.
#[derive(Debug, Default)]
pub struct SecurityServers(Vec<IpAddr>);

impl SecurityServers {
    /// The servers with these addresses.
    pub fn of(addresses: &[IpAddr]) -> Self {
        Self(addresses.iter().map(IpAddr::to_canonical).collect())
    }

    /// The X-Road request of a security server; empty if the peer is none.
    pub fn gateway(&self, request: &HttpRequest) -> Gateway {
        let peer = request.peer_addr().map(|peer| peer.ip().to_canonical());
        if peer.is_none_or(|peer| !self.0.contains(&peer)) {
            return Gateway::default();
        }
        let value = |header: &str| {
            let values = request.headers().get_all(header).map(|value| value.as_bytes());
            printable_text(values)
        };
        Gateway {
            client: value("X-Road-Client"),
            request: value("X-Road-Id"),
            user: value("X-Road-UserId"),
            issue: value("X-Road-Issue"),
        }
    }
}

/// The values of a header as one printable text of bounded length. X-Road encodes other characters with percent signs,
/// so no text that a security server sends is lost.
fn printable_text<'a>(values: impl Iterator<Item = &'a [u8]>) -> Option<String> {
    let text = values.map(String::from_utf8_lossy).collect::<Vec<_>>().join(", ");
    let printable = |c: char| if c == ' ' || c.is_ascii_graphic() { c } else { '?' };
    let text: String = text.trim().chars().map(printable).take(LONGEST).collect();
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn request(peer: &str, headers: &[(&'static str, &[u8])]) -> HttpRequest {
        let request = TestRequest::default().peer_addr(peer.parse().expect(peer));
        let append = |request: TestRequest, (name, value): &(&'static str, &[u8])| {
            let value = actix_web::http::header::HeaderValue::from_bytes(value).expect("a value");
            request.append_header((*name, value))
        };
        headers.iter().fold(request, append).to_http_request()
    }

    #[test]
    fn only_a_configured_server_may_send_the_headers() {
        let servers = SecurityServers::of(&["10.0.0.1".parse().unwrap(), "::ffff:10.0.0.2".parse().unwrap()]);
        let sent: &[(&str, &[u8])] = &[("X-Road-Client", b"VN/GOV/H99/portal"), ("X-Road-Id", b"4894e35d")];
        for (peer, is_named) in [
            ("10.0.0.1:80", true),
            ("[::ffff:10.0.0.1]:80", true),
            ("10.0.0.2:80", true),
            ("10.0.0.3:80", false),
            ("127.0.0.1:80", false),
        ] {
            let gateway = servers.gateway(&request(peer, sent));
            let expected = Gateway {
                client: Some("VN/GOV/H99/portal".to_owned()),
                request: Some("4894e35d".to_owned()),
                ..Gateway::default()
            };
            assert_eq!(gateway, if is_named { expected } else { Gateway::default() }, "{peer}");
        }
        assert_eq!(SecurityServers::default().gateway(&request("10.0.0.1:80", sent)), Gateway::default());
    }

    #[test]
    fn values_are_printable_and_bounded() {
        let long = vec![b'x'; 300];
        let bounded = "x".repeat(LONGEST);
        let values: [(&[&[u8]], Option<&str>); 7] = [
            (&[], None),
            (&[b""], None),
            (&[b"  "], None),
            (&[b" a b "], Some("a b")),
            (&[b"a", b"b"], Some("a, b")),
            (&[b"a\tb\xC4\x91\xFF"], Some("a?b??")),
            (&[&long], Some(&bounded)),
        ];
        for (sent, expected) in values {
            assert_eq!(printable_text(sent.iter().copied()).as_deref(), expected, "{sent:?}");
        }
    }
}
