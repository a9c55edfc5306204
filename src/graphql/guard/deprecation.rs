//! Deprecated parts of the schema. The reason in `@deprecated` ends with two days in a fixed form, which become headers
//! of responses (`docs/decisions/0038`).

use std::fmt;
use std::sync::Arc;

use async_graphql::parser::types::ConstDirective;
use async_graphql::{Positioned, Value};
use entity::value::Day;

use crate::graphql::guard::coordinate::Coordinate;

/// Minimum number of months between the deprecation and the removal.
const NOTICE: u32 = 12;

/// A deprecated field, argument, input field or enum value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deprecation {
    /// Coordinate of the deprecated part.
    pub coordinate: Coordinate,
    /// The replacement.
    pub advice: Arc<str>,
    /// Day of the deprecation.
    pub since: Day,
    /// Day of the removal.
    pub removed_on: Day,
}

impl fmt::Display for Deprecation {
    /// For people: the deprecated part, its last day, and the replacement.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { coordinate, advice, since, removed_on } = self;
        write!(f, "{coordinate} is removed on {removed_on} (deprecated since {since}): {advice}")
    }
}

/// The reason of a deprecation does not have the form, or its days are too close.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrongReason(String);

impl fmt::Display for WrongReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: the reason of a deprecation has the form \"Use `X`. Deprecated since 2026-12-01, removed on \
             2027-12-01.\", with at least {NOTICE} months between the days",
            self.0
        )
    }
}

impl Deprecation {
    /// The deprecation of a part of the schema with these directives; `None` if it is not deprecated.
    pub(super) fn among(
        coordinate: &Coordinate,
        directives: &[Positioned<ConstDirective>],
    ) -> Result<Option<Self>, WrongReason> {
        let Some(deprecated) = directives.iter().find(|directive| directive.node.name.node == "deprecated") else {
            return Ok(None);
        };
        let reason = deprecated.node.get_argument("reason").map(|reason| reason.node.clone());
        let Some(Value::String(reason)) = reason else { return Err(WrongReason(coordinate.to_string())) };
        Self::parse(coordinate.clone(), &reason).map(Some)
    }

    /// Reads the reason of a deprecation.
    ///
    /// # Errors
    /// If it does not have the form, or announces the removal too late.
    pub fn parse(coordinate: Coordinate, reason: &str) -> Result<Self, WrongReason> {
        let parts = || {
            let (advice, days) = reason.strip_suffix('.')?.rsplit_once(" Deprecated since ")?;
            let (since, removed_on) = days.split_once(", removed on ")?;
            let (since, removed_on): (Day, Day) = (since.parse().ok()?, removed_on.parse().ok()?);
            let is_announced = advice.ends_with('.') && since.plus_months(NOTICE)? <= removed_on;
            is_announced.then(|| (Arc::from(advice), since, removed_on))
        };
        match parts() {
            Some((advice, since, removed_on)) => Ok(Self { coordinate, advice, since, removed_on }),
            None => Err(WrongReason(format!("{coordinate} has {reason:?}"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::{EmptyMutation, EmptySubscription, Enum, InputObject, Object, Schema};
    use serde_json::json;

    use crate::graphql::guard::compile::compile;
    use crate::graphql::guard::limits::Limits;
    use crate::graphql::guard::schema_index::SchemaIndex;
    use crate::graphql::guard::test_schema::variables;

    #[derive(InputObject)]
    struct Where {
        name: Option<String>,
        #[graphql(deprecation = "Use `name`. Deprecated since 2026-01-01, removed on 2027-01-01.")]
        title: Option<String>,
    }

    #[derive(Clone, Copy, PartialEq, Eq, Enum)]
    enum Order {
        Name,
        #[graphql(deprecation = "Use `NAME`. Deprecated since 2026-02-01, removed on 2027-02-01.")]
        Title,
    }

    struct Root;

    #[Object]
    impl Root {
        async fn post(&self) -> i32 {
            1
        }

        #[graphql(deprecation = "Use `post`. Deprecated since 2026-03-01, removed on 2027-04-01.")]
        async fn job(&self) -> i32 {
            1
        }

        async fn posts(
            &self,
            r#where: Option<Where>,
            order: Option<Order>,
            #[graphql(deprecation = "Use `where`. Deprecated since 2026-04-01, removed on 2027-05-01.")] by: Option<
                i32,
            >,
        ) -> i32 {
            let wanted = r#where.map_or(0, |of| of.name.into_iter().chain(of.title).count());
            i32::try_from(wanted).unwrap_or_default() + by.unwrap_or_default() + i32::from(order.is_some())
        }
    }

    fn schema_index() -> SchemaIndex {
        SchemaIndex::of(&Schema::new(Root, EmptyMutation, EmptySubscription).sdl())
    }

    #[test]
    fn declared_deprecations_are_found_in_documents_and_variables() {
        let schema_index = schema_index();
        let table = [
            ("{ post }", json!({}), ""),
            ("{ __typename posts(where: {name: \"a\"}, order: NAME) }", json!({}), ""),
            ("{ post job }", json!({}), "Root.job 2026-03-01 2027-04-01 Use `post`."),
            ("{ a: job @skip(if: true) }", json!({}), "Root.job 2026-03-01 2027-04-01 Use `post`."),
            ("{ ... { ...F } } fragment F on Root { job }", json!({}), "Root.job 2026-03-01 2027-04-01 Use `post`."),
            ("{ posts(by: 1) }", json!({}), "Root.posts(by:) 2026-04-01 2027-05-01 Use `where`."),
            ("{ posts(where: {title: \"a\"}) }", json!({}), "Where.title 2026-01-01 2027-01-01 Use `name`."),
            ("{ posts(order: TITLE) }", json!({}), "Order.TITLE 2026-02-01 2027-02-01 Use `NAME`."),
            ("query($w: Where) { posts(where: $w) }", json!({ "w": {"name": "a"} }), ""),
            (
                "query($w: Where, $o: Order) { posts(where: $w, order: $o) }",
                json!({ "w": {"title": "a"}, "o": "TITLE" }),
                "Order.TITLE 2026-02-01 2027-02-01 Use `NAME`.; Where.title 2026-01-01 2027-01-01 Use `name`.",
            ),
            (
                "query($o: Order = TITLE) { posts(order: $o) }",
                json!({}),
                "Order.TITLE 2026-02-01 2027-02-01 Use `NAME`.",
            ),
        ];
        for (text, sent, expected) in table {
            let document = compile(&schema_index, &Limits::default(), text).expect(text);
            let plan = document.operation(None).and_then(|operation| operation.plan(&schema_index, &variables(sent)));
            let found = plan.expect(text).deprecations;
            let found =
                found.iter().map(|of| format!("{} {} {} {}", of.coordinate, of.since, of.removed_on, of.advice));
            assert_eq!(found.collect::<Vec<_>>().join("; "), expected, "{text}");
        }
    }

    #[test]
    fn the_list_without_variables_is_computed_once_for_a_document() {
        let schema_index = schema_index();
        let document = compile(&schema_index, &Limits::default(), "{ job }").expect("small");
        let operation = document.operation(None).expect("the only one");

        let plans = [(); 2].map(|()| operation.plan(&schema_index, &variables(json!({}))).expect("small").deprecations);

        assert_eq!(plans[0].len(), 1);
        assert!(std::sync::Arc::ptr_eq(&plans[0], &plans[1]));
    }

    #[test]
    fn a_reason_without_the_days_is_a_defect_of_the_build() {
        let table = [
            ("Use `a`. Deprecated since 2026-12-01, removed on 2027-12-01.", true),
            ("Use `a`; see \"docs\". Deprecated since 2026-12-01, removed on 2030-01-31.", true),
            ("Use `a`. Deprecated since 2026-12-01, removed on 2027-11-30.", false),
            ("Use `a`. Deprecated since 2026-12-01, removed on 2025-12-01.", false),
            ("Use `a`. Deprecated since 2026-12-01, removed on 2027-12-01", false),
            ("Use `a` Deprecated since 2026-12-01, removed on 2027-12-01.", false),
            ("Deprecated since 2026-12-01, removed on 2027-12-01.", false),
            ("Use `a`. Deprecated since 1.12.2026, removed on 1.12.2027.", false),
            ("Use `a`. Removed on 2027-12-01.", false),
            ("No longer supported", false),
            ("", false),
        ];
        for (reason, is_right) in table {
            let sdl = format!("type Query {{ a: Int b: Int @deprecated(reason: {}) }}", json!(reason));
            let indexed = std::panic::catch_unwind(|| SchemaIndex::of(&sdl).deprecations().count());
            assert_eq!(indexed.ok(), is_right.then_some(1), "{reason}");
        }
        let bare = std::panic::catch_unwind(|| SchemaIndex::of("type Query { a: Int @deprecated }"));
        assert!(bare.is_err(), "a deprecation needs a reason");
    }
}
