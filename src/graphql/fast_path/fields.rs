//! Declared fields on the fast path.

use serde::Serialize;

use crate::{
    error::Result,
    graphql::{
        fast_path::selection::{Render, Selected, Write, write},
        view::{AllRelated, Argument, ArgumentValue, Fields, Header, Related, Rows, View, ViewContext},
    },
};

impl<V: View> Render for V {
    const NAME: &'static str = <V as View>::NAME;
    type Of<'a> = <V as View>::Of<'a>;

    fn field(field: &Selected<'_>) -> Option<Write<Self>> {
        let mut compilation = Compilation { field, write: None };
        V::fields(&mut compilation);
        compilation.write
    }
}

/// Compilation of one selected field.
struct Compilation<'s, 'd, V: View> {
    field: &'s Selected<'d>,
    write: Option<Write<V>>,
}

impl<V: View> Compilation<'_, '_, V> {
    fn is(&self, (name, _): Header) -> bool {
        self.field.name == name
    }
}

impl<V: View> Fields<V> for Compilation<'_, '_, V> {
    fn id<I: Serialize>(
        &mut self,
        header: Header,
        read: impl for<'a> Fn(V::Of<'a>, ViewContext<'a>) -> I + Send + Sync + 'static,
    ) {
        if self.is(header) {
            self.write = write::<V>(move |of, with, out| out.leaf(read(of, with.view)));
        }
    }

    fn text(
        &mut self,
        header: Header,
        read: impl for<'a> Fn(V::Of<'a>, ViewContext<'a>) -> &'a str + Send + Sync + 'static,
    ) {
        if self.is(header) {
            self.write = write::<V>(move |of, with, out| out.leaf(read(of, with.view)));
        }
    }

    fn optional_text(
        &mut self,
        header: Header,
        read: impl for<'a> Fn(V::Of<'a>, ViewContext<'a>) -> Option<&'a str> + Send + Sync + 'static,
    ) {
        if self.is(header) {
            self.write = write::<V>(move |of, with, out| out.leaf(read(of, with.view)));
        }
    }

    fn value<T: async_graphql::OutputType + Serialize>(
        &mut self,
        header: Header,
        read: impl for<'a> Fn(V::Of<'a>, ViewContext<'a>) -> T + Send + Sync + 'static,
    ) {
        if self.is(header) {
            self.write = write::<V>(move |of, with, out| out.leaf(read(of, with.view)));
        }
    }

    fn one<W: View>(
        &mut self,
        header: Header,
        read: impl for<'a> Fn(V::Of<'a>, ViewContext<'a>) -> Result<W::Of<'a>> + Send + Sync + 'static,
    ) {
        if self.is(header) {
            self.write = self
                .field
                .set::<W>()
                .and_then(|set| write::<V>(move |of, with, out| set.one(read(of, with.view)?, with, out)));
        }
    }

    fn optional<W: View>(
        &mut self,
        header: Header,
        read: impl for<'a> Fn(V::Of<'a>, ViewContext<'a>) -> Option<W::Of<'a>> + Send + Sync + 'static,
    ) {
        if self.is(header) {
            self.write = self
                .field
                .set::<W>()
                .and_then(|set| write::<V>(move |of, with, out| set.option(read(of, with.view), with, out)));
        }
    }

    fn list<W: View>(
        &mut self,
        header: Header,
        read: impl for<'a> Fn(V::Of<'a>, ViewContext<'a>) -> Result<Vec<W::Of<'a>>> + Send + Sync + 'static,
    ) {
        if self.is(header) {
            self.write = self
                .field
                .set::<W>()
                .and_then(|set| write::<V>(move |of, with, out| set.list(read(of, with.view)?.into_iter(), with, out)));
        }
    }

    fn one_by<W: View, A: ArgumentValue>(
        &mut self,
        header: Header,
        argument: Argument<A>,
        read: impl for<'a> Fn(V::Of<'a>, ViewContext<'a>, &A) -> Result<W::Of<'a>> + Send + Sync + 'static,
    ) {
        if self.is(header) {
            let parts = self.field.set::<W>().zip(self.field.argument::<A>(argument.name()));
            self.write = parts.and_then(|(set, argument)| {
                write::<V>(move |of, with, out| {
                    set.one(read(of, with.view, &*argument.value(with.variables)?)?, with, out)
                })
            });
        }
    }

    fn optional_by<W: View, A: ArgumentValue>(
        &mut self,
        header: Header,
        argument: Argument<A>,
        read: impl for<'a> Fn(V::Of<'a>, ViewContext<'a>, &A) -> Result<Option<W::Of<'a>>> + Send + Sync + 'static,
    ) {
        if self.is(header) {
            let parts = self.field.set::<W>().zip(self.field.argument::<A>(argument.name()));
            self.write = parts.and_then(|(set, argument)| {
                write::<V>(move |of, with, out| {
                    set.option(read(of, with.view, &*argument.value(with.variables)?)?, with, out)
                })
            });
        }
    }

    fn list_by<W: View, A: ArgumentValue>(
        &mut self,
        header: Header,
        argument: Argument<A>,
        read: impl for<'a> Fn(V::Of<'a>, ViewContext<'a>, &A) -> Result<Vec<W::Of<'a>>> + Send + Sync + 'static,
    ) {
        if self.is(header) {
            let parts = self.field.set::<W>().zip(self.field.argument::<A>(argument.name()));
            self.write = parts.and_then(|(set, argument)| {
                write::<V>(move |of, with, out| {
                    let rows = read(of, with.view, &*argument.value(with.variables)?)?;
                    set.list(rows.into_iter(), with, out)
                })
            });
        }
    }

    fn related<W: View>(&mut self, header: Header, related: Related<V, W>) {
        if self.is(header) {
            let find = related.find;
            self.write = self
                .field
                .related::<W>(related.requires)
                .and_then(|set| write::<V>(move |of, with, out| set.one(find(of, with.prefetched)?, with, out)));
        }
    }

    fn all_related<W: View>(&mut self, header: Header, related: AllRelated<V, W>) {
        if self.is(header) {
            let find = related.find;
            self.write = self.field.related::<W>(related.requires).and_then(|set| {
                write::<V>(move |of, with, out| match find(of, with.view, with.prefetched)? {
                    Rows::Borrowed(rows) => set.list(rows.into_iter(), with, out),
                    Rows::Owned(views) => set.list(views.iter().map(View::of), with, out),
                })
            });
        }
    }
}
