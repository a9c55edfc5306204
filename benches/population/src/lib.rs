//! Writes an import bundle of invented people, of any size. The same seed gives the same bundle.
//!
//! Each row is written as soon as it is generated, so memory does not grow with the number of people. The result does
//! not depend on the current day: history ends on `draw::last_day`.

mod bundle;
mod draw;
mod land;
mod person;
mod training;

use std::path::Path;

use fastrand::Rng;

use crate::{bundle::Bundle, land::Land};

/// Maximum number of people: their codes and invented identity numbers have eight digits.
pub const MAX: i64 = 99_999_999;

/// Writes a bundle of this number of people into a folder, which is created if it does not exist.
///
/// # Errors
/// If a file cannot be written.
pub fn write(out: &Path, cadres: u32, seed: u64) -> csv::Result<()> {
    let mut rng = Rng::with_seed(seed);
    let land = Land::of(cadres);
    let mut bundle = Bundle::create(out)?;
    land.write(&mut bundle)?;
    training::write(&land, &mut rng, &mut bundle)?;
    (1..=cadres).try_for_each(|number| person::write(number, &land, &mut rng, &mut bundle))?;
    Ok(bundle.finish()?)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// The name and text of each file of a bundle.
    fn generate(cadres: u32, seed: u64) -> Vec<(String, String)> {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), cadres, seed).unwrap();
        let entries = fs::read_dir(folder.path()).unwrap().map(Result::unwrap);
        let file = |entry: fs::DirEntry| (entry.file_name().into_string().unwrap(), fs::read_to_string(entry.path()));
        let mut files: Vec<_> = entries.map(file).map(|(name, text)| (name, text.unwrap())).collect();
        files.sort();
        files
    }

    #[test]
    fn the_same_seed_gives_the_same_people_and_another_one_others() {
        let people = |files: &[(String, String)]| files.iter().find(|(name, _)| name == "cadres.csv").cloned();
        let (one, again, other) = (generate(500, 7), generate(500, 7), generate(500, 8));
        assert_eq!(one, again);
        assert_ne!(people(&one), people(&other));
    }

    #[test]
    fn proportions_hold_whatever_the_seed() {
        for seed in 1..=3 {
            let files = generate(20_000, seed);
            let each = |file: &str| {
                let text = files.iter().find(|(name, _)| name == file).map(|(_, text)| text.lines().count() - 1);
                text.unwrap() as f64 / 20_000.0
            };
            assert_eq!(each("cadres.csv"), 1.0);
            assert!((1.5..1.8).contains(&each("assignments.csv")), "seed {seed}");
            assert!((3.8..4.2).contains(&each("qualifications.csv")), "seed {seed}");
            assert!((0.28..0.32).contains(&each("rotations.csv")), "seed {seed}");
            assert!((0.28..0.32).contains(&each("enrolments.csv")), "seed {seed}");
        }
    }
}
