//! Client authentication: by a secret (RFC 6749, section 2.3.1) or by an assertion (RFC 7523, section 2.2).

use std::{net::IpAddr, time::Duration};

use chrono::TimeDelta;
use entity::{assertion_use, client, client_key, client_secret, revoked_token, value::ClientId};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, DbErr, EntityTrait, QueryFilter, QuerySelect, QueryTrait, TryInsertResult,
};
use uuid::Uuid;

use crate::{
    auth::{Reason, Refused, Tokens, assertion::Assertion, rejection, secret},
    error::{Error, Result},
};

/// Time for which used assertions and revoked tokens are stored after their expiry. Must exceed the clock difference
/// between two instances of the service.
const RETENTION: TimeDelta = TimeDelta::hours(1);

/// Maximum time that a request waits if too many clients are being authenticated.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Credentials of a client; one kind per request.
#[derive(Clone, Copy)]
pub enum ClientCredential<'a> {
    /// Client id and secret.
    Secret {
        /// Client id.
        id: &'a str,
        /// Secret.
        secret: &'a str,
        /// Address of the peer, which is the reverse proxy if there is one.
        from: Option<IpAddr>,
    },
    /// A signed assertion.
    Assertion {
        /// The assertion.
        assertion: &'a str,
        /// Client id, if the request contains it; it must equal the client id of the assertion (RFC 7521, section 4.2).
        id: Option<&'a str>,
    },
}

/// An authenticated client that is not revoked.
#[derive(Debug)]
pub struct AuthenticatedClient(pub(super) client::Model);

impl AuthenticatedClient {
    /// Client id.
    pub fn id(&self) -> ClientId {
        self.0.id
    }
}

/// Writes the client id of the request into the log, whether or not the client exists.
fn name_in_log(id: ClientId) {
    tracing::Span::current().record("client.id", tracing::field::display(id));
}

impl Tokens {
    /// Authenticates a client.
    pub async fn authenticate(&self, credential: ClientCredential<'_>) -> Result<AuthenticatedClient, Refused> {
        let Some(_in_flight) = self.authenticating.wait(TIMEOUT).await else {
            metrics::counter!("cadre_limited_total", "limit" => "in-flight").increment(1);
            let why = DbErr::Custom("too many clients are authenticating at the same time".to_owned());
            return Err(Error::Unavailable(why).into());
        };
        match credential {
            ClientCredential::Secret { id, secret, from } => self.by_secret(id, secret, from).await,
            ClientCredential::Assertion { assertion, id } => self.by_assertion(assertion, id).await,
        }
    }

    /// Authenticates by a secret. A correct secret is never refused because of other attempts: only failed attempts
    /// count.
    ///
    /// Known and unknown ids take the same steps. The database is queried by the hash of the secret only, so a wrong
    /// secret finds no row whatever the id is; the id is compared afterwards.
    async fn by_secret(&self, id: &str, secret: &str, from: Option<IpAddr>) -> Result<AuthenticatedClient, Refused> {
        let id = id.parse().unwrap_or(ClientId(Uuid::nil()));
        name_in_log(id);
        let with_secret = self.with_secret(secret).await?;
        let client = with_secret.into_iter().find(|row| row.id == id && row.revoked_at.is_none());
        if let Some(client) = client {
            return Ok(AuthenticatedClient(client));
        }
        let counted = self.attempts.fail(from, id.0);
        let reason = match self.register.latest().client(id) {
            None => Reason::UnknownClient,
            Some(entry) if entry.is_revoked => Reason::RevokedClient,
            Some(_) => Reason::Secret,
        };
        match counted {
            Ok(()) => {
                rejection::log("client secret", reason);
                Err(Refused::InvalidClient)
            }
            // Earlier attempts are in the log, so this one is not logged.
            Err(wait) => Err(Refused::TooManyAttempts(wait)),
        }
    }

    async fn by_assertion(&self, assertion: &str, id: Option<&str>) -> Result<AuthenticatedClient, Refused> {
        let assertion = Assertion::read(assertion)?;
        let client_id = assertion.client_id();
        if id.is_some_and(|id| id.parse() != Ok(client_id)) {
            return Err(Reason::Claim("sub").into());
        }
        name_in_log(client_id);
        // Keys are read and a signature is verified even if the client does not exist, so that both cases take the same
        // time.
        let client = self.client(client_id).await?;
        let keys = client_key::Entity::find().filter(client_key::COLUMN.client_id.eq(client_id));
        let keys = keys.all(self.database.reader()).await.map_err(Error::from)?;
        let validated = assertion.validate(&keys, self.issuer.public_url(), self.clock.now());
        let client = client.ok_or(Reason::UnknownClient)?;
        if client.revoked_at.is_some() {
            return Err(Reason::RevokedClient.into());
        }
        let validated = validated?;

        // The primary key admits one of several concurrent requests with the same assertion, across all instances.
        let used = assertion_use::ActiveModel {
            client_id: Set(client_id),
            jti_hash: Set(validated.jti_hash),
            expires_at: Set(validated.expires_at),
        };
        let (client_column, jti_column) = (assertion_use::Column::ClientId, assertion_use::Column::JtiHash);
        let insert = assertion_use::Entity::insert(used).on_conflict_do_nothing_on([client_column, jti_column]);
        match insert.exec_without_returning(self.database.writer()).await.map_err(Error::from)? {
            TryInsertResult::Inserted(1..) => Ok(AuthenticatedClient(client)),
            _ => Err(Reason::Used.into()),
        }
    }

    /// Deletes expired assertions, secrets and revoked tokens.
    pub async fn sweep(&self) -> Result<()> {
        let (now, writer) = (self.clock.now(), self.database.writer());
        let ended = assertion_use::COLUMN.expires_at.lt(now - RETENTION);
        assertion_use::Entity::delete_many().filter(ended).exec(writer).await?;
        client_secret::Entity::delete_many().filter(client_secret::COLUMN.expires_at.lt(now)).exec(writer).await?;
        let ended = revoked_token::COLUMN.expires_at.lt(now - RETENTION);
        revoked_token::Entity::delete_many().filter(ended).exec(writer).await?;
        Ok(())
    }

    /// The client with this unexpired secret: one or none.
    async fn with_secret(&self, secret: &str) -> Result<Vec<client::Model>> {
        let ends = client_secret::COLUMN.expires_at;
        let of_secret = client_secret::Entity::find()
            .select_only()
            .column(client_secret::Column::ClientId)
            .filter(client_secret::COLUMN.hash.eq(secret::hash(secret)))
            .filter(Condition::any().add(ends.is_null()).add(ends.gt(self.clock.now())))
            .into_query();
        let clients = client::Entity::find().filter(client::COLUMN.id.in_subquery(of_secret));
        Ok(clients.all(self.database.reader()).await?)
    }

    pub(super) async fn client(&self, id: ClientId) -> Result<Option<client::Model>> {
        Ok(client::Entity::find_by_id(id).one(self.database.reader()).await?)
    }
}
