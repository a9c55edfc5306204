//! Compositions (cơ cấu trình độ): people counted by their highest level.

use entity::qualification_level;

use crate::{
    domain::{composition, qualification},
    graphql::{
        qualification::{QualificationLevel, QualificationSubject},
        view::{Argument, Fields, View, engine::object},
    },
};

/// Converts a count to the schema's `Int`; a larger count becomes `i32::MAX`.
pub(super) fn int(count: u64) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

/// People counted by their highest level in a subject on a day.
pub struct Composition(pub composition::Composition);

object!(Composition, "People counted by their highest level in a subject on a day.");

impl View for Composition {
    const NAME: &'static str = "Composition";
    type Of<'a> = &'a composition::Composition;

    fn of(&self) -> &composition::Composition {
        &self.0
    }

    fn view(of: &composition::Composition) -> Self {
        Self(of.clone())
    }

    fn fields(fields: &mut impl Fields<Self>) {
        fields.one::<QualificationSubject>(("subject", "Subject of the qualifications."), |composition, with| {
            qualification::subject(with.access, "subject", &composition.subject)
        });
        fields.value(("total", "Number of counted people (tổng số người)."), |composition, _| {
            int(composition.total)
        });
        fields.value(
            (
                "isRounded",
                "Whether the counts are rounded to multiples of five, as with `stats:read` alone. Each count is rounded\n\
                 separately, so they may not add up to the total, and a count below five becomes 0 or 5.",
            ),
            |composition, _| composition.is_rounded,
        );
        fields.list::<LevelShare>(
            (
                "levels",
                "All levels of the subject, lowest first, then the people without a recorded level. The counts add up to the\n\
                 total unless they are rounded.",
            ),
            |composition, with| {
                let subject = qualification::subject(with.access, "subject", &composition.subject)?;
                let levels = subject.levels.iter().map(Some).chain([None]);
                let counts = composition.by_rank.iter().map(|(_, count)| *count).chain([composition.none]);
                Ok(levels.zip(counts).map(|(level, count)| (level, Part::of(composition, count))).collect())
            },
        );
        fields.one_by::<Share, String>(
            ("atLeast", "People whose highest level is this level or higher (\"trở lên\")."),
            Argument::new("level", "Code of a level of the subject."),
            |composition, with, level| {
                let subject = qualification::subject(with.access, "subject", &composition.subject)?;
                let level = qualification::level(subject, "level", level)?;
                Ok(Part::of(composition, composition.at_least(level.rank)))
            },
        );
        fields.value(("asOf", "Day of the count."), |composition, _| composition.day);
    }
}

/// A part of the counted people, and its share of all in percent.
#[derive(Clone, Copy)]
pub struct Part {
    count: i32,
    percent: f64,
}

impl Part {
    fn of(composition: &composition::Composition, count: u64) -> Self {
        Self { count: int(count), percent: composition.percent(count) }
    }
}

/// People at one level.
pub struct LevelShare {
    level: Option<qualification_level::Model>,
    part: Part,
}

object!(LevelShare, "People at one level.");

impl View for LevelShare {
    const NAME: &'static str = "LevelShare";
    type Of<'a> = (Option<&'a qualification_level::Model>, Part);

    fn of(&self) -> (Option<&qualification_level::Model>, Part) {
        (self.level.as_ref(), self.part)
    }

    fn view((level, part): (Option<&qualification_level::Model>, Part)) -> Self {
        Self { level: level.cloned(), part }
    }

    fn fields(fields: &mut impl Fields<Self>) {
        fields.optional::<QualificationLevel>(
            ("level", "The level; null if no qualification is recorded."),
            |(level, _), _| level,
        );
        fields.value(("count", "Number of people with this highest level (người)."), |(_, part), _| part.count);
        fields.value(("percent", "Their share of all in percent."), |(_, part), _| part.percent);
    }
}

/// A part of the counted people.
pub struct Share(Part);

object!(Share, "A part of the counted people.");

impl View for Share {
    const NAME: &'static str = "Share";
    type Of<'a> = Part;

    fn of(&self) -> Part {
        self.0
    }

    fn view(part: Part) -> Self {
        Self(part)
    }

    fn fields(fields: &mut impl Fields<Self>) {
        fields.value(("count", "Number of people (người)."), |part, _| part.count);
        fields.value(("percent", "Their share of all in percent."), |part, _| part.percent);
    }
}
