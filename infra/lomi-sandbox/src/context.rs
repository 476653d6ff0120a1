//! The state of the simulator. Everything here is synchronous, and time is an argument.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::fault::Faults;
use crate::fixtures;
use crate::http::limits::Limits;
use crate::ids::IdSource;
use crate::model::{
    BlockingInvoice, Caller, Customer, DeliveryLog, Dispatch, DispatchStatus, Dispute, Endpoint, IdempotencyRecord,
    Intent, Link, Payout, Preview, Refund, Session, SessionDetails, SessionStatus, Transaction, TransactionStatus,
};
use crate::money::{Amount, Currency};
use crate::settings::{Profile, Quirks, Settings};
use crate::table::{Row, Table};

/// What is due at which instant.
type Agenda = BTreeSet<(Timestamp, String)>;

#[derive(Debug, Serialize, Deserialize)]
// A table that an older file lacks is as in a new context.
#[serde(default)]
pub(crate) struct Context {
    // The settings decide the generation, not the file.
    #[serde(skip)]
    pub(crate) profile: Profile,
    #[serde(skip)]
    pub(crate) quirks: Quirks,
    pub(crate) sessions: Table<Session>,
    pub(crate) transactions: Table<Transaction>,
    pub(crate) customers: Table<Customer>,
    #[serde(default)]
    pub(crate) intents: Table<Intent>,
    #[serde(default)]
    pub(crate) links: Table<Link>,
    #[serde(default)]
    pub(crate) refunds: Table<Refund>,
    #[serde(default)]
    pub(crate) payouts: Table<Payout>,
    #[serde(default)]
    pub(crate) disputes: Table<Dispute>,
    #[serde(default)]
    pub(crate) previews: Table<Preview>,
    pub(crate) endpoints: Table<Endpoint>,
    pub(crate) logs: Table<DeliveryLog>,
    pub(crate) outbox: Table<Dispatch>,
    pub(crate) idempotency: Table<IdempotencyRecord>,
    /// By customer id.
    pub(crate) blocking_invoices: BTreeMap<String, BlockingInvoice>,
    #[serde(skip)]
    pub(crate) pending_tx_ttl_s: u64,
    #[serde(skip)]
    pub(crate) faults: Faults,
    #[serde(skip)]
    pub(crate) limits: Limits,
    #[serde(skip)]
    pub(crate) ids: IdSource,
    /// Apart from `ids`, so that a request that only reads changes no later id.
    #[serde(skip)]
    pub(crate) request_ids: IdSource,
    #[serde(skip)]
    pub(crate) deliveries: Agenda,
    #[serde(skip)]
    pub(crate) in_flight: usize,
    #[serde(skip)]
    /// Dispatches that wait for another event (fault `reorder`).
    pub(crate) held: Vec<String>,
    #[serde(skip)]
    pub(crate) ends: Agenda,
    #[serde(skip)]
    pub(crate) next_sweep: Timestamp,
}

impl Default for Context {
    fn default() -> Self {
        Self::new(&Settings::default(), Timestamp::default())
    }
}

impl Context {
    /// The fixtures and nothing else.
    pub(crate) fn new(settings: &Settings, now: Timestamp) -> Self {
        let mut context = Self {
            profile: settings.profile,
            quirks: Quirks::of(settings.profile),
            sessions: Table::default(),
            transactions: Table::default(),
            customers: Table::default(),
            intents: Table::default(),
            links: Table::default(),
            refunds: Table::default(),
            payouts: Table::default(),
            disputes: Table::default(),
            previews: Table::default(),
            endpoints: Table::default(),
            logs: Table::default(),
            outbox: Table::default(),
            idempotency: Table::default(),
            blocking_invoices: BTreeMap::new(),
            pending_tx_ttl_s: settings.pending_tx_ttl_s,
            faults: Faults::default(),
            limits: Limits::default(),
            ids: IdSource::new(settings.rng_seed),
            request_ids: IdSource::new(settings.rng_seed.map(|seed| !seed)),
            deliveries: Agenda::new(),
            in_flight: 0,
            held: Vec::new(),
            ends: Agenda::new(),
            next_sweep: now,
        };
        fixtures::customers(now).for_each(|customer| context.customers.insert(customer));
        context
    }

    /// Continues from a snapshot. Deliveries that were waiting are gone, as they are when lomi restarts.
    pub(crate) fn restore(mut self, settings: &Settings, now: Timestamp) -> Self {
        self.profile = settings.profile;
        self.quirks = Quirks::of(settings.profile);
        self.pending_tx_ttl_s = settings.pending_tx_ttl_s;
        self.ids = IdSource::new(settings.rng_seed.map(|seed| seed ^ now.unix_ms().unsigned_abs()));
        for dispatch in self.outbox.rows_mut() {
            if matches!(dispatch.status, DispatchStatus::Pending | DispatchStatus::Held) {
                dispatch.status = DispatchStatus::DeadLetter;
                dispatch.in_flight = false;
            }
        }
        self.idempotency.rows_mut().for_each(IdempotencyRecord::release);
        for session in self.sessions.oldest_first().filter(|session| session.status == SessionStatus::Open) {
            self.ends.insert((session.expires_at, session.checkout_session_id.clone()));
        }
        for transaction in self.transactions.oldest_first().filter(|row| row.status == TransactionStatus::Pending) {
            let end = transaction.created_at.plus_s(settings.pending_tx_ttl_s);
            self.ends.insert((end, transaction.transaction_id.clone()));
        }
        self
    }

    /// A new open session that ends after `life_min` minutes.
    pub(crate) fn open_session(
        &mut self,
        caller: &Caller,
        details: SessionDetails,
        (amount, currency_code): (Amount, Currency),
        life_min: u32,
        now: Timestamp,
    ) -> Session {
        let session = Session {
            checkout_session_id: self.ids.uuid(),
            organization_id: caller.organization_id.to_owned(),
            created_by: caller.merchant_id.to_owned(),
            environment: caller.environment,
            status: SessionStatus::Open,
            amount,
            currency_code,
            details,
            expires_at: now.plus_s(u64::from(life_min) * 60),
            created_at: now,
            updated_at: now,
        };
        self.schedule_end(session.expires_at, &session.checkout_session_id);
        self.sessions.insert(session.clone());
        session
    }

    /// Schedules the expiry of a session or a pending transaction.
    pub(crate) fn schedule_end(&mut self, instant: Timestamp, id: &str) {
        self.ends.insert((instant, id.to_owned()));
    }

    /// When the next sweep will find something.
    pub(crate) fn next_end(&self) -> Option<Timestamp> {
        self.ends.first().map(|(end, _)| (*end).max(self.next_sweep))
    }
}

/// One page of rows, newest first.
pub(crate) fn page<R: Row>(
    table: &Table<R>,
    offset: usize,
    limit: usize,
    keep: impl Fn(&&R) -> bool,
) -> impl Iterator<Item = &R> {
    table.newest_first().filter(keep).skip(offset).take(limit)
}
