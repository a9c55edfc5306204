//! The two languages of messages.

/// Language of a message. Codes do not depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Language {
    /// Tiếng Việt; the default.
    #[default]
    Vietnamese,
    /// English.
    English,
}

impl Language {
    /// The preferred language of an `Accept-Language` header (RFC 9110, section 12.5.4).
    pub fn negotiate(accept_language: Option<&str>) -> Self {
        let mut best = (0.0, Self::default());
        for range in accept_language.unwrap_or_default().split(',') {
            let mut parts = range.split(';').map(str::trim);
            let tag = parts.next().unwrap_or_default().to_ascii_lowercase();
            let weight = parts.find_map(|part| part.strip_prefix("q=")).map_or(1.0, |q| q.parse().unwrap_or(0.0));
            let language = match tag.split('-').next() {
                Some("vi" | "*") => Self::Vietnamese,
                Some("en") => Self::English,
                _ => continue,
            };
            if weight > best.0 {
                best = (weight, language);
            }
        }
        best.1
    }

    /// Value of `Content-Language`.
    pub fn tag(self) -> &'static str {
        match self {
            Self::Vietnamese => "vi",
            Self::English => "en",
        }
    }
}

/// A message for people, in both languages. It names the field and the solution, never a protected value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sentence {
    /// Vietnamese.
    pub vi: String,
    /// English.
    pub en: String,
}

impl Sentence {
    /// A message in both languages.
    pub fn new(vi: impl Into<String>, en: impl Into<String>) -> Self {
        Self { vi: vi.into(), en: en.into() }
    }

    /// The message in one language.
    pub fn text(&self, language: Language) -> &str {
        match language {
            Language::Vietnamese => &self.vi,
            Language::English => &self.en,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_follows_the_weights_and_defaults_to_vietnamese() {
        use Language::{English, Vietnamese};
        for (header, language) in [
            (None, Vietnamese),
            (Some(""), Vietnamese),
            (Some("fr"), Vietnamese),
            (Some("en"), English),
            (Some("en-GB,en;q=0.9"), English),
            (Some("fr, en;q=0.5, vi;q=0.4"), English),
            (Some("en;q=0.4, vi;q=0.5"), Vietnamese),
            (Some("en;q=0"), Vietnamese),
            (Some("*"), Vietnamese),
        ] {
            assert_eq!(Language::negotiate(header), language, "{header:?}");
        }
    }
}
