//! Condition on standards: people below the standard of a title that they hold.

use std::collections::BTreeMap;

use entity::value::{Day, UnitId};
use sea_orm::{
    Condition,
    sea_query::{Expr, ExprTrait, SimpleExpr},
};

use crate::{
    authz::{Access, PostOn, ReachedUnits},
    domain::{
        cadre::level::holds_level,
        qualification,
        standard::{
            self,
            exemption::is_exempt,
            judge::{Applied, Basis},
            profile::Profiles,
        },
    },
    error::{Error, Result},
};

/// Condition on the standard of a title that the person holds (chưa đạt chuẩn chức danh). The standards in force on the
/// requested day decide; people in transition, exempt people and people with only unverified standards do not match.
#[derive(Clone, Debug, Default, async_graphql::InputObject, serde::Serialize)]
pub struct StandardCondition {
    /// Judge by this standard, by code, whether it is in force or not, instead of those in force.
    pub standard: Option<String>,
    /// Do not meet this requirement, by its code within the standards, MUST or SHOULD; without it, at least one
    /// requirement that is a MUST.
    pub requirement: Option<String>,
}

impl StandardCondition {
    /// Condition on the `cadre` of the outer select: a post in one of the units with one of the titles, whose standard
    /// the person does not meet.
    ///
    /// # Errors
    /// `Invalid` for an unknown standard or requirement, or if the list contains people without a post.
    pub(super) fn condition(
        &self,
        access: &Access,
        field: &str,
        (on, units, titles): (PostOn, Option<&ReachedUnits>, Option<&[&str]>),
    ) -> Result<Condition> {
        let PostOn::Current(day) = on else { return Err(no_post(field)) };
        let basis = match &self.standard {
            Some(code) => Basis::Named(standard::find(access, &format!("{field}.standard"), code)?),
            None => Basis::InForce,
        };
        self.ensure_known(access, field, basis)?;
        let reference_data = access.reference_data();
        let all = || access.within_reach(reference_data.units().all().map(|unit| unit.row.id).collect());
        let within: Vec<UnitId> = match units {
            Some(units) => units.ids().map(UnitId).collect(),
            None => all().ids().map(UnitId).collect(),
        };
        let profiles = Profiles::of(reference_data, basis, (within, titles), day);

        let mut any = Condition::any();
        for (of, posts) in self.decisive(&profiles, day) {
            let is_below = below(access, field, (of, day))?;
            let mut holds = Condition::any();
            for (group, titles) in posts {
                // A single group contains all units, and the reach is the filter.
                let of_group = match (profiles.groups.len(), units) {
                    (1, None) => None,
                    _ => Some(access.within_reach(profiles.groups[group].units.iter().copied().collect())),
                };
                holds = holds.add(SimpleExpr::from(access.cadres()?.has_post(on, of_group.as_ref(), Some(&titles))));
            }
            any = any.add(Condition::all().add(is_below).add(holds));
        }
        // An empty condition is true.
        Ok(if any.is_empty() { any.add(Expr::val(1).eq(0)) } else { any })
    }

    /// Groups of units and titles whose holders are below if they lack all ranks of a requirement.
    fn decisive<'s>(&self, profiles: &'s Profiles<'s>, day: Day) -> Decisive<'s> {
        let mut decisive: Decisive<'s> = Vec::new();
        for (at, group) in profiles.groups.iter().enumerate() {
            for (title, number) in &group.by_title {
                for of in profiles.all[*number].iter().filter(|of| self.asks_for(of) && of.is_decisive(day)) {
                    let known = decisive.iter().position(|(other, _)| *other == of).unwrap_or_else(|| {
                        decisive.push((of, BTreeMap::new()));
                        decisive.len() - 1
                    });
                    let titles = decisive[known].1.entry(at).or_default();
                    if !titles.contains(&title.as_str()) {
                        titles.push(title.as_str());
                    }
                }
            }
        }
        decisive
    }

    fn asks_for(&self, of: &Applied<'_>) -> bool {
        match &self.requirement {
            Some(code) => of.requirement.row.code.as_str() == code,
            None => of.is_must(),
        }
    }

    fn ensure_known(&self, access: &Access, field: &str, basis: Basis<'_>) -> Result<()> {
        let Some(code) = &self.requirement else { return Ok(()) };
        let mut all = access.reference_data().standards().all();
        let is_known = match basis {
            Basis::Named(standard) => standard.requirement(code).is_some(),
            Basis::InForce => all.any(|standard| standard.requirement(code).is_some()),
        };
        if is_known {
            return Ok(());
        }
        Err(Error::invalid(
            format!("{field}.requirement"),
            "Không có tiêu chuẩn nào có yêu cầu với mã này; xem các mã tại `standards { requirements { code } }`.",
            "No standard has a requirement with this code; see the codes under `standards { requirements { code } }`.",
        ))
    }
}

/// Requirements with their titles by group of units.
type Decisive<'s> = Vec<(&'s Applied<'s>, BTreeMap<usize, Vec<&'s str>>)>;

/// Condition that the person of the outer select fails a requirement: has none of its levels, and is not exempt, or fails a
/// requirement that it makes superfluous.
fn below(access: &Access, field: &str, (of, day): (&Applied<'_>, Day)) -> Result<Condition> {
    let mut is_below = Condition::all();
    for (subject, rank) in of.levels() {
        let subject = qualification::subject(access, field, subject)?;
        let levels = subject.levels.iter().filter(|level| level.rank >= rank).map(|level| &level.code);
        is_below = is_below.add(holds_level(access, subject.row.code.as_str(), levels, day).not());
    }
    let mut is_bound = Condition::any().add(is_exempt(of, day).not());
    for hidden in of.hidden.iter().filter(|hidden| hidden.is_decisive(day)) {
        is_bound = is_bound.add(below(access, field, (hidden, day))?);
    }
    Ok(is_below.add(is_bound))
}

fn no_post(field: &str) -> Error {
    Error::invalid(
        field,
        "Tiêu chuẩn chỉ áp dụng cho người đang giữ chức danh; hãy bỏ `withPost: false` hoặc `belowStandard`.",
        "Standards apply to people who hold a title; remove `withPost: false` or `belowStandard`.",
    )
}
