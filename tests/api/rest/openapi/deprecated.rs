//! Deprecated parts in the description: members, parameters, and whole operations.

use async_graphql::parser::types::{ExecutableDocument, Field, Selection, SelectionSet};
use async_graphql_value::Value as Literal;
use cadre_api::http::rest::route::{Route, named};
use serde_json::{Value, json};

use super::{dictionary::Dictionary, generated, generated_of, sdl};

/// The selection of a document on its root type.
struct Reader<'a> {
    dictionary: &'a Dictionary,
    document: &'a ExecutableDocument,
}

impl<'a> Reader<'a> {
    /// The fields of a selection, with those of its fragments.
    fn fields(&self, set: &'a SelectionSet) -> Vec<&'a Field> {
        let mut fields = Vec::new();
        for item in &set.items {
            match &item.node {
                Selection::Field(field) if field.node.name.node.starts_with("__") => {}
                Selection::Field(field) => fields.push(&field.node),
                Selection::FragmentSpread(spread) => {
                    let fragment = &self.document.fragments[&spread.node.fragment_name.node].node;
                    fields.extend(self.fields(&fragment.selection_set.node));
                }
                // Only the errors of a mutation have several types, and a problem shows them.
                Selection::InlineFragment(_) => {}
            }
        }
        fields
    }

    /// Whether each value of a selection is deprecated, or below a deprecated field. Parts of a page do not count.
    fn is_deprecated(&self, on: &str, set: &'a SelectionSet) -> bool {
        let mut fields = self.fields(set);
        fields.retain(|field| !matches!(field.name.node.as_str(), "pageInfo" | "userErrors"));
        fields.iter().all(|field| {
            let member = self.dictionary.member(on, &field.name.node);
            let inner = &field.selection_set.node;
            member.deprecation.is_some() || (!inner.items.is_empty() && self.is_deprecated(named(&member.of), inner))
        })
    }

    /// For each use of a variable, whether it is in a deprecated part.
    fn uses(&self, (on, set, is_below): (&str, &'a SelectionSet, bool), variable: &str, uses: &mut Vec<bool>) {
        for field in self.fields(set) {
            let member = self.dictionary.member(on, &field.name.node);
            let is_deprecated = is_below || member.deprecation.is_some();
            for (name, value) in &field.arguments {
                let argument = &member.arguments[name.node.as_str()];
                let is_deprecated = is_deprecated || argument.deprecation.is_some();
                self.used_by((named(&argument.of), &value.node, is_deprecated), variable, uses);
            }
            self.uses((named(&member.of), &field.selection_set.node, is_deprecated), variable, uses);
        }
    }

    fn used_by(&self, (of, value, is_below): (&str, &Literal, bool), variable: &str, uses: &mut Vec<bool>) {
        match value {
            Literal::Variable(name) if name == variable => uses.push(is_below),
            Literal::List(items) => items.iter().for_each(|item| self.used_by((of, item, is_below), variable, uses)),
            Literal::Object(fields) => {
                for (name, value) in fields {
                    let member = self.dictionary.member(of, name);
                    let is_deprecated = is_below || member.deprecation.is_some();
                    self.used_by((named(&member.of), value, is_deprecated), variable, uses);
                }
            }
            _ => {}
        }
    }
}

fn selection(document: &ExecutableDocument) -> &SelectionSet {
    &document.operations.iter().next().expect("an operation").1.node.selection_set.node
}

/// Whether a route shows nothing but deprecated parts.
pub fn shows_only_deprecated(dictionary: &Dictionary, document: &ExecutableDocument, route: &Route) -> bool {
    let root = if route.is_mutation { "Mutation" } else { "Query" };
    Reader { dictionary, document }.is_deprecated(root, selection(document))
}

/// Whether a document uses a variable in deprecated parts only.
pub fn feeds_only_deprecated(
    dictionary: &Dictionary,
    document: &ExecutableDocument,
    (root, variable): (&str, &str),
) -> bool {
    let mut uses = Vec::new();
    Reader { dictionary, document }.uses((root, selection(document), false), variable, &mut uses);
    !uses.is_empty() && uses.into_iter().all(|is_deprecated| is_deprecated)
}

/// Paths of all objects with `deprecated: true`.
fn deprecated(description: &Value) -> Vec<String> {
    fn walk(value: &Value, at: &str, found: &mut Vec<String>) {
        match value {
            Value::Object(fields) => {
                if fields.get("deprecated") == Some(&json!(true)) {
                    found.push(at.to_owned());
                }
                fields.iter().for_each(|(name, value)| walk(value, &format!("{at}.{name}"), found));
            }
            Value::Array(items) => items.iter().for_each(|item| {
                let name = item["name"].as_str().unwrap_or_default();
                walk(item, &format!("{at}.{name}"), found);
            }),
            _ => {}
        }
    }
    let mut found = Vec::new();
    walk(&description["paths"], "", &mut found);
    walk(&description["components"], "", &mut found);
    found
}

const REASON: &str = "Use `X`. Deprecated since 2026-12-01, removed on 2027-12-01.";

/// The schema of the service with deprecations: type, and the beginning of the declaration. A field with arguments is
/// declared on several lines.
fn sdl_with(parts: &[(&str, &str)]) -> String {
    let (mut header, mut found, mut is_open) = (String::new(), 0, false);
    let sdl = sdl().lines().fold(String::new(), |mut text, line| {
        if !line.starts_with(['\t', ' ', '"', '}']) {
            line.clone_into(&mut header);
        }
        text += line;
        let is_part = |(on, declared): &(&str, &str)| header.starts_with(on) && line.trim().starts_with(declared);
        is_open |= parts.iter().any(is_part);
        if is_open && !line.ends_with('(') && (line.starts_with("\t)") || parts.iter().any(is_part)) {
            text += &format!(" @deprecated(reason: {})", json!(REASON));
            (is_open, found) = (false, found + 1);
        }
        text + "\n"
    });
    assert_eq!(found, parts.len(), "every part is declared once: {parts:?}");
    sdl
}

#[test]
fn deprecated_members_parameters_and_operations_are_marked() {
    let parts = [
        ("type Unit ", "adminCode:"),
        ("input CadreWhere ", "gender:"),
        ("input RotationAdvanceInput ", "remark:"),
        ("type Query ", "institutions:"),
        ("type Unit ", "rotationFlows("),
    ];
    let description = generated_of(&sdl_with(&parts));
    let mut found = deprecated(&description);
    found.sort_unstable();
    assert_eq!(
        found,
        [
            "./v1/cadres.get.parameters.gender",
            "./v1/cadres/count.get.parameters.gender",
            "./v1/institutions.get",
            "./v1/rotations/{rotationId}/advance.post.requestBody.content.application/json.schema.properties.remark",
            "./v1/units/{unitCode}/rotation-flows.get",
            "./v1/units/{unitCode}/rotation-flows.get.parameters.before",
            "./v1/units/{unitCode}/rotation-flows.get.parameters.from",
            ".schemas.Unit.properties.adminCode",
            ".schemas.UnitDetail.properties.adminCode",
        ]
    );
    let text = description["components"]["schemas"]["Unit"]["properties"]["adminCode"]["description"].as_str();
    assert!(text.is_some_and(|text| text.ends_with(&format!("Deprecated: {REASON}"))), "{text:?}");

    let current = deprecated(&generated()).len();
    assert_eq!(current > 0, sdl().contains("@deprecated"), "the control: the current schema");
}
