//! The types of records that can be exported: one for each file of the import bundle.

use std::{fmt, str::FromStr};

use entity::value::Scope;

use crate::error::{Error, Result};

/// A type of records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportType {
    /// Units with their versions.
    Units,
    /// Successions between units.
    UnitSuccessions,
    /// Identifiers of units in national systems.
    UnitIdentifiers,
    /// Areas of units.
    UnitAreas,
    /// Documents.
    Documents,
    /// Titles.
    Titles,
    /// Steps of titles.
    TitleSteps,
    /// Institutions.
    Institutions,
    /// Standards of titles.
    Standards,
    /// Scopes of standards.
    StandardScopes,
    /// Requirements of standards.
    Requirements,
    /// Rules.
    Rules,
    /// Retirement ages.
    RetirementAges,
    /// Programmes.
    Programmes,
    /// Yearly duties.
    Duties,
    /// Programmes that count for duties.
    DutyProgrammes,
    /// Training plans.
    Plans,
    /// Quotas.
    Quotas,
    /// Persons with posts and qualifications.
    Cadres,
    /// Posts.
    Assignments,
    /// Qualifications.
    Qualifications,
    /// Rotations.
    Rotations,
    /// Classes.
    Classes,
    /// Days of classes.
    Sessions,
    /// Enrolments.
    Enrolments,
    /// Appraisals of persons.
    Appraisals,
}

impl ExportType {
    /// All types in the order in which an import reads their files, with their names in the URL and the scope that shows
    /// their records; `None` for units and reference lists.
    const TABLE: [(Self, &'static str, Option<Scope>); 26] = [
        (Self::Units, "units", None),
        (Self::UnitSuccessions, "unit-successions", None),
        (Self::UnitIdentifiers, "unit-identifiers", None),
        (Self::UnitAreas, "unit-areas", None),
        (Self::Documents, "documents", None),
        (Self::Titles, "titles", None),
        (Self::TitleSteps, "title-steps", None),
        (Self::Institutions, "institutions", None),
        (Self::Standards, "standards", None),
        (Self::StandardScopes, "standard-scopes", None),
        (Self::Requirements, "requirements", None),
        (Self::Rules, "rules", None),
        (Self::RetirementAges, "retirement-ages", None),
        (Self::Programmes, "programmes", None),
        (Self::Duties, "duties", None),
        (Self::DutyProgrammes, "duty-programmes", None),
        (Self::Plans, "plans", Some(Scope::TrainingRead)),
        (Self::Quotas, "quotas", Some(Scope::QuotaRead)),
        (Self::Cadres, "cadres", Some(Scope::CadreRead)),
        (Self::Assignments, "assignments", Some(Scope::CadreRead)),
        (Self::Qualifications, "qualifications", Some(Scope::CadreRead)),
        (Self::Rotations, "rotations", Some(Scope::RotationRead)),
        (Self::Classes, "classes", Some(Scope::TrainingRead)),
        (Self::Sessions, "sessions", Some(Scope::TrainingRead)),
        (Self::Enrolments, "enrolments", Some(Scope::TrainingRead)),
        (Self::Appraisals, "appraisals", Some(Scope::AppraisalRead)),
    ];

    /// All types.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::TABLE.iter().map(|(of, ..)| *of)
    }

    /// Name of the type in the URL.
    pub fn name(self) -> &'static str {
        Self::TABLE[self as usize].1
    }

    /// Scope that shows the records.
    pub fn scope(self) -> Option<Scope> {
        Self::TABLE[self as usize].2
    }
}

impl fmt::Display for ExportType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for ExportType {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        Self::all().find(|of| of.name() == name).ok_or(Error::NotFound)
    }
}

#[cfg(test)]
mod tests {
    use super::ExportType;

    #[test]
    fn the_table_is_in_the_order_of_the_types() {
        for (at, of) in ExportType::all().enumerate() {
            assert_eq!(of as usize, at, "{of}");
            assert_eq!(of.name().parse::<ExportType>().ok(), Some(of));
        }
    }
}
