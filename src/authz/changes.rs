//! Access to recorded changes: a change is shown to callers whose reach shows its object before or after the change, and
//! who have the scope of its type. There is no other access.
//!
//! Reference lists have no units; every caller may see their changes. Changes of clients, keys and users are not shown.

use std::collections::{BTreeSet, HashSet};

use chrono::{DateTime, Utc};
use entity::{
    training_class, training_plan,
    value::{
        AppraisalId, CadreId, ChangeKind, ClassId, EnrolmentId, PlanId, QualificationId, QuotaId, RotationId, Scope,
        UnitId, UnitIds,
    },
};
use sea_orm::{ColumnTrait, QueryFilter, QuerySelect};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{
    app_state::ReachDigest,
    audit::change_feed::{self, FeedPosition, RecordedChange},
    authz::Access,
    error::{Error, Result, Resync},
    reference::units::UnitSet,
};

/// Type of a changed object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, async_graphql::Enum)]
pub enum ChangeType {
    /// Unit (đơn vị).
    Unit,
    /// Person (cán bộ), including posts and everything shown with the person.
    Cadre,
    /// Qualification (trình độ).
    Qualification,
    /// Rotation (luân chuyển).
    Rotation,
    /// Training plan (kế hoạch đào tạo, bồi dưỡng).
    TrainingPlan,
    /// Quota (chỉ tiêu).
    Quota,
    /// Class (lớp).
    TrainingClass,
    /// Enrolment (học viên của lớp, lượt cử đi học).
    Enrolment,
    /// Appraisal (đánh giá, xếp loại chất lượng).
    Appraisal,
    /// Title (chức danh).
    Title,
    /// Programme (chương trình).
    Programme,
    /// Institution (cơ sở đào tạo).
    Institution,
    /// Ethnic group (dân tộc).
    EthnicGroup,
    /// Qualification subject (lĩnh vực trình độ).
    QualificationSubject,
    /// Level of a qualification subject (mức trình độ); the code is `SUBJECT/LEVEL`.
    QualificationLevel,
    /// Rule (quy định).
    Rule,
    /// Retirement age (tuổi nghỉ hưu).
    RetirementAge,
    /// Standard of titles (tiêu chuẩn chức danh), with its scopes and requirements.
    Standard,
    /// Duty (chế độ bồi dưỡng bắt buộc).
    Duty,
    /// Document (văn bản).
    Document,
}

/// Meaning of a change for the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, async_graphql::Enum)]
pub enum ChangeOperation {
    /// The object was created.
    Created,
    /// The object was changed.
    Updated,
    /// The object was ended and is still shown (kết thúc).
    Ended,
    /// The object was removed (xóa): the client deletes its copy.
    Removed,
    /// The object came within the caller's reach, for example with a new post of a person: the client reads it.
    Entered,
    /// The object left the caller's reach: the client deletes its copy.
    Left,
}

/// A change that the caller may see. Only this module creates values, so a value is proof of access.
#[derive(Clone, Debug)]
pub struct VisibleChange {
    /// Position directly after the change.
    position: FeedPosition,
    seq: i64,
    at: DateTime<Utc>,
    of: ChangeType,
    operation: ChangeOperation,
    object_id: Option<Uuid>,
    object: String,
}

impl ChangeType {
    /// All types, with the table of their objects and the scope that shows them; `None` for units and reference lists.
    const ALL: [(Self, &'static str, Option<Scope>); 20] = [
        (Self::Unit, "unit", None),
        (Self::Cadre, "cadre", Some(Scope::CadreRead)),
        (Self::Qualification, "qualification", Some(Scope::CadreRead)),
        (Self::Rotation, "rotation", Some(Scope::RotationRead)),
        (Self::TrainingPlan, "training_plan", Some(Scope::TrainingRead)),
        (Self::Quota, "quota", Some(Scope::QuotaRead)),
        (Self::TrainingClass, "training_class", Some(Scope::TrainingRead)),
        (Self::Enrolment, "enrolment", Some(Scope::TrainingRead)),
        (Self::Appraisal, "appraisal", Some(Scope::AppraisalRead)),
        (Self::Title, "title", None),
        (Self::Programme, "programme", None),
        (Self::Institution, "institution", None),
        (Self::EthnicGroup, "ethnic_group", None),
        (Self::QualificationSubject, "qualification_subject", None),
        (Self::QualificationLevel, "qualification_level", None),
        (Self::Rule, "rule", None),
        (Self::RetirementAge, "retirement_age", None),
        (Self::Standard, "standard", None),
        (Self::Duty, "duty", None),
        (Self::Document, "document", None),
    ];

    /// Tables of the objects of all types.
    pub(crate) fn tables() -> [&'static str; 20] {
        Self::ALL.map(|(_, table, _)| table)
    }

    fn of_table(table: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, name, _)| *name == table).map(|(of, ..)| *of)
    }

    /// Whether objects of the type belong to units. All others are shown to every caller.
    fn has_units(self) -> bool {
        self <= Self::Appraisal
    }

    /// The id of an object in the form of the API; `None` for reference lists, which have none.
    fn id(self, id: Uuid) -> Option<String> {
        Some(match self {
            Self::Unit => UnitId(id).to_string(),
            Self::Cadre => CadreId(id).to_string(),
            Self::Qualification => QualificationId(id).to_string(),
            Self::Rotation => RotationId(id).to_string(),
            Self::TrainingPlan => PlanId(id).to_string(),
            Self::Quota => QuotaId(id).to_string(),
            Self::TrainingClass => ClassId(id).to_string(),
            Self::Enrolment => EnrolmentId(id).to_string(),
            Self::Appraisal => AppraisalId(id).to_string(),
            _ => return None,
        })
    }

    /// Whether objects of the type have a code.
    fn has_code(self) -> bool {
        !matches!(self, Self::Qualification | Self::Rotation | Self::Quota | Self::Enrolment | Self::Appraisal)
    }
}

impl VisibleChange {
    /// Position directly after the change.
    pub(crate) fn position(&self) -> FeedPosition {
        self.position
    }

    /// Whether the object is read from memory: a unit or an entry of a reference list.
    pub(crate) fn is_cached_object(&self) -> bool {
        self.of == ChangeType::Unit || !self.of.has_units()
    }

    /// Number of the change in the log; never shown to clients.
    pub(crate) fn seq(&self) -> i64 {
        self.seq
    }

    /// Time of the command.
    pub fn at(&self) -> DateTime<Utc> {
        self.at
    }

    /// Type of the object.
    pub fn of(&self) -> ChangeType {
        self.of
    }

    /// Meaning of the change for the caller.
    pub fn operation(&self) -> ChangeOperation {
        self.operation
    }

    /// Id of the object; `None` for entries of reference lists.
    pub fn object_id(&self) -> Option<String> {
        self.of.id(self.object_id?)
    }

    /// Code of the object, if its type has one.
    pub fn code(&self) -> Option<&str> {
        self.of.has_code().then_some(&self.object)
    }
}

impl Access {
    /// Types of changes that the scopes of the caller show.
    pub(crate) fn change_types(&self) -> BTreeSet<ChangeType> {
        let shown = ChangeType::ALL.iter().filter(|(.., scope)| scope.is_none_or(|scope| self.caller().has(scope)));
        shown.map(|(of, ..)| *of).collect()
    }

    /// The changes after a position that the caller may see, with the position after which reading continues, and
    /// whether more may follow. Reads at most `limit` changes of the log.
    ///
    /// # Errors
    /// `Resync` after a bulk load, whose changes are not recorded one by one.
    pub(crate) async fn changes(
        &self,
        after: FeedPosition,
        types: &BTreeSet<ChangeType>,
        limit: u64,
    ) -> Result<(Vec<VisibleChange>, FeedPosition, bool)> {
        let read = change_feed::read(&self.prepared(), after, limit).await?;
        let shown: BTreeSet<ChangeType> = self.change_types().intersection(types).copied().collect();
        let of_type = |change: RecordedChange| Some((ChangeType::of_table(&change.row.object_type)?, change));
        let changes = read.changes.into_iter().filter_map(of_type).filter(|(of, _)| shown.contains(of)).collect();
        Ok((self.shown(changes).await?, read.end, !read.is_last))
    }

    async fn shown(&self, changes: Vec<(ChangeType, RecordedChange)>) -> Result<Vec<VisibleChange>> {
        let known = self.visible_by_parts(&changes).await?;
        let mut shown = Vec::with_capacity(changes.len());
        for (of, RecordedChange { position, at, row }) in changes {
            let operation = match (of.has_units(), &row.units_before, &row.units_after) {
                (false, ..) => Some(own(of, row.kind)),
                (true, before, Some(after)) => self.operation(of, row.kind, (before.as_ref(), after)),
                (true, _, None) => return Err(Error::Resync(Resync::BulkLoad)),
            };
            let is_known = row.object_id.is_some_and(|id| known.contains(&id));
            let operation = operation.or_else(|| is_known.then_some(ChangeOperation::Updated));
            let (object_id, object, seq) = (row.object_id, row.object, row.seq);
            shown.extend(operation.map(|operation| VisibleChange {
                position,
                seq,
                at,
                of,
                operation,
                object_id,
                object,
            }));
        }
        Ok(shown)
    }

    /// Meaning of a change for the caller, by the units of its object; `None` if the caller's reach shows the object
    /// neither before nor after the change.
    fn operation(
        &self,
        of: ChangeType,
        kind: ChangeKind,
        units: (Option<&UnitIds>, &UnitIds),
    ) -> Option<ChangeOperation> {
        let Some(reach) = self.narrowing() else { return Some(own(of, kind)) };
        let (before, after) = units;
        let was_shown = before.is_some_and(|units| units.any(|unit| reach.contains(&unit)));
        let is_shown = after.any(|unit| reach.contains(&unit));
        match (was_shown, is_shown) {
            (true, true) => Some(own(of, kind)),
            (false, true) if kind == ChangeKind::Created => Some(ChangeOperation::Created),
            (false, true) => Some(ChangeOperation::Entered),
            (true, false) => Some(ChangeOperation::Left),
            (false, false) => None,
        }
    }

    /// Changed plans and classes that the caller may see because of their quotas and enrolments. The change of a plan
    /// or class records only the unit of the plan or the organiser.
    async fn visible_by_parts(&self, changes: &[(ChangeType, RecordedChange)]) -> Result<HashSet<Uuid>> {
        let mut known = HashSet::new();
        if self.narrowing().is_none() {
            return Ok(known);
        }
        let of_type = |wanted| {
            let ids =
                changes.iter().filter(move |(of, _)| *of == wanted).filter_map(|(_, change)| change.row.object_id);
            ids.collect::<BTreeSet<Uuid>>()
        };
        let (plans, classes) = (of_type(ChangeType::TrainingPlan), of_type(ChangeType::TrainingClass));
        if !plans.is_empty() {
            let plans = self.training()?.plans().filter(training_plan::Column::Id.is_in(plans));
            let ids = plans.select_only().column(training_plan::Column::Id).into_tuple::<Uuid>();
            known.extend(ids.all(self.reader()).await?);
        }
        if !classes.is_empty() {
            let classes = self.training()?.classes().filter(training_class::Column::Id.is_in(classes));
            let ids = classes.select_only().column(training_class::Column::Id).into_tuple::<Uuid>();
            known.extend(ids.all(self.reader()).await?);
        }
        Ok(known)
    }
}

impl Access {
    /// Id of the unit that was created last.
    pub(crate) fn newest_unit(&self) -> Option<Uuid> {
        self.caches().newest_unit(self.reference_data().units())
    }

    /// Digest of the units of the reach, except those created after `newest`; zero if the reach contains all units. The
    /// digest without exceptions is computed once for each reach and snapshot.
    pub(crate) fn reach_digest(&self, newest: Option<Uuid>) -> ReachDigest {
        let Some(units) = self.narrowing() else { return ReachDigest::default() };
        match newest == self.newest_unit() {
            true => *self.reach_digest.get_or_init(|| digest_of(units, newest)),
            false => digest_of(units, newest),
        }
    }
}

fn digest_of(units: &UnitSet, newest: Option<Uuid>) -> ReachDigest {
    let mut ids: Vec<Uuid> = units.iter().map(|unit| unit.0).filter(|id| Some(*id) <= newest).collect();
    ids.sort_unstable();
    let mut digest = Sha256::new();
    ids.iter().for_each(|id| digest.update(id.as_bytes()));
    let mut first = ReachDigest::default();
    first.copy_from_slice(&digest.finalize()[..16]);
    first
}

/// The operation of a change for callers that see the object before and after it.
fn own(of: ChangeType, kind: ChangeKind) -> ChangeOperation {
    match kind {
        ChangeKind::Created => ChangeOperation::Created,
        ChangeKind::Updated => ChangeOperation::Updated,
        // A qualification that a withdrawn result had granted is deleted.
        ChangeKind::Ended if of == ChangeType::Qualification => ChangeOperation::Removed,
        ChangeKind::Ended => ChangeOperation::Ended,
    }
}
