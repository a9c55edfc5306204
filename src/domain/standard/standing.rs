//! Standing of one person: the result for the standard of each title.

use entity::{assignment, programme, qualification_level, value::Day};

use super::{
    judge::{Applied, Basis, Exemption, StandardResult, applicable, of_title},
    list::find,
};
use crate::{
    authz::{Access, AuthorizedCadre},
    domain::{cadre::post_on, qualification::highest, unit::titles},
    error::Result,
    reference::{
        ReferenceData,
        standards::{Requirement, Standard},
    },
};

/// Result of a person for the standard of a title.
#[derive(Clone, Debug)]
pub struct Standing {
    /// Title to whose standard the person is compared.
    pub title: entity::title::Model,
    /// Post that is judged: one with the title, or the primary post if the person does not hold the title.
    pub post: assignment::Model,
    /// Result for the title.
    pub result: StandardResult,
    /// Result for each requirement.
    pub checks: Vec<RequirementCheck>,
    /// The requested day.
    pub day: Day,
}

/// Result of a person for one requirement.
#[derive(Clone, Debug)]
pub struct RequirementCheck {
    /// Standard of the requirement.
    pub standard: Standard,
    /// The requirement.
    pub requirement: Requirement,
    /// Result.
    pub result: StandardResult,
    /// Highest level of the person in the subject; `None` if none is recorded.
    pub have: Option<qualification_level::Model>,
    /// First day on which the person is below the standard, if the person is in transition.
    pub deadline: Option<Day>,
    /// Programmes that grant a sufficient level, if the person has none; by code.
    pub programmes: Vec<programme::Model>,
}

/// Compares a person, who has these exemptions on the day, with the standards of the titles held within reach on the day, or with those of one title in the
/// unit of the primary post.
///
/// # Errors
/// `Invalid` for an unknown title or standard.
pub fn standing(
    access: &Access,
    (cadre, exempt): (&AuthorizedCadre, &[Exemption]),
    (title, standard): (Option<&str>, Option<&str>),
) -> Result<Vec<Standing>> {
    let basis = match standard {
        Some(code) => Basis::Named(find(access, "standard", code)?),
        None => Basis::InForce,
    };
    let named = title.map(|code| titles(access, "title", &[code.to_owned()])).transpose()?;
    let named = named.and_then(|mut titles| titles.pop());
    let held: Vec<_> = cadre.posts().iter().filter(|post| post.is_held_on(cadre.day())).collect();
    let mut judged: Vec<(&assignment::Model, &entity::title::Model)> = Vec::new();
    for post in &held {
        let Some(title) = access.reference_data().title(post.title_code.as_str()) else { continue };
        let is_known = judged.iter().any(|(other, of)| (other.unit_id, &of.code) == (post.unit_id, &title.code));
        if !is_known && named.is_none_or(|named| named.code == title.code) {
            judged.push((post, title));
        }
    }
    if let (true, Some(named)) = (judged.is_empty(), named) {
        judged.extend(post_on(cadre.posts(), cadre.day()).map(|post| (post, named)));
    }
    Ok(judged.into_iter().filter_map(|(post, title)| of_post(access, (cadre, exempt), (post, title), basis)).collect())
}

fn of_post(
    access: &Access,
    (cadre, exempt): (&AuthorizedCadre, &[Exemption]),
    (post, title): (&assignment::Model, &entity::title::Model),
    basis: Basis<'_>,
) -> Option<Standing> {
    let (reference_data, day) = (access.reference_data(), cadre.day());
    let standards = reference_data.standards();
    let class = standards.class_of(reference_data.units(), post.unit_id, day)?;
    let applied = applicable(standards, basis, (&title.code, &class), day);
    let level = |subject: &str| {
        let held = highest(reference_data, cadre.qualifications(), subject, day)?;
        reference_data.subject(subject)?.level(held.level_code.as_str())
    };
    let rank = |subject: &str| level(subject).map(|level| level.rank);
    let check = |of: &Applied<'_>| {
        let have = level(of.requirement.row.subject_code.as_str());
        let result = of.judge(&rank, exempt, day);
        let is_met = of.is_met(rank);
        Some(RequirementCheck {
            standard: standards.by_code(of.standard.code.as_str())?.clone(),
            requirement: of.requirement.clone(),
            result,
            have: have.cloned(),
            deadline: of.deadline(day).filter(|_| result == StandardResult::InTransition),
            programmes: if is_met { Vec::new() } else { programmes(reference_data, of) },
        })
    };
    Some(Standing {
        title: title.clone(),
        post: post.clone(),
        result: of_title(&applied, (&rank, exempt), day),
        checks: applied.iter().filter_map(check).collect(),
        day,
    })
}

/// Programmes that grant a level that meets the requirement, by code.
fn programmes(reference_data: &ReferenceData, of: &Applied<'_>) -> Vec<programme::Model> {
    let is_enough = |programme: &&programme::Model| {
        let granted = |subject: &str| {
            let level = programme.level_code.as_ref().filter(|_| programme.subject == subject)?;
            reference_data.subject(subject)?.level(level.as_str()).map(|level| level.rank)
        };
        of.is_met(granted)
    };
    reference_data.programmes().filter(is_enough).cloned().collect()
}
