//! The operator's table of issuers.

use std::{collections::BTreeSet, net::IpAddr};

use entity::value::KeyAlgorithm;
use reqwest::Url;
use serde::Deserialize;

/// Default maximum lifetime of a token.
const LIFETIME_SECONDS: i64 = 3600;

/// Highest lifetime that the table may allow. A right that is revoked at the issuer remains effective here until its
/// tokens expire.
const LONGEST_LIFETIME_SECONDS: i64 = 86_400;

/// Claims with a fixed meaning, which cannot name the client, the person or the scopes.
const FIXED_CLAIMS: [&str; 8] = ["iss", "aud", "exp", "nbf", "iat", "jti", "cnf", "typ"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    issuers: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    issuer: String,
    audience: String,
    jwks_uri: Option<String>,
    algorithms: Vec<String>,
    longest_life_seconds: Option<i64>,
    client_claim: Option<String>,
    scope_claim: Option<String>,
    person_claim: Option<String>,
}

/// A trusted issuer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::auth) struct Trusted {
    /// Required value of `iss`.
    pub issuer: String,
    /// Required value of `aud`, a single string.
    pub audience: String,
    /// Location of the issuer's keys.
    pub place: Place,
    /// Accepted signature algorithms.
    pub algorithms: Vec<KeyAlgorithm>,
    /// Maximum lifetime of the issuer's tokens.
    pub longest_life: i64,
    /// The claim that names the client.
    pub client_claim: String,
    /// The claim with the scopes; `None`: only the grants count.
    pub scope_claim: Option<String>,
    /// The claim that names the person.
    pub person_claim: String,
}

/// Location of the keys of an issuer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::auth) enum Place {
    /// URL of the keys.
    Keys(Url),
    /// URL of metadata that contains the URL of the keys (OpenID Connect Discovery 1.0, section 4).
    Metadata(Url),
}

/// Parses the table.
pub(super) fn read(text: &str, public_url: &str) -> Result<Vec<Trusted>, String> {
    let table: Table = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let mut names = BTreeSet::new();
    let mut trusted = Vec::new();
    for entry in table.issuers {
        let name = entry.issuer.clone();
        if name == public_url {
            return Err(format!(
                "{name}: this is the service itself; remove the entry, its tokens are always accepted"
            ));
        }
        if !names.insert(name.clone()) {
            return Err(format!("{name}: this issuer is listed twice; remove one entry"));
        }
        trusted.push(entry.check().map_err(|sentence| format!("{name:?}: {sentence}"))?);
    }
    Ok(trusted)
}

impl Entry {
    fn check(self) -> Result<Trusted, String> {
        let issuer = url("issuer", &self.issuer)?;
        if issuer.query().is_some() || issuer.fragment().is_some() {
            return Err("issuer: remove the query and the fragment of the URL".to_owned());
        }
        let place = match &self.jwks_uri {
            Some(uri) => Place::Keys(url("jwks_uri", uri)?),
            None => Place::Metadata(metadata(&self.issuer)?),
        };
        let text = |name: &str, value: String| if value.is_empty() { Err(empty(name)) } else { Ok(value) };
        let claim = |name: &str, value: Option<String>, default: &str| {
            let value = text(name, value.unwrap_or_else(|| default.to_owned()))?;
            if FIXED_CLAIMS.contains(&value.as_str()) {
                return Err(format!("{name}: {value} is a standard claim with another meaning; name another claim"));
            }
            Ok(value)
        };
        let longest_life = self.longest_life_seconds.unwrap_or(LIFETIME_SECONDS);
        if !(1..=LONGEST_LIFETIME_SECONDS).contains(&longest_life) {
            return Err(format!("longest_life_seconds: write 1 to {LONGEST_LIFETIME_SECONDS}"));
        }
        Ok(Trusted {
            audience: text("audience", self.audience)?,
            place,
            algorithms: algorithms(&self.algorithms)?,
            longest_life,
            client_claim: claim("client_claim", self.client_claim, "client_id")?,
            scope_claim: self.scope_claim.map(|value| claim("scope_claim", Some(value), "")).transpose()?,
            person_claim: claim("person_claim", self.person_claim, "sub")?,
            issuer: self.issuer,
        })
    }
}

fn algorithms(words: &[String]) -> Result<Vec<KeyAlgorithm>, String> {
    let known = words.iter().map(|word| KeyAlgorithm::of_alg(word)).collect::<Result<Vec<_>, _>>();
    match known {
        Ok(known) if !known.is_empty() => Ok(known),
        _ => Err("algorithms: choose one or more from ES256, EdDSA, Ed25519, PS256, RS256".to_owned()),
    }
}

fn metadata(issuer: &str) -> Result<Url, String> {
    url("issuer", &format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/')))
}

fn url(name: &str, text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| format!("{name}: {error}"))?;
    if is_safe(&url) {
        Ok(url)
    } else {
        Err(format!("{name}: write an https:// URL without a user name and a password"))
    }
}

/// Whether responses are protected from tampering: https, or a host on this machine.
pub(super) fn is_safe(url: &Url) -> bool {
    let is_plain = url.username().is_empty() && url.password().is_none();
    is_plain && (url.scheme() == "https" || (url.scheme() == "http" && is_this_machine(url)))
}

/// Whether the host is this machine.
pub(super) fn is_this_machine(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address: Result<IpAddr, _> = host.trim_matches(['[', ']']).parse();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

fn empty(name: &str) -> String {
    format!("{name}: the value is empty; write one or remove the entry")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const PUBLIC_URL: &str = "https://canbo.example.vn";

    fn entry() -> Value {
        json!({ "issuer": "https://dangnhap.example.vn", "audience": PUBLIC_URL, "algorithms": ["ES256"] })
    }

    fn with(name: &str, value: Value) -> Value {
        let mut entry = entry();
        entry[name] = value;
        json!({ "issuers": [entry] })
    }

    #[test]
    fn omitted_fields_have_safe_defaults() {
        let read = read(&json!({ "issuers": [entry()] }).to_string(), PUBLIC_URL).unwrap();

        let [one] = &read[..] else { panic!("{read:?}") };
        let place = "https://dangnhap.example.vn/.well-known/openid-configuration".parse().unwrap();
        assert_eq!(one.place, Place::Metadata(place));
        assert_eq!(
            (one.longest_life, one.client_claim.as_str(), one.person_claim.as_str()),
            (3600, "client_id", "sub")
        );
        assert_eq!((one.scope_claim.as_deref(), &one.algorithms[..]), (None, &[KeyAlgorithm::Es256][..]));
        assert!(self::read(r#"{"issuers":[]}"#, PUBLIC_URL).unwrap().is_empty());
    }

    #[test]
    fn an_invalid_table_is_explained() {
        let twice = json!({ "issuers": [entry(), entry()] });
        let unnamed = json!({ "issuers": [{ "audience": "x", "algorithms": ["ES256"] }] });
        for (table, says) in [
            (json!([]), "invalid length 0"),
            (json!({}), "missing field `issuers`"),
            (unnamed, "missing field `issuer`"),
            (with("jwks", json!("x")), "unknown field `jwks`"),
            (twice, "is listed twice"),
            (with("issuer", json!(PUBLIC_URL)), "the service itself"),
            (with("issuer", json!("dangnhap.example.vn")), "issuer: relative URL"),
            (with("issuer", json!("http://dangnhap.example.vn")), "issuer: write an https:// URL"),
            (with("issuer", json!("https://u:p@dangnhap.example.vn")), "issuer: write an https:// URL"),
            (with("issuer", json!("https://dangnhap.example.vn?x")), "remove the query"),
            (with("jwks_uri", json!("http://127.0.0.1.example.vn/jwks")), "jwks_uri: write an https:// URL"),
            (with("jwks_uri", json!("file:///etc/keys")), "jwks_uri: write an https:// URL"),
            (with("audience", json!("")), "audience: the value is empty"),
            (with("audience", json!(["x"])), "invalid type"),
            (with("algorithms", json!([])), "choose one or more"),
            (with("algorithms", json!(["HS256"])), "choose one or more"),
            (with("algorithms", json!(["none"])), "choose one or more"),
            (with("longest_life_seconds", json!(0)), "write 1 to 86400"),
            (with("longest_life_seconds", json!(86_401)), "write 1 to 86400"),
            (with("client_claim", json!("")), "client_claim: the value is empty"),
            (with("client_claim", json!("aud")), "client_claim: aud is a standard claim"),
            (with("scope_claim", json!("iss")), "scope_claim: iss is a standard claim"),
            (with("person_claim", json!("jti")), "person_claim: jti is a standard claim"),
        ] {
            let sentence = read(&table.to_string(), PUBLIC_URL).unwrap_err();
            assert!(sentence.contains(says), "{table}: {sentence}");
        }
    }

    #[test]
    fn only_hosts_on_this_machine_may_use_http() {
        for good in ["http://127.0.0.1:4000", "http://localhost/x", "http://[::1]:80", "https://example.vn"] {
            assert!(is_safe(&good.parse().unwrap()), "{good}");
        }
        for bad in ["http://example.vn", "http://10.0.0.1", "http://localhost.example.vn", "ftp://127.0.0.1"] {
            assert!(!is_safe(&bad.parse().unwrap()), "{bad}");
        }
    }
}
