//! Compiled selections: fragments are expanded, equal response keys merged, and each field is resolved to its writer.

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
};

use async_graphql::{
    InputType, Name, Positioned,
    parser::types::{Field, FragmentDefinition, Selection, SelectionSet},
};
use async_graphql_value::Value as Literal;

use crate::{
    error::Result,
    graphql::{
        fast_path::{
            argument::Argument,
            conditions::Conditions,
            json::{JsonWriter, RenderContext},
            lookup::RootField,
            paging::Count,
            prefetch::{Requirement, Requirements},
        },
        guard::{input, schema_index::SchemaIndex},
    },
};

/// The selected fields of a type, in the order of the response.
pub(super) struct CompiledSelection<T: Render>(Vec<Slot<T>>);

struct Slot<T: Render> {
    /// The response key as JSON, with its colon.
    key: Box<[u8]>,
    when: Conditions,
    write: Write<T>,
}

impl<T: Render> CompiledSelection<T> {
    /// Writes an object.
    pub fn one<'a>(&self, of: T::Of<'a>, with: RenderContext<'a>, out: &mut JsonWriter) -> Result<()> {
        let mut before = b'{';
        for slot in self.0.iter().filter(|slot| slot.when.are_met(with.variables)) {
            out.byte(before);
            out.raw(&slot.key);
            (slot.write)(of, with, out)?;
            before = b',';
        }
        out.raw(if before == b'{' { b"{}" } else { b"}" });
        Ok(())
    }

    /// Writes an object or null.
    pub fn option<'a>(&self, of: Option<T::Of<'a>>, with: RenderContext<'a>, out: &mut JsonWriter) -> Result<()> {
        match of {
            Some(of) => self.one(of, with, out),
            None => out.leaf(()),
        }
    }

    /// Writes a list of objects.
    pub fn list<'a>(
        &self,
        of: impl Iterator<Item = T::Of<'a>>,
        with: RenderContext<'a>,
        out: &mut JsonWriter,
    ) -> Result<()> {
        out.byte(b'[');
        for (at, of) in of.enumerate() {
            if at > 0 {
                out.byte(b',');
            }
            self.one(of, with, out)?;
        }
        out.byte(b']');
        Ok(())
    }
}

/// State of the compilation of an operation.
pub(super) struct Compiling<'d> {
    pub schema_index: &'d SchemaIndex,
    fragments: &'d HashMap<Name, Positioned<FragmentDefinition>>,
    /// Remaining number of fields that may be compiled.
    remaining_fields: Cell<u64>,
    /// The lookups of the operation, in the order of their indexes.
    pub lookups: RefCell<Vec<RootField>>,
    /// The count of the connection that is being compiled.
    pub count: RefCell<Option<Count>>,
    /// Current nesting level of quotas.
    level: Cell<usize>,
    requirements: RefCell<Requirements>,
}

/// A field of a type, selected under one response key.
pub(super) struct Selected<'d> {
    /// State of the compilation.
    pub compiling: &'d Compiling<'d>,
    /// The parent type.
    pub on: &'static str,
    /// Name of the field.
    pub name: &'d str,
    /// Conditions of the selection.
    pub when: Conditions,
    field: &'d Field,
    sets: Vec<&'d SelectionSet>,
}

impl<'d> Compiling<'d> {
    pub fn new(
        schema_index: &'d SchemaIndex,
        fragments: &'d HashMap<Name, Positioned<FragmentDefinition>>,
        largest: u64,
    ) -> Self {
        Self {
            schema_index,
            fragments,
            remaining_fields: Cell::new(largest),
            lookups: RefCell::default(),
            count: RefCell::default(),
            level: Cell::default(),
            requirements: RefCell::default(),
        }
    }

    /// The lookups of the operation, and the related rows that the operation needs.
    pub fn into_parts(self) -> (Vec<RootField>, Requirements) {
        (self.lookups.into_inner(), self.requirements.into_inner())
    }

    /// Registers a lookup and returns its index.
    pub fn add_lookup(&self, lookups: RootField) -> usize {
        let mut all = self.lookups.borrow_mut();
        all.push(lookups);
        all.len() - 1
    }

    /// Compiles a selection one level of quotas deeper.
    fn one_level_deeper<R>(&self, compile: impl FnOnce() -> R) -> R {
        let level = self.level.get() + 1;
        self.require(|requirements| requirements.children = requirements.children.max(level));
        self.level.set(level);
        let compiled = compile();
        self.level.set(level - 1);
        compiled
    }

    /// Records related rows that the selection needs.
    fn require(&self, require: impl FnOnce(&mut Requirements)) {
        require(&mut self.requirements.borrow_mut());
    }

    /// Compiles the merged selection sets of a type.
    pub fn set<T: Render>(&self, sets: &[&SelectionSet]) -> Option<CompiledSelection<T>> {
        let mut selected = Vec::new();
        for set in sets {
            self.expand(T::NAME, set, &Conditions::default(), &mut selected)?;
        }
        let slots = selected.into_iter().map(|field| {
            self.remaining_fields.set(self.remaining_fields.get().checked_sub(1)?);
            let mut key = serde_json::to_vec(field.field.response_key().node.as_str()).ok()?;
            key.push(b':');
            let write =
                if field.name == "__typename" { write::<T>(|_, _, out| out.leaf(T::NAME)) } else { T::field(&field) };
            Some(Slot { key: key.into(), when: field.when, write: write? })
        });
        slots.collect::<Option<_>>().map(CompiledSelection)
    }

    /// Expands a set with its fragments. The recursion is as deep as the fragments are nested,
    /// which the guard has limited.
    fn expand<'s>(
        &'s self,
        on: &'static str,
        set: &'s SelectionSet,
        when: &Conditions,
        into: &mut Vec<Selected<'s>>,
    ) -> Option<()> {
        for selection in &set.items {
            let when = when.and(selection.node.directives())?;
            let (condition, set) = match &selection.node {
                Selection::Field(field) => {
                    self.merge(on, &field.node, when, into)?;
                    continue;
                }
                Selection::FragmentSpread(spread) => {
                    let fragment = &self.fragments.get(&spread.node.fragment_name.node)?.node;
                    (Some(&fragment.type_condition), &fragment.selection_set.node)
                }
                Selection::InlineFragment(inline) => {
                    (inline.node.type_condition.as_ref(), &inline.node.selection_set.node)
                }
            };
            let applies = |condition: &Name| Some(self.schema_index.possible_types(condition)?.contains(on));
            if condition.is_none_or(|condition| applies(&condition.node.on.node) == Some(true)) {
                self.expand(on, set, &when, into)?;
            }
        }
        Some(())
    }

    /// Adds a field. Fields with the same response key are merged (GraphQL, section 5.3.2); if their position depends
    /// on a variable, the query is left to the engine.
    fn merge<'s>(
        &'s self,
        on: &'static str,
        field: &'s Field,
        when: Conditions,
        into: &mut Vec<Selected<'s>>,
    ) -> Option<()> {
        let (key, set) = (&field.response_key().node, &field.selection_set.node);
        let Some(before) = into.iter_mut().find(|before| before.field.response_key().node == *key) else {
            let name = field.name.node.as_str();
            into.push(Selected { compiling: self, on, name, when, field, sets: vec![set] });
            return Some(());
        };
        let is_same = before.name == field.name.node.as_str()
            && before.when == Conditions::default()
            && when == Conditions::default()
            && arguments(before.field).eq(arguments(field));
        is_same.then(|| before.sets.push(set))
    }
}

impl Selected<'_> {
    /// An argument of the field, with the default of the schema; `None` if the engine would reject its literal.
    pub fn argument<T: InputType>(&self, name: &str) -> Option<Argument<T>> {
        let schema_index = self.compiling.schema_index;
        let declared = schema_index.field(self.on, self.name)?.argument(name)?;
        let default = declared.default.clone();
        let Some(literal) = self.literal(name) else { return T::parse(default).ok().map(Argument::Known) };
        if !input::fits(schema_index, &declared.of, literal) {
            return None;
        }
        match literal.clone().into_const() {
            Some(value) => T::parse(Some(value)).ok().map(Argument::Known),
            None => Some(Argument::Open(literal.clone(), default)),
        }
    }

    /// An argument that the field need not have; `Some(None)` if the schema declares none with this
    /// name.
    pub fn argument_if_declared<T: InputType>(&self, name: &str) -> Option<Option<Argument<T>>> {
        match self.compiling.schema_index.field(self.on, self.name)?.argument(name) {
            Some(_) => self.argument(name).map(Some),
            None => Some(None),
        }
    }
}

impl<'d> Selected<'d> {
    /// The compiled selection of the field's type.
    pub fn set<T: Render>(&self) -> Option<CompiledSelection<T>> {
        self.compiling.set(&self.sets)
    }

    /// The literal of the argument.
    pub fn literal(&self, name: &str) -> Option<&'d Literal> {
        self.field.get_argument(name).map(|value| &value.node)
    }

    /// The compiled selection of related rows, which are recorded as required.
    pub fn related<T: Render>(&self, requirement: Requirement) -> Option<CompiledSelection<T>> {
        match requirement {
            Requirement::Rotations => self.compiling.require(|requirements| requirements.rotations = true),
            Requirement::Plans => self.compiling.require(|requirements| requirements.plans = true),
            Requirement::Children => return self.compiling.one_level_deeper(|| self.set()),
        }
        self.set()
    }
}

fn arguments(field: &Field) -> impl Iterator<Item = (&Name, &Literal)> {
    field.arguments.iter().map(|(name, value)| (&name.node, &value.node))
}

/// A schema type that is written directly from a domain value.
pub(super) trait Render: Sized + 'static {
    /// Name of the type in the schema.
    const NAME: &'static str;
    /// The domain value from which an object of the type is written.
    type Of<'a>: Copy;
    /// The writer of a field; `None` if the field is left to the engine.
    fn field(field: &Selected<'_>) -> Option<Write<Self>>;
}

/// Writer of the value of one field.
pub(super) type Write<T> =
    Box<dyn for<'a> Fn(<T as Render>::Of<'a>, RenderContext<'a>, &mut JsonWriter) -> Result<()> + Send + Sync>;

/// Boxes a field writer.
pub(super) fn write<T: Render>(
    how: impl for<'a> Fn(T::Of<'a>, RenderContext<'a>, &mut JsonWriter) -> Result<()> + Send + Sync + 'static,
) -> Option<Write<T>> {
    Some(Box::new(how))
}
