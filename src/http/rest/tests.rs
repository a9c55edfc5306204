use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use async_graphql::parser::parse_query;

use super::{
    ROUTES,
    documents::{DOCUMENTS, FRAGMENTS},
    route::{Form, Parameter, Place, Route},
};
use crate::graphql::{
    guard::{cache::Documents, limits::Limits, schema_index::SchemaIndex},
    sdl,
};

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("api").join(name)
}

/// Paths of the files below a folder, without the ending.
fn files(folder: &Path, within: &str, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{within}{}", entry.file_name().to_str().unwrap());
        match name.strip_suffix(".graphql") {
            Some(name) => {
                found.insert(name.to_owned());
            }
            None => files(&entry.path(), &format!("{name}/"), found),
        }
    }
}

fn route(method: &str, path: &str) -> &'static Route {
    let found = ROUTES.iter().find(|route| route.path == path && route.is_post == (method == "POST"));
    found.unwrap_or_else(|| panic!("{method} {path}"))
}

fn names(route: &Route, place: Place) -> Vec<&str> {
    let of_place = route.parameters.iter().filter(|parameter| parameter.place == place);
    of_place.map(|parameter| parameter.name.as_str()).collect()
}

#[test]
fn the_lists_of_documents_and_fragments_match_the_folders() {
    for (name, list) in [("v1", DOCUMENTS), ("fragments", FRAGMENTS)] {
        let mut found = BTreeSet::new();
        files(&folder(name), "", &mut found);
        let listed: BTreeSet<String> = list.iter().map(|(name, _)| (*name).to_owned()).collect();
        assert_eq!(listed, found, "api/{name} and src/http/rest/documents.rs");
    }
}

#[test]
fn a_document_is_one_operation_with_one_root_field_and_a_summary_in_both_languages() {
    let documents = Documents::new(std::sync::Arc::new(SchemaIndex::of(&sdl())), Limits::default());
    for route in ROUTES.iter() {
        let parsed = parse_query(&route.document).unwrap();
        let (_, operation) = parsed.operations.iter().next().unwrap();
        assert_eq!(parsed.operations.iter().count(), 1, "{}", route.path);
        assert_eq!(operation.node.selection_set.node.items.len(), 1, "{}", route.path);
        assert!(!route.summary.en.is_empty() && route.summary.en.is_ascii(), "{}", route.path);
        assert!(!route.summary.vi.is_empty() && !route.summary.vi.is_ascii(), "{}", route.path);
        assert!(documents.get_or_compile(&route.document).is_ok(), "{}", route.path);
        assert_eq!(route.is_mutation, route.form == Form::Payload, "{}", route.path);
        assert!(route.is_post || !route.is_mutation, "{}: the name of a mutation ends in .post", route.path);
    }
}

#[test]
fn names_of_operations_and_parameters_are_unique() {
    let operations: BTreeSet<_> = ROUTES.iter().map(|route| &route.name).collect();
    assert_eq!(operations.len(), DOCUMENTS.len());
    for route in ROUTES.iter() {
        let names: BTreeSet<_> = route.parameters.iter().map(|parameter| &parameter.name).collect();
        assert_eq!(names.len(), route.parameters.len(), "{}: {names:?}", route.path);
        let segments = route.path.split('/').filter(|segment| segment.starts_with('{')).count();
        let is_segment = |parameter: &&Parameter| parameter.place == Place::Path;
        assert_eq!(route.parameters.iter().filter(is_segment).count(), segments, "{}", route.path);
        let paged = ["first", "after"].map(|name| names.contains(&name.to_owned()));
        assert_eq!(paged, [route.form == Form::Page; 2], "{}", route.path);
    }
}

#[test]
fn every_mutation_of_the_schema_has_a_route() {
    let schema_index = SchemaIndex::of(&sdl());
    let mutations: BTreeSet<_> = schema_index.field_names("Mutation").map(str::to_owned).collect();
    let routes: BTreeSet<_> =
        ROUTES.iter().filter(|route| route.is_mutation).map(|route| route.value[0].clone()).collect();
    assert_eq!(routes, mutations);
    for route in ROUTES.iter().filter(|route| route.is_mutation) {
        assert_eq!(names(route, Place::IdempotencyKey), ["idempotencyKey"], "{}", route.path);
    }
}

#[test]
fn every_fragment_is_used() {
    for (name, _) in FRAGMENTS {
        let spread = format!("...{name} ");
        assert!(ROUTES.iter().any(|route| route.document.replace('\n', " ").contains(&spread)), "{name}");
    }
}

#[test]
fn parameters_follow_from_the_variables() {
    let cadres = names(route("GET", "/v1/cadres"), Place::Query);
    for name in ["asOf", "search", "unit.code", "unit.reach", "titles", "holds.atLeast", "trained.year", "first"] {
        assert!(cadres.contains(&name), "{name}: {cadres:?}");
    }
    assert!(!cadres.iter().any(|name| ["and", "or", "not", "where"].contains(name)), "{cadres:?}");

    let publish = route("POST", "/v1/rotations/{rotationId}/publish");
    assert_eq!(names(publish, Place::Path), ["rotationId"]);
    assert_eq!(names(publish, Place::Body), ["publishedOn"]);
    assert_eq!(names(publish, Place::IfMatch), ["expectedVersion"]);
    assert_eq!(publish.created, None);

    let propose = route("POST", "/v1/rotations");
    assert!(names(propose, Place::Body).contains(&"planning"), "an object of the body is one parameter");
    assert_eq!(propose.created.as_deref(), Some("id"));
    assert_eq!(route("POST", "/v1/classes").created.as_deref(), Some("code"));
    assert_eq!(route("POST", "/v1/classes/{classCode}/enrolments").created, None);
}

#[test]
fn the_value_of_a_document_is_its_first_field_that_selects_several_fields() {
    for (method, path, value, form) in [
        ("GET", "/v1/units/{unitCode}", "unit", Form::Object),
        ("GET", "/v1/units/{unitCode}/composition", "unit.composition", Form::Object),
        ("GET", "/v1/units/{unitCode}/rotation-flows", "unit.rotationFlows", Form::List),
        ("GET", "/v1/cadres", "cadres", Form::Page),
        ("GET", "/v1/cadres/count", "cadres.totalCount", Form::Object),
        ("GET", "/v1/cadres/{cadreCode}/access-log", "cadre.accessLog", Form::Page),
        ("POST", "/v1/cadres/by-national-id", "cadre", Form::Object),
        ("GET", "/v1/titles", "titles", Form::List),
        ("POST", "/v1/rotations", "rotationPropose", Form::Payload),
    ] {
        let route = route(method, path);
        assert_eq!((route.value.join(".").as_str(), route.form), (value, form), "{method} {path}");
    }
}
