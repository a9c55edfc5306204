//! Vietnamese text: NFC for storing, a folded key for finding, a collation key for sorting.

use std::{borrow::Cow, sync::LazyLock};

use icu_collator::{Collator, CollatorBorrowed, options::CollatorOptions};
use icu_locale_core::locale;
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark, is_nfc};

/// The text in NFC; borrowed where it was.
pub fn nfc(text: &str) -> Cow<'_, str> {
    if is_nfc(text) { Cow::Borrowed(text) } else { Cow::Owned(text.nfc().collect()) }
}

/// Folds case, tone marks and đ away: "Đỗ Thị Hà" becomes "do thi ha". Finds candidates, never identifies.
pub fn fold(text: &str) -> String {
    let plain = text.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase).map(|c| match c {
        // đ has no decomposition; eth stands in for it in some sources.
        'đ' | 'ð' => 'd',
        other => other,
    });
    let mut folded = String::with_capacity(text.len());
    for word in plain.collect::<String>().split_whitespace() {
        if !folded.is_empty() {
            folded.push(' ');
        }
        folded.push_str(word);
    }
    folded
}

/// The folded name with a blank before each word, so that " ha" finds words that begin with "ha".
pub fn search_key(name: &str) -> String {
    format!(" {}", fold(name))
}

static COLLATOR: LazyLock<CollatorBorrowed<'static>> = LazyLock::new(|| {
    Collator::try_new(locale!("vi").into(), CollatorOptions::default()).expect("the data for Vietnamese is compiled in")
});

/// Collation key of a person's name in Vietnamese order: the given name (the last word) first, then the rest.
pub fn sort_key(name: &str) -> Vec<u8> {
    let (rest, given) = name.rsplit_once(' ').unwrap_or(("", name));
    let mut key = Vec::new();
    for part in [given, rest] {
        COLLATOR.write_sort_key_to(part, &mut key).unwrap_or_else(|never| match never {});
        // Below every byte of a key, so that a shorter part sorts before a longer one.
        key.push(0);
    }
    key
}

/// Collation key of a name that is not a person's, in Vietnamese order.
pub fn plain_sort_key(name: &str) -> Vec<u8> {
    let mut key = Vec::new();
    COLLATOR.write_sort_key_to(name, &mut key).unwrap_or_else(|never| match never {});
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding_drops_case_tones_and_the_bar_of_d() {
        for (text, folded) in [
            ("Đỗ Thị Hà", "do thi ha"),
            ("ÐỖ  THỊ HÀ ", "do thi ha"),
            ("Nguye\u{302}\u{303}n Văn Ước", "nguyen van uoc"),
            ("Huyện Điện Biên Đông", "huyen dien bien dong"),
            ("H'Hen Niê", "h'hen nie"),
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
}
