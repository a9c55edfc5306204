//! The fragments of a document: checks that all spreads exist, and orders each fragment after those that it spreads.

use std::collections::HashSet;

use async_graphql::parser::types::{ExecutableDocument, FragmentDefinition, Selection, SelectionSet};
use async_graphql::{Pos, Positioned};

use crate::graphql::guard::rejection::{Rejection, Rule};

/// A fragment and its name.
pub(super) type Named<'d> = (&'d str, &'d Positioned<FragmentDefinition>);

/// The fragments, each after those that it spreads; refused if there is a cycle.
pub(super) fn in_dependency_order(document: &ExecutableDocument) -> Result<Vec<Named<'_>>, Rejection> {
    for (_, operation) in document.operations.iter() {
        spreads(document, &operation.node.selection_set.node)?;
    }
    let mut waiting = Vec::new();
    for (name, fragment) in &document.fragments {
        waiting.push(((name.as_str(), fragment), spreads(document, &fragment.node.selection_set.node)?));
    }
    waiting.sort_by_key(|((_, fragment), _)| fragment.pos);
    let (mut ordered, mut done) = (Vec::new(), HashSet::new());
    while !waiting.is_empty() {
        let (ready, rest): (Vec<_>, Vec<_>) = waiting.into_iter().partition(|(_, spreads)| spreads.is_subset(&done));
        if ready.is_empty() {
            return Err(Rejection::new(Rule::FragmentCycle, Some(on_a_cycle(&rest))));
        }
        done.extend(ready.iter().map(|((name, _), _)| *name));
        ordered.extend(ready.into_iter().map(|(named, _)| named));
        waiting = rest;
    }
    Ok(ordered)
}

/// A fragment on the cycle: each remaining fragment spreads another one, so a walk of as many steps as fragments ends
/// on it.
fn on_a_cycle(left: &[(Named<'_>, HashSet<&str>)]) -> Pos {
    let next = |at: usize| left.iter().position(|((name, _), _)| left[at].1.contains(name)).unwrap_or(at);
    let at = left.iter().fold(0, |at, _| next(at));
    left[at].0.1.pos
}

fn spreads<'d>(document: &'d ExecutableDocument, set: &'d SelectionSet) -> Result<HashSet<&'d str>, Rejection> {
    let (mut names, mut unknown) = (HashSet::new(), None);
    each_selection(set, &mut |selection| {
        if let Selection::FragmentSpread(spread) = &selection.node {
            let name = spread.node.fragment_name.node.as_str();
            names.insert(name);
            if !document.fragments.contains_key(name) {
                unknown.get_or_insert(selection.pos);
            }
        }
    });
    unknown.map_or(Ok(names), |at| Err(Rejection::new(Rule::UnknownFragment, Some(at))))
}

/// Visits all selections as written, without following spreads. The recursion depth is the nesting of the text, which
/// the lexer has limited.
pub(super) fn each_selection<'d>(set: &'d SelectionSet, see: &mut impl FnMut(&'d Positioned<Selection>)) {
    for selection in &set.items {
        see(selection);
        match &selection.node {
            Selection::Field(field) => each_selection(&field.node.selection_set.node, see),
            Selection::InlineFragment(inline) => each_selection(&inline.node.selection_set.node, see),
            Selection::FragmentSpread(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::graphql::guard::test_schema::outcome;

    #[test]
    fn fragment_cycles_are_found_on_the_circle() {
        let table = [
            ("{ ...a } fragment a on Query { ...a }", "GRAPHQL_VALIDATION_FAILED: fragment-cycle at 1:10"),
            (
                "{ programmes } fragment a on Unit { parent { ...a } }",
                "GRAPHQL_VALIDATION_FAILED: fragment-cycle at 1:16",
            ),
            (
                "{ ...a } fragment a on Query { ...b } fragment b on Query { ...c } fragment c on Query { ... { ...b } }",
                "GRAPHQL_VALIDATION_FAILED: fragment-cycle at 1:39",
            ),
            ("{ ...a ...b } fragment a on Query { ...b } fragment b on Query { programmes }", "ok"),
        ];
        for (text, expected) in table {
            assert_eq!(outcome(text), expected, "{text}");
        }
    }
}
