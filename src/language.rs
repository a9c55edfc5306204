//! The languages that sentences to clients are written in. Codes and names never change with the language.

/// A language of the service's sentences.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Language {
    /// Tiếng Việt, the default.
    #[default]
    Vietnamese,
    /// English.
    English,
}

impl Language {
    /// The language that an `Accept-Language` header prefers; Vietnamese when it names neither or does not parse.
    #[must_use]
    pub fn negotiate(accept_language: Option<&str>) -> Language {
        let header = accept_language.unwrap_or_default();
        let vietnamese = weight(header, "vi");
        let english = weight(header, "en");
        if english > vietnamese { Language::English } else { Language::Vietnamese }
    }
}

/// How much the header wants a language: the quality, and among equals the earlier place wins.
fn weight(header: &str, language: &str) -> (u16, i64) {
    let ranges = || (0..).zip(header.split(',')).filter_map(|(place, range)| Some((place, parse(range)?)));
    let named = ranges()
        .filter(|(_, (tag, _))| tag.split('-').next().is_some_and(|primary| primary.eq_ignore_ascii_case(language)));
    let best = named.map(|(place, (_, quality))| (quality, -place)).max();
    // The wildcard stands only for languages that the header does not name; with nothing to choose by, nothing is wanted.
    let wildcard = || ranges().filter(|(_, (tag, _))| *tag == "*").map(|(place, (_, quality))| (quality, -place)).max();
    match best.or_else(wildcard) {
        Some((0, _)) | None => (0, 0),
        Some(wanted) => wanted,
    }
}

/// The tag of one range and its quality in thousandths; a range that does not parse is left out.
fn parse(range: &str) -> Option<(&str, u16)> {
    let mut parts = range.split(';').map(str::trim);
    let tag = parts.next().filter(|tag| !tag.is_empty())?;
    let Some(parameter) = parts.next() else {
        return Some((tag, 1000));
    };
    let quality: f32 = parameter.strip_prefix("q=").or(parameter.strip_prefix("Q="))?.trim().parse().ok()?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is checked first")]
    (0.0..=1.0).contains(&quality).then(|| (tag, (quality * 1000.0).round() as u16))
}

#[cfg(test)]
mod tests {
    use super::Language;

    #[test]
    fn the_preferred_language_wins() {
        let table = [
            (None, "vi"),
            (Some(""), "vi"),
            (Some("en"), "en"),
            (Some("en-GB,en;q=0.9"), "en"),
            (Some("vi-VN,vi;q=0.9,en;q=0.8"), "vi"),
            (Some("en;q=0.3, vi;q=0.4"), "vi"),
            (Some("vi;q=0.3, en;q=0.4"), "en"),
            (Some("en, vi"), "en"),
            (Some("vi, en"), "vi"),
            (Some("EN-us"), "en"),
            (Some("fr, de;q=0.5"), "vi"),
            (Some("fr, en;q=0.1"), "en"),
            (Some("*"), "vi"),
            (Some("*, vi;q=0"), "en"),
            (Some("en;q=0"), "vi"),
            (Some("en;q=2"), "vi"),
            (Some("en;q=NaN"), "vi"),
            (Some("en;level=1"), "vi"),
            (Some(";;;,,,=;q"), "vi"),
        ];
        for (header, expected) in table {
            let found = match Language::negotiate(header) {
                Language::Vietnamese => "vi",
                Language::English => "en",
            };
            assert_eq!(found, expected, "{header:?}");
        }
    }
}
