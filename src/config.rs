//! The command line and its environment. The doc comments here are the manual that `--help` prints.

mod client;
mod document;
mod line;
mod log;
mod rights;
mod user;
mod value;
mod web;
mod webhook;

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use clap::{Args, Parser, Subcommand, ValueEnum};
pub use client::{ClientAdd, ClientCommand, ClientGrant, ClientKeyCommand};
pub use document::DocumentCommand;
use entity::value::{CadreCode, ClientId, Day, Scope};
pub use log::LogFormat;
pub use rights::Rights;
use tracing_subscriber::filter::{LevelFilter, Targets};
pub use user::{PersonAdd, PersonCommand};
pub use value::public_url;
use value::{DatabaseUrl, one_of};
pub use web::{Console, CorsOrigins};
pub use webhook::WebhookCommand;

use crate::{
    db::Pool,
    language::Language,
    limit::{self, ArchiveLimits, Exports, Imports, InFlight, Limits},
};

/// Cadres, their qualifications, rotations and training, over GraphQL.
#[derive(Debug, Parser)]
#[command(name = "cadre-api", version, max_term_width = 120)]
pub struct Cli {
    /// The command to run.
    #[command(subcommand)]
    pub command: Command,
    /// Settings of all commands.
    #[command(flatten)]
    pub settings: Settings,
}

/// Settings, as flags or in the environment.
#[derive(Clone, Debug, Args)]
pub struct Settings {
    /// The database: `sqlite://PATH` (embedded; created if missing) or `postgres://USER:PASSWORD@HOST/NAME`.
    #[arg(
        long,
        global = true,
        env = "CADRE_DATABASE_URL",
        default_value = "sqlite://cadre.db",
        hide_env_values = true
    )]
    #[arg(value_parser = DatabaseUrl)]
    pub database_url: String,
    /// Address to listen on.
    #[arg(long, global = true, env = "CADRE_LISTEN", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// URL at which clients reach the service; the issuer and audience of tokens. [default: http:// and the address]
    #[arg(long, global = true, env = "CADRE_PUBLIC_URL", value_parser = public_url)]
    pub public_url: Option<String>,
    /// Maximum number of connections to a PostgreSQL server for queries, and the same number for commands; five more are
    /// reserved for access rights and reference data. More than 8 rarely help.
    #[arg(long, global = true, env = "CADRE_DATABASE_CONNECTIONS", default_value_t = 8)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=200))]
    pub database_connections: u32,
    /// Time limit in seconds of one statement on a PostgreSQL server, and of one statement of an export on either
    /// database.
    #[arg(long, global = true, env = "CADRE_STATEMENT_TIMEOUT", default_value_t = 30)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub statement_timeout: u64,
    /// Time limit of all reads of one operation, in seconds. An operation that exceeds it is stopped.
    #[arg(long, global = true, env = "CADRE_OPERATION_TIMEOUT", default_value_t = 10)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub operation_timeout: u64,
    /// Key that encrypts the keys of the service in the database: 32 bytes in base64 (`openssl rand -base64 32`). Other
    /// users of the machine can see the command line, so set it in the environment or use the file.
    #[arg(long, global = true, env = "CADRE_KEY_ENCRYPTION_KEY", hide_env_values = true)]
    pub key_encryption_key: Option<String>,
    /// File with this key. [default: a file next to an embedded database, created if missing; none for a server]
    #[arg(long, global = true, env = "CADRE_KEY_ENCRYPTION_KEY_FILE")]
    pub key_encryption_key_file: Option<String>,
    /// Number of days after which the key that signs access tokens is replaced.
    #[arg(long, global = true, env = "CADRE_KEY_ROTATION_DAYS", default_value_t = 90)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=3650))]
    pub key_rotation_days: u32,
    /// File to which signed checkpoints of the logs are appended; it should be on another machine. [default: a file next
    /// to an embedded database; none for a server]
    #[arg(long, global = true, env = "CADRE_AUDIT_CHECKPOINTS")]
    pub audit_checkpoints: Option<PathBuf>,
    /// JSON file with the external issuers whose tokens are accepted. [default: only tokens of this service are accepted]
    #[arg(long, global = true, env = "CADRE_ISSUERS")]
    pub issuers: Option<String>,
    /// Requests per second that a client may send, unless its grant sets another limit.
    #[arg(long, global = true, env = "CADRE_CLIENT_REQUESTS_PER_SECOND", default_value_t = limit::REQUESTS_PER_SECOND)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=i64::from(limit::MAX_REQUESTS)))]
    pub client_requests_per_second: u32,
    /// Cost of operations per minute that a client may use, unless its grant sets another limit.
    #[arg(long, global = true, env = "CADRE_CLIENT_COST_PER_MINUTE", default_value_t = limit::COST_PER_MINUTE)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=i64::from(limit::MAX_COST)))]
    pub client_cost_per_minute: u32,
    /// Maximum number of concurrent GraphQL requests; further requests get status 503. [default: 64 per core]
    #[arg(long, global = true, env = "CADRE_MAX_IN_FLIGHT", value_parser = clap::value_parser!(u32).range(1..))]
    pub max_in_flight: Option<u32>,
    /// Maximum number of concurrent exports. Each uses a separate connection; further ones get status 503.
    #[arg(long, global = true, env = "CADRE_MAX_EXPORTS", default_value_t = limit::EXPORTS)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=32))]
    pub max_exports: u32,
    /// Maximum number of concurrent exports of one client; further ones get status 429.
    #[arg(long, global = true, env = "CADRE_CLIENT_EXPORTS", default_value_t = limit::EXPORTS_PER_CLIENT)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=32))]
    pub client_exports: u32,
    /// Largest zip archive of an import over the API, in MiB.
    #[arg(long, global = true, env = "CADRE_IMPORT_ARCHIVE", default_value_t = limit::ARCHIVE)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub import_archive: u32,
    /// Maximum number of entries of such an archive.
    #[arg(long, global = true, env = "CADRE_IMPORT_ENTRIES", default_value_t = limit::ENTRIES)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub import_entries: u32,
    /// Largest size of its files in memory after they are unpacked, in MiB.
    #[arg(long, global = true, env = "CADRE_IMPORT_UNPACKED", default_value_t = limit::UNPACKED)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=16_384))]
    pub import_unpacked: u32,
    /// Maximum number of requests of a client in one process that wait for changes: event streams and requests with
    /// `Prefer: wait`; further ones get status 429.
    #[arg(long, global = true, env = "CADRE_STREAMS_PER_CLIENT", default_value_t = limit::STREAMS_PER_CLIENT)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub streams_per_client: u32,
    /// Origins of web pages that may call the API from a browser, such as `https://app.example.vn`, separated by commas;
    /// `*` for all. [default: none]
    #[arg(long, global = true, env = "CADRE_CORS_ORIGINS", value_parser = web::cors_origins)]
    pub cors_origins: Option<CorsOrigins>,
    /// Console for queries in the browser, at `/console`. [default: off; on in the demo]
    #[arg(long, global = true, env = "CADRE_CONSOLE", value_enum)]
    pub console: Option<Console>,
    /// Addresses of X-Road security servers, separated by commas: `X-Road-Client`, `X-Road-Id`, `X-Road-UserId` and
    /// `X-Road-Issue` of their requests are recorded in the access log. [default: none; these headers are ignored]
    #[arg(long, global = true, env = "CADRE_SECURITY_SERVERS", value_delimiter = ',')]
    pub security_servers: Vec<IpAddr>,
    /// Hosts that webhooks may be sent to, separated by commas: exact names, with the port if it is not that of the
    /// scheme. [default: none]
    #[arg(long, global = true, env = "CADRE_WEBHOOK_HOSTS", value_delimiter = ',')]
    pub webhook_hosts: Vec<String>,
    /// Allow webhooks to addresses of this machine and of private networks, such as an intranet.
    #[arg(long, global = true, env = "CADRE_WEBHOOK_PRIVATE_ADDRESSES")]
    pub webhook_private_addresses: bool,
    /// What to log: `error`, `warn`, `info`, `debug`, `trace`, `off`, or a filter such as `info,sqlx=warn`. [default: info;
    /// warn in the demo]
    #[arg(long, global = true, env = "CADRE_LOG", value_parser = log::log_filter)]
    pub log: Option<Targets>,
    /// Format of the log, which is written to standard error.
    #[arg(long, global = true, env = "CADRE_LOG_FORMAT", value_enum, default_value_t = LogFormat::Auto)]
    pub log_format: LogFormat,
}

/// The commands of the program.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve the API. An embedded database is migrated first; migrate a PostgreSQL database with `migrate up`.
    Serve {
        /// Use a temporary database with invented people, register a client, run a query and print a token.
        #[arg(long)]
        demo: bool,
    },
    /// Migrate the schema of the database, or show its state.
    #[command(subcommand)]
    Migrate(Migrate),
    /// Load an import bundle and report all findings. If one is an error, nothing is loaded.
    Import {
        /// Folder with the CSV files of the bundle.
        dir: PathBuf,
        /// Write an empty bundle into the folder instead: each file with its header and one example row as a comment.
        #[arg(long, conflicts_with_all = ["dry_run", "json", "all"])]
        template: bool,
        /// Check everything and load nothing.
        #[arg(long)]
        dry_run: bool,
        /// Print the report as JSON, with messages in both languages.
        #[arg(long)]
        json: bool,
        /// Print every finding on its own line instead of the first 20 of each code.
        #[arg(long, conflicts_with = "json")]
        all: bool,
        /// Language of the report.
        #[arg(long, value_enum, default_value_t = ReportLanguage::En)]
        language: ReportLanguage,
    },
    /// Manage API clients and their grants.
    #[command(subcommand)]
    Client(ClientCommand),
    /// Manage the documents that clients name by a hash instead of sending their text.
    #[command(subcommand)]
    Document(DocumentCommand),
    /// Manage the persons for whom clients ask by tokens of external issuers.
    #[command(subcommand)]
    Person(PersonCommand),
    /// Manage the endpoints of clients that are notified of changes.
    #[command(subcommand)]
    Webhook(WebhookCommand),
    /// List or rotate the keys that sign access tokens.
    #[command(subcommand)]
    Key(KeyCommand),
    /// Read the access log, withhold parts of it, and verify that no log was changed.
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Compare the read models with their source tables and report the first difference, with exit status 1.
    Verify {
        /// Rebuild read models that differ.
        #[arg(long)]
        repair: bool,
    },
    /// Print an access token of a client, for manual queries by the operator.
    Token {
        /// Client id.
        #[arg(long)]
        client: ClientId,
        /// Limit the token to these scopes.
        #[arg(long, num_args = 1.., value_parser = one_of::<Scope>())]
        scope: Vec<Scope>,
    },
    /// Print the GraphQL schema.
    Schema,
}

/// Language of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ReportLanguage {
    /// Tiếng Việt.
    Vi,
    /// English.
    En,
}

impl From<ReportLanguage> for Language {
    fn from(language: ReportLanguage) -> Self {
        match language {
            ReportLanguage::Vi => Self::Vietnamese,
            ReportLanguage::En => Self::English,
        }
    }
}

/// Migrations of the schema.
#[derive(Clone, Debug, Subcommand)]
pub enum Migrate {
    /// Migrate the schema and the reference lists to this version.
    Up,
    /// Roll back the newest migrations, after a confirmation. Prints the number of rows that are deleted with their tables.
    Down {
        /// Number of migrations.
        #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
        steps: u32,
        /// Do not ask for a confirmation. Required if standard input or standard error is not a terminal.
        #[arg(long)]
        yes: bool,
    },
    /// Grant a PostgreSQL role exactly the rights that the service needs. `migrate up` extends them to new tables.
    Grant {
        /// The role. It must exist, own none of the tables, and not bypass row security.
        #[arg(long)]
        to: String,
    },
    /// Show the state of the schema.
    Status,
}

/// Management of the keys that sign access tokens.
#[derive(Clone, Copy, Debug, Subcommand)]
pub enum KeyCommand {
    /// List the keys with their state: NEXT (signs later), ACTIVE (signs), RETIRED (only verifies), ENDED (to be deleted).
    List,
    /// Create the next key. It signs after 10 minutes; the previous key verifies until its last token has expired.
    Rotate {
        /// Replace all keys at once, because one has leaked. All tokens issued so far are refused within 5 seconds.
        #[arg(long)]
        leaked: bool,
    },
}

/// Commands on the logs.
#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// Print the accesses to protected data, oldest first, including withheld ones.
    List {
        /// Code of the person whose data was read; all persons if absent.
        #[arg(long)]
        subject: Option<CadreCode>,
        /// Print a JSON object per line.
        #[arg(long)]
        json: bool,
    },
    /// Hide the accesses of a client to a person's data from the API until a day. The latest order applies.
    Withhold {
        /// Client id.
        #[arg(long)]
        client: ClientId,
        /// Code of the person.
        #[arg(long)]
        subject: String,
        /// First day on which the API shows the accesses again.
        #[arg(long)]
        until: Day,
        /// Number of the document that contains the order.
        #[arg(long)]
        document: String,
    },
    /// Verify the hash chain over all logs and report the first entry that was changed, with exit status 1.
    Verify {
        /// Checkpoint file; the one of the settings if absent.
        #[arg(long)]
        checkpoints: Option<PathBuf>,
    },
}

impl Settings {
    /// Log filter. The default of the demo is quieter, so that its printed instructions stay visible.
    pub fn log_filter(&self, is_demo: bool) -> Targets {
        let level = if is_demo { LevelFilter::WARN } else { LevelFilter::INFO };
        self.log.clone().unwrap_or_else(|| Targets::new().with_default(level))
    }

    /// File of log checkpoints.
    pub fn checkpoints(&self) -> Option<PathBuf> {
        let next_to_database = || {
            let path = self.database_url.strip_prefix("sqlite://")?.split('?').next()?;
            Some(PathBuf::from(format!("{path}.checkpoints")))
        };
        self.audit_checkpoints.clone().or_else(next_to_database)
    }

    /// Settings of the pool of a server database.
    pub fn pool(&self) -> Pool {
        Pool {
            max_connections: self.database_connections,
            statement_timeout: Duration::from_secs(self.statement_timeout),
            operation_timeout: Duration::from_secs(self.operation_timeout),
            exports: self.max_exports,
            ..Pool::default()
        }
    }

    /// Default limits of clients.
    pub fn limits(&self) -> Limits {
        Limits::of(self.client_requests_per_second, self.client_cost_per_minute)
    }

    /// Limit on concurrent requests.
    pub fn in_flight(&self) -> InFlight {
        self.max_in_flight.map_or_else(InFlight::default, |most| InFlight::at_most(most as usize))
    }

    /// Limits on concurrent exports.
    pub fn exports(&self) -> Exports {
        Exports::at_most(self.max_exports as usize, self.client_exports as usize)
    }

    /// Limits of imports over the API.
    pub fn imports(&self) -> Imports {
        let (size, entries, unpacked) = (self.import_archive, self.import_entries, self.import_unpacked);
        Imports::within(ArchiveLimits { size, entries, unpacked })
    }

    /// Issuer and audience of tokens.
    pub fn public_url(&self) -> String {
        self.public_url.clone().unwrap_or_else(|| self.local_url())
    }

    /// URL of the service for this machine. Clients cannot use an address that means "all addresses of this machine",
    /// so the loopback address replaces it.
    pub fn local_url(&self) -> String {
        let mut address = self.listen;
        if address.ip().is_unspecified() {
            address.set_ip(Ipv4Addr::LOCALHOST.into());
        }
        format!("http://{address}")
    }

    /// Path of the embedded database.
    pub fn embedded_path(&self) -> Option<&str> {
        self.database_url.strip_prefix("sqlite://").map(|path| path.split('?').next().unwrap_or(path))
    }

    /// Whether the database is embedded.
    pub fn is_embedded(&self) -> bool {
        self.database_url.starts_with("sqlite:")
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_public_url_is_one_that_clients_can_use() {
        for (args, expected) in [
            (&["--listen", "127.0.0.1:8081"][..], "http://127.0.0.1:8081"),
            (&["--listen", "0.0.0.0:8080"], "http://127.0.0.1:8080"),
            (&["--listen", "0.0.0.0:8080", "--public-url", "https://cadre.example.vn"], "https://cadre.example.vn"),
        ] {
            let cli = Cli::parse_from(["cadre-api", "schema"].iter().chain(args));
            assert_eq!(cli.settings.public_url(), expected);
        }
    }
}
