//! Business codes: identifiers used by people and other systems. A code is a stable text, unique among the codes of its
//! kind.

use std::{fmt, str::FromStr};

use compact_str::CompactString;
use sea_orm::DeriveValueType;

/// The text is not a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a code must have 1 to 40 characters (ASCII letters, digits, '.', '_', '-' or '/') and begin with a letter or digit"
)]
pub struct InvalidCode;

/// Most codes are short enough to be stored inline, which saves about a thousand allocations for a page of persons.
fn parse(text: &str) -> Result<CompactString, InvalidCode> {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b'/');
    let begins_with_letter_or_digit = text.as_bytes().first().is_some_and(u8::is_ascii_alphanumeric);
    if !begins_with_letter_or_digit || text.len() > 40 || !text.as_bytes().iter().all(plain) {
        return Err(InvalidCode);
    }
    Ok(CompactString::new(text))
}

macro_rules! code {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, DeriveValueType)]
        #[sea_orm(value_type = "String")]
        pub struct $name(CompactString);

        impl $name {
            /// The code as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidCode;

            fn from_str(text: &str) -> Result<Self, InvalidCode> {
                parse(text).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        // Maps whose key is the code can thus be searched by plain text.
        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl sea_orm::TryFromU64 for $name {
            fn try_from_u64(_: u64) -> Result<Self, sea_orm::DbErr> {
                Err(sea_orm::DbErr::ConvertFromU64(stringify!($name)))
            }
        }
    };
}

code!(
    /// Code of a unit (mã đơn vị).
    UnitCode
);
code!(
    /// Code of a cadre (mã cán bộ).
    CadreCode
);
code!(
    /// Code of a title (mã chức danh).
    TitleCode
);
code!(
    /// Code of a group of titles (mã nhóm chức danh), such as `COMMUNE_KEY`.
    TitleGroupCode
);
code!(
    /// Code of an institution that awards qualifications (mã cơ sở đào tạo).
    InstitutionCode
);
code!(
    /// Code of a subject of qualification (loại trình độ), such as `POLITICAL_THEORY`.
    SubjectCode
);
code!(
    /// Code of a level within its subject (mức trình độ), such as `INTERMEDIATE`.
    LevelCode
);
code!(
    /// Code of a rule (mã quy định), such as `ND170-48-MIN-TERM`.
    RuleCode
);
code!(
    /// Code of a programme (mã chương trình), such as `LLCT_TC`.
    ProgrammeCode
);
code!(
    /// Code of a duty (mã chế độ bồi dưỡng bắt buộc).
    DutyCode
);
code!(
    /// Code of a training plan (mã kế hoạch).
    PlanCode
);
code!(
    /// Code of a standard of titles (mã tiêu chuẩn chức danh).
    StandardCode
);
code!(
    /// Code of a requirement within its standard (mã yêu cầu).
    RequirementCode
);
code!(
    /// Code of a document (mã văn bản).
    DocumentCode
);
code!(
    /// Code of a class (mã lớp).
    ClassCode
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_short_plain_text() {
        for good in ["DV0000001", "X_BT", "a", "H55.242", "05-DA/TU"] {
            assert!(good.parse::<UnitCode>().is_ok(), "{good}");
        }
        for bad in ["", " X", "X ", "_X", "đv", "a b", "a\n", "=1", &"x".repeat(41)] {
            assert_eq!(bad.parse::<UnitCode>(), Err(InvalidCode), "{bad}");
        }
    }
}
