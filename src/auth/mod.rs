//! Access tokens: issues them to clients and authenticates callers by them. Independent of cadres and HTTP.
//!
//! # Call order in `main`
//!
//! 1. `install_provider()` before anything else, in every command and in tests;
//! 2. `domain::key::ensure(&store, clock)` once the schema is current;
//! 3. `Tokens::load(store, clock, public_url)`; the result is passed to the HTTP layer as `web::Data<Tokens>`.

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
mod documents;
mod encryption;
mod external;
mod issuer;
mod jws;
mod keys;
mod public_key;
mod refused;
pub mod rejection;
mod revoke;
pub mod secret;
mod snapshot;
mod statement_signer;
mod user;
mod verify;
mod webhook_signer;

pub use authenticate::{AuthenticatedClient, ClientCredential};
pub use caller::Caller;
pub use documents::{ClientDocuments, DocumentHash, InvalidHash, MAX_BYTES_OF_CLIENT, MAX_DOCUMENTS_OF_CLIENT};
pub use encryption::{KeyEncryption, KeyStore};
pub use external::Issuers;
pub use issuer::{AccessToken, Issuer};
pub use jws::Reason;
pub use keys::{KeyLifetime, KeyState, Keys, generate, lifetimes};
pub use public_key::{MAX_OF_CLIENT, PublicKey, Unusable};
pub use refused::Refused;
pub use revoke::Active;
pub use statement_signer::StatementSigner;
pub use user::User;
pub use verify::{Denied, Verifier};
pub use webhook_signer::{WebhookSecret, WebhookSigner};

#[cfg(test)]
pub(crate) mod tests;

/// Installs the cryptography for signing and verifying tokens (aws-lc). Further calls have no effect.
///
/// Without it, the library chooses by the enabled features of all dependencies, and panics at the first token if there
/// are two.
pub fn install_provider() {
    // It fails only if a provider is already installed, by an earlier call or by the library's first use.
    let _already = jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default();
}

/// Access token handling: one instance per process, shared by all workers.
#[derive(Debug)]
pub struct Tokens {
    /// Issues tokens.
    pub issuer: Issuer,
    /// Verifies tokens.
    pub verifier: Verifier,
    /// Database of clients, grants and keys.
    pub database: Database,
    /// Source of the current time.
    pub clock: Clock,
    register: Arc<snapshot::Register>,
    documents: documents::RegisteredDocuments,
    attempts: Attempts,
    /// Limit on concurrent client authentications.
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
            documents: documents::RegisteredDocuments::new(database.clone()),
            database,
            clock,
            register,
            attempts: Attempts::default(),
            proving: InFlight::default(),
        })
    }

    /// Also accepts tokens of external issuers.
    pub fn trusting(mut self, issuers: Issuers) -> Self {
        self.verifier.issuers = issuers;
        self
    }

    /// All accepted issuers, this service first.
    pub fn issuers(&self) -> Vec<&str> {
        std::iter::once(self.issuer.public_url()).chain(self.verifier.issuers.all()).collect()
    }

    /// Fetches the keys of external issuers that are due.
    pub async fn renew_issuers(&self, at: Instant) {
        self.verifier.issuers.renew(at).await;
    }

    /// The public keys of the service as a JWK set (RFC 7517, section 5); the last known ones if they cannot be read
    /// now.
    pub async fn jwks(&self) -> String {
        let snapshot = self.register.current(Instant::now()).await.unwrap_or_else(|_| self.register.latest());
        snapshot.keys().jwks(self.clock.now())
    }

    /// Refreshes clients, grants, keys and revoked tokens now, without waiting for a request.
    pub async fn refresh(&self) -> Result<()> {
        self.register.since(Instant::now()).await.map(drop)
    }

    /// The documents that are registered for the caller's client.
    ///
    /// # Errors
    /// `Unavailable` if they are not in memory and cannot be read now.
    pub async fn documents_of(&self, caller: &Caller) -> Result<Arc<ClientDocuments>> {
        self.documents.of(caller).await
    }

    /// All algorithms that clients may sign assertions with.
    pub fn assertion_algorithms(&self) -> Vec<String> {
        KeyAlgorithm::names()
    }

    /// All scopes that can be granted.
    pub fn scopes(&self) -> Vec<String> {
        Scope::all().map(|scope| scope.to_string()).collect()
    }
}

/// Checks the URL by the rule of its setting, because issuer identifiers are compared byte by byte (RFC 8414, section
/// 2).
fn ensure_public_url(url: &str) -> Result<()> {
    let refused = |en| {
        let vi = "URL công khai phải bắt đầu bằng http:// hoặc https://, không có dấu / ở cuối, không có tham số";
        Error::invalid("public-url", vi, en)
    };
    config::public_url(url).map(drop).map_err(refused)
}
