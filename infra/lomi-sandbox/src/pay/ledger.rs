//! Transactions and payers of a session.

use serde_json::{Map, Value, json};

use super::PayForm;
use crate::clock::Timestamp;
use crate::context::Context;
use crate::model::{Customer, CustomerDetails, Environment, Rail, Session, Transaction, TransactionStatus};
use crate::money::Amount;

/// The session's transaction of this rail that can still be completed.
pub(crate) fn unfinished(context: &Context, session_id: &str, rail: Option<Rail>) -> Option<String> {
    let mut rows = context.transactions.newest_first();
    let row = rows.find(|row| {
        row.checkout_session_id.as_deref() == Some(session_id)
            && rail.is_none_or(|rail| rail == row.rail)
            && row.status.may_become(TransactionStatus::Completed)
    })?;
    Some(row.transaction_id.clone())
}

/// A second attempt by card continues the first one's transaction. Everything else opens a new one, pending.
pub(crate) fn transaction_for(context: &mut Context, session: &Session, form: &PayForm, now: Timestamp) -> String {
    let again = unfinished(context, &session.checkout_session_id, Some(form.rail)).filter(|_| form.rail == Rail::Card);
    again.unwrap_or_else(|| open_transaction(context, session, form, now))
}

fn open_transaction(context: &mut Context, session: &Session, form: &PayForm, now: Timestamp) -> String {
    let customer_id = payer(context, session, form, now);
    let (provider_transaction_id, rail_metadata) = rail_ids(context, session, form);
    let discount_amount =
        form.coupon.map_or_else(Amount::default, |coupon| coupon.off(session.amount, session.currency_code));
    let paid = session.amount.minus(discount_amount);
    let fee_amount = paid.permille(form.rail.fee_permille(), session.currency_code);
    let details = &session.details;
    let transaction = Transaction {
        transaction_id: context.ids.uuid(),
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
        gross_amount: if context.quirks.coupons_in_gross { session.amount } else { paid },
        discount_amount,
        fee_amount,
        net_amount: paid.minus(fee_amount),
        currency_code: session.currency_code,
        metadata: metadata(session, rail_metadata),
        provider_transaction_id,
        created_at: now,
        updated_at: now,
    };
    insert(context, transaction, now)
}

/// Inserts a transaction, schedules its expiry and returns its id.
pub(super) fn insert(context: &mut Context, transaction: Transaction, now: Timestamp) -> String {
    let id = transaction.transaction_id.clone();
    context.transactions.insert(transaction);
    let end = now.plus_s(context.pending_tx_ttl_s);
    context.schedule_end(end, &id);
    id
}

/// The session's metadata, then what the rail adds.
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

/// The rail's id of the payment and its metadata.
fn rail_ids(context: &mut Context, session: &Session, form: &PayForm) -> (String, Value) {
    let phone = form.phone.as_ref().or(session.details.customer_phone.as_ref());
    match form.rail {
        Rail::Card => {
            let intent = context.ids.token("pi_", 24);
            let own = json!({"stripe_payment_intent_id": intent, "card_country": "CI"});
            (intent, own)
        }
        Rail::Wave => {
            let own = json!({
                "wave_transaction_id": context.ids.token("T_", 10).to_ascii_uppercase(),
                "wave_payment_status": "processing",
                "payment_mobile": phone,
            });
            (context.ids.token("cos-", 20), own)
        }
        Rail::Mtn => (context.ids.uuid(), json!({"mtn_payment_status": "PENDING", "payment_mobile": phone})),
    }
}

/// Adds the final status of the rail to the metadata.
pub(crate) fn mark_paid(transaction: &mut Transaction) {
    let (name, value) = match transaction.rail {
        Rail::Card => ("stripe_charge_status", "succeeded"),
        Rail::Wave => ("wave_payment_status", "succeeded"),
        Rail::Mtn => ("mtn_payment_status", "SUCCESSFUL"),
    };
    transaction.metadata.insert(name.to_owned(), json!(value));
}

fn payer(context: &mut Context, session: &Session, form: &PayForm, now: Timestamp) -> String {
    let details = &session.details;
    if let Some(known) = details.customer_id.as_ref().and_then(|id| context.customers.get(id)) {
        return known.customer_id.clone();
    }
    let payer = Payer {
        organization_id: &session.organization_id,
        environment: session.environment,
        name: form.name.as_ref().or(details.customer_name.as_ref()),
        email: form.email.as_ref().or(details.customer_email.as_ref()),
        phone: form.phone.as_ref().or(details.customer_phone.as_ref()),
    };
    find_or_create(context, &payer, now)
}

/// A session with contact details finds or creates the customer at once, before any payment.
pub(crate) fn ensure_customer(context: &mut Context, session: &Session, now: Timestamp) {
    let details = &session.details;
    if details.customer_id.is_some() || (details.customer_email.is_none() && details.customer_phone.is_none()) {
        return;
    }
    let payer = Payer {
        organization_id: &session.organization_id,
        environment: session.environment,
        name: details.customer_name.as_ref(),
        email: details.customer_email.as_ref(),
        phone: details.customer_phone.as_ref(),
    };
    find_or_create(context, &payer, now);
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Payer<'a> {
    pub(super) organization_id: &'a str,
    pub(super) environment: Environment,
    pub(super) name: Option<&'a String>,
    pub(super) email: Option<&'a String>,
    pub(super) phone: Option<&'a String>,
}

impl Payer<'_> {
    /// The same phone or e-mail is the same customer: a shared phone merges people. So does an empty phone:
    /// all payers without one are one customer.
    fn matches(&self, customer: &Customer) -> bool {
        let details = &customer.details;
        customer.organization_id == self.organization_id
            && customer.environment == self.environment
            && customer.deleted_at.is_none()
            && ((self.phone.is_some() && details.phone_number.as_ref() == self.phone)
                || (self.email.is_some() && details.email.as_ref() == self.email))
    }
}

/// Finds the payer and overwrites the row with what was sent, or creates a customer. Returns the id. Only what was not sent
/// (NULL) keeps its value; an empty text does not.
pub(super) fn find_or_create(context: &mut Context, payer: &Payer<'_>, now: Timestamp) -> String {
    if let Some(known) = context.customers.rows_mut().find(|customer| payer.matches(customer)) {
        known.details.name = payer.name.unwrap_or(&known.details.name).clone();
        known.details.email = payer.email.cloned().or_else(|| known.details.email.take());
        known.details.phone_number = payer.phone.cloned().or_else(|| known.details.phone_number.take());
        known.updated_at = now;
        return known.customer_id.clone();
    }
    let customer = Customer {
        customer_id: context.ids.uuid(),
        organization_id: payer.organization_id.to_owned(),
        environment: payer.environment,
        details: CustomerDetails {
            name: payer.name.cloned().unwrap_or_default(),
            email: payer.email.cloned(),
            phone_number: payer.phone.cloned(),
            ..CustomerDetails::default()
        },
        deleted_at: None,
        created_at: now,
        updated_at: now,
    };
    let id = customer.customer_id.clone();
    context.customers.insert(customer);
    id
}
