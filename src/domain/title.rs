//! Titles (chức danh): their groups (nhóm chức danh) and steps (bậc).
//!
//! Rules about "a higher title" compare steps: 1 is the highest. A title without a step on the day, or with an unverified
//! one, decides nothing: such a comparison is indeterminate, never passed.

use entity::{
    title,
    value::{Day, TitleRole, Verification},
};

use crate::reference::ReferenceData;

/// Step of a title on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Number of the step; 1 is the highest.
    pub value: i16,
    /// Whether it was compared with the text of its instrument.
    pub verified: bool,
}

/// Step of a title, by code, on a day; `None` if the title or its step on this day is unknown.
pub fn step_of(reference_data: &ReferenceData, title: &str, day: Day) -> Option<Step> {
    let row = reference_data.title_steps().on(title, day)?;
    Some(Step { value: row.step, verified: row.verification == Verification::Verified })
}

/// Whether a title has a higher step than another on a day; `None` if a step is unknown or unverified.
pub fn is_higher(reference_data: &ReferenceData, (title, than): (&str, &str), day: Day) -> Option<bool> {
    let step = |title| step_of(reference_data, title, day).filter(|step| step.verified);
    Some(step(title)?.value < step(than)?.value)
}

/// Titles of a group, by code.
pub fn titles_of_group<'a>(
    reference_data: &'a ReferenceData,
    group: &'a str,
) -> impl Iterator<Item = &'a title::Model> + 'a {
    reference_data.titles().filter(move |title| is_in_group(title, group))
}

fn is_in_group(title: &title::Model, group: &str) -> bool {
    title.group_code.as_ref().is_some_and(|code| code.as_str() == group)
}

/// Filter of titles; all conditions must hold.
#[derive(Clone, Debug, Default, async_graphql::InputObject, serde::Serialize)]
pub struct TitleWhere {
    /// Belongs to this group, by code.
    pub group: Option<String>,
    /// Has one of these roles.
    pub roles: Option<Vec<TitleRole>>,
}

/// Titles that satisfy a filter, by code.
pub fn list<'a>(reference_data: &'a ReferenceData, filter: &TitleWhere) -> Vec<&'a title::Model> {
    let is_listed = |title: &&title::Model| {
        filter.group.as_ref().is_none_or(|group| is_in_group(title, group))
            && filter.roles.as_ref().is_none_or(|roles| title.role.is_some_and(|role| roles.contains(&role)))
    };
    reference_data.titles().filter(is_listed).collect()
}
