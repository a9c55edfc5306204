//! Cadres (cán bộ, công chức, viên chức), as of a day.

use async_graphql::{Context, ID, Object, SimpleObject};
use entity::{
    assignment, ethnic_group,
    value::{CadreStatus, Category, Day, Gender},
};

use crate::{
    authz::{AuthorizedCadre, Identity, Political},
    domain::{
        access_log::AccessLog,
        cadre::{self, CadreKey, CadreList, CadreOrder, CadreWhere},
        qualification as held, rotation,
        training::enrolment::EnrolmentList,
        unit,
    },
    error::{Error, Result},
    graphql::{
        ContextExt,
        access_log::AccessEntry,
        found,
        page::{Connection, Listed, Total},
        qualification::Qualification,
        rotation::Rotation,
        title::Title,
        training::enrolment::Enrolment,
        unit::Unit,
    },
    page::PageArgs,
};

/// Root fields of cadres.
#[derive(Default)]
pub struct CadreQuery;

#[Object]
impl CadreQuery {
    /// A person by id, code or identity number, in service or not. Null if there is none or their file is out of reach.
    async fn cadre(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What names them.")] by: CadreKey,
        #[graphql(desc = "The day to show them on; today by default.")] as_of: Option<Day>,
    ) -> Result<Option<Cadre>> {
        let access = ctx.access();
        Ok(found(cadre::look_up(access, &by, None, as_of.unwrap_or(access.today())).await)?.map(Cadre))
    }

    /// All ethnic groups (dân tộc), by code of the list of 2008.
    async fn ethnic_groups(&self, ctx: &Context<'_>) -> Vec<EthnicGroup> {
        ctx.reference_data().ethnic_groups().into_iter().cloned().map(EthnicGroup).collect()
    }

    /// People within reach who hold a post on a day.
    #[expect(clippy::too_many_arguments, reason = "the arguments of the contract and of Relay")]
    async fn cadres(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which people are wanted; all if absent.")] r#where: Option<CadreWhere>,
        #[graphql(desc = "Beginnings of words of the name, without regard to case and tone marks; or a whole code.")]
        search: Option<String>,
        #[graphql(desc = "By name if absent.")] order_by: Option<Vec<CadreOrder>>,
        #[graphql(desc = "The day; today by default.")] as_of: Option<Day>,
        #[graphql(desc = "How many from the start of the list, 0 to 100; 20 if neither `first` nor `last` is given.")]
        first: Option<i32>,
        #[graphql(desc = "A cursor: only what comes after it.")] after: Option<String>,
        #[graphql(desc = "How many from the end of the list, 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "A cursor: only what comes before it.")] before: Option<String>,
    ) -> Result<Option<Connection<Cadre>>> {
        let list = CadreList {
            within: None,
            filter: r#where.unwrap_or_default(),
            search,
            order: order_by.unwrap_or_default(),
            as_of,
        };
        let page = list.page(ctx.access(), &PageArgs { first, after, last, before }, None).await?;
        Ok(Some(Connection::new(page, Total::Cadres(list), Cadre)))
    }
}

/// A cadre, civil servant or public employee (cán bộ, công chức, viên chức), as of the requested day.
pub struct Cadre(pub AuthorizedCadre);

impl Listed for Cadre {
    const CONNECTION: &'static str = "CadreConnection";
    const EDGE: &'static str = "CadreEdge";
}

/// A cadre, civil servant or public employee (cán bộ, công chức, viên chức), as of the requested day.
#[Object]
impl Cadre {
    /// Opaque id.
    pub async fn id(&self) -> ID {
        self.0.id().into()
    }

    /// Day whose state this object shows. With `id` it identifies the object in a cache.
    async fn as_of(&self) -> Day {
        self.0.day()
    }

    /// Code (mã cán bộ).
    async fn code(&self) -> &str {
        self.0.card().code.as_str()
    }

    /// Full name as in the personnel file (họ và tên).
    async fn full_name(&self) -> &str {
        &self.0.card().full_name
    }

    /// Gender (giới tính).
    async fn gender(&self) -> Gender {
        self.0.card().gender
    }

    /// Category (cán bộ, công chức hay viên chức).
    async fn category(&self) -> Category {
        self.0.card().category
    }

    /// Current status, regardless of the requested day.
    async fn status(&self) -> CadreStatus {
        self.0.card().status
    }

    /// Unit of the primary post on the day; of two, the later started one. Null if none is within reach.
    async fn unit(&self, ctx: &Context<'_>) -> Result<Option<Unit>> {
        let post = cadre::post_on(self.0.posts(), self.0.day());
        Ok(post.and_then(|post| unit::on_day(ctx.access(), post.unit_id, self.0.day())).map(Unit))
    }

    /// Title of the same post (chức danh).
    async fn title(&self, ctx: &Context<'_>) -> Result<Option<Title>> {
        let title = cadre::post_on(self.0.posts(), self.0.day())
            .and_then(|post| ctx.reference_data().title(post.title_code.as_str()));
        Ok(title.cloned().map(Title))
    }

    /// Posts in units within reach that began by the day (inclusive), newest first (quá trình công tác).
    async fn assignments(&self) -> Vec<Assignment> {
        let begun = self.0.posts().iter().filter(|post| post.start_on <= self.0.day()).cloned();
        begun.map(|post| Assignment { post, day: self.0.day() }).collect()
    }

    /// Qualifications that count on the day (trình độ), by subject, then oldest first.
    async fn qualifications(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those in this subject, by code.")] subject: Option<String>,
    ) -> Result<Vec<Qualification>> {
        if let Some(code) = &subject {
            held::subject(ctx.access(), "subject", code)?;
        }
        Ok(held::counting(self.0.qualifications(), subject.as_deref(), self.0.day())
            .map(|row| Qualification { row: row.clone(), day: self.0.day() })
            .collect())
    }

    /// Highest qualification in a subject that counts on the day.
    async fn highest(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Code of the subject.")] subject: String,
    ) -> Result<Option<Qualification>> {
        held::subject(ctx.access(), "subject", &subject)?;
        let highest = held::highest(ctx.reference_data(), self.0.qualifications(), &subject, self.0.day());
        Ok(highest.map(|row| Qualification { row: row.clone(), day: self.0.day() }))
    }

    /// Rotations, transfers and secondments that began or were announced by the day (inclusive), newest first, each as
    /// of the day (quá trình luân chuyển, điều động, biệt phái). Those with neither unit within reach are omitted.
    async fn rotations(&self, ctx: &Context<'_>) -> Result<Vec<Rotation>> {
        let of = ctx.loaders().rotations(self.0.seen()).await?;
        Ok(rotation::history(ctx.access(), &of, self.0.day())?.into_iter().map(Rotation).collect())
    }

    /// Enrolments (quá trình đào tạo, bồi dưỡng), latest year first, up to the year of the requested day. Those with
    /// neither the sending unit nor the organiser of the class within reach are omitted.
    async fn enrolments(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those of this calendar year.")] year: Option<i32>,
        #[graphql(desc = "How many from the start of the list, 0 to 100; 20 if neither `first` nor `last` is given.")]
        first: Option<i32>,
        #[graphql(desc = "A cursor: only what comes after it.")] after: Option<String>,
        #[graphql(desc = "How many from the end of the list, 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "A cursor: only what comes before it.")] before: Option<String>,
    ) -> Result<Connection<Enrolment>> {
        let list = EnrolmentList::of_person(ctx.access(), self.0.id(), year, self.0.day());
        Enrolment::list(ctx, list, PageArgs { first, after, last, before }).await
    }

    /// Accesses to this person's protected data (nhật ký truy cập), newest first. Requires the scope `audit:read`, or a
    /// token for this person. Empty unless the person's file is within reach on both the requested day and today.
    /// Entries withheld by law until a day are omitted until then.
    async fn access_log(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start of the list, 0 to 100; 20 if neither `first` nor `last` is given.")]
        first: Option<i32>,
        #[graphql(desc = "A cursor: only what comes after it.")] after: Option<String>,
        #[graphql(desc = "How many from the end of the list, 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "A cursor: only what comes before it.")] before: Option<String>,
    ) -> Result<Connection<AccessEntry>> {
        AccessEntry::list(ctx, AccessLog::of(&self.0), PageArgs { first, after, last, before }).await
    }

    /// Identity data (nhân thân). Requires the scope `cadre.identity:read`. Null unless the person's file is within
    /// reach on both the requested day and today.
    async fn identity(&self, ctx: &Context<'_>) -> Result<Option<Identity>> {
        ctx.access().identity(&self.0, &*ctx.loaders().protected(self.0.seen()).await?)
    }

    /// Political data (chính trị). Requires the scope `cadre.political:read`. Null unless the person's file is within
    /// reach on both the requested day and today.
    async fn political(&self, ctx: &Context<'_>) -> Result<Option<Political>> {
        ctx.access().political(&self.0, &*ctx.loaders().protected(self.0.seen()).await?)
    }

    /// Origin data (nguồn gốc). Requires the scope `cadre.origin:read`. Null unless the person's file is within reach
    /// on both the requested day and today.
    async fn origin(&self, ctx: &Context<'_>) -> Result<Option<Origin>> {
        let Some(open) = ctx.access().origin(&self.0, &*ctx.loaders().protected(self.0.seen()).await?)? else {
            return Ok(None);
        };
        let group = open.ethnicity_code.and_then(|code| ctx.reference_data().ethnic_group(&code)).cloned();
        Ok(Some(Origin { ethnicity: group.map(EthnicGroup) }))
    }
}

/// Origin data of a person (nguồn gốc).
#[derive(SimpleObject)]
pub struct Origin {
    /// Ethnic group (dân tộc).
    ethnicity: Option<EthnicGroup>,
}

/// An ethnic group (dân tộc) of the official list.
pub struct EthnicGroup(ethnic_group::Model);

/// An ethnic group (dân tộc) of the official list.
#[Object]
impl EthnicGroup {
    /// Code in the list of 2008.
    async fn code(&self) -> &str {
        &self.0.code
    }

    /// Name of the ethnic group (tên dân tộc).
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Code in the list of 1979, which differs for some groups.
    async fn code1979(&self) -> &str {
        &self.0.code_1979
    }
}

/// A post (quá trình công tác): a title in a unit, from its first day on.
pub struct Assignment {
    post: assignment::Model,
    day: Day,
}

/// A post (quá trình công tác): a title in a unit, from its first day on.
#[Object]
impl Assignment {
    /// Day whose state of the unit is shown.
    async fn as_of(&self) -> Day {
        self.day
    }

    /// Unit of the post (đơn vị công tác), on the day `asOf`.
    async fn unit(&self, ctx: &Context<'_>) -> Result<Unit> {
        unit::on_day(ctx.access(), self.post.unit_id, self.day).map(Unit).ok_or(Error::NotFound)
    }

    /// Title (chức danh).
    async fn title(&self, ctx: &Context<'_>) -> Result<Title> {
        let title = ctx.reference_data().title(self.post.title_code.as_str()).cloned().map(Title);
        title.ok_or_else(|| Error::internal("a post with a title that is not in the registry"))
    }

    /// First day, inclusive.
    async fn start_on(&self) -> Day {
        self.post.start_on
    }

    /// End day, exclusive; null if the post is current.
    async fn end_on(&self) -> Option<Day> {
        self.post.end_on
    }

    /// Whether it is the primary post; otherwise it is a concurrent one (kiêm nhiệm).
    async fn is_primary(&self) -> bool {
        self.post.is_primary
    }
}
