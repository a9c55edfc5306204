//! Look-up of objects by opaque id.

use std::collections::HashMap;

use entity::{
    qualification,
    value::{
        AccessEntryId, AppraisalId, CadreId, ClassId, ClientId, Day, EnrolmentId, PlanId, QualificationId, QuotaId,
        RotationId, Scope, UnitId,
    },
};

use crate::{
    authz::{
        Access, AuthorizedCadre, VisibleAppraisal, VisibleClass, VisibleEnrolment, VisiblePlan, VisibleQuota,
        VisibleRotation,
    },
    domain::{
        access_log::Reading,
        appraisal,
        client::{list, visible::VisibleClient},
        unit::{self, UnitOnDay},
    },
    error::{Error, Result},
    page::LARGEST_PAGE,
};

/// The object with an id.
#[derive(Clone, Debug)]
pub enum Found {
    /// A unit.
    Unit(UnitOnDay),
    /// A person.
    Cadre(AuthorizedCadre),
    /// A qualification of a person whose file is in the caller's custody.
    Qualification(qualification::Model, Day),
    /// A rotation that the caller may see.
    Rotation(VisibleRotation),
    /// A training plan that the caller may see.
    TrainingPlan(VisiblePlan),
    /// A quota that the caller may see.
    Quota(VisibleQuota),
    /// A class that the caller may see.
    TrainingClass(VisibleClass),
    /// An enrolment that the caller may see.
    Enrolment(VisibleEnrolment),
    /// An appraisal of a person whose file is in the caller's custody.
    Appraisal(VisibleAppraisal),
    /// A client that the caller may administer.
    Client(VisibleClient),
    /// A reading in the access log of a person whose file is in the caller's custody.
    AccessEntry(Reading),
}

/// Looks up objects by id, as of today, in the order of the ids. `None` for each id that is unknown, out of reach, or
/// of a type that the caller's scopes do not open. The number of statements does not depend on the number of ids.
///
/// # Errors
/// `Invalid` for more than 100 ids.
pub async fn look_up(access: &Access, ids: &[String]) -> Result<Vec<Option<Found>>> {
    if ids.len() > LARGEST_PAGE {
        return Err(Error::invalid(
            "ids",
            format!("Danh sách có quá {LARGEST_PAGE} mã; hãy chia thành nhiều truy vấn."),
            format!("The list has more than {LARGEST_PAGE} ids; split it into several queries."),
        ));
    }
    let cadres = people(access, ids).await?;
    let qualifications = held(access, ids).await?;
    let rotations = rotations(access, ids).await?;
    let (plans, classes) = (plans(access, ids).await?, classes(access, ids).await?);
    let (quotas, enrolments) = (quotas(access, ids).await?, enrolments(access, ids).await?);
    let appraisals = appraisals(access, ids).await?;
    let (clients, readings) = (clients(access, ids).await?, readings(access, ids).await?);
    Ok(ids
        .iter()
        .map(|id| {
            let unit = || {
                let id: UnitId = id.parse().ok()?;
                unit::on_day(access, id, access.today()).map(Found::Unit)
            };
            let cadre = || cadres.get(&id.parse().ok()?).cloned().map(Found::Cadre);
            let qualification =
                || qualifications.get(&id.parse().ok()?).cloned().map(|row| Found::Qualification(row, access.today()));
            let rotation = || rotations.get(&id.parse().ok()?).cloned().map(Found::Rotation);
            let plan = || plans.get(&id.parse().ok()?).cloned().map(Found::TrainingPlan);
            let class = || classes.get(&id.parse().ok()?).cloned().map(Found::TrainingClass);
            let quota = || quotas.get(&id.parse().ok()?).cloned().map(Found::Quota);
            let enrolment = || enrolments.get(&id.parse().ok()?).cloned().map(Found::Enrolment);
            let client = || clients.get(&id.parse().ok()?).cloned().map(Found::Client);
            let reading = || readings.get(&id.parse().ok()?).cloned().map(Found::AccessEntry);
            let of_person = unit().or_else(cadre).or_else(qualification).or_else(rotation);
            let appraisal = || appraisals.get(&id.parse().ok()?).cloned().map(Found::Appraisal);
            let of_training = || plan().or_else(class).or_else(quota).or_else(enrolment);
            of_person.or_else(appraisal).or_else(of_training).or_else(client).or_else(reading)
        })
        .collect())
}

async fn people(access: &Access, ids: &[String]) -> Result<HashMap<CadreId, AuthorizedCadre>> {
    let ids: Vec<CadreId> = ids.iter().filter_map(|id| id.parse().ok()).collect();
    let Ok(cadres) = access.cadres() else { return Ok(HashMap::new()) };
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let found = cadres.by_ids(&ids, access.today()).await?;
    Ok(found.into_iter().map(|cadre| (cadre.id(), cadre)).collect())
}

async fn held(access: &Access, ids: &[String]) -> Result<HashMap<QualificationId, qualification::Model>> {
    let ids: Vec<QualificationId> = ids.iter().filter_map(|id| id.parse().ok()).collect();
    let Ok(cadres) = access.cadres() else { return Ok(HashMap::new()) };
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let found = cadres.qualifications_by_ids(&ids, access.today()).await?;
    Ok(found.into_iter().map(|row| (row.id, row)).collect())
}

/// Appraisals are protected: the caller must also state a purpose.
async fn appraisals(access: &Access, ids: &[String]) -> Result<HashMap<AppraisalId, VisibleAppraisal>> {
    let ids: Vec<AppraisalId> = ids.iter().filter_map(|id| id.parse().ok()).collect();
    if ids.is_empty() || access.cadres().is_err() || !access.may_open(Scope::AppraisalRead) {
        return Ok(HashMap::new());
    }
    let found = appraisal::by_ids(access, &ids, "Query.node").await?;
    Ok(found.into_iter().map(|appraisal| (appraisal.row().id, appraisal)).collect())
}

async fn rotations(access: &Access, ids: &[String]) -> Result<HashMap<RotationId, VisibleRotation>> {
    let ids: Vec<RotationId> = ids.iter().filter_map(|id| id.parse().ok()).collect();
    let Ok(rotations) = access.rotations() else { return Ok(HashMap::new()) };
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let found = rotations.by_ids(&ids, access.today()).await?;
    Ok(found.into_iter().map(|rotation| (rotation.row().id, rotation)).collect())
}

async fn plans(access: &Access, ids: &[String]) -> Result<HashMap<PlanId, VisiblePlan>> {
    let ids: Vec<PlanId> = ids.iter().filter_map(|id| id.parse().ok()).collect();
    let Ok(training) = access.training() else { return Ok(HashMap::new()) };
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let found = training.plans_by_ids(&ids).await?;
    Ok(found.into_iter().map(|found| (found.row().id, found)).collect())
}

async fn classes(access: &Access, ids: &[String]) -> Result<HashMap<ClassId, VisibleClass>> {
    let ids: Vec<ClassId> = ids.iter().filter_map(|id| id.parse().ok()).collect();
    let Ok(training) = access.training() else { return Ok(HashMap::new()) };
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let found = training.classes_by_ids(&ids).await?;
    Ok(found.into_iter().map(|found| (found.row().id, found)).collect())
}

async fn quotas(access: &Access, ids: &[String]) -> Result<HashMap<QuotaId, VisibleQuota>> {
    let ids: Vec<QuotaId> = ids.iter().filter_map(|id| id.parse().ok()).collect();
    let Ok(quotas) = access.quotas() else { return Ok(HashMap::new()) };
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let found = quotas.by_ids(&ids).await?;
    Ok(found.into_iter().map(|found| (found.row().id, found)).collect())
}

async fn enrolments(access: &Access, ids: &[String]) -> Result<HashMap<EnrolmentId, VisibleEnrolment>> {
    let ids: Vec<EnrolmentId> = ids.iter().filter_map(|id| id.parse().ok()).collect();
    let Ok(training) = access.training() else { return Ok(HashMap::new()) };
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let found = training.enrolments_by_ids(&ids).await?;
    Ok(found.into_iter().map(|found| (found.row().id, found)).collect())
}

async fn clients(access: &Access, ids: &[String]) -> Result<HashMap<ClientId, VisibleClient>> {
    let ids: Vec<ClientId> = ids.iter().filter_map(|id| id.parse().ok()).collect();
    if ids.is_empty() || !access.caller().has(Scope::ClientsAdmin) {
        return Ok(HashMap::new());
    }
    let found = list::by_ids(access, &ids).await?;
    Ok(found.into_iter().map(|client| (client.row().id, client)).collect())
}

async fn readings(access: &Access, ids: &[String]) -> Result<HashMap<AccessEntryId, Reading>> {
    let ids: Vec<AccessEntryId> = ids.iter().filter_map(|id| id.parse().ok()).collect();
    if ids.is_empty() || access.cadres().is_err() {
        return Ok(HashMap::new());
    }
    let found = Reading::by_ids(access, &ids).await?;
    Ok(found.into_iter().map(|reading| (reading.id(), reading)).collect())
}
