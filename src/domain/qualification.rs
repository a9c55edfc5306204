//! Qualifications (trình độ): subjects, levels, and the highest level that a person holds on a day.

use entity::{qualification, qualification_level, value::Day};

use crate::{
    authz::Access,
    error::{Error, Result},
    reference::{ReferenceData, Subject},
};

/// Finds a subject by code.
///
/// # Errors
/// `Invalid` for the field, with the existing codes.
pub fn subject<'a>(access: &'a Access, field: &str, code: &str) -> Result<&'a Subject> {
    access.reference_data().subject(code).ok_or_else(|| {
        let known: Vec<_> =
            access.reference_data().subjects().iter().map(|subject| subject.row.code.as_str()).collect();
        let known = known.join(", ");
        Error::invalid(
            field,
            format!("Loại trình độ này không tồn tại; hãy chọn một trong các mã: {known}."),
            format!("This subject does not exist; choose one of {known}."),
        )
    })
}

/// Finds a level of a subject by code.
///
/// # Errors
/// `Invalid` for the field, with the existing codes.
pub fn level<'a>(subject: &'a Subject, field: &str, code: &str) -> Result<&'a qualification_level::Model> {
    subject.level(code).ok_or_else(|| {
        let known: Vec<_> = subject.levels.iter().map(|level| level.code.as_str()).collect();
        let (of, known) = (&subject.row.code, known.join(", "));
        Error::invalid(
            field,
            format!("Loại trình độ {of} không có mức này; hãy chọn một trong các mức, từ thấp đến cao: {known}."),
            format!("Subject {of} does not have this level; choose one of its levels, lowest first: {known}."),
        )
    })
}

/// Qualifications that are valid on the day, of one subject or of all.
pub fn counting<'a>(
    held: &'a [qualification::Model],
    subject: Option<&str>,
    day: Day,
) -> impl Iterator<Item = &'a qualification::Model> {
    held.iter()
        .filter(move |held| subject.is_none_or(|subject| held.subject_code.as_str() == subject))
        .filter(move |held| held.counts_from <= day)
}

/// Highest qualification in a subject that is valid on the day; of several equal ones, the earliest.
pub fn highest<'a>(
    reference_data: &ReferenceData,
    held: &'a [qualification::Model],
    subject: &str,
    day: Day,
) -> Option<&'a qualification::Model> {
    let rank = |held: &qualification::Model| reference_data.rank(&held.subject_code, &held.level_code);
    // The rows are oldest first and `max_by_key` returns the last maximum, so the order is reversed.
    counting(held, Some(subject), day).collect::<Vec<_>>().into_iter().rev().max_by_key(|held| rank(held))
}
