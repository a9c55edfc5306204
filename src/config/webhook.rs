//! The command line of webhooks.

use std::time::Duration;

use clap::Subcommand;
use entity::value::ClientId;

/// Management of webhooks.
#[derive(Debug, Subcommand)]
pub enum WebhookCommand {
    /// Register the endpoint of a client and print its secret, which is shown only now.
    Add {
        /// Client id.
        #[arg(long)]
        client: ClientId,
        /// URL of the endpoint: https, with a host of `CADRE_WEBHOOK_HOSTS`.
        url: String,
    },
    /// List the endpoints, their state, and the public key that verifies announcements.
    List,
    /// Remove the endpoint of a client.
    Remove {
        /// Client id.
        #[arg(long)]
        client: ClientId,
    },
    /// Print a new secret. The old one signs too during the overlap.
    RotateSecret {
        /// Client id.
        #[arg(long)]
        client: ClientId,
        /// How long the old secret signs too, such as `24h` or `7d`; 30 days at most.
        #[arg(long, default_value = "24h", value_parser = humantime::parse_duration)]
        overlap: Duration,
    },
    /// Announce to the endpoint of a client now, even if nothing has changed.
    Replay {
        /// Client id.
        #[arg(long)]
        client: ClientId,
    },
    /// Enable an endpoint that was disabled after failures.
    Enable {
        /// Client id.
        #[arg(long)]
        client: ClientId,
    },
    /// Send one announcement from this machine and print the response; exit status 1 if it is not a success.
    Test {
        /// Client id.
        #[arg(long)]
        client: ClientId,
    },
}
