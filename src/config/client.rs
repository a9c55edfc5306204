//! The command line of clients and their grants.

use std::{path::PathBuf, time::Duration};

use clap::{Args, Subcommand};
use entity::value::{AllowedDocuments, ClientId, Day, KeyAlgorithm};

use crate::{config::Rights, limit};

/// Management of clients.
#[derive(Debug, Subcommand)]
pub enum ClientCommand {
    /// Register a client and print its id and secret. The secret is shown only once.
    Add(ClientAdd),
    /// List clients and their grants.
    List,
    /// Replace the grant of a client; the change applies to tokens already issued within seconds.
    Grant(ClientGrant),
    /// List all past and present grants of a client, oldest first.
    Grants {
        /// Client id.
        #[arg(long)]
        client: ClientId,
    },
    /// End the grants of a client without a replacement; its tokens stop working within seconds.
    EndGrant {
        /// Client id.
        #[arg(long)]
        client: ClientId,
    },
    /// Revoke a client; its tokens stop working within seconds.
    Revoke {
        /// Client id.
        #[arg(long)]
        client: ClientId,
    },
    /// Give a client a new secret, shown only once; the old one stops working at once, or after the overlap.
    RotateSecret {
        /// Client id.
        #[arg(long)]
        client: ClientId,
        /// Time for which the old secret stays valid, such as `24h` or `7d`; 30 days at most.
        #[arg(long, default_value = "0s", value_parser = humantime::parse_duration)]
        overlap: Duration,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Remove all secrets of a client that has a public key; it then authenticates with its keys only.
    EndSecrets {
        /// Client id.
        #[arg(long)]
        client: ClientId,
    },
    /// Manage the public keys of clients.
    #[command(subcommand)]
    Key(ClientKeyCommand),
    /// Accept tokens of an external issuer for a client; they have the rights of the client's grant.
    Link {
        /// Client id.
        #[arg(long)]
        client: ClientId,
        /// The issuer, exactly as in its tokens.
        #[arg(long)]
        issuer: String,
        /// Name of the client at the issuer.
        #[arg(long)]
        external_id: String,
    },
    /// Stop accepting tokens of an external issuer for a client; they stop working within seconds.
    Unlink {
        /// The issuer.
        #[arg(long)]
        issuer: String,
        /// Name of the client at the issuer.
        #[arg(long)]
        external_id: String,
    },
}

/// Management of the public keys of clients, for `private_key_jwt`.
#[derive(Debug, Subcommand)]
pub enum ClientKeyCommand {
    /// Register a public key: P-256 (ES256), Ed25519 (EdDSA), or RSA of 2048 bits or more (PS256 or RS256).
    Add {
        /// Client id.
        #[arg(long)]
        client: ClientId,
        /// File with the public key, in PEM or as a JWK.
        #[arg(long)]
        file: PathBuf,
        /// Id of the key in assertions (`kid`). [default: the id of the JWK, or the SHA-256 of the key]
        #[arg(long)]
        kid: Option<String>,
        /// Signature algorithm of the key. [default: the one of the JWK, or PS256 for an RSA key]
        #[arg(long, value_parser = algorithm)]
        algorithm: Option<KeyAlgorithm>,
    },
    /// List the public keys of a client.
    List {
        /// Client id.
        #[arg(long)]
        client: ClientId,
    },
    /// Revoke a public key; assertions signed with it are refused at once.
    Revoke {
        /// Client id.
        #[arg(long)]
        client: ClientId,
        /// Id of the key.
        kid: String,
    },
}

/// A client to register.
#[derive(Debug, Args)]
pub struct ClientAdd {
    /// Name of the client, such as the agency and its system.
    #[arg(long)]
    pub name: String,
    /// Rights of the client.
    #[command(flatten)]
    pub rights: Rights,
    /// First day of the grant.
    #[arg(long)]
    pub from: Option<Day>,
    /// End of the grant, exclusive.
    #[arg(long)]
    pub until: Option<Day>,
    /// Legal basis for reading protected data, such as a contract; recorded in each entry of the access log.
    #[arg(long)]
    pub legal_basis: Option<String>,
    /// Documents that it may run: `any`, or only those `registered` with `cadre-api document add`.
    #[arg(long, default_value = "any", value_parser = documents)]
    pub documents: AllowedDocuments,
    /// Print JSON: `client_id` and `client_secret`.
    #[arg(long)]
    pub json: bool,
}

/// A grant that replaces the previous one.
#[derive(Debug, Args)]
pub struct ClientGrant {
    /// Client id.
    #[arg(long)]
    pub client: ClientId,
    /// Rights of the client.
    #[command(flatten)]
    pub rights: Rights,
    /// First day of the grant; the previous grant is valid until then. [default: today, at once]
    #[arg(long)]
    pub from: Option<Day>,
    /// End of the grant, exclusive.
    #[arg(long)]
    pub until: Option<Day>,
    /// Requests per second that the client may send. [default: the setting of the service]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=i64::from(limit::MAX_REQUESTS)))]
    pub requests_per_second: Option<u32>,
    /// Cost of operations per minute that the client may use. [default: the setting of the service]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=i64::from(limit::MAX_COST)))]
    pub cost_per_minute: Option<u32>,
    /// Legal basis for reading protected data, such as a contract; recorded in each entry of the access log.
    #[arg(long)]
    pub legal_basis: Option<String>,
    /// Documents that it may run: `any`, or only those `registered` with `cadre-api document add`.
    #[arg(long, default_value = "any", value_parser = documents)]
    pub documents: AllowedDocuments,
}

/// The documents of a grant, in upper or lower case.
fn documents(word: &str) -> Result<AllowedDocuments, String> {
    word.to_ascii_uppercase().parse().map_err(|_| "choose from any, registered".to_owned())
}

/// Parses an algorithm by any of its names; the error message lists all names.
fn algorithm(name: &str) -> Result<KeyAlgorithm, String> {
    KeyAlgorithm::of_alg(name).map_err(|_| format!("choose from {}", KeyAlgorithm::names().join(", ")))
}
