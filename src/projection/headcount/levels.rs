//! Highest levels of all subjects packed into one integer, so that the database can group people by them. Each subject
//! has five bits, in the order of the list: 0 without a level, else the rank plus one.
//!
//! The order of the list is part of the format (`VERSION`).

use crate::reference::ReferenceData;

const BITS: u32 = 5;
const LARGEST: i64 = (1 << BITS) - 1;

/// Position of a subject's bits; `None` if the integer has no bits for it.
fn shift(reference_data: &ReferenceData, subject: &str) -> Option<u32> {
    let at = reference_data.subjects().iter().position(|of| of.row.code.as_str() == subject)?;
    u32::try_from(at).ok().map(|at| at * BITS).filter(|shift| shift + BITS < i64::BITS)
}

/// A level as a part of the integer; zero if it has no bits.
pub(super) fn part(reference_data: &ReferenceData, subject: &str, rank: i16) -> i64 {
    let value = Some(i64::from(rank) + 1).filter(|value| (1..=LARGEST).contains(value));
    shift(reference_data, subject).zip(value).map_or(0, |(shift, value)| value << shift)
}

/// Mask of the bits of some subjects; `None` if a subject or one of its levels has no bits.
pub(crate) fn mask(reference_data: &ReferenceData, subjects: &[&str]) -> Option<i64> {
    let of_subject = |code: &&str| {
        let levels = &reference_data.subject(code)?.levels;
        let has_bits = levels.iter().all(|level| part(reference_data, code, level.rank) != 0);
        shift(reference_data, code).filter(|_| has_bits).map(|shift| LARGEST << shift)
    };
    subjects.iter().map(of_subject).try_fold(0, |mask, part| Some(mask | part?))
}

/// Rank of the highest level of a subject in the integer.
pub(crate) fn rank(reference_data: &ReferenceData, levels: i64, subject: &str) -> Option<i16> {
    let value = (levels >> shift(reference_data, subject)?) & LARGEST;
    i16::try_from(value - 1).ok().filter(|rank| *rank >= 0)
}
