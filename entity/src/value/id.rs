//! Row ids: UUIDv7 in the database, opaque typed text in the API (`cad_` and 26 base32 characters).

use std::{fmt, str::FromStr};

use data_encoding::BASE32_NOPAD;
use sea_orm::DeriveValueType;
use uuid::Uuid;

use crate::value::{LevelCode, SubjectCode};

/// The text is not an id of the expected type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an id of this type")]
pub struct InvalidId;

fn write_id(f: &mut fmt::Formatter<'_>, prefix: &str, id: &[u8]) -> fmt::Result {
    write!(f, "{prefix}_{}", BASE32_NOPAD.encode(id).to_ascii_lowercase())
}

fn parse_id(prefix: &str, text: &str) -> Result<Vec<u8>, InvalidId> {
    let digits = text.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('_')).ok_or(InvalidId)?;
    // Each id has one spelling: the decoder alone would also accept capitals.
    if digits.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Err(InvalidId);
    }
    BASE32_NOPAD.decode(digits.to_ascii_uppercase().as_bytes()).map_err(|_| InvalidId)
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, DeriveValueType)]
        pub struct $name(pub Uuid);

        impl $name {
            /// Prefix of the text form.
            pub const PREFIX: &'static str = $prefix;

            /// A new id; later ids sort after earlier ones.
            #[expect(clippy::new_without_default, reason = "an id is drawn, it has no default")]
            pub fn new() -> Self {
                Self(Uuid::now_v7())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_id(f, Self::PREFIX, self.0.as_bytes())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Uuid::from_slice(&parse_id(Self::PREFIX, text)?).map(Self).map_err(|_| InvalidId)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        // The trait is for numeric keys that the database generates; these ids are generated before the insert.
        impl sea_orm::TryFromU64 for $name {
            fn try_from_u64(_: u64) -> Result<Self, sea_orm::DbErr> {
                Err(sea_orm::DbErr::ConvertFromU64(stringify!($name)))
            }
        }
    };
}

id!(
    /// Id of a unit (đơn vị).
    UnitId, "uni"
);
id!(
    /// Id of one version of a unit.
    VersionId, "ver"
);
id!(
    /// Id of a succession between two units.
    SuccessionId, "suc"
);
id!(
    /// Id of an identifier of a unit.
    IdentifierId, "idn"
);
id!(
    /// Id of a cadre (cán bộ).
    CadreId, "cad"
);
id!(
    /// Id of an assignment (quá trình công tác).
    AssignmentId, "asg"
);
id!(
    /// Id of a qualification (trình độ).
    QualificationId, "qua"
);
id!(
    /// Id of a rotation (luân chuyển).
    RotationId, "rot"
);
id!(
    /// Id of a training plan (kế hoạch đào tạo, bồi dưỡng).
    PlanId, "pln"
);
id!(
    /// Id of a quota (chỉ tiêu).
    QuotaId, "quo"
);
id!(
    /// Id of a class (lớp).
    ClassId, "cls"
);
id!(
    /// Id of an enrolment (học viên của lớp).
    EnrolmentId, "enr"
);
id!(
    /// Id of an exemption from a duty (miễn, hoãn).
    ExemptionId, "exm"
);
id!(
    /// Id of an appraisal (đánh giá, xếp loại chất lượng).
    AppraisalId, "apr"
);
id!(
    /// Id of an API client (hệ thống kết nối).
    ClientId, "cli"
);
id!(
    /// Id of a client's grant (phạm vi).
    GrantId, "gra"
);
id!(
    /// Id of a client's secret (mã bí mật).
    SecretId, "sec"
);
id!(
    /// Id of an acting person (người dùng).
    PersonId, "per"
);

/// Id of an entry of the access log: its number in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AccessEntryId(pub i64);

impl AccessEntryId {
    const PREFIX: &'static str = "acc";
}

impl fmt::Display for AccessEntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_id(f, Self::PREFIX, &self.0.to_be_bytes())
    }
}

impl FromStr for AccessEntryId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let bytes = parse_id(Self::PREFIX, text)?;
        bytes.try_into().map(|bytes| Self(i64::from_be_bytes(bytes))).map_err(|_| InvalidId)
    }
}

/// Id of a step of a rotation: the rotation, and its version after the step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StepId(pub RotationId, pub i32);

impl fmt::Display for StepId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(rotation, version) = self;
        write_id(f, "stp", &[&rotation.0.as_bytes()[..], &version.to_be_bytes()].concat())
    }
}

/// Id of a level of a subject: both codes. Codes of levels are unique within their subject only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LevelId<'a>(pub &'a SubjectCode, pub &'a LevelCode);

impl fmt::Display for LevelId<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(subject, level) = self;
        // No code contains a blank.
        write_id(f, "lvl", format!("{subject} {level}").as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_parts_differ_if_one_part_does() {
        let (one, other) = (RotationId::new(), RotationId::new());
        let steps = [StepId(one, 1), StepId(one, 2), StepId(other, 1)].map(|id| id.to_string());
        assert!(steps.iter().all(|id| id.starts_with("stp_")), "{steps:?}");
        assert!(steps[0] != steps[1] && steps[0] != steps[2]);

        let subject = |code: &str| code.parse::<SubjectCode>().expect("a code");
        let level = |code: &str| code.parse::<LevelCode>().expect("a code");
        let levels =
            [("A", "BC"), ("AB", "C"), ("A", "B")].map(|(of, code)| LevelId(&subject(of), &level(code)).to_string());
        assert!(levels.iter().all(|id| id.starts_with("lvl_")), "{levels:?}");
        assert!(levels[0] != levels[1] && levels[0] != levels[2]);
    }

    #[test]
    fn an_id_reads_back_from_its_text_and_from_no_other() {
        let id = CadreId::new();
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!(id.to_string().parse::<UnitId>(), Err(InvalidId));
        let entry = AccessEntryId(7);
        assert_eq!(entry.to_string().parse(), Ok(entry));
        for text in ["acc_", "acc_ae", &id.to_string().replace("cad", "acc")] {
            assert_eq!(text.parse::<AccessEntryId>(), Err(InvalidId), "{text}");
        }
        for text in ["", "cad", "cad_", "cad_!!", &id.to_string().to_uppercase(), &format!("{id}a")] {
            assert_eq!(text.parse::<CadreId>(), Err(InvalidId), "{text}");
        }
    }
}
