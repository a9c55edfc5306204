//! Recognises files that are not UTF-8 text with commas, so that one finding can say how to save the file again.

use encoding_rs::WINDOWS_1252;

use crate::language::Sentence;

/// Number of bytes read to recognise the encoding of a file.
pub(super) const SAMPLE: u64 = 64 * 1024;

/// A file that is not text in a single-byte encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Container {
    /// UTF-16, which Excel calls "Unicode Text".
    Utf16,
    /// A workbook of Excel or LibreOffice that was renamed to a CSV file.
    Workbook,
}

/// The guessed encoding of a file that is not UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    /// The Vietnamese code page of Windows.
    Windows1258,
    /// A Vietnamese encoding from before Unicode.
    Legacy(Legacy),
    /// The encoding cannot be guessed.
    Unknown,
}

/// A Vietnamese encoding from before Unicode, which reuses the codes of other characters. Programs that do not know the
/// encoding show those characters, and save them as UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Legacy {
    /// TCVN 5712:1993, third set; fonts named `.VnTime` and so on (ABC).
    Tcvn3,
    /// Fonts named `VNI-Times` and so on.
    Vni,
    /// UTF-8 that was decoded as Windows-1252 and encoded again.
    Utf8Twice,
}

impl Container {
    /// Recognises a container by the first bytes of a file.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(&[0xD0, 0xCF, 0x11, 0xE0]) {
            return Some(Self::Workbook);
        }
        if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
            return Some(Self::Utf16);
        }
        // A header is ASCII, so one byte of every two is a NUL.
        let first = &bytes[..bytes.len().min(16)];
        let nul_at = |odd: usize| first.iter().enumerate().all(|(at, byte)| (*byte == 0) == (at % 2 == odd));
        (first.len() >= 4 && (nul_at(0) || nul_at(1))).then_some(Self::Utf16)
    }

    /// Message to the user about the file.
    pub fn sentence(self) -> Sentence {
        let (vi, en) = match self {
            Self::Utf16 => ("tệp dùng bảng mã UTF-16", "the file is encoded in UTF-16"),
            Self::Workbook => ("đây là bảng tính, không phải tệp CSV", "the file is a spreadsheet, not a CSV file"),
        };
        let Sentence { vi: how_vi, en: how_en } = how_to_save();
        Sentence::new(format!("{vi}; {how_vi}"), format!("{en}; {how_en}"))
    }
}

impl Encoding {
    /// Guesses the encoding of bytes that are not UTF-8.
    pub fn of(bytes: &[u8]) -> Self {
        let (text, _) = WINDOWS_1252.decode_without_bom_handling(bytes);
        let windows_1258 = bytes.windows(2).filter(|two| is_marked_vowel(two[0], two[1])).count();
        let scores = [
            (windows_1258, Self::Windows1258),
            (tcvn3_marks(&text), Self::Legacy(Legacy::Tcvn3)),
            (vni_marks(&text), Self::Legacy(Legacy::Vni)),
        ];
        // The first of equal scores.
        let best = scores.into_iter().rev().max_by_key(|(score, _)| *score);
        best.filter(|(score, _)| *score > 0).map_or(Self::Unknown, |(_, encoding)| encoding)
    }

    /// Message to the user about the file.
    pub fn sentence(self) -> Sentence {
        let Sentence { vi, en } = how_to_save();
        match self {
            Self::Windows1258 => Sentence::new(
                format!("tệp dùng bảng mã Windows-1258; {vi}"),
                format!("the file is encoded in Windows-1258; {en}"),
            ),
            Self::Legacy(legacy) => legacy.sentence(),
            Self::Unknown => Sentence::new(vi, en),
        }
    }
}

impl Legacy {
    /// Recognises text in an encoding from before Unicode that was decoded with the wrong encoding.
    pub fn of(text: &str) -> Option<Self> {
        if text.is_ascii() {
            return None;
        }
        if ["á»", "áº", "Æ°", "Æ¡", "Ä‘", "Äƒ", "Ã¡", "Ã¢", "Ãª", "Ã´"].iter().any(|pair| text.contains(pair))
        {
            return Some(Self::Utf8Twice);
        }
        // Text with letters that only Vietnamese has was typed in Unicode.
        if text.chars().any(is_vietnamese_only) {
            return None;
        }
        let (tcvn3, vni) = (tcvn3_marks(text), vni_marks(text));
        match () {
            () if tcvn3 > 0 && tcvn3 >= vni => Some(Self::Tcvn3),
            () if vni > 0 => Some(Self::Vni),
            () => None,
        }
    }

    /// Message to the user about the text.
    pub fn sentence(self) -> Sentence {
        let (vi, en) = match self {
            Self::Tcvn3 => (
                "chữ dùng bảng mã TCVN3 (ABC); hãy chuyển sang Unicode, ví dụ bằng công cụ chuyển mã của UniKey",
                "the text is encoded in TCVN3 (ABC); convert it to Unicode, for example with the converter of UniKey",
            ),
            Self::Vni => (
                "chữ dùng bảng mã VNI; hãy chuyển sang Unicode, ví dụ bằng công cụ chuyển mã của UniKey",
                "the text is encoded in VNI; convert it to Unicode, for example with the converter of UniKey",
            ),
            Self::Utf8Twice => (
                "tệp UTF-8 đã được mở nhầm bằng bảng mã khác rồi lưu lại; hãy mở lại tệp gốc bằng bảng mã UTF-8",
                "UTF-8 text was opened in another encoding and saved; open the original file as UTF-8",
            ),
        };
        let Sentence { vi: how_vi, en: how_en } = how_to_save();
        Sentence::new(format!("{vi}; {how_vi}"), format!("{en}; {how_en}"))
    }
}

/// Instructions for saving a file of a bundle.
fn how_to_save() -> Sentence {
    Sentence::new(
        "hãy lưu lại: trong Excel chọn kiểu tệp «CSV UTF-8 (Comma delimited)»; trong LibreOffice chọn «Văn bản CSV», bảng mã \
         Unicode (UTF-8), dấu phân cách là dấu phẩy",
        "save it again: in Excel as \"CSV UTF-8 (Comma delimited)\"; in LibreOffice as \"Text CSV\" with the character set \
         Unicode (UTF-8) and the field delimiter comma",
    )
}

/// The separator of a header that has no commas, if it is another common one.
pub(super) fn separator(header: &str, columns: &[&str]) -> Option<Separator> {
    let known = |separator: char| {
        let names = header.split(separator).map(|name| name.trim().trim_matches('"'));
        names.filter(|name| columns.contains(name)).count()
    };
    let others = [Separator::Semicolon, Separator::Tab, Separator::Bar];
    others.into_iter().find(|other| known(other.character()) > known(',').max(1))
}

/// A character that separates fields in other CSV files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Separator {
    Semicolon,
    Tab,
    Bar,
}

impl Separator {
    fn character(self) -> char {
        match self {
            Self::Semicolon => ';',
            Self::Tab => '\t',
            Self::Bar => '|',
        }
    }

    /// Message to the user about the file.
    pub fn sentence(self) -> Sentence {
        let (vi, en) = match self {
            Self::Semicolon => ("dấu chấm phẩy", "semicolons"),
            Self::Tab => ("ký tự tab", "tabs"),
            Self::Bar => ("dấu gạch đứng", "vertical bars"),
        };
        let Sentence { vi: how_vi, en: how_en } = how_to_save();
        Sentence::new(
            format!(
                "các cột được phân cách bằng {vi} nhưng phải phân cách bằng dấu phẩy; {how_vi}; nếu Excel vẫn không \
                 dùng dấu phẩy, hãy đặt «List separator» của Windows (Region > Additional settings) là dấu phẩy rồi lưu \
                 lại"
            ),
            format!(
                "the columns are separated by {en} but required be separated by commas; {how_en}; if Excel still writes no \
                 commas, first set \"List separator\" of Windows (Region > Additional settings) to a comma"
            ),
        )
    }
}

/// Whether two bytes of Windows-1258 are a vowel and its tone mark. Not after `i`, `u` and `y`, which begin diphthongs
/// in other encodings too.
fn is_marked_vowel(vowel: u8, mark: u8) -> bool {
    let is_vowel = b"aAeEoO\xC2\xE2\xCA\xEA\xD4\xF4\xC3\xE3\xD5\xF5\xDD\xFD".contains(&vowel);
    is_vowel && b"\xCC\xD2\xDE\xEC\xF2".contains(&mark)
}

/// Letters that Vietnamese has and Western European languages lack.
fn is_vietnamese_only(c: char) -> bool {
    matches!(c, 'Ă' | 'ă' | 'Đ' | 'đ' | 'Ĩ' | 'ĩ' | 'Ũ' | 'ũ' | 'Ơ' | 'ơ' | 'Ư' | 'ư' | '\u{1EA0}'..='\u{1EF9}')
}

/// Number of words that look like TCVN3: a sign in the position of a letter, or a capital within a lower-case word.
fn tcvn3_marks(text: &str) -> usize {
    let is_sign = |c: char| "¡¢£¤¥¦§¨©ª«¬\u{AD}®µ¶·¸¹»¼½¾×÷Þþ".contains(c);
    let is_capital = |c: char| ('À'..='Þ').contains(&c);
    let looks_encoded = |word: &&str| {
        let characters: Vec<char> = word.chars().collect();
        let in_letters = |two: &[char]| {
            (is_sign(two[1]) && two[0].is_ascii_alphabetic())
                || (is_sign(two[0]) && two[1].is_ascii_alphabetic())
                || (two[0].is_ascii_lowercase() && is_capital(two[1]))
        };
        characters.windows(2).any(in_letters)
    };
    text.split_whitespace().filter(looks_encoded).count()
}

/// Number of words that look like VNI: a plain vowel followed by the letter that represents its marks.
fn vni_marks(text: &str) -> usize {
    let looks_encoded = |word: &&str| {
        let characters: Vec<char> = word.chars().flat_map(char::to_lowercase).collect();
        characters.windows(2).any(|two| match two[0] {
            'a' | 'e' => "øùûõâáàåãäêéèúüë".contains(two[1]),
            'o' | 'u' | 'y' | 'ô' | 'ö' => "øûåä".contains(two[1]) || (two[0] == 'ö' && "ùïõ".contains(two[1])),
            _ => false,
        })
    };
    text.split_whitespace().filter(looks_encoded).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn containers_are_recognised_by_their_first_bytes() {
        let utf_16 = |text: &str, order: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(order).collect::<Vec<u8>>();
        for (bytes, container) in [
            (utf_16("code,name\nT1,ở\n", u16::to_le_bytes), Some(Container::Utf16)),
            (utf_16("code,name\nT1,ở\n", u16::to_be_bytes), Some(Container::Utf16)),
            (utf_16("\u{feff}code,name\nT1,a\n", u16::to_le_bytes), Some(Container::Utf16)),
            (utf_16("\u{feff}code,name\nT1,a\n", u16::to_be_bytes), Some(Container::Utf16)),
            (b"PK\x03\x04\x14\0".to_vec(), Some(Container::Workbook)),
            (b"\xD0\xCF\x11\xE0\xA1\xB1".to_vec(), Some(Container::Workbook)),
            ("\u{feff}code,name\n".as_bytes().to_vec(), None),
            (b"code,name\n".to_vec(), None),
            (b"code,\0name\n".to_vec(), None),
            (b"".to_vec(), None),
        ] {
            assert_eq!(Container::of(&bytes), container, "{bytes:?}");
        }
    }

    #[test]
    fn an_encoding_is_guessed_by_its_bytes() {
        // `Nguyễn Thị Hảo` and `Trần Văn Đức` in each encoding.
        for (bytes, encoding) in [
            (&b"Nguy\xEA\xDEn Thi\xF2 Ha\xD2o"[..], Encoding::Windows1258),
            (b"Tr\xE2\xCCn V\xE3n \xD0\xFD\xECc", Encoding::Windows1258),
            (b"Nguy\xD4n Th\xDE H\xB6o", Encoding::Legacy(Legacy::Tcvn3)),
            (b"Tr\xC7n V\xA8n \xA7\xF8c", Encoding::Legacy(Legacy::Tcvn3)),
            (b"Nguye\xE3n Th\xF2 Ha\xFBo", Encoding::Legacy(Legacy::Vni)),
            (b"Tra\xE0n Va\xEAn \xD1\xF6\xF9c", Encoding::Legacy(Legacy::Vni)),
            (b"H\xE0 N\xF4i", Encoding::Unknown),
        ] {
            assert!(std::str::from_utf8(bytes).is_err());
            assert_eq!(Encoding::of(bytes), encoding, "{bytes:?}");
        }
    }

    #[test]
    fn text_of_old_fonts_is_recognised_in_unicode_too() {
        for (text, legacy) in [
            ("NguyÔn ThÞ H¶o", Some(Legacy::Tcvn3)),
            ("TrÇn V¨n §øc", Some(Legacy::Tcvn3)),
            ("THÞ", Some(Legacy::Tcvn3)),
            ("Së Néi vô tØnh", Some(Legacy::Tcvn3)),
            ("Nguyeãn Thò Haûo", Some(Legacy::Vni)),
            ("Traàn Vaên Ñöùc", Some(Legacy::Vni)),
            ("Nguyá»…n Thá»‹ Háº£o", Some(Legacy::Utf8Twice)),
            ("Äáº·ng VÄƒn A", Some(Legacy::Utf8Twice)),
            ("Nguyễn Thị Hảo", None),
            ("Hoàng Văn Uý", None),
            ("Lò A Páo", None),
            ("Hoà, Quân, Quê, Thuý, Yên, Khoèn, Đào", None),
            ("Quân Yên Toán", None),
            ("École française d'Extrême-Orient", None),
            ("Université Côte d'Azur", None),
            ("Technische Universität München", None),
            ("Straße 5, København, Århus", None),
            ("Nhà xuất bản «Sự thật»", None),
            ("12-QĐ/TU", None),
            ("plain", None),
        ] {
            assert_eq!(Legacy::of(text), legacy, "{text}");
        }
    }

    #[test]
    fn another_separator_is_recognised_in_the_header() {
        let columns = ["code", "name", "tier"];
        for (header, found) in [
            ("code;name;tier", Some(Separator::Semicolon)),
            ("\"code\";\"name\";\"tier\"", Some(Separator::Semicolon)),
            ("code\tname\ttier", Some(Separator::Tab)),
            ("code|name", Some(Separator::Bar)),
            ("code;name;colour", Some(Separator::Semicolon)),
            ("code,name", None),
            ("code", None),
            ("Code,Name", None),
            ("C1;Đỗ Thị Thử;MALE", None),
        ] {
            assert_eq!(separator(header, &columns), found, "{header:?}");
        }
    }
}
