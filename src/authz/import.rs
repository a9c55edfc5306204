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

/// Scopes of the protected columns of `cadres.csv`.
const PROTECTED: [Scope; 3] = [Scope::CadreIdentityRead, Scope::CadrePoliticalRead, Scope::CadreOriginRead];

impl Access {
    /// Checks the scopes of an import: its own, and those that show the records of its files, because an import compares
    /// rows with recorded ones. Files with protected columns also need the scopes of these and a purpose.
    ///
    /// # Errors
    /// `Forbidden` with all missing scopes; `PurposeRequired` without a purpose.
    pub(crate) fn ensure_may_import(&self, files: &[(&str, Option<Scope>)], has_protected: bool) -> Result<()> {
        let (mut fields, mut missing) = (Vec::new(), Vec::new());
        let own = [("import", Some(Scope::ImportWrite))];
        let protected = PROTECTED.map(|scope| ("cadres.csv", Some(scope)));
        let protected = if has_protected { &protected[..] } else { &[] };
        for (field, scope) in own.iter().chain(files).chain(protected) {
            let Some(scope) = scope.filter(|scope| !self.caller.has(*scope)) else { continue };
            if !missing.contains(&scope) {
                missing.push(scope);
            }
            if !fields.contains(&(*field).to_owned()) {
                fields.push((*field).to_owned());
            }
        }
        if !missing.is_empty() {
            return Err(Error::Forbidden { fields, missing });
        }
        if has_protected && self.purpose.is_none() {
            let allowed = self.caller.purposes().iter().copied().collect();
            return Err(Error::PurposeRequired { fields: vec!["cadres.csv".to_owned()], allowed });
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

    /// Logs that the protected data of these persons is compared with a file.
    ///
    /// # Errors
    /// `Forbidden` or `PurposeRequired` without the rights; `Unavailable` if the log cannot be written.
    pub(crate) async fn log_comparisons(&self, persons: &[CadreId]) -> Result<()> {
        self.disclosures.operation.get_or_init(|| "import".to_owned());
        for person in persons {
            for scope in PROTECTED {
                self.disclose(*person, scope, "cadres.csv")?;
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
