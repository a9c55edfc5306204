//! Vietnamese text: NFC for storage, a folded key for search, a collation key for sorting.

use std::{borrow::Cow, sync::LazyLock};

use icu_collator::{Collator, CollatorBorrowed, options::CollatorOptions};
use icu_locale_core::locale;
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark, is_nfc};

/// Converts to NFC; borrowed if it already is.
pub fn nfc(text: &str) -> Cow<'_, str> {
    if is_nfc(text) { Cow::Borrowed(text) } else { Cow::Owned(text.nfc().collect()) }
}

/// Why a text cannot be stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// A control character changes the writing direction: the displayed text differs from the stored one.
    Direction,
    /// A character was lost in a conversion (U+FFFD).
    Lost,
}

/// Normalizes typed text: NFC, look-alikes of Đ become Đ, all kinds of blanks become one plain blank, and zero-width
/// characters are removed. Line feeds remain. Borrowed if nothing changes.
///
/// # Errors
/// `Unfit` if the intended text cannot be determined.
pub fn clean(text: &str) -> Result<Cow<'_, str>, Unfit> {
    if text.is_ascii() && !text.contains("  ") {
        return Ok(Cow::Borrowed(text));
    }
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\u{FFFD}' => return Err(Unfit::Lost),
            '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => {
                return Err(Unfit::Direction);
            }
            // African D and eth look like the Vietnamese letter.
            '\u{0189}' | '\u{00D0}' => plain.push('Đ'),
            '\u{0256}' | '\u{00F0}' => plain.push('đ'),
            c if is_invisible(c) => {}
            c if c == ' ' || (c.is_whitespace() && !c.is_control()) => {
                if !plain.ends_with(' ') {
                    plain.push(' ');
                }
            }
            c => plain.push(c),
        }
    }
    let plain = if is_nfc(&plain) { plain } else { plain.nfc().collect() };
    Ok(if plain == text { Cow::Borrowed(text) } else { Cow::Owned(plain) })
}

/// The cleaned text, if it is one line of 1 to `longest` characters.
pub fn line(text: &str, longest: usize) -> Option<String> {
    let cleaned = clean(text).ok()?;
    let fits = (1..=longest).contains(&cleaned.chars().count()) && !cleaned.chars().any(char::is_control);
    fits.then(|| cleaned.into_owned())
}

/// Invisible characters: soft hyphens, joiners, byte order marks, fillers, variation selectors, tags.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{00AD}' | '\u{034F}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180B}'..='\u{180F}'
        | '\u{200B}'..='\u{200D}' | '\u{2060}'..='\u{2065}' | '\u{206A}'..='\u{206F}' | '\u{2800}' | '\u{3164}'
        | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E0FFF}')
}

/// Removes case, tone marks and đ: "Đỗ Thị Hà" becomes "do thi ha". Hyphens and apostrophes separate words. If y and i
/// spell the same sound, the result has i: "Lý" becomes "li". For finding candidates, never for identification.
pub fn fold(text: &str) -> String {
    let plain = text.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase);
    let mut folded = String::with_capacity(text.len());
    let mut before = [' ', ' '];
    for letter in plain {
        let letter = match letter {
            // đ has no decomposition; some sources write eth for it.
            'đ' | 'ð' => 'd',
            letter if separates_words(letter) => ' ',
            letter => letter,
        };
        let is_i = letter == 'y' && is_i_after(before);
        if letter != ' ' || (before[1] != ' ' && !folded.is_empty()) {
            folded.push(if is_i { 'i' } else { letter });
        }
        before = [before[1], letter];
    }
    folded.truncate(folded.trim_end().len());
    folded
}

/// Blanks, hyphens and apostrophes in their usual forms: "Đăk-Rông" and "H'Hen" are two words each.
fn separates_words(letter: char) -> bool {
    let is_hyphen = matches!(letter, '-' | '\u{2010}'..='\u{2015}');
    let is_apostrophe = matches!(letter, '\'' | '`' | '\u{2bb}'..='\u{2bd}' | '\u{2018}'..='\u{201b}');
    letter.is_whitespace() || is_hyphen || is_apostrophe
}

/// Whether y after these two letters sounds like i: after a consonant, as in "Mỹ" and "Mĩ", and in "Quý" and "Quí".
/// After a vowel it is another sound: "Hay" and "Hai" are different words.
fn is_i_after([first, second]: [char; 2]) -> bool {
    (second.is_ascii_lowercase() && !"aeiouy".contains(second)) || (first, second) == ('q', 'u')
}

/// Minimum similarity, from 0 to 1, of a suggested value.
const MIN_SIMILARITY: f64 = 0.82;

/// The most similar of these values, if one is similar enough. Ignores case and tone marks.
pub fn closest<'a>(given: &str, valid: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let given = fold(given);
    let similarity = |value: &str| strsim::jaro_winkler(&given, &fold(value));
    let scored = valid.into_iter().map(|value| (similarity(value), value));
    // Of equally similar values the alphabetically first one is returned, so that reports are deterministic.
    let best = scored.max_by(|(a, one), (b, other)| a.total_cmp(b).then_with(|| other.cmp(one)));
    best.filter(|(similarity, _)| *similarity >= MIN_SIMILARITY).map(|(_, value)| value)
}

/// The folded name with a blank before each word, so that " ha" matches words that begin with "ha".
pub fn search_key(name: &str) -> String {
    format!(" {}", fold(name))
}

static COLLATOR: LazyLock<CollatorBorrowed<'static>> = LazyLock::new(|| {
    Collator::try_new(locale!("vi").into(), CollatorOptions::default()).expect("the data for Vietnamese is compiled in")
});

/// A number and its English noun in the singular or plural: "1 error", "2 errors".
pub fn count(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

/// Collation key of a person's name in Vietnamese order: the given name (the last word) first, then the rest.
pub fn sort_key(name: &str) -> Vec<u8> {
    let (rest, given) = name.rsplit_once(' ').unwrap_or(("", name));
    let mut key = Vec::new();
    for part in [given, rest] {
        COLLATOR.write_sort_key_to(part, &mut key).unwrap_or_else(|never| match never {});
        // Lower than every byte of a key, so that a shorter part sorts before a longer one.
        key.push(0);
    }
    key
}

/// Collation key of a name other than a person's, in Vietnamese order.
pub fn plain_sort_key(name: &str) -> Vec<u8> {
    let mut key = Vec::new();
    COLLATOR.write_sort_key_to(name, &mut key).unwrap_or_else(|never| match never {});
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invisible_characters_are_removed_from_text() {
        for (text, cleaned) in [
            ("Đỗ Thị Hà", Ok("Đỗ Thị Hà")),
            ("Đỗ\u{A0}Thị\u{2003}Hà", Ok("Đỗ Thị Hà")),
            ("Đỗ \u{A0} Thị  Hà", Ok("Đỗ Thị Hà")),
            ("Đỗ\u{200B} Th\u{AD}ị\u{FEFF} Hà\u{200D}", Ok("Đỗ Thị Hà")),
            ("\u{189}ỗ Thị Hà", Ok("Đỗ Thị Hà")),
            ("\u{D0}ỗ Thị Hà, \u{F0}i", Ok("Đỗ Thị Hà, đi")),
            ("Đô\u{303} Thị Ha\u{300}", Ok("Đỗ Thị Hà")),
            ("Ha\u{200B}\u{300}", Ok("Hà")),
            ("H'Hen Niê", Ok("H'Hen Niê")),
            ("a  b\n c", Ok("a b\n c")),
            ("a\u{2028}b", Ok("a b")),
            ("a\tb\0", Ok("a\tb\0")),
            ("Đỗ \u{202E}àH ịhT", Err(Unfit::Direction)),
            ("Đỗ\u{200F}", Err(Unfit::Direction)),
            ("Đỗ Th\u{FFFD}", Err(Unfit::Lost)),
        ] {
            assert_eq!(clean(text).as_deref().map_err(|unfit| *unfit), cleaned, "{text:?}");
            let Ok(cleaned) = cleaned else { continue };
            assert!(matches!(clean(cleaned), Ok(Cow::Borrowed(_))), "{cleaned:?}");
            assert_eq!(search_key(&clean(text).expect("clean")), search_key(cleaned));
        }
    }

    #[test]
    fn a_line_is_clean_and_bounded() {
        for (text, line_of_ten) in [
            ("Cổng\u{A0}Tỉnh\u{200B}", Some("Cổng Tỉnh")),
            ("0123456789", Some("0123456789")),
            ("0123456789x", None),
            ("\u{200B}", None),
            ("a\nb", None),
            ("\u{202E}ab", None),
        ] {
            assert_eq!(line(text, 10).as_deref(), line_of_ten, "{text:?}");
        }
    }

    #[test]
    fn folding_removes_case_tone_marks_and_the_stroke_of_d() {
        for (text, folded) in [
            ("Đỗ Thị Hà", "do thi ha"),
            ("ÐỖ  THỊ HÀ ", "do thi ha"),
            ("Nguye\u{302}\u{303}n Văn Ước", "nguyen van uoc"),
            ("Huyện Điện Biên Đông", "huyen dien bien dong"),
            ("H'Hen Niê", "h hen nie"),
            ("H\u{2bc}Hen Niê", "h hen nie"),
            ("Huyện Đăk-Rông", "huyen dak rong"),
            ("Đăk \u{2013} Rông -", "dak rong"),
            ("Lý Thị Mỹ Quý", "li thi mi qui"),
            ("Lí Thị Mĩ Quí", "li thi mi qui"),
            ("Y Thúy Hay Tây Nguyễn", "y thuy hay tay nguyen"),
            ("'", ""),
        ] {
            assert_eq!(fold(text), folded);
        }
    }

    #[test]
    fn people_sort_by_given_name_in_vietnamese_order() {
        let mut names = [
            "Trần Văn Đức",
            "Lê Thị Dung",
            "Nguyễn Văn An",
            "Bùi Thị Ân",
            "Phạm Văn Ấn",
            "Lê Văn An",
            "Vũ Văn Ăn",
            "Hoàng Ôn",
            "Hoàng Oanh",
        ];
        names.sort_by_key(|name| sort_key(name));
        assert_eq!(
            names,
            [
                "Lê Văn An",
                "Nguyễn Văn An",
                "Vũ Văn Ăn",
                "Bùi Thị Ân",
                "Phạm Văn Ấn",
                "Lê Thị Dung",
                "Trần Văn Đức",
                "Hoàng Oanh",
                "Hoàng Ôn"
            ]
        );
    }

    #[test]
    fn a_wrong_value_gets_the_most_similar_suggestion() {
        for (given, valid, found) in [
            ("active", &["ACTIVE", "RETIRED", "LEFT"][..], Some("ACTIVE")),
            ("RETIRD", &["ACTIVE", "RETIRED", "LEFT"], Some("RETIRED")),
            ("Đã nghỉ", &["ACTIVE", "RETIRED", "LEFT"], None),
            ("NOLITICAL_THEORY", &["PROFESSIONAL", "POLITICAL_THEORY"], Some("POLITICAL_THEORY")),
            ("X1", &["X2", "X3"], None),
            ("A-101", &["A-102", "A-103", "B-101"], Some("A-102")),
            ("A", &[], None),
        ] {
            assert_eq!(closest(given, valid.iter().copied()), found, "{given}");
        }
    }
}
