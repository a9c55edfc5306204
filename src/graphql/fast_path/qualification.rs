//! Writers for qualifications and their reference data; the output equals that of `graphql::qualification`.

use entity::{institution, qualification, qualification_level, value::Day};

use crate::{
    error::Error,
    graphql::fast_path::{
        json::{Render, Write, write},
        selection::Selected,
    },
    language::Language,
    reference::Subject,
};

/// A qualification.
pub(super) struct Qualification;

/// A qualification as of a day.
#[derive(Clone, Copy)]
pub(super) struct Held<'a> {
    pub row: &'a qualification::Model,
    pub day: Day,
}

impl Render for Qualification {
    const NAME: &'static str = "Qualification";
    type Of<'a> = Held<'a>;

    fn field(field: &Selected<'_>) -> Option<Write<Self>> {
        match field.name {
            "id" => write::<Self>(|held, _, out| out.leaf(held.row.id)),
            "asOf" => write::<Self>(|held, _, out| out.leaf(held.day)),
            "subject" => {
                let set = field.set::<QualificationSubject>()?;
                write::<Self>(move |held, with, out| {
                    let subject = with.view.reference_data().subject(held.row.subject_code.as_str());
                    let unknown = || Error::internal("a qualification of a subject that is not in the registry");
                    set.one(subject.ok_or_else(unknown)?, with, out)
                })
            }
            "level" => {
                let set = field.set::<QualificationLevel>()?;
                write::<Self>(move |held, with, out| {
                    let subject = with.view.reference_data().subject(held.row.subject_code.as_str());
                    let level = subject.and_then(|subject| subject.level(held.row.level_code.as_str()));
                    let unknown = || Error::internal("a qualification of a level that is not in the registry");
                    set.one(level.ok_or_else(unknown)?, with, out)
                })
            }
            "fieldCode" => write::<Self>(|held, _, out| out.leaf(held.row.field_code.as_deref())),
            "institution" => {
                let set = field.set::<Institution>()?;
                write::<Self>(move |held, with, out| {
                    let code = held.row.institution_code.as_ref();
                    set.option(code.and_then(|code| with.view.reference_data().institution(code.as_str())), with, out)
                })
            }
            "mode" => write::<Self>(|held, _, out| out.leaf(held.row.mode)),
            "grantedOn" => write::<Self>(|held, _, out| out.leaf(held.row.granted_on)),
            _ => None,
        }
    }
}

/// A subject of qualification.
pub(super) struct QualificationSubject;

impl Render for QualificationSubject {
    const NAME: &'static str = "QualificationSubject";
    type Of<'a> = &'a Subject;

    fn field(field: &Selected<'_>) -> Option<Write<Self>> {
        match field.name {
            "code" => write::<Self>(|subject, _, out| out.leaf(subject.row.code.as_str())),
            "label" => write::<Self>(|subject, with, out| {
                out.leaf(in_language(with.view.language, &subject.row.label_vi, &subject.row.label_en))
            }),
            "levels" => {
                let set = field.set::<QualificationLevel>()?;
                write::<Self>(move |subject, with, out| set.list(subject.levels.iter(), with, out))
            }
            _ => None,
        }
    }
}

/// A level of a subject.
pub(super) struct QualificationLevel;

impl Render for QualificationLevel {
    const NAME: &'static str = "QualificationLevel";
    type Of<'a> = &'a qualification_level::Model;

    fn field(field: &Selected<'_>) -> Option<Write<Self>> {
        match field.name {
            "code" => write::<Self>(|level, _, out| out.leaf(level.code.as_str())),
            "label" => write::<Self>(|level, with, out| {
                out.leaf(in_language(with.view.language, &level.label_vi, &level.label_en))
            }),
            "rank" => write::<Self>(|level, _, out| out.leaf(level.rank)),
            _ => None,
        }
    }
}

fn in_language<'a>(language: Language, vi: &'a str, en: &'a str) -> &'a str {
    match language {
        Language::Vietnamese => vi,
        Language::English => en,
    }
}

/// An institution that awards qualifications.
pub(super) struct Institution;

impl Render for Institution {
    const NAME: &'static str = "Institution";
    type Of<'a> = &'a institution::Model;

    fn field(field: &Selected<'_>) -> Option<Write<Self>> {
        match field.name {
            "code" => write::<Self>(|institution, _, out| out.leaf(institution.code.as_str())),
            "name" => write::<Self>(|institution, _, out| out.leaf(&institution.name)),
            _ => None,
        }
    }
}
