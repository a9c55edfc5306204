//! Writers for persons and their posts; the output equals that of `graphql::cadre`.

use entity::{assignment, value::Day};

use crate::{
    authz::AuthorizedCadre,
    domain::{cadre, qualification as held, rotation, unit},
    error::Error,
    graphql::{
        fast_path::{
            json::{Render, Write, write},
            prefetch::Requirement,
            rotation::Rotation,
            selection::Selected,
            unit::Unit,
        },
        qualification::Qualification,
        title::Title,
    },
};

/// A person.
pub(super) struct Cadre;

impl Render for Cadre {
    const NAME: &'static str = "Cadre";
    type Of<'a> = &'a AuthorizedCadre;

    fn field(field: &Selected<'_>) -> Option<Write<Self>> {
        match field.name {
            "id" => write::<Self>(|cadre, _, out| out.leaf(cadre.id())),
            "asOf" => write::<Self>(|cadre, _, out| out.leaf(cadre.day())),
            "code" => write::<Self>(|cadre, _, out| out.leaf(cadre.card().code.as_str())),
            "fullName" => write::<Self>(|cadre, _, out| out.leaf(&cadre.card().full_name)),
            "gender" => write::<Self>(|cadre, _, out| out.leaf(cadre.card().gender)),
            "category" => write::<Self>(|cadre, _, out| out.leaf(cadre.card().category)),
            "status" => write::<Self>(|cadre, _, out| out.leaf(cadre.card().status)),
            "unit" => {
                let set = field.set::<Unit>()?;
                write::<Self>(move |cadre, with, out| {
                    let unit = cadre::post_on(cadre.posts(), cadre.day())
                        .and_then(|post| unit::on_day(with.view.access, post.unit_id, cadre.day()));
                    set.option(unit, with, out)
                })
            }
            "title" => {
                let set = field.set::<Title>()?;
                write::<Self>(move |cadre, with, out| {
                    let title = cadre::post_on(cadre.posts(), cadre.day())
                        .and_then(|post| with.view.reference_data().title(post.title_code.as_str()));
                    set.option(title, with, out)
                })
            }
            "assignments" => {
                let set = field.set::<Assignment>()?;
                write::<Self>(move |cadre, with, out| {
                    let day = cadre.day();
                    let begun = cadre.posts().iter().filter(|post| post.start_on <= day);
                    set.list(begun.map(|row| Post { row, day }), with, out)
                })
            }
            "qualifications" => qualifications(field),
            "highest" => highest(field),
            "rotations" => {
                let set = field.related::<Rotation>(Requirement::Rotations)?;
                write::<Self>(move |cadre, with, out| {
                    let unread = || Error::internal("rotations that were not read with their person");
                    let rows = cadre.rotations().ok_or_else(unread)?;
                    let history = rotation::history(with.view.access, rows, cadre.day())?;
                    set.list(history.iter(), with, out)
                })
            }
            _ => None,
        }
    }
}

fn qualifications(field: &Selected<'_>) -> Option<Write<Cadre>> {
    let (set, subject) = (field.set::<Qualification>()?, field.argument::<Option<String>>("subject")?);
    write::<Cadre>(move |cadre, with, out| {
        let subject = subject.value(with.variables)?;
        if let Some(code) = subject.as_deref() {
            held::subject(with.view.access, "subject", code)?;
        }
        let all = cadre.qualifications();
        let day = cadre.day();
        set.list(held::counting(all, subject.as_deref(), day).map(|row| (row, day)), with, out)
    })
}

fn highest(field: &Selected<'_>) -> Option<Write<Cadre>> {
    let (set, subject) = (field.set::<Qualification>()?, field.argument::<String>("subject")?);
    write::<Cadre>(move |cadre, with, out| {
        let subject = subject.value(with.variables)?;
        held::subject(with.view.access, "subject", &subject)?;
        let all = cadre.qualifications();
        let day = cadre.day();
        set.option(held::highest(with.view.reference_data(), all, &subject, day).map(|row| (row, day)), with, out)
    })
}

/// A post.
pub(super) struct Assignment;

/// A post as of a day.
#[derive(Clone, Copy)]
pub(super) struct Post<'a> {
    row: &'a assignment::Model,
    day: Day,
}

impl Render for Assignment {
    const NAME: &'static str = "Assignment";
    type Of<'a> = Post<'a>;

    fn field(field: &Selected<'_>) -> Option<Write<Self>> {
        match field.name {
            "unit" => {
                let set = field.set::<Unit>()?;
                write::<Self>(move |post, with, out| {
                    let unit = unit::on_day(with.view.access, post.row.unit_id, post.day).ok_or(Error::NotFound)?;
                    set.one(unit, with, out)
                })
            }
            "title" => {
                let set = field.set::<Title>()?;
                write::<Self>(move |post, with, out| {
                    let title = with.view.reference_data().title(post.row.title_code.as_str());
                    let unknown = || Error::internal("a post with a title that is not in the registry");
                    set.one(title.ok_or_else(unknown)?, with, out)
                })
            }
            "asOf" => write::<Self>(|post, _, out| out.leaf(post.day)),
            "startOn" => write::<Self>(|post, _, out| out.leaf(post.row.start_on)),
            "endOn" => write::<Self>(|post, _, out| out.leaf(post.row.end_on)),
            "isPrimary" => write::<Self>(|post, _, out| out.leaf(post.row.is_primary)),
            _ => None,
        }
    }
}
