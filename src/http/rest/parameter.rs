//! Reads the parameters of a request into the variables of the document.

use std::collections::HashMap;

use actix_web::{HttpRequest, http::header};
use async_graphql::{Variables, parser::types::BaseType};
use serde_json::{Map, Value, json};

use crate::{
    graphql::guard::{input, schema_index::SchemaIndex},
    http::rest::route::{Parameter, Place, Route, named},
    language::Sentence,
    text,
};

const IDEMPOTENCY_KEY: &str = "Idempotency-Key";

/// A parameter that is unknown, missing, repeated or of the wrong type.
#[derive(Debug)]
pub struct BadParameter {
    /// Name of the parameter.
    pub name: String,
    /// The problem and its solution.
    pub sentence: Sentence,
    /// Permitted names or values.
    pub allowed: Vec<String>,
}

/// Values by the name of their parameter; a list in a URL has several.
type Sent = HashMap<String, Vec<Value>>;

/// The variables of a request.
///
/// # Errors
/// If a parameter is unknown, missing, repeated or of the wrong type.
pub fn variables(
    route: &Route,
    schema_index: &SchemaIndex,
    request: &HttpRequest,
    body: Map<String, Value>,
) -> Result<Variables, BadParameter> {
    let mut variables = Map::new();
    // The input of a mutation is an object even if all its fields are optional.
    for parameter in route.parameters.iter().filter(|parameter| route.is_post && parameter.target.len() > 1) {
        variables.entry(parameter.target[0].clone()).or_insert_with(|| json!({}));
    }
    let sent = sent(route, request, body)?;
    for parameter in &route.parameters {
        if let Some(value) = parameter.read(schema_index, request, &sent)? {
            insert(&mut variables, &parameter.target, value);
        }
    }
    let missing = route.parameters.iter().find(|parameter| parameter.is_missing(&variables));
    match missing {
        Some(parameter) => Err(parameter.missing()),
        None => Ok(Variables::from_json(Value::Object(variables))),
    }
}

/// All parameters in the path, the query and the body.
fn sent(route: &Route, request: &HttpRequest, body: Map<String, Value>) -> Result<Sent, BadParameter> {
    let mut sent = Sent::new();
    for (name, value) in form_urlencoded::parse(request.query_string().as_bytes()) {
        route.ensure_known(&name, Place::Query)?;
        sent.entry(name.into_owned()).or_default().push(json!(value));
    }
    for (name, value) in body {
        route.ensure_known(&name, Place::Body)?;
        sent.insert(name, vec![value]);
    }
    // Decoded, in the order of the names.
    let segments: Vec<String> = request.match_info().load().unwrap_or_default();
    for ((name, _), value) in request.match_info().iter().zip(segments) {
        sent.insert(name.to_owned(), vec![json!(value)]);
    }
    Ok(sent)
}

fn insert(object: &mut Map<String, Value>, target: &[String], value: Value) {
    match target {
        [] => {}
        [last] => {
            object.insert(last.clone(), value);
        }
        [first, rest @ ..] => {
            let inner = object.entry(first.clone()).or_insert_with(|| json!({}));
            if let Value::Object(inner) = inner {
                insert(inner, rest, value);
            }
        }
    }
}

impl Route {
    fn ensure_known(&self, name: &str, place: Place) -> Result<(), BadParameter> {
        let known: Vec<_> = self.parameters.iter().filter(|parameter| parameter.place == place).collect();
        if known.iter().any(|parameter| parameter.name == name) {
            return Ok(());
        }
        let allowed: Vec<String> = known.iter().map(|parameter| parameter.name.clone()).collect();
        let similar = text::closest(name, allowed.iter().map(String::as_str));
        let (like_vi, like_en) = similar.map_or_else(Default::default, |similar| {
            (format!(" Có phải là `{similar}`?"), format!(" Did you mean `{similar}`?"))
        });
        let (in_vi, in_en) =
            if place == Place::Query { ("trong URL", "in the URL") } else { ("trong nội dung", "in the body") };
        let (list_vi, list_en) = match allowed.join(", ") {
            none if none.is_empty() => ("không có".to_owned(), "none".to_owned()),
            list => (list.clone(), list),
        };
        Err(BadParameter {
            name: name.to_owned(),
            sentence: Sentence::new(
                format!("Có tham số không tồn tại {in_vi}.{like_vi} Các tham số được nhận: {list_vi}."),
                format!("There is an unknown parameter {in_en}.{like_en} Permitted: {list_en}."),
            ),
            allowed,
        })
    }
}

impl Parameter {
    /// The value of the parameter in a request, converted to its type.
    fn read(
        &self,
        schema_index: &SchemaIndex,
        request: &HttpRequest,
        sent: &Sent,
    ) -> Result<Option<Value>, BadParameter> {
        let value = match self.place {
            Place::IdempotencyKey => self.header(request, IDEMPOTENCY_KEY)?.map(|key| json!(unquoted(&key))),
            Place::IfMatch => match self.header(request, header::IF_MATCH.as_str())? {
                Some(tag) => Some(version(&tag).ok_or_else(|| self.malformed_version())?),
                None => None,
            },
            Place::Body => sent.get(&self.name).and_then(|values| values.first()).cloned(),
            Place::Path | Place::Query => match sent.get(&self.name).map(Vec::as_slice) {
                None => None,
                Some(values) if matches!(self.of.base, BaseType::List(_)) => {
                    Some(values.iter().map(|value| self.of_text(value)).collect())
                }
                Some([value]) => Some(self.of_text(value)),
                Some(_) => return Err(self.repeated()),
            },
        };
        if let Some(value) = &value {
            let fits = async_graphql::Value::from_json(value.clone())
                .is_ok_and(|value| input::fits(schema_index, &self.of, &value));
            if !fits {
                return Err(self.misfit(schema_index));
            }
        }
        Ok(value)
    }

    /// Text of a URL as a value of the parameter's type. Text that is not such a value remains text and is refused
    /// later.
    fn of_text(&self, text: &Value) -> Value {
        let read = |text: &str| match named(&self.of) {
            "Int" => text.parse::<i32>().ok().map(Value::from),
            "Float" => text.parse::<f64>().ok().map(Value::from),
            "Boolean" => text.parse::<bool>().ok().map(Value::from),
            _ => None,
        };
        text.as_str().and_then(read).unwrap_or_else(|| text.clone())
    }

    fn header(&self, request: &HttpRequest, name: &str) -> Result<Option<String>, BadParameter> {
        let mut sent = request.headers().get_all(name);
        let Some(value) = sent.next() else { return Ok(None) };
        if sent.next().is_some() {
            return Err(self.repeated());
        }
        match value.to_str() {
            Ok(text) => Ok(Some(text.to_owned())),
            Err(_) => Err(self.wrong("phải là chữ ASCII", "must be ASCII text")),
        }
    }

    /// Whether the parameter is absent although the object that it belongs to is present.
    fn is_missing(&self, variables: &Map<String, Value>) -> bool {
        let Some((last, above)) = self.target.split_last() else { return false };
        let mut object = Some(variables);
        for key in above {
            object = object.and_then(|object| object.get(key)).and_then(Value::as_object);
        }
        self.is_needed() && object.is_some_and(|object| !object.contains_key(last))
    }

    /// The name of the parameter as clients send it.
    fn external_name(&self) -> &str {
        match self.place {
            Place::IdempotencyKey => IDEMPOTENCY_KEY,
            Place::IfMatch => "If-Match",
            Place::Path | Place::Query | Place::Body => &self.name,
        }
    }

    fn wrong(&self, vi: &str, en: &str) -> BadParameter {
        let name = self.external_name();
        BadParameter {
            name: name.to_owned(),
            sentence: Sentence::new(format!("`{name}` {vi}."), format!("`{name}` {en}.")),
            allowed: Vec::new(),
        }
    }

    fn missing(&self) -> BadParameter {
        if self.place == Place::IdempotencyKey {
            return self.wrong(
                "là tiêu đề bắt buộc: một chuỗi 1 đến 200 ký tự, khác nhau cho mỗi thao tác; gửi lại cùng khóa thì thao tác \
                 chỉ được thực hiện một lần",
                "is a required header: 1 to 200 characters, different for each command; a request repeated with the same key \
                 is executed once",
            );
        }
        if let (Place::Query, [_, inner @ .., _]) = (self.place, self.target.as_slice())
            && !inner.is_empty()
        {
            let group = inner.join(".");
            return self.wrong(
                &format!("là bắt buộc khi có tham số khác của `{group}`"),
                &format!("is required with other parameters of `{group}`"),
            );
        }
        self.wrong("là tham số bắt buộc", "is a required parameter")
    }

    fn repeated(&self) -> BadParameter {
        self.wrong("chỉ được gửi một lần", "may be sent only once")
    }

    fn malformed_version(&self) -> BadParameter {
        self.wrong(
            "chứa số phiên bản đọc gần nhất trong dấu ngoặc kép, ví dụ \"5\"",
            "contains the version that you read last in quotation marks, such as \"5\"",
        )
    }

    /// The error for a value of the wrong type: names the type, or the permitted words.
    fn misfit(&self, schema_index: &SchemaIndex) -> BadParameter {
        let of = named(&self.of);
        if let Some(words) = schema_index.enum_values(of) {
            let mut words: Vec<_> = words.keys().cloned().collect();
            words.sort_unstable();
            let list = words.join(", ");
            let wrong = self.wrong(&format!("chỉ nhận: {list}"), &format!("must be one of: {list}"));
            return BadParameter { allowed: words, ..wrong };
        }
        let (vi, en) = match of {
            "Int" => ("một số nguyên 32 bit", "a whole number of 32 bits"),
            "Float" => ("một số", "a number"),
            "Boolean" => ("`true` hoặc `false`", "`true` or `false`"),
            "Date" => ("một ngày có thật, dạng YYYY-MM-DD", "an existing day, YYYY-MM-DD"),
            "String" | "ID" => ("chữ", "text"),
            _ => ("đúng kiểu ghi trong /openapi.json", "of the type given in /openapi.json"),
        };
        match (self.place, &self.of.base) {
            (Place::Body, BaseType::List(_)) => self
                .wrong(&format!("phải là danh sách, mỗi phần tử là {vi}"), &format!("must be a list, each item {en}")),
            _ => self.wrong(&format!("phải là {vi}"), &format!("must be {en}")),
        }
    }
}

/// The idempotency key, with or without the quotation marks of a structured field.
fn unquoted(key: &str) -> &str {
    key.strip_prefix('"').and_then(|key| key.strip_suffix('"')).unwrap_or(key)
}

/// The version in an entity tag such as `"5"`.
fn version(tag: &str) -> Option<Value> {
    let digits = tag.trim().strip_prefix('"')?.strip_suffix('"')?;
    digits.parse::<i32>().ok().map(Value::from)
}
