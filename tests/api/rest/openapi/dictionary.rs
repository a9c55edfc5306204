//! The types of the GraphQL schema with their descriptions, and as schemas of JSON.

use std::collections::BTreeMap;

use async_graphql::{
    Positioned,
    parser::{
        parse_schema,
        types::{BaseType, ConstDirective, InputValueDefinition, Type, TypeKind, TypeSystemDefinition},
    },
};
use async_graphql_value::ConstValue;
use cadre_api::http::rest::route::named;
use serde_json::{Map, Value, json};

/// A field of an output type, an argument, or a field of an input type.
pub struct Member {
    pub description: String,
    pub of: Type,
    pub default: Option<Value>,
    /// Reason of its deprecation.
    pub deprecation: Option<String>,
    /// Arguments by name.
    pub arguments: BTreeMap<String, Member>,
}

/// The schema.
pub struct Dictionary {
    /// Fields of objects, interfaces and inputs.
    members: BTreeMap<(String, String), Member>,
    inputs: BTreeMap<String, Vec<String>>,
    /// Values of enums with their descriptions.
    enums: BTreeMap<String, Vec<(String, String)>>,
    descriptions: BTreeMap<String, String>,
}

/// One line of text.
fn line(text: Option<&str>) -> String {
    text.unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The reason of a deprecation.
fn deprecation(directives: &[Positioned<ConstDirective>]) -> Option<String> {
    let deprecated = directives.iter().find(|directive| directive.node.name.node == "deprecated")?;
    match &deprecated.node.get_argument("reason")?.node {
        ConstValue::String(reason) => Some(reason.clone()),
        other => panic!("{other} is no reason"),
    }
}

impl Dictionary {
    /// Reads a schema.
    pub fn read(sdl: &str) -> Self {
        let mut dictionary = Self {
            members: BTreeMap::new(),
            inputs: BTreeMap::new(),
            enums: BTreeMap::new(),
            descriptions: BTreeMap::new(),
        };
        for definition in parse_schema(sdl).expect("the SDL parses").definitions {
            let TypeSystemDefinition::Type(of) = definition else { continue };
            let of = of.node;
            let name = of.name.node.to_string();
            let description = line(of.description.as_ref().map(|text| text.node.as_str()));
            dictionary.descriptions.insert(name.clone(), description);
            dictionary.add(&name, of.kind);
        }
        dictionary
    }

    fn add(&mut self, name: &str, kind: TypeKind) {
        let input = |of: &InputValueDefinition| Member {
            description: line(of.description.as_ref().map(|text| text.node.as_str())),
            of: of.ty.node.clone(),
            default: of.default_value.as_ref().and_then(|value| value.node.clone().into_json().ok()),
            deprecation: deprecation(&of.directives),
            arguments: BTreeMap::new(),
        };
        let fields = match kind {
            TypeKind::Object(object) => object.fields,
            TypeKind::Interface(interface) => interface.fields,
            TypeKind::InputObject(object) => {
                let names = object.fields.iter().map(|field| field.node.name.node.to_string());
                self.inputs.insert(name.to_owned(), names.collect());
                for field in &object.fields {
                    let key = (name.to_owned(), field.node.name.node.to_string());
                    self.members.insert(key, input(&field.node));
                }
                return;
            }
            TypeKind::Enum(of) => {
                let values = of.values.iter().map(|value| {
                    let description = value.node.description.as_ref().map(|text| text.node.as_str());
                    let description = with_reason(&line(description), deprecation(&value.node.directives).as_deref());
                    (value.node.value.node.to_string(), description)
                });
                self.enums.insert(name.to_owned(), values.collect());
                return;
            }
            TypeKind::Scalar | TypeKind::Union(_) => return,
        };
        for field in fields {
            let arguments = field.node.arguments.iter();
            let arguments = arguments.map(|of| (of.node.name.node.to_string(), input(&of.node))).collect();
            let description = line(field.node.description.as_ref().map(|text| text.node.as_str()));
            let deprecation = deprecation(&field.node.directives);
            let member = Member { description, of: field.node.ty.node, default: None, deprecation, arguments };
            self.members.insert((name.to_owned(), field.node.name.node.to_string()), member);
        }
    }

    pub fn member(&self, of: &str, name: &str) -> &Member {
        let found = self.members.get(&(of.to_owned(), name.to_owned()));
        found.unwrap_or_else(|| panic!("{of} has no {name}"))
    }

    pub fn is_input(&self, name: &str) -> bool {
        self.inputs.contains_key(name)
    }

    pub fn description(&self, of: &str) -> &str {
        self.descriptions.get(of).map(String::as_str).unwrap_or_default()
    }

    /// A scalar, an enum, or a list of them. Values of enums are listed in place, also if null is possible, because
    /// generators of clients do not support null beside a reference to an enum.
    pub fn plain(&self, of: &Type) -> Value {
        match &of.base {
            BaseType::List(item) => nullable(json!({ "type": "array", "items": self.plain(item) }), of.nullable),
            BaseType::Named(name) => nullable(self.scalar(name), of.nullable),
        }
    }

    fn scalar(&self, name: &str) -> Value {
        if let Some(values) = self.enums.get(name) {
            let words: Vec<_> = values.iter().map(|(word, _)| word).collect();
            return json!({ "type": "string", "enum": words });
        }
        match name {
            "Int" => json!({ "type": "integer", "format": "int32" }),
            "Float" => json!({ "type": "number", "format": "double" }),
            "Boolean" => json!({ "type": "boolean" }),
            "Date" => json!({ "type": "string", "format": "date" }),
            "DateTime" => json!({ "type": "string", "format": "date-time" }),
            "PartialDate" => json!({ "type": "string", "pattern": "^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?$" }),
            "String" | "ID" => json!({ "type": "string" }),
            other => panic!("{other} is no plain type"),
        }
    }

    /// A description, followed by the meaning of the values of an enum.
    pub fn explained(&self, description: &str, of: &Type) -> String {
        let Some(values) = self.enums.get(named(of)) else { return description.to_owned() };
        let words = values.iter().map(|(word, meaning)| format!("`{word}`: {meaning}"));
        std::iter::once(description.to_owned()).chain(words).collect::<Vec<_>>().join("\n- ")
    }

    /// Adds the description of a member, and whether the member is deprecated.
    pub fn describe(&self, schema: &mut Value, member: &Member) {
        let description = self.explained(&member.description, &member.of);
        schema["description"] = json!(with_reason(&description, member.deprecation.as_deref()));
        if member.deprecation.is_some() {
            schema["deprecated"] = json!(true);
        }
    }

    /// An input type as the member of a body: objects within it are written out; unknown members are refused.
    pub fn input(&self, of: &Type) -> Value {
        match &of.base {
            BaseType::List(item) => nullable(json!({ "type": "array", "items": self.input(item) }), of.nullable),
            BaseType::Named(name) if self.is_input(name) => {
                let names = self.inputs[name.as_str()].iter();
                let members = names.map(|field| (field.as_str(), self.member(name, field)));
                nullable(self.object(members), of.nullable)
            }
            BaseType::Named(_) => self.plain(of),
        }
    }

    /// An object of inputs.
    pub fn object<'a>(&self, members: impl Iterator<Item = (&'a str, &'a Member)>) -> Value {
        let (mut properties, mut required) = (Map::new(), Vec::new());
        for (name, member) in members {
            let mut schema = self.input(&member.of);
            self.describe(&mut schema, member);
            if let Some(default) = &member.default {
                schema["default"] = default.clone();
            } else if !member.of.nullable {
                required.push(name);
            }
            properties.insert(name.to_owned(), schema);
        }
        let mut object = json!({ "type": "object", "additionalProperties": false, "properties": properties });
        if !required.is_empty() {
            object["required"] = json!(required);
        }
        object
    }
}

/// A description, followed by the reason of a deprecation.
pub fn with_reason(description: &str, reason: Option<&str>) -> String {
    reason.map_or_else(
        || description.to_owned(),
        |reason| format!("{description} Deprecated: {reason}").trim().to_owned(),
    )
}

/// A schema that also permits null, in the form of JSON Schema 2020-12.
pub fn nullable(mut schema: Value, is_nullable: bool) -> Value {
    if !is_nullable {
        return schema;
    }
    if schema.get("$ref").is_some() {
        return json!({ "anyOf": [schema, { "type": "null" }] });
    }
    schema["type"] = json!([schema["type"], "null"]);
    if let Some(words) = schema.get_mut("enum").and_then(Value::as_array_mut) {
        words.push(Value::Null);
    }
    schema
}
