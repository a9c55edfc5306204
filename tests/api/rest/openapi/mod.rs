//! `openapi.json` describes the REST API (OpenAPI 3.1). It is generated here from the documents and the schema, so the
//! program only serves it. `UPDATE_EXPECT=1` rewrites it.

mod changes;
mod clients;
mod deprecated;
mod dictionary;
mod export;
mod import;
mod operation;
mod shape;

use std::{collections::BTreeMap, fs, path::Path, sync::Arc};

use cadre_api::{
    graphql::{
        guard::{cache::Documents, limits::Limits, schema_index::SchemaIndex},
        sdl,
    },
    http::rest::route::{self, Route},
};
use entity::value::{Purpose, Scope};
use serde_json::{Map, Value, json};

use super::{filled, get, post, required, transfer};
use crate::{
    import_api,
    support::{Kind, TestApp, postgres::setting},
};
use dictionary::Dictionary;

const FILE: &str = "openapi.json";

/// Tags in their order: segment, English, Vietnamese.
const TAGS: [(&str, &str, &str); 25] = [
    ("viewer", "The calling client", "Hệ thống kết nối đang gọi"),
    ("units", "Units", "Đơn vị"),
    ("cadres", "Cadres, civil servants and public employees", "Cán bộ, công chức, viên chức"),
    ("rotations", "Rotations, transfers and secondments", "Luân chuyển, điều động, biệt phái"),
    ("training-plans", "Training plans", "Kế hoạch đào tạo, bồi dưỡng"),
    ("quotas", "Quotas", "Chỉ tiêu"),
    ("classes", "Classes", "Lớp"),
    ("enrolments", "Enrolments", "Học viên"),
    ("appraisals", "Appraisals of persons", "Đánh giá, xếp loại chất lượng"),
    ("clients", "Clients of the API", "Hệ thống kết nối"),
    ("programmes", "Training programmes", "Chương trình đào tạo, bồi dưỡng"),
    ("duties", "Yearly duties of training", "Chế độ bồi dưỡng bắt buộc hằng năm"),
    ("documents", "Registered documents", "Văn bản"),
    ("titles", "Titles", "Chức danh"),
    ("standards", "Standards of titles", "Tiêu chuẩn chức danh"),
    ("subjects", "Subjects of qualification", "Loại trình độ"),
    ("institutions", "Institutions", "Cơ sở đào tạo"),
    ("ethnic-groups", "Ethnic groups", "Dân tộc"),
    ("rules", "Rules for rotations", "Quy định về luân chuyển"),
    ("retirement-ages", "Retirement ages", "Tuổi nghỉ hưu"),
    ("changes", "Change feed", "Dòng thay đổi"),
    ("export", "Exports", "Kết xuất"),
    ("imports", "Imports", "Nhập dữ liệu"),
    ("problems", "Problems: see `/problems`", "Lỗi: xem `/problems`"),
    ("graphql", "The same data over GraphQL: see `/schema.graphql`", "Cùng dữ liệu qua GraphQL: xem `/schema.graphql`"),
];

/// Responses other than success: status, English, Vietnamese.
const PROBLEMS: [(&str, &str, &str); 15] = [
    (
        "400",
        "The request is malformed, or a parameter is unknown, missing, repeated or breaks a rule.",
        "Yêu cầu sai dạng, hoặc có tham số không tồn tại, thiếu, lặp hay sai quy tắc.",
    ),
    ("401", "There is no valid access token.", "Không có mã truy cập hợp lệ."),
    (
        "403",
        "The client lacks a scope, or the purpose is missing or not allowed.",
        "Hệ thống thiếu quyền, hoặc thiếu mục đích, hoặc mục đích không được cấp.",
    ),
    ("404", "The object does not exist or is out of reach.", "Đối tượng không tồn tại hoặc nằm ngoài phạm vi."),
    ("406", "The response is JSON only.", "Câu trả lời chỉ có dạng JSON."),
    ("408", "The body did not arrive in time.", "Nội dung không đến kịp."),
    ("409", "The command is not possible in the recorded state.", "Thao tác không phù hợp với trạng thái đã ghi nhận."),
    (
        "410",
        "The feed cannot continue from the cursor; copy the data again.",
        "Không thể tiếp tục từ con trỏ này; hãy sao chép lại dữ liệu.",
    ),
    (
        "412",
        "The object has changed since the version in If-Match.",
        "Đối tượng đã thay đổi so với phiên bản trong If-Match.",
    ),
    ("413", "The body is too large.", "Nội dung quá lớn."),
    ("415", "The body has another media type.", "Nội dung có kiểu dữ liệu khác."),
    (
        "422",
        "The input was refused, or the request was stopped at its time limit.",
        "Dữ liệu gửi lên không được chấp nhận, hoặc yêu cầu bị dừng vì quá thời gian.",
    ),
    ("429", "A limit of the client is exceeded.", "Vượt quá giới hạn của hệ thống kết nối."),
    ("500", "A fault of the service.", "Lỗi của hệ thống."),
    ("503", "The service or its database is busy.", "Dịch vụ hoặc cơ sở dữ liệu đang bận."),
];

fn routes() -> Vec<Route> {
    route::routes(&SchemaIndex::of(&sdl()))
}

/// The description.
fn generated() -> Value {
    generated_of(&sdl())
}

/// The description of a schema.
fn generated_of(sdl: &str) -> Value {
    let dictionary = Dictionary::read(sdl);
    let documents = Documents::new(Arc::new(SchemaIndex::of(sdl)), Limits::default());
    let mut schemas = BTreeMap::from([("Problem".to_owned(), problem())]);
    schemas.extend(import::schemas(&problem()));
    schemas.extend([changes::schema(&dictionary)]);
    let mut paths: Map<String, Value> = Map::new();
    for route in route::routes(&SchemaIndex::of(sdl)) {
        let described = operation::described(&route, &dictionary, &documents, &mut schemas);
        let method = if route.is_post { "post" } else { "get" };
        let path = paths.entry(route.path.clone()).or_insert_with(|| json!({}));
        path[method] = described;
    }
    paths.insert(changes::PATH.to_owned(), json!({ "get": changes::described(&dictionary) }));
    paths.insert(export::PATH.to_owned(), json!({ "get": export::described() }));
    paths.insert(import::PATH.to_owned(), json!({ "put": import::described() }));
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "cadre-api",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "Records of cadres, civil servants and public employees",
            "x-summary-vi": "Dữ liệu cán bộ, công chức, viên chức",
            "description": "Days are days in Việt Nam, moments are UTC. `Accept-Language: en` gives messages and labels in English, otherwise they are Vietnamese. \
                A response that is not a success is a problem of RFC 9457 and has no data. Objects can get new members: ignore unknown ones.",
            "x-description-vi": "Ngày là ngày ở Việt Nam, thời điểm theo UTC. Thông báo và nhãn bằng tiếng Việt; gửi `Accept-Language: en` để nhận tiếng Anh. \
                Câu trả lời không thành công là một đối tượng lỗi theo RFC 9457 và không có dữ liệu. Đối tượng có thể có thêm trường mới: hãy bỏ qua trường chưa biết.",
            "license": { "name": "MIT", "identifier": "MIT" },
        },
        "servers": [{ "url": "/" }],
        "tags": TAGS.map(|(name, en, vi)| json!({ "name": name, "description": en, "x-description-vi": vi })),
        "paths": paths,
        "components": {
            "schemas": schemas,
            "parameters": parameters(&dictionary),
            "headers": headers(),
            "responses": responses(),
            "securitySchemes": { "oauth2": oauth2() },
        },
    })
}

fn problem() -> Value {
    let text = |description: &str| json!({ "type": "string", "description": description });
    json!({
        "type": "object",
        "description": "A problem (RFC 9457).",
        "properties": {
            "type": { "type": "string", "format": "uri", "description": "URL that explains the code." },
            "title": text("The same for all problems with this status."),
            "status": { "type": "integer", "format": "int32", "description": "Status of the response." },
            "detail": text("This problem and its solution, in the language of the request."),
            "code": text("Code for programs; see `/problems`."),
            "requestId": text("Id of the request in the logs of the service."),
            "errors": {
                "type": "array",
                "description": "The individual errors, the first one is that of `code` and `detail`.",
                "items": {
                    "type": "object",
                    "properties": {
                        "code": text("Code for programs."),
                        "message": text("The error and its solution."),
                        "field": text("The parameter or member that it is about."),
                        "allowed": { "type": "array", "items": { "type": "string" }, "description": "Permitted names or words." },
                        "missingScopes": { "type": "array", "items": { "type": "string" }, "description": "Scopes that the client lacks." },
                        "allowedPurposes": { "type": "array", "items": { "type": "string" }, "description": "Purposes that the client may state." },
                        "state": text("Current state of the object."),
                        "due": { "type": "array", "items": { "type": "string" }, "description": "Commands that are possible next." },
                        "currentVersion": { "type": ["integer", "null"], "format": "int32", "description": "Recorded version." },
                    },
                    "required": ["code", "message"],
                },
            },
        },
        "required": ["type", "title", "status", "detail", "code", "requestId"],
        "examples": [{
            "type": "https://cadre.example.vn/problems#VERSION_CONFLICT",
            "title": "The version has changed",
            "status": 412,
            "detail": "The rotation has version 6 now; read it again.",
            "code": "VERSION_CONFLICT",
            "requestId": "0198c1f0-5a00-7000-8000-000000000001",
            "errors": [{ "code": "VERSION_CONFLICT", "message": "The rotation has version 6 now; read it again.", "field": "expectedVersion", "currentVersion": 6 }],
        }],
    })
}

fn parameters(dictionary: &Dictionary) -> Value {
    let words: Vec<_> = Purpose::all().map(|purpose| purpose.to_string()).collect();
    let purpose = |is_required: bool| {
        json!({
            "name": "X-Purpose", "in": "header", "required": is_required,
            "description": dictionary.description("Purpose"),
            "schema": { "type": "string", "enum": words },
        })
    };
    json!({
        "IdempotencyKey": {
            "name": "Idempotency-Key", "in": "header", "required": true,
            "description": "Different for each command. A request that is repeated with the same key is executed once.",
            "x-description-vi": "Khác nhau cho mỗi thao tác. Gửi lại cùng khóa thì thao tác chỉ được thực hiện một lần.",
            "schema": { "type": "string", "minLength": 1, "maxLength": 200, "pattern": r"^[!-~]([\t -~]*[!-~])?$" },
        },
        "IfMatch": {
            "name": "If-Match", "in": "header", "required": false,
            "description": "The version that you read last, in quotation marks. The command is refused if the object has changed since.",
            "x-description-vi": "Phiên bản đọc gần nhất, trong dấu ngoặc kép. Thao tác bị từ chối nếu đối tượng đã thay đổi.",
            "schema": { "type": "string", "pattern": "^\"[0-9]{1,9}\"$" },
            "example": "\"5\"",
        },
        "IfNoneMatch": {
            "name": "If-None-Match", "in": "header", "required": false,
            "description": "The ETag of the answer that you have. If nothing has changed, the response is 304 without a body.",
            "x-description-vi": "ETag của câu trả lời đã có. Nếu không có gì thay đổi thì trả về 304, không có nội dung.",
            "schema": { "type": "string" },
        },
        "Purpose": purpose(true),
        "OptionalPurpose": purpose(false),
    })
}

fn headers() -> Value {
    let text = |description: &str| json!({ "description": description, "schema": { "type": "string" } });
    json!({
        "RequestId": text("Id of the request in the logs of the service."),
        "Link": text("URL of the next page with `rel=\"next\"` (RFC 8288); absent on the last page."),
        "ETag": text("Tag of the answer, for If-None-Match; absent if a purpose was stated."),
        "Location": text("URL of the created object."),
        "RetryAfter": { "description": "Seconds until the next attempt.", "schema": { "type": "integer" } },
    })
}

fn responses() -> Value {
    let response = |(status, en, vi): (&str, &str, &str)| {
        let mut headers = json!({ "X-Request-Id": { "$ref": "#/components/headers/RequestId" } });
        if ["429", "503"].contains(&status) {
            headers["Retry-After"] = json!({ "$ref": "#/components/headers/RetryAfter" });
        }
        let response = json!({
            "description": en,
            "x-description-vi": vi,
            "headers": headers,
            "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } },
        });
        (format!("Problem{status}"), response)
    };
    let unchanged = json!({
        "description": "Nothing has changed since the answer with the tag in If-None-Match; there is no body.",
        "x-description-vi": "Không có gì thay đổi kể từ câu trả lời có ETag đã gửi; không có nội dung.",
        "headers": {
            "X-Request-Id": { "$ref": "#/components/headers/RequestId" },
            "ETag": { "$ref": "#/components/headers/ETag" },
        },
    });
    Value::Object(PROBLEMS.into_iter().map(response).chain([("Unchanged".to_owned(), unchanged)]).collect())
}

fn oauth2() -> Value {
    let scopes: Map<String, Value> =
        Scope::all().map(|scope| (scope.to_string(), json!("See the guide of the API, Rights."))).collect();
    json!({
        "type": "oauth2",
        "description": "Client credentials (RFC 6749, section 4.4). The token is valid for 10 minutes.",
        "x-description-vi": "Thông tin xác thực của hệ thống kết nối (RFC 6749, mục 4.4). Mã truy cập có hiệu lực 10 phút.",
        "flows": { "clientCredentials": { "tokenUrl": "/oauth/token", "scopes": scopes } },
    })
}

#[test]
fn the_description_is_that_of_the_documents_and_the_schema() {
    let new = format!("{:#}\n", generated());
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE);
    if setting("UPDATE_EXPECT").is_some() {
        fs::write(&file, &new).expect("written");
    }
    let old = fs::read_to_string(&file).expect(FILE);
    let differs = old.lines().zip(new.lines()).position(|(old, new)| old != new);
    assert!(old == new, "they differ from line {differs:?} on; UPDATE_EXPECT=1 rewrites {FILE}");
}

#[test]
fn each_operation_has_a_unique_id_and_a_known_tag() {
    let description = generated();
    let mut ids = Vec::new();
    for (path, methods) in description["paths"].as_object().expect("paths") {
        for operation in methods.as_object().expect("methods").values() {
            let tag = operation["tags"][0].as_str().unwrap_or_default();
            assert!(TAGS.iter().any(|(name, ..)| *name == tag), "{path}: {tag}");
            ids.push(operation["operationId"].as_str().expect("an id").to_owned());
        }
    }
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!((ids.len(), all), (all, routes().len() + 3), "the routes, the change feed, the exports and the imports");
}

/// All references lead to a component.
#[test]
fn references_resolve() {
    fn check(root: &Value, value: &Value, count: &mut usize) {
        match value {
            Value::Object(fields) => {
                if let Some(target) = fields.get("$ref").and_then(Value::as_str) {
                    let pointer = target.strip_prefix('#').expect("within the description");
                    assert!(root.pointer(pointer).is_some(), "{target}");
                    *count += 1;
                }
                fields.values().for_each(|value| check(root, value, count));
            }
            Value::Array(items) => items.iter().for_each(|item| check(root, item, count)),
            _ => {}
        }
    }
    let (description, mut count) = (generated(), 0);
    check(&description, &description, &mut count);
    assert!(count > 500, "{count}");
}

#[actix_web::test]
async fn the_description_is_served_in_both_languages_without_a_token() {
    let app = TestApp::new(Kind::Sqlite).await;
    let read = async |language: &str| {
        let request = app.http().get(format!("{}/openapi.json", app.url)).header("Accept-Language", language);
        let response = request.send().await.expect("an answer");
        assert_eq!(response.headers()["content-language"], language);
        assert_eq!(response.headers()["content-type"], "application/json");
        response.json::<Value>().await.expect("JSON")
    };
    let (en, vi) = (read("en").await, read("vi").await);

    assert_eq!(en["paths"]["/v1/titles"]["get"]["summary"], "Titles");
    assert_eq!(vi["paths"]["/v1/titles"]["get"]["summary"], "Danh mục chức danh");
    assert_eq!(vi["components"]["responses"]["Problem401"]["description"], "Không có mã truy cập hợp lệ.");
    for text in [en.to_string(), vi.to_string()] {
        assert!(!text.contains("-vi\":"), "each has one language");
    }
    let shape = |description: &Value| {
        let operations = description["paths"].as_object().expect("paths").iter();
        operations
            .map(|(path, methods)| (path.clone(), methods.as_object().expect("methods").len()))
            .collect::<Vec<_>>()
    };
    assert_eq!(shape(&en), shape(&vi));
    app.stop().await;
}

/// Each value of the tests' population has the members and types of its schema, and each problem its status.
#[actix_web::test]
async fn answers_have_the_described_shape() {
    let app = TestApp::new(Kind::Sqlite).await;
    let caller = app.all_seeing().await;
    let description = generated();
    for route in routes() {
        let method = if route.is_post { "post" } else { "get" };
        let responses = &description["paths"][&route.path][method]["responses"];
        let path = format!("{}{}", filled(&app, &caller, &route.path).await, required(&route.path));
        let answer = match (route.is_post, route.path.as_str()) {
            (false, _) => get(&app, &caller, &path).await,
            (true, "/v1/rotations") => post(&app, &caller, &path, "key", &transfer()).await,
            (true, _) => post(&app, &caller, &path, "key", &json!({ "nationalId": "999000000002" })).await,
        };
        let mut response = &responses[answer.status.to_string()];
        if let Some(reference) = response["$ref"].as_str() {
            response = description.pointer(&reference[1..]).expect("a response");
        }
        let media = answer.header("content-type").to_owned();
        let schema = &response["content"][&media]["schema"];
        assert!(schema.is_object(), "{method} {path}: {} {media} is not described", answer.status);
        if let Err(wrong) = conforms(&description, schema, &answer.body) {
            panic!("{method} {path}: {wrong}\n{:#}", answer.body);
        }
    }
    app.stop().await;
}

/// Whether a value has the type and all members of a schema, and no others.
fn conforms(root: &Value, schema: &Value, value: &Value) -> Result<(), String> {
    if let Some(reference) = schema["$ref"].as_str() {
        return conforms(root, root.pointer(&reference[1..]).expect("a component"), value);
    }
    if let Some(alternatives) = schema["anyOf"].as_array() {
        let mut results = alternatives.iter().map(|schema| conforms(root, schema, value));
        return if results.any(|result| result.is_ok()) { Ok(()) } else { Err(format!("{value} fits no alternative")) };
    }
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let types: Vec<&str> = match &schema["type"] {
        Value::Array(types) => types.iter().filter_map(Value::as_str).collect(),
        one => one.as_str().into_iter().collect(),
    };
    let is_number = kind == "integer" && types.contains(&"number");
    if !types.contains(&kind) && !is_number {
        return Err(format!("{value} is {kind}, not {types:?}"));
    }
    if schema["enum"].as_array().is_some_and(|words| !words.contains(value)) {
        return Err(format!("{value} is no word of {}", schema["enum"]));
    }
    match value {
        Value::Array(items) => items.iter().try_for_each(|item| conforms(root, &schema["items"], item)),
        Value::Object(fields) => {
            let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
            if let Some(missing) = required.into_iter().find(|name| !fields.contains_key(*name)) {
                return Err(format!("{missing} is missing"));
            }
            fields.iter().try_for_each(|(name, value)| match schema["properties"].get(name) {
                Some(schema) => conforms(root, schema, value).map_err(|wrong| format!("{name}: {wrong}")),
                None if schema["properties"].get("code").is_some() && schema["properties"].get("message").is_some() => {
                    Ok(())
                }
                None => Err(format!("{name} is not described")),
            })
        }
        _ => Ok(()),
    }
}

/// Each answer to an import has the members and types of its schema, and its status is described.
#[actix_web::test]
async fn answers_to_imports_have_the_described_shape() {
    let app = TestApp::new(Kind::Sqlite).await;
    let caller = app.caller(&import_api::SCOPES, &["A"]).await;
    let description = generated();
    let responses = &description["paths"][import::PATH]["put"]["responses"];
    let [own, foreign] =
        ["A2U", "B1U"].map(|unit| import_api::zip(&import_api::named(&import_api::person("Z-05", unit))));
    let digest = import_api::digest;
    let stranger = app.caller(&["cadre:read"], &["A"]).await;
    for (caller, path, archive, status) in [
        (&caller, format!("{}?mode=check", digest(&own)), &own, 200),
        (&caller, digest(&foreign), &foreign, 422),
        (&caller, digest(&own), &own, 200),
        (&caller, digest(b"other"), &own, 400),
        (&stranger, digest(&own), &own, 403),
    ] {
        let answer = import_api::put(caller, &app, &format!("/v1/imports/{path}"), archive).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.text);
        let mut response = &responses[status.to_string()];
        if let Some(reference) = response["$ref"].as_str() {
            response = description.pointer(&reference[1..]).expect("a response");
        }
        let media = if status == 200 { "application/json" } else { "application/problem+json" };
        let schema = &response["content"][media]["schema"];
        if let Err(wrong) = conforms(&description, schema, &answer.body) {
            panic!("{path}: {wrong}\n{:#}", answer.body);
        }
        if status == 422 {
            let described = &description["components"]["schemas"]["ImportProblem"]["properties"]["errors"]["items"];
            let members = answer.body["errors"][0].as_object().expect("a finding").keys();
            let missing: Vec<_> = members.filter(|name| described["properties"].get(*name).is_none()).collect();
            assert!(missing.is_empty(), "{missing:?} of a finding are not described");
        }
    }
    app.stop().await;
}

/// The control: a response of another shape is found.
#[test]
fn an_answer_of_another_shape_is_found() {
    let root = json!({ "a": { "type": ["string", "null"], "enum": ["X", null] } });
    let schema = json!({ "type": "object", "properties": { "a": { "$ref": "#/a" }, "n": { "type": "array", "items": { "type": "integer" } } }, "required": ["a"] });
    for (value, fits) in [
        (json!({ "a": "X" }), true),
        (json!({ "a": null, "n": [1] }), true),
        (json!({ "a": "Y" }), false),
        (json!({ "n": [1] }), false),
        (json!({ "a": null, "n": ["1"] }), false),
        (json!({ "a": null, "b": 1 }), false),
        (json!(null), false),
    ] {
        assert_eq!(conforms(&root, &schema, &value).is_ok(), fits, "{value}");
    }
}
