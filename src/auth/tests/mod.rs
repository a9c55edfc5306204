//! Tests of tokens: malformed tokens, assertions, changes of rights, and their common fixture.

mod assertion;
mod external;
pub(crate) mod fixture;
mod lifecycle;
mod tampering;

use super::*;

#[test]
fn a_public_url_has_one_spelling() {
    for good in ["http://127.0.0.1:8080", "https://canbo.gov.vn", "https://canbo.gov.vn/api"] {
        assert!(ensure_public_url(good).is_ok(), "{good}");
    }
    for bad in [
        "",
        "https://",
        "https://x/",
        "canbo.gov.vn",
        "ftp://x",
        "https://x?y",
        "https://x#y",
        "https://x\"",
        "https://x y",
    ] {
        assert!(ensure_public_url(bad).is_err(), "{bad}");
    }
}
