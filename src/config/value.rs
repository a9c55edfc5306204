//! Parsers for values of the command line.

use std::{ffi::OsStr, fmt::Debug, str::FromStr};

use clap::{
    Arg, Command as Line,
    builder::{PossibleValuesParser, TypedValueParser},
    error::ErrorKind,
};
use sea_orm::Iterable;

/// Parses a database URL. Unlike other values, an invalid URL is not repeated, because it may contain a password.
#[derive(Clone)]
pub(super) struct DatabaseUrl;

impl TypedValueParser for DatabaseUrl {
    type Value = String;

    fn parse_ref(&self, line: &Line, _: Option<&Arg>, value: &OsStr) -> Result<String, clap::Error> {
        database_url(value.to_str().unwrap_or_default()).map_err(|sentence| {
            let sentence = format!("the database URL (--database-url, CADRE_DATABASE_URL) is invalid: {sentence}\n");
            clap::Error::raw(ErrorKind::ValueValidation, sentence).with_cmd(line)
        })
    }
}

/// Parses a value of a closed set; the help and the error message list all values.
pub(super) fn one_of<T>() -> impl TypedValueParser<Value = T>
where
    T: FromStr<Err: Debug> + Iterable + ToString + Clone + Send + Sync + 'static,
{
    let words: Vec<String> = T::iter().map(|word| word.to_string()).collect();
    PossibleValuesParser::new(words).map(|word| word.parse().expect("a word of the set is read as itself"))
}

fn database_url(text: &str) -> Result<String, String> {
    let server = text.starts_with("postgres://") || text.starts_with("postgresql://");
    let file = text.strip_prefix("sqlite://").is_some_and(|path| !path.is_empty() && !path.contains(":memory:"));
    if server || file {
        return Ok(text.to_owned());
    }
    Err("write sqlite://PATH for the embedded database, or postgres://USER:PASSWORD@HOST/NAME".to_owned())
}

/// Validates the public URL. It is compared as text with the claims of tokens, so it must have one spelling.
///
/// # Errors
/// A sentence that describes the format (RFC 8414, section 2).
pub fn public_url(text: &str) -> Result<String, String> {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    // It is written into headers between quotation marks.
    let plain = |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '\\' | '?' | '#' | '<' | '>' | '@');
    if host.is_some_and(|host| !host.is_empty() && !host.ends_with('/') && host.chars().all(plain)) {
        return Ok(text.to_owned());
    }
    Err("write http:// or https:// and the host, without a trailing slash, a query or a fragment".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_have_one_spelling() {
        for good in ["sqlite://cadre.db", "sqlite:///var/lib/cadre/cadre.db", "postgres://u:p@h/d", "postgresql://h/d"]
        {
            assert!(database_url(good).is_ok(), "{good}");
        }
        for bad in ["", "cadre.db", "mysql://h/d", "sqlite::memory:", "sqlite://", "sqlite://:memory:"] {
            assert!(database_url(bad).is_err(), "{bad}");
        }
        for good in ["http://127.0.0.1:8080", "https://cadre.example.vn", "https://example.vn/cadre"] {
            assert!(public_url(good).is_ok(), "{good}");
        }
        for bad in
            ["", "cadre.example.vn", "https://", "https://example.vn/", "https://example.vn?x", "ftp://example.vn"]
        {
            assert!(public_url(bad).is_err(), "{bad}");
        }
    }
}
