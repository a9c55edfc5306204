//! Limits of administrators apply to the sum of the limits of the clients below them.
//!
//! A client that an administrator registers or grants rights to is below that administrator, and so are all clients
//! below that client. If the grant of an administrator contains a limit, the limits of all clients below it may not
//! exceed it in total.

use std::{collections::BTreeMap, num::NonZeroU32};

use entity::value::ClientId;

use crate::limit::{Limits, Overrides};

/// Share of a client in the limits of its administrators.
#[derive(Clone, Debug)]
pub(super) struct Share {
    /// Administrator whose limits apply to the client; `None` for the operator.
    pub administrator: Option<ClientId>,
    /// Maximum limits over current and future grants; `None` if there is no such grant.
    pub max_limits: Option<Limits>,
    /// Limits in the grant in force.
    pub bound: Overrides,
}

/// Shares of all clients.
#[derive(Clone, Debug, Default)]
pub(super) struct Shares(pub BTreeMap<ClientId, Share>);

/// A limit that a command would exceed, with the maximum that the client may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exceeded {
    /// Requests per second.
    Requests(u64),
    /// Cost per minute.
    Cost(u64),
}

impl Shares {
    /// Whether a client is `top` or below it.
    pub fn is_within(&self, client: ClientId, top: ClientId) -> bool {
        client == top || self.administrators_above(client).contains(&top)
    }

    /// Administrators above a client, nearest first.
    fn administrators_above(&self, client: ClientId) -> Vec<ClientId> {
        let mut administrators_above = Vec::new();
        let mut next = self.0.get(&client).and_then(|share| share.administrator);
        while let Some(id) = next.filter(|id| !administrators_above.contains(id)) {
            administrators_above.push(id);
            next = self.0.get(&id).and_then(|share| share.administrator);
        }
        administrators_above
    }

    /// Total limit of all clients below `top`.
    fn total_below(&self, top: ClientId, amount: fn(&Limits) -> NonZeroU32) -> u64 {
        let total_below = self.0.iter().filter(|(id, _)| **id != top && self.is_within(**id, top));
        total_below
            .filter_map(|(_, share)| share.max_limits.as_ref())
            .map(|limits| u64::from(amount(limits).get()))
            .sum()
    }

    /// First limit of an administrator above `client` that is exceeded by more than before the command.
    pub fn exceeded(&self, before: &Self, client: ClientId) -> Option<Exceeded> {
        let requests =
            self.allowed_amount(before, client, |limits| limits.requests_per_second, |own| own.requests_per_second);
        let cost = || self.allowed_amount(before, client, |limits| limits.cost_per_minute, |own| own.cost_per_minute);
        requests.map(Exceeded::Requests).or_else(|| cost().map(Exceeded::Cost))
    }

    /// Maximum of one limit that `client` may have, if the limit of an administrator above it is exceeded.
    fn allowed_amount(
        &self,
        before: &Self,
        client: ClientId,
        amount: fn(&Limits) -> NonZeroU32,
        bound: fn(&Overrides) -> Option<NonZeroU32>,
    ) -> Option<u64> {
        let max_limits = self.0.get(&client).and_then(|share| share.max_limits.as_ref());
        let client_amount = max_limits.map_or(0, |limits| u64::from(amount(limits).get()));
        let allowed_amount = self.administrators_above(client).into_iter().filter_map(|top| {
            let bound = u64::from(bound(&self.0.get(&top)?.bound)?.get());
            let sum = self.total_below(top, amount);
            (sum > bound && sum > before.total_below(top, amount)).then(|| (bound + client_amount).saturating_sub(sum))
        });
        allowed_amount.min()
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn id(number: u128) -> ClientId {
        ClientId(Uuid::from_u128(number))
    }

    /// A client: its number, its administrator, its requests per second, and the limit in its grant.
    type Row = (u128, Option<u128>, Option<u32>, Option<u32>);

    fn shares(of: &[Row]) -> Shares {
        let share = |&(number, administrator, max_limits, bound): &Row| {
            let max_limits = max_limits.map(|requests| Limits::of(requests, 1));
            (id(number), Share { administrator: administrator.map(id), max_limits, bound: Overrides::of(bound, None) })
        };
        Shares(of.iter().map(share).collect())
    }

    #[test]
    fn the_sum_below_an_administrator_stays_within_its_limit() {
        let before = shares(&[(1, None, Some(100), Some(100)), (2, Some(1), Some(60), Some(60))]);
        let with = |more: &[Row]| {
            let mut after = before.clone();
            after.0.extend(shares(more).0);
            after
        };
        for (name, after, expected) in [
            ("within", with(&[(3, Some(1), Some(40), None)]), None),
            ("beyond", with(&[(3, Some(1), Some(41), None)]), Some(Exceeded::Requests(40))),
            ("below the second, within both", with(&[(3, Some(2), Some(40), None)]), None),
            ("beyond that of the first", with(&[(3, Some(2), Some(41), None)]), Some(Exceeded::Requests(40))),
            ("the operator's", with(&[(3, None, Some(1000), None)]), None),
            ("without a grant that is not over", with(&[(3, Some(1), None, None)]), None),
        ] {
            assert_eq!(after.exceeded(&before, id(3)), expected, "{name}");
        }
        let beyond = with(&[(3, Some(1), Some(90), None)]);
        let less = with(&[(3, Some(1), Some(80), None)]);
        assert_eq!(less.exceeded(&beyond, id(3)), None, "an administrator whose limit was lowered may still reduce");
        assert_eq!(beyond.exceeded(&less, id(3)), Some(Exceeded::Requests(40)));
    }

    #[test]
    fn a_cycle_of_administrators_does_not_loop_forever() {
        let shares = shares(&[(1, Some(2), Some(1), None), (2, Some(1), Some(1), None)]);
        assert!(shares.is_within(id(1), id(2)) && shares.is_within(id(2), id(1)));
        assert!(!shares.is_within(id(1), id(3)));
        assert_eq!(shares.exceeded(&shares, id(1)), None);
    }
}
