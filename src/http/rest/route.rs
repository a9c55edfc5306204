//! A route of the REST API, compiled from its document: the method and path of the file, the parameters of its variables,
//! and the place of its value in the data.

use async_graphql::{
    Positioned, Value,
    parser::{
        parse_query,
        types::{BaseType, OperationDefinition, OperationType, Selection, SelectionSet, Type, VariableDefinition},
    },
};

use crate::{
    graphql::guard::schema_index::{FieldShape, InputShape, SchemaIndex},
    http::rest::documents::{DOCUMENTS, FRAGMENTS},
    language::Sentence,
};

/// Prefix of all paths.
pub const PREFIX: &str = "/v1";

/// A route with its document.
#[derive(Debug)]
pub struct Route {
    /// Whether the method is POST; otherwise it is GET.
    pub is_post: bool,
    /// The path, with parameters in braces.
    pub path: String,
    /// Name of the operation, unique.
    pub name: String,
    /// Summary of the operation.
    pub summary: Sentence,
    /// Text of the document with its fragments.
    pub document: String,
    /// Whether the operation writes.
    pub is_mutation: bool,
    /// All parameters.
    pub parameters: Vec<Parameter>,
    /// Keys that lead from the data to the value.
    pub value: Vec<String>,
    /// Kind of the value.
    pub form: Form,
    /// For a route that creates an object with a route for reading it: the field of the object that ends its path.
    pub created: Option<String>,
}

/// Kind of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// An object.
    Object,
    /// A list.
    List,
    /// A page of a list.
    Page,
    /// Payload of a mutation.
    Payload,
}

/// A parameter of a route.
#[derive(Debug)]
pub struct Parameter {
    /// Name of the parameter for clients.
    pub name: String,
    /// Part of the request that contains the parameter.
    pub place: Place,
    /// Type of the parameter.
    pub of: Type,
    /// Default of the parameter.
    pub default: Option<Value>,
    /// Path of the parameter in the variables.
    pub target: Vec<String>,
}

/// Part of a request that contains a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A segment of the path.
    Path,
    /// The query of the URL.
    Query,
    /// A member of the JSON body.
    Body,
    /// The header `Idempotency-Key`.
    IdempotencyKey,
    /// The header `If-Match`.
    IfMatch,
}

impl Parameter {
    /// Whether the object that the parameter belongs to cannot be sent without it.
    pub fn is_needed(&self) -> bool {
        !self.of.nullable && self.default.is_none()
    }

    /// Whether every request must have the parameter. A field of an optional object is needed only with other fields of
    /// the object.
    pub fn is_required(&self) -> bool {
        self.is_needed() && (self.place != Place::Query || self.target.len() == 1)
    }
}

/// The named type of a type.
pub fn named(of: &Type) -> &str {
    match &of.base {
        BaseType::Named(name) => name,
        BaseType::List(inner) => named(inner),
    }
}

/// All routes. Literal segments come before parameters, so that the first match is the right one.
///
/// # Panics
/// If a document does not fit the schema. Both are part of the program, and a test compiles them.
pub fn routes(schema_index: &SchemaIndex) -> Vec<Route> {
    let mut routes: Vec<_> = DOCUMENTS.iter().map(|(file, text)| Route::of(schema_index, file, text)).collect();
    routes.sort_by(|one, other| (&one.path, one.is_post).cmp(&(&other.path, other.is_post)));
    let readable: Vec<_> = routes.iter().filter(|route| !route.is_post).map(|route| route.path.clone()).collect();
    for route in routes.iter_mut().filter(|route| route.form == Form::Payload) {
        route.created = readable.iter().find_map(|path| key_below(&route.path, path));
    }
    routes
}

/// The name of the field that ends the path of an object: `id` for `/v1/quotas` and `/v1/quotas/{quotaId}`, `code` for
/// a parameter that ends in `Code`.
fn key_below(path: &str, readable: &str) -> Option<String> {
    let parameter = readable.strip_prefix(path)?.strip_prefix("/{")?.strip_suffix('}')?;
    let at = parameter.rfind(|letter: char| letter.is_ascii_uppercase())?;
    Some(parameter[at..].to_ascii_lowercase())
}

impl Route {
    fn of(schema_index: &SchemaIndex, file: &str, text: &str) -> Self {
        let (path, is_post) = file.strip_suffix(".post").map_or((file, false), |path| (path, true));
        let document = with_fragments(text);
        let parsed = parse_query(&document).unwrap_or_else(|error| panic!("api/v1/{file}: {error}"));
        let (name, operation) = parsed.operations.iter().next().expect("a document has an operation");
        let operation = &operation.node;
        let is_mutation = operation.ty == OperationType::Mutation;
        let (value, form) = value_of(schema_index, operation);
        let mut comments = text.lines().map_while(|line| line.strip_prefix("# "));
        let (en, vi) = (comments.next().unwrap_or_default(), comments.next().unwrap_or_default());
        let mut route = Self {
            is_post,
            path: format!("{PREFIX}/{path}"),
            name: name.map(ToString::to_string).unwrap_or_default(),
            summary: Sentence::new(vi, en),
            is_mutation,
            parameters: Vec::new(),
            value,
            form,
            created: None,
            document,
        };
        for variable in &operation.variable_definitions {
            route.add_variable(schema_index, &variable.node);
        }
        route
    }

    /// Adds a parameter for a variable, or, if it is an object, one for each of its fields.
    fn add_variable(&mut self, schema_index: &SchemaIndex, variable: &VariableDefinition) {
        let name = variable.name.node.to_string();
        let of = &variable.var_type.node;
        match schema_index.input_fields(named(of)) {
            Some(_) => self.add_object(schema_index, named(of), &[name], &mut vec![named(of).to_owned()]),
            None => {
                let default = variable.default_value.as_ref().map(|value| value.node.clone());
                self.add(vec![name], of.clone(), default);
            }
        }
    }

    /// Adds a parameter for each field of an object. In a URL the fields of an inner object are parameters with a
    /// dotted name; conditions that contain themselves (`and`, `or`, `not`) and lists of objects have no form in a URL.
    /// In a body an inner object is one parameter.
    fn add_object(&mut self, schema_index: &SchemaIndex, object: &str, at: &[String], above: &mut Vec<String>) {
        let mut fields: Vec<(&String, &InputShape)> = schema_index.input_fields(object).into_iter().flatten().collect();
        fields.sort_by_key(|(name, _)| *name);
        for (name, field) in fields {
            let target: Vec<_> = at.iter().cloned().chain([name.clone()]).collect();
            let is_object = schema_index.input_fields(&field.named).is_some();
            if !is_object || self.is_post {
                self.add(target, field.of.clone(), field.default.clone());
            } else if !field.is_list && !above.contains(&field.named.to_string()) {
                above.push(field.named.to_string());
                self.add_object(schema_index, &field.named, &target, above);
                above.pop();
            }
        }
    }

    fn add(&mut self, target: Vec<String>, of: Type, default: Option<Value>) {
        let name = if target.len() > 1 { target[1..].join(".") } else { target.join(".") };
        let is_segment = self.path.split('/').any(|segment| segment == format!("{{{name}}}"));
        let place = match name.as_str() {
            _ if is_segment => Place::Path,
            "idempotencyKey" if self.is_mutation => Place::IdempotencyKey,
            "expectedVersion" if self.is_mutation => Place::IfMatch,
            _ if self.is_post => Place::Body,
            _ => Place::Query,
        };
        self.parameters.push(Parameter { name, place, of, default, target });
    }
}

/// The response keys that lead to the value of a document, and the form of the value. Follows selections that have a
/// single field: the value of `cadre { qualifications { ... } }` is the list.
fn value_of(schema_index: &SchemaIndex, operation: &OperationDefinition) -> (Vec<String>, Form) {
    let is_mutation = operation.ty == OperationType::Mutation;
    let root = if is_mutation { schema_index.mutation() } else { Some(schema_index.query()) };
    let (mut on, mut set) = (root.unwrap_or_default(), &operation.selection_set.node);
    let (mut keys, mut last): (Vec<String>, Option<&FieldShape>) = (Vec::new(), None);
    while let Some((key, name, inner)) = only_field(set) {
        let shape = schema_index.field(on, name);
        let shape = shape.unwrap_or_else(|| panic!("{on} has no field {name}"));
        keys.push(key.to_owned());
        (on, set, last) = (&*shape.named, inner, Some(shape));
        if shape.is_list {
            break;
        }
    }
    let form = match last {
        _ if is_mutation => Form::Payload,
        Some(shape) if shape.is_connection => Form::Page,
        Some(shape) if shape.is_list => Form::List,
        _ => Form::Object,
    };
    (keys, form)
}

/// Response key, name and selection of the only field of a selection.
fn only_field(set: &SelectionSet) -> Option<(&str, &str, &SelectionSet)> {
    let [Positioned { node: Selection::Field(field), .. }] = set.items.as_slice() else { return None };
    let field = &field.node;
    Some((&field.response_key().node, &field.name.node, &field.selection_set.node))
}

/// The document with all fragments that it spreads, directly or through others.
fn with_fragments(text: &str) -> String {
    let mut document = text.to_owned();
    let mut at = 0;
    let mut added = Vec::new();
    while let Some(found) = document[at..].find("...") {
        at += found + 3;
        let rest = &document[at..];
        let name = &rest[..rest.find(|letter: char| !letter.is_ascii_alphanumeric()).unwrap_or(rest.len())];
        if let Some((name, fragment)) = FRAGMENTS.iter().find(|(known, _)| *known == name)
            && !added.contains(name)
        {
            added.push(*name);
            document.push_str(fragment);
        }
    }
    document
}
