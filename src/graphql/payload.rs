//! What came of an act, in the shape that all payloads share: the object as it stands now, or why the act was refused.

use std::{borrow::Cow, marker::PhantomData};

use async_graphql::{Context, TypeName};

use crate::{
    domain::refusal::Outcome,
    graphql::{ContextExt, refusal::UserError},
};

/// What came of an act, `A`: its object, `T`, or the errors.
pub struct Payload<A, T> {
    object: Option<T>,
    user_errors: Vec<UserError>,
    of: PhantomData<fn() -> A>,
}

/// An input whose payload has a name.
pub trait Answered {
    /// Name of the payload.
    const PAYLOAD: &'static str;
}

impl<A: Answered, T: Send + Sync> TypeName for Payload<A, T> {
    fn type_name() -> Cow<'static, str> {
        A::PAYLOAD.into()
    }
}

impl<A, T> Payload<A, T> {
    /// The payload of an outcome. What the request had read is forgotten: the act may have changed it.
    pub(in crate::graphql) fn of<D>(ctx: &Context<'_>, outcome: Outcome<D>, view: impl FnOnce(D) -> T) -> Self {
        ctx.loaders().forget();
        let (object, user_errors) = match outcome {
            Outcome::Done(done) => (Some(view(done)), Vec::new()),
            Outcome::Refused(refusal) => (None, UserError::of(refusal, ctx.language())),
        };
        Self { object, user_errors, of: PhantomData }
    }

    /// The object; none if the act was refused.
    pub(in crate::graphql) fn object(&self) -> Option<&T> {
        self.object.as_ref()
    }

    /// Why the act was refused; empty if it was done.
    pub(in crate::graphql) fn errors(&self) -> &[UserError] {
        &self.user_errors
    }
}
