//! Access of an import over the API: its scopes, its permit, and the comparison of its rows with recorded persons.

use entity::{
    assignment,
    value::{CadreId, Scope},
};

use crate::{
    authz::{Access, CommandKind, Permit},
    clock::Clock,
    db::Database,
    error::{Error, Result},
};

/// Files with protected columns, and their scopes.
const PROTECTED: [(&str, &[Scope]); 4] = [
    (CADRES, &[Scope::CadreIdentityRead, Scope::CadrePoliticalRead, Scope::CadreOriginRead]),
    (APPRAISALS, &[Scope::AppraisalRead]),
    (DUTY_EXEMPTIONS, &[Scope::CadreHealthRead]),
    (STANDARD_EXEMPTIONS, &[Scope::CadreOriginRead]),
];
/// Persons with identity, political and origin data.
const CADRES: &str = "cadres.csv";
/// Appraisals of persons.
const APPRAISALS: &str = "appraisals.csv";
/// Exemptions of persons from duties.
const DUTY_EXEMPTIONS: &str = "duty_exemptions.csv";
/// Exemptions of persons from requirements of standards, whose reasons may depend on the origin.
const STANDARD_EXEMPTIONS: &str = "standard_exemptions.csv";

/// The files whose rows are compared with protected data of persons.
pub(crate) fn protected_files() -> impl Iterator<Item = &'static str> {
    PROTECTED.iter().map(|(file, _)| *file)
}

/// Scopes of the protected columns of a file.
fn protected_scopes(file: &str) -> impl Iterator<Item = Scope> {
    PROTECTED.iter().filter(move |(protected, _)| *protected == file).flat_map(|(_, scopes)| *scopes).copied()
}

impl Access {
    /// Checks the scopes of an import: its own, and those that show the records of its files, because an import compares
    /// rows with recorded ones. `protected` are the scopes of further protected columns, each with its file. Files with
    /// protected data also need a purpose.
    ///
    /// # Errors
    /// `Forbidden` with all missing scopes; `PurposeRequired` without a purpose.
    pub(crate) fn ensure_may_import(&self, files: &[(&str, Option<Scope>)]) -> Result<()> {
        let (mut fields, mut missing) = (Vec::new(), Vec::new());
        let own = ("import", Some(Scope::ImportWrite));
        let protected: Vec<(&str, Option<Scope>)> =
            files.iter().flat_map(|(file, _)| protected_scopes(file).map(move |scope| (*file, Some(scope)))).collect();
        for (field, scope) in [own].iter().chain(files).chain(&protected) {
            let Some(scope) = scope.filter(|scope| !self.caller.has(*scope)) else { continue };
            if !missing.contains(&scope) {
                missing.push(scope);
            }
            if !fields.iter().any(|known| known == field) {
                fields.push((*field).to_owned());
            }
        }
        if !missing.is_empty() {
            return Err(Error::Forbidden { fields, missing });
        }
        if let Some((file, _)) = protected.first()
            && self.purpose.is_none()
        {
            let allowed = self.caller.purposes().iter().copied().collect();
            return Err(Error::PurposeRequired { fields: vec![(*file).to_owned()], allowed });
        }
        Ok(())
    }

    /// Permit for an import, which may create units: it does not use the units of the caller's snapshot.
    pub(crate) fn may_import(&self, kind: CommandKind) -> Result<Permit<'_>> {
        self.may(kind, &[]).map(Permit::with_current_units)
    }

    /// The database and the clock of an import.
    pub(crate) fn importing(&self) -> (&Database, Clock) {
        (self.app_state.database(), self.app_state.clock())
    }

    /// Logs that the protected data of these persons is compared with the rows of a file.
    ///
    /// # Errors
    /// `Forbidden` or `PurposeRequired` without the rights; `Unavailable` if the log cannot be written.
    pub(crate) async fn log_comparisons(&self, file: &str, persons: &[CadreId]) -> Result<()> {
        self.disclosures.operation.get_or_init(|| "import".to_owned());
        for person in persons {
            for scope in protected_scopes(file) {
                self.disclose(*person, scope, file)?;
            }
        }
        self.log_disclosures().await?;
        self.forget_logged();
        Ok(())
    }

    /// Whether the file of a person with these posts is in the caller's custody today.
    pub(crate) fn keeps_file_today(&self, posts: &[assignment::Model]) -> Result<bool> {
        Ok(self.cadres()?.keeps_file(posts, self.today))
    }
}
