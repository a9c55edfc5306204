//! Weighs selection sets: each definition once; a spread adds the weight of its fragment. Exponentially many fields are
//! thus counted without an expansion.

use std::collections::{BTreeSet, HashMap};

use async_graphql::Pos;
use async_graphql::parser::types::{Field, Selection, SelectionSet};
use async_graphql_value::Value as Literal;

use crate::graphql::guard::coordinate::Coordinate;
use crate::graphql::guard::cost::{Amount, Cost, Size};
use crate::graphql::guard::input::{self, Use};
use crate::graphql::guard::price;
use crate::graphql::guard::rejection::UnknownValue;
use crate::graphql::guard::schema_index::{FieldShape, SchemaIndex};

/// Assumed length of a list without a bound.
const PLAIN_LIST: u64 = 10;
/// Page size if neither the operation nor the schema states one.
const DEFAULT_PAGE: u64 = 20;

/// Weight of a selection set with all its fragments.
#[derive(Clone, Debug, Default)]
pub(super) struct Complexity {
    /// Cost, multiplied by list sizes.
    pub(super) cost: Cost,
    /// Prices charged once per page, regardless of its size: for selections other than its rows.
    pub(super) once: Cost,
    /// Surcharge if an enclosing field has an `asOf` argument.
    pub(super) with_day: Cost,
    /// Number of fields, regardless of list sizes.
    pub(super) fields: u64,
    /// Fields directly in the set.
    pub(super) roots: u64,
    /// Nesting of selection sets, including those of fragments.
    pub(super) levels: u64,
    /// Number of fields on the longest path, without introspection.
    pub(super) depth: u64,
    /// Number of fields on the longest path that ends in introspection.
    pub(super) introspection_depth: u64,
    /// Largest number of nested lists of introspected types.
    pub(super) introspection_lists: u64,
}

/// Names in one definition, without those in its fragments.
#[derive(Debug, Default)]
pub(super) struct DefinitionNames {
    pub(super) coordinates: BTreeSet<Coordinate>,
    pub(super) uses: BTreeSet<Use>,
    pub(super) spreads: BTreeSet<usize>,
    /// The first value that does not fit its type.
    pub(super) misfit: Option<Misfit>,
}

/// A value of the document that does not fit the type of its argument.
#[derive(Clone, Debug)]
pub(super) struct Misfit {
    /// Position of the value.
    pub(super) at: Pos,
    /// The argument with its type, in names of the schema, such as `Query.cadres(asOf: Date)`.
    pub(super) argument: String,
    /// The word in the value that is no value of its enum, if that is the reason.
    pub(super) unknown: Option<Box<UnknownValue>>,
}

/// Weighs the selections of one definition, given the weights of earlier fragments.
pub(super) struct ComplexityVisitor<'a> {
    schema_index: &'a SchemaIndex,
    names: &'a HashMap<&'a str, usize>,
    fragments: &'a [Complexity],
    found: DefinitionNames,
}

impl<'a> ComplexityVisitor<'a> {
    pub(super) fn new(
        schema_index: &'a SchemaIndex,
        names: &'a HashMap<&'a str, usize>,
        fragments: &'a [Complexity],
    ) -> Self {
        ComplexityVisitor { schema_index, names, fragments, found: DefinitionNames::default() }
    }

    pub(super) fn weigh(mut self, on: &str, set: &SelectionSet) -> (Complexity, DefinitionNames) {
        let weight = self.set(on, set);
        (weight, self.found)
    }

    // The recursion depth is the nesting of the text, which the lexer has limited.
    fn set(&mut self, on: &str, set: &SelectionSet) -> Complexity {
        let mut sum = Complexity::default();
        for item in &set.items {
            let item = match &item.node {
                Selection::Field(field) => self.field(on, &field.node),
                Selection::FragmentSpread(spread) => self.spread(&spread.node.fragment_name.node),
                Selection::InlineFragment(inline) => {
                    let on = inline.node.type_condition.as_ref().map_or(on, |condition| &condition.node.on.node);
                    self.set(on, &inline.node.selection_set.node)
                }
            };
            sum.add(item);
        }
        sum.levels += 1;
        sum
    }

    fn spread(&mut self, name: &str) -> Complexity {
        let Some((index, weight)) = self.names.get(name).and_then(|&index| Some((index, self.fragments.get(index)?)))
        else {
            return Complexity::default();
        };
        self.found.spreads.insert(index);
        Complexity {
            cost: Cost::of_fragment(3 * index, &weight.cost),
            once: Cost::of_fragment(3 * index + 1, &weight.once),
            with_day: Cost::of_fragment(3 * index + 2, &weight.with_day),
            ..weight.clone()
        }
    }

    fn field(&mut self, on: &str, field: &Field) -> Complexity {
        // An unknown field counts like any other field; validation refuses it after the weighing.
        let Some(shape) = self.schema_index.field(on, &field.name.node) else {
            let inner = self.inner("", field);
            return inner.under_field(Cost::fixed(1), Size::Known(1));
        };
        let mut field_cost = self.record(shape, field);
        let price = price::of(&shape.coordinate);
        let is_connection = on.ends_with("Connection");
        field_cost.add(Cost::fixed(if is_connection { 1 } else { 1 + price }));
        let inner = self.inner(&shape.named, field);
        let name = field.name.node.as_str();
        if matches!(name, "__schema" | "__type") {
            return inner.under_introspection();
        }
        let mut weight = inner.under_field(field_cost, size(on, shape, field));
        if is_connection {
            weight.once.add(Cost::fixed(price / 10).repeated(count_bound(field)));
        }
        weight.with_day.add(Cost::fixed(price::with_day(&shape.coordinate)));
        if let Some(day) = field.get_argument(price::DAY) {
            weight.cost.add(std::mem::take(&mut weight.with_day).repeated(price::one_unless_null(&day.node)));
        }
        weight.introspection_lists += u64::from(on == "__Type" && shape.is_list);
        weight
    }

    fn inner(&mut self, on: &str, field: &Field) -> Complexity {
        let set = &field.selection_set.node;
        if set.items.is_empty() { Complexity::default() } else { self.set(on, set) }
    }

    /// Records the coordinates of a field and returns the prices of its arguments.
    fn record(&mut self, shape: &FieldShape, field: &Field) -> Cost {
        let mut cost = Cost::default();
        self.found.coordinates.insert(shape.coordinate.clone());
        for (name, value) in &field.arguments {
            let Some(argument) = shape.argument(&name.node) else {
                continue;
            };
            self.found.coordinates.insert(argument.coordinate.clone());
            if self.found.misfit.is_none() && !input::fits(self.schema_index, &argument.of, &value.node) {
                let unknown = input::unknown_value(self.schema_index, &argument.of, &value.node);
                let argument =
                    argument.coordinate.as_str().trim_end_matches(')').to_owned() + &format!(" {})", argument.of);
                self.found.misfit = Some(Misfit { at: value.pos, argument, unknown });
            }
            let (uses, inner) =
                input::walk(self.schema_index, &argument.named, &value.node, &mut self.found.coordinates);
            self.found.uses.extend(uses);
            cost.add(price::of_value(&argument.coordinate, &value.node));
            cost.add(inner);
        }
        cost
    }
}

impl Complexity {
    fn add(&mut self, other: Complexity) {
        self.cost.add(other.cost);
        self.once.add(other.once);
        self.with_day.add(other.with_day);
        self.fields = self.fields.saturating_add(other.fields);
        self.roots = self.roots.saturating_add(other.roots);
        self.levels = self.levels.max(other.levels);
        self.depth = self.depth.max(other.depth);
        self.introspection_depth = self.introspection_depth.max(other.introspection_depth);
        self.introspection_lists = self.introspection_lists.max(other.introspection_lists);
    }

    fn under_field(self, mut field_cost: Cost, size: Size) -> Complexity {
        field_cost.add(self.cost.repeated(size.clone()));
        field_cost.add(self.once);
        Complexity {
            cost: field_cost,
            once: Cost::default(),
            with_day: self.with_day.repeated(size),
            fields: self.fields.saturating_add(1),
            roots: 1,
            depth: self.depth + 1,
            introspection_depth: if self.introspection_depth == 0 { 0 } else { self.introspection_depth + 1 },
            ..self
        }
    }

    /// The schema is read from memory, so ten of its fields cost as much as one field of data.
    fn under_introspection(self) -> Complexity {
        let depth = self.depth.max(self.introspection_depth);
        let inner = Complexity { cost: self.cost.tenth(), ..self };
        Complexity { depth: 0, introspection_depth: depth + 1, ..inner.under_field(Cost::fixed(1), Size::Known(1)) }
    }
}

fn size(on: &str, shape: &FieldShape, field: &Field) -> Size {
    if shape.is_connection {
        let asked = ["first", "last"].iter().filter_map(|name| amount(&field.get_argument(name)?.node)).collect();
        let default = shape.argument("first").and_then(|first| first.default.as_ref());
        let default = default.and_then(|value| serde_json::to_value(value).ok()?.as_u64());
        return Size::Page { asked, default: default.unwrap_or(DEFAULT_PAGE) };
    }
    // The connection has already multiplied by the size of its lists.
    let is_page = on.ends_with("Connection") && matches!(field.name.node.as_str(), "nodes" | "edges");
    if !shape.is_list || is_page {
        return Size::Known(1);
    }
    match shape.argument("ids").and_then(|_| field.get_argument("ids")).map(|ids| &ids.node) {
        Some(Literal::List(ids)) => Size::Known(ids.len() as u64),
        Some(Literal::Variable(name)) => Size::Count(name.clone()),
        Some(_) => Size::Known(1),
        None => Size::Known(PLAIN_LIST),
    }
}

/// Bound of a total count. Other fields of a connection are free.
fn count_bound(field: &Field) -> Size {
    Size::CountedTo(field.get_argument("max").and_then(|max| amount(&max.node)))
}

fn amount(value: &Literal) -> Option<Amount> {
    match value {
        Literal::Null => None,
        Literal::Variable(name) => Some(Amount::Variable(name.clone())),
        Literal::Number(number) if number.as_i64().is_some_and(|number| number < 0) => Some(Amount::Known(0)),
        // An invalid number is refused later; until then it counts as the maximum.
        Literal::Number(number) => Some(Amount::Known(number.as_u64().unwrap_or(u64::MAX))),
        _ => Some(Amount::Known(u64::MAX)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::graphql::guard::test_schema::{outcome, plan};

    fn cost(text: &str, variables: Value) -> u64 {
        plan(text, variables).expect(text).cost
    }

    #[test]
    fn lists_multiply_the_cost_of_their_selections() {
        let table = [
            ("{ programmes }", 1),
            ("{ __typename }", 1),
            ("{ unit { name id } }", 3),
            ("{ unit { ancestors { name } } }", 2 + 10),
            ("{ cadres { nodes { id } } }", 1 + 20 * 2),
            ("{ cadres(first: 5) { nodes { id } } }", 1 + 5 * 2),
            ("{ cadres(last: 7) { edges { node { id } cursor } } }", 1 + 7 * 4),
            ("{ cadres(first: 5, last: 7) { nodes { id } } }", 1 + 7 * 2),
            ("{ cadres(first: null) { nodes { id } } }", 1 + 20 * 2),
            ("{ cadres(first: 0) { nodes { id } } }", 1 + 2),
            ("{ cadres(first: -1) { nodes { id } } }", 1 + 2),
            ("{ cadres(first: 101) { nodes { id } } }", 1 + 100 * 2),
            ("{ cadres(first: \"many\") { nodes { id } } }", 1 + 100 * 2),
            ("{ cadres(first: 1) { totalCount { value } } }", 1 + 1_002),
            ("{ cadres(first: 5) { nodes { rotations { id } } } }", 1 + 5 * (1 + 1 + 10)),
            ("{ unit { rotationFlows { rotations } } }", 1 + (501 + 10)),
            ("{ nodes(ids: [\"a\", \"b\", \"c\"]) { id } }", 1 + 3),
            ("{ nodes(ids: []) { id } }", 1 + 1),
            ("{ nodes(ids: \"a\") { id } }", 1 + 1),
            ("{ nodes { id } }", 1 + 10),
            ("{ nothing { nothing { nothing } other } }", 4),
            ("{ unit { name { nothing } } }", 3),
            (
                "{ ...a ...a } fragment a on Query { cadres(first: 2) { nodes { ...b } } } fragment b on Cadre { id unit { id } }",
                2 * (1 + 2 * 4),
            ),
        ];
        for (text, expected) in table {
            assert_eq!(cost(text, json!({})), expected, "{text}");
        }
    }

    #[test]
    fn sizes_come_from_variables_and_their_defaults() {
        let page = "query($n: Int = 3) { ...a } fragment a on Query { cadres(first: $n) { nodes { unit { children(first: $n) { nodes { id } } } } } }";
        let of = |n: u64| 1 + n * (1 + 1 + 1 + n * 2);
        let table = [
            (page, json!({}), of(3)),
            (page, json!({ "n": 7 }), of(7)),
            (page, json!({ "n": 7, "other": 9 }), of(7)),
            (page, json!({ "n": null }), of(20)),
            (page, json!({ "n": -5 }), of(1)),
            ("query($n: Int) { cadres(first: $n) { nodes { id } } }", json!({ "n": 5_000_000_000_u64 }), 1 + 100 * 2),
            ("query($n: Int) { cadres(first: $n) { nodes { id } } }", json!({ "n": "x" }), 1 + 100 * 2),
            ("query($n: Int) { cadres(first: 4, last: $n) { nodes { id } } }", json!({}), 1 + 4 * 2),
            ("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", json!({ "ids": ["a", "b"] }), 1 + 2),
            ("{ cadres(first: $undeclared) { nodes { id } } }", json!({ "undeclared": 9 }), 1 + 20 * 2),
        ];
        for (text, variables, expected) in table {
            assert_eq!(cost(text, variables.clone()), expected, "{text} {variables}");
        }
    }

    #[test]
    fn conditions_searches_counts_and_days_have_their_prices() {
        let page = 1 + 2;
        let by_variable = "query($w: CadreWhere, $s: String, $d: String) { cadres(where: $w, search: $s, first: 0) { nodes { id } } unit { composition(asOf: $d) } }";
        let two = json!({ "and": [{ "unit": { "code": "a" } }, { "not": { "unit": { "code": "b" } } }] });
        let table = [
            ("{ cadres(where: {unit: {code: \"a\"}}, first: 0) { nodes { id } } }", json!({}), page + 50),
            ("{ cadres(first: 5) { nodes { id } totalCount { value } } }", json!({}), 1 + 5 * (2 + 2) + 1_000),
            (
                "{ cadres(first: 5) { ...f } } fragment f on CadreConnection { totalCount { value } }",
                json!({}),
                1 + 5 * 2 + 1_000,
            ),
            (
                "{ unit { children(first: 3) { nodes { cadres(first: 5) { totalCount { value } } } } } }",
                json!({}),
                2 + 3 * (2 + 5 * 2 + 1_000),
            ),
            ("{ cadres(first: 1) { totalCount(max: 5) { value } } }", json!({}), 1 + 2 + 1_000),
            ("{ cadres(first: 1) { totalCount(max: null) { value } } }", json!({}), 1 + 2 + 1_000),
            ("{ cadres(first: 1) { totalCount(max: 10001) { value } } }", json!({}), 1 + 2 + 1_100),
            ("{ cadres(first: 1) { totalCount(max: 9000000) { value } } }", json!({}), 1 + 2 + 10_900),
            (
                "query($m: Int) { cadres(first: 1) { totalCount(max: $m) { value } } }",
                json!({ "m": 20_000 }),
                1 + 2 + 1_100,
            ),
            ("query($m: Int) { cadres(first: 1) { totalCount(max: $m) { value } } }", json!({}), 1 + 2 + 1_000),
            ("{ cadres(where: {unit: null}, search: null, first: 1) { nodes { id } } }", json!({}), page),
            ("{ cadres(search: \"a\", first: 1) { nodes { id } } }", json!({}), page + 1_000),
            (
                "{ cadres(where: {or: [{unit: {code: \"a\"}}, {unit: {code: \"b\"}}]}, first: 1) { nodes { id } } }",
                json!({}),
                page + 100,
            ),
            (
                "{ unit { children(first: 3) { nodes { cadres(where: {unit: {code: \"a\"}}, first: 1) { nodes { id } } } } } }",
                json!({}),
                2 + 3 * (1 + page + 50),
            ),
            (by_variable, json!({}), page + 2),
            (by_variable, json!({ "w": two, "s": "a" }), page + 2 * 50 + 1_000 + 2),
            (by_variable, json!({ "d": "2020-01-01" }), page + 2 + 1_000),
            ("{ unit { composition } }", json!({}), 2),
            ("{ unit { composition(asOf: null) } }", json!({}), 2),
            ("{ unit { composition(asOf: \"2020-01-01\") } }", json!({}), 2 + 1_000),
            ("{ unit(asOf: \"2020-01-01\") { a: composition b: composition } }", json!({}), 3 + 2 * 1_000),
            (
                "{ unit(asOf: \"2020-01-01\") { ...f ...f } } fragment f on Unit { composition }",
                json!({}),
                3 + 2 * 1_000,
            ),
            (
                "{ unit(asOf: \"2020-01-01\") { children(first: 3) { nodes { composition } } } }",
                json!({}),
                2 + 3 * 2 + 3 * 1_000,
            ),
            (
                "query($n: Int, $d: String) { unit(asOf: $d) { ...f } } fragment f on Unit { children(first: $n) { nodes { composition } } }",
                json!({ "n": 4, "d": "2020-01-01" }),
                2 + 4 * 2 + 4 * 1_000,
            ),
        ];
        for (text, variables, expected) in table {
            assert_eq!(cost(text, variables.clone()), expected, "{text} {variables}");
        }
    }

    #[test]
    fn nested_pages_are_refused_by_their_cost() {
        let four = "children(first: 100) { nodes { children(first: 100) { nodes { children(first: 100) { nodes { children(first: 100) { nodes { id } } } } } } } }";
        let refused = "OPERATION_TOO_COMPLEX: cost 20202020";
        let table = [
            (format!("{{ unit {{ {four} }} }}"), refused),
            (format!("{{ node(id: \"u\") {{ ... on Unit {{ {four} }} }} }}"), refused),
            (format!("{{ subject(id: \"u\") {{ ...a }} }} fragment a on Unit {{ {four} }}"), refused),
            (format!("{{ unit {{ ... on Node {{ ... on Unit {{ {four} }} }} }} }}"), refused),
            (format!("{{ unit {{ {} }} }}", four.replacen(" {", " @skip(if: true) {", 1)), refused),
        ];
        for (text, expected) in &table {
            assert!(outcome(text).starts_with(expected), "{text}: {}", outcome(text));
        }
    }

    #[test]
    fn selections_under_an_interface_add_up() {
        let text = "{ node(id: \"x\") { id ... on Cadre { fullName rotations { id } } ... on Unit { name } } }";

        assert_eq!(cost(text, json!({})), 1 + 1 + 1 + (1 + 10) + 1);
    }

    #[test]
    fn no_broken_document_makes_the_guard_panic() {
        let text = "query q ( $a : [ID!]! = [ \"x\" ] $n : Int = 3 ) @d { a : nodes ( ids : $a ) { id ... on Unit { ...f } } \
                    cadres ( first : $n where : { and : [ { bornAfter : null } ] } ) { totalCount nodes { ... { id } } } __typename } \
                    fragment f on Unit { children ( last : -1.5e3 ) { edges { cursor } } }";
        let tokens: Vec<&str> = text.split_whitespace().collect();
        assert_eq!(outcome(text), "ok");

        for place in 0..tokens.len() {
            for patch in
                ["", "{", "}", "(", ")", "[", "]", ":", "$a", "...", "...f", "@d", "on", "null", "\"", "9", "ở"]
            {
                let mut broken = tokens.clone();
                broken[place] = patch;
                outcome(&broken.join(" "));
                broken.insert(place, tokens[place]);
                outcome(&broken.join(" "));
            }
        }
    }

    #[test]
    fn introspection_costs_a_tenth() {
        assert_eq!(
            cost("{ __schema { types { name fields { name } } } }", json!({})),
            1 + (1 + 10 * (1 + 1 + 10_u64)).div_ceil(10)
        );
    }
}
