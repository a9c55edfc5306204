//! Writes an import bundle of invented people, of any size and the same for the same seed.
//!
//! Rows are written as they are drawn, so memory does not grow with the number of people. Nothing depends on the day on
//! which it runs: history ends on `draw::last_day`.

mod bundle;
mod draw;
mod land;
mod person;
mod training;

use std::{error::Error, path::PathBuf};

use clap::Parser;
use fastrand::Rng;

use crate::{bundle::Bundle, land::Land};

/// Writes an import bundle of invented cadres.
#[derive(Parser)]
struct Options {
    /// How many cadres.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=99_999_999))]
    cadres: u32,
    /// The same seed and number of cadres give the same files.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Folder for the files; it is made if missing.
    #[arg(long)]
    out: PathBuf,
}

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::parse();
    let mut rng = Rng::with_seed(options.seed);
    let land = Land::of(options.cadres);
    let mut bundle = Bundle::create(&options.out)?;
    land.write(&mut bundle)?;
    training::write(&land, &mut rng, &mut bundle)?;
    for number in 1..=options.cadres {
        person::write(number, &land, &mut rng, &mut bundle)?;
    }
    bundle.finish()?;
    Ok(())
}
