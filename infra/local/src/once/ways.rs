//! The purchase flows: on lomi's page, on the shop's own card form, and by a payment link.

use serde_json::{Value, json};

use super::Purchase;
use super::page::{self, Form};
use crate::http_client::Answer;
use crate::system;

/// A card that lomi's test mode approves.
const TEST_CARD: &str = "4242424242424242";

/// How the purchase is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Flow {
    /// `POST /checkout-sessions`, then lomi's page.
    #[default]
    Session,
    /// `POST /payment-intents`, then a card form.
    Intent,
    /// `POST /admin/payment-links`, then `GET /pay/{code}` and lomi's page.
    Link,
}

impl Flow {
    /// The flow of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "session" => Some(Self::Session),
            "intent" => Some(Self::Intent),
            "link" => Some(Self::Link),
            _ => None,
        }
    }
}

/// An order with its shopper's token.
pub(super) struct Bought {
    pub(super) order_id: String,
    pub(super) order_token: String,
}

impl Purchase<'_> {
    /// Buys one `sku`; returns once the payment was submitted.
    pub(super) async fn buy(&self, flow: Flow, sku: &str) -> Result<Bought, String> {
        match flow {
            Flow::Session => self.by_session(sku).await,
            Flow::Intent => self.by_intent(sku).await,
            Flow::Link => self.by_link(sku).await,
        }
    }

    async fn by_session(&self, sku: &str) -> Result<Bought, String> {
        let body = json!({
            "items": [{ "sku": sku, "quantity": 1 }],
            "success_url": self.return_url("return.html"),
            "cancel_url": self.return_url("cancel.html"),
            "customer_email": "awa.kone@example.com",
            "customer_name": "Awa Koné",
        });
        let created = self.post("/checkout-sessions", None, &body).await?;
        let bought = self.pay(&text(&created, "checkout_url")?).await?;
        // The fragment must name the created order.
        (bought.order_id == text(&created, "order_id")?)
            .then_some(bought)
            .ok_or_else(|| "the return page names another order".to_owned())
    }

    async fn by_intent(&self, sku: &str) -> Result<Bought, String> {
        let body = json!({
            "items": [{ "sku": sku, "quantity": 1 }],
            "customer_email": "awa.kone@example.com",
            "customer_name": "Awa Koné",
        });
        let created = self.post("/payment-intents", None, &body).await?;
        // The request of lomi's card form, from the shop's page to lomi.
        let intent = text(&created, "payment_intent_id")?;
        let url = format!("{}/_sim/card/{intent}/confirm", self.stack.urls().lomi);
        let client_secret = text(&created, "client_secret")?;
        let form = json!({ "client_secret": client_secret, "card_number": TEST_CARD, "exp": "12/34", "cvc": "123" });
        let answer: Value = self.client.send_json("POST", &url, &[], &form).await?.json()?;
        let status = answer.pointer("/paymentIntent/status").and_then(Value::as_str);
        if status != Some("succeeded") {
            return Err(format!("the card form refused the card: {status:?}"));
        }
        Ok(Bought { order_id: text(&created, "order_id")?, order_token: text(&created, "order_token")? })
    }

    async fn by_link(&self, sku: &str) -> Result<Bought, String> {
        let body = json!({
            "kind": "managed",
            "title": "Un article",
            "items": [{ "sku": sku, "quantity": 1 }],
            "max_payments": 1,
            "success_url": self.return_url("return.html"),
            "cancel_url": self.return_url("cancel.html"),
        });
        let bearer = format!("Bearer {}", self.stack.admin_token());
        let link = self.post("/admin/payment-links", Some(&bearer), &body).await?;
        let url = text(&link, "url")?;
        let opened = self.client.get(&url, &[]).await?;
        self.pay(location(&opened).ok_or_else(|| format!("{url} does not redirect ({})", opened.status))?).await
    }

    fn return_url(&self, page: &str) -> String {
        format!("{}/{page}#order_id={{ORDER_ID}}&order_token={{ORDER_TOKEN}}", self.stack.urls().shop)
    }

    async fn post(&self, path: &str, bearer: Option<&str>, body: &Value) -> Result<Value, String> {
        let url = format!("{}{path}", self.stack.urls().gateway);
        let key = system::request_id();
        let mut headers = vec![("idempotency-key", key.as_str()), ("origin", self.stack.urls().shop.as_str())];
        headers.extend(bearer.map(|bearer| ("authorization", bearer)));
        self.client.send_json("POST", &url, &headers, body).await?.json()
    }

    /// Opens the hosted page, pays with its form, and follows the redirect to the shop.
    async fn pay(&self, checkout_url: &str) -> Result<Bought, String> {
        let page = self.client.get(checkout_url, &[]).await?;
        if !page.status.is_success() {
            return Err(format!("the hosted page answers {}", page.status));
        }
        let form = Form::with_field(&page.text(), "card_number")
            .ok_or("the hosted page has no form that takes a card number")?;
        let action = page::absolute(checkout_url, &form.action)?;
        let body = form.submission(&[("card_number", TEST_CARD)]);
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        let answer = self.client.send("POST", &action, &headers, body.into()).await?;
        let back = location(&answer).ok_or_else(|| format!("the hosted page refused the card ({})", answer.status))?;
        let bought = bought(back).ok_or_else(|| format!("the return address {back} names no order"))?;
        let without_fragment = back.split('#').next().unwrap_or(back);
        let page = self.client.get(without_fragment, &[]).await?;
        page.status.is_success().then_some(bought).ok_or_else(|| format!("{without_fragment} answers {}", page.status))
    }
}

/// The order in the fragment of the return address.
fn bought(address: &str) -> Option<Bought> {
    let (_, fragment) = address.split_once('#')?;
    let member = |name: &str| {
        let mut pairs = fragment.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(key, _)| *key == name).map(|(_, value)| value.to_owned()).filter(|value| !value.is_empty())
    };
    Some(Bought { order_id: member("order_id")?, order_token: member("order_token")? })
}

fn location(answer: &Answer) -> Option<&str> {
    let location = answer.headers.get("location").and_then(|value| value.to_str().ok());
    location.filter(|_| answer.status.is_redirection())
}

fn text(answer: &Value, member: &str) -> Result<String, String> {
    let value = answer.get(member).and_then(Value::as_str).map(str::to_owned);
    value.ok_or_else(|| format!("no {member} in {answer}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_is_read_from_the_url_fragment_only() {
        let found = bought("http://shop/return.html?order_id=x#order_id=o&order_token=t").unwrap();
        assert_eq!((found.order_id.as_str(), found.order_token.as_str()), ("o", "t"));
        assert!(bought("http://shop/return.html?order_id=o&order_token=t").is_none());
        assert!(bought("http://shop/return.html#order_id=&order_token=t").is_none());
    }
}
