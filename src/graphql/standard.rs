//! Standards of titles (tiêu chuẩn chức danh).

use async_graphql::{Context, Object};
use entity::{
    qualification_level, standard_scope,
    value::{Day, LevelCode, Severity, SubjectCode, Tier, Verification},
};

use crate::{
    authz::AuthorizedCadre,
    domain::{
        standard::{self, StandardResult, StandardWhere},
        unit,
    },
    error::{Error, Result},
    graphql::{
        ContextExt,
        composition::int,
        document::Document,
        programme::Programme,
        qualification::{QualificationLevel, QualificationSubject},
        title::Title,
        unit::Unit,
    },
    reference::{
        Subject,
        standards::{Requirement as Row, Standard as Whole},
    },
};

/// Root fields of standards.
#[derive(Default)]
pub struct StandardQuery;

#[Object]
impl StandardQuery {
    /// Standards of titles (tiêu chuẩn chức danh), by code: national ones and those of all issuers, of any day.
    async fn standards(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Filter of the standards; all standards if absent.")] r#where: Option<StandardWhere>,
    ) -> Result<Vec<Standard>> {
        let listed = standard::list(ctx.access(), &r#where.unwrap_or_default())?;
        Ok(listed.into_iter().cloned().map(Standard).collect())
    }
}

/// A standard of titles (tiêu chuẩn chức danh): the levels of qualification that holders of some titles must have. A unit
/// issues it for itself and the units below in the administrative tree; a national one applies everywhere.
pub struct Standard(pub Whole);

/// A standard of titles (tiêu chuẩn chức danh): the levels of qualification that holders of some titles must have. A unit
/// issues it for itself and the units below in the administrative tree; a national one applies everywhere.
#[Object]
impl Standard {
    /// Code of the standard (mã tiêu chuẩn).
    async fn code(&self) -> &str {
        self.0.row.code.as_str()
    }

    /// Name of the standard (tên tiêu chuẩn), in Vietnamese.
    async fn name(&self) -> &str {
        &self.0.row.name
    }

    /// Unit that issued it (cơ quan ban hành), as of today; null if it is national or the unit is out of reach.
    async fn issuer(&self, ctx: &Context<'_>) -> Option<Unit> {
        let access = ctx.access();
        unit::on_day(access, self.0.row.issuer_id?, access.today()).map(Unit)
    }

    /// Whether it applies everywhere.
    async fn is_national(&self) -> bool {
        self.0.row.issuer_id.is_none()
    }

    /// Number of its document (số văn bản).
    async fn document_no(&self) -> &str {
        &self.0.row.document_no
    }

    /// Registered document (văn bản) that `documentNo` names; null if none is registered or several are possible.
    async fn document(&self, ctx: &Context<'_>) -> Option<Document> {
        Document::cited(ctx, &self.0.row.document_no, (self.0.row.issuer_id, self.0.row.valid_from))
    }

    /// First day, inclusive.
    async fn valid_from(&self) -> Day {
        self.0.row.valid_from
    }

    /// End day, exclusive; null if no end is recorded.
    async fn valid_to(&self) -> Option<Day> {
        self.0.row.valid_to
    }

    /// Whether it was compared with the text of its document (đã đối chiếu). By an unverified standard people neither
    /// pass nor fail.
    async fn verified(&self) -> bool {
        matches!(self.0.row.verification, Verification::Verified)
    }

    /// Titles to which it applies, by code.
    async fn scopes(&self) -> Vec<StandardScope> {
        self.0.scopes.iter().cloned().map(StandardScope).collect()
    }

    /// Its requirements (yêu cầu), by code.
    async fn requirements(&self) -> Vec<Requirement> {
        self.0.requirements.iter().cloned().map(Requirement).collect()
    }
}

/// A title to which a standard applies.
pub struct StandardScope(standard_scope::Model);

/// A title to which a standard applies.
#[Object]
impl StandardScope {
    /// The title (chức danh).
    async fn title(&self, ctx: &Context<'_>) -> Result<Title> {
        let title = ctx.reference_data().title(self.0.title_code.as_str()).cloned();
        title.map(Title).ok_or_else(|| Error::internal("a scope has a title that is not in the reference data"))
    }

    /// Tier of the units (cấp); null for any.
    async fn tier(&self) -> Option<Tier> {
        self.0.tier
    }
}

/// A requirement of a standard (yêu cầu của tiêu chuẩn): at least a level of a subject of qualification.
pub struct Requirement(pub Row);

impl Requirement {
    fn of_subject<'a>(&self, ctx: &'a Context<'_>) -> Result<&'a Subject> {
        let subject = ctx.reference_data().subject(self.0.row.subject_code.as_str());
        subject.ok_or_else(|| Error::internal("a requirement has a subject that is not in the reference data"))
    }

    fn lowest<'a>(&self, ctx: &'a Context<'_>) -> Result<&'a qualification_level::Model> {
        let level = self.of_subject(ctx)?.level(self.0.row.level_code.as_str());
        level.ok_or_else(|| Error::internal("a requirement has a level that is not in the reference data"))
    }
}

/// A requirement of a standard (yêu cầu của tiêu chuẩn): at least a level of a subject of qualification.
#[Object]
impl Requirement {
    /// Code within the standard (mã yêu cầu).
    async fn code(&self) -> &str {
        self.0.row.code.as_str()
    }

    /// Subject of the qualification (loại trình độ).
    async fn subject(&self, ctx: &Context<'_>) -> Result<QualificationSubject> {
        self.of_subject(ctx).cloned().map(QualificationSubject)
    }

    /// Lowest level that meets it (trở lên).
    async fn level(&self, ctx: &Context<'_>) -> Result<QualificationLevel> {
        self.lowest(ctx).cloned().map(QualificationLevel)
    }

    /// Whether a person who does not meet it is below the standard.
    async fn severity(&self) -> Severity {
        self.0.row.severity
    }

    /// End of the transition (thời hạn chuẩn hóa), exclusive: from this day on, a person with a lower level is below the
    /// standard. Null if there is no transition.
    async fn transition_until(&self) -> Option<Day> {
        self.0.row.transition_until
    }

    /// Legal instrument and article (căn cứ pháp lý).
    async fn legal_basis(&self) -> &str {
        &self.0.row.legal_basis
    }

    /// Levels of other subjects that meet it too (trình độ tương đương).
    async fn equivalents(&self) -> Vec<EquivalentLevel> {
        self.0.row.equivalents().map(|(subject, level)| EquivalentLevel { subject, level }).collect()
    }
}

/// A level of another subject that meets a requirement too.
pub struct EquivalentLevel {
    subject: SubjectCode,
    level: LevelCode,
}

/// A level of another subject that meets a requirement too (trình độ tương đương).
#[Object]
impl EquivalentLevel {
    /// Subject of the qualification (loại trình độ).
    async fn subject(&self, ctx: &Context<'_>) -> Result<QualificationSubject> {
        let subject = ctx.reference_data().subject(self.subject.as_str()).cloned();
        subject.map(QualificationSubject).ok_or_else(|| Error::internal("a level of a subject that is not in the list"))
    }

    /// Lowest level that meets the requirement (trở lên).
    async fn level(&self, ctx: &Context<'_>) -> Result<QualificationLevel> {
        let subject = ctx.reference_data().subject(self.subject.as_str());
        let level = subject.and_then(|subject| subject.level(self.level.as_str())).cloned();
        level.map(QualificationLevel).ok_or_else(|| Error::internal("a level that is not in the list"))
    }
}

/// People with a post in a unit, by their result for the standards of their titles (chưa đạt chuẩn chức danh).
pub struct StandardGap(pub standard::Gap);

/// People with a post in a unit, by their result for the standards of their titles (chưa đạt chuẩn chức danh). Each person
/// counts once, by the worst result of the titles; `met`, `exempt`, `inTransition`, `indeterminate`, `below` and
/// `notApplicable` add up to `holders` unless they are rounded.
#[Object]
impl StandardGap {
    /// Day of the count.
    async fn as_of(&self) -> Day {
        self.0.day
    }

    /// Number of all counted people (người).
    async fn holders(&self) -> i32 {
        int(self.0.holders)
    }

    /// People who meet every requirement that is a MUST (đạt chuẩn).
    async fn met(&self) -> i32 {
        int(self.0.tally.met)
    }

    /// People who do not meet at least one requirement that is a MUST (chưa đạt chuẩn). A person without a recorded level
    /// does not meet it.
    async fn below(&self) -> i32 {
        int(self.0.tally.below)
    }

    /// People who do not meet a requirement and are exempt from it (được miễn).
    async fn exempt(&self) -> i32 {
        int(self.0.tally.exempt)
    }

    /// People who do not meet a requirement whose transition has not ended (trong thời hạn chuẩn hóa).
    async fn in_transition(&self) -> i32 {
        int(self.0.tally.in_transition)
    }

    /// People for whom nothing follows, because a standard is unverified (chưa xác định).
    async fn indeterminate(&self) -> i32 {
        int(self.0.tally.indeterminate)
    }

    /// People to whose titles no standard applies (không áp dụng).
    async fn not_applicable(&self) -> i32 {
        int(self.0.tally.not_applicable)
    }

    /// People below as a percentage of all counted people.
    async fn below_percent(&self) -> f64 {
        self.0.below_percent
    }

    /// Whether the counts are rounded to multiples of five, as with `stats:read` alone.
    async fn is_rounded(&self) -> bool {
        self.0.is_rounded
    }

    /// Each requirement that applies to a title in one of the units, by standard, then code.
    async fn requirements(&self) -> Vec<RequirementGap> {
        self.0.requirements.iter().cloned().map(RequirementGap).collect()
    }

    /// Standards by which the people were judged, by code.
    async fn standards(&self) -> Vec<Standard> {
        self.0.standards.iter().cloned().map(Standard).collect()
    }
}

/// People by their result for one requirement.
pub struct RequirementGap(standard::RequirementGap);

/// People by their result for one requirement. Each person to whose titles the requirement applies counts once.
#[Object]
impl RequirementGap {
    /// The requirement.
    async fn requirement(&self) -> Requirement {
        Requirement(self.0.requirement.clone())
    }

    /// Its standard.
    async fn standard(&self) -> Standard {
        Standard(self.0.standard.clone())
    }

    /// People who meet it.
    async fn met(&self) -> i32 {
        int(self.0.tally.met)
    }

    /// People who do not meet it.
    async fn below(&self) -> i32 {
        int(self.0.tally.below)
    }

    /// People who do not meet it and are exempt from it.
    async fn exempt(&self) -> i32 {
        int(self.0.tally.exempt)
    }

    /// People who do not meet it and whose transition has not ended.
    async fn in_transition(&self) -> i32 {
        int(self.0.tally.in_transition)
    }

    /// People for whom nothing follows, because the standard is unverified.
    async fn indeterminate(&self) -> i32 {
        int(self.0.tally.indeterminate)
    }

    /// People below as a percentage of all counted people of the unit.
    async fn below_percent(&self) -> f64 {
        self.0.below_percent
    }
}

/// Result of a person for the standard of a title.
pub struct Standing(standard::Standing);

impl Standing {
    /// Results of a person for the standards of titles.
    pub(super) async fn of(
        ctx: &Context<'_>,
        cadre: &AuthorizedCadre,
        (title, standard): (Option<&str>, Option<&str>),
    ) -> Result<Vec<Self>> {
        let exempt = ctx.loaders().standard_exemptions(cadre.seen(), cadre.day()).await?;
        Ok(standard::standing(ctx.access(), (cadre, exempt.as_slice()), (title, standard))?
            .into_iter()
            .map(Self)
            .collect())
    }
}

/// Result of a person for the standard of a title (kết quả đối chiếu với tiêu chuẩn chức danh).
#[Object]
impl Standing {
    /// The title (chức danh).
    async fn title(&self) -> Title {
        Title(self.0.title.clone())
    }

    /// Unit of the post that was judged, on the requested day.
    async fn unit(&self, ctx: &Context<'_>) -> Result<Unit> {
        unit::on_day(ctx.access(), self.0.post.unit_id, self.0.day).map(Unit).ok_or(Error::NotFound)
    }

    /// Result for the title: the worst of its requirements that are a MUST.
    async fn result(&self) -> StandardResult {
        self.0.result
    }

    /// Result for each requirement, by subject.
    async fn requirements(&self) -> Vec<RequirementCheck> {
        self.0.checks.iter().cloned().map(RequirementCheck).collect()
    }
}

/// Result of a person for one requirement.
pub struct RequirementCheck(standard::RequirementCheck);

/// Result of a person for one requirement (đối chiếu với yêu cầu).
#[Object]
impl RequirementCheck {
    /// The requirement.
    async fn requirement(&self) -> Requirement {
        Requirement(self.0.requirement.clone())
    }

    /// Its standard.
    async fn standard(&self) -> Standard {
        Standard(self.0.standard.clone())
    }

    /// Result for the requirement.
    async fn result(&self) -> StandardResult {
        self.0.result
    }

    /// Highest level of the person in the subject; null if none is recorded.
    async fn have(&self) -> Option<QualificationLevel> {
        self.0.have.clone().map(QualificationLevel)
    }

    /// First day on which the person is below the standard unless the level is reached; null unless the person is in
    /// transition.
    async fn deadline(&self) -> Option<Day> {
        self.0.deadline
    }

    /// Programmes that grant a sufficient level, by code; empty if the person has it.
    async fn programmes(&self) -> Vec<Programme> {
        self.0.programmes.iter().cloned().map(Programme).collect()
    }
}
