//! Sealed values: protected data about a person.
//!
//! They can be stored and compared. They have no GraphQL, JSON or log representation, so that none can be disclosed by
//! accident. Only the service's `authz` may call `reveal` (enforced by the layer test).

use std::fmt;

use sea_orm::DeriveValueType;

use super::{AppraisalRating, Day, ExemptionReason};

macro_rules! sealed {
    ($(#[$doc:meta])* $name:ident($inner:ty) -> $shown:ty) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, DeriveValueType)]
        pub struct $name($inner);

        impl $name {
            /// Seals a value.
            pub fn seal(value: $inner) -> Self {
                Self(value)
            }

            /// The plain value. Only `authz` may call it, after checking the caller's rights.
            pub fn reveal(&self) -> &$shown {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(sealed)"))
            }
        }
    };
}

sealed!(
    /// Personal identity number (số định danh cá nhân), as recorded: 12 digits, including doubtful ones.
    NationalId(String) -> str
);
sealed!(
    /// Day of birth (ngày sinh).
    BirthDate(Day) -> Day
);
sealed!(
    /// Code of the territorial unit of a person's origin (quê quán), as recorded.
    NativePlace(String) -> str
);
sealed!(
    /// Day of joining the Party (ngày vào Đảng).
    PartyDate(Day) -> Day
);
sealed!(
    /// Code of the ethnic group (dân tộc), list of 2008.
    Ethnicity(String) -> str
);
sealed!(
    /// Result of an appraisal (mức xếp loại chất lượng).
    SealedRating(AppraisalRating) -> AppraisalRating
);
sealed!(
    /// Points of an appraisal (điểm đánh giá), in hundredths.
    SealedPoints(i32) -> i32
);
sealed!(
    /// Reason of an exemption from a duty (lý do miễn, hoãn), which may concern health.
    SealedReason(ExemptionReason) -> ExemptionReason
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_value_does_not_print_itself() {
        let id = NationalId::seal("999000000001".to_owned());
        assert_eq!(format!("{id:?}"), "NationalId(sealed)");
        assert_eq!(id.reveal(), "999000000001");
    }
}
