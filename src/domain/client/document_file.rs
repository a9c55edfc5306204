//! Files with documents to register: a GraphQL document, a manifest of Apollo, or a map from ids to texts as Relay and
//! GraphQL Code Generator write it.

use serde_json::{Map, Value};

use crate::{
    auth::DocumentHash,
    error::{Error, Result},
};

/// The format of Apollo's manifests.
const APOLLO_FORMAT: &str = "apollo-persisted-query-manifest";
/// Characters of an id or a name in a message.
const LONGEST_QUOTE: usize = 80;

/// The source of a document's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tool {
    Apollo,
    /// Relay's compiler, and GraphQL Code Generator with its client preset.
    Map,
}

/// The texts of the documents in a file. A file that is not JSON is one document, byte by byte.
///
/// # Errors
/// `Invalid` for JSON in an unknown format, or with an id that is not the SHA-256 of its text.
pub fn texts(file: String) -> Result<Vec<String>> {
    match serde_json::from_str(&file) {
        Ok(Value::Object(fields)) if fields.contains_key("format") => apollo(&fields),
        Ok(Value::Object(fields)) => map(fields),
        Ok(_) => Err(unknown_format()),
        // `{ viewer { name } }` is a document, and not JSON.
        Err(_) => Ok(vec![file]),
    }
}

fn apollo(fields: &Map<String, Value>) -> Result<Vec<String>> {
    if fields["format"] != APOLLO_FORMAT || fields.get("version").and_then(Value::as_u64) != Some(1) {
        return Err(unknown_format());
    }
    let operations = fields.get("operations").and_then(Value::as_array).ok_or_else(unknown_format)?;
    let text = |operation: &Value| {
        let word = |name: &str| operation.get(name).and_then(Value::as_str);
        let (id, body) = word("id").zip(word("body")).ok_or_else(unknown_format)?;
        verified(Tool::Apollo, (id, word("name")), body.to_owned())
    };
    operations.iter().map(text).collect()
}

fn map(fields: Map<String, Value>) -> Result<Vec<String>> {
    let text = |(id, text): (String, Value)| match text {
        Value::String(text) => verified(Tool::Map, (&id, None), text),
        _ => Err(unknown_format()),
    };
    fields.into_iter().map(text).collect()
}

/// The text, if the id is its SHA-256, with or without the prefix `sha256:`.
fn verified(tool: Tool, (id, name): (&str, Option<&str>), text: String) -> Result<String> {
    let hash = id.strip_prefix("sha256:").unwrap_or(id).parse();
    if hash == Ok(DocumentHash::of(&text)) {
        return Ok(text);
    }
    let quoted = |text: &str| text.chars().take(LONGEST_QUOTE).flat_map(char::escape_debug).collect::<String>();
    let (id, of) = (quoted(id), name.map(|name| format!(" ({})", quoted(name))).unwrap_or_default());
    let (vi, en) = match tool {
        Tool::Apollo => (
            "hãy bỏ `createOperationId` trong cấu hình của @apollo/generate-persisted-query-manifest",
            "leave `createOperationId` out of the configuration of @apollo/generate-persisted-query-manifest: its default \
             is the SHA-256",
        ),
        Tool::Map => (
            "với Relay hãy ghi `\"algorithm\": \"SHA256\"` trong `persistConfig`, với GraphQL Code Generator hãy ghi \
             `hashAlgorithm: 'sha256'` trong `persistedDocuments`",
            "for Relay write `\"algorithm\": \"SHA256\"` in `persistConfig`, for GraphQL Code Generator write \
             `hashAlgorithm: 'sha256'` in `persistedDocuments`",
        ),
    };
    Err(Error::invalid(
        "file",
        format!("mã \"{id}\"{of} không phải là SHA-256 của văn bản; {vi}"),
        format!("the id \"{id}\"{of} is not the SHA-256 of its text; {en}"),
    ))
}

fn unknown_format() -> Error {
    Error::invalid(
        "file",
        format!(
            "tệp JSON phải là bản kê `{APOLLO_FORMAT}` phiên bản 1 của Apollo, hoặc đối tượng từ mã đến văn bản như Relay \
             ghi ra"
        ),
        format!(
            "a JSON file is a manifest of Apollo (`{APOLLO_FORMAT}`, version 1), or an object from ids to texts, as Relay \
             writes it; any other file is one GraphQL document"
        ),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const TEXT: &str = "query A { viewer { name } }";

    fn outcome(file: &impl ToString) -> String {
        match texts(file.to_string()) {
            Ok(texts) => texts.join("|"),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn files_are_recognized_by_their_content() {
        let id = DocumentHash::of(TEXT).to_string();
        let manifest = |id: &str| {
            let operation = json!({ "id": id, "name": "A", "type": "query", "body": TEXT });
            json!({ "format": APOLLO_FORMAT, "version": 1, "operations": [operation] })
        };
        for file in [
            TEXT.to_owned(),
            manifest(&id).to_string(),
            manifest(&format!("sha256:{id}")).to_string(),
            json!({ &id: TEXT }).to_string(),
        ] {
            assert_eq!(outcome(&file), TEXT, "{file}");
        }
        assert_eq!(outcome(&"{ viewer { name } }\n"), "{ viewer { name } }\n", "a document is taken byte by byte");
        assert_eq!(outcome(&json!({})), "");
        for file in [
            json!([]),
            json!({ "a": 1 }),
            json!({ "format": "other", "version": 1, "operations": [] }),
            json!({ "format": APOLLO_FORMAT, "version": 2, "operations": [] }),
            json!({ "format": APOLLO_FORMAT, "version": 1 }),
            json!({ "format": APOLLO_FORMAT, "version": 1, "operations": [{ "id": id }] }),
        ] {
            assert!(outcome(&file).contains("a JSON file is a manifest"), "{file}");
        }
    }

    #[test]
    fn a_wrong_id_is_refused_with_the_setting_of_the_tool() {
        let manifest = json!({ "format": APOLLO_FORMAT, "version": 1,
            "operations": [{ "id": "A", "name": "A", "type": "query", "body": TEXT }] });
        let refused = outcome(&manifest);
        assert!(refused.contains("\"A\" (A) is not the SHA-256") && refused.contains("createOperationId"), "{refused}");
        let refused = outcome(&json!({ "d41d8cd98f00b204e9800998ecf8427e": TEXT }));
        assert!(refused.contains("d41d8cd9") && refused.contains("\"algorithm\": \"SHA256\""), "{refused}");
        let upper = DocumentHash::of(TEXT).to_string().to_uppercase();
        assert!(outcome(&json!({ upper: TEXT })).contains("is not the SHA-256"));
    }
}
