//! One operation of the description: parameters, body, responses and scopes of a route.

use std::collections::{BTreeMap, BTreeSet};

use async_graphql::{
    Variables,
    parser::{
        parse_query,
        types::{ExecutableDocument, Field, OperationDefinition, Selection, SelectionSet},
    },
};
use async_graphql_value::Value as Literal;
use cadre_api::{
    authz::policy::{self, Need, need},
    graphql::guard::cache::Documents,
    http::rest::route::{Form, Parameter, Place, Route, named},
};
use entity::value::Scope;
use serde_json::{Map, Value, json};

use super::{
    deprecated,
    dictionary::{Dictionary, Member, with_reason},
    shape::{Shapes, at},
};

/// Examples of parameters, from the population of the demo.
const EXAMPLES: [(&str, &str); 9] = [
    ("unitCode", "BN-LT"),
    ("unit.code", "BN-LT"),
    ("cadreCode", "CB0006"),
    ("subject", "POLITICAL_THEORY"),
    ("holds.subject", "POLITICAL_THEORY"),
    ("holds.atLeast", "INTERMEDIATE"),
    ("asOf", "2026-01-01"),
    ("from", "2025-01-01"),
    ("before", "2026-01-01"),
];

/// A route with its parsed document.
struct Operation<'a> {
    route: &'a Route,
    dictionary: &'a Dictionary,
    document: ExecutableDocument,
    /// Whether its answers have a tag.
    has_tag: bool,
}

/// The description of a route. Schemas of fragments are added to `components`.
pub fn described(
    route: &Route,
    dictionary: &Dictionary,
    documents: &Documents,
    components: &mut BTreeMap<String, Value>,
) -> Value {
    let document = parse_query(&route.document).expect("a document parses");
    let (needs, has_tag) = needs(route, documents);
    let operation = Operation { route, dictionary, document, has_tag };
    let description = operation.description();
    let mut described = json!({
        "operationId": route.name,
        "tags": [route.path.split('/').nth(2).expect("a segment")],
        "summary": route.summary.en,
        "x-summary-vi": route.summary.vi,
        "description": description,
        "security": security(&needs),
    });
    if deprecated::shows_only_deprecated(dictionary, &operation.document, route) {
        described["deprecated"] = json!(true);
    }
    let parameters = operation.parameters(&needs);
    if !parameters.is_empty() {
        described["parameters"] = json!(parameters);
    }
    if let Some(body) = operation.body() {
        described["requestBody"] = body;
    }
    described["responses"] = operation.responses(components);
    described
}

/// The policy decisions for every coordinate that the document names, and whether answers have a tag.
fn needs(route: &Route, documents: &Documents) -> (Vec<Need>, bool) {
    let document = documents.get_or_compile(&route.document).expect("a document compiles");
    let operation = document.operation(None).expect("one operation");
    let mut sent = Map::new();
    for parameter in route.parameters.iter().filter(|parameter| parameter.is_required()) {
        let value = if named(&parameter.of) == "Int" { json!(1) } else { json!("x") };
        sent.insert(parameter.target[0].clone(), if parameter.target.len() > 1 { json!({}) } else { value });
    }
    let plan = operation.plan(documents.schema_index(), &Variables::from_json(Value::Object(sent)));
    let plan = plan.unwrap_or_else(|refusal| panic!("{}: {refusal}", route.path));
    let of = |coordinate: &str| need(coordinate).unwrap_or_else(|| panic!("{coordinate} has a rule"));
    let shows_records = plan.coordinates.iter().all(|coordinate| policy::follows_from_records(coordinate.as_str()));
    let needs = plan.coordinates.iter().map(|coordinate| of(coordinate.as_str())).collect();
    (needs, shows_records && !route.is_post)
}

/// The scopes, and the other scope that opens statistics.
fn security(needs: &[Need]) -> Value {
    let (mut always, mut numbers) = (BTreeSet::new(), BTreeSet::new());
    for need in needs {
        match need {
            Need::Nothing => {}
            Need::Scope(scope) | Need::Own(scope) => _ = always.insert(scope.to_string()),
            Need::Numbers(scope) => _ = numbers.insert(scope.to_string()),
        }
    }
    let with = |more: &BTreeSet<String>| json!({ "oauth2": always.union(more).collect::<Vec<_>>() });
    let mut alternatives = vec![with(&numbers)];
    if !numbers.is_empty() {
        alternatives.push(with(&BTreeSet::from([Scope::StatsRead.to_string()])));
    }
    json!(alternatives)
}

impl Operation<'_> {
    fn operation(&self) -> &OperationDefinition {
        &self.document.operations.iter().next().expect("an operation").1.node
    }

    fn root(&self) -> &'static str {
        if self.route.is_mutation { "Mutation" } else { "Query" }
    }

    /// The description of the field of the value.
    fn description(&self) -> String {
        let set = &self.operation().selection_set.node;
        let (on, field) = at(self.dictionary, self.root(), set, &self.route.value);
        self.dictionary.member(&on, &field.name.node).description.clone()
    }

    fn parameters(&self, needs: &[Need]) -> Vec<Value> {
        let of_url = self.route.parameters.iter().filter(|parameter| parameter.place != Place::Body);
        let mut parameters: Vec<Value> = of_url.map(|parameter| self.parameter(parameter)).collect();
        let is_protected = needs.iter().any(|need| match need {
            Need::Scope(scope) | Need::Numbers(scope) | Need::Own(scope) => policy::category(*scope).is_some(),
            Need::Nothing => false,
        });
        if is_protected {
            parameters.push(json!({ "$ref": "#/components/parameters/Purpose" }));
        } else if self.route.path.starts_with("/v1/rotations/") {
            parameters.push(json!({ "$ref": "#/components/parameters/OptionalPurpose" }));
        }
        if self.has_tag {
            parameters.push(json!({ "$ref": "#/components/parameters/IfNoneMatch" }));
        }
        parameters
    }

    fn parameter(&self, parameter: &Parameter) -> Value {
        let name = match parameter.place {
            Place::IdempotencyKey => return json!({ "$ref": "#/components/parameters/IdempotencyKey" }),
            Place::IfMatch => return json!({ "$ref": "#/components/parameters/IfMatch" }),
            Place::Path | Place::Query | Place::Body => &parameter.name,
        };
        let member = self.member(parameter);
        let is_path = parameter.place == Place::Path;
        let mut of = parameter.of.clone();
        // A URL parameter is present or absent, but never null.
        of.nullable = false;
        let mut schema = self.dictionary.plain(&of);
        let mut description = self.dictionary.explained(&member.description, &parameter.of);
        if let Some(default) = parameter.default.clone().and_then(|value| value.into_json().ok()) {
            // Generated clients send defaults. A part of a condition must not be sent without the others.
            if parameter.target.len() > 2 {
                description = format!("{description}\n\nIf absent: `{}`.", default.as_str().unwrap_or_default());
            } else {
                schema["default"] = default;
            }
        }
        if name == "first" {
            (schema["minimum"], schema["maximum"], schema["default"]) = (json!(0), json!(100), json!(20));
        }
        let mut described_parameter = json!({
            "name": name,
            "in": if is_path { "path" } else { "query" },
            "required": parameter.is_required(),
            "description": with_reason(&description, member.deprecation.as_deref()),
            "schema": schema,
        });
        if member.deprecation.is_some() || self.feeds_only_deprecated(parameter) {
            described_parameter["deprecated"] = json!(true);
        }
        if let Some((_, example)) = EXAMPLES.iter().find(|(of, _)| of == name) {
            described_parameter["example"] = json!(example);
        }
        described_parameter
    }

    /// The argument or input field that a parameter fills.
    fn member(&self, parameter: &Parameter) -> &Member {
        if let [variable, fields @ ..] = parameter.target.as_slice()
            && let Some((last, above)) = fields.split_last()
        {
            let definitions = &self.operation().variable_definitions;
            let definition = definitions.iter().find(|of| of.node.name.node == variable.as_str());
            let mut object = named(&definition.expect("a variable").node.var_type.node).to_owned();
            for field in above {
                object = named(&self.dictionary.member(&object, field).of).to_owned();
            }
            return self.dictionary.member(&object, last);
        }
        let found = self.used_in(self.root(), &self.operation().selection_set.node, &parameter.target[0]);
        found.unwrap_or_else(|| panic!("{}: ${} is not used", self.route.path, parameter.target[0]))
    }

    /// Whether the document uses the variable of a parameter, or the object of its field, in deprecated parts only.
    fn feeds_only_deprecated(&self, parameter: &Parameter) -> bool {
        let [variable, fields @ ..] = parameter.target.as_slice() else { return false };
        let definitions = self.operation().variable_definitions.iter();
        let mut above = definitions
            .filter(|of| of.node.name.node == variable.as_str())
            .map(|of| named(&of.node.var_type.node).to_owned());
        let mut object = above.next().expect("a variable");
        let is_below_deprecated = fields.iter().any(|field| {
            let member = self.dictionary.member(&object, field);
            named(&member.of).clone_into(&mut object);
            member.deprecation.is_some()
        });
        is_below_deprecated
            || deprecated::feeds_only_deprecated(self.dictionary, &self.document, (self.root(), variable))
    }

    /// The place in a selection that uses a variable.
    fn used_in(&self, on: &str, set: &SelectionSet, variable: &str) -> Option<&Member> {
        set.items.iter().find_map(|item| {
            let Selection::Field(field) = &item.node else { return None };
            let field: &Field = &field.node;
            let of_field = self.dictionary.member(on, &field.name.node);
            let of_argument = field
                .arguments
                .iter()
                .find_map(|(name, value)| self.used_by(&of_field.arguments[name.node.as_str()], &value.node, variable));
            of_argument.or_else(|| self.used_in(named(&of_field.of), &field.selection_set.node, variable))
        })
    }

    fn used_by<'a>(&'a self, member: &'a Member, value: &Literal, variable: &str) -> Option<&'a Member> {
        match value {
            Literal::Variable(name) if name == variable => Some(member),
            Literal::List(items) => items.iter().find_map(|item| self.used_by(member, item, variable)),
            Literal::Object(fields) => fields.iter().find_map(|(name, value)| {
                self.used_by(self.dictionary.member(named(&member.of), name), value, variable)
            }),
            _ => None,
        }
    }

    fn body(&self) -> Option<Value> {
        let of_body: Vec<_> = self.route.parameters.iter().filter(|parameter| parameter.place == Place::Body).collect();
        if of_body.is_empty() {
            return None;
        }
        let members = of_body.iter().map(|parameter| {
            let member = self.member(parameter);
            (parameter.name.as_str(), member, &parameter.of)
        });
        // A variable may be required although its argument is optional.
        let members: Vec<(&str, Member)> = members
            .map(|(name, member, of)| {
                let member = Member {
                    description: member.description.clone(),
                    of: of.clone(),
                    default: member.default.clone(),
                    deprecation: member.deprecation.clone(),
                    arguments: BTreeMap::new(),
                };
                (name, member)
            })
            .collect();
        let schema = self.dictionary.object(members.iter().map(|(name, member)| (*name, member)));
        let is_required = schema.get("required").is_some();
        Some(json!({ "required": is_required, "content": { "application/json": { "schema": schema } } }))
    }

    fn responses(&self, components: &mut BTreeMap<String, Value>) -> Value {
        let mut headers = json!({ "X-Request-Id": { "$ref": "#/components/headers/RequestId" } });
        match (self.route.form, &self.route.created) {
            (Form::Page, _) => headers["Link"] = json!({ "$ref": "#/components/headers/Link" }),
            (_, Some(_)) => headers["Location"] = json!({ "$ref": "#/components/headers/Location" }),
            _ => {}
        }
        if self.has_tag {
            headers["ETag"] = json!({ "$ref": "#/components/headers/ETag" });
        }
        let success = json!({
            "description": self.route.summary.en,
            "x-description-vi": self.route.summary.vi,
            "headers": headers,
            "content": { "application/json": { "schema": self.success(components) } },
        });
        let mut responses = Map::new();
        responses.insert(if self.route.created.is_some() { "201" } else { "200" }.to_owned(), success);
        if self.has_tag {
            responses.insert("304".to_owned(), json!({ "$ref": "#/components/responses/Unchanged" }));
        }
        let mut statuses = vec!["400", "401", "403", "406", "422", "429", "500", "503"];
        if self.route.path.contains('{') || !self.route.is_mutation {
            statuses.push("404");
        }
        if self.route.is_post {
            statuses.extend(["408", "413", "415"]);
        }
        if self.route.is_mutation {
            statuses.extend(["409", "412"]);
        } else if self.route.name == "cadreByNationalId" {
            statuses.push("409");
        }
        statuses.sort_unstable();
        for status in statuses {
            let response = json!({ "$ref": format!("#/components/responses/Problem{status}") });
            responses.insert(status.to_owned(), response);
        }
        Value::Object(responses)
    }

    fn success(&self, components: &mut BTreeMap<String, Value>) -> Value {
        let set = &self.operation().selection_set.node;
        let (on, field) = at(self.dictionary, self.root(), set, &self.route.value);
        let of = named(&self.dictionary.member(&on, &field.name.node).of).to_owned();
        let set = &field.selection_set.node;
        let mut shapes = Shapes { dictionary: self.dictionary, document: &self.document, components };
        match self.route.form {
            Form::Object => shapes.object(&of, set),
            Form::List => listed(&shapes.object(&of, set), None),
            Form::Page => {
                let (on, nodes) = at(self.dictionary, &of, set, &["nodes".to_owned()]);
                let item = named(&self.dictionary.member(&on, "nodes").of).to_owned();
                listed(
                    &shapes.object(&item, &nodes.selection_set.node),
                    Some("Cursor of the next page; null on the last."),
                )
            }
            Form::Payload => payload(&mut shapes, &of, set),
        }
    }
}

fn listed(item: &Value, next: Option<&str>) -> Value {
    let mut list = json!({
        "type": "object",
        "properties": { "items": { "type": "array", "items": item, "description": "The rows." } },
        "required": ["items"],
    });
    if let Some(description) = next {
        list["properties"]["next"] = json!({ "type": ["string", "null"], "description": description });
        list["required"] = json!(["items", "next"]);
    }
    list
}

/// The payload of a success: objects are not null, and there are no errors.
fn payload(shapes: &mut Shapes<'_>, of: &str, set: &SelectionSet) -> Value {
    let mut properties = Map::new();
    for item in &set.items {
        let Selection::Field(field) = &item.node else { continue };
        let field = &field.node;
        if field.name.node == "userErrors" {
            continue;
        }
        let member = shapes.dictionary.member(of, &field.name.node);
        let is_object = !field.selection_set.node.items.is_empty();
        let is_list = matches!(member.of.base, async_graphql::parser::types::BaseType::List(_));
        let schema = if is_object && !is_list {
            shapes.object(named(&member.of), &field.selection_set.node)
        } else {
            shapes.field(of, field)
        };
        properties.insert(field.name.node.to_string(), schema);
    }
    let required: Vec<_> = properties.keys().cloned().collect();
    json!({ "type": "object", "properties": properties, "required": required })
}
