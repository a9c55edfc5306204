//! Declared fields in the engine: description of the types, and resolution of the fields.

use std::{any, borrow::Cow};

use async_graphql::{
    ContainerType, Context, ContextSelectionSet, ID, ObjectType, OutputType, Positioned, ServerError, ServerResult,
    Value,
    indexmap::IndexMap,
    parser::types::Field,
    registry::{Deprecation, MetaField, MetaInputValue, MetaTypeId, ObjectBuilder, Registry},
    resolver_utils::resolve_container,
    to_value,
};
use futures_util::future::BoxFuture;
use serde::Serialize;

use crate::{
    error::{Error, Result},
    graphql::{
        context::ContextExt,
        view::{AllRelated, Argument, ArgumentValue, Fields, Header, Related, View, ViewContext},
    },
};

/// Implements an object type of the engine that has only declared fields.
macro_rules! object {
    ($view:ty, $description:literal) => {
        impl async_graphql::ContainerType for $view {
            async fn resolve_field(
                &self,
                ctx: &async_graphql::Context<'_>,
            ) -> async_graphql::ServerResult<Option<async_graphql::Value>> {
                $crate::graphql::view::engine::resolve(self, ctx).await
            }
        }

        impl async_graphql::OutputType for $view {
            fn type_name() -> std::borrow::Cow<'static, str> {
                std::borrow::Cow::Borrowed(<Self as $crate::graphql::view::View>::NAME)
            }

            fn create_type_info(registry: &mut async_graphql::registry::Registry) -> String {
                $crate::graphql::view::engine::describe::<Self, Self>(registry, $description)
            }

            async fn resolve(
                &self,
                ctx: &async_graphql::ContextSelectionSet<'_>,
                _: &async_graphql::Positioned<async_graphql::parser::types::Field>,
            ) -> async_graphql::ServerResult<async_graphql::Value> {
                async_graphql::resolver_utils::resolve_container(ctx, self).await
            }
        }

        impl async_graphql::ObjectType for $view {}
    };
}
pub(in crate::graphql) use object;

/// The declared fields of a view. A type with more fields includes them with `#[graphql(flatten)]`.
pub struct Declared<'v, V>(pub &'v V);

impl<V: View> ContainerType for Declared<'_, V> {
    async fn resolve_field(&self, ctx: &Context<'_>) -> ServerResult<Option<Value>> {
        resolve(self.0, ctx).await
    }
}

impl<V: View> OutputType for Declared<'_, V> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Declared", V::NAME).into()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        describe::<V, Self>(registry, "")
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, _: &Positioned<Field>) -> ServerResult<Value> {
        resolve_container(ctx, self).await
    }
}

impl<V: View> ObjectType for Declared<'_, V> {}

/// Registers the object type `T` with the declared fields of `V`.
pub fn describe<V: View, T: OutputType>(registry: &mut Registry, description: &str) -> String {
    registry.create_output_type::<T, _>(MetaTypeId::Object, |registry| {
        let mut described = Description { registry, fields: IndexMap::new() };
        V::fields(&mut described);
        let object = ObjectBuilder::new(T::type_name(), described.fields);
        object.rust_typename(any::type_name::<T>()).description(Some(description.to_owned())).build()
    })
}

/// Resolves a declared field; `None` if no field of this name is declared.
pub async fn resolve<V: View>(view: &V, ctx: &Context<'_>) -> ServerResult<Option<Value>> {
    let mut resolution = Resolution::<V> { of: view.of(), ctx, resolved: None };
    V::fields(&mut resolution);
    let Resolution { resolved, .. } = resolution;
    match resolved {
        None => Ok(None),
        Some(Resolved::Value(value)) => value.map(Some),
        Some(Resolved::Objects(value)) => value.await.map(Some),
    }
}

/// The descriptions of the fields of a type.
struct Description<'r> {
    registry: &'r mut Registry,
    fields: IndexMap<String, MetaField>,
}

impl Description<'_> {
    fn add<T: OutputType>(&mut self, (name, description): Header) -> &mut MetaField {
        let mut field = MetaField::new(name, T::create_type_info(self.registry));
        field.description = Some(description.to_owned());
        self.fields.entry(name.to_owned()).or_insert(field)
    }

    fn add_with<T: OutputType, A: ArgumentValue>(&mut self, header: Header, argument: Argument<A>) {
        let mut described = MetaInputValue::new(argument.name, A::create_type_info(self.registry));
        described.description = Some(argument.description.to_owned());
        described.default_value = argument.default.map(|default| default().to_value().to_string());
        self.add::<T>(header).args.insert(argument.name.to_owned(), described);
    }
}

impl<V: View> Fields<V> for Description<'_> {
    fn id<I: Serialize>(
        &mut self,
        header: Header,
        _: impl for<'a> Fn(V::Of<'a>, ViewContext<'a>) -> I + Send + Sync + 'static,
    ) {
        self.add::<ID>(header);
    }

    fn text(
        &mut self,
        header: Header,
        _: impl for<'a> Fn(V::Of<'a>, ViewContext<'a>) -> &'a str + Send + Sync + 'static,
    ) {
        self.add::<&str>(header);
    }

    fn optional_text(
        &mut self,
        header: Header,
        _: impl for<'a> Fn(V::Of<'a>, ViewContext<'a>) -> Option<&'a str> + Send + Sync + 'static,
    ) {
        self.add::<Option<&str>>(header);
    }

    fn value<T: OutputType + Serialize>(
        &mut self,
        header: Header,
        _: impl for<'a> Fn(V::Of<'a>, ViewContext<'a>) -> T + Send + Sync + 'static,
    ) {
        self.add::<T>(header);
    }

    fn one<W: View>(
        &mut self,
        header: Header,
        _: impl for<'a> Fn(V::Of<'a>, ViewContext<'a>) -> Result<W::Of<'a>> + Send + Sync + 'static,
    ) {
        self.add::<W>(header);
    }

    fn optional<W: View>(
        &mut self,
        header: Header,
        _: impl for<'a> Fn(V::Of<'a>, ViewContext<'a>) -> Option<W::Of<'a>> + Send + Sync + 'static,
    ) {
        self.add::<Option<W>>(header);
    }

    fn list<W: View>(
        &mut self,
        header: Header,
        _: impl for<'a> Fn(V::Of<'a>, ViewContext<'a>) -> Result<Vec<W::Of<'a>>> + Send + Sync + 'static,
    ) {
        self.add::<Vec<W>>(header);
    }

    fn one_by<W: View, A: ArgumentValue>(
        &mut self,
        header: Header,
        argument: Argument<A>,
        _: impl for<'a> Fn(V::Of<'a>, ViewContext<'a>, &A) -> Result<W::Of<'a>> + Send + Sync + 'static,
    ) {
        self.add_with::<W, A>(header, argument);
    }

    fn optional_by<W: View, A: ArgumentValue>(
        &mut self,
        header: Header,
        argument: Argument<A>,
        _: impl for<'a> Fn(V::Of<'a>, ViewContext<'a>, &A) -> Result<Option<W::Of<'a>>> + Send + Sync + 'static,
    ) {
        self.add_with::<Option<W>, A>(header, argument);
    }

    fn list_by<W: View, A: ArgumentValue>(
        &mut self,
        header: Header,
        argument: Argument<A>,
        _: impl for<'a> Fn(V::Of<'a>, ViewContext<'a>, &A) -> Result<Vec<W::Of<'a>>> + Send + Sync + 'static,
    ) {
        self.add_with::<Vec<W>, A>(header, argument);
    }

    fn related<W: View>(&mut self, header: Header, _: Related<V, W>) {
        self.add::<W>(header);
    }

    fn all_related<W: View>(&mut self, header: Header, _: AllRelated<V, W>) {
        self.add::<Vec<W>>(header);
    }

    fn deprecate(&mut self, name: &'static str, reason: &'static str) {
        let field = self.fields.get_mut(name).expect("a field is declared before it is deprecated");
        field.deprecation = Deprecation::Deprecated { reason: Some(reason.to_owned()) };
    }
}

/// Resolution of one field.
struct Resolution<'a, V: View> {
    of: V::Of<'a>,
    ctx: &'a Context<'a>,
    resolved: Option<Resolved<'a>>,
}

enum Resolved<'a> {
    Value(ServerResult<Value>),
    Objects(BoxFuture<'a, ServerResult<Value>>),
}

impl<'a, V: View> Resolution<'a, V> {
    fn is(&self, (name, _): Header) -> bool {
        self.ctx.item.node.name.node == name
    }

    fn context(&self) -> ViewContext<'a> {
        ViewContext { access: self.ctx.access(), language: self.ctx.language() }
    }

    fn leaf(&mut self, value: impl Serialize) {
        let value = to_value(value).map_err(|error| to_server_error(self.ctx, Error::internal(error)));
        self.resolved = Some(Resolved::Value(value));
    }

    fn objects<T: OutputType + 'a>(&mut self, objects: Result<T>) {
        let ctx = self.ctx;
        self.resolved = Some(match objects {
            Ok(objects) => Resolved::Objects(Box::pin(async move { resolve_selection(ctx, &objects).await })),
            Err(error) => Resolved::Value(Err(to_server_error(ctx, error))),
        });
    }

    fn loaded<T: OutputType + 'a>(&mut self, load: BoxFuture<'a, Result<T>>) {
        let ctx = self.ctx;
        self.resolved = Some(Resolved::Objects(Box::pin(async move {
            let objects = load.await.map_err(|error| to_server_error(ctx, error))?;
            resolve_selection(ctx, &objects).await
        })));
    }

    fn argument<A: ArgumentValue>(&mut self, argument: Argument<A>) -> Option<A> {
        match self.ctx.param_value(argument.name, argument.default) {
            Ok((_, value)) => Some(value),
            Err(error) => {
                self.resolved = Some(Resolved::Value(Err(error)));
                None
            }
        }
    }
}

async fn resolve_selection(ctx: &Context<'_>, objects: &impl OutputType) -> ServerResult<Value> {
    objects.resolve(&ctx.with_selection_set(&ctx.item.node.selection_set), ctx.item).await
}

fn to_server_error(ctx: &Context<'_>, error: Error) -> ServerError {
    ctx.set_error_path(async_graphql::Error::from(error).into_server_error(ctx.item.pos))
}

impl<V: View> Fields<V> for Resolution<'_, V> {
    fn id<I: Serialize>(
        &mut self,
        header: Header,
        read: impl for<'a> Fn(V::Of<'a>, ViewContext<'a>) -> I + Send + Sync + 'static,
    ) {
        if self.is(header) {
            self.leaf(read(self.of, self.context()));
        }
    }

    fn text(
        &mut self,
        header: Header,
        read: impl for<'a> Fn(V::Of<'a>, ViewContext<'a>) -> &'a str + Send + Sync + 'static,
    ) {
        if self.is(header) {
            self.leaf(read(self.of, self.context()));
        }
    }

    fn optional_text(
        &mut self,
        header: Header,
        read: impl for<'a> Fn(V::Of<'a>, ViewContext<'a>) -> Option<&'a str> + Send + Sync + 'static,
    ) {
        if self.is(header) {
            self.leaf(read(self.of, self.context()));
        }
    }

    fn value<T: OutputType + Serialize>(
        &mut self,
        header: Header,
        read: impl for<'a> Fn(V::Of<'a>, ViewContext<'a>) -> T + Send + Sync + 'static,
    ) {
        if self.is(header) {
            self.leaf(read(self.of, self.context()));
        }
    }

    fn one<W: View>(
        &mut self,
        header: Header,
        read: impl for<'a> Fn(V::Of<'a>, ViewContext<'a>) -> Result<W::Of<'a>> + Send + Sync + 'static,
    ) {
        if self.is(header) {
            self.objects(read(self.of, self.context()).map(W::view));
        }
    }

    fn optional<W: View>(
        &mut self,
        header: Header,
        read: impl for<'a> Fn(V::Of<'a>, ViewContext<'a>) -> Option<W::Of<'a>> + Send + Sync + 'static,
    ) {
        if self.is(header) {
            self.objects(Ok(read(self.of, self.context()).map(W::view)));
        }
    }

    fn list<W: View>(
        &mut self,
        header: Header,
        read: impl for<'a> Fn(V::Of<'a>, ViewContext<'a>) -> Result<Vec<W::Of<'a>>> + Send + Sync + 'static,
    ) {
        if self.is(header) {
            self.objects(read(self.of, self.context()).map(views::<W>));
        }
    }

    fn one_by<W: View, A: ArgumentValue>(
        &mut self,
        header: Header,
        argument: Argument<A>,
        read: impl for<'a> Fn(V::Of<'a>, ViewContext<'a>, &A) -> Result<W::Of<'a>> + Send + Sync + 'static,
    ) {
        if self.is(header)
            && let Some(argument) = self.argument(argument)
        {
            self.objects(read(self.of, self.context(), &argument).map(W::view));
        }
    }

    fn optional_by<W: View, A: ArgumentValue>(
        &mut self,
        header: Header,
        argument: Argument<A>,
        read: impl for<'a> Fn(V::Of<'a>, ViewContext<'a>, &A) -> Result<Option<W::Of<'a>>> + Send + Sync + 'static,
    ) {
        if self.is(header)
            && let Some(argument) = self.argument(argument)
        {
            self.objects(read(self.of, self.context(), &argument).map(|of| of.map(W::view)));
        }
    }

    fn list_by<W: View, A: ArgumentValue>(
        &mut self,
        header: Header,
        argument: Argument<A>,
        read: impl for<'a> Fn(V::Of<'a>, ViewContext<'a>, &A) -> Result<Vec<W::Of<'a>>> + Send + Sync + 'static,
    ) {
        if self.is(header)
            && let Some(argument) = self.argument(argument)
        {
            self.objects(read(self.of, self.context(), &argument).map(views::<W>));
        }
    }

    fn related<W: View>(&mut self, header: Header, related: Related<V, W>) {
        if self.is(header) {
            self.loaded((related.load)(self.of, self.ctx));
        }
    }

    fn all_related<W: View>(&mut self, header: Header, related: AllRelated<V, W>) {
        if self.is(header) {
            self.loaded((related.load)(self.of, self.ctx));
        }
    }
}

fn views<W: View>(of: Vec<W::Of<'_>>) -> Vec<W> {
    of.into_iter().map(W::view).collect()
}

#[cfg(test)]
mod tests {
    use async_graphql::{EmptyMutation, EmptySubscription, Schema};

    use crate::graphql::{guard::schema_index::SchemaIndex, view::Fields};

    use super::View;

    struct Post;

    impl View for Post {
        const NAME: &'static str = "Post";
        type Of<'a> = ();

        fn of(&self) {}

        fn view((): ()) -> Self {
            Self
        }

        fn fields(fields: &mut impl Fields<Self>) {
            fields.text(("title", "Title."), |(), _| "");
            fields.text(("name", "Name."), |(), _| "");
            fields.deprecate("name", "Use `title`. Deprecated since 2026-12-01, removed on 2027-12-01.");
        }
    }

    object!(Post, "A post.");

    #[test]
    fn a_declared_field_can_be_deprecated() {
        let sdl = Schema::new(Post, EmptyMutation, EmptySubscription).sdl();
        let schema_index = SchemaIndex::of(&sdl);
        let found: Vec<_> = schema_index.deprecations().map(|of| of.coordinate.as_str()).collect();
        assert_eq!(found, ["Post.name"], "{sdl}");
    }
}
