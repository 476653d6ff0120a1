//! `GET /admin/health`: everything that an operator has to set up or to watch.
//!
//! All checks run at the same time and have a deadline, so that one that hangs hides no other.

mod findings;
mod lomi;

use crate::http::App;
use domain::Timestamp;
use findings::Finding;
use lambda_kit::http::{Request, Response};
use lambda_kit::language::Language;
use lambda_kit::problem::Problem;
use lambda_kit::secrets::{Secret, SecretError};
use serde::Serialize;
use std::time::Duration;
use store::{Backlog, OwnOrganisation, StoreError};
use tokio::time::{Instant, timeout_at};

pub(crate) const ROUTE: &str = "GET /admin/health";

/// Longest time for all checks.
const PATIENCE: Duration = Duration::from_secs(7);
/// The reconciler runs every minute: an order that has been due for longer is not reached.
const LATE_AFTER_MS: i64 = 10 * 60 * 1000;

#[derive(Serialize)]
struct Health {
    status: &'static str,
    checks: Checks,
}

#[derive(Serialize)]
struct Checks {
    lomi_key: Check,
    environment: Check,
    organisation: Check,
    webhook_secret: Check,
    cart_token_key: Check,
    webhook_endpoint: Check,
    transactions: Check,
    refunds: Check,
    last_webhook: LastWebhook,
    table: Check,
    orders_due: OrdersDue,
    quarantine: Waiting,
}

#[derive(Serialize)]
struct Check {
    state: &'static str,
    hint: Option<&'static str>,
}

#[derive(Serialize)]
struct LastWebhook {
    #[serde(flatten)]
    check: Check,
    seen_at: Option<String>,
    seconds_since_last_webhook: Option<i64>,
}

#[derive(Serialize)]
struct OrdersDue {
    #[serde(flatten)]
    check: Check,
    count: Option<u64>,
    is_more: bool,
    oldest_due_at: Option<String>,
}

#[derive(Serialize)]
struct Waiting {
    #[serde(flatten)]
    check: Check,
    count: Option<u64>,
    is_more: bool,
}

pub(crate) async fn look(app: &App, request: &Request) -> Result<Response, Problem> {
    let deadline = request.deadline.min(Instant::now() + PATIENCE);
    let store = &app.context.store;
    let now = app.context.clock.now();
    let (lomi, organisation, webhook_secret, cart_token_key, (table, heartbeat), due, quarantine) = tokio::join!(
        lomi::look(app, request, deadline),
        in_time(deadline, store.own_organisation()),
        secret(&app.webhook_secret, findings::SECRET_MISSING, deadline),
        secret(&app.cart_token_key, findings::CART_KEY_MISSING, deadline),
        heartbeat(app, deadline),
        in_time(deadline, store.orders_due(now)),
        in_time(deadline, store.quarantine_waiting()),
    );
    let language = request.language;
    let checks = Checks {
        lomi_key: Check::of(lomi.key, language),
        environment: Check::of(lomi.environment, language),
        organisation: Check::of(learned(organisation), language),
        webhook_secret: Check::of(webhook_secret, language),
        cart_token_key: Check::of(cart_token_key, language),
        webhook_endpoint: Check::of(lomi.endpoint, language),
        transactions: Check::of(lomi.transactions, language),
        refunds: Check::of(lomi.refunds, language),
        table: Check::of(table, language),
        last_webhook: LastWebhook::of(heartbeat, now, language),
        orders_due: OrdersDue::of(due, now, language),
        quarantine: Waiting::of(quarantine, language),
    };
    Response::json(200, &Health { status: checks.status(), checks })
}

/// `None` when the answer is late or an error.
async fn in_time<T>(deadline: Instant, read: impl Future<Output = Result<T, StoreError>>) -> Option<T> {
    timeout_at(deadline, read).await.ok()?.ok()
}

/// Whether the organisation's id is stored. `webhook-handler`, which has no key, needs it to recognise this stack's
/// payments.
fn learned(own: Option<Option<OwnOrganisation>>) -> Finding {
    match own {
        None => findings::UNKNOWN,
        Some(Some(OwnOrganisation { organization_id: Some(_), .. })) => findings::OK,
        Some(_) => findings::ORGANISATION_NOT_READ,
    }
}

/// Whether the table answers, and when lomi last delivered an event. One read answers both: it gets one item by its
/// key, which need not exist. An item that cannot be parsed proves that the table answers, too.
async fn heartbeat(app: &App, deadline: Instant) -> (Finding, Option<Option<Timestamp>>) {
    match timeout_at(deadline, app.context.store.heartbeat()).await {
        Ok(Ok(seen_at)) => (findings::OK, Some(seen_at)),
        Ok(Err(StoreError::Malformed { .. })) => (findings::OK, None),
        Ok(Err(_)) | Err(_) => (findings::TABLE_UNREACHABLE, None),
    }
}

async fn secret(secret: &Secret, missing: Finding, deadline: Instant) -> Finding {
    match secret.get(deadline).await {
        Ok(_) => findings::OK,
        Err(SecretError::Missing) => missing,
        Err(SecretError::Unusable(wrong)) => findings::unusable(wrong),
        Err(SecretError::Unreachable) => findings::SECRET_UNREACHABLE,
    }
}

impl Checks {
    /// `attention` when any check has a hint.
    fn status(&self) -> &'static str {
        let all = [
            &self.lomi_key,
            &self.environment,
            &self.organisation,
            &self.webhook_secret,
            &self.cart_token_key,
            &self.webhook_endpoint,
            &self.transactions,
            &self.refunds,
            &self.last_webhook.check,
            &self.table,
            &self.orders_due.check,
            &self.quarantine.check,
        ];
        if all.iter().all(|check| check.hint.is_none()) { "ok" } else { "attention" }
    }
}

impl Check {
    fn of(finding: Finding, language: Language) -> Self {
        Self { state: finding.state, hint: finding.hint.map(|hint| hint.in_language(language)) }
    }
}

impl LastWebhook {
    fn of(heartbeat: Option<Option<Timestamp>>, now: Timestamp, language: Language) -> Self {
        let finding = match heartbeat {
            None => findings::UNKNOWN,
            Some(None) => findings::NEVER_RECEIVED,
            Some(Some(_)) => findings::OK,
        };
        let seen_at = heartbeat.flatten();
        Self {
            check: Check::of(finding, language),
            seen_at: seen_at.map(Timestamp::to_rfc3339),
            seconds_since_last_webhook: seen_at
                .map(|seen_at| checkout::webhooks::heartbeat::seconds_between(seen_at, now)),
        }
    }
}

impl OrdersDue {
    fn of(due: Option<Backlog>, now: Timestamp, language: Language) -> Self {
        let late = |oldest: Timestamp| oldest.plus_ms(LATE_AFTER_MS) < now;
        let finding = match due {
            None => findings::UNKNOWN,
            Some(due) if due.oldest.is_some_and(late) => findings::ORDERS_BACKLOG,
            Some(_) => findings::OK,
        };
        Self {
            check: Check::of(finding, language),
            count: due.map(|due| due.count),
            is_more: due.is_some_and(|due| due.is_more),
            oldest_due_at: due.and_then(|due| due.oldest).map(Timestamp::to_rfc3339),
        }
    }
}

impl Waiting {
    fn of(quarantine: Option<Backlog>, language: Language) -> Self {
        let finding = match quarantine {
            None => findings::UNKNOWN,
            Some(Backlog { count: 0, is_more: false, .. }) => findings::OK,
            Some(_) => findings::QUARANTINE_WAITING,
        };
        Self {
            check: Check::of(finding, language),
            count: quarantine.map(|waiting| waiting.count),
            is_more: quarantine.is_some_and(|waiting| waiting.is_more),
        }
    }
}
