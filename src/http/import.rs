//! `PUT /v1/imports/{sha256}`: imports a bundle as a zip archive, completely or not at all.
//!
//! The digest in the path is that of the body, so a request can be repeated after a broken connection: bytes that were
//! loaded are answered with the report of that load. The files are unpacked in memory and never stored. Once the body has
//! arrived, the import continues even if the client leaves.

mod archive;

use std::{sync::Arc, time::Duration};

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header},
    web,
};
use data_encoding::HEXLOWER;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::{runtime::Handle, task};

use crate::{
    authz::Access,
    error::Error,
    graphql::error::client_error,
    http::{
        Service, body,
        error::{Refused, language, only, request_id},
        graphql, limit,
        problem::{self, Problem},
        rest::answer,
    },
    import::{self, Answer, Finding, Options, Outcome, Report, Sent, Severity},
    language::Sentence,
};

/// Path of an import.
const PATH: &str = "/v1/imports/{sha256}";
/// Time limit for receiving a body.
const TIMEOUT: Duration = Duration::from_secs(120);
/// Bytes of a MiB.
const MIB: usize = 1 << 20;
/// Seconds after which a client retries if another import is running.
const RETRY_AFTER: u64 = 5;

/// Adds the route of imports.
pub fn routes(config: &mut web::ServiceConfig) {
    config.service(web::resource(PATH).route(web::put().to(put)).default_service(only("PUT")));
}

async fn put(request: HttpRequest, mut payload: web::Payload, service: web::Data<Service>) -> HttpResponse {
    let (access, allowance) = match graphql::admitted(&request, &service).await {
        Ok(admitted) => admitted,
        Err(response) => return body::unread(response, payload),
    };
    let response = match imported(&request, &mut payload, (&service, access)).await {
        Ok(response) => response,
        Err(response) => body::unread(response, payload),
    };
    limit::with_rate_limit_headers(response, &allowance)
}

async fn imported(
    request: &HttpRequest,
    payload: &mut web::Payload,
    (service, access): (&web::Data<Service>, Arc<Access>),
) -> Result<HttpResponse, HttpResponse> {
    let refused = |refused: Refused| refused.response(request);
    let (sha256, options) = asked(request).map_err(refused)?;
    ensure_zip(request).map_err(refused)?;
    import::ensure_may_import(&access).map_err(|error| failed(request, &error))?;
    // The place is taken before the body arrives, which bounds the memory of all imports.
    let Some(place) = service.imports.enter() else { return Err(busy(request)) };
    let limits = service.imports.archive();
    let bytes = body::within(request, payload, (limits.size as usize * MIB, TIMEOUT)).await.map_err(refused)?;
    if HEXLOWER.encode(&Sha256::digest(&bytes)) != sha256 {
        return Err(refused(wrong_digest()));
    }
    let runtime = Handle::current();
    let run = move || {
        let _place = place;
        let contents = archive::unpacked(&bytes, limits).map_err(Stopped::Refused)?;
        drop(bytes);
        let sent = Sent { contents: &contents, sha256: &sha256 };
        runtime.block_on(import::import_for(&access, sent, options)).map_err(Stopped::Failed)
    };
    match task::spawn_blocking(run).await {
        Ok(Ok(answer)) => {
            // The next request of the client finds what it has loaded.
            if let Err(error) = service.app_state.refresh().await {
                tracing::warn!(error = %error, "the snapshot was not refreshed after an import");
            }
            Ok(answered(request, answer))
        }
        Ok(Err(Stopped::Refused(refused))) => Err(refused.response(request)),
        Ok(Err(Stopped::Failed(error))) => Err(failed(request, &error)),
        Err(error) => Err(failed(request, &Error::internal(error))),
    }
}

/// Why an import has no report.
enum Stopped {
    Refused(Refused),
    Failed(Error),
}

/// The digest of the path, and the mode.
fn asked(request: &HttpRequest) -> Result<(String, Options), Refused> {
    let sha256 = request.match_info().query("sha256");
    if sha256.len() != 64 || !sha256.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
        return Err(bad_parameter(
            "Đường dẫn phải có mã SHA-256 của nội dung: 64 chữ số thập lục phân viết thường.",
            "The path must have the SHA-256 digest of the body: 64 hexadecimal digits in lower case.",
        ));
    }
    let mut mode = None;
    for (name, value) in form_urlencoded::parse(request.query_string().as_bytes()) {
        let is_check = match (&*name, &*value) {
            ("mode", "check") if mode.is_none() => true,
            ("mode", "load") if mode.is_none() => false,
            _ => {
                return Err(bad_parameter(
                    "Tham số duy nhất là `mode`: `check` (chỉ kiểm tra) hoặc `load` (mặc định), một lần.",
                    "The only parameter is `mode`: `check` (validate only) or `load` (the default), once.",
                ));
            }
        };
        mode = Some(is_check);
    }
    Ok((sha256.to_owned(), Options { dry_run: mode.unwrap_or_default() }))
}

fn ensure_zip(request: &HttpRequest) -> Result<(), Refused> {
    let text = |name| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media = text(header::CONTENT_TYPE).split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_plain = matches!(text(header::CONTENT_ENCODING), "" | "identity");
    if is_plain && matches!(media.as_str(), "application/zip" | "application/x-zip-compressed") {
        return Ok(());
    }
    Err(Refused::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "UNSUPPORTED_MEDIA_TYPE",
        "Hãy gửi một tệp zip với Content-Type: application/zip, không có Content-Encoding.",
        "Send a zip archive with Content-Type: application/zip and without Content-Encoding.",
    ))
}

fn answered(request: &HttpRequest, answer: Answer) -> HttpResponse {
    match answer {
        Answer::Repeated(json) => sent(request, json),
        Answer::New(report) if report.outcome == Outcome::Refused => with_findings(request, &report),
        Answer::New(report) => match serde_json::to_string(&report) {
            Ok(json) => sent(request, json),
            Err(error) => failed(request, &Error::internal(error)),
        },
    }
}

fn sent(request: &HttpRequest, json: String) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "application/json"))
        .insert_header((header::CONTENT_LANGUAGE, language(request).tag()))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::VARY, "Accept, Accept-Language, Authorization"))
        .body(json)
}

/// The problem of a refused bundle: all findings as in the report, errors first, each with a message.
fn with_findings(request: &HttpRequest, report: &Report) -> HttpResponse {
    metrics::counter!("cadre_errors_total", "code" => "IMPORT_REFUSED").increment(1);
    let language = language(request);
    let entry = |finding: &Finding| {
        let mut entry = json!(finding);
        entry["message"] = json!(finding.sentence.text(language));
        entry
    };
    let of = |severity| report.findings.iter().filter(move |finding| finding.severity == severity).map(entry);
    let errors: Vec<Value> = of(Severity::Error).chain(of(Severity::Warning)).collect();
    let (count, warnings, listed) = (report.errors, report.warnings, errors.len());
    let detail = Sentence::new(
        format!(
            "Gói nhập có {count} lỗi và {warnings} cảnh báo; chưa có dữ liệu nào được ghi. `errors` liệt kê {listed} phát \
             hiện với tệp, dòng và cột; hãy sửa rồi gửi lại."
        ),
        format!(
            "The bundle has {count} errors and {warnings} warnings; nothing was written. `errors` lists {listed} findings \
             with file, line and column; correct them and send the bundle again."
        ),
    );
    let problem = Problem {
        status: StatusCode::UNPROCESSABLE_ENTITY,
        code: "IMPORT_REFUSED",
        detail: detail.text(language),
        language,
        request_id: &request_id(request),
        public_url: problem::public_url(request),
        errors,
    };
    problem.response()
}

fn failed(request: &HttpRequest, error: &Error) -> HttpResponse {
    answer::of_errors(request, &[client_error(error, language(request), &request_id(request))])
}

fn bad_parameter(vi: &str, en: &str) -> Refused {
    Refused::new(StatusCode::BAD_REQUEST, "BAD_PARAMETER", vi, en)
}

fn wrong_digest() -> Refused {
    Refused::new(
        StatusCode::BAD_REQUEST,
        "DIGEST_MISMATCH",
        "Mã SHA-256 trong đường dẫn không phải của nội dung đã nhận; hãy tính lại mã và gửi lại toàn bộ tệp.",
        "The SHA-256 digest in the path is not that of the received body; compute it again and send the whole file.",
    )
}

/// Response if another import is running.
fn busy(request: &HttpRequest) -> HttpResponse {
    metrics::counter!("cadre_limited_total", "limit" => "imports").increment(1);
    let refused = Refused::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "UNAVAILABLE",
        "Dịch vụ đang nhập một gói khác; hãy gửi lại sau ít phút.",
        "The service is importing another bundle; send this request again in a few minutes.",
    );
    let mut response = refused.response(request);
    response.headers_mut().insert(header::RETRY_AFTER, header::HeaderValue::from(RETRY_AFTER));
    response
}
