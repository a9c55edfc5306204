//! The command line of clients and their grants.

use std::{path::PathBuf, time::Duration};

use clap::{Args, Subcommand};
use entity::value::{AllowedDocuments, ClientId, Day, KeyAlgorithm};

use crate::{config::Rights, limit};

/// Management of clients.
#[derive(Debug, Subcommand)]
pub enum ClientCommand {
    /// Register a client and print its id and secret. The secret is shown only now.
    Add(ClientAdd),
    /// List clients and their grants.
    List,
    /// Give a client another grant in the place of the one before, which ends; tokens already issued follow within seconds.
    Grant(ClientGrant),
    /// List every grant that a client has had, oldest first.
    Grants {
        /// Client id.
        #[arg(long)]
        client: ClientId,
    },
    /// End the grants of a client without another in their place; its tokens stop working within seconds.
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
    /// Give a client a new secret, shown only now; the old one stops working at once, or after the overlap.
    RotateSecret {
        /// Client id.
        #[arg(long)]
        client: ClientId,
        /// How long the old secret lives on, such as `24h` or `7d`; 30 days at most.
        #[arg(long, default_value = "0s", value_parser = humantime::parse_duration)]
        overlap: Duration,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Take all secrets from a client that has a public key; from then on it proves itself by its keys alone.
    EndSecrets {
        /// Client id.
        #[arg(long)]
        client: ClientId,
    },
    /// Manage the public keys of clients.
    #[command(subcommand)]
    Key(ClientKeyCommand),
    /// Take tokens of an external issuer for a client: they open what the client's grant opens.
    Link {
        /// Client id.
        #[arg(long)]
        client: ClientId,
        /// The issuer, as its tokens spell it.
        #[arg(long)]
        issuer: String,
        /// What the issuer calls the client.
        #[arg(long)]
        external_id: String,
    },
    /// Take no more tokens of an external issuer for a client; they stop working within seconds.
    Unlink {
        /// The issuer.
        #[arg(long)]
        issuer: String,
        /// What the issuer calls the client.
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
        /// Id of the key, as assertions name it. [default: that of the JWK, or SHA-256 of the key]
        #[arg(long)]
        kid: Option<String>,
        /// What the key signs with. [default: what the JWK says, or PS256 of an RSA key]
        #[arg(long, value_parser = algorithm)]
        algorithm: Option<KeyAlgorithm>,
    },
    /// List the public keys of a client.
    List {
        /// Client id.
        #[arg(long)]
        client: ClientId,
    },
    /// Revoke a public key; assertions that it has signed are refused at once.
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
    /// What it may do.
    #[command(flatten)]
    pub rights: Rights,
    /// First day of the grant.
    #[arg(long)]
    pub from: Option<Day>,
    /// First day on which the grant no longer holds.
    #[arg(long)]
    pub until: Option<Day>,
    /// Legal basis of its readings of protected data, such as a contract; stands in each entry of the access log.
    #[arg(long)]
    pub legal_basis: Option<String>,
    /// Documents that it may run: `any`, or only those `registered` with `cadre-api document add`.
    #[arg(long, default_value = "any", value_parser = documents)]
    pub documents: AllowedDocuments,
    /// Print JSON: `client_id` and `client_secret`.
    #[arg(long)]
    pub json: bool,
}

/// A grant that takes the place of the one before.
#[derive(Debug, Args)]
pub struct ClientGrant {
    /// Client id.
    #[arg(long)]
    pub client: ClientId,
    /// What it may do.
    #[command(flatten)]
    pub rights: Rights,
    /// First day of the grant; the one before holds until then. [default: today, at once]
    #[arg(long)]
    pub from: Option<Day>,
    /// First day on which the grant no longer holds.
    #[arg(long)]
    pub until: Option<Day>,
    /// Requests per second that the client may send. [default: as the service is set]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=i64::from(limit::MAX_REQUESTS)))]
    pub requests_per_second: Option<u32>,
    /// Cost of operations per minute that the client may ask for. [default: as the service is set]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=i64::from(limit::MAX_COST)))]
    pub cost_per_minute: Option<u32>,
    /// Legal basis of its readings of protected data, such as a contract; stands in each entry of the access log.
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

/// An algorithm under any of its names; a wrong name is answered with all of them.
fn algorithm(name: &str) -> Result<KeyAlgorithm, String> {
    KeyAlgorithm::of_alg(name).map_err(|_| format!("choose from {}", KeyAlgorithm::names().join(", ")))
}
