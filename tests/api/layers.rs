//! The layers: imports have one direction, from `main` and `http` down to `entity`; `migration` depends on none of
//! them. The sources are read as text. Names in comments are ignored, names in strings are not. Unit tests may use
//! higher layers to set up their data.

mod cycles;

use std::fs;
use std::path::Path;

/// Highest first. A module that is neither here nor in `SHARED` belongs to `main`, the highest layer.
const LAYERS: [&str; 12] = [
    "http",
    "graphql",
    "demo",
    "import",
    "domain",
    "authz",
    "app_state",
    "projection",
    "page",
    "reference",
    "audit",
    "auth",
];

/// Layers without HTTP and GraphQL.
const INNER: [&str; 9] = ["demo", "import", "domain", "authz", "app_state", "projection", "page", "reference", "audit"];

/// Names that give access to rows, transactions or sealed facts. `http` and `graphql` may not use them. Visibility
/// within the crate does not prevent that.
const CLOSED: [&str; 8] = [
    "Txn",
    "ReadSession",
    "PreparedReads",
    "ServiceKey",
    "RetirementOutlook",
    ".reader(",
    ".prepared(",
    ".beyond_reach(",
];

/// Every layer may use these modules; they use no layer.
const SHARED: [&str; 8] = ["clock", "config", "db", "error", "language", "limit", "telemetry", "text"];

/// The shared modules that may use rows and values.
const SHARED_OVER_ENTITY: [&str; 4] = ["clock", "config", "error", "text"];

/// The names of async-graphql that the inner layers may use: derives, so that the input of a command is one struct and
/// not two, and the type of an id in such an input.
const DERIVES: [&str; 5] = ["Enum", "ID", "InputObject", "OneofObject", "SimpleObject"];

/// Keywords that may precede the `::` of `::sea_orm`.
const KEYWORDS: [&str; 7] = ["as", "dyn", "impl", "in", "mut", "return", "use"];

/// The violations in the file at `path`, which is relative to the root and has `/` between its folders.
fn violations(path: &str, text: &str) -> Vec<String> {
    let code = without_comments(text);
    let mut wrong = Vec::new();
    if code.contains("#[allow(") || code.contains("#![allow(") {
        wrong.push("holds #[allow(..)]: use #[expect(.., reason = \"..\")]".to_owned());
    }

    let opens_seals = ["src/authz/protected_fields.rs", "entity/src/value/sealed.rs"].contains(&path);
    if code.contains(".reveal(") && !opens_seals {
        wrong.push("opens a sealed value: only authz::protected_fields may, against a scope, and notes it".to_owned());
    }
    let writes_of_persons = ["assignment", "qualification", "cadre"]
        .iter()
        .flat_map(|table| ["insert", "update", "delete"].map(|verb| format!("{table}::Entity::{verb}")))
        .chain(["rotation::Entity::insert".to_owned()]);
    if path.starts_with("src/") && !code.contains("of_person(") {
        wrong.extend(
            writes_of_persons.filter(|write| code.contains(write)).map(|write| {
                format!("{write}: read models are derived from it, so it is written through Txn::of_person")
            }),
        );
    }
    let chained = ["src/authz/permit.rs", "src/authz/disclosure.rs", "src/audit/verify_chain.rs"];
    let is_chained = chained.contains(&path) || ["src/db.rs", "src/db/read_session.rs"].contains(&path);
    if code.contains(".begin()") && path.starts_with("src/") && !is_chained {
        wrong.push("begins a writing transaction: a permit does, so that the chain holds what is written".to_owned());
    }

    let names = Names::of(&code);
    let may_not_name = |wrong: &mut Vec<String>, a_crate: &str, why: &str| {
        if names.has_crate(a_crate) {
            wrong.push(format!("names {a_crate}: {why}"));
        }
    };
    if path.starts_with("migration/") {
        may_not_name(&mut wrong, "entity", "history must not change when an entity does");
    } else if let Some(file) = path.strip_prefix("entity/src/") {
        if module(file).first() != Some(&"value") {
            may_not_name(&mut wrong, "async_graphql", "a row has no GraphQL form, only a value has");
        }
    } else if let Some(file) = path.strip_prefix("src/") {
        let module = module(file);
        let own = *module.first().unwrap_or(&"main");
        if ["http", "graphql"].contains(&own) {
            let closed = CLOSED.iter().filter(|name| match name.starts_with('.') {
                true => code.contains(**name),
                false => names.0.contains(name),
            });
            wrong.extend(closed.map(|name| format!("uses {name}: only the inner layers may")));
        }
        let product = Names::of(without_tests(file, &code));
        wrong.extend(product.root_modules(&module).into_iter().filter(|name| !may_name(own, name)).map(|name| {
            format!(
                "names crate::{name}, which {own} may not: {} > entity; shared: {}",
                LAYERS.join(" > "),
                SHARED.join(", ")
            )
        }));
        match own {
            "http" => may_not_name(&mut wrong, "sea_orm", "rows are the domain's"),
            "graphql" => may_not_name(&mut wrong, "sea_orm", "no SQL in the shape that clients see"),
            inner if INNER.contains(&inner) => {
                may_not_name(&mut wrong, "actix_web", "inner layers may not use HTTP");
                let names = names.taken_from("async_graphql");
                wrong.extend(names.into_iter().filter(|name| !DERIVES.contains(&name.as_str())).map(|name| {
                    format!("names async_graphql::{name}: inner layers take only the derives {}", DERIVES.join(", "))
                }));
            }
            shared if SHARED.contains(&shared) && !SHARED_OVER_ENTITY.contains(&shared) => {
                may_not_name(&mut wrong, "entity", "a shared module may not use rows");
            }
            _ => {}
        }
    }
    wrong
}

/// Whether the module `own` of `src/` may use `crate::<name>`.
fn may_name(own: &str, name: &str) -> bool {
    let rank = |module: &str| LAYERS.iter().position(|layer| *layer == module);
    if name == own || SHARED.contains(&name) {
        return true;
    }
    match (rank(own), rank(name)) {
        (Some(own), Some(name)) => own < name,
        (Some(_), None) => false,
        (None, _) => !SHARED.contains(&own),
    }
}

/// `domain/authz/reach.rs` is `["domain", "authz", "reach"]`; `main.rs` and `lib.rs` are the root.
fn module(file: &str) -> Vec<&str> {
    let mut module: Vec<&str> = file.trim_end_matches(".rs").split('/').collect();
    if matches!(module.last(), Some(&("mod" | "main" | "lib"))) {
        module.pop();
    }
    module
}

/// The source without unit tests: a whole file of tests, or the module at the end of a file.
fn without_tests<'a>(file: &str, code: &'a str) -> &'a str {
    if file.split('/').any(|part| part == "tests" || part == "tests.rs") {
        return "";
    }
    code.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default()
}

/// The source without `// ..` to the end of the line; the `//` of a URL stays.
fn without_comments(text: &str) -> String {
    let code_of = |line: &str| {
        let comment = line.match_indices("//").map(|(at, _)| at).find(|at| !line[..*at].ends_with(':'));
        line[..comment.unwrap_or(line.len())].to_owned()
    };
    // An inline module uses `use super::*;` for its own file, which is no reference to a parent module.
    text.lines()
        .map(code_of)
        .filter(|line| !line.starts_with(' ') || line.trim() != "use super::*;")
        .collect::<Vec<_>>()
        .join("\n")
}

/// The words of a source: identifiers, `::`, and each other visible character as one word.
struct Names<'a>(Vec<&'a str>);

impl<'a> Names<'a> {
    fn of(code: &'a str) -> Self {
        let mut words = Vec::new();
        let mut rest = code.trim_start();
        while let Some(first) = rest.chars().next() {
            let word = |c: char| c.is_alphanumeric() || c == '_';
            let length = match first {
                c if word(c) => rest.find(|c| !word(c)).unwrap_or(rest.len()),
                ':' if rest.starts_with("::") => 2,
                c => c.len_utf8(),
            };
            words.push(&rest[..length]);
            rest = rest[length..].trim_start();
        }
        Self(words)
    }

    /// `name::..`, `use name;` and `#[name(..)]`, but not `other::name` nor a variable of that name.
    fn has_crate(&self, name: &str) -> bool {
        let word = |at: Option<usize>| at.and_then(|at| self.0.get(at)).copied().unwrap_or_default();
        (0..self.0.len()).filter(|at| self.0[*at] == name).any(|at| {
            let (before, after) = (word(at.checked_sub(1)), word(Some(at + 1)));
            let parent = if before == "::" { word(at.checked_sub(2)) } else { "" };
            let is_inside = parent.ends_with(|c: char| c.is_alphanumeric() || c == '_') && !KEYWORDS.contains(&parent);
            (after == "::" && !is_inside) || matches!(before, "use" | "crate") || (before == "[" && after == "(")
        })
    }

    /// The `x` of each `name::x` and `name::{x, ..}`; `self` if the whole crate is imported.
    fn taken_from(&self, name: &str) -> Vec<String> {
        (0..self.0.len())
            .filter(|at| self.0[*at] == name)
            .flat_map(|at| self.heads(at + 1).unwrap_or_else(|| vec!["self".to_owned()]))
            .collect()
    }

    /// The root modules that are named from within `module`, by `crate::` or by the matching number of `super::`.
    fn root_modules(&self, module: &[&str]) -> Vec<String> {
        let mut found = Vec::new();
        for at in 0..self.0.len() {
            let is_first = at == 0 || self.0[at - 1] != "::";
            let supers = self.0[at..].chunks(2).take_while(|pair| pair == &["super", "::"]).count();
            let reaches_root = is_first && supers > 0 && supers == module.len();
            let heads = match self.0[at] {
                "crate" => self.heads(at + 1),
                "super" if reaches_root => self.heads(at + 2 * supers - 1),
                _ => None,
            };
            found.extend(heads.unwrap_or_default());
        }
        found.retain(|name| !name.starts_with(char::is_uppercase) && name != "self"); // crate::Error, crate::Result
        found
    }

    /// The words after the `::` at `at`: a word, `*`, or the first words of a group.
    fn heads(&self, at: usize) -> Option<Vec<String>> {
        let [colons, first, rest @ ..] = self.0.get(at..)? else { return None };
        if *colons != "::" {
            return None;
        }
        if *first != "{" {
            return Some(vec![(*first).to_owned()]);
        }
        let mut heads = Vec::new();
        let (mut depth, mut is_head) = (1, true);
        for word in rest {
            match *word {
                "{" => depth += 1,
                "}" => depth -= 1,
                "," if depth == 1 => is_head = true,
                head if is_head && depth == 1 => {
                    heads.push(head.to_owned());
                    is_head = false;
                }
                _ => {}
            }
            if depth == 0 {
                break;
            }
        }
        Some(heads)
    }
}

#[test]
fn each_rule_can_fail() {
    let wrong = [
        ("src/auth/mod.rs", "use crate::authz::Access;"),
        ("src/authz/mod.rs", "use crate::domain::cadre;"),
        ("src/authz/mod.rs", "use super::domain::cadre;"),
        ("src/reference/units/tree.rs", "use crate::authz::Access;"),
        ("src/reference/data.rs", "use crate::projection::headcount;"),
        ("src/audit/hash_chain.rs", "use crate::reference::ReferenceData;"),
        ("src/domain/unit/mod.rs", "use crate::import::Bundle;"),
        ("src/projection/mod.rs", "use actix_web::web;"),
        ("src/import/mod.rs", "use async_graphql::Context;"),
        ("src/graphql/unit.rs", "fn f(access: &Access) { access.reader() }"),
        ("src/http/graphql.rs", "use crate::authz::Txn;"),
        ("src/auth/verify.rs", "fn f() { crate::graphql::page::cut() }"),
        ("src/auth.rs", "use crate::http;"),
        ("src/auth/keys.rs", "use super::super::domain::unit;"),
        ("src/auth/mod.rs", "use super::domain;"),
        ("src/auth/mod.rs", "use crate::*;"),
        ("src/domain/unit.rs", "use crate::graphql::page::Page;"),
        ("src/domain/unit.rs", "use crate::{auth::{Caller, Scope}, http::limits};"),
        ("src/domain/unit.rs", "use crate::cli::Args;"),
        ("src/domain/unit.rs", "use async_graphql::Context;"),
        ("src/domain/unit.rs", "use async_graphql::{InputObject, dataloader::Loader};"),
        ("src/domain/unit.rs", "use async_graphql as gql;"),
        ("src/domain/unit.rs", "use async_graphql::*;"),
        ("src/domain/unit.rs", "use actix_web::HttpRequest;"),
        ("src/graphql/unit.rs", "use crate::http::limits;"),
        ("src/graphql/unit.rs", "use sea_orm::EntityTrait;"),
        ("src/graphql/unit.rs", "fn f(db: &::sea_orm::DatabaseConnection) {}"),
        ("src/http/health.rs", "let db = sea_orm::Database::connect(url);"),
        ("src/http/health.rs", "use crate::main_thing;"),
        ("src/clock.rs", "use crate::config::Config; use crate::auth::Caller;"),
        ("src/language.rs", "use entity::unit;"),
        ("src/graphql/cadre.rs", "fn f(id: &NationalId) -> &str { id.reveal() }"),
        ("src/authz/cadres.rs", "fn f(id: &NationalId) -> &str { id.reveal() }"),
        ("src/domain/cadre/list.rs", "let transaction = database.begin().await?;"),
        ("src/domain/training/commands/plan.rs", "qualification::Entity::insert(row).exec(txn.connection())"),
        ("src/auth/mod.rs", "use super::*;"),
        ("src/db.rs", "fn f(row: entity::unit::Model) {}"),
        ("src/error.rs", "use crate::domain::unit;"),
        ("src/text/fold.rs", "use crate::graphql;"),
        ("entity/src/unit.rs", "#[derive(async_graphql::SimpleObject)]"),
        ("entity/src/lib.rs", "use async_graphql;"),
        ("migration/src/m1.rs", "use entity::unit;"),
        ("migration/src/m1.rs", "use ::entity::unit;"),
        ("migration/src/lib.rs", "extern crate entity;"),
        ("src/lib.rs", "#![allow(dead_code)]"),
        ("entity/src/unit.rs", "#[allow(missing_docs)]"),
        ("migration/src/m1.rs", "    #[allow(unused)] // for now"),
    ];
    for (path, text) in wrong {
        assert_eq!(violations(path, text).len(), 1, "{path}: {text}: {:?}", violations(path, text));
    }
}

#[test]
fn permitted_imports_pass() {
    let right = [
        ("src/main.rs", "use cadre_api::http; use crate::{cli, http};"),
        ("src/lib.rs", "pub mod http; pub use crate::error::{Error, Result};"),
        (
            "src/cli/serve.rs",
            "use crate::{http, domain, config::Config}; use sea_orm::Database; use migration::Migrator;",
        ),
        ("src/http/mod.rs", "use crate::{auth, authz::Access, graphql::schema, Error}; use actix_web::web;"),
        (
            "src/graphql/unit.rs",
            "use async_graphql::{Context, Object}; use crate::domain::unit; use super::page::Page;",
        ),
        ("src/graphql/mod.rs", "mod unit; use entity::unit::Model;"),
        (
            "src/domain/unit.rs",
            "use async_graphql::{Enum, InputObject, OneofObject, SimpleObject}; use crate::auth::Caller;",
        ),
        (
            "src/domain/unit.rs",
            "#[derive(async_graphql::SimpleObject)] struct A; use sea_orm::EntityTrait; use super::cadre;",
        ),
        (
            "src/domain/unit.rs",
            "// Not crate::graphql, nor async_graphql::Context.\nuse crate::{clock, db, error, language, text};",
        ),
        ("src/authz/mod.rs", "use super::auth; use crate::{app_state::AppState, reference};"),
        ("src/domain/unit/mod.rs", "use crate::{authz::Access, page, reference::units::Reach};"),
        ("src/audit/checkpoint.rs", "use crate::auth;\n#[cfg(test)]\nmod tests {\n    use crate::domain::key;\n}"),
        ("src/reference/units/tests.rs", "use crate::domain::unit;"),
        ("src/auth/mod.rs", "use entity::client; use crate::{clock::Clock, Result}; use crate::auth::claims;"),
        ("src/error.rs", "use entity::value::CadreCode; use sea_orm::DbErr;"),
        ("src/clock.rs", "use entity::value::Day;\nmod tests {\n    use super::*;\n}"),
        ("src/authz/protected_fields.rs", "fn f(id: &NationalId) -> &str { id.reveal() }"),
        ("src/domain/client.rs", "let txn = permit.begin(None, None).await?;"),
        ("src/authz/permit.rs", "let inner = self.database.begin().await?;"),
        ("src/text.rs", "use entity::value::Name; use crate::language::Language;"),
        ("src/db.rs", "use sea_orm::Database; use crate::config::Config; let entity = 1; self::entity::x();"),
        ("entity/src/value/code.rs", "async_graphql::scalar!(CadreCode);"),
        ("entity/src/value.rs", "use async_graphql::Enum;"),
        ("entity/src/unit.rs", "#[sea_orm::model] #[expect(missing_docs, reason = \"columns\")]"),
        ("migration/src/m1.rs", "let entity = manager.entity(); // entity::unit is the row"),
    ];
    for (path, text) in right {
        assert_eq!(violations(path, text), Vec::<String>::new(), "{path}: {text}");
    }
}

#[test]
fn imports_have_one_direction() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut wrong = Vec::new();
    for folder in ["src", "entity/src", "migration/src"] {
        let sources = sources(&root.join(folder));
        assert!(!sources.is_empty(), "{folder} has sources");
        for source in sources {
            let path = source.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
            let text = fs::read_to_string(&source).unwrap();
            wrong.extend(violations(&path, &text).into_iter().map(|what| format!("{path} {what}")));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn migration_does_not_depend_on_entity() {
    let manifest = include_str!("../../migration/Cargo.toml");
    assert!(manifest.contains("sea-orm-migration"), "the control: this is the manifest");
    assert!(!manifest.lines().any(|line| line.trim_start().starts_with("entity")));
}

fn sources(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.expect("a listed entry can be read").path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}
