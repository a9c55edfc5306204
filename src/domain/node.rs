//! Things by their opaque ids.

use std::collections::HashMap;

use entity::{
    qualification,
    value::{CadreId, QualificationId, UnitId},
};

use crate::{
    domain::{
        access::{Access, Visible},
        page::LARGEST_PAGE,
        unit::{self, UnitOnDay},
    },
    error::{Error, Result},
};

/// What an id stands for.
#[derive(Clone, Debug)]
pub enum Found {
    /// A unit.
    Unit(UnitOnDay),
    /// A person.
    Cadre(Visible),
    /// A qualification of a person within reach.
    Qualification(qualification::Model),
}

/// Things by their ids, as of today, in the order asked; nothing for each that is not there, out of reach, or of a kind
/// that the caller's scopes do not open. A fixed number of statements, whatever the number of ids.
///
/// # Errors
/// `Invalid` for more than 100 ids.
pub async fn look_up(access: &Access, ids: &[String]) -> Result<Vec<Option<Found>>> {
    if ids.len() > LARGEST_PAGE {
        return Err(Error::invalid(
            "ids",
            format!("Mỗi lần hỏi tối đa {LARGEST_PAGE} mã; hãy chia nhỏ."),
            format!("Ask for at most {LARGEST_PAGE} ids at a time; split the list."),
        ));
    }
    let cadres = people(access, ids).await?;
    let qualifications = held(access, ids).await?;
    Ok(ids
        .iter()
        .map(|id| {
            let unit = || {
                let id: UnitId = id.parse().ok()?;
                unit::on_day(access, id, access.today()).map(Found::Unit)
            };
            let cadre = || cadres.get(&id.parse().ok()?).cloned().map(Found::Cadre);
            let qualification = || qualifications.get(&id.parse().ok()?).cloned().map(Found::Qualification);
            unit().or_else(cadre).or_else(qualification)
        })
        .collect())
}

async fn people(access: &Access, ids: &[String]) -> Result<HashMap<CadreId, Visible>> {
    let ids: Vec<CadreId> = ids.iter().filter_map(|id| id.parse().ok()).collect();
    let Ok(cadres) = access.cadres() else { return Ok(HashMap::new()) };
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let found = cadres.by_ids(&ids, access.today()).await?;
    Ok(found.into_iter().map(|cadre| (cadre.row().id, cadre)).collect())
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
