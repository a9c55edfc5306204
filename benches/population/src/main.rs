//! `population`: writes an import bundle of invented cadres.

use std::{path::PathBuf, process::ExitCode};

use clap::Parser;

/// Writes an import bundle of invented cadres.
#[derive(Parser)]
struct Options {
    /// Number of cadres.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=population::MAX))]
    cadres: u32,
    /// The same seed and number of cadres give the same files.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Folder for the files; it is created if it does not exist.
    #[arg(long)]
    out: PathBuf,
}

fn main() -> ExitCode {
    let options = Options::parse();
    match population::write(&options.out, options.cadres, options.seed) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("population: {}: {error}", options.out.display());
            ExitCode::FAILURE
        }
    }
}
