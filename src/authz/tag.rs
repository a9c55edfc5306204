//! Tags of answers. Equal tags mean equal answers: a tag covers everything that an answer depends on, and is computed
//! before anything is read for the answer.

use serde::Serialize;

use crate::{
    app_state::LastCommands,
    authz::Access,
    db::{ReadMode, RowScope},
    error::Result,
};

impl Access {
    /// Tag of the answer to a request, which is described by `request` and by the document that was set before. It also
    /// covers the caller with its rights, the day, and the last command whose effects the caller may see.
    ///
    /// `None` for a request with a purpose, because each reading of protected data is logged; and while the units and
    /// reference lists in memory are older than the database.
    ///
    /// # Errors
    /// `Unavailable` or `Internal` if the database does not answer.
    pub async fn tag(&self, request: &impl Serialize) -> Result<Option<String>> {
        let Some(document) = self.disclosures.operation.get().filter(|_| self.purpose.is_none()) else {
            return Ok(None);
        };
        let last = self.last_commands().await?;
        if self.reference_data().log_position() < last.in_memory() {
            return Ok(None);
        }
        let reaches_all = self.narrowing().is_none();
        let position = last.visible(|unit| reaches_all || self.reaches(unit));
        let covered = (document, request, self.caller.rights(), self.today, position);
        let covered = serde_json::to_vec(&covered).map_err(|_| crate::error::Error::internal("a tag of no JSON"))?;
        Ok(Some(self.app_state.tag_key().tag(&covered)))
    }

    /// Whether the request has opened protected data.
    pub fn has_disclosed(&self) -> bool {
        let notes = self.disclosures.notes();
        !(notes.pending.is_empty() && notes.written.is_empty())
    }

    /// Read by one statement, before the reads of the answer.
    async fn last_commands(&self) -> Result<std::sync::Arc<LastCommands>> {
        let session = self.app_state.database().read_session_on(&self.read_session, RowScope::Nothing);
        session.start(ReadMode::Single).await;
        self.app_state.last_commands(&session.prepared()).await
    }
}
