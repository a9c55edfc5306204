//! Enrolments (học viên).

use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use entity::value::{EnrolmentState, Grade};

use crate::{
    domain::{
        authz::{VisibleClass, VisibleEnrolment},
        page::PageArgs,
        training::{day_of_year, enrolment::EnrolmentList},
        unit,
    },
    error::{Error, Result},
    graphql::{
        ContextExt,
        cadre::Cadre,
        page::{Connection, Listed, Total},
        programme::Programme,
        training::class::TrainingClass,
        unit::Unit,
    },
};

/// An enrolment (học viên của lớp): a person in a class, or sent to a programme elsewhere, in a year.
pub struct Enrolment(pub VisibleEnrolment);

impl Listed for Enrolment {
    const CONNECTION: &'static str = "EnrolmentConnection";
    const EDGE: &'static str = "EnrolmentEdge";
}

impl Enrolment {
    /// A page of a list.
    pub(in crate::graphql) async fn list(
        ctx: &Context<'_>,
        list: EnrolmentList,
        args: PageArgs,
    ) -> Result<Connection<Self>> {
        let page = list.page(ctx.access(), &args).await?;
        Ok(Connection::new(page, Total::Enrolments(list), Self))
    }

    async fn its_class(&self, ctx: &Context<'_>) -> Result<Arc<Option<VisibleClass>>> {
        match self.0.row().class_id {
            Some(class) => ctx.loaders().class(class).await,
            None => Ok(Arc::default()),
        }
    }
}

/// An enrolment (học viên của lớp): a person in a class, or sent to a programme elsewhere, in a year.
#[Object]
impl Enrolment {
    /// Opaque id.
    pub async fn id(&self) -> ID {
        self.0.row().id.into()
    }

    /// The person (học viên), as of today; if their file is out of reach by now, on the first day of the class, or at
    /// the end of the year where there is none.
    async fn cadre(&self, ctx: &Context<'_>) -> Result<Cadre> {
        let class = self.its_class(ctx).await?;
        let person = ctx.loaders().person(ctx.access().learner_of(&self.0, class.as_ref().as_ref())).await?;
        person.as_ref().clone().map(Cadre).ok_or_else(|| Error::internal("an enrolment of nobody"))
    }

    /// The class (lớp); null: sent elsewhere, or only registered.
    async fn class(&self, ctx: &Context<'_>) -> Result<Option<TrainingClass>> {
        Ok(self.its_class(ctx).await?.as_ref().clone().map(TrainingClass))
    }

    /// Programme (chương trình).
    async fn programme(&self, ctx: &Context<'_>) -> Result<Programme> {
        Programme::of(ctx, &self.0.row().programme_code)
    }

    /// The unit that sent the person (đơn vị cử đi học), as it stands at the end of the year. Named even out of reach;
    /// what hangs on it is not opened.
    async fn sending_unit(&self, ctx: &Context<'_>) -> Result<Unit> {
        let (access, row) = (ctx.access(), self.0.row());
        let unit = unit::named_by(access, &self.0, row.unit_id, day_of_year(access, row.unit_id, row.year));
        unit.map(Unit).ok_or(Error::NotFound)
    }

    /// Calendar year that it counts for.
    async fn year(&self) -> i32 {
        self.0.row().year
    }

    /// Where it stands (trạng thái).
    async fn state(&self) -> EnrolmentState {
        self.0.row().state
    }

    /// Grade (xếp loại).
    async fn grade(&self) -> Option<Grade> {
        self.0.row().grade
    }

    /// Why it was made, given up or taken back (lý do), where an act had to say so.
    async fn remark(&self) -> Option<&str> {
        self.0.row().remark.as_deref()
    }

    /// Rises with every change; send it back as `expectedVersion`.
    async fn version(&self) -> i32 {
        self.0.row().version
    }
}
