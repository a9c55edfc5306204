//! The change feed in the description: its events have the form of CloudEvents, so its operation is not generated from a
//! document. The members of `data` are those of the schema.

use serde_json::{Value, json};

use super::{conforms, dictionary::Dictionary, generated};
use crate::support::{Kind, TestApp};

pub const PATH: &str = "/v1/changes";

/// Media type of a batch of events.
const BATCH: &str = "application/cloudevents-batch+json";

/// The operation of `GET /v1/changes`.
pub fn described(dictionary: &Dictionary) -> Value {
    let query = |name: &str, schema: Value, description: &str, vi: &str| {
        json!({
            "name": name, "in": "query", "required": false, "description": description, "x-description-vi": vi,
            "schema": schema,
        })
    };
    let mut responses = json!({
        "200": {
            "description": "The events in the order of their commits.",
            "x-description-vi": "Các sự kiện theo thứ tự ghi nhận.",
            "headers": {
                "X-Request-Id": { "$ref": "#/components/headers/RequestId" },
                "Link": { "description": "URL of the request that continues, with `rel=\"next\"`, also after an empty batch.", "schema": { "type": "string" } },
                "X-Has-More": { "description": "Whether more events may follow now.", "schema": { "type": "string", "enum": ["true", "false"] } },
            },
            "content": {
                BATCH: { "schema": { "type": "array", "items": { "$ref": "#/components/schemas/ChangeEvent" } } },
                "text/event-stream": { "schema": { "type": "string" } },
            },
        },
        "204": {
            "description": "The request waited, and there was no event.",
            "x-description-vi": "Yêu cầu đã chờ và không có sự kiện nào.",
            "headers": { "X-Request-Id": { "$ref": "#/components/headers/RequestId" } },
        },
    });
    for status in ["400", "401", "403", "406", "410", "422", "429", "500", "503"] {
        responses[status] = json!({ "$ref": format!("#/components/responses/Problem{status}") });
    }
    let first = json!({ "type": "integer", "format": "int32", "minimum": 1, "maximum": 1000 });
    let types = json!({ "type": "array", "items": data(dictionary, "type") });
    json!({
        "operationId": "Changes",
        "tags": ["changes"],
        "summary": "Changes after a cursor within reach",
        "x-summary-vi": "Các thay đổi trong phạm vi kể từ một con trỏ",
        "description": "A batch of CloudEvents. `Prefer: wait=25` waits up to 25 seconds for an event. `Accept: text/event-stream` opens a stream of server-sent events, which a client continues with `Last-Event-ID`; see docs/rest.md.",
        "x-description-vi": "Một lô CloudEvents. `Prefer: wait=25` chờ sự kiện tối đa 25 giây. `Accept: text/event-stream` mở luồng sự kiện; nối lại bằng `Last-Event-ID`. Xem docs/rest.md.",
        "security": [{ "oauth2": [] }],
        "parameters": [
            query(
                "after",
                json!({ "type": "string" }),
                "Cursor after which the events begin: of `changeCursor`, of an event or of `Link`.",
                "Con trỏ bắt đầu: từ `changeCursor`, từ một sự kiện hoặc từ `Link`.",
            ),
            query("first", first, "Largest number of events; 100 if absent.", "Số sự kiện tối đa; mặc định 100."),
            query(
                "types",
                types,
                "Only objects of these types; may be repeated. All types if absent.",
                "Chỉ các loại đối tượng này; có thể lặp lại. Mặc định là mọi loại.",
            ),
        ],
        "responses": responses,
    })
}

/// The schema of an event, by name.
pub fn schema(dictionary: &Dictionary) -> (String, Value) {
    let text = |description: &str| json!({ "type": "string", "description": description });
    let members = json!({
        "type": data(dictionary, "type"),
        "operation": data(dictionary, "operation"),
        "id": data(dictionary, "objectId"),
        "code": data(dictionary, "code"),
    });
    let properties = json!({
        "specversion": { "type": "string", "enum": ["1.0"], "description": "Version of CloudEvents." },
        "id": text("Id of the event."),
        "source": text("Public URL of the service."),
        "type": text("Type of the event, such as `vn.cadre.training-class.updated`."),
        "subject": { "type": ["string", "null"], "description": "Code of the object, or its id if it has no code." },
        "time": { "type": "string", "format": "date-time", "description": "Time of the command." },
        "cursor": text("Cursor directly after the event."),
        "datacontenttype": { "type": "string", "enum": ["application/json"], "description": "Media type of `data`." },
        "data": object("What changed. It contains no personal data.", &members),
    });
    ("ChangeEvent".to_owned(), object("A change as an event of CloudEvents 1.0.", &properties))
}

fn object(description: &str, properties: &Value) -> Value {
    let required: Vec<_> = properties.as_object().expect("members").keys().cloned().collect();
    json!({ "type": "object", "description": description, "properties": properties, "required": required })
}

/// A member of a change, as in the schema.
fn data(dictionary: &Dictionary, name: &str) -> Value {
    let member = dictionary.member("Change", name);
    let mut schema = dictionary.plain(&member.of);
    dictionary.describe(&mut schema, member);
    schema
}

/// Each response has the members and types of its schema, and its status is described.
#[actix_web::test]
async fn answers_of_the_change_feed_have_the_described_shape() {
    let app = TestApp::new(Kind::Sqlite).await;
    let caller = app.all_seeing().await;
    let start = caller.query("{ changeCursor }").await["changeCursor"].as_str().expect("a cursor").to_owned();
    let plan = r#"mutation { planDraft(input: {idempotencyKey: "1", unitCode: "P", code: "K-1", name: "Kế hoạch",
        yearFrom: 2026, yearTo: 2026}) { userErrors { message } } }"#;
    assert_eq!(caller.query(plan).await["planDraft"]["userErrors"], json!([]));
    let description = generated();
    let responses = &description["paths"][PATH]["get"]["responses"];
    for (query, status, count) in [
        (format!("after={start}"), 200, Some(1)),
        (format!("after={start}&types=CADRE"), 200, Some(0)),
        ("after=x".to_owned(), 400, None),
        ("first=0".to_owned(), 400, None),
    ] {
        let url = format!("{}{PATH}?{query}", app.url);
        let answer = app.http().get(url).bearer_auth(&caller.token).send().await.expect("an answer");
        assert_eq!(answer.status().as_u16(), status, "{query}");
        let body: Value = answer.json().await.expect("JSON");
        let mut response = &responses[status.to_string()];
        if let Some(reference) = response["$ref"].as_str() {
            response = description.pointer(&reference[1..]).expect("a response");
        }
        let media = if status == 200 { BATCH } else { "application/problem+json" };
        if let Err(wrong) = conforms(&description, &response["content"][media]["schema"], &body) {
            panic!("{query}: {wrong}\n{body:#}");
        }
        assert_eq!(body.as_array().map(Vec::len), count, "{query}: {body:#}");
    }
    app.stop().await;
}
