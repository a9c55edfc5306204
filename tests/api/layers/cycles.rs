//! No two files import each other, directly or through others.
//!
//! A file depends on the files that define the items which it names. `mod x;` and `pub use` are no dependency: a
//! `mod.rs` may list and re-export the files of its folder.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use syn::visit::{self, Visit};
use syn::{Attribute, File, Item, UseTree, Visibility};

use super::{module, sources};

/// Folders whose files may import each other. The graph of the API is cyclic: a person has a unit, a unit has people.
const VIEWS: &str = "graphql";
/// Folders in `VIEWS` that may not import each other.
const NO_VIEWS: [&str; 2] = ["graphql::fast_path", "graphql::guard"];

/// The modules of a crate: their imports and re-exports, as paths from the root of the crate.
#[derive(Default)]
struct Modules(BTreeMap<String, Module>);

#[derive(Default)]
struct Module {
    /// Paths of named items.
    named: Vec<Vec<String>>,
    /// Re-exported items by name.
    exports: BTreeMap<String, Vec<String>>,
}

impl Modules {
    /// Parses the sources, given as module path and text.
    fn parse<'a>(sources: impl IntoIterator<Item = (Vec<&'a str>, &'a str)>) -> Self {
        let parsed = sources.into_iter().map(|(path, text)| (path, syn::parse_file(text).expect("a source parses")));
        let parsed: Vec<(Vec<String>, File)> =
            parsed.map(|(path, file)| (path.into_iter().map(str::to_owned).collect(), file)).collect();
        let mut modules = Self(parsed.iter().map(|(path, _)| (path.join("::"), Module::default())).collect());
        for (path, file) in parsed {
            let mut names = NamesOf { path: &path, modules: &modules, of: Module::default() };
            names.visit_file(&file);
            let of = names.of;
            modules.0.insert(path.join("::"), of);
        }
        modules
    }

    /// The module that defines an item: the longest known prefix of its path, followed through re-exports.
    fn definer(&self, path: &[String]) -> Option<String> {
        (1..=path.len()).rev().find_map(|length| {
            let name = path[..length].join("::");
            let module = self.0.get(&name)?;
            match path.get(length).and_then(|item| module.exports.get(item)) {
                Some(target) if target != path => {
                    self.definer(&target.iter().chain(&path[length + 1..]).cloned().collect::<Vec<_>>())
                }
                _ => Some(name),
            }
        })
    }

    /// For each module, the modules that define what it names.
    fn dependencies(&self) -> BTreeMap<&str, BTreeSet<String>> {
        let of = |(name, module): (&String, &Module)| -> BTreeSet<String> {
            module.named.iter().filter_map(|path| self.definer(path)).filter(|definer| definer != name).collect()
        };
        self.0.iter().map(|entry| (entry.0.as_str(), of(entry))).collect()
    }

    /// Pairs of modules that depend on each other, directly or through others.
    fn cycles(&self) -> Vec<(String, String)> {
        let direct = self.dependencies();
        let reached = |from: &str| {
            let (mut found, mut open) = (BTreeSet::new(), vec![from.to_owned()]);
            while let Some(next) = open.pop() {
                let below = direct.get(next.as_str()).into_iter().flatten();
                open.extend(below.filter(|module| found.insert((*module).clone())).cloned());
            }
            found
        };
        let all: BTreeMap<&str, BTreeSet<String>> = direct.keys().map(|module| (*module, reached(module))).collect();
        let pairs = direct.iter().flat_map(|(module, to)| to.iter().map(move |to| ((*module).to_owned(), to.clone())));
        pairs.filter(|(module, to)| all[to.as_str()].contains(module) && !(is_view(module) && is_view(to))).collect()
    }
}

fn is_view(module: &str) -> bool {
    let within = |folder: &str| module == folder || module.starts_with(&format!("{folder}::"));
    within(VIEWS) && !NO_VIEWS.iter().any(|folder| within(folder))
}

/// Collects the paths that a file names.
struct NamesOf<'a> {
    path: &'a [String],
    modules: &'a Modules,
    of: Module,
}

impl NamesOf<'_> {
    /// Path from the root of the crate; `None` for an item of another crate or of the file.
    fn absolute(&self, path: &[String]) -> Option<Vec<String>> {
        let supers = path.iter().take_while(|part| *part == "super").count();
        let parent = &self.path[..self.path.len().saturating_sub(supers)];
        let child = || self.path.iter().cloned().chain(path.first().cloned()).collect::<Vec<_>>().join("::");
        match path.first()?.as_str() {
            "crate" => Some(path[1..].to_vec()),
            "self" => Some(self.path.iter().chain(&path[1..]).cloned().collect()),
            "super" => Some(parent.iter().chain(&path[supers..]).cloned().collect()),
            _ if self.modules.0.contains_key(&child()) => Some(self.path.iter().chain(path).cloned().collect()),
            _ => None,
        }
    }

    fn add_use(&mut self, prefix: &[String], tree: &UseTree, is_export: bool) {
        let with = |part: String| prefix.iter().cloned().chain([part]).collect::<Vec<_>>();
        let (path, name) = match tree {
            UseTree::Path(path) => return self.add_use(&with(path.ident.to_string()), &path.tree, is_export),
            UseTree::Group(group) => {
                return group.items.iter().for_each(|tree| self.add_use(prefix, tree, is_export));
            }
            UseTree::Name(name) if name.ident == "self" => (prefix.to_vec(), prefix.last().cloned()),
            UseTree::Name(name) => (with(name.ident.to_string()), Some(name.ident.to_string())),
            UseTree::Rename(name) => (with(name.ident.to_string()), Some(name.rename.to_string())),
            UseTree::Glob(_) => (prefix.to_vec(), None),
        };
        match (self.absolute(&path), name, is_export) {
            (Some(path), Some(name), true) => drop(self.of.exports.insert(name, path)),
            (Some(path), ..) => self.of.named.push(path),
            (None, ..) => {}
        }
    }
}

impl<'ast> Visit<'ast> for NamesOf<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        let attributes = match item {
            Item::Mod(item) => &item.attrs,
            Item::Use(item) => {
                return self.add_use(&[], &item.tree, !matches!(item.vis, Visibility::Inherited));
            }
            Item::Fn(item) => &item.attrs,
            Item::Impl(item) => &item.attrs,
            _ => return visit::visit_item(self, item),
        };
        if !attributes.iter().any(is_of_tests) {
            visit::visit_item(self, item);
        }
    }

    /// A visibility such as `pub(in crate::a)` is no dependency.
    fn visit_visibility(&mut self, _: &'ast Visibility) {}

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let parts: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        if parts.len() > 1 {
            self.of.named.extend(self.absolute(&parts));
        }
        visit::visit_path(self, path);
    }
}

/// Whether an attribute is `#[cfg(test)]`.
fn is_of_tests(attribute: &Attribute) -> bool {
    attribute.path().is_ident("cfg")
        && attribute.parse_args::<syn::Path>().is_ok_and(|condition| condition.is_ident("test"))
}

fn cycles(sources: &[(&str, &str)]) -> Vec<(String, String)> {
    Modules::parse(sources.iter().map(|(file, text)| (module(file), *text))).cycles()
}

#[test]
fn a_cycle_is_found() {
    let pair = |one: &str, other: &str| (one.to_owned(), other.to_owned());
    let found = [pair("a", "b"), pair("b", "a")];
    for (a, b) in [
        ("use crate::b::B;", "use crate::a::A;"),
        ("use super::b;", "fn f() -> crate::a::A { super::a::A }"),
        ("use crate::{b::{self, B}};", "use crate::{a as c};"),
        ("impl crate::b::B {}", "#[cfg(test)] mod tests {} use crate::a::*;"),
    ] {
        assert_eq!(cycles(&[("a.rs", a), ("b.rs", b)]), found, "{a} {b}");
    }
    let through = [("a.rs", "use crate::b::B;"), ("b.rs", "use crate::c::C;"), ("c.rs", "use crate::a::A;")];
    assert_eq!(cycles(&through).len(), 3);
    let exported = [
        ("a/mod.rs", "mod one; mod two; pub use one::One; pub use two::Two;"),
        ("a/one.rs", "use super::Two;"),
        ("a/two.rs", "use crate::a::One;"),
    ];
    assert_eq!(cycles(&exported), [pair("a::one", "a::two"), pair("a::two", "a::one")]);
    let guarded = [("graphql/guard/a.rs", "use super::b::B;"), ("graphql/guard/b.rs", "use super::a::A;")];
    assert_eq!(cycles(&guarded).len(), 2);
}

#[test]
fn imports_in_one_direction_pass() {
    for sources in [
        [("a.rs", "use crate::b::B;"), ("b.rs", "use std::fmt; use b::C;")],
        [("a/mod.rs", "pub mod b; pub use b::B; pub struct A;"), ("a/b.rs", "use super::A;")],
        [("a.rs", "use crate::b::B;"), ("b.rs", "#[cfg(test)] mod tests { use crate::a::A; }")],
        [("graphql/a.rs", "use super::b::B;"), ("graphql/b.rs", "use super::a::A;")],
    ] {
        assert_eq!(cycles(&sources), []);
    }
}

#[test]
fn no_two_files_import_each_other() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let product = sources(&root).into_iter().filter_map(|path| {
        let file = path.strip_prefix(&root).expect("a source").to_str().expect("a path").replace('\\', "/");
        let is_test = file.split('/').any(|part| part == "tests" || part == "tests.rs");
        (!is_test).then(|| (file, fs::read_to_string(&path).expect("a source")))
    });
    let product: Vec<(String, String)> = product.collect();
    let library = product.iter().filter(|(file, _)| file != "main.rs");
    let texts: Vec<(&str, &str)> = library.map(|(file, text)| (file.as_str(), text.as_str())).collect();
    assert!(texts.len() > 200, "the control: the sources were read");
    let found = cycles(&texts);
    assert!(found.is_empty(), "{}", found.iter().map(|(one, other)| format!("\n{one} -> {other}")).collect::<String>());
}
