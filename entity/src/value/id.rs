//! Row ids: UUIDv7 inside, opaque typed text outside (`cad_` and 26 base32 characters).

use std::{fmt, str::FromStr};

use data_encoding::BASE32_NOPAD;
use sea_orm::DeriveValueType;
use uuid::Uuid;

/// The text is not an id of the expected type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an id of this type")]
pub struct InvalidId;

fn write_id(f: &mut fmt::Formatter<'_>, prefix: &str, id: &Uuid) -> fmt::Result {
    write!(f, "{prefix}_{}", BASE32_NOPAD.encode(id.as_bytes()).to_ascii_lowercase())
}

fn parse_id(prefix: &str, text: &str) -> Result<Uuid, InvalidId> {
    let digits = text.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('_')).ok_or(InvalidId)?;
    // One spelling per id: the decoder alone would also take capitals.
    if digits.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Err(InvalidId);
    }
    let bytes = BASE32_NOPAD.decode(digits.to_ascii_uppercase().as_bytes()).map_err(|_| InvalidId)?;
    Uuid::from_slice(&bytes).map_err(|_| InvalidId)
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, DeriveValueType)]
        pub struct $name(pub Uuid);

        impl $name {
            /// What the text form begins with.
            pub const PREFIX: &'static str = $prefix;

            /// A new id; later ids sort after earlier ones.
            #[expect(clippy::new_without_default, reason = "an id is drawn, it has no default")]
            pub fn new() -> Self {
                Self(Uuid::now_v7())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_id(f, Self::PREFIX, &self.0)
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
                parse_id(Self::PREFIX, text).map(Self)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        // The trait stands for numeric keys that a database hands out; ours are drawn before the insert.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_from_its_text_and_from_no_other() {
        let id = CadreId::new();
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!(id.to_string().parse::<UnitId>(), Err(InvalidId));
        for text in ["", "cad", "cad_", "cad_!!", &id.to_string().to_uppercase(), &format!("{id}a")] {
            assert_eq!(text.parse::<CadreId>(), Err(InvalidId), "{text}");
        }
    }
}
