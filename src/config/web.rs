//! Settings about browsers: the console, and pages of other origins.

use clap::ValueEnum;

/// Origins of web pages that may read the responses of the service (CORS).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum CorsOrigins {
    /// Only pages of the service itself.
    #[default]
    None,
    /// Pages of every origin.
    Any,
    /// Pages of these origins, spelled as browsers send them.
    Listed(Vec<String>),
}

/// Whether the console is served.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Console {
    /// At `/console`, for tokens.
    On,
    /// Not served.
    #[default]
    Off,
    /// At `/console`, for tokens and for the secret of the demo's client. Only the demo sets this.
    #[value(skip)]
    Demo,
}

impl CorsOrigins {
    /// Whether pages of any other origin may read responses.
    pub fn is_some(&self) -> bool {
        *self != Self::None
    }

    /// Whether pages of an origin, as in the header `Origin`, may read responses.
    pub fn include(&self, origin: &str) -> bool {
        match self {
            Self::None => false,
            Self::Any => true,
            Self::Listed(origins) => origins.iter().any(|listed| listed == origin),
        }
    }
}

/// Parses a list of origins. An empty list is none.
pub(super) fn cors_origins(text: &str) -> Result<CorsOrigins, String> {
    let words: Vec<&str> = text.split([',', ' ']).filter(|word| !word.is_empty()).collect();
    match words[..] {
        [] => Ok(CorsOrigins::None),
        ["*"] => Ok(CorsOrigins::Any),
        _ => words.into_iter().map(origin).collect::<Result<_, _>>().map(CorsOrigins::Listed),
    }
}

/// An origin in the only spelling that browsers send (Fetch standard, section 3.2.5): browsers compare and send origins
/// as text.
fn origin(word: &str) -> Result<String, String> {
    let is_origin = [("https://", ":443"), ("http://", ":80")].into_iter().any(|(scheme, default_port)| {
        word.strip_prefix(scheme).is_some_and(|host| is_host_and_port(host) && !host.ends_with(default_port))
    });
    is_origin.then(|| word.to_owned()).ok_or_else(|| {
        format!(
            "{word} is not an origin; write the scheme, the host in lower case and the port unless it is 443 or 80, such \
             as https://app.example.vn or http://localhost:3000, without a slash at the end, and separate origins by \
             commas; or write * alone for every origin"
        )
    })
}

fn is_host_and_port(text: &str) -> bool {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (text, None),
    };
    let is_number = |port: &str| port.parse::<u16>().is_ok_and(|number| number.to_string() == port);
    let is_name = |host: &str| {
        !host.is_empty() && host.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-._".contains(c))
    };
    let is_address = |host: &str| {
        let inner = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        inner.is_some_and(|address| address.parse::<std::net::Ipv6Addr>().is_ok_and(|read| read.to_string() == address))
    };
    (is_name(host) || is_address(host)) && port.is_none_or(is_number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_spelled_as_browsers_send_them() {
        let listed = |words: &[&str]| Ok(CorsOrigins::Listed(words.iter().map(ToString::to_string).collect()));
        for (text, expected) in [
            ("", Ok(CorsOrigins::None)),
            (" , ", Ok(CorsOrigins::None)),
            ("*", Ok(CorsOrigins::Any)),
            ("https://app.example.vn", listed(&["https://app.example.vn"])),
            (
                "https://a.vn, http://localhost:3000,http://[::1]:8080",
                listed(&["https://a.vn", "http://localhost:3000", "http://[::1]:8080"]),
            ),
            ("http://a.vn:443", listed(&["http://a.vn:443"])),
        ] {
            assert_eq!(cors_origins(text), expected, "{text}");
        }
        for bad in [
            "https://a.vn/",
            "https://a.vn/app",
            "https://A.vn",
            "https://a.vn:443",
            "http://a.vn:80",
            "https://a.vn:",
            "https://a.vn:0443",
            "https://a.vn:99999",
            "https://",
            "https://:8443",
            "https://*.a.vn",
            "https://u@a.vn",
            "https://[::01]",
            "a.vn",
            "ftp://a.vn",
            "null",
            "https://a.vn,*",
        ] {
            let refused = cors_origins(bad).expect_err(bad);
            assert!(refused.contains("such as https://app.example.vn"), "{bad}: {refused}");
        }
    }

    #[test]
    fn an_origin_is_compared_as_a_whole() {
        let origins = cors_origins("https://a.vn").expect("origins");
        assert!(origins.include("https://a.vn"));
        for other in
            ["https://a.vn.evil.vn", "https://b.a.vn", "http://a.vn", "https://a.v", "https://a.vn:8443", "null", ""]
        {
            assert!(!origins.include(other), "{other}");
            assert!(CorsOrigins::Any.include(other) && !CorsOrigins::None.include(other), "{other}");
        }
    }
}
