//! The second pass: what was checked is written, all of it in one transaction.

use std::{
    collections::{BTreeSet, HashSet},
    path::Path,
};

use entity::{
    training_class,
    value::{ChangeKind, PlanId, UnitCode},
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DatabaseBackend, DatabaseTransaction, EntityTrait, ExprTrait,
    IntoActiveModel, Iterable, ModelTrait, QueryFilter, prelude::Expr,
};

use super::{
    check::{Checked, Plan, checked},
    class::ClassRow,
    enrolment::EnrolmentRow,
    episode::Phase,
    finding::Findings,
    known::Known,
    pass::{BATCH, News, Pass, Resolved},
    progress::Progress,
    roster::Classes,
    row::{AssignmentRow, CadreRow, QualificationRow, RotationRow},
    session::SessionRow,
    table::{self, Row, Table},
    usage,
    world::World,
};
use crate::{
    clock::Clock,
    db::Database,
    domain::{
        access::{Act, Permit, Txn},
        unit::Units,
    },
    error::{Error, Result},
    language::Sentence,
};

/// Most rows in one statement: beyond it a statement only grows.
const ROWS: usize = 1_000;

/// Writes a checked bundle.
pub(super) async fn load(
    database: &Database,
    clock: Clock,
    dir: &Path,
    plan: Plan,
    context: (&mut World, &Progress),
) -> Result<()> {
    let result = write(database, clock, dir, plan, context).await;
    if database.backend() == DatabaseBackend::Sqlite {
        database.writer().execute_unprepared(USUAL_CACHE).await?;
    }
    result
}

async fn write(
    database: &Database,
    clock: Clock,
    dir: &Path,
    mut plan: Plan,
    (world, progress): (&mut World, &Progress),
) -> Result<()> {
    let detail = serde_json::to_string(&plan.counts()).map_err(Error::internal)?;
    let txn = Permit::operator(database, clock, Act::Import).begin(None, Some(detail)).await?;
    prepare(txn.connection()).await?;
    if Known::read(txn.connection()).await? != world.known {
        return Err(changed_database());
    }
    world.register.forget_seen();
    world.classes.forget_seen();
    let (checked, overtaken) = (plan.checked.clone(), std::mem::take(&mut plan.overtaken));
    let quotas = std::mem::take(&mut plan.offers.quotas);
    lists(&txn, plan, world).await?;
    let mut findings = Findings::default();
    let mut pass = Pass { dir, connection: txn.connection(), world, findings: &mut findings, progress };
    for before in checked {
        let now = pass.load_file(&txn, before, &overtaken).await?;
        if now != before || pass.findings.errors > 0 {
            return Err(changed_file(before.file));
        }
    }
    let mut touched: Vec<String> = pass.world.register.touched().map(str::to_owned).collect();
    touched.sort_unstable();
    record(&txn, ChangeKind::Updated, "cadre", touched).await?;
    let plans = fill_classes(&txn, &world.classes).await?;
    usage::settle(&txn, quotas, plans).await?;
    txn.commit().await
}

/// Gives new learners their seats in classes that the database held before; a new class was written with them. The plans
/// of all classes that got learners.
async fn fill_classes(txn: &Txn, classes: &Classes) -> Result<BTreeSet<PlanId>> {
    let filled = classes.filled();
    let mut touched = Vec::new();
    for (code, kept) in filled.iter().filter(|(_, kept)| kept.stored.is_some()) {
        let enrolled = Expr::col(training_class::Column::Enrolled).add(kept.taken);
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
    record(txn, ChangeKind::Updated, "training_class", touched).await?;
    Ok(filled.iter().filter_map(|(_, kept)| kept.plan_id).collect())
}

impl Plan {
    /// New rows by file, for the audit entry.
    fn counts(&self) -> serde_json::Map<String, serde_json::Value> {
        let name = |file: &str| file.trim_end_matches(".csv").to_owned();
        self.checked.iter().map(|file| (name(file.file), file.new.into())).collect()
    }
}

/// Names and units come in no order of their indexes. With SQLite's usual 2 MB of pages a nation's import would write
/// and read back each page some twenty times; 64 MiB is the most that it takes, small imports take less.
const WIDE_CACHE: &str = "PRAGMA cache_size = -65536";
/// What SQLite starts with.
const USUAL_CACHE: &str = "PRAGMA cache_size = -2000";

/// Two imports at once would each see the database without the other: on PostgreSQL the second one waits here, on
/// SQLite it could not even begin.
async fn prepare(connection: &DatabaseTransaction) -> Result<()> {
    let statement = match connection.get_database_backend() {
        DatabaseBackend::Postgres => "SELECT pg_advisory_xact_lock(hashtext('cadre-api import'))",
        _ => WIDE_CACHE,
    };
    connection.execute_unprepared(statement).await?;
    Ok(())
}

async fn lists(txn: &Txn, plan: Plan, world: &World) -> Result<()> {
    let Plan { titles, institutions, rules, retirement_ages, offers, units, .. } = plan;
    let codes = |units: &mut dyn Iterator<Item = &UnitCode>| units.map(ToString::to_string).collect::<Vec<_>>();
    record(txn, ChangeKind::Created, "unit", codes(&mut units.units.iter().map(|unit| &unit.code))).await?;
    // A new unit that is in a succession was created by this act, not updated.
    let mut touched = codes(&mut units.touched.iter().filter(|code| world.known.units.contains_key(*code)));
    touched.sort_unstable();
    record(txn, ChangeKind::Updated, "unit", touched).await?;
    record(txn, ChangeKind::Created, "title", titles.iter().map(|row| row.code.to_string()).collect()).await?;
    let names = institutions.iter().map(|row| row.code.to_string()).collect();
    record(txn, ChangeKind::Created, "institution", names).await?;
    record(txn, ChangeKind::Created, "rule", rules.iter().map(|row| row.code.to_string()).collect()).await?;
    let ages = retirement_ages.iter().map(|row| row.code.to_string()).collect();
    record(txn, ChangeKind::Created, "retirement_age", ages).await?;
    let programmes = offers.programmes.iter().map(|row| row.code.to_string()).collect();
    record(txn, ChangeKind::Created, "programme", programmes).await?;
    let plans = offers.plans.iter().map(|row| row.code.to_string()).collect();
    record(txn, ChangeKind::Created, "training_plan", plans).await?;
    // Counts follow from the trees and from whose posts are key leaders'.
    if !units.versions.is_empty() || !titles.is_empty() {
        txn.everybody_changed();
    }
    insert(txn, units.units).await?;
    insert(txn, units.versions).await?;
    insert(txn, units.successions).await?;
    insert(txn, titles).await?;
    insert(txn, institutions).await?;
    insert(txn, rules).await?;
    insert(txn, retirement_ages).await?;
    insert(txn, offers.programmes).await?;
    insert(txn, offers.plans).await
}

impl Pass<'_, DatabaseTransaction> {
    async fn load_file(&mut self, txn: &Txn, before: Checked, overtaken: &HashSet<u64>) -> Result<Checked> {
        match before.file {
            CadreRow::FILE => self.load_cadres(txn).await,
            AssignmentRow::FILE => self.load_assignments(txn).await,
            QualificationRow::FILE => self.load_qualifications(txn).await,
            RotationRow::FILE => self.load_rotations(txn, overtaken).await,
            ClassRow::FILE => self.load_classes(txn).await,
            SessionRow::FILE => self.load_sessions(txn).await,
            EnrolmentRow::FILE => self.load_enrolments(txn).await,
            // Held since the first pass and loaded as checked; the file must still be that one.
            file => Ok(Checked { print: table::print(self.dir, file, self.progress)?, ..before }),
        }
    }

    async fn load_cadres(&mut self, txn: &Txn) -> Result<Checked> {
        let mut table = Table::<CadreRow, _>::open(self.dir, self.progress, self.findings)?;
        let header = table.header().clone();
        let (mut new, mut known) = (0, 0);
        loop {
            let lines = table.batch(BATCH, self.findings)?;
            if lines.is_empty() {
                return Ok(checked(&table, new, known));
            }
            let rows = self.world.whole(lines);
            let (found, unchanged) = self.cadres(&header, rows).await?;
            new += found.len() as u64;
            known += unchanged;
            let codes = found.iter().map(|(_, row)| row.code.to_string()).collect();
            txn.of_persons(found.iter().map(|(id, _)| *id));
            insert(txn, found.into_iter().map(|(id, row)| row.model(id))).await?;
            record(txn, ChangeKind::Created, "cadre", codes).await?;
        }
    }

    async fn load_assignments(&mut self, txn: &Txn) -> Result<Checked> {
        let mut table = Table::<AssignmentRow, _>::open(self.dir, self.progress, self.findings)?;
        let header = table.header().clone();
        let (mut new, mut known) = (0, 0);
        loop {
            let lines = table.batch(BATCH, self.findings)?;
            if lines.is_empty() {
                return Ok(checked(&table, new, known));
            }
            let rows = self.world.whole(lines);
            let (found, _) = self.assignments(&header, rows).await?;
            let written = self.write_new(txn, found).await?;
            (new, known) = (new + written.0, known + written.1);
        }
    }

    async fn load_qualifications(&mut self, txn: &Txn) -> Result<Checked> {
        let mut table = Table::<QualificationRow, _>::open(self.dir, self.progress, self.findings)?;
        let header = table.header().clone();
        let (mut new, mut known) = (0, 0);
        loop {
            let lines = table.batch(BATCH, self.findings)?;
            if lines.is_empty() {
                return Ok(checked(&table, new, known));
            }
            let rows = self.world.whole(lines);
            let found = self.qualifications(&header, rows).await?;
            let written = self.write_new(txn, found).await?;
            (new, known) = (new + written.0, known + written.1);
        }
    }

    /// Comes after the posts, which tell the titles and what followed.
    async fn load_rotations(&mut self, txn: &Txn, overtaken: &HashSet<u64>) -> Result<Checked> {
        let mut table = Table::<RotationRow, _>::open(self.dir, self.progress, self.findings)?;
        let header = table.header().clone();
        let units = Units::load(self.connection).await?;
        let (mut new, mut known) = (0, 0);
        loop {
            let lines = table.batch(BATCH, self.findings)?;
            if lines.is_empty() {
                return Ok(checked(&table, new, known));
            }
            let rows = self.world.whole(lines);
            let (mut found, _) = self.rotations(&header, rows).await?;
            let all = found.len();
            found.retain(|row| row.news == News::New);
            known += (all - found.len()) as u64;
            let posts = self.posts(&self.persons(&found)).await?;
            let mut rotations = Vec::with_capacity(found.len());
            for Resolved { line, person, news, model } in found {
                let phase = match Phase::on(self.world.today, model.start_on, model.end_on) {
                    Phase::Running if overtaken.contains(&line) => Phase::Overtaken,
                    phase => phase,
                };
                let posts = posts.get(&model.cadre_id).map_or(&[][..], Vec::as_slice);
                let model = model.model(phase, &units, posts).ok_or_else(|| changed_file(table.header().file))?;
                rotations.push(Resolved { line, person, news, model });
            }
            new += self.write_new(txn, rotations).await?.0;
        }
    }

    /// Inserts the new ones of these rows; how many were new, and how many the database held.
    async fn write_new<M, A>(&mut self, txn: &Txn, mut rows: Vec<Resolved<M>>) -> Result<(u64, u64)>
    where
        M: ModelTrait + IntoActiveModel<A>,
        A: ActiveModelTrait<Entity = M::Entity>,
    {
        let all = rows.len();
        rows.retain(|row| row.news == News::New);
        let new = rows.len();
        rows.iter().for_each(|row| self.world.register.touch(row.person));
        txn.of_persons(rows.iter().map(|row| self.world.register.id(row.person)));
        insert(txn, rows.into_iter().map(|row| row.model)).await?;
        Ok((new as u64, (all - new) as u64))
    }
}

/// Inserts rows, many to a statement, within what the database can bind.
pub(super) async fn insert<M, A>(txn: &Txn, rows: impl IntoIterator<Item = M>) -> Result<()>
where
    M: ModelTrait + IntoActiveModel<A>,
    A: ActiveModelTrait<Entity = M::Entity>,
{
    insert_active(txn, rows.into_iter().map(IntoActiveModel::into_active_model)).await
}

async fn insert_active<A: ActiveModelTrait>(txn: &Txn, rows: impl IntoIterator<Item = A>) -> Result<()> {
    let binds = match txn.connection().get_database_backend() {
        DatabaseBackend::Postgres => 65_535,
        _ => 32_766,
    };
    let columns = <<A::Entity as EntityTrait>::Column as Iterable>::iter().count();
    let size = ROWS.min(binds / columns.max(1));
    let mut rows = rows.into_iter();
    loop {
        let chunk: Vec<A> = rows.by_ref().take(size).collect();
        if chunk.is_empty() {
            return Ok(());
        }
        A::Entity::insert_many(chunk).exec_without_returning(txn.connection()).await?;
    }
}

/// Writes one change per object.
pub(super) async fn record(txn: &Txn, kind: ChangeKind, table: &str, objects: Vec<String>) -> Result<()> {
    let rows = objects.into_iter().map(|object| txn.line(kind, table, (object, None)));
    insert_active(txn, rows).await
}

fn changed_database() -> Error {
    Error::Conflict(Sentence::new(
        "cơ sở dữ liệu đã thay đổi trong khi kiểm tra; không ghi gì; hãy nhập lại",
        "the database changed while the bundle was checked; nothing was written; import again",
    ))
}

fn changed_file(file: &str) -> Error {
    Error::Conflict(Sentence::new(
        format!("{file} hoặc cơ sở dữ liệu đã thay đổi trong khi nhập; không ghi gì; hãy nhập lại"),
        format!("{file} or the database changed during the import; nothing was written; import again"),
    ))
}
