//! Selections as schemas: a fragment is a schema by its name.

use std::collections::BTreeMap;

use async_graphql::parser::types::{BaseType, ExecutableDocument, Field, Selection, SelectionSet, Type};
use cadre_api::http::rest::route::named;
use serde_json::{Map, Value, json};

use super::dictionary::{Dictionary, nullable};

/// The schemas of one document; the fragments that it uses are added to `components`.
pub struct Shapes<'a> {
    pub dictionary: &'a Dictionary,
    pub document: &'a ExecutableDocument,
    pub components: &'a mut BTreeMap<String, Value>,
}

impl Shapes<'_> {
    /// The schema of a field.
    pub fn field(&mut self, on: &str, field: &Field) -> Value {
        let member = self.dictionary.member(on, &field.name.node);
        let mut schema = self.value(&member.of, &field.selection_set.node);
        self.dictionary.describe(&mut schema, member);
        schema
    }

    fn value(&mut self, of: &Type, set: &SelectionSet) -> Value {
        if set.items.is_empty() {
            return self.dictionary.plain(of);
        }
        match &of.base {
            BaseType::List(item) => nullable(json!({ "type": "array", "items": self.value(item, set) }), of.nullable),
            BaseType::Named(name) => nullable(self.object(name, set), of.nullable),
        }
    }

    /// The schema of an object: a reference if the selection is one fragment.
    pub fn object(&mut self, on: &str, set: &SelectionSet) -> Value {
        if let [only] = set.items.as_slice()
            && let Selection::FragmentSpread(spread) = &only.node
        {
            return self.reference(&spread.node.fragment_name.node);
        }
        let mut properties = Map::new();
        self.add(on, set, &mut properties);
        let required: Vec<_> = properties.keys().cloned().collect();
        json!({ "type": "object", "properties": properties, "required": required })
    }

    fn reference(&mut self, name: &str) -> Value {
        if !self.components.contains_key(name) {
            let document = self.document;
            let fragment = &document.fragments[name].node;
            let on = &fragment.type_condition.node.on.node;
            let mut schema = self.object(on, &fragment.selection_set.node);
            schema["description"] = json!(self.dictionary.description(on));
            self.components.insert(name.to_owned(), schema);
        }
        json!({ "$ref": format!("#/components/schemas/{name}") })
    }

    fn add(&mut self, on: &str, set: &SelectionSet, properties: &mut Map<String, Value>) {
        for item in &set.items {
            match &item.node {
                Selection::Field(field) => {
                    let key = field.node.response_key().node.to_string();
                    let schema = self.field(on, &field.node);
                    properties.insert(key, schema);
                }
                Selection::FragmentSpread(spread) => {
                    let document = self.document;
                    let fragment = &document.fragments[&spread.node.fragment_name.node].node;
                    self.add(on, &fragment.selection_set.node, properties);
                }
                Selection::InlineFragment(_) => panic!("{on}: a response has one shape"),
            }
        }
    }
}

/// The last field of the path of keys, and the type that it is on.
pub fn at<'a>(dictionary: &Dictionary, root: &str, set: &'a SelectionSet, keys: &[String]) -> (String, &'a Field) {
    let (key, rest) = keys.split_first().expect("a value has a path");
    let fields = set.items.iter().filter_map(|item| match &item.node {
        Selection::Field(field) => Some(&field.node),
        _ => None,
    });
    let mut fields = fields.filter(|field| field.response_key().node == key.as_str());
    let field = fields.next().expect("the document selects its value");
    if rest.is_empty() {
        return (root.to_owned(), field);
    }
    let on = named(&dictionary.member(root, &field.name.node).of).to_owned();
    at(dictionary, &on, &field.selection_set.node, rest)
}
