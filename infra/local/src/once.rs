//! `cargo dev -- --once`: one purchase over HTTP, with the requests of the shop and a browser.

mod deliveries;
mod page;
mod ways;

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout};

use self::deliveries::Deliveries;
use self::ways::Bought;
pub use self::ways::Flow;
use crate::http_client::HttpClient;
use crate::seed;
use crate::stack::Stack;

/// For the whole purchase, from filling the catalogue to checking the outbox.
pub const TIMEOUT: Duration = Duration::from_secs(60);
/// The longest pause between two polls of the order.
const DEFAULT_POLL: Duration = Duration::from_millis(500);

/// Fills an empty catalogue, passes the number of new products to `ready`, buys the first product with a fixed price,
/// and returns a report: the order and its timeline, line by line.
///
/// # Errors
/// One sentence, unless within `limit` lomi's webhook marks the order paid and exactly one `order.paid` is in the
/// outbox.
pub async fn purchase(stack: &Stack, flow: Flow, limit: Duration, ready: impl FnOnce(usize)) -> Result<String, String> {
    let all = async {
        ready(seed::catalogue(stack).await?);
        Purchase { stack, client: HttpClient::new(), flow, started: Instant::now() }.run().await
    };
    timeout(limit, all).await.unwrap_or_else(|_| Err(format!("not paid within {} s", limit.as_secs())))
}

struct Purchase<'a> {
    stack: &'a Stack,
    client: HttpClient,
    flow: Flow,
    started: Instant,
}

impl Purchase<'_> {
    async fn run(&self) -> Result<String, String> {
        let sku = self.choose().await?;
        let created = self.buy(self.flow, &sku).await?;
        // Before the order is read: a read polls lomi and may mark the order paid before the webhook does.
        self.check_deliveries(&created.order_id).await?;
        self.wait_until_paid(&created).await?;
        let paid_after_ms = self.started.elapsed().as_millis();
        let timeline = self.timeline(&created.order_id).await?;
        self.check_outbox(&created.order_id)?;
        Ok(format!("order {} is paid after {paid_after_ms} ms\n{timeline}", created.order_id))
    }

    async fn choose(&self) -> Result<String, String> {
        let url = format!("{}/products", self.stack.urls().gateway);
        let products: Value = self.client.get(&url, &[]).await?.json()?;
        let all = products.get("data").and_then(Value::as_array).into_iter().flatten();
        let mut priced = all.filter(|product| product.get("amount").is_some_and(Value::is_u64));
        let sku = priced.next().and_then(|product| product.get("sku")).and_then(Value::as_str);
        sku.map(str::to_owned).ok_or_else(|| format!("GET {url}: no product with a fixed price"))
    }

    async fn wait_until_paid(&self, created: &Bought) -> Result<(), String> {
        let url = format!("{}/orders/{}", self.stack.urls().gateway, created.order_id);
        let bearer = format!("Bearer {}", created.order_token);
        // Bounded by the purchase's own time limit.
        loop {
            let order: Value = self.client.get(&url, &[("authorization", &bearer)]).await?.json()?;
            let status = order.get("status").and_then(Value::as_str).unwrap_or_default();
            if status == "paid" {
                return Ok(());
            }
            let Some(poll) = order.get("poll_after_ms").and_then(Value::as_u64) else {
                return Err(format!("the order ended as {status}"));
            };
            sleep(Duration::from_millis(poll).clamp(Duration::from_millis(50), DEFAULT_POLL)).await;
        }
    }

    async fn timeline(&self, order_id: &str) -> Result<String, String> {
        let url = format!("{}/admin/orders/{order_id}", self.stack.urls().gateway);
        let bearer = format!("Bearer {}", self.stack.admin_token());
        let order: Value = self.client.get(&url, &[("authorization", &bearer)]).await?.json()?;
        let entries = order.get("timeline").and_then(Value::as_array);
        let entries = entries.ok_or_else(|| format!("GET {url}: no timeline in {order}"))?;
        let text =
            |entry: &Value, member: &str| entry.get(member).and_then(Value::as_str).unwrap_or_default().to_owned();
        let line =
            |entry: &Value| format!("  {}  {:<28} {}", text(entry, "at"), text(entry, "what"), text(entry, "source"));
        let has = |entry: &&Value, member: &str, value: &str| entry.get(member).and_then(Value::as_str) == Some(value);
        let paid = entries.iter().find(|entry| has(entry, "what", "paid"));
        if !paid.is_some_and(|entry| has(&entry, "source", "webhook")) {
            let source = paid.map(|entry| text(entry, "source")).unwrap_or_default();
            return Err(format!("the order was marked paid by {source:?} and not by lomi's webhook"));
        }
        Ok(entries.iter().map(line).collect::<Vec<_>>().join("\n"))
    }

    /// Waits for the webhook's first attempt. Reading the order polls lomi, which would hide a broken webhook.
    async fn check_deliveries(&self, order_id: &str) -> Result<(), String> {
        let lomi = self.stack.lomi().ok_or("the outbox of another lomi server cannot be read")?;
        // Bounded by the purchase's own time limit.
        loop {
            lomi.sim().idle().await;
            let outbox = lomi.sim().outbox();
            let deliveries = Deliveries::of(order_id, &outbox);
            if deliveries.are_tried() {
                return deliveries.check();
            }
            sleep(Duration::from_millis(20)).await;
        }
    }

    fn check_outbox(&self, order_id: &str) -> Result<(), String> {
        let mut paid = 0;
        for table in self.stack.tables() {
            let items = self.stack.dynamodb().items_with_prefix(table, &format!("OUTBOX#{order_id}#"))?;
            paid += items.iter().filter(|item| item.pointer("/event_type/S") == Some(&json!("order.paid"))).count();
        }
        if paid == 1 { Ok(()) } else { Err(format!("{paid} order.paid events in the outbox instead of one")) }
    }
}
