//! Enrolments (học viên).

use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use entity::value::{EnrolmentState, Grade};

use crate::{
    authz::{VisibleClass, VisibleEnrolment},
    domain::{
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
    page::PageArgs,
};

/// An enrolment (học viên của lớp): a person in a class, or in an external programme, in a year.
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

    async fn visible_class(&self, ctx: &Context<'_>) -> Result<Arc<Option<VisibleClass>>> {
        match self.0.row().class_id {
            Some(class) => ctx.loaders().class(class).await,
            None => Ok(Arc::default()),
        }
    }
}

/// An enrolment (học viên của lớp): a person in a class, or in an external programme, in a year.
#[Object]
impl Enrolment {
    /// Opaque id.
    pub async fn id(&self) -> ID {
        self.0.row().id.into()
    }

    /// The person (học viên), as of today; if their file is out of reach now, as of the first day of the class, or of
    /// the end of the year without a class.
    async fn cadre(&self, ctx: &Context<'_>) -> Result<Cadre> {
        let class = self.visible_class(ctx).await?;
        let person = ctx.loaders().person(ctx.access().learner_of(&self.0, class.as_ref().as_ref())).await?;
        person
            .as_ref()
            .clone()
            .map(Cadre)
            .ok_or_else(|| Error::internal("an enrolment refers to a person that does not exist"))
    }

    /// The class (lớp); null for an external programme or a registration without a class.
    async fn class(&self, ctx: &Context<'_>) -> Result<Option<TrainingClass>> {
        Ok(self.visible_class(ctx).await?.as_ref().clone().map(TrainingClass))
    }

    /// Programme of the enrolment (chương trình).
    async fn programme(&self, ctx: &Context<'_>) -> Result<Programme> {
        Programme::of(ctx, &self.0.row().programme_code)
    }

    /// Sending unit (đơn vị cử đi học), as of the end of the year. Returned even if it is out of reach; its related
    /// objects are not accessible then.
    async fn sending_unit(&self, ctx: &Context<'_>) -> Result<Unit> {
        let (access, row) = (ctx.access(), self.0.row());
        let unit = unit::named_by(access, &self.0, row.unit_id, day_of_year(access, row.unit_id, row.year));
        unit.map(Unit).ok_or(Error::NotFound)
    }

    /// Calendar year in which it counts.
    async fn year(&self) -> i32 {
        self.0.row().year
    }

    /// State of the enrolment (trạng thái).
    async fn state(&self) -> EnrolmentState {
        self.0.row().state
    }

    /// Grade of the result (xếp loại).
    async fn grade(&self) -> Option<Grade> {
        self.0.row().grade
    }

    /// Reason of the enrolment, the dropout or the revocation (lý do), if the mutation required one.
    async fn remark(&self) -> Option<&str> {
        self.0.row().remark.as_deref()
    }

    /// Increases with every change; send it back as `expectedVersion`.
    async fn version(&self) -> i32 {
        self.0.row().version
    }
}
