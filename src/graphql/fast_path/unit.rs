//! Writers for units; the output equals that of `graphql::unit`.

use entity::value::Hierarchy;

use crate::{
    domain::unit::{self, UnitOnDay},
    graphql::fast_path::{
        json::{Render, Write, write},
        selection::Selected,
    },
};

/// A unit, as far as it is in memory.
pub(super) struct Unit;

impl Render for Unit {
    const NAME: &'static str = "Unit";
    type Of<'a> = UnitOnDay;

    fn field(field: &Selected<'_>) -> Option<Write<Self>> {
        match field.name {
            "id" => write::<Self>(|unit, _, out| out.leaf(unit.id())),
            "asOf" => write::<Self>(|unit, _, out| out.leaf(unit.day())),
            "code" => write::<Self>(|unit, with, out| out.leaf(unit.code(with.view.reference_data()))),
            "name" => write::<Self>(|unit, with, out| out.leaf(&unit.version(with.view.reference_data()).name)),
            "kind" => write::<Self>(|unit, with, out| out.leaf(unit.version(with.view.reference_data()).kind)),
            "tier" => write::<Self>(|unit, with, out| out.leaf(unit.version(with.view.reference_data()).tier)),
            "adminCode" => write::<Self>(|unit, with, out| {
                out.leaf(unit.version(with.view.reference_data()).admin_code.as_deref())
            }),
            "validFrom" => {
                write::<Self>(|unit, with, out| out.leaf(unit.version(with.view.reference_data()).valid_from))
            }
            "validTo" => write::<Self>(|unit, with, out| out.leaf(unit.version(with.view.reference_data()).valid_to)),
            "parent" => {
                let (set, tree) = (field.set::<Self>()?, field.argument::<Option<Hierarchy>>("hierarchy")?);
                write::<Self>(move |unit, with, out| {
                    let tree = tree.value(with.variables)?.unwrap_or(Hierarchy::Administrative);
                    set.option(unit::parent(with.view.access, unit, tree), with, out)
                })
            }
            "ancestors" => {
                let (set, tree) = (field.set::<Self>()?, field.argument::<Option<Hierarchy>>("hierarchy")?);
                write::<Self>(move |unit, with, out| {
                    let tree = tree.value(with.variables)?.unwrap_or(Hierarchy::Administrative);
                    set.list(unit::ancestors(with.view.access, unit, tree).into_iter(), with, out)
                })
            }
            _ => None,
        }
    }
}
