//! Enums. Each word is spelled the same in the database, in files and in the API.
//!
//! Lists that a circular can change (titles, levels, ethnic groups) are tables, not enums.

use std::{fmt, str::FromStr};

use sea_orm::{ActiveEnum, DeriveActiveEnum, EnumIter, Iterable, sea_query::StringLen};

/// The word is not in the enum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a word of this set")]
pub struct UnknownWord;

/// The values of an enum in their order, each with its word.
pub(super) fn all<T: ActiveEnum<Value = String> + Iterable + Copy>() -> Vec<(T, String)> {
    T::iter().map(|value| (value, value.to_value())).collect()
}

macro_rules! words {
    ($($name:ident),*) => {$(
        impl $name {
            /// The values, each with its word. Cached, because the database's conversion allocates a text each time,
            /// and a page of persons contains hundreds of words.
            fn words() -> &'static [(Self, String)] {
                static WORDS: std::sync::LazyLock<Vec<($name, String)>> = std::sync::LazyLock::new($crate::value::set::all);
                &WORDS
            }

            /// The word, as it is spelled in the database, in files and in the API.
            fn word(self) -> &'static str {
                &Self::words()[self as usize].1
            }
        }

        impl FromStr for $name {
            type Err = UnknownWord;

            fn from_str(word: &str) -> Result<Self, UnknownWord> {
                let known = Self::words().iter().find(|(_, known)| known == word);
                known.map(|(value, _)| *value).ok_or(UnknownWord)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.word())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.word())
            }
        }
    )*};
}
pub(super) use words;

words!(
    Tier,
    UnitKind,
    Hierarchy,
    SuccessionKind,
    Category,
    Gender,
    CadreStatus,
    StudyMode,
    ChangeKind,
    KeyAlgorithm,
    KeyPurpose,
    Purpose,
    Scope,
    AllowedDocuments,
    DataCategory,
    Log,
    CountScope
);

/// Tier of a unit in the state's hierarchy (cấp). DISTRICT ended on 2025-06-30 (inclusive).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, DeriveActiveEnum, async_graphql::Enum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)")]
pub enum Tier {
    /// Trung ương.
    #[sea_orm(string_value = "CENTRAL")]
    Central,
    /// Cấp tỉnh.
    #[sea_orm(string_value = "PROVINCE")]
    Province,
    /// Cấp huyện, until 2025-06-30 (inclusive).
    #[sea_orm(string_value = "DISTRICT")]
    District,
    /// Cấp xã.
    #[sea_orm(string_value = "COMMUNE")]
    Commune,
}

/// Kind of a unit (loại đơn vị).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, DeriveActiveEnum, async_graphql::Enum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)")]
pub enum UnitKind {
    /// The whole country (toàn quốc).
    #[sea_orm(string_value = "NATION")]
    Nation,
    /// Province or centrally governed city (tỉnh, thành phố).
    #[sea_orm(string_value = "PROVINCE")]
    Province,
    /// District (huyện, quận, thị xã), until 2025-06-30 (inclusive).
    #[sea_orm(string_value = "DISTRICT")]
    District,
    /// Commune, ward or township (xã, phường, thị trấn).
    #[sea_orm(string_value = "COMMUNE")]
    Commune,
    /// Party committee (đảng ủy, ban thường vụ).
    #[sea_orm(string_value = "PARTY_COMMITTEE")]
    PartyCommittee,
    /// Party committee of a bloc of agencies (đảng ủy khối).
    #[sea_orm(string_value = "PARTY_BLOC")]
    PartyBloc,
    /// People's Committee (ủy ban nhân dân).
    #[sea_orm(string_value = "PEOPLES_COMMITTEE")]
    PeoplesCommittee,
    /// Ministry or central body (bộ, ban, ngành trung ương).
    #[sea_orm(string_value = "MINISTRY")]
    Ministry,
    /// Department (sở, ban, ngành; vụ, cục).
    #[sea_orm(string_value = "DEPARTMENT")]
    Department,
    /// Office or division of a district (phòng, ban).
    #[sea_orm(string_value = "OFFICE")]
    Office,
    /// Political school of a province (trường chính trị).
    #[sea_orm(string_value = "POLITICAL_SCHOOL")]
    PoliticalSchool,
    /// Political centre of a district (trung tâm chính trị).
    #[sea_orm(string_value = "POLITICAL_CENTRE")]
    PoliticalCentre,
    /// Academy (học viện).
    #[sea_orm(string_value = "ACADEMY")]
    Academy,
    /// College (trường cao đẳng).
    #[sea_orm(string_value = "COLLEGE")]
    College,
    /// School (trường học).
    #[sea_orm(string_value = "SCHOOL")]
    School,
    /// Hospital (bệnh viện).
    #[sea_orm(string_value = "HOSPITAL")]
    Hospital,
    /// Medical centre (trung tâm y tế).
    #[sea_orm(string_value = "MEDICAL_CENTRE")]
    MedicalCentre,
    /// Health station (trạm y tế).
    #[sea_orm(string_value = "HEALTH_STATION")]
    HealthStation,
    /// Vocational centre (trung tâm dạy nghề).
    #[sea_orm(string_value = "VOCATIONAL_CENTRE")]
    VocationalCentre,
    /// Continuing-education centre (trung tâm giáo dục thường xuyên).
    #[sea_orm(string_value = "CONTINUING_EDUCATION_CENTRE")]
    ContinuingEducationCentre,
    /// Training provider outside the locality (cơ sở đào tạo ngoài địa phương).
    #[sea_orm(string_value = "EXTERNAL_PROVIDER")]
    ExternalProvider,
}

/// Tree of units (hệ thống tổ chức).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, DeriveActiveEnum, async_graphql::Enum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)")]
pub enum Hierarchy {
    /// The administrative tree (hệ thống chính quyền).
    #[sea_orm(string_value = "ADMINISTRATIVE")]
    Administrative,
    /// The tree of Party organisations (hệ thống Đảng).
    #[sea_orm(string_value = "PARTY")]
    Party,
}

/// Kind of a succession of units (hình thức sắp xếp).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, DeriveActiveEnum, async_graphql::Enum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)")]
pub enum SuccessionKind {
    /// Sáp nhập.
    #[sea_orm(string_value = "MERGE")]
    Merge,
    /// Chia tách.
    #[sea_orm(string_value = "SPLIT")]
    Split,
    /// Đổi tên.
    #[sea_orm(string_value = "RENAME")]
    Rename,
    /// Chuyển loại.
    #[sea_orm(string_value = "RECLASSIFY")]
    Reclassify,
    /// Chuyển đơn vị trực thuộc.
    #[sea_orm(string_value = "MOVE")]
    Move,
    /// Giải thể.
    #[sea_orm(string_value = "DISSOLVE")]
    Dissolve,
}

/// Category of a person in the service of the state (loại cán bộ).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, DeriveActiveEnum, async_graphql::Enum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)")]
pub enum Category {
    /// Cadre (cán bộ): elected, approved or appointed for a term.
    #[sea_orm(string_value = "CADRE")]
    Cadre,
    /// Civil servant (công chức).
    #[sea_orm(string_value = "CIVIL_SERVANT")]
    CivilServant,
    /// Public employee (viên chức).
    #[sea_orm(string_value = "PUBLIC_EMPLOYEE")]
    PublicEmployee,
}

/// Gender (giới tính).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, DeriveActiveEnum, async_graphql::Enum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)")]
pub enum Gender {
    /// Female (nữ).
    #[sea_orm(string_value = "FEMALE")]
    Female,
    /// Male (nam).
    #[sea_orm(string_value = "MALE")]
    Male,
}

/// Service status of a person (trạng thái).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, DeriveActiveEnum, async_graphql::Enum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)")]
pub enum CadreStatus {
    /// In service (đang công tác).
    #[sea_orm(string_value = "ACTIVE")]
    Active,
    /// Retired (nghỉ hưu).
    #[sea_orm(string_value = "RETIRED")]
    Retired,
    /// Left the service (thôi việc).
    #[sea_orm(string_value = "LEFT")]
    Left,
    /// Deceased (từ trần).
    #[sea_orm(string_value = "DECEASED")]
    Deceased,
}

/// Mode of study (hình thức đào tạo).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, DeriveActiveEnum, async_graphql::Enum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)")]
pub enum StudyMode {
    /// Full-time (tập trung).
    #[sea_orm(string_value = "FULL_TIME")]
    FullTime,
    /// Part-time (không tập trung).
    #[sea_orm(string_value = "PART_TIME")]
    PartTime,
    /// In-service, the older name of work-study (tại chức).
    #[sea_orm(string_value = "IN_SERVICE")]
    InService,
    /// Work-study (vừa làm vừa học).
    #[sea_orm(string_value = "WORK_STUDY")]
    WorkStudy,
    /// Regular (chính quy).
    #[sea_orm(string_value = "REGULAR")]
    Regular,
    /// Distance (từ xa).
    #[sea_orm(string_value = "DISTANCE")]
    Distance,
    /// Bridging (liên thông).
    #[sea_orm(string_value = "BRIDGING")]
    Bridging,
}

/// Kind of a committed change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)")]
pub enum ChangeKind {
    /// The object was created.
    #[sea_orm(string_value = "CREATED")]
    Created,
    /// The object was changed.
    #[sea_orm(string_value = "UPDATED")]
    Updated,
    /// The object was ended.
    #[sea_orm(string_value = "ENDED")]
    Ended,
}

/// Signature algorithm of a client's key (RFC 7518, section 3.1; RFC 8037, section 3.1; RFC 9864, section 2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)")]
pub enum KeyAlgorithm {
    /// ECDSA with P-256 and SHA-256.
    #[sea_orm(string_value = "ES256")]
    Es256,
    /// EdDSA with Ed25519.
    #[sea_orm(string_value = "EdDSA")]
    EdDsa,
    /// RSASSA-PSS with SHA-256.
    #[sea_orm(string_value = "PS256")]
    Ps256,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    #[sea_orm(string_value = "RS256")]
    Rs256,
}

impl KeyAlgorithm {
    /// The fully specified name of EdDSA with Ed25519 (RFC 9864, section 2.2).
    pub const ED25519: &str = "Ed25519";

    /// All names of algorithms in `alg`: Ed25519 has two.
    pub fn names() -> Vec<String> {
        let mut names: Vec<String> = Self::iter().map(|algorithm| algorithm.to_string()).collect();
        names.insert(2, Self::ED25519.to_owned());
        names
    }

    /// The algorithm with this `alg` name.
    ///
    /// # Errors
    /// If the name is unknown.
    pub fn of_alg(name: &str) -> Result<Self, UnknownWord> {
        if name == Self::ED25519 { Ok(Self::EdDsa) } else { name.parse() }
    }
}

/// A log whose entries are in the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)")]
pub enum Log {
    /// Commands, with their changes.
    #[sea_orm(string_value = "AUDIT")]
    Audit,
    /// Accesses to protected data.
    #[sea_orm(string_value = "ACCESS")]
    Access,
    /// Accesses that are withheld from the API until a day.
    #[sea_orm(string_value = "WITHHOLDING")]
    Withholding,
}

/// Counted people of a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)")]
pub enum CountScope {
    /// People of the unit alone.
    #[sea_orm(string_value = "OWN")]
    Own,
    /// People of the unit and its subtree in the administrative tree.
    #[sea_orm(string_value = "ADMINISTRATIVE")]
    Administrative,
    /// People of the unit and its subtree in the tree of Party organisations.
    #[sea_orm(string_value = "PARTY")]
    Party,
}

/// Purpose of a key of the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)")]
pub enum KeyPurpose {
    /// Signs access tokens (ES256).
    #[sea_orm(string_value = "ACCESS_TOKEN")]
    AccessToken,
    /// Authenticates page cursors (HMAC-SHA-256).
    #[sea_orm(string_value = "CURSOR")]
    Cursor,
    /// Signs checkpoints of the logs (ES256).
    #[sea_orm(string_value = "AUDIT_CHECKPOINT")]
    AuditCheckpoint,
    /// Signs announcements to webhooks (Ed25519), and encrypts the secrets of their clients.
    #[sea_orm(string_value = "WEBHOOK")]
    Webhook,
}

/// Purpose of an access to protected data (mục đích truy cập), Law 91/2025/QH15.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, DeriveActiveEnum, async_graphql::Enum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)")]
pub enum Purpose {
    /// Personnel work (công tác cán bộ).
    #[sea_orm(string_value = "PERSONNEL")]
    Personnel,
    /// Training (đào tạo, bồi dưỡng).
    #[sea_orm(string_value = "TRAINING")]
    Training,
    /// Planning pools (quy hoạch).
    #[sea_orm(string_value = "PLANNING")]
    Planning,
    /// Statistics (thống kê).
    #[sea_orm(string_value = "STATISTICS")]
    Statistics,
    /// Synchronisation of systems (đồng bộ dữ liệu).
    #[sea_orm(string_value = "SYNCHRONISATION")]
    Synchronisation,
    /// Confirmation of a fact (xác nhận).
    #[sea_orm(string_value = "CONFIRMATION")]
    Confirmation,
}

/// A category of protected data about a person (nhóm dữ liệu được bảo vệ).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, DeriveActiveEnum, async_graphql::Enum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)")]
pub enum DataCategory {
    /// Identity (nhân thân): personal identity number, day of birth, native place.
    #[sea_orm(string_value = "IDENTITY")]
    Identity,
    /// Political data (chính trị).
    #[sea_orm(string_value = "POLITICAL")]
    Political,
    /// Origin data (nguồn gốc).
    #[sea_orm(string_value = "ORIGIN")]
    Origin,
    /// Appraisals (đánh giá, xếp loại chất lượng): points and results.
    #[sea_orm(string_value = "APPRAISAL")]
    Appraisal,
    /// Data that may concern health (sức khỏe): exemptions from duties with their reasons.
    #[sea_orm(string_value = "HEALTH")]
    Health,
}

/// A scope: a right that a grant can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)")]
pub enum Scope {
    /// Names, units, titles and qualifications.
    #[sea_orm(string_value = "cadre:read")]
    CadreRead,
    /// National id, birth date, native place.
    #[sea_orm(string_value = "cadre.identity:read")]
    CadreIdentityRead,
    /// Party dates and Party posts.
    #[sea_orm(string_value = "cadre.political:read")]
    CadrePoliticalRead,
    /// Ethnicity.
    #[sea_orm(string_value = "cadre.origin:read")]
    CadreOriginRead,
    /// Exemptions from duties, which may concern health.
    #[sea_orm(string_value = "cadre.health:read")]
    CadreHealthRead,
    /// Rotations.
    #[sea_orm(string_value = "rotation:read")]
    RotationRead,
    /// Plans, classes, enrolments.
    #[sea_orm(string_value = "training:read")]
    TrainingRead,
    /// Quotas.
    #[sea_orm(string_value = "quota:read")]
    QuotaRead,
    /// Appraisals of persons.
    #[sea_orm(string_value = "appraisal:read")]
    AppraisalRead,
    /// Statistics without persons.
    #[sea_orm(string_value = "stats:read")]
    StatsRead,
    /// Commands on rotations.
    #[sea_orm(string_value = "rotation:write")]
    RotationWrite,
    /// Commands on plans, classes and enrolments.
    #[sea_orm(string_value = "training:write")]
    TrainingWrite,
    /// Allocating and returning quotas.
    #[sea_orm(string_value = "quota:allocate")]
    QuotaAllocate,
    /// Commands on appraisals.
    #[sea_orm(string_value = "appraisal:write")]
    AppraisalWrite,
    /// Commands on documents.
    #[sea_orm(string_value = "document:write")]
    DocumentWrite,
    /// Commands on cadres and qualifications.
    #[sea_orm(string_value = "cadre:write")]
    CadreWrite,
    /// Imports.
    #[sea_orm(string_value = "import:write")]
    ImportWrite,
    /// Audit and access logs.
    #[sea_orm(string_value = "audit:read")]
    AuditRead,
    /// Clients and their grants.
    #[sea_orm(string_value = "clients:admin")]
    ClientsAdmin,
}

// In this order the second is more than the first.
/// Documents that a client may run (văn bản truy vấn được phép).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, DeriveActiveEnum, async_graphql::Enum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)")]
pub enum AllowedDocuments {
    /// Only documents that are registered for the client, and introspection (chỉ văn bản đã đăng ký).
    #[sea_orm(string_value = "REGISTERED")]
    Registered,
    /// All documents (mọi văn bản).
    #[sea_orm(string_value = "ANY")]
    Any,
}

impl Purpose {
    /// All purposes, in the order of the documentation.
    pub fn all() -> impl Iterator<Item = Self> {
        <Self as sea_orm::Iterable>::iter()
    }
}

impl Scope {
    /// All scopes, in the order of the documentation.
    pub fn all() -> impl Iterator<Item = Self> {
        <Self as sea_orm::Iterable>::iter()
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Debug;

    use super::*;
    use crate::value::{EnrolmentState, RotationState, RuleKey};

    fn come_back<T>()
    where
        T: ActiveEnum<Value = String> + Iterable + Copy + Debug + PartialEq + FromStr<Err = UnknownWord> + fmt::Display,
    {
        for value in T::iter() {
            assert_eq!((value.to_string(), value.to_string().parse()), (value.to_value(), Ok(value)));
        }
        for other in ["", "central", "CENTRAL ", "NO_SUCH_WORD"] {
            assert_eq!(other.parse::<T>(), Err(UnknownWord), "{other}");
        }
    }

    #[test]
    fn a_value_is_spelled_as_in_the_database_and_parsed_again() {
        come_back::<Tier>();
        come_back::<StudyMode>();
        come_back::<RotationState>();
        come_back::<EnrolmentState>();
        come_back::<RuleKey>();
    }
}
