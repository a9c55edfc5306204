//! Limits on concurrent exports: of all clients, and of one client.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use uuid::Uuid;

/// Default number of concurrent exports of all clients.
pub const EXPORTS: u32 = 2;
/// Default number of concurrent exports of one client.
pub const EXPORTS_PER_CLIENT: u32 = 1;

/// Limits on concurrent exports.
#[derive(Clone, Debug)]
pub struct Exports {
    most: usize,
    most_of_client: usize,
    /// Number of running exports by client.
    running: Arc<Mutex<HashMap<Uuid, usize>>>,
}

/// Why an export may not begin now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportsFull {
    /// The client has this many exports, the maximum.
    Client(usize),
    /// All clients together have the maximum.
    All,
}

/// A place for an export, released on drop.
#[derive(Debug)]
pub struct ExportPlace {
    client: Uuid,
    running: Arc<Mutex<HashMap<Uuid, usize>>>,
}

impl Exports {
    /// At most `most` exports at once, and `most_of_client` of one client.
    pub fn at_most(most: usize, most_of_client: usize) -> Self {
        Self { most, most_of_client, running: Arc::default() }
    }

    /// A place for an export of a client.
    ///
    /// # Errors
    /// If the client or all clients together have the maximum.
    pub fn enter(&self, client: Uuid) -> Result<ExportPlace, ExportsFull> {
        let mut running = locked(&self.running);
        if running.get(&client).is_some_and(|own| *own >= self.most_of_client) {
            return Err(ExportsFull::Client(self.most_of_client));
        }
        if running.values().sum::<usize>() >= self.most {
            return Err(ExportsFull::All);
        }
        *running.entry(client).or_default() += 1;
        Ok(ExportPlace { client, running: Arc::clone(&self.running) })
    }
}

impl Default for Exports {
    fn default() -> Self {
        Self::at_most(EXPORTS as usize, EXPORTS_PER_CLIENT as usize)
    }
}

impl Drop for ExportPlace {
    fn drop(&mut self) {
        let mut running = locked(&self.running);
        let left = running.get(&self.client).map_or(0, |own| own - 1);
        match left {
            0 => running.remove(&self.client),
            left => running.insert(self.client, left),
        };
    }
}

fn locked(running: &Mutex<HashMap<Uuid, usize>>) -> MutexGuard<'_, HashMap<Uuid, usize>> {
    running.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exports_are_limited_for_each_client_and_for_all() {
        let exports = Exports::at_most(3, 2);
        let [one, two] = [Uuid::from_u128(1), Uuid::from_u128(2)];
        let first = exports.enter(one).expect("a place");
        let second = exports.enter(one).expect("a place");
        assert_eq!(exports.enter(one).err(), Some(ExportsFull::Client(2)));
        let third = exports.enter(two).expect("a place");
        assert_eq!(exports.enter(two).err(), Some(ExportsFull::All));

        drop(first);
        let again = exports.enter(two).expect("the place of the other client");
        drop((second, third, again));
        assert!(locked(&exports.running).is_empty(), "clients without exports are forgotten");
    }
}
