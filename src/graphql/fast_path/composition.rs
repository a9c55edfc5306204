//! Writers for compositions; the output equals that of `graphql::composition`.

use entity::qualification_level;

use crate::{
    domain::{composition::Composition as Counted, qualification},
    graphql::{
        composition::int,
        fast_path::{
            json::{Render, Write, write},
            selection::Selected,
        },
        qualification::{QualificationLevel, QualificationSubject},
    },
};

/// People counted by their highest level.
pub(super) struct Composition;

impl Render for Composition {
    const NAME: &'static str = "Composition";
    type Of<'a> = &'a Counted;

    fn field(field: &Selected<'_>) -> Option<Write<Self>> {
        match field.name {
            "subject" => {
                let set = field.set::<QualificationSubject>()?;
                write::<Self>(move |counted, with, out| {
                    set.one(qualification::subject(with.view.access, "subject", &counted.subject)?, with, out)
                })
            }
            "total" => write::<Self>(|counted, _, out| out.leaf(int(counted.total))),
            "isRounded" => write::<Self>(|counted, _, out| out.leaf(counted.is_rounded)),
            "levels" => {
                let set = field.set::<LevelShare>()?;
                write::<Self>(move |counted, with, out| {
                    let subject = qualification::subject(with.view.access, "subject", &counted.subject)?;
                    let levels = subject.levels.iter().map(Some).chain([None]);
                    let counts = counted.by_rank.iter().map(|(_, count)| *count).chain([counted.none]);
                    set.list(levels.zip(counts).map(|(level, count)| (level, Part::of(counted, count))), with, out)
                })
            }
            "atLeast" => {
                let (set, level) = (field.set::<Share>()?, field.argument::<String>("level")?);
                write::<Self>(move |counted, with, out| {
                    let subject = qualification::subject(with.view.access, "subject", &counted.subject)?;
                    let level = qualification::level(subject, "level", &level.value(with.variables)?)?;
                    set.one(Part::of(counted, counted.at_least(level.rank)), with, out)
                })
            }
            "asOf" => write::<Self>(|counted, _, out| out.leaf(counted.day)),
            _ => None,
        }
    }
}

/// A part of the people, and its share of all in percent.
#[derive(Clone, Copy)]
pub(super) struct Part {
    count: i32,
    percent: f64,
}

impl Part {
    fn of(counted: &Counted, count: u64) -> Self {
        Self { count: int(count), percent: counted.percent(count) }
    }
}

/// The people at one level.
pub(super) struct LevelShare;

impl Render for LevelShare {
    const NAME: &'static str = "LevelShare";
    type Of<'a> = (Option<&'a qualification_level::Model>, Part);

    fn field(field: &Selected<'_>) -> Option<Write<Self>> {
        match field.name {
            "level" => {
                let set = field.set::<QualificationLevel>()?;
                write::<Self>(move |(level, _), with, out| set.option(level, with, out))
            }
            "count" => write::<Self>(|(_, some), _, out| out.leaf(some.count)),
            "percent" => write::<Self>(|(_, some), _, out| out.leaf(some.percent)),
            _ => None,
        }
    }
}

/// A part of the people.
pub(super) struct Share;

impl Render for Share {
    const NAME: &'static str = "Share";
    type Of<'a> = Part;

    fn field(field: &Selected<'_>) -> Option<Write<Self>> {
        match field.name {
            "count" => write::<Self>(|some, _, out| out.leaf(some.count)),
            "percent" => write::<Self>(|some, _, out| out.leaf(some.percent)),
            _ => None,
        }
    }
}
