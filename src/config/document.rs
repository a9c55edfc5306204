//! The command line of registered documents.

use std::path::PathBuf;

use clap::Subcommand;
use entity::value::ClientId;

/// Management of registered documents.
#[derive(Debug, Subcommand)]
pub enum DocumentCommand {
    /// Register the documents of a file for a client, all or none; its requests then name them by the SHA-256 of their
    /// text.
    Add {
        /// Client id.
        #[arg(long)]
        client: ClientId,
        /// A GraphQL document, a manifest of Apollo (`apollo-persisted-query-manifest`), or a JSON object from ids to
        /// texts, as Relay and GraphQL Code Generator write it. Ids must be the SHA-256 of the text.
        file: PathBuf,
    },
    /// List the documents of a client, registered and removed.
    List {
        /// Client id.
        #[arg(long)]
        client: ClientId,
    },
    /// Remove a document of a client; its hash is refused within 5 seconds. Old versions of an app may still send it.
    Remove {
        /// Client id.
        #[arg(long)]
        client: ClientId,
        /// SHA-256 of the text, as `list` prints it.
        hash: String,
    },
    /// Check all registered documents under the schema of this version and name those that it would refuse; exit status 1
    /// then. In an upgrade run it after `migrate up`, with the new version, before it serves.
    Check {
        /// Check only the documents of this client.
        #[arg(long)]
        client: Option<ClientId>,
    },
}
