//! Tokens: issues them to clients and turns them into callers. Knows no cadres and no HTTP.
//!
//! # What `main` calls, in this order
//!
//! 1. `install_provider()` before anything else, in every command and in tests;
//! 2. `domain::key::ensure(&store, clock)` once the schema is current;
//! 3. `Tokens::load(store, clock, public_url)`, and hands it to the HTTP layer as `web::Data<Tokens>`.

use std::{sync::Arc, time::Instant};

use crate::{
    clock::Clock,
    config,
    db::Database,
    error::{Error, Result},
    limit::{Attempts, InFlight},
};
use entity::value::{KeyAlgorithm, Scope};

mod assertion;
mod authenticate;
mod caller;
mod claims;
mod client_credentials;
mod encryption;
mod external;
mod issuer;
mod jws;
mod keys;
mod public_key;
pub mod rejection;
mod revoke;
pub mod secret;
mod snapshot;
mod statement_signer;
mod user;
mod verify;

pub use authenticate::{AuthenticatedClient, ClientCredential};
pub use caller::Caller;
pub use client_credentials::Refused;
pub use encryption::{KeyEncryption, KeyStore};
pub use external::Issuers;
pub use issuer::{AccessToken, Issuer};
pub use jws::Reason;
pub use keys::{KeyLifetime, KeyState, Keys, generate, lifetimes};
pub use public_key::{MAX_OF_CLIENT, PublicKey, Unusable};
pub use revoke::Active;
pub use statement_signer::StatementSigner;
pub use user::User;
pub use verify::{Denied, Verifier};

#[cfg(test)]
pub(crate) mod tests;

/// Installs the cryptography that tokens are signed and verified with (aws-lc). Called again, it changes nothing.
///
/// Left to itself the library would choose by the features that some dependency happens to turn on, and panic at the
/// first token if they name two.
pub fn install_provider() {
    // It refuses only because it is installed already, by an earlier call or by the library's own first use.
    let _already = jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default();
}

/// Everything that has to do with tokens: one per process, shared by all workers.
#[derive(Debug)]
pub struct Tokens {
    /// Issues.
    pub issuer: Issuer,
    /// Verifies.
    pub verifier: Verifier,
    /// Where clients, grants and keys are.
    pub database: Database,
    /// Time.
    pub clock: Clock,
    register: Arc<snapshot::Register>,
    attempts: Attempts,
    /// Clients that prove themselves at once.
    proving: InFlight,
}

impl Tokens {
    /// Reads clients and keys; `public_url` becomes issuer and audience of all tokens.
    pub async fn load(store: KeyStore, clock: Clock, public_url: &str) -> Result<Self> {
        ensure_public_url(public_url)?;
        let public_url: Arc<str> = public_url.into();
        let database = store.database.clone();
        let register = Arc::new(snapshot::Register::load(store).await?);
        Ok(Self {
            issuer: Issuer::new(public_url.clone(), register.clone()),
            verifier: Verifier::new(public_url, register.clone()),
            database,
            clock,
            register,
            attempts: Attempts::default(),
            proving: InFlight::default(),
        })
    }

    /// Has tokens of external issuers taken as well.
    pub fn trusting(mut self, issuers: Issuers) -> Self {
        self.verifier.issuers = issuers;
        self
    }

    /// Every issuer whose tokens are taken, this service first.
    pub fn issuers(&self) -> Vec<&str> {
        std::iter::once(self.issuer.public_url()).chain(self.verifier.issuers.all()).collect()
    }

    /// Fetches the keys of external issuers that are due.
    pub async fn renew_issuers(&self, at: Instant) {
        self.verifier.issuers.renew(at).await;
    }

    /// The public keys of the service as a JWK set (RFC 7517, section 5); where they cannot be read now, as last read.
    pub async fn jwks(&self) -> String {
        let snapshot = self.register.current(Instant::now()).await.unwrap_or_else(|_| self.register.latest());
        snapshot.keys().jwks(self.clock.now())
    }

    /// Reads clients, grants, keys and revoked tokens now, without waiting for a request.
    pub async fn refresh(&self) -> Result<()> {
        self.register.since(Instant::now()).await.map(drop)
    }

    /// Every algorithm that a client's key may sign its assertions with.
    pub fn assertion_algorithms(&self) -> Vec<String> {
        KeyAlgorithm::names()
    }

    /// Every scope that can be granted.
    pub fn scopes(&self) -> Vec<String> {
        Scope::all().map(|scope| scope.to_string()).collect()
    }
}

/// Issuer identifiers are compared byte by byte (RFC 8414, section 2), so the URL is held to the rule of its setting.
fn ensure_public_url(url: &str) -> Result<()> {
    let refused = |en| {
        let vi = "URL công khai phải bắt đầu bằng http:// hoặc https://, không có dấu / ở cuối, không có tham số";
        Error::invalid("public-url", vi, en)
    };
    config::public_url(url).map(drop).map_err(refused)
}
