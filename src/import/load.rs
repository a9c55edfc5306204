//! Pass 2: writes the validated bundle in one transaction.

use std::collections::HashSet;

use entity::{
    appraisal, assignment, cadre, class_session, duty_exemption, enrolment, enrolment_quota, qualification, quota,
    rotation, standard_exemption, title, training_class,
    value::{ChangeKind, QuotaId, UnitCode},
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DatabaseTransaction, EntityTrait, ExprTrait, IntoActiveModel, ModelTrait,
    QueryFilter, prelude::Expr,
};

use super::{
    FileReport, FileState, Outcome, Report,
    appraisal::AppraisalRow,
    batch::{Count, count_by_status},
    checked::Checked,
    class::ClassRow,
    class_index::Classes,
    context::ImportContext,
    duty_row::ExemptionRow,
    enrolment::EnrolmentRow,
    exemption::StandardExemptionRow,
    existing::Existing,
    files::Files,
    finding::Findings,
    header::Header,
    importer::Importer,
    plan::Plan,
    progress::Progress,
    quota_usage::{self, Attribution},
    resolve::{Pass, Resolved, RowStatus},
    rotation_history::Phase,
    row::{AssignmentRow, CadreRow, QualificationRow, RotationRow},
    session::SessionRow,
    table::{self, Row},
    validated::{Validated, file_report, report},
    write::{insert, record, record_unless_bulk},
};
use crate::{
    audit::hash_chain,
    authz::{Change, Permit, Txn},
    clock::Clock,
    db::{
        self, Database,
        bulk::{self, Indexes},
    },
    error::{Error, Result},
    language::Sentence,
    reference::units::Units,
};

/// Number of attempts to begin the loading transaction. Each attempt waits for other writers as long as a statement may
/// wait for a lock.
const ATTEMPTS: usize = 12;

/// Objects that no validation depends on, by their type in the change log.
const UNRELATED_OBJECTS: [&str; 7] =
    ["acting_person", "client", "client_document", "client_key", "external_client", "signing_key", "webhook"];

/// Writes a validated bundle. `since` is the end of the log before the validation: if a command has changed data since
/// then, the bundle is validated again inside the transaction, which excludes other commands.
pub(super) async fn load(
    (database, clock, importer): (&Database, Clock, &Importer<'_>),
    (files, progress): (Files<'_>, &Progress),
    (since, mut validated): (i64, Validated),
) -> Result<Report> {
    let permit = importer.permit(database, clock)?;
    let txn = begin_alone(&permit).await?;
    bulk::enlarge_cache(&txn).await?;
    if has_changed(&txn, since, &validated.context.existing).await? {
        drop(validated);
        tracing::info!("the database was changed during the validation; the bundle is validated again");
        validated = Validated::read(&txn, clock, (files, importer), progress).await?;
        let outcome = validated.outcome();
        if outcome != Outcome::Loaded {
            bulk::restore_cache(&txn).await?;
            txn.rollback().await?;
            return Ok(validated.report(outcome));
        }
    }
    let Validated { context, plan, findings, bytes, .. } = validated;
    progress.begin("loading", bytes);
    let detail = serde_json::to_string(&plan.counts()).map_err(Error::internal)?;
    let mut loaded: Vec<FileReport> = plan.checked.iter().map(file_report).collect();
    loaded.iter_mut().for_each(|file| file.state = FileState::Loaded);
    let report = report(Outcome::Loaded, loaded, findings);
    let txn = permit.enter(txn, importer.object(), Some(detail)).await?;
    importer.store(&txn, &report).await?;
    write(txn, files, plan, (context, progress)).await?;
    Ok(report)
}

/// Begins the transaction, and waits for other writers if necessary. Writers compete for the lock, so a busy service
/// may require more than one attempt.
async fn begin_alone(permit: &Permit<'_>) -> Result<DatabaseTransaction> {
    for _ in 1..ATTEMPTS {
        match permit.begin_alone().await {
            Err(Error::Unavailable(error)) if db::is_locked(&error) => tracing::info!("waiting for other writes"),
            begun => return begun,
        }
    }
    permit.begin_alone().await
}

/// Whether the database may differ from the state that the bundle was validated against. Lists and units are compared
/// as well, because an operator can change them without a command.
async fn has_changed(txn: &DatabaseTransaction, since: i64, existing: &Existing) -> Result<bool> {
    Ok(hash_chain::has_changed_after(txn, since, &UNRELATED_OBJECTS).await? || Existing::read(txn).await? != *existing)
}

async fn write(
    txn: Txn,
    files: Files<'_>,
    mut plan: Plan,
    (mut context, progress): (ImportContext, &Progress),
) -> Result<()> {
    context.cadre_index.clear_file_marks();
    context.classes.clear_file_marks();
    let (checked, overtaken) = (plan.checked.clone(), std::mem::take(&mut plan.overtaken));
    let quotas: HashSet<QuotaId> = plan.offers.quotas.iter().map(|quota| quota.id).collect();
    lists(&txn, plan, &context).await?;
    let mut findings = Findings::default();
    let mut pass =
        Pass { files, connection: txn.connection(), context: &mut context, findings: &mut findings, progress };
    let mut used = Vec::new();
    for before in checked {
        let now = match before.file {
            EnrolmentRow::FILE => {
                let mut attribution = Attribution::read(txn.connection()).await?;
                let load =
                    load_without_indexes::<enrolment::Entity>(&txn, pass.load_enrolments(&txn, &mut attribution));
                let now = load_without_indexes::<enrolment_quota::Entity>(&txn, load).await?;
                used = attribution.used();
                now
            }
            _ => pass.load_file(&txn, before, &overtaken).await?,
        };
        if now != before || pass.findings.errors > 0 {
            return Err(changed_file(before.file));
        }
    }
    progress.begin_unmeasured("updating classes and quotas");
    bulk::lower_sort_memory(txn.connection()).await?;
    let mut touched: Vec<String> = pass.context.cadre_index.touched().map(str::to_owned).collect();
    touched.sort_unstable();
    record(&txn, ChangeKind::Updated, "cadre", touched).await?;
    fill_classes(&txn, &context.classes).await?;
    // The following steps read only the database. Dropping the context frees 60 bytes per person.
    drop(context);
    let are_many = quotas.len() as u64 >= bulk::MANY;
    quota_usage::settle(&txn, &used, &quotas).await?;
    if are_many {
        bulk::analyze::<quota::Entity>(txn.connection()).await?;
    }
    bulk::restore_cache(txn.connection()).await?;
    progress.begin_unmeasured("updating the read models");
    txn.commit().await
}

/// Records the seats of new learners in classes that were stored before the import. New classes were inserted with
/// their seats.
async fn fill_classes(txn: &Txn, classes: &Classes) -> Result<()> {
    let with_new_learners = classes.with_new_learners();
    let mut touched = Vec::new();
    for (code, kept) in with_new_learners.iter().filter(|(_, kept)| kept.stored.is_some()) {
        let enrolled = Expr::col(training_class::Column::Enrolled).add(kept.new_seats);
        let has_room = Expr::col(training_class::Column::Capacity)
            .is_null()
            .or(enrolled.clone().lte(Expr::col(training_class::Column::Capacity)));
        let update = training_class::Entity::update_many()
            .col_expr(training_class::Column::Enrolled, enrolled)
            .col_expr(training_class::Column::Version, Expr::col(training_class::Column::Version).add(1))
            .filter(training_class::Column::Id.eq(kept.id))
            .filter(has_room);
        if update.exec(txn.connection()).await?.rows_affected != 1 {
            return Err(changed_database());
        }
        touched.push(code.to_string());
    }
    record(txn, ChangeKind::Updated, "training_class", touched).await
}

async fn lists(txn: &Txn, plan: Plan, context: &ImportContext) -> Result<()> {
    let Plan {
        documents,
        titles,
        completed_titles,
        title_steps,
        institutions,
        standards,
        rules,
        retirement_ages,
        offers,
        duties,
        units,
        ..
    } = plan;
    let codes = |units: &mut dyn Iterator<Item = &UnitCode>| units.map(ToString::to_string).collect::<Vec<_>>();
    record(txn, ChangeKind::Created, "unit", codes(&mut units.units.iter().map(|unit| &unit.code))).await?;
    // A new unit that is in a succession was created by this command, not updated.
    let mut touched = codes(&mut units.touched.iter().filter(|code| context.existing.units.contains_key(*code)));
    touched.sort_unstable();
    record(txn, ChangeKind::Updated, "unit", touched).await?;
    record(txn, ChangeKind::Created, "document", documents.codes()).await?;
    record(txn, ChangeKind::Created, "title", titles.iter().map(|row| row.code.to_string()).collect()).await?;
    let mut touched = title_steps.touched;
    touched.extend(completed_titles.iter().map(|title| title.code.clone()));
    record(txn, ChangeKind::Updated, "title", touched.iter().map(ToString::to_string).collect()).await?;
    let names = institutions.iter().map(|row| row.code.to_string()).collect();
    record(txn, ChangeKind::Created, "institution", names).await?;
    let names = standards.standards.iter().map(|row| row.code.to_string()).collect();
    record(txn, ChangeKind::Created, "standard", names).await?;
    let touched = standards.touched.iter().map(ToString::to_string).collect();
    record(txn, ChangeKind::Updated, "standard", touched).await?;
    record(txn, ChangeKind::Created, "rule", rules.iter().map(|row| row.code.to_string()).collect()).await?;
    let ages = retirement_ages.iter().map(|row| row.code.to_string()).collect();
    record(txn, ChangeKind::Created, "retirement_age", ages).await?;
    let programmes = offers.programmes.iter().map(|row| row.code.to_string()).collect();
    record(txn, ChangeKind::Created, "programme", programmes).await?;
    let codes = duties.duties.iter().map(|row| row.code.to_string()).collect();
    record(txn, ChangeKind::Created, "duty", codes).await?;
    let plans = offers.plans.iter().map(|row| row.code.to_string()).collect();
    record(txn, ChangeKind::Created, "training_plan", plans).await?;
    // The headcounts depend on the trees and on the titles of key leaders.
    if !units.versions.is_empty() || !titles.is_empty() {
        txn.all_persons_changed();
    }
    insert(txn, units.units).await?;
    insert(txn, units.versions).await?;
    insert(txn, units.successions).await?;
    insert(txn, units.identifiers).await?;
    insert(txn, units.areas).await?;
    insert(txn, documents.rows()).await?;
    insert(txn, titles).await?;
    for title in completed_titles {
        title::Entity::update(title.into_active_model().reset_all()).exec_without_returning(txn.connection()).await?;
    }
    insert(txn, title_steps.steps).await?;
    insert(txn, institutions).await?;
    insert(txn, standards.standards).await?;
    insert(txn, standards.scopes).await?;
    insert(txn, standards.requirements).await?;
    insert(txn, rules).await?;
    insert(txn, retirement_ages).await?;
    let quotas = offers.quotas.iter().map(|quota| quota.id.to_string()).collect();
    record(txn, ChangeKind::Created, "quota", quotas).await?;
    insert(txn, offers.programmes).await?;
    insert(txn, duties.duties).await?;
    insert(txn, duties.programmes).await?;
    insert(txn, offers.plans).await?;
    insert(txn, offers.quotas).await
}

impl Pass<'_, DatabaseTransaction> {
    async fn load_file(&mut self, txn: &Txn, before: Checked, overtaken: &HashSet<u64>) -> Result<Checked> {
        match before.file {
            CadreRow::FILE => load_without_indexes::<cadre::Entity>(txn, self.load_cadres(txn)).await,
            AssignmentRow::FILE => load_without_indexes::<assignment::Entity>(txn, self.load_assignments(txn)).await,
            QualificationRow::FILE => {
                load_without_indexes::<qualification::Entity>(txn, self.load_qualifications(txn)).await
            }
            RotationRow::FILE => {
                load_without_indexes::<rotation::Entity>(txn, self.load_rotations(txn, overtaken)).await
            }
            ClassRow::FILE => load_without_indexes::<training_class::Entity>(txn, self.load_classes(txn)).await,
            ExemptionRow::FILE => load_without_indexes::<duty_exemption::Entity>(txn, self.load_exemptions(txn)).await,
            AppraisalRow::FILE => load_without_indexes::<appraisal::Entity>(txn, self.load_appraisals(txn)).await,
            StandardExemptionRow::FILE => {
                load_without_indexes::<standard_exemption::Entity>(txn, self.load_standard_exemptions(txn)).await
            }
            SessionRow::FILE => load_without_indexes::<class_session::Entity>(txn, self.load_sessions(txn)).await,
            // The rows of the first pass are loaded from memory; the file must not have changed since.
            file => Ok(Checked { print: table::print(self.files, file, self.progress)?, ..before }),
        }
    }

    async fn load_cadres(&mut self, txn: &Txn) -> Result<Checked> {
        let step = async |pass: &mut Self, header: &Header, rows| {
            let (found, unchanged) = pass.cadres(header, rows).await?;
            let codes: Vec<String> = found.iter().map(|(_, row)| row.code.to_string()).collect();
            let new = codes.len() as u64;
            txn.of_persons(found.iter().map(|(id, _)| *id));
            insert(txn, found.into_iter().map(|(id, row)| row.model(id))).await?;
            record(txn, ChangeKind::Created, "cadre", codes).await?;
            Ok((new, unchanged))
        };
        Ok(self.batches(step).await?.0)
    }

    async fn load_assignments(&mut self, txn: &Txn) -> Result<Checked> {
        let step = async |pass: &mut Self, header: &Header, rows| {
            let (found, _) = pass.assignments(header, rows).await?;
            pass.write_new(txn, found, |_| None).await
        };
        Ok(self.batches(step).await?.0)
    }

    async fn load_qualifications(&mut self, txn: &Txn) -> Result<Checked> {
        let step = async |pass: &mut Self, header: &Header, rows| {
            let (found, _) = pass.qualifications(header, rows).await?;
            let change = |row: &qualification::Model| {
                Some(Change::of(ChangeKind::Created, "qualification", row.id.to_string()).about(row.cadre_id))
            };
            pass.write_new(txn, found, change).await
        };
        Ok(self.batches(step).await?.0)
    }

    /// Must run after the posts are loaded: titles and placements are derived from them.
    async fn load_rotations(&mut self, txn: &Txn, overtaken: &HashSet<u64>) -> Result<Checked> {
        let units = Units::load(self.connection).await?;
        let step = async |pass: &mut Self, header: &Header, rows| {
            let (mut found, _) = pass.rotations(header, rows).await?;
            let count = count_by_status(&found);
            found.retain(|row| row.row_status == RowStatus::New);
            let posts = pass.posts(&pass.persons(&found)).await?;
            let mut rotations = Vec::with_capacity(found.len());
            for Resolved { line, person, row_status, model } in found {
                let phase = match Phase::on(pass.context.today, model.start_on, model.end_on) {
                    Phase::Running if overtaken.contains(&line) => Phase::Overtaken,
                    phase => phase,
                };
                let posts = posts.get(&model.cadre_id).map_or(&[][..], Vec::as_slice);
                let model = model.model(phase, &units, posts).ok_or_else(|| changed_file(header.file))?;
                rotations.push(Resolved { line, person, row_status, model });
            }
            let change = |row: &rotation::Model| {
                let audience = row.preparing_unit_id.filter(|_| row.is_embargoed());
                Some(Change::of(ChangeKind::Created, "rotation", row.id.to_string()).only_for(audience))
            };
            pass.write_new(txn, rotations, change).await?;
            Ok(count)
        };
        Ok(self.batches(step).await?.0)
    }

    /// Inserts the new rows among these, and records their changes.
    pub async fn write_new<M, A>(
        &mut self,
        txn: &Txn,
        mut rows: Vec<Resolved<M>>,
        change: impl Fn(&M) -> Option<Change>,
    ) -> Result<Count>
    where
        M: ModelTrait + IntoActiveModel<A>,
        A: ActiveModelTrait<Entity = M::Entity>,
    {
        let count = count_by_status(&rows);
        rows.retain(|row| row.row_status == RowStatus::New);
        rows.iter().for_each(|row| self.context.cadre_index.touch(row.person));
        txn.of_persons(rows.iter().map(|row| self.context.cadre_index.id(row.person)));
        record_unless_bulk(txn, rows.iter().filter_map(|row| change(&row.model))).await?;
        insert(txn, rows.into_iter().map(|row| row.model)).await?;
        Ok(count)
    }
}

/// Fills a table from a file, without its indexes meanwhile.
async fn load_without_indexes<E: EntityTrait>(
    txn: &Txn,
    load: impl Future<Output = Result<Checked>>,
) -> Result<Checked> {
    let indexes = Indexes::take::<E>(txn.connection()).await?;
    let checked = load.await?;
    indexes.rebuild(txn.connection()).await?;
    if checked.new >= bulk::MANY {
        bulk::analyze::<E>(txn.connection()).await?;
    }
    Ok(checked)
}

fn changed_database() -> Error {
    Error::Conflict(Sentence::new(
        "cơ sở dữ liệu đã thay đổi trong khi kiểm tra gói nhập; chưa có dữ liệu nào được ghi; hãy nhập lại",
        "the database was changed while the bundle was checked; nothing was written; import the bundle again",
    ))
}

fn changed_file(file: &str) -> Error {
    Error::Conflict(Sentence::new(
        format!("tệp {file} đã thay đổi trong khi nhập; chưa có dữ liệu nào được ghi; hãy nhập lại"),
        format!("{file} was changed during the import; nothing was written; import the bundle again"),
    ))
}
