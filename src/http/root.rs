//! `/`: describes the service, for people with a browser and for programs.

use actix_web::{HttpRequest, HttpResponse, http::header};

/// The page loads no scripts, styles, images or frames.
const POLICY: &str = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

// Relative links, which work behind a proxy with a path prefix.
const PAGE: &str = r#"<!doctype html>
<html lang="vi">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>cadre-api</title>
<h1>cadre-api</h1>
<p>Dịch vụ dữ liệu cán bộ, công chức, viên chức. Chương trình truy vấn qua GraphQL tại <code>/graphql</code> bằng mã truy cập cấp tại <code>/oauth/token</code>.
<ul>
<li><a href="schema.graphql">Lược đồ GraphQL</a>
<li><a href="healthz">Tình trạng hoạt động</a>
<li>Hướng dẫn tích hợp: tệp <code>docs/api.md</code> trong mã nguồn
</ul>
<div lang="en">
<p>Data about cadres, civil servants and public employees. Programs send GraphQL requests to <code>/graphql</code> with a token from <code>/oauth/token</code>.
<ul>
<li><a href="schema.graphql">GraphQL schema</a>
<li><a href="healthz">Health</a>
<li>Guide for integrators: <code>docs/api.md</code> in the source code
</ul>
</div>
"#;

const JSON: &str = "{\"name\":\"cadre-api\",\"graphql\":\"/graphql\",\"token\":\"/oauth/token\",\"schema\":\"/schema.graphql\",\
                    \"health\":\"/healthz\",\"documentation\":\"docs/api.md\"}\n";

/// `GET /`: a page for browsers, JSON for all other clients. It needs no token and shows no data.
pub async fn page(request: HttpRequest) -> HttpResponse {
    let accepted = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (kind, body) = match accepted.contains("text/html") {
        true => ("text/html; charset=utf-8", PAGE),
        false => ("application/json", JSON),
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
