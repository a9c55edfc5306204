//! Mutations of rotations: the input is a type of the domain, the result is the rotation or the reasons of the refusal.

use async_graphql::{Context, Object};

use crate::{
    domain::{
        command::Command,
        rotation::commands::{
            Advance, Appraise, Cancel, Decide, End, Extend, Override, Place, Propose, Publish, Start,
        },
    },
    error::Result,
    graphql::{payload::Payload, refusal::UserError, rotation::Rotation},
};

/// Result of a mutation: the rotation in its current state, or the reasons of the refusal.
#[Object(name_type)]
impl<C: Command> Payload<C, Rotation> {
    /// The rotation in its current state; null if the mutation was refused.
    async fn rotation(&self) -> Option<&Rotation> {
        self.object()
    }

    /// Reasons of the refusal; empty if the mutation succeeded, now or in an earlier identical request.
    async fn user_errors(&self) -> &[UserError] {
        self.errors()
    }
}

/// Mutations of rotations.
#[derive(Default)]
pub struct RotationMutation;

#[Object]
impl RotationMutation {
    /// Proposes a rotation (đề xuất luân chuyển); its state becomes DRAFT.
    async fn rotation_propose(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The proposal.")] input: Propose,
    ) -> Result<Option<Payload<Propose, Rotation>>> {
        Payload::executed(ctx, &input, Rotation).await
    }

    /// Records the next step of the procedure (bước của quy trình), Decree 170/2025, Art. 46.
    async fn rotation_advance(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The step.")] input: Advance,
    ) -> Result<Option<Payload<Advance, Rotation>>> {
        Payload::executed(ctx, &input, Rotation).await
    }

    /// Decides a rotation (ban hành quyết định): step 5. Checks the rules of the start day.
    async fn rotation_decide(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The decision.")] input: Decide,
    ) -> Result<Option<Payload<Decide, Rotation>>> {
        Payload::executed(ctx, &input, Rotation).await
    }

    /// Publishes the decision (công bố quyết định): the rotation becomes visible to all callers with one of its units
    /// within reach.
    async fn rotation_publish(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The publication.")] input: Publish,
    ) -> Result<Option<Payload<Publish, Rotation>>> {
        Payload::executed(ctx, &input, Rotation).await
    }

    /// Starts a published rotation (bắt đầu): closes the previous post and opens the new one, on the start day.
    async fn rotation_start(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The start.")] input: Start,
    ) -> Result<Option<Payload<Start, Rotation>>> {
        Payload::executed(ctx, &input, Rotation).await
    }

    /// Extends a running rotation to a later planned end (gia hạn).
    async fn rotation_extend(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The extension.")] input: Extend,
    ) -> Result<Option<Payload<Extend, Rotation>>> {
        Payload::executed(ctx, &input, Rotation).await
    }

    /// Ends a running rotation (kết thúc), and places the person if the placement is known.
    async fn rotation_end(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The end.")] input: End,
    ) -> Result<Option<Payload<End, Rotation>>> {
        Payload::executed(ctx, &input, Rotation).await
    }

    /// Places a person whose rotation has ended (bố trí sau luân chuyển).
    async fn rotation_place(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The placement.")] input: Place,
    ) -> Result<Option<Payload<Place, Rotation>>> {
        Payload::executed(ctx, &input, Rotation).await
    }

    /// Cancels a rotation before its decision (hủy), or revokes a decision before the rotation starts (thu hồi).
    async fn rotation_cancel(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The rotation to cancel.")] input: Cancel,
    ) -> Result<Option<Payload<Cancel, Rotation>>> {
        Payload::executed(ctx, &input, Rotation).await
    }

    /// Records the yearly appraisal (nhận xét, đánh giá hằng năm).
    async fn rotation_appraise(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The appraisal.")] input: Appraise,
    ) -> Result<Option<Payload<Appraise, Rotation>>> {
        Payload::executed(ctx, &input, Rotation).await
    }

    /// Records an override of a rule for a rotation (trường hợp đặc biệt do cấp có thẩm quyền quyết định).
    async fn rotation_override(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The override.")] input: Override,
    ) -> Result<Option<Payload<Override, Rotation>>> {
        Payload::executed(ctx, &input, Rotation).await
    }
}
