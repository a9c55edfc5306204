//! Result of a mutation, in the common form of all payloads: the object in its current state, or the reasons of the
//! refusal.

use std::{borrow::Cow, marker::PhantomData};

use async_graphql::{Context, TypeName};

use crate::{
    domain::{
        command::{Command, Subject, execute},
        refusal::Outcome,
    },
    error::Result,
    graphql::{ContextExt, refusal::UserError},
};

/// Result of the command `C`: its object `T`, or the errors.
pub struct Payload<C, T> {
    object: Option<T>,
    user_errors: Vec<UserError>,
    of: PhantomData<fn() -> C>,
}

impl<C: Command, T: Send + Sync> TypeName for Payload<C, T> {
    fn type_name() -> Cow<'static, str> {
        C::PAYLOAD.into()
    }
}

impl<C: Command, T> Payload<C, T> {
    /// Executes a command and converts its outcome. Clears the batches of the request, because the command may have
    /// changed their data.
    pub(in crate::graphql) async fn executed(
        ctx: &Context<'_>,
        command: &C,
        view: impl FnOnce(<C::Subject as Subject>::View) -> T + Send,
    ) -> Result<Option<Self>> {
        // On the heap: the futures of all commands are parts of the future of the merged mutations, which each level moves
        // on the stack.
        let outcome = Box::pin(execute(ctx.access(), command)).await?;
        ctx.loaders().forget();
        let (object, user_errors) = match outcome {
            Outcome::Done(done) => (Some(view(done)), Vec::new()),
            Outcome::Refused(refusal) => (None, UserError::of(refusal, ctx.language())),
        };
        Ok(Some(Self { object, user_errors, of: PhantomData }))
    }

    /// The object; `None` if the mutation was refused.
    pub(in crate::graphql) fn object(&self) -> Option<&T> {
        self.object.as_ref()
    }

    /// Reasons of the refusal; empty if the mutation succeeded.
    pub(in crate::graphql) fn errors(&self) -> &[UserError] {
        &self.user_errors
    }
}
