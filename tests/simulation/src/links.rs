//! Payment links: the part of the stack that creates and opens them.

use std::collections::BTreeMap;
use std::future::ready;
use std::num::NonZeroU32;

use checkout::payment_links::{self, IdempotentRequest, LinkAnswer, LinkError, NewLink, OpenError};
use checkout::sessions::Created;
use domain::{Currency, Fingerprint, IdempotencyKey, LinkCode, LinkPrice, Money, Price, RedirectPolicy};
use lomi_client::{Amount, CreatePaymentLink, CurrencyCode, LinkTarget};
use serde_json::json;
use store::Answer;

use crate::stack::{CREATE, Stack};

impl Stack {
    /// `POST /admin/payment-links` for a link of ours: so many francs, so many payments. The answer is its code.
    pub async fn make_link(&self, key: &str, francs: i64, max_payments: u32) -> Option<Result<LinkAnswer, LinkError>> {
        let new = NewLink {
            title: "Cotisation".to_owned(),
            description: None,
            price: LinkPrice::Amount(Price::Fixed(Money::new(francs, Currency::Xof).expect("an amount"))),
            max_payments: NonZeroU32::new(max_payments),
            expires_at: None,
            metadata: BTreeMap::new(),
            success_url: None,
            cancel_url: None,
        };
        let keyed = keyed(key, francs);
        self.invoke("link", CREATE, async |_| {
            payment_links::create(&self.context, &keyed, new, |link| answer(link.code.as_str())).await
        })
        .await
    }

    /// `POST /admin/payment-links` for a link of lomi.'s own. The answer is its id.
    pub async fn make_native_link(&self, key: &str, francs: i64) -> Option<Result<LinkAnswer, LinkError>> {
        let target = LinkTarget::Instant { amount: Amount::from_scaled(francs, 0).expect("an amount") };
        let currency = CurrencyCode::parse("XOF").expect("a currency");
        let metadata = [("campagne".to_owned(), "rentrée".to_owned())].into();
        let link = CreatePaymentLink { metadata, ..CreatePaymentLink::new(target, "Cotisation", currency) };
        let keyed = keyed(key, francs);
        self.invoke("native_link", CREATE, async |deadline| {
            let lomi = || ready(Some(self.client.clone()));
            payment_links::create_native(&self.context, &keyed, &link, lomi, deadline, |made| {
                answer(made.payment_link_id.as_str())
            })
            .await
        })
        .await
    }

    /// `GET /pay/{code}`.
    pub async fn open_link(&self, code: &str) -> Option<Result<Created, OpenError>> {
        let code = LinkCode::parse(code).expect("a link's code");
        let policy = RedirectPolicy::new(["https://shop.example"], false).expect("an origin");
        let url = |path: &str| policy.allow(&format!("https://shop.example/{path}")).expect("an allowed address");
        let returns = (url("thanks"), url("cart"));
        self.invoke("open_link", CREATE, async |deadline| {
            let opening = payment_links::check(&self.context, &code, |_| None).await?;
            payment_links::open(&self.context, opening, returns, || ready(Some(self.client.clone())), deadline).await
        })
        .await
    }
}

fn keyed(key: &str, francs: i64) -> IdempotentRequest {
    IdempotentRequest {
        idempotency_key: IdempotencyKey::parse(key).expect("a key"),
        fingerprint: Fingerprint::of("link", &json!({ "amount": francs })),
    }
}

fn answer(name: &str) -> Option<Answer> {
    Some(Answer { status: 201, body: name.to_owned() })
}
