//! The addresses that announcements may be sent to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use reqwest::Url;

use crate::error::{Error, Result};

/// Maximum length of a URL, in bytes.
const LONGEST_URL: usize = 500;

/// The hosts and addresses that announcements may be sent to, from the settings.
#[derive(Clone, Debug, Default)]
pub struct Destinations {
    /// Names of hosts, with a port if it is not the default port of the scheme.
    hosts: Vec<String>,
    /// Whether hosts may have addresses of this machine or of a private network.
    allows_private: bool,
}

impl Destinations {
    /// Destinations with these hosts.
    pub fn new(hosts: impl IntoIterator<Item = String>, allows_private: bool) -> Self {
        Self { hosts: hosts.into_iter().map(|host| host.to_ascii_lowercase()).collect(), allows_private }
    }

    /// Parses the URL of an endpoint.
    ///
    /// # Errors
    /// `Invalid` if it is not HTTPS, contains a user, a password or a fragment, or its host is not allowed. HTTP is
    /// allowed to this machine if private addresses are.
    pub(super) fn parse(&self, text: &str) -> Result<Url> {
        let refused = |vi: &str, en: &str| Err(Error::invalid("url", vi, en));
        let Some(url) = Url::parse(text).ok().filter(|_| text.len() <= LONGEST_URL) else {
            return refused(
                "URL không hợp lệ hoặc dài quá 500 ký tự",
                "this is no URL, or it is longer than 500 characters",
            );
        };
        let address = literal(&url);
        let is_local = self.allows_private && address.is_some_and(|address| address.is_loopback());
        if url.scheme() != "https" && !(url.scheme() == "http" && is_local) {
            return refused("URL phải bắt đầu bằng https://", "the URL must begin with https://");
        }
        if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
            return refused(
                "URL không được chứa tên người dùng, mật khẩu hoặc dấu #",
                "the URL must not contain a user, a password or a fragment",
            );
        }
        if !self.allows_host(&url) {
            return refused(
                "máy chủ này không có trong CADRE_WEBHOOK_HOSTS; hãy thêm đúng tên máy chủ, kèm cổng nếu khác cổng mặc định",
                "CADRE_WEBHOOK_HOSTS does not contain this host; add its exact name, with the port if it is not the default",
            );
        }
        if address.is_some_and(|address| !self.allows(address)) {
            return refused(
                "không được gửi đến địa chỉ nội bộ; đặt CADRE_WEBHOOK_PRIVATE_ADDRESSES=true nếu cần",
                "addresses of private networks are refused; set CADRE_WEBHOOK_PRIVATE_ADDRESSES=true to allow them",
            );
        }
        Ok(url)
    }

    fn allows_host(&self, url: &Url) -> bool {
        let host = url.host_str().unwrap_or_default();
        let named = match url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        self.hosts.contains(&named)
    }

    /// Whether a connection to the address is allowed.
    pub(super) fn allows(&self, address: IpAddr) -> bool {
        self.allows_private || is_public(address)
    }
}

/// The host of the URL, if it is an address.
fn literal(url: &Url) -> Option<IpAddr> {
    url.host_str()?.trim_matches(['[', ']']).parse().ok()
}

/// Whether the address belongs to the public Internet (RFC 6890).
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => match address.to_ipv4_mapped() {
            Some(mapped) => is_public_v4(mapped),
            None => is_public_v6(address),
        },
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let is_special = match (a, b) {
        (0 | 10 | 127, _) | (224.., _) => true,
        (100, 64..=127) | (169, 254) | (172, 16..=31) | (192, 168) | (198, 18..=19) => true,
        (192, 0) => c == 0 || c == 2,
        (192, 88) => c == 99,
        (198, 51) => c == 100,
        (203, 0) => c == 113,
        _ => false,
    };
    !is_special
}

/// Global unicast only, without the ranges that contain an IPv4 address (Teredo, 6to4) or are for documentation.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    let is_global = first & 0xe000 == 0x2000;
    let is_special = first == 0x2002 || first == 0x3fff || (first == 0x2001 && (second < 0x0200 || second == 0x0db8));
    is_global && !is_special
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_the_internet_are_public() {
        for private in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "127.9.9.9",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.9",
            "224.0.0.1",
            "239.1.1.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::7f00:1",
            "64:ff9b::7f00:1",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
        ] {
            assert!(!is_public(private.parse().unwrap()), "{private}");
        }
        for public in
            ["1.1.1.1", "100.63.0.1", "172.32.0.1", "203.162.4.1", "::ffff:8.8.8.8", "2405:4800::1", "2a00:1450::1"]
        {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
    }

    #[test]
    fn a_url_is_https_to_a_named_host() {
        let hosts = ["nhan.example.vn", "nhan.example.vn:8443", "127.0.0.1:9000", "10.0.0.5"].map(str::to_owned);
        let strict = Destinations::new(hosts.clone(), false);
        let open = Destinations::new(hosts, true);

        for good in ["https://nhan.example.vn/x?y=1", "https://NHAN.example.vn:443", "https://nhan.example.vn:8443/"] {
            assert!(strict.parse(good).is_ok() && open.parse(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "nhan.example.vn",
            "http://nhan.example.vn/",
            "ftp://nhan.example.vn/",
            "https://a@nhan.example.vn/",
            "https://a:b@nhan.example.vn/",
            "https://nhan.example.vn/#x",
            "https://nhan.example.vn:444/",
            "https://nhan.example.vn./",
            "https://x.nhan.example.vn/",
            "https://nhan.example.vn.evil.vn/",
            "https://other.vn/",
            &format!("https://nhan.example.vn/{}", "x".repeat(500)),
        ] {
            assert!(strict.parse(bad).is_err() && open.parse(bad).is_err(), "{bad}");
        }
        for private in ["http://127.0.0.1:9000/", "https://127.0.0.1:9000/", "https://10.0.0.5/", "https://0xa000005/"]
        {
            assert!(strict.parse(private).is_err(), "{private}");
            assert!(open.parse(private).is_ok(), "{private}");
        }
        assert!(open.parse("http://10.0.0.5/").is_err(), "plain HTTP stays on this machine");
    }
}
