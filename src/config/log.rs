//! The settings of the log.

use clap::ValueEnum;
use tracing_subscriber::filter::{LevelFilter, Targets};

/// Form of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Text on a terminal, JSON otherwise.
    Auto,
    /// Lines for people.
    Text,
    /// A JSON object per line.
    Json,
}

/// Reads a filter: one level for everything, and other levels for targets.
///
/// The parser of `tracing` reads an unknown word as a target, which turns off the log of everything else.
///
/// # Errors
/// A sentence that names the word and the setting.
pub fn log_filter(text: &str) -> Result<Targets, String> {
    let advice = "write `error`, `warn`, `info`, `debug`, `trace` or `off`, or a filter such as `info,sqlx=warn`, in --log \
                  (CADRE_LOG)";
    let is_level = |word: &str| !word.is_empty() && word.parse::<LevelFilter>().is_ok();
    let (pairs, levels): (Vec<&str>, Vec<&str>) = text.split(',').map(str::trim).partition(|word| word.contains('='));
    if let Some(word) = levels.iter().find(|word| !is_level(word)) {
        return Err(format!("`{word}` is not a level; {advice}"));
    }
    let [level] = levels[..] else {
        return Err(format!("exactly one default level is required; {advice}"));
    };
    let is_pair = |pair: &str| {
        let is_name = |c: char| c.is_ascii_alphanumeric() || "_:-".contains(c);
        pair.split_once('=')
            .is_some_and(|(target, level)| !target.is_empty() && target.chars().all(is_name) && is_level(level))
    };
    if let Some(pair) = pairs.iter().find(|pair| !is_pair(pair)) {
        return Err(format!("`{pair}` is not a target with its level; {advice}"));
    }
    [&[level], &pairs[..]].concat().join(",").parse().map_err(|_| advice.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_has_one_level_for_everything() {
        for good in ["info", "WARN", "off", "info,sqlx=warn", "cadre_api::http=debug, info,sqlx=off"] {
            let filter = log_filter(good).unwrap_or_else(|sentence| panic!("{good}: {sentence}"));
            assert!(filter.default_level().is_some(), "{good}");
        }
        for (bad, expected) in [
            ("loud", "`loud` is not a level"),
            ("", "`` is not a level"),
            ("info,", "`` is not a level"),
            ("info,sqlx", "`sqlx` is not a level"),
            ("inof,sqlx=warn", "`inof` is not a level"),
            ("info,debug", "exactly one default level"),
            ("sqlx=warn", "exactly one default level"),
            ("info,sqlx=loud", "`sqlx=loud` is not a target with its level"),
            ("info,=warn", "`=warn` is not a target with its level"),
            ("info,a=b=c", "`a=b=c` is not a target with its level"),
            ("info,[span]=debug", "`[span]=debug` is not a target with its level"),
        ] {
            let sentence = log_filter(bad).expect_err(bad);
            assert!(sentence.contains(expected) && sentence.contains("CADRE_LOG"), "{bad}: {sentence}");
        }
    }
}
