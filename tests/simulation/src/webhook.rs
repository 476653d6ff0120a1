//! The stack's own webhook: lomi's endpoints, the stored secrets, and the rules between the two.

use std::collections::BTreeSet;
use std::time::Duration;

use checkout::webhook_registration::{EVENTS, Known, NECESSARY, Status, Wanted, ensure, marker, remove};
use domain::Timestamp;
use lomi_client::NewWebhookEndpoint;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::lomi::{HOOK, Lomi};
use crate::secrets::Secrets;
use crate::stack::Stack;
use crate::time::Time;

/// The deadline of `webhook-endpoint` for its work, and Lambda's time-out.
const ENDPOINT: [Duration; 2] = [Duration::from_millis(30_800), Duration::from_secs(31)];
/// How long lomi retries an event before it stops for good.
const RETRIES_S: i64 = 75;

impl Stack {
    /// One run of `webhook-endpoint` that registers the webhook. `None` when it died.
    ///
    /// The order of the two reads and the storing of a fresh secret repeat the function's own.
    pub async fn ensure_webhook(&self, rotate: bool) -> Option<Status> {
        let slot = self.secrets.slot(&self.air);
        self.invoke("endpoint", ENDPOINT, async |deadline| {
            let Ok(version) = slot.version(deadline).await else { return Status::SecretsUnreachable };
            let known = Known { version: version.as_deref(), rotate, now: self.context.clock.now() };
            let keep = async |new: &NewWebhookEndpoint, by: Instant| {
                slot.put(new.secret.expose(), new.endpoint.webhook_endpoint_id.as_str(), by).await.ok()
            };
            let ended = ensure(&self.client, &wanted(), &known, keep, deadline).await;
            ended.unwrap_or_else(|error| Status::of_error(&error))
        })
        .await
    }

    /// One run that removes the webhook, when the stack is deleted.
    pub async fn remove_webhook(&self) -> Option<Status> {
        let slot = self.secrets.slot(&self.air);
        self.invoke("endpoint", ENDPOINT, async |deadline| {
            let Ok(version) = slot.version(deadline).await else { return Status::NotRemoved };
            let known = Known { version: version.as_deref(), rotate: false, now: self.context.clock.now() };
            remove(&self.client, &wanted(), &known, deadline).await.unwrap_or(Status::NotRemoved)
        })
        .await
    }

    /// As after a first deployment: lomi has no endpoint of this stack, and no secret is stored.
    pub async fn without_webhook(&self) {
        for endpoint in self.lomi.endpoints() {
            self.lomi.change_endpoint("DELETE", &endpoint, &Value::Null).await;
        }
        self.secrets.empty();
    }

    /// The merchant has other webhooks too: one of another stack of theirs, and one of another shop.
    pub async fn with_neighbours(&self) {
        for (url, description) in
            [("https://other.example/webhooks/lomi", marker("other")), ("https://shop.example/hook", marker("lomi"))]
        {
            let body = json!({ "url": url, "authorized_events": ["PAYMENT_SUCCEEDED"], "description": description });
            let (status, answer) = self.lomi.manage("/webhooks", &body).await;
            assert_eq!(status, 201, "{answer}");
        }
    }

    /// From now on checks the webhook after every effect.
    pub fn watch_webhook(&self) {
        let mut watchman = Watchman {
            lomi: self.lomi.clone(),
            secrets: self.secrets.clone(),
            time: self.time,
            trusted: BTreeSet::new(),
            is_registered: false,
        };
        drop(watchman.look());
        self.air.watch.set(move || watchman.look());
    }

    /// Rules that the webhook breaks although a run has just reported success.
    #[must_use]
    pub fn unsound_webhook(&self) -> Vec<String> {
        let known = self.secrets.known();
        let Some(current) = known.first() else { return vec!["no secret is stored".to_owned()] };
        let own = own(&self.lomi);
        let Some(endpoint) = own.iter().find(|endpoint| endpoint["webhook_id"] == current.id.as_str()) else {
            return vec![format!("the stored secret is of {}, which is not there", current.id)];
        };
        let hears =
            |event: &str| endpoint["authorized_events"].as_array().is_some_and(|all| all.iter().any(|e| e == event));
        // Older generations take no subscription for the newer names.
        let is_newest = self.lomi.ledger()["profile"] == "current";
        let mut heard = EVENTS.iter().take(if is_newest { EVENTS.len() } else { NECESSARY });
        let holds = [
            ("the stored secret is another one", endpoint["secret"] == current.text.as_str()),
            ("it is paused", endpoint["is_active"] == true),
            ("it hears too little", heard.all(|event| hears(event.as_str()))),
        ];
        holds.iter().filter(|(_, is_so)| !is_so).map(|(what, _)| format!("{}: {what}", current.id)).collect()
    }
}

fn wanted() -> Wanted {
    Wanted { url: HOOK.to_owned(), own_url: None, marker: marker("lomi") }
}

fn own(lomi: &Lomi) -> Vec<Value> {
    lomi.endpoints().into_iter().filter(|endpoint| endpoint["url"] == HOOK).collect()
}

/// Compares the endpoints with the secrets, from the first moment at which one matches the other.
struct Watchman {
    lomi: Lomi,
    secrets: Secrets,
    time: Time,
    /// The endpoints whose secret was stored at some time.
    trusted: BTreeSet<String>,
    /// Whether payment events were ever delivered.
    is_registered: bool,
}

impl Watchman {
    fn look(&mut self) -> Vec<String> {
        let (standing, known) = (own(&self.lomi), self.secrets.known());
        let verifies = |endpoint: &&Value| known.iter().any(|version| endpoint["secret"] == version.text.as_str());
        let good: Vec<&Value> = standing.iter().filter(verifies).collect();
        let is_told = good.iter().any(|endpoint| endpoint["is_active"] == true);
        let mut findings = Vec::new();
        if self.is_registered && !is_told {
            findings.push("nobody tells of a payment made now in a way that can be verified".to_owned());
        }
        for id in &self.trusted {
            match standing.iter().find(|endpoint| endpoint["webhook_id"] == id.as_str()) {
                Some(endpoint) if !verifies(&endpoint) => {
                    findings.push(format!("{id} stands, and its secret is known no more: its events are refused"));
                }
                None if !good.iter().any(|endpoint| self.is_settled(endpoint)) => {
                    findings.push(format!("{id} went while lomi. may have had events on their way to it"));
                }
                Some(_) | None => {}
            }
        }
        let ids = |all: &[&Value]| all.iter().filter_map(|e| e["webhook_id"].as_str().map(str::to_owned)).collect();
        let there: BTreeSet<String> = ids(&standing.iter().collect::<Vec<_>>());
        self.trusted.retain(|id| there.contains(id));
        self.trusted.extend::<BTreeSet<String>>(ids(&good));
        self.is_registered |= is_told;
        findings
    }

    /// Whether lomi has no event in flight from before this endpoint existed.
    fn is_settled(&self, endpoint: &Value) -> bool {
        let made_at = endpoint["created_at"].as_str().and_then(Timestamp::parse_rfc3339);
        made_at.is_some_and(|made_at| made_at.as_s() + RETRIES_S <= self.time.now().as_s())
    }
}
