//! Access of an import over the API: its scopes, its permit, and the comparison of its rows with recorded persons.

use entity::{
    assignment,
    value::{CadreId, Scope},
};

use crate::{
    authz::{Access, CommandKind, Permit, policy},
    clock::Clock,
    db::Database,
    error::{Error, Result},
};

impl Access {
    /// Checks the scopes of an import: its own, and those that show the records of its files, because an import compares
    /// rows with recorded ones. `protected` are the scopes of further protected columns, each with its file. Files with
    /// protected data also need a purpose.
    ///
    /// # Errors
    /// `Forbidden` with all missing scopes; `PurposeRequired` without a purpose.
    pub(crate) fn ensure_may_import<'a>(
        &self,
        files: &[(&'a str, Option<Scope>)],
        protected: impl Iterator<Item = (&'a str, Scope)>,
    ) -> Result<()> {
        let (mut fields, mut missing, mut guarded) = (Vec::new(), Vec::new(), Vec::new());
        let of_files = files.iter().filter_map(|(file, scope)| Some((*file, (*scope)?)));
        for (field, scope) in [("import", Scope::ImportWrite)].into_iter().chain(of_files).chain(protected) {
            if policy::category(scope).is_some() && !guarded.contains(&field.to_owned()) {
                guarded.push(field.to_owned());
            }
            if self.caller.has(scope) {
                continue;
            }
            if !missing.contains(&scope) {
                missing.push(scope);
            }
            if !fields.contains(&field.to_owned()) {
                fields.push(field.to_owned());
            }
        }
        if !missing.is_empty() {
            return Err(Error::Forbidden { fields, missing });
        }
        if !guarded.is_empty() && self.purpose.is_none() {
            let allowed = self.caller.purposes().iter().copied().collect();
            return Err(Error::PurposeRequired { fields: guarded, allowed });
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

    /// Logs that the protected data of these persons, which the scopes open, is compared with a file.
    ///
    /// # Errors
    /// `Forbidden` or `PurposeRequired` without the rights; `Unavailable` if the log cannot be written.
    pub(crate) async fn log_comparisons(&self, persons: &[CadreId], scopes: &[Scope], file: &str) -> Result<()> {
        self.disclosures.operation.get_or_init(|| "import".to_owned());
        for person in persons {
            for scope in scopes {
                self.disclose(*person, *scope, file)?;
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
