//! Pass 1: validates all files, reports all findings, writes nothing.

use std::collections::{HashMap, HashSet};

use entity::{institution, programme, retirement_age, rule as law, title, training_class, value::PlanId};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};

use super::{
    appraisal::AppraisalRow,
    area::AreaRow,
    batch::count_by_status,
    bundle::Bundle,
    checked::Checked,
    class::ClassRow,
    context::{ImportContext, repeated_row},
    document::DocumentRow,
    duty_row::{DutyProgrammeRow, DutyRow, ExemptionRow},
    enrolment::EnrolmentRow,
    exemption::StandardExemptionRow,
    existing::Existing,
    files::Files,
    finding::{FindingCode, Findings},
    header::Header,
    identifier::IdentifierRow,
    person_overlaps::{self, Achievement, Episode, Post},
    plan::Plan,
    plausibility::{self, IdDoubt},
    post::Tiers,
    progress::Progress,
    reference_lists::{Listed, new_rows},
    resolve::Pass,
    rotation::{Tenure, Tenures, UnitLifetimes, rotation_overlap, rotation_running},
    row::{AssignmentRow, CadreRow, QualificationRow, RotationRow, SuccessionRow, UnitRow},
    session::SessionRow,
    standard::{RequirementRow, ScopeRow, StandardRow},
    table::Row,
    title::{StepRow, completed},
    training_row::{PlanRow, QuotaRow},
    twin::{self, Twin},
};
use crate::{error::Result, language::Sentence};

/// Checks a bundle.
pub(super) async fn validate(
    files: Files<'_>,
    bundle: &Bundle,
    reader: &impl ConnectionTrait,
    (context, findings, progress): (&mut ImportContext, &mut Findings, &Progress),
) -> Result<Plan> {
    let mut plan = Plan::default();
    let mut pass = Pass { files, connection: reader, context, findings, progress };
    pass.lists(bundle, &mut plan).await?;
    if bundle.has(CadreRow::FILE) {
        plan.checked.push(pass.check_cadres().await?);
    }
    let mut stays = bundle.has(RotationRow::FILE).then(Vec::new);
    if bundle.has(AssignmentRow::FILE) {
        let tiers = pass.tiers(&plan);
        plan.checked.push(pass.check_assignments(&tiers, stays.as_mut()).await?);
    }
    // Before the qualifications, so that the posts are freed before those are compared.
    let rotations = match stays {
        Some(stays) => Some(pass.check_rotations(&mut plan, Tenures::new(stays)).await?),
        None => None,
    };
    if bundle.has(QualificationRow::FILE) {
        plan.checked.push(pass.check_qualifications().await?);
    }
    plan.checked.extend(rotations);
    if bundle.has(ClassRow::FILE) {
        plan.checked.push(pass.check_classes().await?);
    }
    if bundle.has(SessionRow::FILE) {
        plan.checked.push(pass.check_sessions().await?);
    }
    if bundle.has(EnrolmentRow::FILE) {
        let lifetimes = pass.lifetimes(&plan);
        plan.checked.push(pass.check_enrolments(&lifetimes).await?);
    }
    if bundle.has(ExemptionRow::FILE) {
        plan.checked.push(pass.check_exemptions().await?);
    }
    if bundle.has(AppraisalRow::FILE) {
        plan.checked.push(pass.check_appraisals().await?);
    }
    if bundle.has(StandardExemptionRow::FILE) {
        plan.checked.push(pass.check_standard_exemptions().await?);
    }
    Ok(plan)
}

/// Selects the stored rows of a list from the snapshot.
type StoredRows<T> = fn(&Existing) -> &HashMap<<T as Listed>::Code, T>;

/// A small file, read into memory.
struct SmallFile<T> {
    header: Header,
    rows: Vec<(u64, T)>,
    checked: Checked,
}

impl<C: ConnectionTrait> Pass<'_, C> {
    /// All rows of a small file.
    async fn whole<T: Row>(&mut self) -> Result<SmallFile<T>> {
        let mut rows = Vec::new();
        let step = async |_: &mut Self, _: &Header, read| {
            rows.extend(read);
            Ok((0, 0))
        };
        let (checked, header) = self.batches(step).await?;
        Ok(SmallFile { header, rows, checked })
    }

    async fn lists(&mut self, bundle: &Bundle, plan: &mut Plan) -> Result<()> {
        if bundle.has(UnitRow::FILE) {
            self.units(plan).await?;
        }
        if bundle.has(SuccessionRow::FILE) {
            self.successions(plan).await?;
        }
        if bundle.has(IdentifierRow::FILE) {
            self.identifiers(plan).await?;
        }
        if bundle.has(AreaRow::FILE) {
            self.areas(plan).await?;
        }
        if bundle.has(DocumentRow::FILE) {
            self.documents(plan).await?;
        }
        if bundle.has(<title::Model as Row>::FILE) {
            self.titles(plan).await?;
            self.context.titles.extend(plan.titles.iter().map(|title| (title.code.clone(), title.tier)));
        }
        if bundle.has(StepRow::FILE) {
            self.title_steps(plan).await?;
        }
        if bundle.has(<institution::Model as Row>::FILE) {
            plan.institutions = self.list(|existing| &existing.institutions, &mut plan.checked).await?;
            self.context.institutions.extend(plan.institutions.iter().map(|institution| institution.code.clone()));
        }
        self.standards(bundle, plan).await?;
        if bundle.has(<law::Model as Row>::FILE) {
            plan.rules = self.list(|existing| &existing.rules, &mut plan.checked).await?;
        }
        if bundle.has(<retirement_age::Model as Row>::FILE) {
            plan.retirement_ages = self.list(|existing| &existing.retirement_ages, &mut plan.checked).await?;
        }
        self.offers(bundle, plan).await
    }

    /// Checks programmes, plans and quotas. Quotas refer to plans, and both refer to programmes.
    async fn offers(&mut self, bundle: &Bundle, plan: &mut Plan) -> Result<()> {
        let offers = &mut plan.offers;
        if bundle.has(<programme::Model as Row>::FILE) {
            offers.programmes = self.list(|existing| &existing.programmes, &mut plan.checked).await?;
            let codes = offers.programmes.iter().map(|programme| programme.code.clone());
            codes.for_each(|code| self.context.programmes.enter(code));
        }
        self.duties(bundle, plan).await?;
        let offers = &mut plan.offers;
        if bundle.has(PlanRow::FILE) {
            let SmallFile { header, rows, checked } = self.whole::<PlanRow>().await?;
            offers.read_plans(&header, rows, self.context, self.findings);
            let (new, unchanged) = (offers.plans.len() as u64, offers.unchanged.0);
            plan.checked.push(Checked { new, unchanged, ..checked });
        }
        if bundle.has(QuotaRow::FILE) {
            let SmallFile { header, rows, checked } = self.whole::<QuotaRow>().await?;
            let taught = self.plans_with_learners().await?;
            let offers = &mut plan.offers;
            offers.read_quotas(&header, rows, (self.context, &taught), self.findings);
            let (new, unchanged) = (offers.quotas.len() as u64, offers.unchanged.1);
            plan.checked.push(Checked { new, unchanged, ..checked });
        }
        Ok(())
    }

    /// Checks duties and the programmes that count for them.
    async fn duties(&mut self, bundle: &Bundle, plan: &mut Plan) -> Result<()> {
        let duties = &mut plan.duties;
        if bundle.has(DutyRow::FILE) {
            let SmallFile { header, rows, checked } = self.whole::<DutyRow>().await?;
            duties.read(&header, rows, self.context, self.findings);
            plan.checked.push(Checked { new: duties.duties.len() as u64, unchanged: duties.unchanged.0, ..checked });
        }
        if bundle.has(DutyProgrammeRow::FILE) {
            let SmallFile { header, rows, checked } = self.whole::<DutyProgrammeRow>().await?;
            duties.read_programmes(&header, rows, self.context, self.findings);
            let (new, unchanged) = (duties.programmes.len() as u64, duties.unchanged.1);
            plan.checked.push(Checked { new, unchanged, ..checked });
        }
        Ok(())
    }

    /// The plans whose classes have learners in the database.
    async fn plans_with_learners(&self) -> Result<HashSet<PlanId>> {
        if !self.context.existing.has_classes {
            return Ok(HashSet::new());
        }
        let plans: Vec<PlanId> = training_class::Entity::find()
            .filter(training_class::Column::Enrolled.gt(0))
            .filter(training_class::Column::PlanId.is_not_null())
            .select_only()
            .column(training_class::Column::PlanId)
            .distinct()
            .into_tuple()
            .all(self.connection)
            .await?;
        Ok(plans.into_iter().collect())
    }

    fn lifetimes(&self, plan: &Plan) -> UnitLifetimes {
        UnitLifetimes::of(self.context.existing.versions.values().flatten().chain(&plan.units.versions))
    }

    fn tiers(&self, plan: &Plan) -> Tiers {
        let mut tiers = Tiers::new();
        for version in self.context.existing.versions.values().flatten().chain(&plan.units.versions) {
            tiers.entry(version.unit_id).or_default().extend(version.period().map(|period| (period, version.tier)));
        }
        tiers
    }

    async fn units(&mut self, plan: &mut Plan) -> Result<()> {
        let SmallFile { header, rows, checked } = self.whole::<UnitRow>().await?;
        plan.units.read(&header, &rows, self.context, self.findings);
        let (new, unchanged) = (plan.units.versions.len() as u64, plan.units.unchanged.0);
        plan.checked.push(Checked { new, unchanged, ..checked });
        Ok(())
    }

    async fn successions(&mut self, plan: &mut Plan) -> Result<()> {
        let SmallFile { header, rows, checked } = self.whole::<SuccessionRow>().await?;
        plan.units.read_successions(&header, rows, self.context, self.findings);
        let (new, unchanged) = (plan.units.successions.len() as u64, plan.units.unchanged.1);
        plan.checked.push(Checked { new, unchanged, ..checked });
        Ok(())
    }

    async fn identifiers(&mut self, plan: &mut Plan) -> Result<()> {
        let SmallFile { header, rows, checked } = self.whole::<IdentifierRow>().await?;
        let unchanged = plan.units.read_identifiers(&header, &rows, self.context, self.findings);
        plan.checked.push(Checked { new: plan.units.identifiers.len() as u64, unchanged, ..checked });
        Ok(())
    }

    async fn areas(&mut self, plan: &mut Plan) -> Result<()> {
        let SmallFile { header, rows, checked } = self.whole::<AreaRow>().await?;
        let unchanged = plan.units.read_areas(&header, &rows, self.context, self.findings);
        plan.checked.push(Checked { new: plan.units.areas.len() as u64, unchanged, ..checked });
        Ok(())
    }

    /// Checks titles. A recorded title that gets a group or a role counts as a new row.
    async fn titles(&mut self, plan: &mut Plan) -> Result<()> {
        let SmallFile { header, rows, checked } = self.whole::<title::Model>().await?;
        plan.completed_titles = completed(&header, &rows, self.context, self.findings);
        let stored = &self.context.existing.titles;
        let (titles, unchanged) = new_rows(&header, rows, stored, (self.context, self.findings));
        plan.titles = titles;
        let completed = plan.completed_titles.len() as u64;
        let (new, unchanged) = (plan.titles.len() as u64 + completed, unchanged.saturating_sub(completed));
        plan.checked.push(Checked { new, unchanged, ..checked });
        Ok(())
    }

    async fn title_steps(&mut self, plan: &mut Plan) -> Result<()> {
        let SmallFile { header, rows, checked } = self.whole::<StepRow>().await?;
        let unchanged = plan.title_steps.read(&header, rows, self.context, self.findings);
        plan.checked.push(Checked { new: plan.title_steps.steps.len() as u64, unchanged, ..checked });
        Ok(())
    }

    async fn documents(&mut self, plan: &mut Plan) -> Result<()> {
        let SmallFile { header, rows, checked } = self.whole::<DocumentRow>().await?;
        let unchanged = plan.documents.read(&header, rows, self.context, self.findings);
        plan.checked.push(Checked { new: plan.documents.len(), unchanged, ..checked });
        Ok(())
    }

    /// Checks standards, then their scopes and requirements, which refer to them.
    async fn standards(&mut self, bundle: &Bundle, plan: &mut Plan) -> Result<()> {
        if bundle.has(StandardRow::FILE) {
            let SmallFile { header, rows, checked } = self.whole::<StandardRow>().await?;
            let unchanged = plan.standards.read(&header, rows, self.context, self.findings);
            plan.checked.push(Checked { new: plan.standards.standards.len() as u64, unchanged, ..checked });
        }
        if bundle.has(ScopeRow::FILE) {
            let SmallFile { header, rows, checked } = self.whole::<ScopeRow>().await?;
            let unchanged = plan.standards.read_scopes(&header, rows, self.context, self.findings);
            plan.checked.push(Checked { new: plan.standards.scopes.len() as u64, unchanged, ..checked });
        }
        if bundle.has(RequirementRow::FILE) {
            let SmallFile { header, rows, checked } = self.whole::<RequirementRow>().await?;
            let unchanged = plan.standards.read_requirements(&header, rows, self.context, self.findings);
            let keys = plan.standards.requirements.iter().map(|row| (row.standard_code.clone(), row.code.clone()));
            self.context.requirements.extend(keys);
            plan.checked.push(Checked { new: plan.standards.requirements.len() as u64, unchanged, ..checked });
        }
        Ok(())
    }

    async fn list<T: Listed>(&mut self, stored: StoredRows<T>, files: &mut Vec<Checked>) -> Result<Vec<T>> {
        let SmallFile { header, rows, checked } = self.whole::<T>().await?;
        let (new, unchanged) = new_rows(&header, rows, stored(&self.context.existing), (self.context, self.findings));
        files.push(Checked { new: new.len() as u64, unchanged, ..checked });
        Ok(new)
    }

    async fn check_cadres(&mut self) -> Result<Checked> {
        let mut numbers: HashSet<u64> = HashSet::new();
        let mut persons = Vec::new();
        let step = async |pass: &mut Self, header: &Header, rows: Vec<(u64, CadreRow)>| {
            for (line, row) in &rows {
                let number = row.national_id.as_deref().and_then(plausibility::digits);
                if number.is_some_and(|number| !numbers.insert(number)) {
                    let sentence = || IdDoubt::RepeatedInBundle.sentence();
                    let at = (*line, "national_id");
                    header.note(pass.findings, at, FindingCode::DoubtfulNationalId, sentence);
                }
            }
            persons.extend(rows.iter().filter_map(|(line, row)| Twin::of(*line, row)));
            if pass.context.sees_everybody {
                pass.doubt_repeated_ids(header, &rows).await?;
                pass.doubt_stored_persons(header, &rows).await?;
            }
            let (found, unchanged) = pass.cadres(header, rows).await?;
            Ok((found.len() as u64, unchanged))
        };
        let (checked, header) = self.batches(step).await?;
        twin::note(&header, persons, self.findings);
        Ok(checked)
    }

    /// Checks the posts, and records them for the comparison with the rotations.
    async fn check_assignments(&mut self, tiers: &Tiers, mut stays: Option<&mut Vec<Tenure>>) -> Result<Checked> {
        // With errors, a unit may seem to be missing because its row could not be read.
        let has_no_errors = self.findings.errors == 0;
        let mut posts = Vec::new();
        let step = async |pass: &mut Self, header: &Header, rows| {
            let (found, stored) = pass.assignments(header, rows).await?;
            if has_no_errors {
                pass.doubt_posts_by_unit(header, &found, tiers);
            }
            posts.extend(found.iter().map(Post::of));
            if let Some(stays) = &mut stays {
                stays.extend(found.iter().map(|row| Tenure::of(row.person, &row.model)));
            }
            posts.extend(stored.iter().map(|(person, post)| Post::stored(*person, post)));
            Ok(count_by_status(&found))
        };
        let (checked, header) = self.batches(step).await?;
        let compared = person_overlaps::compare_posts(posts);
        for line in compared.repeated {
            header.note(self.findings, (line, "cadre_code"), FindingCode::RepeatedRow, repeated_row);
        }
        for line in compared.overlapping {
            header.note(self.findings, (line, "start_on"), FindingCode::TwoPrimaryPosts, || {
                Sentence::new(
                    "người này giữ một chức danh chính khác trong cùng thời gian; chức danh bắt đầu sau xác định đơn vị \
                     của người này; hãy kiểm tra ngày của hai chức danh",
                    "the person has another primary post at the same time; the post that began later determines the \
                     person's unit; check the days of both",
                )
            });
        }
        Ok(checked)
    }

    async fn check_rotations(&mut self, plan: &mut Plan, stays: Tenures) -> Result<Checked> {
        let lifetimes = self.lifetimes(plan);
        // With errors, a unit may seem to be missing because its row could not be read.
        let has_no_errors = self.findings.errors == 0;
        let mut episodes = Vec::new();
        let step = async |pass: &mut Self, header: &Header, rows| {
            let (found, stored) = pass.rotations(header, rows).await?;
            if has_no_errors {
                pass.doubt_units(header, &found, &lifetimes);
                pass.doubt_posts(header, &found, &stays).await?;
            }
            episodes.extend(found.iter().map(|row| Episode::of(row, pass.context.today)));
            episodes.extend(stored.iter().map(|(person, row)| Episode::stored(*person, row)));
            Ok(count_by_status(&found))
        };
        let (checked, header) = self.batches(step).await?;
        let compared = person_overlaps::compare_episodes(episodes);
        for (lines, column, code, sentence) in [
            (compared.repeated, "cadre_code", FindingCode::RepeatedRow, repeated_row as fn() -> Sentence),
            (compared.overlapping, "start_on", FindingCode::RotationOverlap, rotation_overlap),
            (compared.second, "cadre_code", FindingCode::RotationRunning, rotation_running),
        ] {
            lines.into_iter().for_each(|line| header.note(self.findings, (line, column), code, sentence));
        }
        plan.overtaken = compared.overtaken.into_iter().collect();
        Ok(checked)
    }

    async fn check_qualifications(&mut self) -> Result<Checked> {
        let mut achievements = Vec::new();
        let step = async |pass: &mut Self, header: &Header, rows| {
            let (found, stored) = pass.qualifications(header, rows).await?;
            achievements.extend(found.iter().map(Achievement::of));
            achievements.extend(stored.iter().map(|(person, achievement)| Achievement::stored(*person, achievement)));
            Ok(count_by_status(&found))
        };
        let (checked, header) = self.batches(step).await?;
        let compared = person_overlaps::compare_achievements(achievements);
        for line in compared.repeated {
            header.note(self.findings, (line, "cadre_code"), FindingCode::RepeatedRow, repeated_row);
        }
        for line in compared.redated {
            header.note(self.findings, (line, "granted_on"), FindingCode::QualificationRedated, || {
                Sentence::new(
                    "người này đã có chính văn bằng, chứng chỉ này với ngày cấp khác; nếu chỉ sửa ngày thì hãy bỏ dòng \
                     này, vì dòng này sẽ thêm một văn bằng thứ hai",
                    "the person already has this qualification with another date; if only the date was corrected, \
                     remove this row, because it would add a second qualification",
                )
            });
        }
        Ok(checked)
    }
}
