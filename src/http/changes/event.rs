//! Events of the change feed in the form of CloudEvents.

use actix_web::HttpRequest;
use serde_json::{Value, json};

use crate::http::problem;

/// A page of the feed.
#[derive(Debug)]
pub struct Page {
    /// The events in the order of their commits.
    pub events: Vec<Event>,
    /// Cursor from which the next request continues.
    pub end: String,
    /// Whether more events may follow now.
    pub has_more: bool,
}

/// An event.
#[derive(Debug)]
pub struct Event {
    /// Cursor directly after the event.
    pub cursor: String,
    /// Type of the event, such as `vn.cadre.training-class.updated`.
    pub name: String,
    /// The event as JSON.
    pub body: Value,
}

impl Page {
    /// Converts the value of `Query.changes`.
    pub fn of(request: &HttpRequest, changes: &Value) -> Self {
        let source = problem::public_url(request);
        let edges = changes["edges"].as_array().into_iter().flatten();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        Self {
            events: edges.map(|edge| Event::of(source, text(&edge["cursor"]), &edge["node"])).collect(),
            end: text(&changes["pageInfo"]["endCursor"]),
            has_more: changes["pageInfo"]["hasNextPage"] == json!(true),
        }
    }
}

impl Event {
    fn of(source: &str, cursor: String, change: &Value) -> Self {
        let word = |name: &str| change[name].as_str().unwrap_or_default().to_ascii_lowercase().replace('_', "-");
        let name = format!("vn.cadre.{}.{}", word("type"), word("operation"));
        let subject = if change["code"].is_null() { &change["objectId"] } else { &change["code"] };
        let body = json!({
            "specversion": "1.0",
            "id": change["id"],
            "source": source,
            "type": name,
            "subject": subject,
            "time": change["at"],
            "cursor": cursor,
            "datacontenttype": "application/json",
            "data": {
                "type": change["type"],
                "operation": change["operation"],
                "id": change["objectId"],
                "code": change["code"],
            },
        });
        Self { cursor, name, body }
    }

    /// The event in an event stream (WHATWG HTML, section 9.2): its cursor is the id from which a client resumes.
    pub fn line(&self) -> String {
        format!("id: {}\nevent: {}\ndata: {}\n\n", self.cursor, self.name, self.body)
    }
}
