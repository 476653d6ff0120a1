//! The cost of orders.

use lomi_sandbox::Settings;
use serde_json::json;
use tests::costs::Item;
use tests::{Meter, Setup, TestApp};

use crate::tally::{ByFunction, Tally};

/// Purchases measured for each payment method.
pub(crate) const ORDERS: u32 = 24;
/// The key for usage outside the functions: the events for the merchant's own systems.
const TO_THE_SHOP: &str = "events";
/// Switches lomi's rate limits off: they are not measured here.
const UNLIMITED: u32 = 1_000_000;

/// A payment method.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Way {
    Page,
    Card,
    Link,
}

impl Way {
    pub(crate) const ALL: [Self; 3] = [Self::Page, Self::Card, Self::Link];

    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Page => "hosted page",
            Self::Card => "card form",
            Self::Link => "payment link",
        }
    }

    /// One payment. A shopper who follows a link has no order token: their page is lomi's.
    async fn buy(self, app: &TestApp, link: &str) -> Bought {
        match self {
            Self::Page => {
                let order = app.open_order().await;
                app.pay(&order, "wave").await;
                Bought { order_id: order.order_id, token: Some(order.order_token) }
            }
            Self::Card => {
                let card = app.open_card_order().await;
                app.lomi.confirm_card(&card.intent_id, &card.client_secret).await;
                Bought { order_id: card.order.order_id, token: Some(card.order.order_token) }
            }
            Self::Link => {
                let led = app.led(link).await;
                app.lomi.pay(&led.session_id, "wave").await;
                Bought { order_id: led.order_id, token: None }
            }
        }
    }
}

struct Bought {
    order_id: String,
    token: Option<String>,
}

/// The usage of [`ORDERS`] orders, from the first product list to the last poll of the reconciler.
pub(crate) async fn measure(way: Way, lost: bool) -> ByFunction {
    let (app, meter) = start().await;
    if lost {
        app.lomi.lose_webhooks().await;
    }
    let link = app.link(json!({})).await;
    let tally = Tally::begin(&app, meter);
    let mut orders = Vec::new();
    for _ in 0..ORDERS {
        let _ = app.http.get(&app.url("/products"), &[]).await.expect(200);
        orders.push(way.buy(&app, &link).await);
    }
    if lost {
        look_again(&app, &orders).await;
    }
    for Bought { order_id, token } in &orders {
        app.wait_for(order_id, "paid").await;
        if let Some(token) = token {
            let _ = app.status_with(order_id, token).await.expect(200);
        }
    }
    outlive(&app, &orders).await;
    let mut all = tally.end(&app).await;
    let usage = all.entry(TO_THE_SHOP.to_owned()).or_default();
    for Bought { order_id, .. } in &orders {
        let events = app.outbox(order_id).await.len() as u128;
        [Item::BusEvent, Item::PipeRequest].into_iter().for_each(|item| usage.add(item, events));
    }
    app.audit().await;
    all
}

pub(crate) async fn start() -> (TestApp, Meter) {
    let meter = Meter::bind().await;
    let lomi = Settings { rate_write: UNLIMITED, rate_default: UNLIMITED, ..Settings::default() };
    let setup = Setup { meter: Some(meter.clone()), lomi, ..Setup::default() };
    (TestApp::start_with(setup).await, meter)
}

async fn look_again(app: &TestApp, orders: &[Bought]) {
    for Bought { order_id, .. } in orders {
        app.make_due(order_id).await;
    }
    app.reconcile().await;
}

/// The reconciler polls an order when its page ends, and again when lomi can complete no more payments on it.
async fn outlive(app: &TestApp, orders: &[Bought]) {
    for later_ms in [0, 3 * 60 * 60 * 1000] {
        for Bought { order_id, .. } in orders {
            if app.make_due(order_id).await {
                app.outlive(order_id).await;
                let (key, end_ms) = (format!("ORDER#{order_id}"), app.order(order_id).await["expires_at_ms"].as_i64());
                app.table.set_number(&key, "ORDER", "expires_at_ms", end_ms.expect("a time") - later_ms).await;
            }
        }
        app.reconcile().await;
    }
}
