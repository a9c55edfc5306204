//! Problems of the REST API (RFC 9457): every response of `/v1` that is not a success. `/problems` explains the codes.

use std::{fmt::Write, sync::LazyLock};

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header},
    web,
};
use async_graphql::parser::{
    parse_schema,
    types::{TypeKind, TypeSystemDefinition},
};
use serde_json::{Value, json};

use crate::{
    auth::Tokens,
    graphql,
    language::{Language, Sentence},
};

/// The media type of a problem.
pub const MEDIA: &str = "application/problem+json";

/// A problem before it is written.
#[derive(Debug)]
pub struct Problem<'a> {
    /// Status of the response.
    pub status: StatusCode,
    /// Code for programs.
    pub code: &'a str,
    /// This occurrence and its solution.
    pub detail: &'a str,
    /// Language of the message.
    pub language: Language,
    /// Id of the request.
    pub request_id: &'a str,
    /// URL of the service, for the type of the problem.
    pub public_url: &'a str,
    /// The individual errors, each with a code, a message and, if it is about one parameter, a `field`.
    pub errors: Vec<Value>,
}

impl Problem<'_> {
    /// The response.
    pub fn response(&self) -> HttpResponse {
        let mut body = json!({
            "type": format!("{}/problems#{}", self.public_url, self.code),
            "title": title(self.status).text(self.language),
            "status": self.status.as_u16(),
            "detail": self.detail,
            "code": self.code,
            "requestId": self.request_id,
        });
        if !self.errors.is_empty() {
            body["errors"] = json!(self.errors);
        }
        let mut response = HttpResponse::build(self.status);
        response
            .insert_header((header::CONTENT_TYPE, MEDIA))
            .insert_header((header::CONTENT_LANGUAGE, self.language.tag()))
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .insert_header((header::VARY, "Accept, Accept-Language, Authorization"));
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            response.insert_header((header::RETRY_AFTER, "1"));
        }
        response.body(body.to_string())
    }
}

/// Whether the errors of a request are problems: those of the REST API are.
pub fn is_wanted(request: &HttpRequest) -> bool {
    request.path().strip_prefix("/v1").is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The URL of the service, without a slash at the end.
pub fn public_url(request: &HttpRequest) -> &str {
    request.app_data::<web::Data<Tokens>>().map_or("", |tokens| tokens.issuer.public_url())
}

/// The title of a problem: the same for all problems of a status, as RFC 9457, section 3.1.3, recommends.
fn title(status: StatusCode) -> Sentence {
    let (vi, en) = match status.as_u16() {
        400 => ("Yêu cầu không hợp lệ", "Invalid request"),
        401 => ("Chưa xác thực", "Not authenticated"),
        403 => ("Không có quyền", "Not permitted"),
        404 => ("Không tìm thấy", "Not found"),
        405 => ("Phương thức không được hỗ trợ", "Method not allowed"),
        406 => ("Không có định dạng được yêu cầu", "Not acceptable"),
        408 => ("Quá thời gian nhận yêu cầu", "Request timeout"),
        409 => ("Mâu thuẫn với dữ liệu đã ghi nhận", "Conflict with recorded data"),
        410 => ("Không thể đọc tiếp từ con trỏ này", "The cursor cannot be continued"),
        412 => ("Phiên bản đã thay đổi", "The version has changed"),
        413 => ("Nội dung quá lớn", "Content too large"),
        415 => ("Định dạng nội dung không được hỗ trợ", "Unsupported media type"),
        422 => ("Yêu cầu không thực hiện được", "The request cannot be executed"),
        429 => ("Vượt quá giới hạn", "Too many requests"),
        503 => ("Dịch vụ tạm thời gián đoạn", "Service unavailable"),
        _ => ("Lỗi của hệ thống", "Internal error"),
    };
    Sentence::new(vi, en)
}

/// The codes of the service: status, Vietnamese, English.
const CODES: [(&str, u16, &str, &str); 23] = [
    (
        "BAD_PARAMETER",
        400,
        "Một tham số không tồn tại, bị thiếu, bị lặp hoặc sai kiểu; `errors` nêu tên tham số.",
        "A parameter is unknown, missing, repeated or of the wrong type; `errors` names it.",
    ),
    (
        "BAD_REQUEST",
        400,
        "Nội dung hoặc một tiêu đề của yêu cầu không đúng dạng.",
        "The body or a header of the request is malformed.",
    ),
    (
        "BAD_ARCHIVE",
        400,
        "Nội dung không phải là tệp zip đầy đủ gồm các tệp CSV của gói nhập; hãy nén và gửi lại.",
        "The body is not a whole zip archive with the CSV files of a bundle; pack it and send it again.",
    ),
    (
        "DIGEST_MISMATCH",
        400,
        "Mã SHA-256 trong đường dẫn không phải của nội dung đã nhận; hãy gửi lại toàn bộ tệp.",
        "The SHA-256 digest in the path is not that of the received body; send the whole file again.",
    ),
    (
        "INVALID",
        400,
        "Giá trị của một tham số không đúng quy tắc, ví dụ mã không có; `errors` nêu tên tham số.",
        "The value of a parameter breaks a rule, such as a code that does not exist; `errors` names it.",
    ),
    (
        "OPERATION_TOO_COMPLEX",
        400,
        "Chi phí của yêu cầu vượt quá giới hạn; hãy giảm `first` hoặc bớt điều kiện.",
        "The cost of the request exceeds the limit; lower `first` or use fewer conditions.",
    ),
    (
        "UNAUTHENTICATED",
        401,
        "Không có mã truy cập hợp lệ; hãy lấy mã mới tại /oauth/token.",
        "There is no valid access token; get a new one at /oauth/token.",
    ),
    (
        "FORBIDDEN",
        403,
        "Hệ thống thiếu quyền; `missingScopes` liệt kê các quyền còn thiếu.",
        "The client lacks scopes; `missingScopes` lists them.",
    ),
    (
        "PURPOSE_REQUIRED",
        403,
        "Dữ liệu được bảo vệ chỉ được đọc khi nêu mục đích trong tiêu đề X-Purpose.",
        "Protected data is read only with a purpose in the header X-Purpose.",
    ),
    (
        "PURPOSE_NOT_ALLOWED",
        403,
        "Hệ thống không được cấp mục đích đã nêu.",
        "The grant of the client does not allow the purpose.",
    ),
    (
        "NOT_FOUND",
        404,
        "Đường dẫn không tồn tại, hoặc đối tượng không tồn tại hay nằm ngoài phạm vi; hai trường hợp không phân biệt.",
        "The path does not exist, or the object does not exist or is out of reach, without distinction.",
    ),
    ("METHOD_NOT_ALLOWED", 405, "Hãy dùng phương thức nêu trong tiêu đề Allow.", "Use a method of the header Allow."),
    ("NOT_ACCEPTABLE", 406, "Câu trả lời chỉ có dạng application/json.", "Responses are application/json only."),
    ("REQUEST_TIMEOUT", 408, "Nội dung không đến kịp; hãy gửi lại.", "The body did not arrive in time; send it again."),
    (
        "CONFLICT",
        409,
        "Số định danh được ghi cho nhiều người; hãy tra theo mã.",
        "The identity number is recorded for several people; use the code.",
    ),
    (
        "RESYNC",
        410,
        "Không thể đọc tiếp dòng thay đổi từ con trỏ này; hãy sao chép lại dữ liệu và đọc từ con trỏ mới.",
        "The change feed cannot continue from the cursor; copy the data again and follow the feed from a new cursor.",
    ),
    ("PAYLOAD_TOO_LARGE", 413, "Nội dung quá lớn; hãy chia nhỏ.", "The body is too large; split it."),
    (
        "UNSUPPORTED_MEDIA_TYPE",
        415,
        "Hãy gửi JSON không nén với Content-Type: application/json.",
        "Send JSON, uncompressed, with Content-Type: application/json.",
    ),
    (
        "IMPORT_REFUSED",
        422,
        "Gói nhập có lỗi nên chưa có dữ liệu nào được ghi; `errors` nêu tệp, dòng, cột và cách sửa từng lỗi.",
        "The bundle has errors, so nothing was written; `errors` names the file, line and column of each and its remedy.",
    ),
    (
        "OPERATION_TIMEOUT",
        422,
        "Yêu cầu bị dừng vì quá thời gian; đừng gửi lại y nguyên, hãy thu hẹp điều kiện.",
        "The request was stopped at its time limit; do not repeat it unchanged, narrow its conditions.",
    ),
    (
        "RATE_LIMITED",
        429,
        "Vượt quá giới hạn của hệ thống; hãy gửi lại sau số giây trong Retry-After.",
        "Over a limit of the client; retry after the seconds in Retry-After.",
    ),
    (
        "INTERNAL",
        500,
        "Lỗi của hệ thống; khi báo lỗi, hãy gửi kèm `requestId`.",
        "A fault of the service; report it with the `requestId`.",
    ),
    (
        "UNAVAILABLE",
        503,
        "Dịch vụ hoặc cơ sở dữ liệu đang bận; hãy gửi lại sau số giây trong Retry-After.",
        "The service or its database is busy; retry after the seconds in Retry-After.",
    ),
];

/// The page loads no scripts, styles, images or frames.
const POLICY: &str = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// `GET /problems`: all codes of problems with their meaning, each with an anchor. Public.
pub async fn page() -> HttpResponse {
    static PAGE: LazyLock<String> = LazyLock::new(html);
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((header::REFERRER_POLICY, "no-referrer"))
        .insert_header((header::CACHE_CONTROL, "public, max-age=300"))
        .body(PAGE.as_str())
}

fn html() -> String {
    let mut page = String::from(
        "<!doctype html>\n<html lang=\"vi\">\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>cadre-api: problems</title>\n<h1>Mã lỗi của API REST <span lang=\"en\">/ Problems of the REST API</span></h1>\n<dl>\n",
    );
    for (code, status, vi, en) in CODES {
        _ = writeln!(page, "<dt id=\"{code}\"><code>{code}</code> {status}<dd>{vi}<br><span lang=\"en\">{en}</span>");
    }
    page += "</dl>\n<h2>Lý do từ chối một thao tác <span lang=\"en\">/ Reasons for which a command is refused</span></h2>\n<dl lang=\"en\">\n";
    for (code, meaning) in refusals() {
        let known = CODES.iter().any(|(known, ..)| *known == code);
        let anchor = if known { String::new() } else { format!(" id=\"{code}\"") };
        _ = writeln!(page, "<dt{anchor}><code>{code}</code><dd>{meaning}");
    }
    page + "</dl>\n"
}

/// The codes of `UserErrorCode` with their descriptions.
fn refusals() -> Vec<(String, String)> {
    let document = parse_schema(graphql::sdl()).expect("the service's own SDL parses");
    let enums = document.definitions.into_iter().filter_map(|definition| match definition {
        TypeSystemDefinition::Type(of) if of.node.name.node == "UserErrorCode" => match of.node.kind {
            TypeKind::Enum(of) => Some(of.values),
            _ => None,
        },
        _ => None,
    });
    let described = |value: async_graphql::parser::types::EnumValueDefinition| {
        let meaning = value.description.map(|text| text.node.trim().to_owned()).unwrap_or_default();
        (value.value.node.to_string(), meaning)
    };
    enums.flatten().map(|value| described(value.node)).collect()
}
