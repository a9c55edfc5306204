//! Cadres (cán bộ, công chức, viên chức), as of a day.

use async_graphql::{Context, ID, Object, SimpleObject};
use entity::{
    assignment, ethnic_group,
    value::{AppraisalState, AppraisalSystem, Day},
};

use crate::{
    authz::{Access, AuthorizedCadre, Identity, Political},
    domain::{
        access_log::AccessLog,
        appraisal::{self, AppraisalsAsked},
        cadre::{self, CadreKey, CadreList, CadreOrder, CadreWhere},
        duty, qualification as held, rotation,
        training::enrolment::EnrolmentList,
        unit,
    },
    error::{Error, Result},
    graphql::{
        ContextExt,
        access_log::AccessEntry,
        appraisal::{Appraisal, GoodYears},
        duty::{CadreDuty, DutyExemption},
        fast_path::prefetch::Requirement,
        found,
        page::{Connection, Listed, Total},
        qualification::Qualification,
        rotation::Rotation,
        standard::Standing,
        title::Title,
        training::{enrolment::Enrolment, study::StudyRecord},
        unit::Unit,
        view::{
            AllRelated, Argument, Fields, Rows, View,
            engine::{Declared, object},
        },
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
        #[graphql(desc = "Key of the person.")] by: CadreKey,
        #[graphql(desc = "The day whose state is returned; today by default.")] as_of: Option<Day>,
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
        #[graphql(desc = "Filter of the people; all people if absent.")] r#where: Option<CadreWhere>,
        #[graphql(
            desc = "Beginnings of words of the name, without regard to case and tone marks; or a whole code, as recorded or in lower \
                    case."
        )]
        search: Option<String>,
        #[graphql(desc = "Order of the list; by name if absent.")] order_by: Option<Vec<CadreOrder>>,
        #[graphql(desc = "The day; today by default.")] as_of: Option<Day>,
        #[graphql(
            desc = "Number of entries from the start of the list, 0 to 100; 20 if neither `first` nor `last` is given."
        )]
        first: Option<i32>,
        #[graphql(desc = "A cursor; the page begins after it.")] after: Option<String>,
        #[graphql(desc = "Number of entries from the end of the list, 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "A cursor; the page ends before it.")] before: Option<String>,
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

impl Cadre {
    /// The field of the interface `Node`.
    pub async fn id(&self, _: &Context<'_>) -> Result<ID> {
        Ok(self.0.id().into())
    }
}

/// A cadre, civil servant or public employee (cán bộ, công chức, viên chức), as of the requested day.
#[Object]
impl Cadre {
    #[graphql(flatten)]
    fn declared(&self) -> Declared<'_, Self> {
        Declared(self)
    }

    /// Enrolments (quá trình đào tạo, bồi dưỡng), latest year first, up to the year of the requested day. Those with
    /// neither the sending unit nor the organiser of the class within reach are omitted.
    async fn enrolments(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only enrolments of this calendar year.")] year: Option<i32>,
        #[graphql(
            desc = "Number of entries from the start of the list, 0 to 100; 20 if neither `first` nor `last` is given."
        )]
        first: Option<i32>,
        #[graphql(desc = "A cursor; the page begins after it.")] after: Option<String>,
        #[graphql(desc = "Number of entries from the end of the list, 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "A cursor; the page ends before it.")] before: Option<String>,
    ) -> Result<Connection<Enrolment>> {
        let list = EnrolmentList::of_person(ctx.access(), self.0.id(), year, self.0.day());
        Enrolment::list(ctx, list, PageArgs { first, after, last, before }).await
    }

    /// Results for the standards of the titles that the person holds in units within reach on the day (đối chiếu với tiêu
    /// chuẩn chức danh), newest post first. With `title`, only this title; if the person does not hold it, as if in the unit of
    /// the primary post. Empty without a post within reach.
    async fn standing(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only the standard of this title, by code.")] title: Option<String>,
        #[graphql(desc = "Judge by this standard, by code, whether it is in force on the day or not.")]
        standard: Option<String>,
    ) -> Result<Vec<Standing>> {
        Standing::of(ctx, &self.0, (title.as_deref(), standard.as_deref())).await
    }

    /// Results of the duties (chế độ bồi dưỡng bắt buộc) that are in force on all days of a year, by the code of the
    /// duty. The day of the object does not matter. Reasons of exemptions are protected: see `dutyExemptions`.
    async fn duties(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Calendar year; this year or an earlier one.")] year: i32,
        #[graphql(desc = "Only these duties, by code; all duties if absent.")] codes: Option<Vec<String>>,
    ) -> Result<Vec<CadreDuty>> {
        let year = duty::year(ctx.access(), "year", year)?;
        let duties = ctx.loaders().duties(self.0.seen(), year).await?;
        CadreDuty::chosen(ctx, &duties, codes.as_deref())
    }

    /// Training in a calendar year and the results of its duties (kết quả học tập trong năm): the facts that a system of
    /// appraisal can consider, from the enrolments that the client may see. The service computes no points.
    async fn study_record(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Calendar year; this year or an earlier one.")] year: i32,
    ) -> Result<StudyRecord> {
        duty::year(ctx.access(), "year", year)?;
        let record = ctx.loaders().study_records(self.0.seen(), year).await?;
        Ok(StudyRecord { of: self.0.seen(), year, record: record.as_ref().clone() })
    }

    /// Appraisals (đánh giá, xếp loại chất lượng) that were decided by the day (inclusive), latest year first; of the last
    /// ten years if no years are given. Requires the scope `appraisal:read`. Null unless the person's file is within reach
    /// on both the requested day and today.
    async fn appraisals(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only this system.")] system: Option<AppraisalSystem>,
        #[graphql(desc = "Only this calendar year.")] year: Option<i32>,
        #[graphql(desc = "First year, inclusive; a list has at most ten years.")] year_from: Option<i32>,
        #[graphql(desc = "Last year, inclusive; by default the year of the requested day.")] year_to: Option<i32>,
        #[graphql(desc = "Only these states; only current appraisals if absent or empty.")] states: Option<
            Vec<AppraisalState>,
        >,
    ) -> Result<Option<Vec<Appraisal>>> {
        let asked = AppraisalsAsked { system, year, year_from, year_to, states: states.unwrap_or_default() };
        let rows = ctx.loaders().appraisals_of(self.0.seen(), asked.years(self.0.day())?).await?;
        let opened = appraisal::of_person(ctx.access(), &self.0, &rows, &asked)?;
        Ok(opened.map(|opened| opened.into_iter().map(Appraisal).collect()))
    }

    /// Consecutive good years before a day (số năm liên tục hoàn thành tốt nhiệm vụ trở lên), from the appraisals of years.
    /// Requires the scope `appraisal:read`. Null unless the person's file is within reach on both the requested day and
    /// today.
    async fn good_years(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "System of appraisal.")] system: AppraisalSystem,
        #[graphql(desc = "Only years before the year of this day count; by default the requested day.")] before: Option<
            Day,
        >,
        #[graphql(desc = "Number of years that `result` checks, 1 or more.")] at_least: Option<i32>,
    ) -> Result<Option<GoodYears>> {
        let at_least = at_least.map(appraisal::number_of_years).transpose()?;
        let before = before.unwrap_or(self.0.day());
        let rows = ctx.loaders().appraisals_of(self.0.seen(), appraisal::years_before(before)).await?;
        let years = appraisal::good_years_of(ctx.access(), &self.0, &rows, (system, before))?;
        Ok(years.map(|years| GoodYears { years, at_least }))
    }

    /// Exemptions from yearly duties (miễn, hoãn chế độ bồi dưỡng), oldest first, without those that were withdrawn. Reasons may
    /// concern health. Requires the scope `cadre.health:read`. Null unless the person's file is within reach on both the
    /// requested day and today.
    async fn duty_exemptions(&self, ctx: &Context<'_>) -> Result<Option<Vec<DutyExemption>>> {
        let sealed = ctx.loaders().duty_exemptions(self.0.seen()).await?;
        let opened = ctx.access().exemptions(&self.0, &sealed)?;
        Ok(opened.map(|of| of.into_iter().map(DutyExemption).collect()))
    }

    /// Accesses to this person's protected data (nhật ký truy cập), newest first. Requires the scope `audit:read`, or a
    /// token for this person. Empty unless the person's file is within reach on both the requested day and today.
    /// Entries withheld by law until a day are omitted until then.
    async fn access_log(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "Number of entries from the start of the list, 0 to 100; 20 if neither `first` nor `last` is given."
        )]
        first: Option<i32>,
        #[graphql(desc = "A cursor; the page begins after it.")] after: Option<String>,
        #[graphql(desc = "Number of entries from the end of the list, 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "A cursor; the page ends before it.")] before: Option<String>,
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
        let Some(origin_row) = ctx.access().origin(&self.0, &*ctx.loaders().protected(self.0.seen()).await?)? else {
            return Ok(None);
        };
        let group = origin_row.ethnicity_code.and_then(|code| ctx.reference_data().ethnic_group(&code)).cloned();
        Ok(Some(Origin { ethnicity: group.map(EthnicGroup) }))
    }
}

impl View for Cadre {
    const NAME: &'static str = "Cadre";
    type Of<'a> = &'a AuthorizedCadre;

    fn of(&self) -> &AuthorizedCadre {
        &self.0
    }

    fn view(of: &AuthorizedCadre) -> Self {
        Self(of.clone())
    }

    fn fields(fields: &mut impl Fields<Self>) {
        fields.id(("id", "Opaque id."), |cadre, _| cadre.id());
        fields.value(
            ("asOf", "Day whose state this object shows. With `id` it identifies the object in a cache."),
            |cadre, _| cadre.day(),
        );
        fields.text(("code", "Code (mã cán bộ)."), |cadre, _| cadre.card().code.as_str());
        fields.text(("fullName", "Full name as in the personnel file (họ và tên)."), |cadre, _| {
            &cadre.card().full_name
        });
        fields.value(("gender", "Gender (giới tính)."), |cadre, _| cadre.card().gender);
        fields.value(("category", "Category (cán bộ, công chức hay viên chức)."), |cadre, _| {
            cadre.card().category
        });
        fields.value(("status", "Current status, regardless of the requested day."), |cadre, _| cadre.card().status);
        fields.value(
            ("joinedServiceOn", "Day of entering the service (ngày tuyển dụng), inclusive; null if not recorded."),
            |cadre, _| cadre.card().joined_service_on,
        );
        fields.optional_text(
            ("rankCode", "Code of the current rank (mã ngạch), regardless of the requested day; null if not recorded."),
            |cadre, _| cadre.card().rank_code.as_deref(),
        );
        fields.optional::<Unit>(
            (
                "unit",
                "Unit of the primary post on the day; of two, the later started one. Null if none is within reach.",
            ),
            |cadre, with| {
                let post = cadre::post_on(cadre.posts(), cadre.day())?;
                unit::on_day(with.access, post.unit_id, cadre.day())
            },
        );
        fields.optional::<Title>(("title", "Title of the same post (chức danh)."), |cadre, with| {
            let post = cadre::post_on(cadre.posts(), cadre.day())?;
            with.reference_data().title(post.title_code.as_str())
        });
        fields.list::<Assignment>(
            (
                "assignments",
                "Posts in units within reach that began by the day (inclusive), newest first (quá trình công tác).",
            ),
            |cadre, _| {
                let started_posts = cadre.posts().iter().filter(|post| post.start_on <= cadre.day());
                Ok(started_posts.map(|post| (post, cadre.day())).collect())
            },
        );
        fields.list_by::<Qualification, Option<String>>(
            ("qualifications", "Qualifications that count on the day (trình độ), by subject, then oldest first."),
            Argument::new("subject", "Only qualifications in this subject, by code."),
            |cadre, with, subject| {
                if let Some(code) = subject {
                    held::subject(with.access, "subject", code)?;
                }
                let qualifications = held::counting(cadre.qualifications(), subject.as_deref(), cadre.day());
                Ok(qualifications.map(|row| (row, cadre.day())).collect())
            },
        );
        fields.optional_by::<Qualification, String>(
            ("highest", "Highest qualification in a subject that counts on the day."),
            Argument::new("subject", "Code of the subject."),
            |cadre, with, subject| {
                held::subject(with.access, "subject", subject)?;
                let highest = held::highest(with.reference_data(), cadre.qualifications(), subject, cadre.day());
                Ok(highest.map(|row| (row, cadre.day())))
            },
        );
        fields.all_related::<Rotation>(
            (
                "rotations",
                "Rotations, transfers and secondments that began or were announced by the day (inclusive), newest first, each as\n\
                 of the day (quá trình luân chuyển, điều động, biệt phái). Those with neither unit within reach are omitted.",
            ),
            AllRelated {
                requires: Requirement::Rotations,
                load: |cadre, ctx| {
                    Box::pin(async move {
                        let rows = ctx.loaders().rotations(cadre.seen()).await?;
                        rotations(ctx.access(), &rows, cadre.day())
                    })
                },
                find: |cadre, with, _| {
                    let not_loaded = || Error::internal("the rotations of a person were not loaded with the person");
                    rotations(with.access, cadre.rotations().ok_or_else(not_loaded)?, cadre.day()).map(Rows::Owned)
                },
            },
        );
    }
}

fn rotations(access: &Access, rows: &[entity::rotation::Model], day: Day) -> Result<Vec<Rotation>> {
    Ok(rotation::history(access, rows, day)?.into_iter().map(Rotation).collect())
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

object!(Assignment, "A post (quá trình công tác): a title in a unit, from its first day on.");

impl View for Assignment {
    const NAME: &'static str = "Assignment";
    type Of<'a> = (&'a assignment::Model, Day);

    fn of(&self) -> (&assignment::Model, Day) {
        (&self.post, self.day)
    }

    fn view((post, day): (&assignment::Model, Day)) -> Self {
        Self { post: post.clone(), day }
    }

    fn fields(fields: &mut impl Fields<Self>) {
        fields.id(("id", "Opaque id."), |(post, _), _| post.id);
        fields.value(
            ("asOf", "Day whose state of the unit is shown. With `id` it identifies the object in a cache."),
            |(_, day), _| day,
        );
        fields.one::<Unit>(
            ("unit", "Unit of the post (đơn vị công tác), on the day `asOf`."),
            |(post, day), with| unit::on_day(with.access, post.unit_id, day).ok_or(Error::NotFound),
        );
        fields.one::<Title>(("title", "Title (chức danh)."), |(post, _), with| {
            let title = with.reference_data().title(post.title_code.as_str());
            title.ok_or_else(|| Error::internal("a post has a title that is not in the reference data"))
        });
        fields.value(("startOn", "First day, inclusive."), |(post, _), _| post.start_on);
        fields.value(("endOn", "End day, exclusive; null if the post is current."), |(post, _), _| post.end_on);
        fields.value(
            ("isPrimary", "Whether it is the primary post; otherwise it is a concurrent one (kiêm nhiệm)."),
            |(post, _), _| post.is_primary,
        );
    }
}
