//! The merchant's stack: the use cases on the real store adapter and the real client, one process per invocation.

use std::cell::{Cell, RefCell};
use std::future::ready;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use checkout::reconcile::{Report, Run};
use checkout::refunds::{RefundError, RefundOrder, Refunded, refund};
use checkout::sessions::card_intent::{CancelError, CancelledIntent, cancel_intent};
use checkout::sessions::order_status::{self, Shown, StatusError};
use checkout::sessions::{CreateCheckout, CreateError, Created, create_checkout};
use checkout::system::{Clock, Entropy};
use checkout::webhooks::receive;
use checkout::{Context, KnownOrganisation};
use domain::{Environment, Order};
use lomi_client::Client;
use lomi_client::webhook::{self, LEGACY_HEADER, Signatures, V1_HEADER, WebhookSecret, sign, verify};
use lomi_sandbox::{Answer, Delivery, Profile};
use serde_json::Value;
use tokio::time::Instant;

use crate::dynamodb::DynamoDb;
use crate::faults::Faults;
use crate::lomi::{HOOK, Lomi};
use crate::process::{self, Blow, Process};
use crate::secrets::Secrets;
use crate::time::Time;
use crate::trace::Trace;
use crate::watch::Watch;
use crate::wire::Air;

/// The deadlines that the functions give their use cases, and Lambda's own time-outs.
pub(crate) const CREATE: [Duration; 2] = [Duration::from_secs(22), Duration::from_secs(25)];
const WEBHOOK: [Duration; 2] = [Duration::from_secs(3), Duration::from_secs(3)];
const ORDERS: [Duration; 2] = [Duration::from_secs(12), Duration::from_secs(15)];
const RECONCILER: [Duration; 2] = [Duration::from_secs(45), Duration::from_secs(50)];

/// Selects the kills and freezes of each process.
type Blows = Box<dyn Fn(&'static str, u32) -> (i64, Vec<(u32, Blow)>)>;

/// One stack, one lomi, one table.
pub struct Stack {
    /// The table.
    pub dynamodb: DynamoDb,
    /// lomi.
    pub lomi: Lomi,
    /// The time of this schedule.
    pub time: Time,
    /// The fault injector.
    pub faults: Arc<Faults>,
    /// The trace of all events.
    pub trace: Trace,
    pub(crate) context: Context,
    pub(crate) client: Client,
    /// The webhook secret as the stack knows it.
    pub secrets: Secrets,
    pub(crate) air: Air,
    blows: RefCell<Blows>,
    started: AtomicU32,
    steps: RefCell<Vec<(u32, &'static str, u32)>>,
    hits: Cell<u32>,
}

impl Stack {
    /// An empty stack. All its randomness comes from `seed`.
    #[must_use]
    pub fn new(seed: u64, profile: Profile, faults: Faults) -> Self {
        // The SDK draws its back-off from the thread's generator.
        fastrand::seed(seed);
        let time = Time::start();
        let trace = Trace::new(time);
        let faults = Arc::new(faults);
        let air = Air { faults: Arc::clone(&faults), trace: trace.clone(), watch: Watch::default() };
        let dynamodb = DynamoDb::new();
        let (lomi, secret) = Lomi::new(seed, profile, time);
        let context = Context {
            store: dynamodb.store(&air),
            clock: Clock::new(move || time.now().plus_ms(process::skew_ms())),
            entropy: entropy(seed),
            environment: Environment::Sandbox,
            organisation: KnownOrganisation::default(),
        };
        let client = lomi.client(&air, seed);
        dynamodb.learn_organisation(client.key_fingerprint());
        Self {
            client,
            dynamodb,
            lomi,
            time,
            faults,
            trace,
            context,
            secrets: Secrets::new(&secret),
            air,
            blows: RefCell::new(Box::new(|_, _| (0, Vec::new()))),
            started: AtomicU32::new(0),
            steps: RefCell::default(),
            hits: Cell::default(),
        }
    }

    /// From now on kills and freezes processes: maps the name and number of a process to its clock offset and its
    /// kills by step.
    pub fn strike(&self, blows: impl Fn(&'static str, u32) -> (i64, Vec<(u32, Blow)>) + 'static) {
        *self.blows.borrow_mut() = Box::new(blows);
    }

    /// Rules that were broken after some effect.
    #[must_use]
    pub fn seen(&self) -> Vec<String> {
        self.air.watch.findings()
    }

    /// From now on checks `eye` after every effect.
    pub fn watch(&self, eye: impl FnMut() -> Vec<String> + Send + 'static) {
        self.air.watch.set(eye);
    }

    pub(crate) fn hits(&self) -> u32 {
        self.hits.get()
    }

    /// The number of steps of each finished process, in the order of their starts.
    #[must_use]
    pub fn steps(&self) -> Vec<(&'static str, u32)> {
        let mut steps = self.steps.borrow().clone();
        steps.sort_unstable();
        steps.into_iter().map(|(_, name, steps)| (name, steps)).collect()
    }

    /// `POST /checkout-sessions` and `POST /payment-intents`. `None` when the process died: the client got a 5xx.
    pub async fn create(&self, request: &CreateCheckout) -> Option<Result<Created, CreateError>> {
        self.invoke("create", CREATE, async |deadline| {
            create_checkout(&self.context, request, || ready(Some(self.client.clone())), deadline).await
        })
        .await
    }

    /// `GET /orders/{order_id}`.
    pub async fn status(&self, id: &str, token: &str) -> Option<Result<Shown, StatusError>> {
        self.invoke("status", ORDERS, async |deadline| {
            order_status::status(&self.context, id, token, || ready(Some(self.client.clone())), deadline).await
        })
        .await
    }

    /// `POST /orders/{order_id}/cancel`.
    pub async fn cancel(&self, id: &str, token: &str) -> Option<Result<Order, StatusError>> {
        self.invoke("cancel", ORDERS, async |_| order_status::cancel(&self.context, id, token).await).await
    }

    /// `POST /admin/payment-intents/{id}/cancel`.
    pub async fn cancel_intent(&self, id: &str) -> Option<Result<CancelledIntent, CancelError>> {
        self.invoke("cancel_intent", CREATE, async |deadline| {
            cancel_intent(&self.context, id, || ready(Some(self.client.clone())), deadline).await
        })
        .await
    }

    /// `POST /admin/orders/{order_id}/refunds`.
    pub async fn refund(&self, request: &RefundOrder) -> Option<Result<Refunded, RefundError>> {
        self.invoke("refund", ORDERS, async |deadline| {
            refund(&self.context, request, || ready(Some(self.client.clone())), deadline, &mut Report::default()).await
        })
        .await
    }

    /// One scheduled run. `None` when it died or DynamoDB did not return what is due.
    pub async fn reconcile(&self) -> Option<Report> {
        let run = self.invoke("reconcile", RECONCILER, async |deadline| {
            let mut report = Report::default();
            Run::new(&self.context, &self.client, deadline, &mut report).reconcile().await.map(|()| report)
        });
        run.await?.ok()
    }

    /// The time until something is due for the reconciler; `None` when nothing ever is.
    #[must_use]
    pub fn due_in(&self) -> Option<Duration> {
        let due_ms = self.dynamodb.first_due_ms()?;
        let wait_ms = due_ms.saturating_sub(self.time.now().as_ms());
        Some(Duration::from_millis(u64::try_from(wait_ms).unwrap_or_default()))
    }

    /// One delivery at `POST /webhooks/lomi`, and the answer that lomi sees.
    pub async fn receive(&self, delivery: &Delivery) -> Answer {
        if !self.is_meant(delivery) {
            return Answer::Status { status: 200, body: "somebody else's".to_owned() };
        }
        let header = |name: &str| {
            let found = delivery.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
            found.map(|(_, value)| value.as_str())
        };
        let signatures = Signatures { legacy: header(LEGACY_HEADER), v1: header(V1_HEADER) };
        self.hear(signatures, &delivery.body).await
    }

    /// Whether the delivery is addressed to this stack.
    #[must_use]
    pub fn is_meant(&self, delivery: &Delivery) -> bool {
        delivery.url == HOOK
    }

    /// The same delivery, signed with lomi's current secret.
    pub(crate) async fn receive_signed(&self, delivery: &Delivery, secret: &str) -> Answer {
        self.hear_signed(&delivery.body, secret).await
    }

    /// The merchant stores a new webhook secret; the previous one stays valid for a day.
    pub(crate) fn rotate_secret(&self, fresh: &str) {
        self.secrets.put_in(fresh);
    }

    /// One delivery of `event`, signed as lomi signs.
    pub async fn tell(&self, event: &Value) -> Answer {
        let secret = self.secrets.known().into_iter().next().expect("a secret");
        self.hear_signed(&event.to_string(), &secret.text).await
    }

    async fn hear_signed(&self, body: &str, secret: &str) -> Answer {
        let signature = sign(&WebhookSecret::parse(secret).expect("a secret of lomi."), body.as_bytes());
        self.hear(Signatures { legacy: Some(&signature), v1: None }, body).await
    }

    async fn hear(&self, signatures: Signatures<'_>, body: &str) -> Answer {
        let Some(secrets) = self.known_secrets() else {
            return Answer::Status { status: 503, body: "no_secret".to_owned() };
        };
        let Ok(body) = verify(signatures, body.as_bytes(), &secrets) else {
            self.trace.note(format_args!("webhook answers 401"));
            return Answer::Status { status: 401, body: String::new() };
        };
        let ingested = self.invoke("webhook", WEBHOOK, async |_| receive(&self.context, body).await).await;
        let (status, body) = match ingested {
            Some(Ok(outcome)) => (200, format!("{outcome:?}").split(['(', ' ']).next().unwrap_or_default().to_owned()),
            Some(Err(error)) => (503, error.reason().to_owned()),
            None => (502, "died".to_owned()),
        };
        self.trace.note(format_args!("webhook answers {status} {body}"));
        Answer::Status { status, body }
    }

    /// `None` before a secret is stored.
    fn known_secrets(&self) -> Option<webhook::Secrets> {
        let known = self.secrets.known();
        let parsed = known.iter().map(|version| WebhookSecret::parse(&version.text).expect("a secret of lomi."));
        let parsed: Vec<_> = parsed.collect();
        (!parsed.is_empty()).then(|| webhook::Secrets::new(parsed).expect("at most two secrets"))
    }

    pub(crate) async fn invoke<T>(
        &self,
        name: &'static str,
        [budget, limit]: [Duration; 2],
        work: impl AsyncFnOnce(Instant) -> T,
    ) -> Option<T> {
        let number = self.started.fetch_add(1, Ordering::Relaxed) + 1;
        let (skew_ms, blows) = (self.blows.borrow())(name, number);
        let process = Process::new(name, number, skew_ms, blows);
        let done = Arc::clone(&process).run(limit, work(Instant::now() + budget)).await;
        self.steps.borrow_mut().push((number, name, process.steps()));
        self.hits.set(self.hits.get() + process.hits());
        if done.is_none() {
            self.trace.note(format_args!("{name}#{number} died"));
        }
        done
    }
}

fn entropy(seed: u64) -> Entropy {
    let source = Mutex::new(fastrand::Rng::with_seed(!seed));
    Entropy::new(move || {
        let mut bytes = [0; 32];
        source.lock().unwrap_or_else(PoisonError::into_inner).fill(&mut bytes);
        bytes
    })
}
