//! A random operator in the back office, drawn from the schedule's seed.

use std::cell::RefCell;
use std::ops::Range;
use std::time::Duration;

use domain::OrderId;
use tokio::time::sleep;

use crate::stack::Stack;

/// The most actions of one operator.
const MOST_LOOKS: u64 = 6;

/// One operator. The answers do not influence the next action.
pub(crate) struct Operator<'a> {
    pub(crate) stack: &'a Stack,
    pub(crate) chance: RefCell<fastrand::Rng>,
}

impl Operator<'_> {
    /// Replays quarantined items, syncs orders, resends deliveries, republishes events.
    pub(crate) async fn work(&self) {
        for _ in 0..self.draw(0..MOST_LOOKS) {
            sleep(Duration::from_millis(self.draw(1_000..90_000))).await;
            match self.draw(0..8) {
                0..3 => self.replay().await,
                3..5 => self.ask().await,
                5 => drop(self.stack.resend().await),
                _ => self.republish().await,
            }
        }
    }

    /// Replays every unresolved item, sometimes from two requests at once.
    async fn replay(&self) {
        let Some(id) = self.one_of(self.stack.waiting()) else { return };
        if self.draw(0..4) == 0 {
            futures::future::join(self.stack.replay(&id), self.stack.replay(&id)).await;
        } else {
            self.stack.replay(&id).await;
        }
    }

    async fn ask(&self) {
        if let Some(id) = self.one_of(self.orders()) {
            self.stack.look_at(&id).await;
        }
    }

    async fn republish(&self) {
        if let Some(id) = self.one_of(self.orders()) {
            self.stack.republish(&id).await;
        }
    }

    fn orders(&self) -> Vec<OrderId> {
        let orders = self.stack.dynamodb.items("ORDER#");
        orders.iter().filter_map(|order| OrderId::parse(order["order_id"].as_str()?)).collect()
    }

    fn one_of<T>(&self, mut all: Vec<T>) -> Option<T> {
        let last = u64::try_from(all.len()).unwrap_or_default();
        (last > 0).then(|| all.swap_remove(usize::try_from(self.draw(0..last)).unwrap_or_default()))
    }

    fn draw(&self, range: Range<u64>) -> u64 {
        self.chance.borrow_mut().u64(range)
    }
}
