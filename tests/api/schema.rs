//! The contract as a file: `schema.graphql` is what the service serves, and every name in it is explained.

use std::{fs, path::Path};

use async_graphql::{
    Positioned,
    parser::{
        parse_schema,
        types::{InputValueDefinition, TypeKind, TypeSystemDefinition},
    },
};

use crate::world::postgres::setting;

/// Arguments that Relay's specification explains, the same wherever they stand.
const PAGING: [&str; 4] = ["first", "after", "last", "before"];

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
        "Said." type Query { bare: Int "Said." said(first: Int, bare: Int, "Said." said: Int): Int }
        type Bare { "Said." said: Int }
        "Said." input Input { bare: Int "Said." said: Int }
        "Said." enum Enum { BARE "Said." SAID }
        "Said." interface Interface { bare: Int }
        scalar BareScalar
    "#;
    let expected =
        ["Query.bare", "Query.said(bare:)", "Bare", "Input.bare", "Enum.BARE", "Interface.bare", "BareScalar"];
    assert_eq!(unexplained(sdl), expected);
}

fn unexplained(sdl: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut look = |coordinate: String, description: &Option<Positioned<String>>| {
        if description.as_ref().is_none_or(|description| description.node.trim().is_empty()) {
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
                        if !PAGING.contains(&argument.as_str()) {
                            look(format!("{name}.{}({argument}:)", field.name.node), &description);
                        }
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
