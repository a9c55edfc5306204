//! Writers for rotations and placements; the output equals that of `graphql::rotation`.

use entity::{
    title,
    value::{Day, TitleCode, UnitId},
};

use crate::{
    authz::VisibleRotation,
    domain::unit::{self, UnitOnDay},
    error::Error,
    graphql::{
        fast_path::{
            json::{Render, RenderContext, Write, write},
            selection::Selected,
            unit::Unit,
        },
        title::Title,
    },
};

/// A rotation.
pub(super) struct Rotation;

impl Render for Rotation {
    const NAME: &'static str = "Rotation";
    type Of<'a> = &'a VisibleRotation;

    fn field(field: &Selected<'_>) -> Option<Write<Self>> {
        match field.name {
            "id" => write::<Self>(|rotation, _, out| out.leaf(rotation.row().id)),
            "asOf" => write::<Self>(|rotation, _, out| out.leaf(rotation.day())),
            "form" => write::<Self>(|rotation, _, out| out.leaf(rotation.row().form)),
            "purpose" => write::<Self>(|rotation, _, out| out.leaf(rotation.row().purpose)),
            "direction" => write::<Self>(|rotation, _, out| out.leaf(rotation.row().direction)),
            "fromUnit" => left_or_entered(field, |rotation| rotation.row().from_unit_id),
            "toUnit" => left_or_entered(field, |rotation| rotation.row().to_unit_id),
            "fromTier" => write::<Self>(|rotation, _, out| out.leaf(rotation.row().from_tier)),
            "toTier" => write::<Self>(|rotation, _, out| out.leaf(rotation.row().to_tier)),
            "fromTitle" => titled(field, |rotation| rotation.row().from_title_code.as_ref()),
            "toTitle" => titled(field, |rotation| rotation.row().to_title_code.as_ref()),
            "startOn" => write::<Self>(|rotation, _, out| out.leaf(rotation.row().start_on)),
            "plannedEndOn" => write::<Self>(|rotation, _, out| out.leaf(rotation.row().planned_end_on)),
            "endOn" => write::<Self>(|rotation, _, out| out.leaf(rotation.row().end_on)),
            "endReason" => write::<Self>(|rotation, _, out| out.leaf(rotation.row().end_reason)),
            "state" => write::<Self>(|rotation, _, out| out.leaf(rotation.row().state)),
            "preparingUnit" => {
                let set = field.set::<Unit>()?;
                write::<Self>(move |rotation, with, out| {
                    let unit = rotation.row().preparing_unit_id;
                    let unit = unit.and_then(|unit| named(with, rotation, unit, rotation.day()));
                    set.option(unit, with, out)
                })
            }
            "decisionNo" => write::<Self>(|rotation, _, out| out.leaf(rotation.row().decision_no.as_deref())),
            "decidedOn" => write::<Self>(|rotation, _, out| out.leaf(rotation.row().decided_on)),
            "publishedOn" => write::<Self>(|rotation, _, out| out.leaf(rotation.row().published_on)),
            "placement" => {
                let set = field.set::<Placement>()?;
                write::<Self>(move |rotation, with, out| {
                    set.option(rotation.row().placed_on.map(|on| (rotation, on)), with, out)
                })
            }
            "version" => write::<Self>(|rotation, _, out| out.leaf(rotation.row().version)),
            _ => None,
        }
    }
}

fn named(with: RenderContext<'_>, by: &VisibleRotation, unit: UnitId, day: Day) -> Option<UnitOnDay> {
    unit::named_by(with.view.access, by, unit, day)
}

/// A unit as of the start day.
fn left_or_entered(field: &Selected<'_>, of: fn(&VisibleRotation) -> UnitId) -> Option<Write<Rotation>> {
    let set = field.set::<Unit>()?;
    write::<Rotation>(move |rotation, with, out| {
        let unit = named(with, rotation, of(rotation), rotation.row().start_on);
        set.one(unit.ok_or(Error::NotFound)?, with, out)
    })
}

fn titled(field: &Selected<'_>, of: fn(&VisibleRotation) -> Option<&TitleCode>) -> Option<Write<Rotation>> {
    let set = field.set::<Title>()?;
    write::<Rotation>(move |rotation, with, out| set.option(title(with, of(rotation)), with, out))
}

fn title<'a>(with: RenderContext<'a>, code: Option<&TitleCode>) -> Option<&'a title::Model> {
    code.and_then(|code| with.view.reference_data().title(code.as_str()))
}

/// A placement after a rotation, and its first day.
pub(super) struct Placement;

impl Render for Placement {
    const NAME: &'static str = "Placement";
    type Of<'a> = (&'a VisibleRotation, Day);

    fn field(field: &Selected<'_>) -> Option<Write<Self>> {
        match field.name {
            "unit" => {
                let set = field.set::<Unit>()?;
                write::<Self>(move |(rotation, on), with, out| {
                    let unit = rotation.row().placement_unit_id;
                    set.option(unit.and_then(|unit| named(with, rotation, unit, on)), with, out)
                })
            }
            "title" => {
                let set = field.set::<Title>()?;
                write::<Self>(move |(rotation, _), with, out| {
                    set.option(title(with, rotation.row().placement_title_code.as_ref()), with, out)
                })
            }
            "on" => write::<Self>(|(_, on), _, out| out.leaf(on)),
            "decisionNo" => {
                write::<Self>(|(rotation, _), _, out| out.leaf(rotation.row().placement_decision_no.as_deref()))
            }
            _ => None,
        }
    }
}
