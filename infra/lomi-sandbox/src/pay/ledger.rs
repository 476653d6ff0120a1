//! Transactions and payers of a session.

use serde_json::{Map, Value, json};

use super::PayForm;
use crate::clock::Timestamp;
use crate::model::{Customer, Rail, Session, Transaction, TransactionStatus};
use crate::world::World;

/// The session's transaction of this rail that can still be completed.
pub(crate) fn unfinished(world: &World, session_id: &str, rail: Option<Rail>) -> Option<String> {
    let mut rows = world.transactions.newest_first();
    let row = rows.find(|row| {
        row.checkout_session_id.as_deref() == Some(session_id)
            && rail.is_none_or(|rail| rail == row.rail)
            && row.status.may_become(TransactionStatus::Completed)
    })?;
    Some(row.transaction_id.clone())
}

/// A second try by card goes on with the first one's transaction; everything else makes a new one, pending.
pub(crate) fn transaction_for(world: &mut World, session: &Session, form: &PayForm, now: Timestamp) -> String {
    let again = unfinished(world, &session.checkout_session_id, Some(form.rail)).filter(|_| form.rail == Rail::Card);
    again.unwrap_or_else(|| open_transaction(world, session, form, now))
}

fn open_transaction(world: &mut World, session: &Session, form: &PayForm, now: Timestamp) -> String {
    let customer_id = payer(world, session, form, now);
    let (provider_transaction_id, rail_metadata) = rail_ids(world, session, form);
    let fee_amount = session.amount.permille(form.rail.fee_permille(), session.currency_code);
    let details = &session.details;
    let transaction = Transaction {
        transaction_id: world.ids.uuid(),
        organization_id: session.organization_id.clone(),
        environment: session.environment,
        customer_id: Some(customer_id),
        checkout_session_id: Some(session.checkout_session_id.clone()),
        product_id: details.product_id.clone(),
        price_id: details.price_id.clone(),
        subscription_id: details.subscription_id.clone(),
        quantity: details.quantity,
        rail: form.rail,
        status: TransactionStatus::Pending,
        description: details.description.clone().or_else(|| details.title.clone()),
        gross_amount: session.amount,
        fee_amount,
        net_amount: session.amount.minus(fee_amount),
        currency_code: session.currency_code,
        metadata: metadata(session, rail_metadata),
        provider_transaction_id,
        created_at: now,
        updated_at: now,
    };
    let id = transaction.transaction_id.clone();
    world.transactions.insert(transaction);
    let end = now.plus_s(world.pending_tx_ttl_s);
    world.ends_at(end, &id);
    id
}

/// The session's metadata and, under it, what the rail adds.
fn metadata(session: &Session, rail_metadata: Value) -> Map<String, Value> {
    let mut metadata = session.details.metadata.as_object().cloned().unwrap_or_default();
    if let Some(source) = &session.details.integration_source {
        metadata.insert("integration_source".to_owned(), json!(source));
    }
    if let Value::Object(own) = rail_metadata {
        metadata.extend(own);
    }
    metadata
}

/// The rail's id of the payment, and what the rail writes into the metadata.
fn rail_ids(world: &mut World, session: &Session, form: &PayForm) -> (String, Value) {
    let phone = form.phone.as_ref().or(session.details.customer_phone.as_ref());
    match form.rail {
        Rail::Card => {
            let intent = world.ids.token("pi_", 24);
            let own = json!({"stripe_payment_intent_id": intent, "card_country": "CI"});
            (intent, own)
        }
        Rail::Wave => {
            let own = json!({
                "wave_transaction_id": world.ids.token("T_", 10).to_ascii_uppercase(),
                "wave_payment_status": "processing",
                "payment_mobile": phone,
            });
            (world.ids.token("cos-", 20), own)
        }
        Rail::Mtn => (world.ids.uuid(), json!({"mtn_payment_status": "PENDING", "payment_mobile": phone})),
    }
}

/// Completion merges what the rail reports at the end.
pub(crate) fn mark_paid(transaction: &mut Transaction) {
    let (name, value) = match transaction.rail {
        Rail::Card => ("stripe_charge_status", "succeeded"),
        Rail::Wave => ("wave_payment_status", "succeeded"),
        Rail::Mtn => ("mtn_payment_status", "SUCCESSFUL"),
    };
    transaction.metadata.insert(name.to_owned(), json!(value));
}

/// Finds the payer by phone or e-mail, takes over the name, or makes a new one.
fn payer(world: &mut World, session: &Session, form: &PayForm, now: Timestamp) -> String {
    let details = &session.details;
    if let Some(known) = details.customer_id.as_ref().and_then(|id| world.customers.get(id)) {
        return known.customer_id.clone();
    }
    let phone = form.phone.clone().or_else(|| details.customer_phone.clone());
    let email = form.email.clone().or_else(|| details.customer_email.clone());
    let name = form.name.clone().or_else(|| details.customer_name.clone());
    let known = world.customers.rows_mut().find(|customer| {
        customer.organization_id == session.organization_id
            && customer.environment == session.environment
            && ((phone.is_some() && customer.phone_number == phone) || (email.is_some() && customer.email == email))
    });
    if let Some(known) = known {
        known.name = name.unwrap_or_else(|| known.name.clone());
        known.updated_at = now;
        return known.customer_id.clone();
    }
    let customer = Customer {
        customer_id: world.ids.uuid(),
        organization_id: session.organization_id.clone(),
        environment: session.environment,
        name: name.unwrap_or_default(),
        email,
        phone_number: phone,
        created_at: now,
        updated_at: now,
    };
    let id = customer.customer_id.clone();
    world.customers.insert(customer);
    id
}
