//! An external identity provider: the npm package `oidc-provider` in a separate process.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader},
    process::{Child, ChildStdout, Command, Stdio},
};

use data_encoding::BASE64URL_NOPAD;
use reqwest::{Client, RequestBuilder, Response, Url, redirect};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::support::{npm, overdue};

/// The files of the provider. `npm` installs exactly the versions of the lock file.
const FILES: [(&str, &str); 3] = [
    ("package.json", include_str!("../../oidc/package.json")),
    ("package-lock.json", include_str!("../../oidc/package-lock.json")),
    ("provider.mjs", include_str!("../../oidc/provider.mjs")),
];

/// The client of the provider, and its secret as a form carries it.
const CLIENT: [(&str, &str); 2] = [("client_id", "mobile"), ("client_secret", "a secret of the tests")];

/// The redirect URL after a login.
const REDIRECT: &str = "http://127.0.0.1/signed-in";

/// Maximum number of steps of a login.
const STEPS: usize = 10;

/// A running provider. It ends when its standard input closes, so also when the test is killed.
pub struct Provider {
    child: Child,
    /// The provider ends if nothing reads its output.
    _stdout: BufReader<ChildStdout>,
    http: Client,
    pub issuer: String,
}

/// The tokens of a signed-in person.
pub struct SignedIn {
    pub access_token: String,
    pub id_token: String,
}

impl Provider {
    /// Starts the provider on a free port.
    pub fn start() -> Self {
        overdue::watch();
        let folder = npm::installed("oidc-provider", &FILES);
        let mut command = Command::new("node");
        command.arg("provider.mjs").current_dir(folder).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.stderr(Stdio::null()).spawn().expect("node starts");
        let mut issuer = String::new();
        let mut stdout = BufReader::new(child.stdout.take().expect("piped"));
        stdout.read_line(&mut issuer).expect("the provider prints its URL");
        let issuer = issuer.trim_end().to_owned();
        assert!(issuer.starts_with("http://127.0.0.1:"), "the provider does not start: {issuer:?}");
        let http = Client::builder().redirect(redirect::Policy::none()).pool_max_idle_per_host(0);
        Self { child, _stdout: stdout, http: http.build().expect("a client"), issuer }
    }

    /// A token for the client itself.
    pub async fn token(&self, resource: &str, scope: &str) -> String {
        let form = [("grant_type", "client_credentials"), ("resource", resource), ("scope", scope)];
        self.send(&form).await["access_token"].as_str().expect("a token").to_owned()
    }

    /// Logs a person in through the provider's own pages and returns the tokens that the client gets (RFC 6749, section
    /// 4.1).
    pub async fn sign_in(&self, login: &str, resource: &str, scope: &str) -> SignedIn {
        let verifier = format!("{login:x<43}");
        let challenge = BASE64URL_NOPAD.encode(&Sha256::digest(&verifier));
        let parameters = [
            ("client_id", "mobile"),
            ("response_type", "code"),
            ("scope", &format!("openid {scope}")),
            ("redirect_uri", REDIRECT),
            ("resource", resource),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ];
        let first = Url::parse_with_params(&format!("{}/auth", self.issuer), parameters).expect("a URL");
        let code = Browser { http: &self.http, cookies: BTreeMap::new() }.code(first, login).await;
        let form = [
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", REDIRECT),
            ("code_verifier", &verifier),
            ("resource", resource),
        ];
        let answer = self.send(&form).await;
        let word = |name: &str| answer[name].as_str().unwrap_or_else(|| panic!("no {name}: {answer}")).to_owned();
        SignedIn { access_token: word("access_token"), id_token: word("id_token") }
    }

    async fn send(&self, form: &[(&str, &str)]) -> Value {
        let request = posted(&self.http, &format!("{}/token", self.issuer), &[form, &CLIENT].concat());
        let answer = request.send().await.expect("an answer");
        let (status, answer): (_, Value) = (answer.status(), answer.json().await.expect("JSON"));
        assert_eq!(status, 200, "{answer}");
        answer
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        // The provider may have ended already.
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// A browser: it keeps cookies and follows redirects.
struct Browser<'a> {
    http: &'a Client,
    cookies: BTreeMap<String, String>,
}

impl Browser<'_> {
    /// Follows the pages from the first, and returns the code of the last redirect.
    async fn code(mut self, first: Url, login: &str) -> String {
        let mut at = first;
        for _ in 0..STEPS {
            let page = self.open(self.http.get(at.clone())).await;
            let location = match location(&page, &at) {
                Some(location) => location,
                None => {
                    let is_login = page.text().await.expect("a page").contains(r#"name="prompt" value="login""#);
                    let prompt = if is_login { "login" } else { "consent" };
                    let form = [("prompt", prompt), ("login", login), ("password", "any")];
                    let answer = self.open(posted(self.http, at.as_str(), &form)).await;
                    location(&answer, &at).expect("a redirect")
                }
            };
            if location.as_str().starts_with(REDIRECT) {
                let code = location.query_pairs().find(|(name, _)| name == "code");
                return code.unwrap_or_else(|| panic!("no code: {location}")).1.into_owned();
            }
            at = location;
        }
        panic!("the login does not end: {at}");
    }

    async fn open(&mut self, request: RequestBuilder) -> Response {
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let page = request.header("Cookie", cookies.join("; ")).send().await.expect("a page");
        for cookie in page.headers().get_all("Set-Cookie") {
            let cookie = cookie.to_str().expect("text").split(';').next().unwrap_or_default();
            let (name, value) = cookie.split_once('=').expect("a cookie");
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        page
    }
}

fn location(page: &Response, at: &Url) -> Option<Url> {
    let location = page.headers().get("Location")?.to_str().expect("text");
    Some(at.join(location).expect("a URL"))
}

fn posted(http: &Client, url: &str, form: &[(&str, &str)]) -> RequestBuilder {
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    http.post(url).header("Content-Type", "application/x-www-form-urlencoded").body(body)
}
