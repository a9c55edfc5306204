//! Exports in the description: they are streams of their own code, so their operation is not generated from a document.

use cadre_api::domain::export::ExportType;
use serde_json::{Value, json};

pub const PATH: &str = "/v1/export/{type}";

/// The operation of `GET /v1/export/{type}`.
pub fn described() -> Value {
    let types: Vec<_> = ExportType::all().map(ExportType::name).collect();
    let scopes = ExportType::all().filter_map(ExportType::scope).map(|scope| scope.to_string());
    let mut scopes: Vec<_> = scopes.collect();
    scopes.sort_unstable();
    scopes.dedup();
    let none = json!({ "oauth2": [] });
    let security: Vec<Value> =
        [none].into_iter().chain(scopes.iter().map(|scope| json!({ "oauth2": [scope] }))).collect();
    let query = |name: &str, schema: Value, description: &str, vi: &str| {
        json!({
            "name": name, "in": "query", "required": false, "description": description, "x-description-vi": vi,
            "schema": schema,
        })
    };
    let header = |description: &str| json!({ "description": description, "schema": { "type": "string" } });
    let mut responses = json!({
        "200": {
            "description": "The records. The last line of NDJSON says that the export is complete.",
            "x-description-vi": "Các bản ghi. Dòng cuối của NDJSON cho biết tệp kết xuất đã đầy đủ.",
            "headers": {
                "X-Request-Id": { "$ref": "#/components/headers/RequestId" },
                "X-Change-Cursor": header("Cursor of the change feed: all changes that the export lacks come after it."),
                "X-As-Of": header("Day as of which the records are shown."),
                "X-Withheld": header("Keys that the client may not read; absent if there are none."),
            },
            "content": {
                "application/x-ndjson": { "schema": { "type": "string" } },
                "text/csv": { "schema": { "type": "string" } },
            },
        },
    });
    for status in ["400", "401", "403", "404", "406", "422", "429", "500", "503"] {
        responses[status] = json!({ "$ref": format!("#/components/responses/Problem{status}") });
    }
    json!({
        "operationId": "Export",
        "tags": ["export"],
        "summary": "All records of a type as one stream",
        "x-summary-vi": "Toàn bộ bản ghi của một loại trong một luồng",
        "description": "NDJSON, or the CSV file of the import bundle with `Accept: text/csv`. Each type requires its scope; see docs/export.md.",
        "security": security,
        "parameters": [
            {
                "name": "type", "in": "path", "required": true, "description": "Type of the records.",
                "x-description-vi": "Loại bản ghi.", "schema": { "type": "string", "enum": types },
            },
            query(
                "after",
                json!({ "type": "string" }),
                "Id of the last line of an interrupted export.",
                "Mã của dòng cuối đã nhận khi kết xuất bị gián đoạn.",
            ),
            query(
                "for",
                json!({ "type": "string", "enum": ["spreadsheet"] }),
                "CSV for spreadsheets: with a byte order mark and without formulas.",
                "CSV cho bảng tính: có dấu thứ tự byte và không có công thức.",
            ),
            query(
                "end",
                json!({ "type": "string", "enum": ["line"] }),
                "CSV with a last line that says that the file is complete.",
                "CSV có dòng cuối cho biết tệp đã đầy đủ.",
            ),
            { "$ref": "#/components/parameters/OptionalPurpose" },
        ],
        "responses": responses,
    })
}
