//! The console (`/console`): GraphiQL in the browser, served by the program without another host.
//!
//! The page keeps everything in memory. `third_party/console.md` describes the third-party files.

use std::{fmt::Write, sync::LazyLock};

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{self, HeaderName, HeaderValue},
    web,
};
use entity::value::Purpose;

use crate::{
    config::Console,
    http::{
        asset::Asset,
        error::{only, read},
    },
};

/// Scripts and styles come from this service only, and requests go to this service only. The digest is the digest of
/// the one inline style of GraphiQL, which its dialogs insert.
const POLICY: &str = "default-src 'none'; script-src 'self'; \
                      style-src 'self' 'sha256-nzTgYzXYDNe6BAHiiI7NNlfK8n/auuOAhh2t92YvuXo='; \
                      font-src data:; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";

/// Headers of the page and its files, without the content security policy.
const PROTECTION: [(HeaderName, &str); 3] = [
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CROSS_ORIGIN_OPENER_POLICY, "same-origin"),
    (header::CROSS_ORIGIN_RESOURCE_POLICY, "same-origin"),
];

const JAVASCRIPT: &str = "text/javascript; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";

/// The page.
static PAGE: LazyLock<Asset> = LazyLock::new(|| page(Console::On));

/// The page of the demo.
static DEMO_PAGE: LazyLock<Asset> = LazyLock::new(|| page(Console::Demo));

/// The files that the page loads.
static FILES: LazyLock<[(&str, Asset); 6]> = LazyLock::new(|| {
    [
        ("/console/console.js", Asset::of_text(JAVASCRIPT, include_str!("console/console.js"))),
        ("/console/console.css", Asset::of_text(CSS, include_str!("console/console.css"))),
        (
            "/console/graphiql.min.js",
            Asset::of_gzip(JAVASCRIPT, include_bytes!("../../third_party/console/graphiql.min.js.gz")),
        ),
        (
            "/console/graphiql.min.css",
            Asset::of_gzip(CSS, include_bytes!("../../third_party/console/graphiql.min.css.gz")),
        ),
        (
            "/console/react.production.min.js",
            Asset::of_gzip(JAVASCRIPT, include_bytes!("../../third_party/console/react.production.min.js.gz")),
        ),
        (
            "/console/react-dom.production.min.js",
            Asset::of_gzip(JAVASCRIPT, include_bytes!("../../third_party/console/react-dom.production.min.js.gz")),
        ),
    ]
});

/// A query that the console offers.
pub struct Sample {
    /// Title in Vietnamese and English.
    pub title: &'static str,
    /// The document.
    pub document: &'static str,
    /// The purpose that it needs.
    pub purpose: Option<Purpose>,
    /// Whether it names units or people of the demo.
    pub is_of_demo: bool,
}

/// The queries that the console offers; each of them finds data in the demo.
pub const SAMPLES: [Sample; 6] = [
    Sample {
        title: "Cơ cấu trình độ (composition)",
        document: include_str!("console/samples/composition.graphql"),
        purpose: None,
        is_of_demo: true,
    },
    Sample {
        title: "Chưa đạt chuẩn (below a standard)",
        document: include_str!("console/samples/below_standard.graphql"),
        purpose: None,
        is_of_demo: true,
    },
    Sample {
        title: "Quá trình công tác (career)",
        document: include_str!("console/samples/career.graphql"),
        purpose: None,
        is_of_demo: true,
    },
    Sample {
        title: "Nhân thân (identity)",
        document: include_str!("console/samples/identity.graphql"),
        purpose: Some(Purpose::Personnel),
        is_of_demo: true,
    },
    Sample {
        title: "Đơn vị (units)",
        document: include_str!("console/samples/units.graphql"),
        purpose: None,
        is_of_demo: false,
    },
    Sample {
        title: "Quyền của tôi (my rights)",
        document: include_str!("console/samples/viewer.graphql"),
        purpose: None,
        is_of_demo: false,
    },
];

/// The routes of the console, if it is on.
pub fn routes(config: &mut web::ServiceConfig, console: Console) {
    let page = match console {
        Console::Off => return,
        Console::On => &PAGE,
        Console::Demo => &DEMO_PAGE,
    };
    let get_page = move |request: HttpRequest| async move { protected(page.response(&request)) };
    config.service(web::resource("/console").route(read(get_page)).default_service(only("GET, HEAD")));
    for (at, (path, _)) in FILES.iter().enumerate() {
        let file = move |request: HttpRequest| async move { protected(FILES[at].1.response(&request)) };
        config.service(web::resource(*path).route(read(file)).default_service(only("GET, HEAD")));
    }
}

fn protected(mut response: HttpResponse) -> HttpResponse {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    for (name, value) in PROTECTION {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// The page. Only the page of the demo asks for a client secret: otherwise a secret must not be entered in a browser.
fn page(console: Console) -> Asset {
    let is_demo = console == Console::Demo;
    let mut purposes = String::new();
    for purpose in Purpose::all() {
        option(&mut purposes, &purpose.to_string(), &purpose.to_string(), None);
    }
    let mut samples = String::new();
    for sample in SAMPLES.iter().filter(|sample| is_demo || !sample.is_of_demo) {
        option(&mut samples, sample.document, sample.title, sample.purpose);
    }
    let credentials = if is_demo { include_str!("console/credentials.html") } else { "" };
    let page = include_str!("console/page.html")
        .replace("<!-- purposes -->", &purposes)
        .replace("<!-- samples -->", &samples)
        .replace("<!-- credentials -->\n", credentials);
    Asset::of_text("text/html; charset=utf-8", page)
}

/// Adds an option of a list.
fn option(list: &mut String, value: &str, label: &str, purpose: Option<Purpose>) {
    let purpose = purpose.map(|purpose| format!(r#" data-purpose="{purpose}""#)).unwrap_or_default();
    let written = write!(list, r#"<option value="{}"{purpose}>{}</option>"#, escaped(value), escaped(label));
    written.expect("a string accepts every write");
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;")
}
