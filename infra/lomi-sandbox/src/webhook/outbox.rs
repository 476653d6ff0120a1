//! From an event to attempts, retries and logs. No I/O: the caller sends the attempts and records the answers.

use serde_json::{Map, Value, json};

use super::attempt::{self, Answer, Delivery};
use super::event::{Event, PAYMENT_FAILED};
use super::faults::{self, DeliveryPlan};
use crate::clock::Timestamp;
use crate::context::Context;
use crate::fault::Stage;
use crate::model::{DeliveryLog, DeliveryPath, Dispatch, DispatchStatus, Endpoint, Envelope, Environment};

/// Bounds the deliveries in flight.
const MAX_IN_FLIGHT: usize = 64;
const MAX_KEPT_ANSWER_CHARS: usize = 1000;

impl Context {
    /// Makes one dispatch per subscribed endpoint. Without one, the event is dropped silently.
    pub(crate) fn emit(&mut self, event: &Event, now: Timestamp) -> Vec<String> {
        let environment = if self.quirks.misroute_test_events { payload_environment(event) } else { event.environment };
        let receivers: Vec<String> = self
            .endpoints
            .oldest_first()
            .filter(|endpoint| endpoint.organization_id == event.organization_id)
            .filter(|endpoint| endpoint.environment == environment && endpoint.listens_to(&event.name))
            .map(|endpoint| endpoint.webhook_id.clone())
            .collect();
        self.emit_to(&receivers, event, now)
    }

    /// Makes one dispatch per endpoint, subscribed or not, and returns their ids.
    pub(crate) fn emit_to(&mut self, webhook_ids: &[String], event: &Event, now: Timestamp) -> Vec<String> {
        if webhook_ids.is_empty() {
            return Vec::new();
        }
        let mut event = event.clone();
        let fired = self.faults.fire_for_webhook(Stage::Event, &event.name);
        let plan = faults::apply(&mut event, &fired, &mut self.ids);
        let mut dispatches = self.dispatch_all(webhook_ids, &event, &plan, now);
        if plan.failure_follows {
            event.name = PAYMENT_FAILED.to_owned();
            event.data.set("status", json!("failed"));
            let after = DeliveryPlan { is_held: true, ..DeliveryPlan::default() };
            dispatches.append(&mut self.dispatch_all(webhook_ids, &event, &after, now));
        }
        dispatches
    }

    fn dispatch_all(&mut self, webhooks: &[String], event: &Event, plan: &DeliveryPlan, now: Timestamp) -> Vec<String> {
        let event_id = self.ids.uuid();
        let mut event_ids = vec![event_id.clone()];
        for own_id in &plan.copies {
            event_ids.push(if *own_id { self.ids.uuid() } else { event_id.clone() });
        }
        let mut made = Vec::new();
        for webhook_id in webhooks {
            for event_id in &event_ids {
                let dispatch = Dispatch {
                    dispatch_id: self.ids.uuid(),
                    organization_id: event.organization_id.clone(),
                    webhook_id: webhook_id.clone(),
                    event: event.name.clone(),
                    header_event: plan.header_event.clone().unwrap_or_else(|| event.name.clone()),
                    event_id: event_id.clone(),
                    fixed_timestamp: None,
                    data: event.data.clone(),
                    path: event.path,
                    status: first_status(plan),
                    due_at: now.plus_s(plan.delay_s),
                    in_flight: false,
                    attempts: Vec::new(),
                    created_at: now,
                };
                made.push(dispatch.dispatch_id.clone());
                self.enqueue(dispatch);
            }
        }
        made
    }

    pub(crate) fn enqueue(&mut self, dispatch: Dispatch) {
        match dispatch.status {
            DispatchStatus::Pending => {
                self.deliveries.insert((dispatch.due_at, dispatch.dispatch_id.clone()));
            }
            DispatchStatus::Held => self.held.push(dispatch.dispatch_id.clone()),
            DispatchStatus::Delivered | DispatchStatus::DeadLetter | DispatchStatus::Lost => {}
        }
        self.outbox.insert(dispatch);
    }

    /// Starts the attempts that are due.
    pub(crate) fn take_due(&mut self, now: Timestamp) -> Vec<Delivery> {
        let mut taken = Vec::new();
        while self.in_flight < MAX_IN_FLIGHT
            && let Some((due, dispatch_id)) = self.deliveries.first().cloned()
            && due <= now
        {
            self.deliveries.pop_first();
            taken.extend(self.begin(&dispatch_id, now));
        }
        taken
    }

    /// Starts one attempt. `None` when the endpoint or the dispatch is gone, when a retry finds its endpoint inactive,
    /// or when an attempt is in flight.
    pub(crate) fn begin(&mut self, dispatch_id: &str, now: Timestamp) -> Option<Delivery> {
        let dispatch = self.outbox.get(dispatch_id).filter(|dispatch| !dispatch.in_flight)?;
        let is_retry = !dispatch.attempts.is_empty();
        let endpoint = self.endpoints.get(&dispatch.webhook_id).filter(|endpoint| endpoint.is_active || !is_retry);
        let Some(endpoint) = endpoint else {
            self.outbox.get_mut(dispatch_id)?.status = DispatchStatus::DeadLetter;
            return None;
        };
        let churns = self.quirks.id_churn
            && match dispatch.path {
                DeliveryPath::Direct => true,
                DeliveryPath::Queued => self.profile.is_current(),
                DeliveryPath::Once => false,
            };
        let event_id = if churns { self.ids.uuid() } else { dispatch.event_id.clone() };
        let fired = self.faults.fire_for_webhook(Stage::Attempt, &dispatch.event);
        let input = attempt::AttemptInput {
            profile: self.profile,
            reserialises: self.quirks.cli_reserialise,
            fired: &fired,
            event_id,
            now,
        };
        let started = attempt::write(dispatch, endpoint, input);
        let timeout_ms = self.profile.webhook_timeout_ms();
        let delivery = Delivery::new(dispatch_id, &started, timeout_ms);
        let dispatch = self.outbox.get_mut(dispatch_id)?;
        self.deliveries.remove(&(dispatch.due_at, dispatch_id.to_owned()));
        dispatch.in_flight = true;
        dispatch.attempts.push(started);
        self.in_flight += 1;
        Some(delivery)
    }

    /// Records the answer: delivered, dead letter, or due for a retry.
    pub(crate) fn record_answer(&mut self, delivery: &Delivery, answer: &Answer, duration_ms: u64, now: Timestamp) {
        let profile = self.profile;
        let Some(dispatch) = self.outbox.get_mut(&delivery.dispatch_id).filter(|dispatch| dispatch.in_flight) else {
            return;
        };
        dispatch.in_flight = false;
        self.in_flight = self.in_flight.saturating_sub(1);
        let done = dispatch.attempts.len();
        if let Some(attempt) = dispatch.attempts.last_mut() {
            attempt.duration_ms = Some(duration_ms);
            attempt.response_status = answer.status();
            attempt.response_body = answer.body().map(shortened);
            attempt.error = answer.error().map(str::to_owned);
        }
        let wait_s = if answer.is_terminal() { None } else { dispatch.path.wait_s(profile, done) };
        dispatch.status = match wait_s {
            _ if answer.is_success() => DispatchStatus::Delivered,
            None => DispatchStatus::DeadLetter,
            Some(wait_s) => {
                dispatch.due_at = now.plus_s(wait_s);
                self.deliveries.insert((dispatch.due_at, dispatch.dispatch_id.clone()));
                DispatchStatus::Pending
            }
        };
        let webhook_id = dispatch.webhook_id.clone();
        self.update_endpoint(&webhook_id, answer, now);
        self.log(&delivery.dispatch_id, answer, duration_ms, now);
        self.release_held(&webhook_id, now);
    }

    fn update_endpoint(&mut self, webhook_id: &str, answer: &Answer, now: Timestamp) {
        if let Some(endpoint) = self.endpoints.get_mut(webhook_id) {
            endpoint.last_triggered_at = Some(now);
            endpoint.last_response_status = answer.status();
            endpoint.last_response_body = answer.body().map(shortened);
            endpoint.retry_count = if answer.is_success() { 0 } else { endpoint.retry_count.saturating_add(1) };
        }
    }

    /// As incomplete as the logs of lomi: the queue writes no row when its retries run out, and the direct path logs a
    /// failure with an envelope that was never sent.
    fn log(&mut self, dispatch_id: &str, answer: &Answer, duration_ms: u64, now: Timestamp) {
        let Some(dispatch) = self.outbox.get(dispatch_id).filter(|row| row.status != DispatchStatus::Pending) else {
            return;
        };
        let ran_out = !answer.is_success() && !answer.is_terminal();
        if ran_out && dispatch.path == DeliveryPath::Queued {
            return;
        }
        let Some(attempt) = dispatch.attempts.last() else { return };
        let Ok(mut payload) = serde_json::from_str::<Envelope>(&attempt.body) else { return };
        if !answer.is_success() && dispatch.path == DeliveryPath::Direct {
            payload.id = self.ids.uuid();
            payload.timestamp = now;
        }
        let log = DeliveryLog {
            log_id: self.ids.uuid(),
            webhook_id: dispatch.webhook_id.clone(),
            organization_id: dispatch.organization_id.clone(),
            event_type: dispatch.event.clone(),
            payload,
            response_status: answer.status(),
            response_body: answer.body().map(shortened),
            attempt_number: dispatch.attempts.len(),
            success: answer.is_success(),
            headers: Value::Object(headers_object(&attempt.headers)),
            request_duration_ms: duration_ms,
            ip_address: None,
            user_agent: attempt::USER_AGENT.to_owned(),
            created_at: now,
        };
        self.logs.insert(log);
    }

    /// Makes the held events of this endpoint due.
    pub(crate) fn release_held(&mut self, webhook_id: &str, now: Timestamp) {
        for dispatch_id in std::mem::take(&mut self.held) {
            let Some(dispatch) = self.outbox.get_mut(&dispatch_id) else { continue };
            if dispatch.webhook_id != webhook_id {
                self.held.push(dispatch_id);
                continue;
            }
            dispatch.status = DispatchStatus::Pending;
            dispatch.due_at = now;
            self.deliveries.insert((now, dispatch_id));
        }
    }

    /// Makes every waiting dispatch due now, held ones included.
    pub(crate) fn make_all_due(&mut self, now: Timestamp) {
        let mut waiting: Vec<String> = std::mem::take(&mut self.deliveries).into_iter().map(|(_, id)| id).collect();
        waiting.append(&mut self.held);
        for dispatch_id in waiting {
            if let Some(dispatch) = self.outbox.get_mut(&dispatch_id) {
                dispatch.status = DispatchStatus::Pending;
                dispatch.due_at = now;
                self.deliveries.insert((now, dispatch_id));
            }
        }
    }

    /// Starts a single attempt with this content, without retries.
    pub(crate) fn begin_once(&mut self, endpoint: &Endpoint, envelope: Envelope, now: Timestamp) -> Option<Delivery> {
        let dispatch_id = self.ids.uuid();
        self.outbox.insert(Dispatch {
            dispatch_id: dispatch_id.clone(),
            organization_id: endpoint.organization_id.clone(),
            webhook_id: endpoint.webhook_id.clone(),
            header_event: envelope.event.clone(),
            event: envelope.event,
            event_id: envelope.id,
            fixed_timestamp: Some(envelope.timestamp),
            data: envelope.data,
            path: DeliveryPath::Once,
            status: DispatchStatus::Pending,
            due_at: now,
            in_flight: false,
            attempts: Vec::new(),
            created_at: now,
        });
        self.begin(&dispatch_id, now)
    }
}

const fn first_status(plan: &DeliveryPlan) -> DispatchStatus {
    match (plan.is_lost, plan.is_held) {
        (true, _) => DispatchStatus::Lost,
        (false, true) => DispatchStatus::Held,
        (false, false) => DispatchStatus::Pending,
    }
}

/// The environment by the payload alone: live without a marker.
pub(crate) fn payload_environment(event: &Event) -> Environment {
    let metadata = event.data.get("metadata");
    let marker = event.data.get("environment").or_else(|| metadata?.get("payment_environment"));
    let is_test_mode = || metadata.and_then(|metadata| metadata.get("test_mode")) == Some(&Value::Bool(true));
    match marker.and_then(Value::as_str).and_then(|name| name.parse().ok()) {
        Some(environment) => environment,
        None if marker.is_none() && is_test_mode() => Environment::Test,
        None => Environment::Live,
    }
}

fn headers_object(headers: &[(String, String)]) -> Map<String, Value> {
    headers.iter().map(|(name, value)| (name.clone(), json!(value))).collect()
}

fn shortened(text: &str) -> String {
    text.chars().take(MAX_KEPT_ANSWER_CHARS).collect()
}
