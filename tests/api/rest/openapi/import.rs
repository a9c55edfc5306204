//! Imports over the API in the description: their body is an archive and their code their own, so their operation is not
//! generated from a document. The code of a finding and the names of files are those of the importer.

use cadre_api::{domain::export::ExportType, import::FILES};
use entity::value::Scope;
use serde_json::{Map, Value, json};

pub const PATH: &str = "/v1/imports/{sha256}";

/// Media type of the body.
const ZIP: &str = "application/zip";

/// The operation of `PUT /v1/imports/{sha256}`.
pub fn described() -> Value {
    let mut responses = json!({
        "200": {
            "description": "The report. With `mode=load` all rows are recorded; `outcome` says what was done.",
            "x-description-vi": "Báo cáo. Với `mode=load`, toàn bộ các dòng đã được ghi; `outcome` cho biết kết quả.",
            "headers": { "X-Request-Id": { "$ref": "#/components/headers/RequestId" } },
            "content": { "application/json": { "schema": { "$ref": "#/components/schemas/ImportReport" } } },
        },
        "422": {
            "description": "The bundle has errors and nothing was written; `errors` lists the findings, errors first.",
            "x-description-vi": "Gói nhập có lỗi và chưa có dữ liệu nào được ghi; `errors` liệt kê các phát hiện, lỗi trước.",
            "headers": { "X-Request-Id": { "$ref": "#/components/headers/RequestId" } },
            "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/ImportProblem" } } },
        },
    });
    for status in ["400", "401", "403", "408", "413", "415", "429", "500", "503"] {
        responses[status] = json!({ "$ref": format!("#/components/responses/Problem{status}") });
    }
    json!({
        "operationId": "Import",
        "tags": ["imports"],
        "summary": "Import of a bundle, completely or not at all",
        "x-summary-vi": "Nhập một gói dữ liệu, toàn bộ hoặc không nhập gì",
        "description": "The body is a zip archive of the CSV files. A request can be repeated with the same body: what was loaded is answered with the report of that load. While another import is running, the answer is 503 with Retry-After; see docs/import.md.",
        "x-description-vi": "Nội dung là tệp zip gồm các tệp CSV. Có thể gửi lại cùng nội dung: gói đã nhập được trả về báo cáo của lần nhập đó. Khi một gói khác đang được nhập, câu trả lời là 503 kèm Retry-After; xem docs/import.md.",
        "security": security(),
        "parameters": [
            {
                "name": "sha256", "in": "path", "required": true,
                "description": "SHA-256 digest of the body, as hexadecimal digits in lower case.",
                "x-description-vi": "Mã SHA-256 của nội dung, viết bằng chữ số thập lục phân thường.",
                "schema": { "type": "string", "pattern": "^[0-9a-f]{64}$" },
            },
            {
                "name": "mode", "in": "query", "required": false,
                "description": "`check` validates only and writes nothing.",
                "x-description-vi": "`check` chỉ kiểm tra và không ghi gì.",
                "schema": { "type": "string", "enum": ["load", "check"], "default": "load" },
            },
            { "$ref": "#/components/parameters/OptionalPurpose" },
        ],
        "requestBody": { "required": true, "content": { ZIP: { "schema": { "contentMediaType": ZIP } } } },
        "responses": responses,
    })
}

/// The scope of imports, with none or one of those that the files need. A bundle of several files needs all of theirs.
fn security() -> Value {
    let import = Scope::ImportWrite.to_string();
    let mut scopes: Vec<_> = ExportType::all().filter_map(ExportType::scope).map(|scope| scope.to_string()).collect();
    scopes.sort_unstable();
    scopes.dedup();
    let alone = [json!({ "oauth2": [import] })];
    alone.into_iter().chain(scopes.iter().map(|scope| json!({ "oauth2": [import, scope] }))).collect()
}

/// The schemas of the report and of the problem of a refused bundle, by name.
pub fn schemas(problem: &Value) -> Vec<(String, Value)> {
    let mut refused = problem.clone();
    refused["description"] = json!("A problem (RFC 9457). With the code IMPORT_REFUSED its errors are findings.");
    let errors = &mut refused["properties"]["errors"];
    errors["description"] = json!("The findings of a refused bundle, errors first; otherwise the individual errors.");
    let members = errors["items"]["properties"].as_object_mut().expect("members");
    members.extend(finding());
    refused.as_object_mut().expect("an object").remove("examples");
    vec![("ImportReport".to_owned(), report()), ("ImportProblem".to_owned(), refused)]
}

fn text(description: &str) -> Value {
    json!({ "type": "string", "description": description })
}

fn number(description: &str) -> Value {
    json!({ "type": "integer", "format": "int64", "description": description })
}

/// An object without other members, all of them present.
fn object(description: &str, properties: &Value) -> Value {
    let required: Vec<_> = properties.as_object().expect("members").keys().cloned().collect();
    json!({ "type": "object", "description": description, "properties": properties, "required": required })
}

/// The members of a finding.
fn finding() -> Map<String, Value> {
    let column = object(
        "Column; null for a whole row.",
        &json!({ "name": text("Name."), "position": number("Position in the file, from 1.") }),
    );
    let column = with_null(column);
    let members = json!({
        "severity": { "type": "string", "enum": ["ERROR", "WARNING"], "description": "`ERROR` refuses the bundle." },
        "file": text("File of the bundle."),
        "line": { "type": ["integer", "null"], "format": "int64", "description": "Line on which the row begins, from 1; null for a whole file." },
        "column": column,
        "code": text("Code for programs; docs/import.md lists them."),
        "sentence": object("The finding and its remedy.", &json!({ "vi": text("In Vietnamese."), "en": text("In English.") })),
    });
    members.as_object().cloned().expect("members")
}

fn with_null(mut schema: Value) -> Value {
    schema["type"] = json!(["object", "null"]);
    schema
}

fn report() -> Value {
    let files: Vec<_> = FILES.iter().map(|file| file.name).collect();
    let file = object(
        "A file of the bundle.",
        &json!({
            "name": { "type": "string", "enum": files, "description": "Name." },
            "rows": number("Rows below the header."),
            "new": number("Rows that were not recorded."),
            "unchanged": number("Rows that are recorded already."),
            "state": { "type": "string", "enum": ["CHECKED", "LOADED"], "description": "`CHECKED`: nothing was written." },
        }),
    );
    let unlisted = object(
        "Findings that are counted only.",
        &json!({ "file": text("File of the bundle."), "code": text("Code of the findings."), "more": number("Number of further findings.") }),
    );
    object(
        "Report of an import.",
        &json!({
            "outcome": {
                "type": "string",
                "enum": ["LOADED", "NOTHING_NEW", "NO_ROWS", "DRY_RUN"],
                "description": "Outcome of the import.\n- `LOADED`: all rows are recorded\n- `NOTHING_NEW`: all rows were recorded already\n- `NO_ROWS`: the files have headers only\n- `DRY_RUN`: no errors; nothing was written",
            },
            "files": { "type": "array", "items": file, "description": "Files in the order in which they were read." },
            "errors": number("Number of errors."),
            "warnings": number("Number of warnings."),
            "findings": {
                "type": "array",
                "items": object("A finding.", &Value::Object(finding())),
                "description": "Findings by file, line and column; at most 1,000 for each file and code.",
            },
            "unlisted": { "type": "array", "items": unlisted, "description": "Number of further findings." },
        }),
    )
}
