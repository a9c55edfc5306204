//! On whose behalf a bundle is imported.

use std::sync::Arc;

use entity::{idempotency_key, value::Scope};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ConnectionTrait, EntityTrait};

use super::{Report, bundle::Bundle, existing::Existing, files::Files, finding::Findings, reach};
use crate::{
    authz::{Access, Area, CommandKind, Permit, Txn},
    clock::Clock,
    db::Database,
    error::{Error, Result},
};

const OF_OPERATOR: CommandKind = CommandKind::of_operator("import", Area::Records);
const OF_CLIENT: CommandKind = CommandKind::of_client("import", Scope::ImportWrite, Area::Records);

/// On whose behalf a bundle is imported.
#[derive(Clone, Copy, Debug)]
pub(super) enum Importer<'a> {
    Operator,
    /// A client, which sent bytes with this digest.
    Client {
        access: &'a Arc<Access>,
        sha256: &'a str,
    },
}

impl<'a> Importer<'a> {
    /// Permit of the load.
    pub fn permit(&self, database: &'a Database, clock: Clock) -> Result<Permit<'a>> {
        match self {
            Self::Operator => Ok(Permit::operator(database, clock, OF_OPERATOR)),
            Self::Client { access, .. } => access.may_import(OF_CLIENT),
        }
    }

    /// Object of the audit entry: the digest of the bytes.
    pub fn object(&self) -> Option<String> {
        match self {
            Self::Operator => None,
            Self::Client { sha256, .. } => Some((*sha256).to_owned()),
        }
    }

    /// Notes every row that names an object out of reach.
    pub async fn check_reach(
        &self,
        of: (Files<'_>, &Bundle),
        stored: (&Existing, &impl ConnectionTrait),
        findings: &mut Findings,
    ) -> Result<()> {
        match self {
            Self::Operator => Ok(()),
            Self::Client { access, .. } => reach::check(access, of, stored, findings).await,
        }
    }

    /// Whether the importer may learn that records out of its reach are similar to rows of the bundle.
    pub fn sees_everybody(&self) -> bool {
        match self {
            Self::Operator => true,
            Self::Client { access, .. } => access.narrowing().is_none(),
        }
    }

    /// Stores the report of a load in its transaction, for repeated requests.
    pub async fn store(&self, txn: &Txn, report: &Report) -> Result<()> {
        let Self::Client { access, sha256 } = self else { return Ok(()) };
        let row = idempotency_key::ActiveModel {
            client_id: Set(access.caller().client_id()),
            key: Set(key(access, sha256)),
            request: Set((*sha256).to_owned()),
            object: Set(serde_json::to_string(report).map_err(Error::internal)?),
            at: Set(txn.at()),
        };
        row.insert(txn.connection()).await?;
        Ok(())
    }

    /// The report of the import of the same bytes by the same client, if it has loaded them.
    pub async fn stored_report(&self, connection: &impl ConnectionTrait) -> Result<Option<String>> {
        let Self::Client { access, sha256 } = self else { return Ok(None) };
        let key = (access.caller().client_id(), key(access, sha256));
        let stored = idempotency_key::Entity::find_by_id(key).one(connection).await?;
        Ok(stored.filter(|stored| stored.request == *sha256).map(|stored| stored.object))
    }
}

/// The key of an import. No key of a command has two blanks. Users on whose behalf one client acts have separate keys.
fn key(access: &Access, sha256: &str) -> String {
    let person = access.caller().on_behalf_of().map(|person| person.id().to_string());
    format!("{}  import {sha256}", person.unwrap_or_default())
}
