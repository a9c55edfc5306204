//! Limit on the requests of one client that wait for changes: event streams, and requests with `Prefer: wait`. Such a
//! request keeps a connection and a task for a long time, but no place among the concurrent operations.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use uuid::Uuid;

/// Default number of waiting requests of a client.
pub const STREAMS_PER_CLIENT: u32 = 10;

/// Waiting requests of all clients in this process.
#[derive(Debug)]
pub struct Streams {
    most: u32,
    /// Clients without a waiting request have no entry.
    of: Mutex<HashMap<Uuid, u32>>,
}

/// A waiting request. It counts until it is dropped.
#[derive(Debug)]
pub struct OpenStream {
    streams: Arc<Streams>,
    client: Uuid,
}

impl Streams {
    /// Streams with a limit for each client.
    pub fn at_most(most: u32) -> Arc<Self> {
        Arc::new(Self { most, of: Mutex::default() })
    }

    /// The limit.
    pub fn most(&self) -> u32 {
        self.most
    }

    /// Counts a waiting request; `None` if the client has reached the limit.
    pub fn open(self: &Arc<Self>, client: Uuid) -> Option<OpenStream> {
        let mut of = self.counts();
        let open = of.get(&client).copied().unwrap_or_default();
        if open >= self.most {
            return None;
        }
        of.insert(client, open + 1);
        Some(OpenStream { streams: Arc::clone(self), client })
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<Uuid, u32>> {
        self.of.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        let mut of = self.streams.counts();
        match of.get_mut(&self.client) {
            Some(open) if *open > 1 => *open -= 1,
            _ => drop(of.remove(&self.client)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_opens_streams_up_to_the_limit() {
        let streams = Streams::at_most(2);
        let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let first = streams.open(one).expect("the first");
        let second = streams.open(one).expect("the second");
        assert!(streams.open(one).is_none());
        let of_other = streams.open(other).expect("each client has its own limit");

        drop(first);
        let again = streams.open(one).expect("the first is closed");
        assert!(streams.open(one).is_none());

        drop((second, again, of_other));
        assert!(streams.counts().is_empty(), "a client without streams needs no memory");
    }
}
