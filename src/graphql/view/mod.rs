//! Fields that the engine and the fast path share. Each is declared once, in `View::fields` of its type.
//!
//! A declaration has a name, a description, and a function that reads the field from the value behind the view. The
//! engine uses the declarations to describe the type and to resolve a field (`engine`); the fast path uses them to compile
//! a selection (`fast_path::fields`). A type may have more fields, which only the engine resolves.

pub mod engine;

use async_graphql::{Context, InputType, OutputType};
use futures_util::future::BoxFuture;
use serde::Serialize;

use crate::{
    authz::Access,
    error::Result,
    graphql::fast_path::prefetch::{Prefetched, Requirement},
    language::Language,
    reference::ReferenceData,
};

/// A type of the schema with declared fields.
pub trait View: OutputType + Sized + 'static {
    /// Name of the type in the schema.
    const NAME: &'static str;
    /// The value behind a view; the fast path reads it without a copy.
    type Of<'a>: Copy + Send + Sync;
    /// The value behind this view.
    fn of(&self) -> Self::Of<'_>;
    /// A view of a copy of the value, for the engine.
    fn view(of: Self::Of<'_>) -> Self;
    /// Declares the fields.
    fn fields(fields: &mut impl Fields<Self>);
}

/// Name and description of a field.
pub type Header = (&'static str, &'static str);

/// Receives the declared fields of a type.
pub trait Fields<V: View> {
    /// An opaque id.
    fn id<I: Serialize>(
        &mut self,
        header: Header,
        read: impl for<'a> Fn(V::Of<'a>, ViewContext<'a>) -> I + Send + Sync + 'static,
    );

    /// A text.
    fn text(
        &mut self,
        header: Header,
        read: impl for<'a> Fn(V::Of<'a>, ViewContext<'a>) -> &'a str + Send + Sync + 'static,
    );

    /// A text or null.
    fn optional_text(
        &mut self,
        header: Header,
        read: impl for<'a> Fn(V::Of<'a>, ViewContext<'a>) -> Option<&'a str> + Send + Sync + 'static,
    );

    /// A scalar or enum that is not borrowed, or null.
    fn value<T: OutputType + Serialize>(
        &mut self,
        header: Header,
        read: impl for<'a> Fn(V::Of<'a>, ViewContext<'a>) -> T + Send + Sync + 'static,
    );

    /// An object.
    fn one<W: View>(
        &mut self,
        header: Header,
        read: impl for<'a> Fn(V::Of<'a>, ViewContext<'a>) -> Result<W::Of<'a>> + Send + Sync + 'static,
    );

    /// An object or null.
    fn optional<W: View>(
        &mut self,
        header: Header,
        read: impl for<'a> Fn(V::Of<'a>, ViewContext<'a>) -> Option<W::Of<'a>> + Send + Sync + 'static,
    );

    /// A list of objects.
    fn list<W: View>(
        &mut self,
        header: Header,
        read: impl for<'a> Fn(V::Of<'a>, ViewContext<'a>) -> Result<Vec<W::Of<'a>>> + Send + Sync + 'static,
    );

    /// An object that depends on an argument.
    fn one_by<W: View, A: ArgumentValue>(
        &mut self,
        header: Header,
        argument: Argument<A>,
        read: impl for<'a> Fn(V::Of<'a>, ViewContext<'a>, &A) -> Result<W::Of<'a>> + Send + Sync + 'static,
    );

    /// An object or null that depends on an argument.
    fn optional_by<W: View, A: ArgumentValue>(
        &mut self,
        header: Header,
        argument: Argument<A>,
        read: impl for<'a> Fn(V::Of<'a>, ViewContext<'a>, &A) -> Result<Option<W::Of<'a>>> + Send + Sync + 'static,
    );

    /// A list of objects that depends on an argument.
    fn list_by<W: View, A: ArgumentValue>(
        &mut self,
        header: Header,
        argument: Argument<A>,
        read: impl for<'a> Fn(V::Of<'a>, ViewContext<'a>, &A) -> Result<Vec<W::Of<'a>>> + Send + Sync + 'static,
    );

    /// An object from a related row.
    fn related<W: View>(&mut self, header: Header, related: Related<V, W>);

    /// A list of objects from related rows.
    fn all_related<W: View>(&mut self, header: Header, related: AllRelated<V, W>);

    /// Deprecates a field that was declared before. `guard::deprecation` defines the form of the reason.
    fn deprecate(&mut self, _name: &'static str, _reason: &'static str) {}
}

/// Type of the value of an argument.
pub trait ArgumentValue: InputType + Clone + Send + Sync + 'static {}

impl<T: InputType + Clone + Send + Sync + 'static> ArgumentValue for T {}

/// An argument of a declared field.
#[derive(Debug)]
pub struct Argument<A> {
    name: &'static str,
    description: &'static str,
    default: Option<fn() -> A>,
}

impl<A> Argument<A> {
    /// An argument without a default.
    pub const fn new(name: &'static str, description: &'static str) -> Self {
        Self { name, description, default: None }
    }

    /// Sets the default.
    pub const fn or(self, default: fn() -> A) -> Self {
        Self { default: Some(default), ..self }
    }

    /// Name of the argument.
    pub fn name(&self) -> &'static str {
        self.name
    }
}

// A derived `Clone` would require `A: Clone`, which a function that returns `A` does not need.
impl<A> Clone for Argument<A> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<A> Copy for Argument<A> {}

/// A related row: the engine loads it for each field, in batches; the fast path reads it before it writes anything.
pub struct Related<V: View, W: View> {
    /// Rows that the fast path reads.
    pub requires: Requirement,
    /// Loads the row for the engine.
    pub load: Load<V, W>,
    /// Finds the row for the fast path.
    pub find: Find<V, W>,
}

/// Loads related rows for the engine.
pub type Load<V, T> = for<'a> fn(<V as View>::Of<'a>, &'a Context<'a>) -> BoxFuture<'a, Result<T>>;

/// Finds a related row on the fast path.
pub type Find<V, W> = for<'a> fn(<V as View>::Of<'a>, &'a Prefetched) -> Result<<W as View>::Of<'a>>;

/// Related rows, as in `Related`.
pub struct AllRelated<V: View, W: View> {
    /// Rows that the fast path reads.
    pub requires: Requirement,
    /// Loads the rows for the engine.
    pub load: Load<V, Vec<W>>,
    /// Finds the rows for the fast path.
    pub find: for<'a> fn(V::Of<'a>, ViewContext<'a>, &'a Prefetched) -> Result<Rows<'a, W>>,
}

/// Rows for the fast path.
pub enum Rows<'a, W: View> {
    /// Prefetched rows.
    Borrowed(Vec<W::Of<'a>>),
    /// Views that were made of prefetched rows.
    Owned(Vec<W>),
}

/// Context of a declared field.
#[derive(Clone, Copy, Debug)]
pub struct ViewContext<'a> {
    /// Access of the caller.
    pub access: &'a Access,
    /// Language of labels.
    pub language: Language,
}

impl<'a> ViewContext<'a> {
    /// Units and reference lists.
    pub fn reference_data(self) -> &'a ReferenceData {
        self.access.reference_data()
    }

    /// The label in the language of the request.
    pub fn label(self, vi: &'a str, en: &'a str) -> &'a str {
        match self.language {
            Language::Vietnamese => vi,
            Language::English => en,
        }
    }
}
