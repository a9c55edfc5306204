//! The shape of the schema as the guard needs it: an index built once from the SDL. What the values mean is not known here.

use std::borrow::Borrow;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

use async_graphql::Value;
use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{
    BaseType, EnumType, FieldDefinition, InputValueDefinition, SchemaDefinition, Type, TypeDefinition, TypeKind,
    TypeSystemDefinition,
};

const INTROSPECTION: &str = include_str!("introspection.graphql");
const INTROSPECTION_ROOT: &str = "__Root";

/// The place of a field, an argument, an input field or an enum value in the schema: `Cadre.identity`, `Query.cadre(by:)`, `CadreKey.nationalId`.
/// Always text of the schema, never of a document, so it may be shown and logged.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Coordinate(Arc<str>);

impl Coordinate {
    /// The coordinate as it is written in prose.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for Coordinate {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Coordinate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The index of a schema.
#[derive(Debug)]
pub struct SchemaIndex {
    query: String,
    mutation: Option<String>,
    outputs: HashMap<String, OutputShape>,
    inputs: HashMap<String, HashMap<String, InputShape>>,
    /// Input objects of which exactly one field is given.
    one_of: HashSet<String>,
    enums: HashMap<String, HashMap<String, Coordinate>>,
}

/// An object, interface or union.
#[derive(Debug, Default)]
pub struct OutputShape {
    fields: HashMap<String, FieldShape>,
    possible: BTreeSet<String>,
}

/// A field of an object or interface.
#[derive(Debug)]
pub struct FieldShape {
    /// Where the field stands.
    pub coordinate: Coordinate,
    /// The named type under lists and non-null marks.
    pub named: Arc<str>,
    /// Whether the type is a list.
    pub is_list: bool,
    /// Whether the named type is a Relay connection.
    pub is_connection: bool,
    arguments: HashMap<String, InputShape>,
}

/// An argument or a field of an input object.
#[derive(Debug)]
pub struct InputShape {
    /// Where the argument or input field stands.
    pub coordinate: Coordinate,
    /// The named type under lists and non-null marks.
    pub named: Arc<str>,
    /// Whether the type is a list.
    pub is_list: bool,
    /// The whole type.
    pub of: Type,
    /// The default that the schema declares.
    pub default: Option<Value>,
}

impl FieldShape {
    /// The argument of that name.
    #[must_use]
    pub fn argument(&self, name: &str) -> Option<&InputShape> {
        self.arguments.get(name)
    }

    /// The names of the arguments.
    pub fn argument_names(&self) -> impl Iterator<Item = &str> {
        self.arguments.keys().map(String::as_str)
    }
}

impl SchemaIndex {
    /// Indexes a schema.
    ///
    /// # Panics
    /// When the SDL does not parse: it is the service's own, so that is a defect of the build and stops the start.
    #[must_use]
    pub fn of(sdl: &str) -> SchemaIndex {
        let mut schema_index = SchemaIndex {
            query: "Query".to_owned(),
            mutation: Some("Mutation".to_owned()),
            outputs: HashMap::new(),
            inputs: HashMap::new(),
            one_of: HashSet::new(),
            enums: HashMap::new(),
        };
        schema_index.read(sdl);
        schema_index.read(INTROSPECTION);
        schema_index.add_meta_fields();
        schema_index
    }

    /// The type that a query starts from.
    #[must_use]
    pub fn query(&self) -> &str {
        &self.query
    }

    /// The type that a mutation starts from.
    #[must_use]
    pub fn mutation(&self) -> Option<&str> {
        self.mutation.as_deref()
    }

    /// The field of an object or interface.
    #[must_use]
    pub fn field(&self, on: &str, name: &str) -> Option<&FieldShape> {
        self.outputs.get(on)?.fields.get(name)
    }

    /// The names of the fields of an object or interface.
    pub fn field_names(&self, on: &str) -> impl Iterator<Item = &str> {
        self.outputs.get(on).into_iter().flat_map(|of| of.fields.keys()).map(String::as_str)
    }

    /// The names of all types.
    pub fn type_names(&self) -> impl Iterator<Item = &str> {
        let names = self.outputs.keys().chain(self.inputs.keys()).chain(self.enums.keys());
        names.map(String::as_str).filter(|name| !name.starts_with("__"))
    }

    /// The object types that a value of an interface or union may have; of an object, itself.
    #[must_use]
    pub fn possible_types(&self, name: &str) -> Option<&BTreeSet<String>> {
        Some(&self.outputs.get(name)?.possible)
    }

    /// The field of an input object.
    #[must_use]
    pub fn input_field(&self, on: &str, name: &str) -> Option<&InputShape> {
        self.inputs.get(on)?.get(name)
    }

    /// The fields of an input object.
    #[must_use]
    pub fn input_fields(&self, on: &str) -> Option<&HashMap<String, InputShape>> {
        self.inputs.get(on)
    }

    /// Whether exactly one field of an input object is given.
    #[must_use]
    pub fn is_one_of(&self, on: &str) -> bool {
        self.one_of.contains(on)
    }

    /// The values of an enum.
    #[must_use]
    pub fn enum_values(&self, on: &str) -> Option<&HashMap<String, Coordinate>> {
        self.enums.get(on)
    }

    /// The coordinate of an enum's value.
    #[must_use]
    pub fn enum_value(&self, on: &str, value: &str) -> Option<&Coordinate> {
        self.enums.get(on)?.get(value)
    }

    /// Whether a coordinate is one of the schema.
    #[cfg(test)]
    pub(super) fn has_place(&self, place: &str) -> bool {
        let Some((on, name)) = place.split_once('.') else { return false };
        match name.strip_suffix(":)").and_then(|name| name.split_once('(')) {
            Some((field, argument)) => self.field(on, field).is_some_and(|field| field.argument(argument).is_some()),
            None => {
                self.field(on, name).is_some()
                    || self.input_field(on, name).is_some()
                    || self.enum_value(on, name).is_some()
            }
        }
    }

    /// Whether values of the type have coordinates of their own: input objects and enums do, scalars do not.
    #[must_use]
    pub fn has_inner_coordinates(&self, named: &str) -> bool {
        self.inputs.contains_key(named) || self.enums.contains_key(named)
    }

    fn read(&mut self, sdl: &str) {
        let document = parse_schema(sdl).expect("the service's own SDL parses");
        for definition in document.definitions {
            match definition {
                TypeSystemDefinition::Schema(schema) => self.read_roots(&schema.node),
                TypeSystemDefinition::Type(definition) => self.read_type(&definition.node),
                TypeSystemDefinition::Directive(_) => {}
            }
        }
    }

    fn read_roots(&mut self, schema: &SchemaDefinition) {
        if let Some(query) = &schema.query {
            self.query = query.node.to_string();
        }
        self.mutation = schema.mutation.as_ref().map(|name| name.node.to_string());
    }

    fn read_type(&mut self, definition: &TypeDefinition) {
        let name = definition.name.node.as_str();
        match &definition.kind {
            TypeKind::Scalar => {}
            TypeKind::Object(object) => {
                self.read_fields(name, object.fields.iter().map(|field| &field.node));
                self.output(name).possible.insert(name.to_owned());
                for interface in &object.implements {
                    self.output(&interface.node).possible.insert(name.to_owned());
                }
            }
            TypeKind::Interface(interface) => {
                self.read_fields(name, interface.fields.iter().map(|field| &field.node));
            }
            TypeKind::Union(union) => {
                let members = union.members.iter().map(|member| member.node.to_string());
                self.output(name).possible.extend(members);
            }
            TypeKind::Enum(of) => self.read_enum(name, of),
            TypeKind::InputObject(object) => {
                let fields = object.fields.iter().map(|field| {
                    let coordinate = coordinate(format_args!("{name}.{}", field.node.name.node));
                    (field.node.name.node.to_string(), input_shape(coordinate, &field.node))
                });
                self.inputs.entry(name.to_owned()).or_default().extend(fields);
                if definition.directives.iter().any(|directive| directive.node.name.node == "oneOf") {
                    self.one_of.insert(name.to_owned());
                }
            }
        }
    }

    fn read_fields<'a>(&mut self, on: &str, fields: impl Iterator<Item = &'a FieldDefinition>) {
        let fields = fields.map(|field| (field.name.node.to_string(), field_shape(on, field)));
        self.output(on).fields.extend(fields);
    }

    fn read_enum(&mut self, name: &str, of: &EnumType) {
        let values = of.values.iter().map(|value| {
            let value = &value.node.value.node;
            (value.to_string(), coordinate(format_args!("{name}.{value}")))
        });
        self.enums.entry(name.to_owned()).or_default().extend(values);
    }

    fn output(&mut self, name: &str) -> &mut OutputShape {
        self.outputs.entry(name.to_owned()).or_default()
    }

    fn add_meta_fields(&mut self) {
        let root = self.query.clone();
        let Some(meta) = self.outputs.remove(INTROSPECTION_ROOT) else {
            return;
        };
        for (name, mut field) in meta.fields {
            field.coordinate = coordinate(format_args!("{root}.{name}"));
            self.output(&root).fields.insert(name, field);
        }
    }
}

fn field_shape(on: &str, field: &FieldDefinition) -> FieldShape {
    let name = &field.name.node;
    let named: Arc<str> = Arc::from(named_type(&field.ty.node));
    let arguments = field.arguments.iter().map(|argument| {
        let coordinate = coordinate(format_args!("{on}.{name}({}:)", argument.node.name.node));
        (argument.node.name.node.to_string(), input_shape(coordinate, &argument.node))
    });
    FieldShape {
        coordinate: coordinate(format_args!("{on}.{name}")),
        is_list: is_list(&field.ty.node),
        is_connection: named.ends_with("Connection"),
        arguments: arguments.collect(),
        named,
    }
}

fn input_shape(coordinate: Coordinate, input: &InputValueDefinition) -> InputShape {
    InputShape {
        coordinate,
        named: Arc::from(named_type(&input.ty.node)),
        is_list: is_list(&input.ty.node),
        of: input.ty.node.clone(),
        default: input.default_value.as_ref().map(|value| value.node.clone()),
    }
}

fn coordinate(text: fmt::Arguments<'_>) -> Coordinate {
    Coordinate(Arc::from(text.to_string()))
}

fn is_list(of: &Type) -> bool {
    matches!(of.base, BaseType::List(_))
}

fn named_type(of: &Type) -> &str {
    match &of.base {
        BaseType::Named(name) => name,
        BaseType::List(inner) => named_type(inner),
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::Value;

    use crate::graphql::guard::test_schema;

    #[test]
    fn a_field_knows_its_type_and_its_place() {
        let schema_index = test_schema::schema_index();
        let table = [
            ("Query", "cadres", "CadreConnection", false, true),
            ("Query", "nodes", "Node", true, false),
            ("Cadre", "identity", "Identity", false, false),
            ("Node", "id", "ID", false, false),
            ("Query", "__schema", "__Schema", false, false),
            ("__Type", "fields", "__Field", true, false),
        ];
        for (on, name, named, is_list, is_connection) in table {
            let field = schema_index.field(on, name).expect(name);

            let found = (field.coordinate.as_str(), &*field.named, field.is_list, field.is_connection);
            assert_eq!(found, (format!("{on}.{name}").as_str(), named, is_list, is_connection));
        }
    }

    #[test]
    fn arguments_and_input_fields_carry_type_and_default() {
        let schema_index = test_schema::schema_index();

        let first = schema_index.field("Query", "cadres").and_then(|field| field.argument("first"));
        assert_eq!(first.and_then(|argument| argument.default.clone()), Some(Value::from(20)));
        let conditions = schema_index.input_field("CadreWhere", "and");
        assert_eq!(conditions.map(|field| (&*field.named, field.is_list)), Some(("CadreWhere", true)));
        let reach = schema_index.input_field("UnitReach", "reach");
        assert_eq!(reach.map(|field| field.coordinate.as_str()), Some("UnitReach.reach"));
    }

    #[test]
    fn interfaces_unions_and_enums_are_indexed() {
        let schema_index = test_schema::schema_index();
        let possible = |name: &str| {
            schema_index.possible_types(name).map(|types| types.iter().cloned().collect::<Vec<_>>().join(" "))
        };

        assert_eq!(possible("Node").as_deref(), Some("Cadre Unit"));
        assert_eq!(possible("Subject").as_deref(), Some("Cadre Unit"));
        assert_eq!(possible("Cadre").as_deref(), Some("Cadre"));
        let value = schema_index.enum_value("CadreOrderField", "BIRTH").map(|coordinate| coordinate.as_str());
        assert_eq!(value, Some("CadreOrderField.BIRTH"));
        assert!(schema_index.enum_value("CadreOrderField", "nothing").is_none());
    }

    #[test]
    fn what_is_not_in_the_schema_is_not_found() {
        let schema_index = test_schema::schema_index();

        assert!(schema_index.field("Query", "nothing").is_none());
        assert!(schema_index.field("Nothing", "id").is_none());
        assert!(schema_index.field("__Root", "__schema").is_none());
        assert!(!schema_index.has_inner_coordinates("String"));
    }
}
