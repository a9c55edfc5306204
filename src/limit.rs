//! Limits: request rate and cost per client, failed attempts with a secret, and concurrent requests. A request over a
//! limit is refused at once. Only two cases wait, for a bounded time: client authentication, and an operation beyond
//! its client's share of the capacity, in a bounded queue.
//!
//! Rates follow the generic cell rate algorithm (`governor`): the amount of a whole second or minute may be used at
//! once and is refilled steadily. Each process counts separately.

mod exports;
mod imports;
mod streams;

pub use exports::{EXPORTS, EXPORTS_PER_CLIENT, ExportPlace, Exports, ExportsFull};
pub use imports::{ARCHIVE, ArchiveLimits, ENTRIES, ImportPlace, Imports, UNPACKED};

use std::{
    fmt,
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU32,
    sync::{Arc, OnceLock},
    thread,
    time::Duration,
};

use governor::{
    Quota, RateLimiter,
    clock::{Clock, DefaultClock},
    middleware::{StateInformationMiddleware, StateSnapshot},
    state::{InMemoryState, NotKeyed},
};
use quick_cache::sync::Cache;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit},
    time::{Instant, sleep, timeout},
};
use uuid::Uuid;

pub use streams::{OpenStream, STREAMS_PER_CLIENT, Streams};

/// Default requests per second of a client.
pub const REQUESTS_PER_SECOND: u32 = 1_000;
/// Default cost of operations per minute of a client.
pub const COST_PER_MINUTE: u32 = 6_000_000;
/// Highest request limit that can be configured.
pub const MAX_REQUESTS: u32 = 1_000_000;
/// Highest cost limit that can be configured.
pub const MAX_COST: u32 = 1_000_000_000;
/// Concurrent requests for each core of the machine.
const IN_FLIGHT_PER_CORE: usize = 64;

/// Maximum time that an operation waits until another operation of its client ends.
const TURN_TIMEOUT: Duration = Duration::from_secs(5);

/// Maximum number of clients in the cache; the least recently active ones are evicted.
const CACHE_CAPACITY: usize = 10_000;
/// Maximum burst of failed attempts with a secret.
const ATTEMPTS: NonZeroU32 = NonZeroU32::new(30).expect("not zero");
/// Number of failed attempts that are allowed again each minute.
const ATTEMPTS_PER_MINUTE: NonZeroU32 = NonZeroU32::new(10).expect("not zero");

type Limiter<C> = RateLimiter<NotKeyed, InMemoryState, C, StateInformationMiddleware>;

/// Limits of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Requests per second.
    pub requests_per_second: NonZeroU32,
    /// Cost of operations per minute.
    pub cost_per_minute: NonZeroU32,
}

/// Limits of a grant, which override those of the service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Overrides {
    /// Requests per second; `None`: the service's limit.
    pub requests_per_second: Option<NonZeroU32>,
    /// Cost of operations per minute; `None`: the service's limit.
    pub cost_per_minute: Option<NonZeroU32>,
}

/// Remaining amount of a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remaining {
    /// Amount that can be used now.
    pub amount: u32,
    /// Seconds until the full amount is available again, rounded up.
    pub back_in: u64,
}

/// The limit that a request exceeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exceeded {
    /// Too many requests.
    Requests {
        /// Allowed requests per second.
        limit: u32,
        /// Time until the next request is accepted.
        wait: Duration,
    },
    /// Too much cost per minute.
    Cost {
        /// Cost of this operation.
        cost: u64,
        /// Allowed cost per minute.
        limit: u32,
        /// Time until this operation is accepted.
        wait: Duration,
    },
    /// Too many concurrent operations of the client.
    Turns {
        /// Allowed concurrent operations of the client.
        limit: usize,
    },
    /// The operation alone costs more than the limit per minute: it is never accepted.
    Never {
        /// Cost of this operation.
        cost: u64,
        /// Allowed cost per minute.
        limit: u32,
    },
}

/// The share of one client in the capacity of the process, independent of its rate limits; the rest remains for others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// Concurrent operations; each uses one database connection at a time.
    pub running: usize,
    /// Operations that run or wait.
    pub waiting: usize,
}

/// Counters of one client.
pub struct Budget<C: Clock = DefaultClock> {
    /// Default limits, for clients whose grant sets none.
    service: Limits,
    limits: Limits,
    requests: Limiter<C>,
    cost: Limiter<C>,
    share: Share,
    running: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    clock: C,
}

/// Counters of all clients.
pub struct Budgets<C: Clock = DefaultClock> {
    limits: Limits,
    share: Share,
    clock: C,
    of: Cache<Uuid, Arc<Budget<C>>>,
}

/// Remaining amounts of a client when its request arrived.
#[derive(Debug)]
pub struct Allowance {
    budget: Arc<Budget>,
    requests: Remaining,
    cost: OnceLock<Remaining>,
}

/// Failed attempts to authenticate with a secret, counted for each pair of address and client.
pub struct Attempts<C: Clock = DefaultClock> {
    clock: C,
    of: Cache<(Option<IpAddr>, Uuid), Arc<Limiter<C>>>,
}

/// Permission to run an operation, released on drop.
#[derive(Debug)]
pub struct Turn {
    _running: OwnedSemaphorePermit,
    _waiting: OwnedSemaphorePermit,
}

/// Limit on concurrent requests.
#[derive(Debug)]
pub struct InFlight {
    most: usize,
    requests: Semaphore,
}

impl Default for Limits {
    fn default() -> Self {
        Self::of(REQUESTS_PER_SECOND, COST_PER_MINUTE)
    }
}

impl Limits {
    /// Limits from numbers, clamped to 1 and the highest that can be configured.
    pub fn of(requests_per_second: u32, cost_per_minute: u32) -> Self {
        let own = Overrides::of(Some(requests_per_second), Some(cost_per_minute));
        let one = NonZeroU32::MIN;
        Self {
            requests_per_second: own.requests_per_second.unwrap_or(one),
            cost_per_minute: own.cost_per_minute.unwrap_or(one),
        }
    }

    /// These limits, overridden by the limits of a grant.
    pub fn with(self, own: Overrides) -> Self {
        Self {
            requests_per_second: own.requests_per_second.unwrap_or(self.requests_per_second),
            cost_per_minute: own.cost_per_minute.unwrap_or(self.cost_per_minute),
        }
    }

    /// The greater value of both for each amount.
    pub fn max(self, other: Self) -> Self {
        Self {
            requests_per_second: self.requests_per_second.max(other.requests_per_second),
            cost_per_minute: self.cost_per_minute.max(other.cost_per_minute),
        }
    }
}

impl From<Limits> for Overrides {
    fn from(limits: Limits) -> Self {
        Self { requests_per_second: Some(limits.requests_per_second), cost_per_minute: Some(limits.cost_per_minute) }
    }
}

impl Overrides {
    /// Limits from numbers, clamped to 1 and the highest that can be configured.
    pub fn of(requests_per_second: Option<u32>, cost_per_minute: Option<u32>) -> Self {
        Self {
            requests_per_second: requests_per_second.map(|limit| not_zero(limit.min(MAX_REQUESTS))),
            cost_per_minute: cost_per_minute.map(|limit| not_zero(limit.min(MAX_COST))),
        }
    }

    /// Limits from database columns. An invalid number becomes 1.
    pub fn of_columns(requests_per_second: Option<i32>, cost_per_minute: Option<i32>) -> Self {
        let limit = |number: i32| u32::try_from(number).unwrap_or(1);
        Self::of(requests_per_second.map(limit), cost_per_minute.map(limit))
    }

    /// Limits as database columns.
    pub fn columns(self) -> (Option<i32>, Option<i32>) {
        let column = |limit: NonZeroU32| i32::try_from(limit.get()).unwrap_or(i32::MAX);
        (self.requests_per_second.map(column), self.cost_per_minute.map(column))
    }
}

impl Share {
    /// Half of the connections and half of the concurrent requests, each at least one.
    pub fn half(connections: usize, requests: usize) -> Self {
        let half = |of: usize| (of / 2).clamp(1, Semaphore::MAX_PERMITS);
        Self { running: half(connections), waiting: half(requests) }
    }
}

impl<C: Clock + Clone> Budget<C> {
    fn new(service: Limits, limits: Limits, share: Share, clock: C) -> Self {
        Self {
            service,
            limits,
            requests: limiter(Quota::per_second(limits.requests_per_second), &clock),
            cost: limiter(Quota::per_minute(limits.cost_per_minute), &clock),
            share,
            running: Arc::new(Semaphore::new(share.running)),
            waiting: Arc::new(Semaphore::new(share.waiting)),
            clock,
        }
    }

    /// Waits until the client may run another operation; first come, first served.
    ///
    /// # Errors
    /// If too many operations wait already, or none of the running ones ends in time.
    pub async fn turn(&self) -> Result<Turn, Exceeded> {
        let over = Exceeded::Turns { limit: self.share.running };
        let waiting = Arc::clone(&self.waiting).try_acquire_owned().map_err(|_| over)?;
        match timeout(TURN_TIMEOUT, Arc::clone(&self.running).acquire_owned()).await {
            Ok(Ok(running)) => Ok(Turn { _running: running, _waiting: waiting }),
            _ => Err(over),
        }
    }

    /// Limits of the client.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// Counts a request.
    ///
    /// # Errors
    /// If it exceeds the limit; the request is then not counted.
    pub fn take(&self) -> Result<Remaining, Exceeded> {
        let limit = self.limits.requests_per_second.get();
        match self.requests.check() {
            Ok(state) => Ok(Remaining::of(&state, limit, 1)),
            Err(until) => Err(Exceeded::Requests { limit, wait: until.wait_time_from(self.clock.now()) }),
        }
    }

    /// Counts the cost of an operation.
    ///
    /// # Errors
    /// If it exceeds the remaining amount or the whole limit; the cost is then not counted.
    pub fn spend(&self, cost: u64) -> Result<Remaining, Exceeded> {
        let limit = self.limits.cost_per_minute.get();
        let never = Exceeded::Never { cost, limit };
        let cells = not_zero(u32::try_from(cost).map_err(|_| never)?);
        match self.cost.check_n(cells).map_err(|_| never)? {
            Ok(state) => Ok(Remaining::of(&state, limit, 60)),
            Err(until) => Err(Exceeded::Cost { cost, limit, wait: until.wait_time_from(self.clock.now()) }),
        }
    }
}

impl<C: Clock + Clone> Budgets<C> {
    fn new(limits: Limits, share: Share, clock: C) -> Self {
        Self { limits, share, clock, of: Cache::new(CACHE_CAPACITY) }
    }

    /// Counters of a client under its grant. A grant with other limits gets new counters.
    pub fn of(&self, client: Uuid, own: Overrides) -> Arc<Budget<C>> {
        let limits = self.limits.with(own);
        let begin = || Arc::new(Budget::new(self.limits, limits, self.share, self.clock.clone()));
        let known = self.of.get_or_insert_with(&client, || Ok::<_, std::convert::Infallible>(begin()));
        match known {
            Ok(known) if known.limits == limits => known,
            _ => {
                let new = begin();
                self.of.insert(client, Arc::clone(&new));
                new
            }
        }
    }
}

impl Budgets {
    /// Counters under the limits of the service, with the same share for each client.
    pub fn under(limits: Limits, share: Share) -> Self {
        Self::new(limits, share, DefaultClock::default())
    }
}

impl Allowance {
    /// Counts a request.
    ///
    /// # Errors
    /// If it exceeds the limit.
    pub fn begin(budget: Arc<Budget>) -> Result<Self, Exceeded> {
        let requests = budget.take()?;
        Ok(Self { budget, requests, cost: OnceLock::new() })
    }

    /// Counts the cost of the request's operation.
    ///
    /// # Errors
    /// If it exceeds the remaining amount or the whole limit.
    pub fn spend(&self, cost: u64) -> Result<(), Exceeded> {
        let left = self.budget.spend(cost);
        // Only the first call sets the value: a request has one operation.
        let _is_set = self.cost.set(left.unwrap_or_else(Exceeded::left));
        left.map(drop)
    }

    /// Counts a part of the cost of an export, and waits so that half of the budget is left to other requests of the
    /// client. A part that costs more than the whole limit counts as the whole limit.
    ///
    /// # Errors
    /// If the budget does not suffice within `patience`.
    pub async fn spend_steadily(&self, cost: u64, patience: Duration) -> Result<(), Exceeded> {
        let limit = self.budget.limits.cost_per_minute.get();
        let (cost, until) = (cost.min(limit.into()), Instant::now() + patience);
        if cost == 0 {
            return Ok(());
        }
        let left = loop {
            match self.budget.spend(cost) {
                Ok(left) => break left,
                Err(Exceeded::Cost { wait, .. }) if Instant::now() + wait <= until => sleep(wait).await,
                Err(over) => return Err(over),
            }
        };
        let missing = (limit / 2).saturating_sub(left.amount);
        sleep(Duration::from_secs(60).mul_f64(f64::from(missing) / f64::from(limit))).await;
        Ok(())
    }

    /// Limits of the client.
    pub fn limits(&self) -> Limits {
        self.budget.limits
    }

    /// Default limits, for clients whose grant sets none.
    pub fn service_limits(&self) -> Limits {
        self.budget.service
    }

    /// Waits until the client may run the request's operation.
    ///
    /// # Errors
    /// As `Budget::turn`.
    pub async fn turn(&self) -> Result<Turn, Exceeded> {
        self.budget.turn().await
    }

    /// Remaining requests of this second.
    pub fn requests(&self) -> Remaining {
        self.requests
    }

    /// Remaining cost of this minute, once the cost of the operation is known.
    pub fn cost(&self) -> Option<Remaining> {
        self.cost.get().copied()
    }
}

impl<C: Clock + Clone> Attempts<C> {
    fn new(clock: C) -> Self {
        Self { clock, of: Cache::new(CACHE_CAPACITY) }
    }

    /// Counts a failed attempt from an address for a client, whether or not the client exists.
    ///
    /// # Errors
    /// The time until the next attempt, if too many have failed.
    pub fn fail(&self, from: Option<IpAddr>, client: Uuid) -> Result<(), Duration> {
        let quota = Quota::per_minute(ATTEMPTS_PER_MINUTE).allow_burst(ATTEMPTS);
        let begin = || Ok::<_, std::convert::Infallible>(Arc::new(limiter(quota, &self.clock)));
        let Ok(counted) = self.of.get_or_insert_with(&(from.map(network), client), begin);
        counted.check().map(drop).map_err(|until| until.wait_time_from(self.clock.now()))
    }
}

/// The address, or for IPv6 its /64 network, which usually belongs to one site.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        address => address,
    }
}

impl Default for Attempts {
    fn default() -> Self {
        Self::new(DefaultClock::default())
    }
}

impl InFlight {
    /// A limit of `requests` concurrent requests.
    pub fn at_most(requests: usize) -> Self {
        let most = requests.min(Semaphore::MAX_PERMITS);
        Self { most, requests: Semaphore::new(most) }
    }

    /// The limit.
    pub fn most(&self) -> usize {
        self.most
    }

    /// Waits until the request may start; `None` if that takes too long.
    pub async fn wait(&self, timeout: Duration) -> Option<SemaphorePermit<'_>> {
        tokio::time::timeout(timeout, self.requests.acquire()).await.ok()?.ok()
    }

    /// A permit for a request, owned while the request is processed; `None` if the limit is reached.
    pub fn enter(&self) -> Option<SemaphorePermit<'_>> {
        self.requests.try_acquire().ok()
    }
}

impl Default for InFlight {
    fn default() -> Self {
        Self::at_most(IN_FLIGHT_PER_CORE * thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get))
    }
}

impl Remaining {
    fn of(state: &StateSnapshot, limit: u32, window: u64) -> Self {
        let amount = state.remaining_burst_capacity().min(limit);
        Self { amount, back_in: (u64::from(limit - amount) * window).div_ceil(u64::from(limit)) }
    }
}

impl Exceeded {
    /// Remaining amount after a refusal: zero until a retry may succeed.
    pub fn left(self) -> Remaining {
        Remaining { amount: 0, back_in: self.retry_after().unwrap_or(60) }
    }

    /// Whole seconds until a retry may succeed; `None` if it never will.
    pub fn retry_after(self) -> Option<u64> {
        match self {
            Self::Requests { wait, .. } | Self::Cost { wait, .. } => Some(whole_seconds(wait)),
            Self::Turns { .. } => Some(1),
            Self::Never { .. } => None,
        }
    }
}

/// A waiting time in whole seconds, rounded up, at least one.
pub fn whole_seconds(wait: Duration) -> u64 {
    (wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).max(1)
}

fn limiter<C: Clock + Clone>(quota: Quota, clock: &C) -> Limiter<C> {
    RateLimiter::direct_with_clock(quota, clock.clone()).with_middleware()
}

fn not_zero(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN)
}

impl<C: Clock> fmt::Debug for Budget<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Budget").field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl<C: Clock> fmt::Debug for Attempts<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attempts").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
