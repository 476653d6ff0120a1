//! The handle that the API, the pages, the control API and the sender share.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use futures::future::join_all;
use serde_json::Value;
use tokio::sync::{Notify, broadcast};

use crate::clock::{Clock, Timestamp};
use crate::context::Context;
use crate::expiry;
use crate::model::Dispatch;
use crate::overview::overview;
use crate::settings::Settings;
use crate::snapshot;
use crate::webhook::{Answer, Delivery, Sender};

/// Above every profile's time-out.
const LONGEST_DELIVERY: Duration = Duration::from_secs(15);

/// Bounds the lines that a slow reader of [`Sim::dead_letters`] has not read.
const MAX_UNREAD_DEAD_LETTERS: usize = 100;

/// A simulator without a socket: state, clock and due work. Cheap to clone; clones share everything.
///
/// [`crate::router`] serves it over HTTP. Without a server, the embedding program calls [`Sim::run_due`], or
/// [`Sim::take_due`] and [`Sim::record_answer`] to deliver by other means.
#[derive(Clone, Debug)]
pub struct Sim(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    settings: Settings,
    clock: Clock,
    started_at: Timestamp,
    base_url: OnceLock<String>,
    context: Mutex<Context>,
    sender: OnceLock<Sender>,
    /// Counts changes.
    revision: AtomicU64,
    changed: Notify,
    finished: Notify,
    dead_letters: broadcast::Sender<String>,
}

impl Sim {
    /// Continues from the data file when there is one.
    ///
    /// # Errors
    /// The data file is damaged.
    pub fn new(settings: Settings) -> io::Result<Self> {
        let clock = Clock::new(settings.clock);
        let now = clock.now();
        let context = match settings.data_file.as_deref().map(snapshot::load).transpose()?.flatten() {
            Some(saved) => continued(saved, &settings, now),
            None => new_context(&settings, now),
        };
        let base_url = OnceLock::new();
        if let Some(url) = &settings.public_base_url {
            let _ = base_url.set(url.trim_end_matches('/').to_owned());
        }
        Ok(Self(Arc::new(Inner {
            settings,
            clock,
            started_at: now,
            base_url,
            context: Mutex::new(context),
            sender: OnceLock::new(),
            revision: AtomicU64::new(0),
            changed: Notify::new(),
            finished: Notify::new(),
            dead_letters: broadcast::Sender::new(MAX_UNREAD_DEAD_LETTERS),
        })))
    }

    /// The clock that everything here reads.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// Prefix of the pages' addresses, without a trailing slash.
    #[must_use]
    pub fn base_url(&self) -> &str {
        self.0.base_url.get_or_init(|| format!("http://{}", self.0.settings.listen))
    }

    /// Sets the prefix once the port is known, unless one is configured.
    pub(crate) fn bound_to(&self, url: String) {
        let _ = self.0.base_url.set(url);
    }

    /// Whole seconds since the start.
    pub(crate) fn uptime_s(&self) -> i64 {
        self.0.clock.now().unix_s() - self.0.started_at.unix_s()
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// Everything that the simulator knows, as `GET /_sim/state` shows it.
    #[must_use]
    pub fn state(&self) -> Value {
        self.read(overview)
    }

    /// Back to the fixtures, without faults. The clock keeps its time.
    pub(crate) fn reset(&self) {
        self.with(|context, now| *context = new_context(self.settings(), now));
    }

    /// Changes the state. Not reentrant.
    pub(crate) fn with<T>(&self, work: impl FnOnce(&mut Context, Timestamp) -> T) -> T {
        let result = work(&mut self.lock(), self.0.clock.now());
        self.0.revision.fetch_add(1, Ordering::Relaxed);
        self.0.changed.notify_one();
        result
    }

    /// Reads the state.
    pub(crate) fn read<T>(&self, work: impl FnOnce(&Context, Timestamp) -> T) -> T {
        work(&self.lock(), self.0.clock.now())
    }

    fn lock(&self) -> MutexGuard<'_, Context> {
        let mut context = self.0.context.lock().unwrap_or_else(PoisonError::into_inner);
        if self.0.settings.expiry_sweep_s == 0 {
            expiry::sweep(&mut context, 0, self.0.clock.now());
        }
        context
    }

    /// Registers a webhook endpoint for the owner of a secret key, subscribed to every payment, refund and dispute event, and
    /// returns its signing secret. An existing endpoint with this URL keeps its secret.
    ///
    /// # Errors
    /// The key is not a secret key of the fixtures.
    pub fn register_webhook(&self, api_key: &str, url: &str) -> io::Result<String> {
        self.with(|context, now| context.ensure_endpoint(api_key, url, None, now))
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "not a secret key of this simulator"))
    }

    /// When something is due next.
    #[must_use]
    pub fn next_due(&self) -> Option<Timestamp> {
        let context = self.lock();
        let delivery = context.deliveries.first().map(|(due, _)| *due);
        [delivery, context.next_end()].into_iter().flatten().min()
    }

    /// Expires what has ended and takes the deliveries that are due at `now`. Each needs a call of [`Sim::record_answer`].
    #[must_use]
    pub fn take_due(&self, now: Timestamp) -> Vec<Delivery> {
        let sweep_s = self.0.settings.expiry_sweep_s;
        let mut context = self.lock();
        expiry::sweep(&mut context, sweep_s, now);
        context.take_due(now)
    }

    /// Every dispatch with its attempts, oldest first, as `GET /_sim/outbox` shows it.
    #[must_use]
    pub fn outbox(&self) -> Value {
        self.read(|context, _| serde_json::json!(context.outbox))
    }

    /// One line for every dead letter from now on: event, URL, last answer. A reader that falls more
    /// than a hundred lines behind misses the oldest.
    #[must_use]
    pub fn dead_letters(&self) -> broadcast::Receiver<String> {
        self.0.dead_letters.subscribe()
    }

    /// Records the answer to a delivery and schedules the retry, if there is one.
    pub fn record_answer(&self, delivery: &Delivery, answer: &Answer, duration_ms: u64) {
        let dead_letter = self.with(|context, now| {
            context.record_answer(delivery, answer, duration_ms, now);
            context.outbox.get(&delivery.dispatch_id).and_then(Dispatch::dead_letter)
        });
        if let Some(line) = dead_letter {
            // Fails when there is no reader.
            let _ = self.0.dead_letters.send(line);
        }
        self.0.finished.notify_waiters();
    }

    /// Sends resends, replays and test events by `carrier` instead of HTTP. Call it once, before the first of them. Retries and
    /// first attempts are for [`Sim::take_due`].
    pub fn deliver_with<F>(&self, carrier: impl Fn(Delivery) -> F + Send + Sync + 'static)
    where
        F: Future<Output = Answer> + Send + 'static,
    {
        let _ = self.0.sender.set(Sender::custom(carrier));
    }

    /// Sends one delivery and records its answer.
    pub(crate) async fn deliver(&self, delivery: Delivery) -> Answer {
        let sender = self.0.sender.get_or_init(Sender::default);
        let (answer, duration_ms) = sender.send(&delivery).await;
        self.record_answer(&delivery, &answer, duration_ms);
        answer
    }

    /// Sends a test event, which has no dispatch.
    pub(crate) async fn send_once(&self, delivery: &Delivery) -> Answer {
        self.0.sender.get_or_init(Sender::default).send(delivery).await.0
    }

    /// Sends all that is due at `now` over HTTP and waits for the answers.
    pub async fn run_due(&self, now: Timestamp) {
        let due = self.take_due(now);
        join_all(due.into_iter().map(|delivery| self.deliver(delivery))).await;
    }

    /// Moves time forward and stops at every instant at which something is due.
    pub async fn advance(&self, by_ms: u64) {
        let target = self.0.clock.now().plus_ms(i64::try_from(by_ms).unwrap_or(i64::MAX));
        loop {
            self.idle().await;
            match self.next_due() {
                Some(due) if due <= target => {
                    self.0.clock.advance_to(due);
                    self.run_due(due.max(self.0.clock.now())).await;
                }
                _ => break,
            }
        }
        self.0.clock.advance_to(target);
        self.0.changed.notify_one();
    }

    /// Waits until no delivery is in flight, but not longer than a delivery can take.
    pub async fn idle(&self) {
        let finished = async {
            loop {
                let finished = self.0.finished.notified();
                if self.lock().in_flight == 0 {
                    return;
                }
                finished.await;
            }
        };
        let _ = tokio::time::timeout(LONGEST_DELIVERY, finished).await;
    }

    /// Waits until the state may have changed or, in real time, until the next work is due.
    pub(crate) async fn change(&self) {
        let wait_ms = match self.next_due() {
            Some(due) if self.0.clock.is_real() => due.unix_ms().saturating_sub(self.0.clock.now().unix_ms()).max(1),
            _ => i64::from(u32::MAX),
        };
        let wait = Duration::from_millis(wait_ms.unsigned_abs());
        let _ = tokio::time::timeout(wait, self.0.changed.notified()).await;
    }

    /// Waits until an idempotency key may be finished.
    pub(crate) async fn key_finished(&self) {
        let _ = tokio::time::timeout(Duration::from_millis(20), self.0.finished.notified()).await;
    }

    /// Wakes [`Sim::key_finished`] and [`Sim::idle`].
    pub(crate) fn notify_finished(&self) {
        self.0.finished.notify_waiters();
    }

    /// Changes with the state, so that an unchanged state is not written again.
    pub(crate) fn revision(&self) -> u64 {
        self.0.revision.load(Ordering::Relaxed)
    }

    /// Writes the data file, if one is set.
    pub(crate) fn save(&self) -> io::Result<()> {
        let Some(path) = &self.0.settings.data_file else { return Ok(()) };
        let bytes = serde_json::to_vec(&*self.lock()).map_err(io::Error::other)?;
        snapshot::save(path, &bytes)
    }
}

fn new_context(settings: &Settings, now: Timestamp) -> Context {
    let mut context = Context::new(settings, now);
    context.ensure_endpoints(settings, now);
    context
}

fn continued(saved: Context, settings: &Settings, now: Timestamp) -> Context {
    let mut context = saved.restore(settings, now);
    context.remove_former_endpoints(settings);
    context.ensure_endpoints(settings, now);
    context
}
