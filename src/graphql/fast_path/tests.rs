//! Checks that each field of a supported type is either written or listed as unsupported.

use std::collections::BTreeSet;

use async_graphql::parser::{
    parse_query, parse_schema,
    types::{BaseType, FieldDefinition, ObjectType, Type, TypeKind, TypeSystemDefinition},
};

use super::{
    FastPath, NOT_ON_FAST_PATH,
    page::{BoundedCount, Connection, Edge, PageInfo},
    roots::{Query, RootUnit},
    selection::Compiling,
    selection::Render,
};
use crate::{
    db::ReadMode,
    graphql::{
        cadre::{Assignment, Cadre},
        composition::{Composition, LevelShare, Share},
        guard::schema_index::SchemaIndex,
        programme::Programme,
        qualification::{Institution, Qualification, QualificationLevel, QualificationSubject},
        rotation::{Placement, Rotation},
        sdl,
        title::{Title, TitleStep},
        training::{plan::TrainingPlan, quota::Quota},
        unit::{Unit, UnitIdentifier},
        unit_area::UnitArea,
    },
};

/// Whether a selection of a type is supported.
fn is_written<T: Render>(schema_index: &SchemaIndex, selection: &str) -> bool {
    let document = parse_query(selection).expect(selection);
    let (_, operation) = document.operations.iter().next().expect("an operation");
    let set = &operation.node.selection_set.node;
    Compiling::new(schema_index, &document.fragments, 100).set::<T>(&[set]).is_some()
}

fn named(of: &Type) -> &str {
    match &of.base {
        BaseType::Named(name) => name,
        BaseType::List(inner) => named(inner),
    }
}

/// A selection of one field, with its required arguments and a minimal selection set.
fn selection(field: &FieldDefinition, is_object: bool) -> String {
    let required = field
        .arguments
        .iter()
        .map(|argument| &argument.node)
        .filter(|argument| !argument.ty.node.nullable && argument.default_value.is_none());
    let required: Vec<String> = required
        .map(|argument| {
            let value = match named(&argument.ty.node) {
                "Int" => "1",
                "CadreKey" | "UnitKey" => "{code: \"X\"}",
                _ => "\"X\"",
            };
            format!("{}: {value}", argument.name.node)
        })
        .collect();
    let arguments = if required.is_empty() { String::new() } else { format!("({})", required.join(", ")) };
    format!("{{ {}{arguments} {} }}", field.name.node, if is_object { "{ __typename }" } else { "" })
}

fn objects() -> Vec<(String, ObjectType)> {
    let document = parse_schema(sdl()).expect("the schema");
    let objects = document.definitions.into_iter().filter_map(|definition| match definition {
        TypeSystemDefinition::Type(definition) => match definition.node.kind {
            TypeKind::Object(object) => Some((definition.node.name.node.to_string(), object)),
            _ => None,
        },
        _ => None,
    });
    objects.collect()
}

#[test]
fn every_field_of_a_supported_type_is_written_or_listed_as_unsupported() {
    let (schema_index, objects) = (SchemaIndex::of(&sdl()), objects());
    let (mut engine_fields, mut types_seen, mut checked) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let mut check = |name: &'static str, is_written: &dyn Fn(&str) -> bool| {
        checked.insert(name.to_owned());
        let (_, object) = objects.iter().find(|(of, _)| of == name).expect(name);
        for field in &object.fields {
            let of = named(&field.node.ty.node);
            let is_object = objects.iter().any(|(name, _)| name == of);
            if is_written(&selection(&field.node, is_object)) {
                types_seen.extend(is_object.then(|| of.to_owned()));
            } else if name != Query::NAME {
                engine_fields.insert(format!("{name}.{}", field.node.name.node));
            }
        }
        assert!(is_written("{ __typename }") && !is_written("{ nothing }"), "{name}");
    };

    macro_rules! check {
        ($($of:ty),*) => {$( check(<$of as Render>::NAME, &|text| is_written::<$of>(&schema_index, text)); )*};
    }
    check!(Query, RootUnit, Cadre, Assignment, Title, Rotation, Placement, Composition, LevelShare, Share);
    check!(Qualification, QualificationSubject, QualificationLevel, Institution, Quota, TrainingPlan, Programme);
    check!(UnitIdentifier, UnitArea, TitleStep);
    check!(Connection<Cadre>, Edge<Cadre>, Connection<Quota>, Edge<Quota>, PageInfo, BoundedCount);

    assert_eq!(engine_fields.iter().map(String::as_str).collect::<Vec<_>>(), NOT_ON_FAST_PATH);
    assert_eq!(types_seen.difference(&checked).collect::<Vec<_>>(), Vec::<&String>::new());
    // The lists of a unit are supported under a root only.
    for list_field in
        ["cadres { __typename }", "composition(subject: \"X\") { total }", "quotas(year: 1) { __typename }"]
    {
        let text = format!("{{ {list_field} }}");
        assert!(
            is_written::<RootUnit>(&schema_index, &text) && !is_written::<Unit>(&schema_index, &text),
            "{list_field}"
        );
    }
}

#[test]
fn fields_that_the_engine_merges_differently_are_left_to_the_engine() {
    let schema_index = SchemaIndex::of(&sdl());
    for (selection, expected) in [
        ("{ code a: code }", true),
        ("{ code code }", true),
        ("{ unit { code } unit { name code } }", true),
        ("query($x: Boolean!) { code @skip(if: $x) }", true),
        ("query($x: Boolean!) { ... @skip(if: $x) { code } }", true),
        ("{ code @skip(if: false) @include(if: true) }", true),
        ("{ code @skip(if: true) id }", false),
        ("query($x: Boolean!) { code @skip(if: $x) code }", false),
        ("{ code: fullName code }", false),
        ("{ highest(subject: \"A\") { id } highest(subject: \"B\") { id } }", false),
        ("{ code @deprecated }", false),
        ("{ ... on Unit { nothing } ... on Node { id } ... on Cadre { code } }", true),
        ("{ ...F } fragment F on Cadre { code }", true),
        ("{ ...F } fragment F on Cadre { identity { birthOn } }", false),
        ("{ qualifications(subject: 1) { id } }", false),
    ] {
        assert_eq!(is_written::<Cadre>(&schema_index, selection), expected, "{selection}");
    }
}

#[test]
fn a_selection_larger_than_its_document_is_left_to_the_engine() {
    let schema_index = SchemaIndex::of(&sdl());
    let document = parse_query("{ id code fullName }").expect("a document");
    let (_, operation) = document.operations.iter().next().expect("an operation");
    let set = &operation.node.selection_set.node;
    let compile = |largest| Compiling::new(&schema_index, &document.fragments, largest).set::<Cadre>(&[set]).is_some();

    assert!(compile(3));
    assert!(!compile(2));
}

#[test]
fn the_read_mode_follows_from_the_selection() {
    let schema_index = SchemaIndex::of(&sdl());
    let of_unit = |fields: &str| format!("{{ unit(by: {{code: \"X\"}}) {{ {fields} }} }}");
    for (document, expected) in [
        (of_unit("name"), ReadMode::Single),
        (of_unit("composition(subject: \"A\") { total }"), ReadMode::Single),
        (of_unit("composition(subject: \"A\") { total } cadres { nodes { code } }"), ReadMode::Prepared),
        (of_unit("quotas(year: 2020) { nodes { seats } }"), ReadMode::Single),
        (of_unit("quotas(year: 2020) { nodes { plan { code } } }"), ReadMode::Prepared),
        (of_unit("quotas(year: 2020) { nodes { children { seats } } }"), ReadMode::Prepared),
        (of_unit("quotas(year: 2020) { totalCount { value } }"), ReadMode::Any),
        ("{ cadre(by: {code: \"X\"}) { code rotations { id } } }".to_owned(), ReadMode::Single),
        ("{ cadres { nodes { code } } }".to_owned(), ReadMode::Single),
        ("{ cadres { totalCount { value } } }".to_owned(), ReadMode::Prepared),
        ("{ a: cadre(by: {code: \"A\"}) { id } b: cadre(by: {code: \"B\"}) { id } }".to_owned(), ReadMode::Prepared),
    ] {
        let parsed = parse_query(&document).expect("a document");
        let fast_path = FastPath::compile(&schema_index, &parsed, 100).expect(&document);
        assert_eq!(fast_path.read_mode, expected, "{document}");
    }
}
