//! Writers for quotas with their plans; the output equals that of `graphql::training`.

use crate::{
    authz::{VisiblePlan, VisibleQuota},
    domain::{
        training::{day_of_year, quota},
        unit,
    },
    error::Error,
    graphql::{
        fast_path::{
            json::{Render, Write, write},
            prefetch::Requirement,
            selection::Selected,
            unit::Unit,
        },
        programme::Programme,
    },
};

/// A quota.
pub(super) struct Quota;

impl Render for Quota {
    const NAME: &'static str = "Quota";
    type Of<'a> = &'a VisibleQuota;

    fn field(field: &Selected<'_>) -> Option<Write<Self>> {
        match field.name {
            "id" => write::<Self>(|quota, _, out| out.leaf(quota.row().id)),
            "plan" => {
                let set = field.related::<TrainingPlan>(Requirement::Plans)?;
                write::<Self>(move |quota, with, out| {
                    let plan = with.prefetched.plan(quota.row().plan_id);
                    set.one(plan.ok_or_else(|| Error::internal("a quota of no plan"))?, with, out)
                })
            }
            "unit" => {
                let set = field.set::<Unit>()?;
                write::<Self>(move |quota, with, out| {
                    let (access, unit) = (with.view.access, quota.row().unit_id);
                    let unit = unit::named_by(access, quota, unit, access.today()).ok_or(Error::NotFound)?;
                    set.one(unit, with, out)
                })
            }
            "programme" => {
                let set = field.set::<Programme>()?;
                write::<Self>(move |quota, with, out| {
                    let programme = with.view.reference_data().programme(quota.row().programme_code.as_str());
                    let unknown = || Error::internal("a programme that is not in the registry");
                    set.one(programme.ok_or_else(unknown)?, with, out)
                })
            }
            "mode" => write::<Self>(|quota, _, out| out.leaf(quota.row().mode)),
            "measure" => write::<Self>(|quota, _, out| out.leaf(quota.row().measure)),
            "seats" => write::<Self>(|quota, _, out| out.leaf(quota.row().seats)),
            "seatsIsLowerBound" => write::<Self>(|quota, _, out| out.leaf(quota.row().is_lower_bound)),
            "classes" => write::<Self>(|quota, _, out| out.leaf(quota.row().classes)),
            "allocated" => write::<Self>(|quota, _, out| out.leaf(quota.row().allocated)),
            "used" => write::<Self>(|quota, _, out| out.leaf(quota.row().used)),
            "remaining" => write::<Self>(|quota, _, out| out.leaf(quota.row().remaining())),
            "fillPercent" => write::<Self>(|quota, _, out| out.leaf(quota::fill_percent(quota.row()))),
            "children" => {
                let set = field.related::<Self>(Requirement::Children)?;
                write::<Self>(move |quota, with, out| {
                    set.list(with.prefetched.children(quota.row().id).iter(), with, out)
                })
            }
            "state" => write::<Self>(|quota, _, out| out.leaf(quota.row().state)),
            "version" => write::<Self>(|quota, _, out| out.leaf(quota.row().version)),
            _ => None,
        }
    }
}

/// A training plan.
pub(super) struct TrainingPlan;

impl Render for TrainingPlan {
    const NAME: &'static str = "TrainingPlan";
    type Of<'a> = &'a VisiblePlan;

    fn field(field: &Selected<'_>) -> Option<Write<Self>> {
        match field.name {
            "id" => write::<Self>(|plan, _, out| out.leaf(plan.row().id)),
            "code" => write::<Self>(|plan, _, out| out.leaf(plan.row().code.as_str())),
            "name" => write::<Self>(|plan, _, out| out.leaf(&plan.row().name)),
            "documentNo" => write::<Self>(|plan, _, out| out.leaf(plan.row().document_no.as_deref())),
            "unit" => {
                let set = field.set::<Unit>()?;
                write::<Self>(move |plan, with, out| {
                    let (access, row) = (with.view.access, plan.row());
                    let unit = unit::named_by(access, plan, row.unit_id, day_of_year(access, row.unit_id, row.year_to));
                    set.one(unit.ok_or(Error::NotFound)?, with, out)
                })
            }
            "yearFrom" => write::<Self>(|plan, _, out| out.leaf(plan.row().year_from)),
            "yearTo" => write::<Self>(|plan, _, out| out.leaf(plan.row().year_to)),
            "state" => write::<Self>(|plan, _, out| out.leaf(plan.row().state)),
            "version" => write::<Self>(|plan, _, out| out.leaf(plan.row().version)),
            _ => None,
        }
    }
}
