//! Systems of national identifiers of units, and the form of their values.

use std::{fmt, str::FromStr};

use sea_orm::{DeriveActiveEnum, EnumIter, sea_query::StringLen};

use super::set::{UnknownWord, words};

words!(IdentifierSystem);

/// A system of identifiers of units (hệ thống mã định danh).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, DeriveActiveEnum, async_graphql::Enum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)")]
pub enum IdentifierSystem {
    /// Electronic identification code of an agency, Decision 20/2020/QĐ-TTg (mã định danh điện tử), such as `H11.12`.
    #[sea_orm(string_value = "VN_AGENCY")]
    VnAgency,
    /// Code of an agency by QCVN 102:2016/BTTTT, the predecessor of `VN_AGENCY`, such as `000.00.12.H11`.
    #[sea_orm(string_value = "QCVN_102")]
    #[graphql(name = "QCVN_102")]
    Qcvn102,
    /// Code of an administrative unit in the national list (mã đơn vị hành chính), such as `03322`.
    #[sea_orm(string_value = "ADMIN_UNIT")]
    AdminUnit,
    /// Code of a Party organisation (mã tổ chức đảng).
    #[sea_orm(string_value = "PARTY")]
    Party,
}

/// Longest value of `VN_AGENCY`, in characters.
const LONGEST_AGENCY: usize = 35;
/// Longest value of a system without a stricter rule, as of all codes.
const LONGEST: usize = 40;

impl IdentifierSystem {
    /// Whether a text has the form of a value of the system. The form says nothing about the position of the unit in a
    /// tree.
    pub fn accepts(self, value: &str) -> bool {
        let groups = || value.split('.');
        let is_capital = |byte: u8| byte.is_ascii_digit() || byte.is_ascii_uppercase();
        let is_group = |group: &str| !group.is_empty() && group.bytes().all(is_capital);
        match self {
            Self::VnAgency => value.len() <= LONGEST_AGENCY && groups().all(is_group),
            Self::Qcvn102 => groups().map(str::len).eq([3, 2, 2, 3]) && groups().all(is_group),
            Self::AdminUnit => matches!(value.len(), 2 | 3 | 5) && value.bytes().all(|byte| byte.is_ascii_digit()),
            Self::Party => {
                let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b'/');
                (1..=LONGEST).contains(&value.len()) && value.bytes().all(is_plain)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::IdentifierSystem::{AdminUnit, Party, Qcvn102, VnAgency};

    #[test]
    fn each_system_has_a_form() {
        let longest = format!("{}.A", "9".repeat(33));
        for (system, good, bad) in [
            (
                VnAgency,
                &["H55", "H55.242", "G09.1.A2", &longest][..],
                &["", ".", "H55.", ".H55", "h55", "H55-1", "Đ1"][..],
            ),
            (Qcvn102, &["000.00.00.H41", "010.06.A8.H50"], &["H41", "000.00.H41", "00.000.00.H41", "000.00.00.h41"]),
            (AdminUnit, &["11", "100", "03322"], &["", "1", "0332", "033221", "0332A", "11.10"]),
            (Party, &["11.100-A", "x_1/2"], &["", "a b", "Đ1", "x:1"]),
        ] {
            good.iter().for_each(|value| assert!(system.accepts(value), "{system} {value}"));
            bad.iter().for_each(|value| assert!(!system.accepts(value), "{system} {value}"));
        }
        assert!(!VnAgency.accepts(&format!("{longest}A")));
        assert!(!Party.accepts(&"x".repeat(41)));
    }
}
