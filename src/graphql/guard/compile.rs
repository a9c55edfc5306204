//! Compiles text into a document: tokens, grammar, structure and weights, in this order; each step relies on the checks
//! of the one before.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Arc, OnceLock};

use async_graphql::parser::types::{ExecutableDocument, OperationDefinition, OperationType, Selection, SelectionSet};
use async_graphql::parser::{Error as ParserError, parse_query};
use async_graphql::{Name, Pos, Positioned};

use crate::graphql::guard::complexity::{Complexity, ComplexityVisitor, DefinitionNames};
use crate::graphql::guard::cost::Cost;
use crate::graphql::guard::document::{Document, Kind, Operation};
use crate::graphql::guard::fragments::{each_selection, in_dependency_order};
use crate::graphql::guard::lexer;
use crate::graphql::guard::limits::Limits;
use crate::graphql::guard::rejection::{Measure, Rejection, Rule};
use crate::graphql::guard::schema_index::SchemaIndex;

/// Compiles a document. The result is safe for the engine, which walks documents recursively and expands fragments
/// naively.
pub fn compile(schema_index: &SchemaIndex, limits: &Limits, text: &str) -> Result<Document, Rejection> {
    let tokens = lexer::check(limits, text)?;
    let executable = parse_query(text).map_err(|error| refuse_parse(limits, &error))?;
    check_counts(limits, &executable)?;
    let operations = Compiler::new(schema_index, limits, &executable)?.operations()?;
    Ok(Document { executable, operations, tokens, fast_path: OnceLock::new() })
}

/// The parser's messages quote the document, so only positions are used.
fn refuse_parse(limits: &Limits, error: &ParserError) -> Rejection {
    let at = error.positions().next();
    let rule = match error {
        ParserError::MultipleOperations { .. } | ParserError::OperationDuplicated { .. } => Rule::AmbiguousOperations,
        ParserError::FragmentDuplicated { .. } => Rule::RepeatedFragment,
        ParserError::MissingOperation => Rule::NoOperation,
        ParserError::RecursionLimitExceeded => {
            return Rejection::limit(Measure::Nesting, limits.max_nesting, limits.max_nesting + 1, at);
        }
        _ => Rule::Syntax,
    };
    Rejection::new(rule, at)
}

/// Checks the counts of the document as written, before fragments are expanded.
fn check_counts(limits: &Limits, document: &ExecutableDocument) -> Result<(), Rejection> {
    let operations = document.operations.iter().count() as u64;
    within(Measure::Operations, limits.max_operations, operations, None)?;
    within(Measure::Fragments, limits.max_fragments, document.fragments.len() as u64, None)?;
    let (mut directives, mut aliases) = (0, 0);
    for (_, operation) in document.operations.iter() {
        let declared = &operation.node.variable_definitions;
        directives += operation.node.directives.len();
        directives += declared.iter().map(|variable| variable.node.directives.len()).sum::<usize>();
        within(Measure::Variables, limits.max_variables, declared.len() as u64, Some(operation.pos))?;
        let mut names = HashSet::new();
        if let Some(repeated) = declared.iter().find(|variable| !names.insert(&variable.node.name.node)) {
            return Err(Rejection::new(Rule::RepeatedVariable, Some(repeated.pos)));
        }
    }
    let fragments = document.fragments.values();
    directives += fragments.map(|fragment| fragment.node.directives.len()).sum::<usize>();
    for set in selection_sets(document) {
        each_selection(set, &mut |selection| {
            directives += selection.node.directives().len();
            aliases += usize::from(matches!(&selection.node, Selection::Field(field) if field.node.alias.is_some()));
        });
    }
    within(Measure::Directives, limits.max_directives, directives as u64, None)?;
    within(Measure::Aliases, limits.max_aliases, aliases as u64, None)
}

fn selection_sets(document: &ExecutableDocument) -> impl Iterator<Item = &SelectionSet> {
    let operations = document.operations.iter().map(|(_, operation)| &operation.node.selection_set.node);
    operations.chain(document.fragments.values().map(|fragment| &fragment.node.selection_set.node))
}

fn within(measure: Measure, limit: u64, found: u64, at: Option<Pos>) -> Result<(), Rejection> {
    if found > limit { Err(Rejection::limit(measure, limit, found, at)) } else { Ok(()) }
}

/// The weighed fragments of a document, each after those that it spreads.
struct Compiler<'d> {
    schema_index: &'d SchemaIndex,
    limits: &'d Limits,
    document: &'d ExecutableDocument,
    names: HashMap<&'d str, usize>,
    weights: Vec<Complexity>,
    found: Vec<DefinitionNames>,
}

impl<'d> Compiler<'d> {
    fn new(
        schema_index: &'d SchemaIndex,
        limits: &'d Limits,
        document: &'d ExecutableDocument,
    ) -> Result<Self, Rejection> {
        let ordered = in_dependency_order(document)?;
        let names = ordered.iter().enumerate().map(|(index, (name, _))| (*name, index)).collect();
        let mut compiler = Compiler { schema_index, limits, document, names, weights: Vec::new(), found: Vec::new() };
        for (_, fragment) in ordered {
            let on = &fragment.node.type_condition.node.on.node;
            let (weight, found) = compiler.weigh(on, &fragment.node.selection_set)?;
            compiler.weights.push(weight);
            compiler.found.push(found);
        }
        Ok(compiler)
    }

    /// Compiles all operations, because the engine validates them all.
    fn operations(&self) -> Result<Vec<Operation>, Rejection> {
        let costs = |weight: &Complexity| [weight.cost.clone(), weight.once.clone(), weight.with_day.clone()];
        let fragments: Arc<[Cost]> = self.weights.iter().flat_map(costs).collect();
        let mut operations: Vec<_> = self.document.operations.iter().collect();
        operations.sort_by_key(|(_, operation)| operation.pos);
        let compiled = operations.into_iter().map(|(name, operation)| self.operation(name, operation, &fragments));
        compiled.collect()
    }

    fn operation(
        &self,
        name: Option<&Name>,
        operation: &Positioned<OperationDefinition>,
        fragments: &Arc<[Cost]>,
    ) -> Result<Operation, Rejection> {
        let at = operation.pos;
        let set = &operation.node.selection_set;
        let (kind, root) = match operation.node.ty {
            OperationType::Query => (Kind::Query, self.schema_index.query()),
            OperationType::Mutation => (Kind::Mutation, self.schema_index.mutation().unwrap_or_default()),
            OperationType::Subscription => return Err(Rejection::new(Rule::Subscription, Some(at))),
        };
        let (weight, found) = self.weigh(root, set)?;
        let limits = self.limits;
        let (roots, most) = match kind {
            Kind::Query => (Measure::RootFields, limits.max_root_fields),
            Kind::Mutation => (Measure::Commands, limits.max_commands),
        };
        within(roots, most, weight.roots, Some(at))?;
        within(Measure::Depth, limits.max_depth, weight.depth, Some(at))?;
        within(Measure::IntrospectionDepth, limits.max_introspection_depth, weight.introspection_depth, Some(at))?;
        within(Measure::IntrospectionLists, limits.max_introspection_lists, weight.introspection_lists, Some(at))?;
        if kind == Kind::Mutation {
            self.check_root_keys(&set.node)?;
        }
        let DefinitionNames { coordinates, uses, misfit, .. } = self.gather(found);
        Ok(Operation {
            kind,
            name: name.cloned(),
            at,
            limits: *limits,
            variables: operation.node.variable_definitions.clone(),
            cost: weight.cost,
            fragments: Arc::clone(fragments),
            deprecations: self.schema_index.deprecated(&coordinates),
            coordinates: Arc::new(coordinates),
            uses,
            misfit,
        })
    }

    /// Weighs a definition, used or not, and limits it to a size that the engine's validation can walk.
    fn weigh(&self, on: &str, set: &Positioned<SelectionSet>) -> Result<(Complexity, DefinitionNames), Rejection> {
        let (weight, found) =
            ComplexityVisitor::new(self.schema_index, &self.names, &self.weights).weigh(on, &set.node);
        within(Measure::Fields, self.limits.max_fields, weight.fields, Some(set.pos))?;
        within(Measure::Nesting, self.limits.max_nesting, weight.levels, Some(set.pos))?;
        Ok((weight, found))
    }

    /// Everything named by a definition and by all fragments that it reaches.
    fn gather(&self, mut found: DefinitionNames) -> DefinitionNames {
        let mut reached = BTreeSet::new();
        let mut pending = found.spreads.clone();
        while let Some(index) = pending.pop_first() {
            if reached.insert(index) {
                let fragment = &self.found[index];
                found.coordinates.extend(fragment.coordinates.iter().cloned());
                found.uses.extend(fragment.uses.iter().cloned());
                found.misfit = found.misfit.or_else(|| fragment.misfit.clone());
                pending.extend(&fragment.spreads);
            }
        }
        found
    }

    /// Refuses a response key that occurs twice among the root fields: the engine would execute the
    /// command twice, whereas the specification merges equal keys. Root fields and nesting are
    /// limited already, so the expansion is small.
    fn check_root_keys(&self, set: &'d SelectionSet) -> Result<(), Rejection> {
        let mut keys = HashSet::new();
        let mut pending = vec![set];
        while let Some(set) = pending.pop() {
            for selection in &set.items {
                match &selection.node {
                    Selection::Field(field) if !keys.insert(&field.node.response_key().node) => {
                        return Err(Rejection::new(Rule::RepeatedMutationField, Some(field.pos)));
                    }
                    Selection::Field(_) => {}
                    Selection::InlineFragment(inline) => pending.push(&inline.node.selection_set.node),
                    Selection::FragmentSpread(spread) => {
                        let fragment = self.document.fragments.get(&spread.node.fragment_name.node);
                        pending.extend(fragment.map(|fragment| &fragment.node.selection_set.node));
                    }
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::graphql::guard::compile::compile;
    use crate::graphql::guard::limits::Limits;
    use crate::graphql::guard::test_schema::{INTROSPECTION, outcome, schema_index, variables};

    #[test]
    fn documents_that_break_the_structure_are_refused_by_position() {
        let table = [
            ("{ programmes }", "ok"),
            ("{ programmes ", "GRAPHQL_PARSE_FAILED: syntax at 1:14"),
            ("{ cadre(by: {nationalId: \"999088000001\") }", "GRAPHQL_PARSE_FAILED: syntax at 1:40"),
            ("", "GRAPHQL_PARSE_FAILED: syntax at 1:1"),
            ("fragment a on Query { programmes }", "OPERATION_NOT_FOUND: no-operation"),
            ("{ programmes } { programmes }", "GRAPHQL_VALIDATION_FAILED: ambiguous-operations at 1:16"),
            (
                "query a { programmes } query a { programmes }",
                "GRAPHQL_VALIDATION_FAILED: ambiguous-operations at 1:24",
            ),
            ("query a { programmes } query b { programmes }", "OPERATION_NOT_FOUND: operation-name-required"),
            (
                "{ ...a } fragment a on Query { programmes } fragment a on Query { programmes }",
                "GRAPHQL_VALIDATION_FAILED: repeated-fragment at 1:45",
            ),
            ("query($a: Int, $a: Int) { programmes }", "GRAPHQL_VALIDATION_FAILED: repeated-variable at 1:16"),
            ("subscription { programmes }", "GRAPHQL_VALIDATION_FAILED: subscription at 1:1"),
            ("{ ...nothing }", "GRAPHQL_VALIDATION_FAILED: unknown-fragment at 1:3"),
            (
                "{ programmes } fragment a on Query { ... { ...nothing } }",
                "GRAPHQL_VALIDATION_FAILED: unknown-fragment at 1:44",
            ),
        ];
        for (text, expected) in table {
            assert_eq!(outcome(text), expected, "{text}");
        }
    }

    fn doubling(levels: usize) -> String {
        let steps = (1..levels).map(|level| format!("fragment f{level} on Unit {{ ...f{0} ...f{0} }}", level + 1));
        let steps = steps.collect::<Vec<_>>().join(" ");
        format!("{{ unit(by: {{code: \"H01\"}}) {{ ...f1 }} }} {steps} fragment f{levels} on Unit {{ name }}")
    }

    #[test]
    fn fragments_that_double_are_counted_and_refused() {
        assert_eq!(outcome(&doubling(10)), "ok");
        assert!(outcome(&doubling(26)).starts_with("OPERATION_TOO_COMPLEX: fields 16384 > 10000"));
        assert!(outcome(&doubling(50)).starts_with("OPERATION_TOO_COMPLEX: fields 16384 > 10000"));
        assert_eq!(outcome(&doubling(100)), "OPERATION_TOO_COMPLEX: fragments 100 > 50");
        let wide = doubling(26).replace("...f1 }", "...f1 } nothing").replace("on Unit", "on Nothing");
        assert!(outcome(&wide).starts_with("OPERATION_TOO_COMPLEX: fields"), "nor do unknown types help");
        let unused = doubling(26).replace("{ ...f1 }", "{ name }");
        assert!(outcome(&unused).starts_with("OPERATION_TOO_COMPLEX: fields"), "nor does not using them");
    }

    #[test]
    fn a_cost_beyond_64_bits_saturates() {
        let schema_index = schema_index();
        let limits = Limits { max_fragments: 100, max_fields: u64::MAX, max_nesting: 200, ..Limits::default() };
        let document = compile(&schema_index, &limits, &doubling(100)).expect("all but the cost is allowed");

        let plan = document.operation(None).and_then(|operation| operation.plan(&schema_index, &variables(json!({}))));

        let refusal = plan.expect_err("two in the power of 99 fields");
        assert_eq!(refusal.to_string(), format!("OPERATION_TOO_COMPLEX: cost {} > 20000 at 1:1", u64::MAX));
    }

    #[test]
    fn operations_that_are_not_executed_are_weighed_too() {
        let text = format!("query cheap {{ programmes }} {}", doubling(20).replacen('{', "query dear {", 1));

        assert!(outcome(&text).starts_with("OPERATION_TOO_COMPLEX: fields"));
    }

    #[test]
    fn a_mutation_must_not_repeat_a_response_key() {
        let refused = "GRAPHQL_VALIDATION_FAILED: repeated-mutation-field";
        let table = [
            ("mutation { inc }", "ok"),
            ("mutation { a: inc b: inc }", "ok"),
            ("mutation { inc inc }", refused),
            ("mutation { inc inc: rotationPropose }", refused),
            ("mutation { inc ... { inc } }", refused),
            ("mutation { inc @skip(if: true) inc @skip(if: false) }", refused),
            ("mutation { ...a ...a } fragment a on Mutation { inc }", refused),
            (
                "mutation { ...b inc } fragment a on Mutation { inc } fragment b on Mutation { ... on Mutation { ...a } }",
                refused,
            ),
            ("mutation { rotationPropose { id id } }", "ok"),
            ("{ programmes programmes }", "ok"),
        ];
        for (text, expected) in table {
            assert!(outcome(text).starts_with(expected), "{text}: {}", outcome(text));
        }
    }

    #[test]
    fn counts_in_the_text_are_limited() {
        let many = |count: usize, of: &str| {
            let items: Vec<String> = (0..count).map(|number| of.replace('#', &number.to_string())).collect();
            items.join(" ")
        };
        let table = [
            (format!("{{ programmes {} }}", many(50, "@skip(if: false)")), "ok"),
            (format!("{{ programmes {} }}", many(51, "@skip(if: false)")), "OPERATION_TOO_COMPLEX: directives 51 > 50"),
            (format!("{{ programmes {} }}", many(10_000, "@a")), "OPERATION_TOO_COMPLEX: tokens"),
            (format!("{{ unit {{ {} }} }}", many(100, "a#: name")), "ok"),
            (format!("{{ unit {{ {} }} }}", many(101, "a#: name")), "OPERATION_TOO_COMPLEX: aliases 101 > 100"),
            (format!("{{ {} }}", many(10_000, "a:b")), "OPERATION_TOO_COMPLEX: tokens"),
            (format!("query({}) {{ programmes }}", many(50, "$v#: Int")), "ok"),
            (
                format!("query({}) {{ programmes }}", many(51, "$v#: Int")),
                "OPERATION_TOO_COMPLEX: variables 51 > 50 at 1:1",
            ),
            (format!("query({}) {{ programmes }}", many(10_000, "$v:I")), "OPERATION_TOO_COMPLEX: tokens"),
            (format!("mutation {{ {} }}", many(10, "a#: inc")), "ok"),
            (format!("mutation {{ {} }}", many(11, "a#: inc")), "OPERATION_TOO_COMPLEX: commands 11 > 10 at 1:1"),
            (many(11, "query q# { programmes }"), "OPERATION_TOO_COMPLEX: operations 11 > 10"),
            (format!("{{ {} }}", many(51, "programmes")), "OPERATION_TOO_COMPLEX: root-fields 51 > 50"),
            (
                format!("{{ {} }} fragment a on Query {{ {} }}", many(6, "...a"), many(10, "programmes")),
                "OPERATION_TOO_COMPLEX: root-fields 60 > 50",
            ),
        ];
        for (text, expected) in &table {
            assert!(outcome(text).starts_with(expected), "{expected}: {}", outcome(text));
        }
    }

    #[test]
    fn depth_is_bounded_through_fragments() {
        let parents = |depth: usize, inner: &str| format!("{}{inner}{}", "parent { ".repeat(depth), " }".repeat(depth));
        let table = [
            (format!("{{ unit {{ {} }} }}", parents(13, "id")), "ok"),
            (format!("{{ unit {{ {} }} }}", parents(14, "id")), "OPERATION_TOO_COMPLEX: depth 16 > 15 at 1:1"),
            (
                format!("{{ unit {{ {} }} }} fragment a on Unit {{ {} }}", parents(7, "...a"), parents(7, "id")),
                "OPERATION_TOO_COMPLEX: depth 16 > 15 at 1:1",
            ),
            (format!("{{ unit {{ {} name {} }} }}", "... { ".repeat(29), "} ".repeat(29)), "ok"),
            (
                format!(
                    "{{ unit {{ ...a }} }} fragment a on Unit {{ {} ...b {} }} fragment b on Unit {{ {} name {} }}",
                    "... { ".repeat(20),
                    "} ".repeat(20),
                    "... { ".repeat(20),
                    "} ".repeat(20)
                ),
                "OPERATION_TOO_COMPLEX: nesting 42 > 32",
            ),
        ];
        for (text, expected) in &table {
            assert!(outcome(text).starts_with(expected), "{text}: {}", outcome(text));
        }
    }

    #[test]
    fn the_usual_introspection_is_allowed_and_cycles_are_refused() {
        let circle = |turns: usize| {
            format!(
                "{{ __schema {{ types {{ {} name {} }} }} }}",
                "fields { type { ".repeat(turns),
                "} } ".repeat(turns)
            )
        };
        let table = [
            (INTROSPECTION.to_owned(), "ok"),
            ("{ __type(name: \"Cadre\") { fields { name type { name ofType { name } } } } }".to_owned(), "ok"),
            (circle(2), "ok"),
            (circle(3), "OPERATION_TOO_COMPLEX: introspection-lists 3 > 2"),
            (circle(7), "OPERATION_TOO_COMPLEX: introspection-depth 17 > 16"),
            (
                INTROSPECTION
                    .replace("possibleTypes { ...TypeRef }", "possibleTypes { interfaces { possibleTypes { name } } }"),
                "OPERATION_TOO_COMPLEX: introspection-lists",
            ),
        ];
        for (text, expected) in &table {
            assert!(outcome(text).starts_with(expected), "{expected}: {}", outcome(text));
        }
    }
}
