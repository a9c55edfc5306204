//! The schema for tests: its coordinates, read from the SDL.

use std::collections::BTreeMap;

use async_graphql::parser::{
    parse_schema,
    types::{BaseType, FieldDefinition, InputValueDefinition, Type, TypeKind, TypeSystemDefinition},
};

/// A field of an object or an interface.
pub struct Field {
    pub parent: String,
    pub name: String,
    /// The named type without lists and non-null marks.
    pub named: String,
    arguments: Vec<String>,
}

impl Field {
    /// `Type.field`.
    pub fn coordinate(&self) -> String {
        format!("{}.{}", self.parent, self.name)
    }
}

/// Every field of every object and interface.
pub fn fields() -> Vec<Field> {
    let mut fields = Vec::new();
    each_type(|name, kind| match kind {
        TypeKind::Object(object) => fields.extend(object.fields.iter().map(|field| of(name, &field.node))),
        TypeKind::Interface(interface) => fields.extend(interface.fields.iter().map(|field| of(name, &field.node))),
        _ => {}
    });
    assert!(fields.len() > 100, "the schema was read");
    fields
}

/// Names of the types with fields, which need a selection.
pub fn composites() -> Vec<String> {
    let mut names = Vec::new();
    each_type(|name, kind| {
        if matches!(kind, TypeKind::Object(_) | TypeKind::Interface(_) | TypeKind::Union(_)) {
            names.push(name.to_owned());
        }
    });
    names
}

/// Every coordinate: fields, their arguments, fields of inputs, values of enums.
pub fn coordinates() -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for field in fields() {
        all.extend(field.arguments.iter().map(|argument| format!("{}({argument}:)", field.coordinate())));
        all.push(field.coordinate());
    }
    each_type(|name, kind| match kind {
        TypeKind::InputObject(input) => {
            all.extend(input.fields.iter().map(|field| format!("{name}.{}", field.node.name.node)));
        }
        TypeKind::Enum(of) => all.extend(of.values.iter().map(|value| format!("{name}.{}", value.node.value.node))),
        _ => {}
    });
    all
}

/// The inputs of the schema.
pub struct Inputs {
    /// The fields of each input, in their order.
    pub fields: BTreeMap<String, Vec<(String, Type)>>,
    /// The first value of each enum.
    pub enums: BTreeMap<String, String>,
    /// The inputs of mutations, with nested inputs.
    pub of_mutations: Vec<String>,
}

/// Every input, with the types of its fields.
pub fn inputs() -> Inputs {
    let (mut fields, mut enums, mut of_mutations) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
    each_type(|name, kind| match kind {
        TypeKind::InputObject(input) => {
            let field = |of: &InputValueDefinition| (of.name.node.to_string(), of.ty.node.clone());
            let of_input: Vec<_> = input.fields.iter().map(|of| field(&of.node)).collect();
            fields.insert(name.to_owned(), of_input);
        }
        TypeKind::Enum(of) => {
            enums.extend(of.values.first().map(|value| (name.to_owned(), value.node.value.node.to_string())));
        }
        TypeKind::Object(object) if name == "Mutation" => {
            let arguments = object.fields.iter().flat_map(|field| &field.node.arguments);
            of_mutations.extend(arguments.map(|argument| named(&argument.node.ty.node).to_owned()));
        }
        _ => {}
    });
    let mut at = 0;
    while let Some(input) = of_mutations.get(at).cloned() {
        let inside = fields[&input].iter().map(|(_, of)| named(of).to_owned());
        let new: Vec<_> = inside.filter(|of| fields.contains_key(of) && !of_mutations.contains(of)).collect();
        of_mutations.extend(new);
        at += 1;
    }
    Inputs { fields, enums, of_mutations }
}

fn each_type(mut visit: impl FnMut(&str, &TypeKind)) {
    let document = parse_schema(cadre_api::graphql::sdl()).expect("the SDL of the service is valid");
    for definition in document.definitions {
        if let TypeSystemDefinition::Type(definition) = definition {
            visit(&definition.node.name.node, &definition.node.kind);
        }
    }
}

fn of(parent: &str, field: &FieldDefinition) -> Field {
    let name = |argument: &InputValueDefinition| argument.name.node.to_string();
    Field {
        parent: parent.to_owned(),
        name: field.name.node.to_string(),
        named: named(&field.ty.node).to_owned(),
        arguments: field.arguments.iter().map(|argument| name(&argument.node)).collect(),
    }
}

fn named(of: &Type) -> &str {
    match &of.base {
        BaseType::Named(name) => name,
        BaseType::List(inner) => named(inner),
    }
}
