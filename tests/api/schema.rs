//! The contract as a file: `schema.graphql` is what the service serves, and every name in it is explained.

use std::{fs, path::Path};

use async_graphql::{
    Positioned,
    parser::{
        parse_schema,
        types::{InputValueDefinition, Type, TypeKind, TypeSystemDefinition},
    },
};

use crate::support::postgres::setting;

#[test]
fn the_schema_in_the_repository_is_the_one_that_is_served() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema.graphql");
    let served = cadre_api::graphql::sdl();
    if setting("UPDATE_EXPECT").is_some() {
        fs::write(&file, &served).expect("written");
    }
    let kept = fs::read_to_string(&file).expect("schema.graphql");
    let differs = kept.lines().zip(served.lines()).position(|(kept, served)| kept != served);
    assert!(kept == served, "they differ from line {differs:?} on; UPDATE_EXPECT=1 rewrites the file");
}

#[test]
fn every_name_of_the_schema_is_explained() {
    assert_eq!(unexplained(&cadre_api::graphql::sdl()), Vec::<String>::new());
}

/// The control.
#[test]
fn what_is_not_explained_is_found() {
    let sdl = r#"
        "Is explained." type Query { bare: Int "Word." word: Int "Is explained." full(bare: Int, "Is explained." full: Int): Int }
        type Bare { "Is explained." full: Int }
        "Is explained." input Input { bare: Int "Is explained." full: Int }
        "Is explained." enum Enum { BARE "Is explained." FULL }
        "Is explained." interface Interface { bare: Int }
        scalar BareScalar
    "#;
    let expected = [
        "Query.bare",
        "Query.word",
        "Query.full(bare:)",
        "Bare",
        "Input.bare",
        "Enum.BARE",
        "Interface.bare",
        "BareScalar",
    ];
    assert_eq!(unexplained(sdl), expected);
}

/// A failing root field becomes null. If it could not, it would take the results of its neighbours along, such as the only
/// copy of a new secret.
#[test]
fn a_failing_root_leaves_its_neighbours() {
    let never_null = |sdl: &str| -> Vec<String> {
        let fields = fields_of(sdl).into_iter().filter(|(on, _, of)| {
            let (is_list, is_query) = (of.base.to_string().ends_with("Connection"), on == "Query");
            !of.nullable && (on == "Mutation" || (is_query && is_list))
        });
        fields.map(|(on, name, _)| format!("{on}.{name}")).collect()
    };

    assert_eq!(never_null(&cadre_api::graphql::sdl()), Vec::<String>::new());
    let control = "type Query { all: AConnection! some: AConnection one: Int! } type Mutation { act: A! }";
    assert_eq!(never_null(control), ["Query.all", "Mutation.act"]);
}

fn fields_of(sdl: &str) -> Vec<(String, String, Type)> {
    let mut fields = Vec::new();
    for definition in parse_schema(sdl).expect("a schema").definitions {
        let TypeSystemDefinition::Type(definition) = definition else { continue };
        let TypeKind::Object(object) = &definition.node.kind else { continue };
        for field in &object.fields {
            let (on, name) = (definition.node.name.node.to_string(), field.node.name.node.to_string());
            fields.push((on, name, field.node.ty.node.clone()));
        }
    }
    fields
}

/// Null and absent would mean two things, or one of them nothing.
#[test]
fn what_has_a_default_is_never_null() {
    let nullable = |sdl: &str| -> Vec<String> {
        let mut found = Vec::new();
        for definition in parse_schema(sdl).expect("a schema").definitions {
            let TypeSystemDefinition::Type(definition) = definition else { continue };
            let inputs = match &definition.node.kind {
                TypeKind::Object(object) => object.fields.iter().flat_map(|field| &field.node.arguments).collect(),
                TypeKind::InputObject(input) => input.fields.iter().collect::<Vec<_>>(),
                _ => continue,
            };
            let inputs =
                inputs.into_iter().filter(|input| input.node.default_value.is_some() && input.node.ty.node.nullable);
            found.extend(inputs.map(|input| format!("{}: {}", definition.node.name.node, input.node.name.node)));
        }
        found
    };

    assert_eq!(nullable(&cadre_api::graphql::sdl()), Vec::<String>::new());
    let control = "type Query { a(b: Int = 1, c: Int! = 1, d: Int): Int } input I { e: Int = 1 }";
    assert_eq!(nullable(control), ["Query: b", "I: e"]);
}

fn unexplained(sdl: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut look = |coordinate: String, description: &Option<Positioned<String>>| {
        // A single word repeats the name.
        if description.as_ref().is_none_or(|description| description.node.split_whitespace().count() < 2) {
            found.push(coordinate);
        }
    };
    for definition in parse_schema(sdl).expect("a schema").definitions {
        let TypeSystemDefinition::Type(definition) = definition else { continue };
        let name = definition.node.name.node.as_str();
        look(name.to_owned(), &definition.node.description);
        let inputs = |inputs: &[Positioned<InputValueDefinition>]| -> Vec<_> {
            inputs.iter().map(|input| (input.node.name.node.to_string(), input.node.description.clone())).collect()
        };
        match &definition.node.kind {
            TypeKind::Object(_) | TypeKind::Interface(_) => {
                let fields = match &definition.node.kind {
                    TypeKind::Object(object) => &object.fields,
                    TypeKind::Interface(interface) => &interface.fields,
                    _ => continue,
                };
                for field in fields {
                    let field = &field.node;
                    look(format!("{name}.{}", field.name.node), &field.description);
                    for (argument, description) in inputs(&field.arguments) {
                        look(format!("{name}.{}({argument}:)", field.name.node), &description);
                    }
                }
            }
            TypeKind::InputObject(input) => {
                for (field, description) in inputs(&input.fields) {
                    look(format!("{name}.{field}"), &description);
                }
            }
            TypeKind::Enum(set) => {
                for value in &set.values {
                    look(format!("{name}.{}", value.node.value.node), &value.node.description);
                }
            }
            TypeKind::Scalar | TypeKind::Union(_) => {}
        }
    }
    found
}
