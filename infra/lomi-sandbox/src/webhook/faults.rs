//! The faults of events: changed content, changed delivery.

use serde_json::{Value, json};

use super::event::Event;
use crate::fault::{FaultKind, FiredFault};
use crate::fixtures;
use crate::ids::IdSource;

const DEFAULT_OVERSIZE_BYTES: u64 = 300 * 1024;
const MAX_OVERSIZE_BYTES: u64 = 20 * 1024 * 1024;
const MAX_COPIES: u64 = 100;

/// How an event is delivered. The default is no fault.
#[derive(Clone, Debug, Default)]
pub(crate) struct DeliveryPlan {
    /// One entry per additional copy: whether it has its own id.
    pub(crate) copies: Vec<bool>,
    pub(crate) delay_s: u64,
    pub(crate) is_held: bool,
    pub(crate) is_lost: bool,
    /// A failure of the same payment follows.
    pub(crate) failure_follows: bool,
    pub(crate) header_event: Option<String>,
}

/// Changes the event and returns how it is delivered.
pub(crate) fn apply(event: &mut Event, fired: &[FiredFault], ids: &mut IdSource) -> DeliveryPlan {
    let mut plan = DeliveryPlan::default();
    for fault in fired {
        match fault.kind {
            FaultKind::Duplicate => plan.copies = copies(&fault.arg),
            FaultKind::Reorder => plan.is_held = true,
            FaultKind::DelayS => plan.delay_s = fault.arg.as_u64().unwrap_or(5),
            FaultKind::Lose => plan.is_lost = true,
            FaultKind::FailAfterSuccess => plan.failure_follows = true,
            FaultKind::HeaderEventMismatch => {
                plan.header_event = Some(fault.arg.as_str().unwrap_or("PAYMENT_FAILED").to_owned());
            }
            FaultKind::AliasEvent => event.name = alias(event, &fault.arg),
            _ => change_data(event, fault, ids),
        }
    }
    plan
}

/// `arg` is a number of copies, or `{"copies", "new_id"}`.
fn copies(arg: &Value) -> Vec<bool> {
    let count = arg.get("copies").unwrap_or(arg).as_u64().unwrap_or(1).min(MAX_COPIES);
    let new_id = arg.get("new_id").and_then(Value::as_bool).unwrap_or(false);
    (0..count).map(|_| new_id).collect()
}

fn alias(event: &Event, arg: &Value) -> String {
    let dotted = || event.name.to_ascii_lowercase().replacen('_', ".", 1);
    arg.as_str().map_or_else(dotted, str::to_owned)
}

fn change_data(event: &mut Event, fault: &FiredFault, ids: &mut IdSource) {
    let data = &mut event.data;
    match fault.kind {
        FaultKind::OmitFields => names(&fault.arg).for_each(|name| data.remove(name)),
        FaultKind::NullFields => names(&fault.arg).for_each(|name| data.set(name, Value::Null)),
        FaultKind::NumbersAsStrings => data.iter_mut().filter(|(_, value)| value.is_number()).for_each(|(_, value)| {
            *value = json!(value.to_string());
        }),
        FaultKind::ExtraFields => {
            data.set("unannounced", json!({"nested": [1, null, "é"]}));
            data.set("gross_amount_usd", json!(41.5));
        }
        FaultKind::WrongAmount => data.set("gross_amount", or(&fault.arg, json!(1))),
        FaultKind::WrongCurrency => data.set("currency_code", or(&fault.arg, json!("EUR"))),
        FaultKind::ForeignOrg => data.set("organization_id", json!(fixtures::ORGANIZATION_B)),
        FaultKind::UnknownOrder => {
            set_metadata(event, "order_id", or(&fault.arg, json!(ids.uuid())));
            replace_if_present(event, "checkout_session_id", json!(ids.uuid()));
        }
        FaultKind::OtherEnvironment => {
            let other = json!(event.environment.other());
            data.set("environment", other.clone());
            set_metadata(event, "payment_environment", other);
        }
        FaultKind::OversizeBody => {
            let bytes = fault.arg.as_u64().unwrap_or(DEFAULT_OVERSIZE_BYTES).min(MAX_OVERSIZE_BYTES);
            data.set("padding", json!("x".repeat(usize::try_from(bytes).unwrap_or_default())));
        }
        _ => {}
    }
}

fn names(arg: &Value) -> impl Iterator<Item = &str> {
    arg.as_array().into_iter().flatten().filter_map(Value::as_str)
}

fn or(arg: &Value, default: Value) -> Value {
    if arg.is_null() { default } else { arg.clone() }
}

fn set_metadata(event: &mut Event, name: &str, value: Value) {
    if let Some(metadata) = event.data.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.insert(name.to_owned(), value);
    }
}

fn replace_if_present(event: &mut Event, name: &str, value: Value) {
    if event.data.get(name).is_some_and(|present| !present.is_null()) {
        event.data.set(name, value);
    }
}
