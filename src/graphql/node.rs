//! Look-up by id (Relay Global Object Identification).

use async_graphql::{Context, ID, Interface, Object};

use crate::{
    domain::node::{self, Found},
    error::Result,
    graphql::{
        ContextExt,
        access_log::AccessEntry,
        appraisal::Appraisal,
        cadre::Cadre,
        client::Client,
        qualification::Qualification,
        rotation::Rotation,
        training::{class::TrainingClass, enrolment::Enrolment, plan::TrainingPlan, quota::Quota},
        unit::Unit,
    },
};

/// An object with an id.
#[derive(Interface)]
#[graphql(field(name = "id", ty = "ID", desc = "Opaque id; never changes."))]
pub enum Node {
    /// A unit.
    Unit(Unit),
    /// A cadre.
    Cadre(Cadre),
    /// A qualification.
    Qualification(Qualification),
    /// A rotation.
    Rotation(Rotation),
    /// A training plan.
    TrainingPlan(TrainingPlan),
    /// A quota.
    Quota(Quota),
    /// A class.
    TrainingClass(TrainingClass),
    /// An enrolment.
    Enrolment(Enrolment),
    /// An appraisal.
    Appraisal(Appraisal),
    /// A client.
    Client(Client),
    /// An entry of the access log.
    AccessEntry(AccessEntry),
}

impl From<Found> for Node {
    fn from(found: Found) -> Self {
        match found {
            Found::Unit(unit) => Self::Unit(Unit(unit)),
            Found::Cadre(cadre) => Self::Cadre(Cadre(cadre)),
            Found::Qualification(row, day) => Self::Qualification(Qualification { row, day }),
            Found::Rotation(rotation) => Self::Rotation(Rotation(rotation)),
            Found::TrainingPlan(plan) => Self::TrainingPlan(TrainingPlan(plan)),
            Found::Quota(quota) => Self::Quota(Quota(quota)),
            Found::TrainingClass(class) => Self::TrainingClass(TrainingClass(class)),
            Found::Enrolment(enrolment) => Self::Enrolment(Enrolment(enrolment)),
            Found::Appraisal(appraisal) => Self::Appraisal(Appraisal(appraisal)),
            Found::Client(client) => Self::Client(Client(client)),
            Found::AccessEntry(reading) => Self::AccessEntry(AccessEntry(reading)),
        }
    }
}

/// Root fields that look up objects by id.
#[derive(Default)]
pub struct NodeQuery;

#[Object]
impl NodeQuery {
    /// An object by its id, as of today; null if there is none or it is out of reach.
    async fn node(&self, ctx: &Context<'_>, #[graphql(desc = "Its id.")] id: ID) -> Result<Option<Node>> {
        Ok(node::look_up(ctx.access(), &[id.0]).await?.pop().flatten().map(Node::from))
    }

    /// Objects by their ids, at most 100, in the requested order; null for each that is missing or out of reach.
    async fn nodes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Their ids.")] ids: Vec<ID>,
    ) -> Result<Vec<Option<Node>>> {
        let ids: Vec<String> = ids.into_iter().map(|id| id.0).collect();
        Ok(node::look_up(ctx.access(), &ids).await?.into_iter().map(|found| found.map(Node::from)).collect())
    }
}
