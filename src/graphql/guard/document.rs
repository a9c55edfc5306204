//! A compiled document and its operations. Everything that does not depend on variables is computed once; the rest is
//! planned for each request.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use async_graphql::parser::types::{BaseType, ExecutableDocument, VariableDefinition};
use async_graphql::{Name, Pos, Positioned, Value, Variables};

use crate::graphql::fast_path::FastPath;
use crate::graphql::guard::complexity::Misfit;
use crate::graphql::guard::coordinate::Coordinate;
use crate::graphql::guard::cost::{Cost, VariableValues};
use crate::graphql::guard::deprecation::Deprecation;
use crate::graphql::guard::input::{self, Use};
use crate::graphql::guard::limits::Limits;
use crate::graphql::guard::rejection::{Measure, Rejection, Rule};
use crate::graphql::guard::schema_index::SchemaIndex;

/// A document within the limits, shared between requests.
#[derive(Debug)]
pub struct Document {
    pub(super) executable: ExecutableDocument,
    pub(super) operations: Vec<Operation>,
    pub(super) tokens: u64,
    /// Fast path of the operation, compiled after the engine has validated and executed it; `None` if it is not
    /// supported.
    pub(super) fast_path: OnceLock<Option<FastPath>>,
}

/// Type of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A read operation.
    Query,
    /// A write operation.
    Mutation,
}

/// An operation of a document.
#[derive(Debug)]
pub struct Operation {
    /// Type of the operation.
    pub kind: Kind,
    pub(super) name: Option<Name>,
    pub(super) at: Pos,
    pub(super) limits: Limits,
    pub(super) variables: Vec<Positioned<VariableDefinition>>,
    pub(super) cost: Cost,
    /// Costs of all fragments of the document, each after those that it spreads. Three entries per fragment: its cost,
    /// the prices charged once per page, and the surcharge if a field above names a day.
    pub(super) fragments: Arc<[Cost]>,
    pub(super) coordinates: Arc<BTreeSet<Coordinate>>,
    /// The deprecated parts among them.
    pub(super) deprecations: Arc<[Deprecation]>,
    pub(super) uses: BTreeSet<Use>,
    /// The first value of the document that does not fit its type.
    pub(super) misfit: Option<Misfit>,
}

/// Cost and touched fields of an operation with the variables of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The cost, within the limit.
    pub cost: u64,
    /// All schema coordinates that the operation names: fields, arguments, input fields and enum values, in the
    /// document, in variables, and in defaults of variables. Excluded are `__typename`, which reveals nothing, and
    /// defaults of the schema, which no client chose. A field under `@skip` or `@include` counts as touched regardless
    /// of the condition. A field selected on an interface is named by the interface (`Node.id`).
    pub coordinates: Arc<BTreeSet<Coordinate>>,
    /// The deprecated parts of the schema among them.
    pub deprecations: Arc<[Deprecation]>,
}

impl Document {
    /// The parsed document, for the engine.
    #[must_use]
    pub fn executable(&self) -> &ExecutableDocument {
        &self.executable
    }

    /// Fast path of its only operation, if compiled.
    #[must_use]
    pub fn fast_path(&self) -> Option<&FastPath> {
        self.fast_path.get()?.as_ref()
    }

    /// Compiles the fast path. Called after the engine has validated the document, so an invalid
    /// document never runs on the fast path. A selection that fragments make larger than the
    /// document is left to the engine, so that `weight` stays correct.
    pub fn find_fast_path(&self, schema_index: &SchemaIndex) {
        self.fast_path.get_or_init(|| FastPath::compile(schema_index, &self.executable, self.tokens));
    }

    /// All operations of the document, in the order of the text.
    #[must_use]
    pub fn operations(&self) -> &[Operation] {
        &self.operations
    }

    /// The operation to execute: the named one, or the only one.
    pub fn operation(&self, name: Option<&str>) -> Result<&Operation, Rejection> {
        match (name, self.operations.as_slice()) {
            (None, [only]) => Ok(only),
            (None, _) => Err(Rejection::new(Rule::OperationNameRequired, None)),
            (Some(name), operations) => {
                let named = operations.iter().find(|operation| operation.name.as_deref() == Some(name));
                named.ok_or(Rejection::new(Rule::UnknownOperation, None))
            }
        }
    }

    /// Approximate size of the document in memory, in bytes: about 250 for each token after parsing and weighing, and
    /// the same again for the fast path.
    pub(super) fn weight(&self) -> u64 {
        1024 + self.tokens * 512
    }
}

/// The variables of a request for an operation.
struct Request<'a> {
    operation: &'a Operation,
    variables: &'a Variables,
    schema_index: &'a SchemaIndex,
}

impl VariableValues for Request<'_> {
    fn value(&self, name: &Name) -> Option<&Value> {
        self.operation.value(self.variables, name)
    }

    fn price(&self, name: &Name, named: &Arc<str>) -> u64 {
        let Some(value) = self.value(name) else { return 0 };
        let (_, cost) = input::walk(self.schema_index, named, value, &mut BTreeSet::new());
        // A value contains no variables, so its cost is a constant.
        cost.value(&[], self)
    }
}

/// The variables that make an operation cheapest: every number is one, all others are absent.
struct Cheapest<'a> {
    operation: &'a Operation,
    one: Value,
}

impl VariableValues for Cheapest<'_> {
    fn value(&self, name: &Name) -> Option<&Value> {
        let definition = &self.operation.variables.iter().find(|definition| definition.node.name.node == *name)?.node;
        let is_number = matches!(&definition.var_type.node.base, BaseType::Named(named) if named == "Int");
        is_number.then_some(&self.one)
    }

    fn price(&self, _: &Name, _: &Arc<str>) -> u64 {
        0
    }
}

impl Operation {
    /// The name of the operation, if any. It is text of the document.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The deprecated parts of the schema that the document names, without those that only variables of a request name.
    #[must_use]
    pub fn deprecations(&self) -> &[Deprecation] {
        &self.deprecations
    }

    /// The plan for these variables. Refused if a variable is missing or the cost exceeds the limit.
    pub fn plan(&self, schema_index: &SchemaIndex, variables: &Variables) -> Result<Plan, Rejection> {
        self.check(variables)?;
        let cost = self.cost(&Request { operation: self, variables, schema_index });
        if cost > self.limits.max_cost {
            return Err(Rejection::limit(Measure::Cost, self.limits.max_cost, cost, Some(self.at)));
        }
        let mut coordinates = Arc::clone(&self.coordinates);
        for (name, named) in &self.uses {
            if let Some(value) = self.value(variables, name) {
                input::walk(schema_index, named, value, Arc::make_mut(&mut coordinates));
            }
        }
        let deprecations = match Arc::ptr_eq(&coordinates, &self.coordinates) {
            true => Arc::clone(&self.deprecations),
            false => schema_index.deprecated(&coordinates),
        };
        Ok(Plan { cost, coordinates, deprecations })
    }

    /// Whether the operation reads only the schema: `__schema`, `__type` and `__typename`.
    #[must_use]
    pub fn is_introspection(&self) -> bool {
        let reads_data = |touched: &Coordinate| {
            let root = touched.as_str().strip_prefix("Query.");
            root.is_some_and(|field| !matches!(field.split('(').next(), Some("__schema" | "__type")))
        };
        self.kind == Kind::Query && !self.coordinates.iter().any(reads_data)
    }

    /// Checks the parts that do not depend on the variables of a request: the values in the document, and that the
    /// smallest pages are within the cost limit.
    pub fn check_without_variables(&self) -> Result<(), Rejection> {
        if let Some(misfit) = &self.misfit {
            return Err(Rejection::of_argument(misfit.argument.clone(), misfit.unknown.clone(), misfit.at));
        }
        let cost = self.cost(&Cheapest { operation: self, one: Value::from(1) });
        if cost > self.limits.max_cost {
            return Err(Rejection::limit(Measure::Cost, self.limits.max_cost, cost, Some(self.at)));
        }
        Ok(())
    }

    fn cost(&self, sent: &impl VariableValues) -> u64 {
        let mut fragments = Vec::with_capacity(self.fragments.len());
        for cost in self.fragments.iter() {
            fragments.push(cost.value(&fragments, sent));
        }
        self.cost.value(&fragments, sent)
    }

    /// The variables for the engine: declared ones only, with defaults; a variable without value and default stays
    /// absent. The engine itself ignores the default of `$x` in `@skip(if: $x)`. Refused if a value does not fit its
    /// type, whether or not its field will be executed.
    pub fn coerce_variables(&self, schema_index: &SchemaIndex, mut sent: Variables) -> Result<Variables, Rejection> {
        self.check(&sent)?;
        if let Some(misfit) = &self.misfit {
            return Err(Rejection::of_argument(misfit.argument.clone(), misfit.unknown.clone(), misfit.at));
        }
        let mut coerced = Variables::default();
        for definition in &self.variables {
            let name = &definition.node.name.node;
            let default = || definition.node.default_value.as_ref().map(|value| value.node.clone());
            if let Some(value) = sent.remove(name).or_else(default) {
                if !input::fits(schema_index, &definition.node.var_type.node, &value) {
                    let unknown = input::unknown_value(schema_index, &definition.node.var_type.node, &value);
                    return Err(Rejection::of_variable(unknown, definition.pos));
                }
                coerced.insert(name.clone(), value);
            }
        }
        Ok(coerced)
    }

    /// Whether all variables are certainly valid for their declared types, as the engine's validation requires at every
    /// use. Null must not replace a default: a default allows a nullable variable at a non-null position.
    #[must_use]
    pub fn fits(&self, schema_index: &SchemaIndex, coerced: &Variables) -> bool {
        self.variables.iter().map(|definition| &definition.node).all(|definition| {
            let Some(value) = coerced.get(&definition.name.node) else { return true };
            input::fits(schema_index, &definition.var_type.node, value)
                && (definition.default_value.is_none() || *value != Value::Null)
        })
    }

    fn check(&self, variables: &Variables) -> Result<(), Rejection> {
        for definition in &self.variables {
            let at = Some(definition.pos);
            let is_required = !definition.node.var_type.node.nullable;
            match variables.get(&definition.node.name.node) {
                None if is_required && definition.node.default_value.is_none() => {
                    return Err(Rejection::new(Rule::MissingVariable, at));
                }
                Some(Value::Null) if is_required => {
                    return Err(Rejection::new(Rule::NullVariable, at));
                }
                Some(value) if input::nests_deeper(value, self.limits.max_nesting) => {
                    return Err(Rejection::new(Rule::VariableNesting { limit: self.limits.max_nesting }, at));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn value<'v>(&'v self, variables: &'v Variables, name: &Name) -> Option<&'v Value> {
        let definition = &self.variables.iter().find(|definition| definition.node.name.node == *name)?.node;
        variables.get(name).or(definition.default_value.as_ref().map(|value| &value.node))
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::Value;
    use serde_json::json;

    use crate::graphql::guard::compile::compile;
    use crate::graphql::guard::document::Kind;
    use crate::graphql::guard::limits::Limits;
    use crate::graphql::guard::schema_index::SchemaIndex;
    use crate::graphql::guard::test_schema::{plan, schema_index, variables};

    #[test]
    fn an_operation_is_chosen_by_name() {
        let document = |text: &str| compile(&schema_index(), &Limits::default(), text).expect(text);
        let two = "query a { programmes } mutation b { inc }";
        let table = [
            ("{ programmes }", None, "query"),
            ("query a { programmes }", None, "query"),
            ("query a { programmes }", Some("a"), "query"),
            ("{ programmes }", Some("a"), "OPERATION_NOT_FOUND: unknown-operation"),
            (two, Some("a"), "query"),
            (two, Some("b"), "mutation"),
            (two, Some(""), "OPERATION_NOT_FOUND: unknown-operation"),
            (two, None, "OPERATION_NOT_FOUND: operation-name-required"),
        ];
        for (text, name, expected) in table {
            let found = match document(text).operation(name) {
                Ok(operation) if operation.kind == Kind::Mutation => "mutation".to_owned(),
                Ok(_) => "query".to_owned(),
                Err(refusal) => refusal.to_string(),
            };
            assert_eq!(found, expected, "{text} {name:?}");
        }
    }

    #[test]
    fn introspection_reads_nothing_but_the_schema() {
        let table = [
            ("{ __typename }", true),
            ("{ __schema { queryType { name } } __typename }", true),
            ("query($name: String!) { __type(name: $name) { ...F } } fragment F on __Type { name }", true),
            ("{ ... { ... on Query { __typename } } }", true),
            ("{ programmes }", false),
            ("{ __typename programmes }", false),
            ("{ __schema: programmes }", false),
            ("{ ...F } fragment F on Query { __typename ...G } fragment G on Query { programmes }", false),
            ("mutation { __typename }", false),
        ];
        for (text, expected) in table {
            let document = compile(&schema_index(), &Limits::default(), text).expect(text);
            let operation = document.operation(None).expect("the only one");
            assert_eq!(operation.is_introspection(), expected, "{text}");
        }
    }

    #[test]
    fn required_variables_must_be_sent_even_if_only_a_condition_reads_them() {
        let skip = "query($x: Boolean!) { programmes @skip(if: $x) }";
        let deep = (0..40).fold(json!("x"), |inner, _| json!([inner]));
        let table = [
            (skip, json!({}), "BAD_VARIABLES: missing-variable at 1:7"),
            (skip, json!({ "x": null }), "BAD_VARIABLES: null-variable at 1:7"),
            (skip, json!({ "x": true, "undeclared": deep }), "ok"),
            ("query($unused: Int!) { programmes }", json!({}), "BAD_VARIABLES: missing-variable at 1:7"),
            ("query($x: Boolean! = true) { programmes @skip(if: $x) }", json!({}), "ok"),
            (
                "query($x: Boolean! = true) { programmes @skip(if: $x) }",
                json!({ "x": null }),
                "BAD_VARIABLES: null-variable at 1:7",
            ),
            ("query($x: Boolean) { programmes @skip(if: $x) }", json!({}), "ok"),
            (
                "query($x: [ID!]!) { nodes(ids: $x) { id } }",
                json!({ "x": deep }),
                "BAD_VARIABLES: variable-nesting > 32 at 1:7",
            ),
        ];
        for (text, sent, expected) in table {
            let found = plan(text, sent.clone()).map_or_else(|refusal| refusal.to_string(), |_| "ok".to_owned());
            assert_eq!(found, expected, "{text} {sent}");
        }
    }

    #[test]
    fn the_engine_receives_only_declared_variables_that_were_sent_or_have_a_default() {
        let text = "query($a: Int = 5, $b: Int, $c: Int, $d: Int = 1) { programmes }";
        let document = compile(&schema_index(), &Limits::default(), text).expect(text);
        let sent = variables(json!({ "c": null, "d": 2, "undeclared": 1 }));

        let coerced = document
            .operation(None)
            .and_then(|operation| operation.coerce_variables(&schema_index(), sent))
            .expect("nothing is required");

        let coerced: Vec<_> = coerced.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
        assert_eq!(coerced, [("a", Value::from(5)), ("c", Value::Null), ("d", Value::from(2))]);
    }

    #[test]
    fn values_must_fit_their_types_before_the_operation_runs() {
        let page = "query($n: Int, $b: Boolean = true) { cadres(first: $n) @skip(if: $b) { nodes { id } } }";
        let table = [
            (page, json!({ "n": 5 }), "ok"),
            (page, json!({ "n": "5" }), "BAD_VARIABLES: wrong-variable at 1:7"),
            (page, json!({ "n": 4_294_967_296_u64 }), "BAD_VARIABLES: wrong-variable at 1:7"),
            (page, json!({ "b": "yes" }), "BAD_VARIABLES: wrong-variable at 1:16"),
            (
                "query($k: CadreKey!) { cadre(by: $k) { id } }",
                json!({ "k": {} }),
                "BAD_VARIABLES: wrong-variable at 1:7",
            ),
            (
                "{ cadres(first: 4294967296) @skip(if: true) { nodes { id } } }",
                json!({}),
                "BAD_VARIABLES: wrong-value at 1:17",
            ),
            ("{ cadres(first: \"5\") { nodes { id } } }", json!({}), "BAD_VARIABLES: wrong-value at 1:17"),
            (
                "{ ...a } fragment a on Query { cadre(by: {code: 5}) { id } }",
                json!({}),
                "BAD_VARIABLES: wrong-value at 1:42",
            ),
            ("query($u: Unknown) { nothing(by: $u) }", json!({ "u": 1 }), "ok"),
        ];
        for (text, sent, expected) in table {
            let schema_index = schema_index();
            let document = compile(&schema_index, &Limits::default(), text).expect(text);
            let coerced = document
                .operation(None)
                .and_then(|operation| operation.coerce_variables(&schema_index, variables(sent.clone())));
            let found = coerced.map_or_else(|refusal| refusal.to_string(), |_| "ok".to_owned());
            assert_eq!(found, expected, "{text} {sent}");
        }
    }

    struct Engine;

    #[derive(async_graphql::InputObject)]
    struct Change {
        note: async_graphql::MaybeUndefined<String>,
    }

    #[async_graphql::Object]
    impl Engine {
        async fn note(&self, change: Change) -> &str {
            if change.note.is_undefined() { "absent" } else { "sent" }
        }
    }

    #[tokio::test]
    async fn the_engine_uses_the_coerced_variables() {
        let engine = async_graphql::Schema::new(Engine, async_graphql::EmptyMutation, async_graphql::EmptySubscription);
        let schema_index = SchemaIndex::of(&engine.sdl());
        let table = [
            ("query($x: Boolean = true) { note(change: {}) @skip(if: $x) }", json!({}), "{}"),
            ("query($x: Boolean = true) { note(change: {}) @include(if: $x) }", json!({}), "{note: \"absent\"}"),
            ("query($n: String) { note(change: {note: $n}) }", json!({}), "{note: \"absent\"}"),
            ("query($n: String) { note(change: {note: $n}) }", json!({ "n": null }), "{note: \"sent\"}"),
            ("query($n: String = null) { note(change: {note: $n}) }", json!({}), "{note: \"sent\"}"),
        ];
        for (text, sent, expected) in table {
            let document = compile(&schema_index, &Limits::default(), text).expect(text);
            let coerced = document
                .operation(None)
                .and_then(|operation| operation.coerce_variables(&schema_index, variables(sent)));
            let mut request = async_graphql::Request::new("").variables(coerced.expect(text));
            request.set_parsed_query(document.executable().clone());

            assert_eq!(engine.execute(request).await.data.to_string(), expected, "{text}");
        }
    }

    #[test]
    fn a_protected_field_is_found_at_any_position() {
        let table = [
            ("{ cadre(by: {code: \"1\"}) { identity { birthOn } } }", "Cadre.identity"),
            ("{ cadre(by: {code: \"1\"}) { identity { birthOn } } }", "Identity.birthOn"),
            ("{ a: cadre(by: {code: \"1\"}) { b: identity { c: birthOn } } }", "Identity.birthOn"),
            ("{ cadre { ...a } } fragment a on Cadre { identity { birthOn } }", "Identity.birthOn"),
            (
                "{ cadre { ...a } } fragment a on Cadre { ...b } fragment b on Cadre { identity { ...c } } fragment c on Identity { birthOn }",
                "Identity.birthOn",
            ),
            ("{ node(id: \"c\") { ... on Cadre { identity { birthOn } } } }", "Identity.birthOn"),
            ("{ cadre { ... on Node { id ... on Cadre { identity { birthOn } } } } }", "Identity.birthOn"),
            (
                "{ subject(id: \"c\") { ... { ...a } } } fragment a on Cadre { identity { birthOn } }",
                "Identity.birthOn",
            ),
            ("{ cadre { identity @skip(if: true) { birthOn } } }", "Identity.birthOn"),
            ("{ node(id: \"c\") { id } }", "Node.id"),
            ("{ cadre(by: {nationalId: \"0\"}) { id } }", "CadreKey.nationalId"),
            ("{ cadre(by: {nationalId: null}) { id } }", "CadreKey.nationalId"),
            ("query($n: String) { cadre(by: {nationalId: $n}) { id } }", "CadreKey.nationalId"),
            ("mutation { rotationPropose(input: {cadre: {nationalId: \"0\"}}) { id } }", "CadreKey.nationalId"),
            (
                "{ cadres(where: {and: [{or: [{not: {bornAfter: \"1990\"}}]}]}) { nodes { id } } }",
                "CadreWhere.bornAfter",
            ),
            ("{ cadres(where: {and: {or: {bornAfter: \"1990\"}}}) { nodes { id } } }", "CadreWhere.bornAfter"),
            ("{ cadres(orderBy: [{field: BIRTH}]) { nodes { id } } }", "CadreOrderField.BIRTH"),
            ("{ cadres(orderBy: {field: BIRTH}) { nodes { id } } }", "CadreOrder.field"),
            ("{ cadres(search: \"a\") { nodes { id } } }", "Query.cadres(search:)"),
            ("query($k: CadreKey = {nationalId: \"0\"}) { cadre(by: $k) { id } }", "CadreKey.nationalId"),
            (
                "query($o: CadreOrderField = BIRTH) { cadres(orderBy: [{field: $o}]) { nodes { id } } }",
                "CadreOrderField.BIRTH",
            ),
            ("{ __schema { types { name } } }", "Query.__schema"),
        ];
        for (text, coordinate) in table {
            assert!(plan(text, json!({})).expect(text).coordinates.contains(coordinate), "{text}");
        }
    }

    #[test]
    fn a_protected_field_is_found_in_variables() {
        let by = "query($k: CadreKey) { cadre(by: $k) { id } }";
        let filter = "query($w: CadreWhere) { ...a } fragment a on Query { cadres(where: {or: [{and: [$w]}]}) { nodes { id } } }";
        let sort = "query($o: [CadreOrder!] = [{field: NAME}]) { cadres(orderBy: $o) { nodes { id } } }";
        let table = [
            (by, json!({ "k": { "nationalId": "0" } }), "CadreKey.nationalId", true),
            (by, json!({ "k": [{ "nationalId": "0" }] }), "CadreKey.nationalId", true),
            (by, json!({ "k": { "code": "0" } }), "CadreKey.nationalId", false),
            (by, json!({ "other": { "nationalId": "0" } }), "CadreKey.nationalId", false),
            (
                filter,
                json!({ "w": { "and": [{ "or": [{ "not": { "bornAfter": "1990" } }] }] } }),
                "CadreWhere.bornAfter",
                true,
            ),
            (filter, json!({ "w": { "unit": { "code": "H01" } } }), "UnitReach.code", true),
            (filter, json!({ "w": { "unit": { "code": "bornAfter" } } }), "CadreWhere.bornAfter", false),
            (sort, json!({ "o": { "field": "BIRTH" } }), "CadreOrderField.BIRTH", true),
            (sort, json!({}), "CadreOrderField.NAME", true),
            (sort, json!({ "o": [{ "field": "BIRTH" }] }), "CadreOrderField.NAME", false),
        ];
        for (text, sent, coordinate, expected) in table {
            let found = plan(text, sent.clone()).expect(text).coordinates.contains(coordinate);
            assert_eq!(found, expected, "{text} {sent}");
        }
    }

    #[test]
    fn only_fields_of_the_chosen_operation_are_touched() {
        let text = "query a { ...x } query b { cadre { identity { birthOn } } } fragment x on Query { programmes } fragment y on Cadre { identity { birthOn } }";
        let schema_index = schema_index();
        let document = compile(&schema_index, &Limits::default(), text).expect(text);

        let plan =
            document.operation(Some("a")).and_then(|operation| operation.plan(&schema_index, &variables(json!({}))));

        let coordinates: Vec<_> = plan.expect("it is small").coordinates.iter().map(ToString::to_string).collect();
        assert_eq!(coordinates, ["Query.programmes"]);
    }
}
