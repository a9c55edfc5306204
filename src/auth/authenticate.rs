//! How a client proves who it is: by a secret (RFC 6749, section 2.3.1) or by an assertion (RFC 7523, section 2.2).

use chrono::TimeDelta;
use entity::{assertion_use, client, client_key, client_secret, revoked_token, value::ClientId};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, TryInsertResult,
};
use uuid::Uuid;

use crate::{
    auth::{Reason, Refused, Tokens, assertion::Assertion, secret},
    error::{Error, Result},
};

/// How long a used assertion and a revoked token are kept after their end: the clocks of two nodes differ by less.
const KEPT: TimeDelta = TimeDelta::hours(1);

/// What a client proves itself with, one way a request.
#[derive(Clone, Copy)]
pub enum Proof<'a> {
    /// Its id and its secret.
    Secret {
        /// Client id.
        id: &'a str,
        /// Secret.
        secret: &'a str,
    },
    /// An assertion that it has signed.
    Assertion {
        /// The assertion.
        assertion: &'a str,
        /// Client id, where the request names it; it must be that of the assertion (RFC 7521, section 4.2).
        id: Option<&'a str>,
    },
}

/// A living client that has proved who it is.
#[derive(Debug)]
pub struct Proven(pub(super) client::Model);

impl Proven {
    /// Client id.
    pub fn id(&self) -> ClientId {
        self.0.id
    }
}

impl Tokens {
    /// The client behind a proof.
    pub async fn authenticate(&self, proof: Proof<'_>) -> Result<Proven, Refused> {
        let Some(_place) = self.proving.enter() else {
            metrics::counter!("cadre_limited_total", "limit" => "in-flight").increment(1);
            let why = DbErr::Custom("as many clients prove themselves as can be worked on".to_owned());
            return Err(Error::Unavailable(why).into());
        };
        match proof {
            Proof::Secret { id, secret } => self.by_secret(id, secret).await,
            Proof::Assertion { assertion, id } => self.by_assertion(assertion, id).await,
        }
    }

    async fn by_secret(&self, id: &str, secret: &str) -> Result<Proven, Refused> {
        // What is no id is looked up all the same, as one that nobody has: equal work.
        let id = id.parse().unwrap_or(ClientId(Uuid::nil()));
        self.attempts.begin(id.0).map_err(Refused::TooManyAttempts)?;
        let client = self.client(id).await?;
        let kept = self.secrets(id).await?;
        let kept: Vec<&str> = kept.iter().map(|row| row.hash.as_str()).collect();
        let proven = secret::matches(secret, &kept);
        let client = client.filter(|row| proven && row.revoked_at.is_none()).ok_or(Refused::InvalidClient)?;
        self.attempts.forget(id.0);
        Ok(Proven(client))
    }

    async fn by_assertion(&self, assertion: &str, id: Option<&str>) -> Result<Proven, Refused> {
        let assertion = Assertion::read(assertion)?;
        let client_id = assertion.client_id();
        if id.is_some_and(|id| id.parse() != Ok(client_id)) {
            return Err(Reason::Claim("sub").into());
        }
        let client = self.client(client_id).await?.ok_or(Reason::UnknownClient)?;
        if client.revoked_at.is_some() {
            return Err(Reason::RevokedClient.into());
        }
        let keys = client_key::Entity::find().filter(client_key::COLUMN.client_id.eq(client_id));
        let keys = keys.all(self.database.reader()).await.map_err(Error::from)?;
        let held = assertion.held(&keys, self.issuer.public_url(), self.clock.now())?;

        // The primary key lets one of those in that come with the same assertion at once, at whichever node.
        let used = assertion_use::ActiveModel {
            client_id: Set(client_id),
            jti_hash: Set(held.jti_hash),
            expires_at: Set(held.expires_at),
        };
        let (client_column, jti_column) = (assertion_use::Column::ClientId, assertion_use::Column::JtiHash);
        let insert = assertion_use::Entity::insert(used).on_conflict_do_nothing_on([client_column, jti_column]);
        match insert.exec_without_returning(self.database.writer()).await.map_err(Error::from)? {
            TryInsertResult::Inserted(1..) => Ok(Proven(client)),
            _ => Err(Reason::Used.into()),
        }
    }

    /// Forgets the assertions, the secrets and the revoked tokens that have ended.
    pub async fn sweep(&self) -> Result<()> {
        let (now, writer) = (self.clock.now(), self.database.writer());
        let ended = assertion_use::COLUMN.expires_at.lt(now - KEPT);
        assertion_use::Entity::delete_many().filter(ended).exec(writer).await?;
        client_secret::Entity::delete_many().filter(client_secret::COLUMN.expires_at.lt(now)).exec(writer).await?;
        let ended = revoked_token::COLUMN.expires_at.lt(now - KEPT);
        revoked_token::Entity::delete_many().filter(ended).exec(writer).await?;
        Ok(())
    }

    /// The living secrets of a client.
    async fn secrets(&self, id: ClientId) -> Result<Vec<client_secret::Model>> {
        let ends = client_secret::COLUMN.expires_at;
        let living = Condition::any().add(ends.is_null()).add(ends.gt(self.clock.now()));
        let secrets = client_secret::Entity::find().filter(client_secret::COLUMN.client_id.eq(id)).filter(living);
        let newest_first = secrets.order_by_desc(client_secret::COLUMN.created_at).limit(secret::MOST as u64);
        Ok(newest_first.all(self.database.reader()).await?)
    }

    pub(super) async fn client(&self, id: ClientId) -> Result<Option<client::Model>> {
        Ok(client::Entity::find_by_id(id).one(self.database.reader()).await?)
    }
}
