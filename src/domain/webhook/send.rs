//! Sends an announcement over HTTPS, with limits on time, size and destination.

use std::{io, net::ToSocketAddrs, time::Duration};

use reqwest::{
    Client,
    dns::{Addrs, Name, Resolve, Resolving},
    redirect,
};

use crate::{
    domain::webhook::address::Destinations,
    error::{Error, Result},
};

/// Time limit of an attempt, including the response.
pub(super) const TIMEOUT: Duration = Duration::from_secs(5);

/// Maximum number of bytes of a response that are read.
const MAX_BYTES: usize = 1_024;

/// Response of an endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Status.
    pub status: u16,
    /// Beginning of the body, without control characters.
    pub text: String,
}

/// Why there is no response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The settings do not allow the host of the endpoint any more.
    Host,
    /// The host cannot be connected to, its certificate is not trusted, or its address is not allowed.
    Connection,
    /// The time limit has passed.
    Timeout,
    /// The connection broke.
    Broken,
}

impl Failure {
    /// The word under which the failure is stored and counted.
    pub fn word(self) -> &'static str {
        match self {
            Self::Host => "HOST",
            Self::Connection => "CONNECTION",
            Self::Timeout => "TIMEOUT",
            Self::Broken => "BROKEN",
        }
    }
}

/// Headers and body of an announcement.
#[derive(Clone, Debug)]
pub(super) struct Message {
    pub id: String,
    pub timestamp: String,
    pub signature: String,
    pub body: String,
}

/// Sends announcements to allowed destinations.
#[derive(Clone, Debug)]
pub struct Sender {
    client: Client,
    pub(super) destinations: Destinations,
}

/// Resolves names to allowed addresses only. The connection uses these addresses, so a name that resolves to others
/// later has no effect.
struct AllowedAddresses(Destinations);

impl Resolve for AllowedAddresses {
    fn resolve(&self, name: Name) -> Resolving {
        let destinations = self.0.clone();
        Box::pin(async move {
            let resolved = tokio::task::spawn_blocking(move || (name.as_str(), 0).to_socket_addrs()).await??;
            let allowed: Vec<_> = resolved.filter(|address| destinations.allows(address.ip())).collect();
            if allowed.is_empty() {
                return Err(io::Error::other("no address of this host is allowed").into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

impl Sender {
    /// A sender for the destinations. Proxies of the environment are not used: a proxy would resolve the names.
    ///
    /// # Errors
    /// `Internal` if the trusted certificates of this machine cannot be read.
    pub fn new(destinations: Destinations) -> Result<Self> {
        let client = Client::builder()
            .redirect(redirect::Policy::none())
            .timeout(TIMEOUT)
            .no_proxy()
            .pool_max_idle_per_host(0)
            .dns_resolver(AllowedAddresses(destinations.clone()))
            .user_agent(concat!("cadre-api/", env!("CARGO_PKG_VERSION")));
        Ok(Self { client: client.build().map_err(Error::internal)?, destinations })
    }

    /// Posts a message.
    pub(super) async fn post(&self, url: &str, message: Message) -> std::result::Result<Answer, Failure> {
        let url = self.destinations.parse(url).map_err(|_| Failure::Host)?;
        let Message { id, timestamp, signature, body } = message;
        let request = self.client.post(url).header("content-type", "application/json").header("webhook-id", id);
        let request = request.header("webhook-timestamp", timestamp).header("webhook-signature", signature);
        let mut answer = request.body(body).send().await.map_err(|error| failure(&error))?;
        let mut bytes = Vec::new();
        // The status decides; a body that breaks off is no failure.
        while let Ok(Some(chunk)) = answer.chunk().await {
            bytes.extend_from_slice(&chunk[..chunk.len().min(MAX_BYTES - bytes.len())]);
            if bytes.len() == MAX_BYTES {
                break;
            }
        }
        let text = String::from_utf8_lossy(&bytes).chars().filter(|c| !c.is_control()).collect();
        Ok(Answer { status: answer.status().as_u16(), text })
    }
}

fn failure(error: &reqwest::Error) -> Failure {
    match () {
        () if error.is_timeout() => Failure::Timeout,
        () if error.is_connect() => Failure::Connection,
        () => Failure::Broken,
    }
}
