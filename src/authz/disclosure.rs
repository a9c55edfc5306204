//! Writes every reading of protected data to the access log before the response is sent (Law 91/2025/QH15).

use std::{collections::BTreeSet, fmt, sync::Arc};

use chrono::SubsecRound;
use data_encoding::HEXLOWER;
use entity::{
    access_entry,
    value::{CadreId, DataCategory, Log, Scope},
};
use sea_orm::{DbErr, EntityTrait, IntoActiveModel};
use sha2::{Digest, Sha256};

use crate::{
    audit::hash_chain::{Content, Entry, Head, ROWS},
    authz::{Access, disclosures::Categories, gateway::Gateway, policy},
    error::{Error, Result},
};

/// A result that may contain protected data. It is released only after the readings were written to the access log.
#[must_use]
pub struct Unaudited<T> {
    access: Arc<Access>,
    result: T,
}

impl<T> fmt::Debug for Unaudited<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Unaudited")
    }
}

impl<T> Unaudited<T> {
    /// Wraps a result computed under an access.
    pub fn new(access: Arc<Access>, result: T) -> Self {
        Self { access, result }
    }

    /// Writes the readings to the access log, one entry for each person, and releases the result.
    ///
    /// # Errors
    /// `Unavailable` if the log cannot be written, for any reason; the result is then not released.
    pub async fn audit(self) -> Result<T> {
        self.access.log_disclosures().await?;
        Ok(self.result)
    }
}

impl Access {
    /// Sets the GraphQL document of the request. The access log stores its digest.
    pub fn runs(&self, document: &str) {
        self.disclosures.operation.get_or_init(|| HEXLOWER.encode(&Sha256::digest(document)));
    }

    /// Sets the gateway of the request, which the access log records.
    #[must_use]
    pub fn through(mut self, gateway: Gateway) -> Self {
        self.disclosures.gateway = gateway;
        self
    }

    /// Checks the scope, and the purpose if the scope opens protected data.
    ///
    /// # Errors
    /// `Forbidden` without the scope; `PurposeRequired` without a purpose.
    pub(crate) fn ensure_may_open(&self, scope: Scope, field: &str) -> Result<()> {
        self.require(scope, field)?;
        if policy::category(scope).is_some() && self.purpose.is_none() {
            let allowed = self.caller.purposes().iter().copied().collect();
            return Err(Error::PurposeRequired { fields: vec![field.to_owned()], allowed });
        }
        Ok(())
    }

    /// Records that protected data of a person is opened.
    ///
    /// # Errors
    /// `Forbidden` without the scope; `PurposeRequired` without a purpose.
    pub(super) fn disclose(&self, cadre: CadreId, scope: Scope, field: &str) -> Result<()> {
        self.ensure_may_open(scope, field)?;
        let Some(category) = policy::category(scope) else { return Ok(()) };
        let mut notes = self.disclosures.notes();
        if notes.written.get(&cadre).is_none_or(|categories| !categories.contains(&category)) {
            notes.pending.entry(cadre).or_default().insert(category);
        }
        Ok(())
    }

    /// Writes pending readings to the access log.
    ///
    /// # Errors
    /// `Unavailable` if the log cannot be written; the readings then stay pending.
    pub(crate) async fn log_disclosures(&self) -> Result<()> {
        let categories = std::mem::take(&mut self.disclosures.notes().pending);
        if categories.is_empty() {
            return Ok(());
        }
        let written = self.write_disclosures(&categories).await;
        let mut notes = self.disclosures.notes();
        let notes = if written.is_ok() { &mut notes.written } else { &mut notes.pending };
        for (cadre, categories) in categories {
            notes.entry(cadre).or_default().extend(categories);
        }
        written.map_err(log_failed)
    }

    async fn write_disclosures(&self, categories: &Categories) -> Result<()> {
        let purpose = self.purpose.ok_or_else(|| Error::internal("protected data was read without a purpose"))?;
        let at = self.app_state.clock().now().trunc_subsecs(6);
        let operation = self.disclosures.operation.get().cloned().unwrap_or_default();
        let gateway = &self.disclosures.gateway;
        // All data of the response has been read. Returns the connection first, so that no request holds one while it
        // waits for another.
        self.read_session.end().await;
        let transaction = self.app_state.database().begin_small().await?;
        let head = Head::lock(&transaction).await?;
        let read = |(seq, (cadre_id, categories)): (i64, (&CadreId, &BTreeSet<DataCategory>))| access_entry::Model {
            seq,
            at,
            client_id: self.caller.client_id(),
            on_behalf_of: self.caller.on_behalf_of().map(ToString::to_string),
            cadre_id: *cadre_id,
            categories: categories.iter().map(DataCategory::to_string).collect::<Vec<_>>().join(" "),
            purpose,
            legal_basis: self.caller.legal_basis().map(str::to_owned),
            operation: operation.clone(),
            gateway_client: gateway.client.clone(),
            gateway_request: gateway.request.clone(),
            gateway_user: gateway.user.clone(),
            gateway_issue: gateway.issue.clone(),
        };
        let rows: Vec<_> = (head.next()..).zip(categories).map(read).collect();
        let entries = rows.iter().map(|row| Entry {
            log: Log::Access,
            number: row.seq,
            content: Content::of_access(row).digest(),
        });
        let entries: Vec<_> = entries.collect();
        for rows in rows.chunks(ROWS) {
            let rows = rows.iter().cloned().map(IntoActiveModel::into_active_model);
            access_entry::Entity::insert_many(rows).exec_without_returning(&transaction).await?;
        }
        head.link(&transaction, entries).await?;
        Ok(transaction.commit().await?)
    }
}

/// Maps every failure to `Unavailable`, because a retry of the request may succeed.
fn log_failed(error: Error) -> Error {
    match error {
        Error::Unavailable(_) => error,
        error => {
            tracing::error!(error = &error as &dyn std::error::Error, "the access log could not be written");
            Error::Unavailable(DbErr::Custom("the access log could not be written".to_owned()))
        }
    }
}
