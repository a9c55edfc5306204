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
    let mut pending = Vec::new();
    for (name, fragment) in &document.fragments {
        pending.push(((name.as_str(), fragment), spreads(document, &fragment.node.selection_set.node)?));
    }
    pending.sort_by_key(|((_, fragment), _)| fragment.pos);
    let (mut ordered, mut done) = (Vec::new(), HashSet::new());
    while !pending.is_empty() {
        let (ready, rest): (Vec<_>, Vec<_>) = pending.into_iter().partition(|(_, spreads)| spreads.is_subset(&done));
        if ready.is_empty() {
            return Err(Rejection::new(Rule::FragmentCycle, Some(position_on_cycle(&rest))));
        }
        done.extend(ready.iter().map(|((name, _), _)| *name));
        ordered.extend(ready.into_iter().map(|(named, _)| named));
        pending = rest;
    }
    Ok(ordered)
}

/// Position of a fragment on a cycle. Each remaining fragment spreads another remaining one, so a
/// walk with as many steps as there are fragments ends on a cycle.
fn position_on_cycle(remaining: &[(Named<'_>, HashSet<&str>)]) -> Pos {
    let next = |at: usize| remaining.iter().position(|((name, _), _)| remaining[at].1.contains(name)).unwrap_or(at);
    let at = remaining.iter().fold(0, |at, _| next(at));
    remaining[at].0.1.pos
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
pub(super) fn each_selection<'d>(set: &'d SelectionSet, visit: &mut impl FnMut(&'d Positioned<Selection>)) {
    for selection in &set.items {
        visit(selection);
        match &selection.node {
            Selection::Field(field) => each_selection(&field.node.selection_set.node, visit),
            Selection::InlineFragment(inline) => each_selection(&inline.node.selection_set.node, visit),
            Selection::FragmentSpread(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::graphql::guard::test_schema::outcome;

    #[test]
    fn a_fragment_cycle_is_reported_at_one_of_its_fragments() {
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
