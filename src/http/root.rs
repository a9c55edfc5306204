//! `/`: describes the service, for people with a browser and for programs.

use std::fmt::Write;

use actix_web::{HttpRequest, HttpResponse, http::header};
use serde_json::json;

/// The page loads no scripts, styles, images or frames.
const POLICY: &str = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// A path of the service, for people.
struct Link {
    path: &'static str,
    vi: &'static str,
    en: &'static str,
}

/// The paths that the page lists if they are served.
const LINKS: [Link; 7] = [
    Link { path: "/console", vi: "Bảng truy vấn trong trình duyệt", en: "Console in the browser" },
    Link { path: "/schema.graphql", vi: "Lược đồ GraphQL", en: "GraphQL schema" },
    Link { path: "/v1", vi: "Các đường dẫn REST", en: "REST routes" },
    Link { path: "/problems", vi: "Mã lỗi của REST", en: "Problems of the REST API" },
    Link {
        path: "/deprecations", vi: "Các phần của API sẽ bị bỏ", en: "Parts of the API that will be removed"
    },
    Link { path: "/openapi.json", vi: "Mô tả OpenAPI", en: "OpenAPI description" },
    Link { path: "/healthz", vi: "Tình trạng hoạt động", en: "Health" },
];

/// `GET /`: a page for browsers, JSON for all other clients. It needs no token and shows no data.
pub async fn page(request: HttpRequest) -> HttpResponse {
    let accepted = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let is_served = |path: &str| request.resource_map().has_resource(path);
    let (kind, body) = match accepted.contains("text/html") {
        true => ("text/html; charset=utf-8", html(is_served)),
        false => ("application/json", description(is_served)),
    };
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, kind))
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((header::REFERRER_POLICY, "no-referrer"))
        .insert_header((header::CACHE_CONTROL, "public, max-age=300"))
        .insert_header((header::VARY, "Accept"))
        .body(body)
}

fn html(is_served: impl Fn(&str) -> bool) -> String {
    let list = |text: fn(&Link) -> &'static str| {
        LINKS.iter().filter(|link| is_served(link.path)).fold(String::new(), |mut list, link| {
            // Relative links work behind a proxy with a path prefix.
            let written = writeln!(list, r#"<li><a href="{}">{}</a>"#, link.path.trim_start_matches('/'), text(link));
            written.expect("a string accepts every write");
            list
        })
    };
    format!(
        r#"<!doctype html>
<html lang="vi">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>cadre-api</title>
<h1>cadre-api</h1>
<p>Dịch vụ dữ liệu cán bộ, công chức, viên chức. Chương trình truy vấn qua GraphQL tại <code>/graphql</code> hoặc REST tại <code>/v1</code> bằng mã truy cập cấp tại <code>/oauth/token</code>.
<ul>
{}<li>Hướng dẫn tích hợp: tệp <code>docs/api.md</code> trong mã nguồn; hướng dẫn vận hành: <code>docs/operations.md</code>
</ul>
<div lang="en">
<p>Data about cadres, civil servants and public employees. Programs send GraphQL requests to <code>/graphql</code> or REST requests to <code>/v1</code> with a token from <code>/oauth/token</code>.
<ul>
{}<li>Guide for integrators: <code>docs/api.md</code> in the source code; guide for operators: <code>docs/operations.md</code>
</ul>
</div>
"#,
        list(|link| link.vi),
        list(|link| link.en)
    )
}

fn description(is_served: impl Fn(&str) -> bool) -> String {
    let mut paths = json!({
        "name": "cadre-api", "graphql": "/graphql", "rest": "/v1", "token": "/oauth/token", "schema": "/schema.graphql",
        "health": "/healthz", "documentation": "docs/api.md",
    });
    for (name, path) in [("console", "/console"), ("openapi", "/openapi.json")] {
        if is_served(path) {
            paths[name] = json!(path);
        }
    }
    format!("{paths}\n")
}
