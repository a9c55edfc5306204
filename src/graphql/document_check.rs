//! Checks documents before they are registered, and again after an upgrade: everything that a request would be refused
//! for, except its variables and the rights of its client. Nothing is executed.

use std::{collections::BTreeMap, fmt, sync::Arc};

use async_graphql::{
    Pos, Request, ServerError, ValidationResult, async_trait,
    extensions::{Extension, ExtensionContext, ExtensionFactory, NextValidation},
};

use crate::{
    graphql::{
        ServiceSchema,
        error::{PartialErrors, translate},
        guard::{
            compile::compile, deprecation::Deprecation, limits::Limits, rejection::Rejection, schema_index::SchemaIndex,
        },
        schema_builder,
    },
    language::Language,
};

/// Checks documents under the schema and the limits of this version.
pub struct DocumentCheck {
    /// Stops each request after its validation.
    schema: ServiceSchema,
    schema_index: SchemaIndex,
    limits: Limits,
}

/// A document that this version accepts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The names of its operations, separated by blanks; `None` if its operation has no name.
    pub names: Option<String>,
    /// The deprecated parts of the schema that it names. Parts that only variables name are unknown before a request.
    pub deprecations: Vec<Deprecation>,
}

impl Default for DocumentCheck {
    fn default() -> Self {
        let schema = schema_builder().extension(StopAfterValidation).finish();
        let schema_index = SchemaIndex::of(&schema.sdl());
        Self { schema, schema_index, limits: Limits::default() }
    }
}

impl fmt::Debug for DocumentCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DocumentCheck").field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl DocumentCheck {
    /// Checks a document.
    ///
    /// # Errors
    /// The problems, in English, each with its position.
    pub async fn check(&self, text: &str) -> Result<Accepted, Vec<String>> {
        let to_messages = |rejection: Rejection| vec![rejection.sentence(Language::English)];
        if text.len() as u64 > self.limits.max_bytes {
            let (limit, bytes) = (self.limits.max_bytes, text.len());
            return Err(vec![format!(
                "the text has {bytes} bytes, the limit is {limit}; split it into several documents"
            )]);
        }
        let document = compile(&self.schema_index, &self.limits, text).map_err(to_messages)?;
        for operation in document.operations() {
            operation.check_without_variables().map_err(to_messages)?;
        }
        let mut request = Request::new("");
        request.set_parsed_query(document.executable().clone());
        let mut response = self.schema.execute(request).await;
        if !response.errors.iter().all(|error| error.source::<Valid>().is_some()) {
            translate(&mut response, &PartialErrors::default(), &self.schema_index, (Language::English, ""));
            return Err(response.errors.iter().map(with_position).collect());
        }
        let names: Vec<&str> = document.operations().iter().filter_map(|operation| operation.name()).collect();
        let named = document.operations().iter().flat_map(|operation| operation.deprecations());
        let deprecations: BTreeMap<_, _> = named.map(|of| (&of.coordinate, of)).collect();
        Ok(Accepted {
            names: Some(names.join(" ")).filter(|names| !names.is_empty()),
            deprecations: deprecations.into_values().cloned().collect(),
        })
    }
}

fn with_position(error: &ServerError) -> String {
    match error.locations.first() {
        Some(Pos { line, column }) => format!("{} (line {line}, column {column})", error.message),
        None => error.message.clone(),
    }
}

/// Source of the error with which a valid document ends.
struct Valid;

/// Ends a request after its validation, so that no resolver runs.
struct StopAfterValidation;

impl ExtensionFactory for StopAfterValidation {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self)
    }
}

#[async_trait::async_trait]
impl Extension for StopAfterValidation {
    async fn validation(
        &self,
        ctx: &ExtensionContext<'_>,
        next: NextValidation<'_>,
    ) -> Result<ValidationResult, Vec<ServerError>> {
        next.run(ctx).await?;
        let mut valid = ServerError::new("valid", None);
        valid.source = Some(Arc::new(Valid));
        Err(vec![valid])
    }
}

#[cfg(test)]
mod tests {
    use super::DocumentCheck;
    use crate::graphql::{guard::schema_index::SchemaIndex, sdl};

    /// The check under the schema of the service with two deprecated fields.
    fn with_deprecations() -> DocumentCheck {
        let reason = "Use `code`. Deprecated since 2026-12-01, removed on 2028-01-01.";
        let mut sdl = sdl();
        for (on, declared) in [("type Unit ", "\tadminCode: String\n"), ("type Viewer ", "\tname: String!\n")] {
            let at = sdl.find(on).unwrap();
            let at = at + sdl[at..].find(declared).unwrap() + declared.len() - 1;
            sdl.insert_str(at, &format!(" @deprecated(reason: \"{reason}\")"));
        }
        DocumentCheck { schema_index: SchemaIndex::of(&sdl), ..DocumentCheck::default() }
    }

    #[tokio::test]
    async fn deprecated_parts_of_all_operations_are_listed_once() {
        let check = with_deprecations();
        let of_unit = "Unit.adminCode is removed on 2028-01-01 (deprecated since 2026-12-01): Use `code`.";
        let of_viewer = "Viewer.name is removed on 2028-01-01 (deprecated since 2026-12-01): Use `code`.";
        for (text, expected) in [
            ("{ titles { code } }", vec![]),
            ("{ viewer { name } }", vec![of_viewer]),
            (
                "query A { viewer { name } } query B { viewer { ...V } unit(by: { code: \"A\" }) { adminCode } } \
                 fragment V on Viewer { name }",
                vec![of_unit, of_viewer],
            ),
        ] {
            let accepted = check.check(text).await.unwrap();
            let found: Vec<_> = accepted.deprecations.iter().map(ToString::to_string).collect();
            assert_eq!(found, expected, "{text}");
        }
    }

    #[tokio::test]
    async fn documents_are_checked_without_variables() {
        let check = DocumentCheck::default();
        let table = [
            ("{ viewer { name } }", "ok: "),
            ("query A { viewer { name } } query B { viewer { clientId } }", "ok: A B"),
            ("query A($code: String!) { unit(by: { code: $code }) { code } }", "ok: A"),
            // It fits into the limits if a request names a small page.
            ("query A($n: Int!) { units(first: $n) { nodes { cadres(first: $n) { nodes { code } } } } }", "ok: A"),
            ("query A($n: Int = 100) { units(first: $n) { nodes { cadres(first: $n) { nodes { code } } } } }", "ok: A"),
            ("query A { viewer { nmae } }", "Unknown field \"nmae\" on type \"Viewer\". Did you mean \"name\"?"),
            ("query A($unused: Int) { viewer { name } }", "Variable \"$unused\""),
            ("query A { unit(by: { code: $code }) { code } }", "Variable \"$code\" is not defined"),
            ("query A { unit(by: { code: 5 }) { code } }", "Query.unit(by: UnitKey!)"),
            ("query A { viewer { name }", "The document is not valid GraphQL"),
            ("fragment F on Viewer { name }", "The document contains no operation"),
            (
                "{ units(first: 100) { nodes { cadres(first: 100) { nodes { assignments { unit { name code } } } } } } }",
                "The cost of the operation is",
            ),
            (&" ".repeat(70_000), "the text has 70000 bytes, the limit is 65536"),
        ];
        for (text, expected) in table {
            let result = match check.check(text).await {
                Ok(accepted) => format!("ok: {}", accepted.names.unwrap_or_default()),
                Err(problems) => problems.join("\n"),
            };
            assert!(result.contains(expected), "{text}: {result}");
        }
    }
}
