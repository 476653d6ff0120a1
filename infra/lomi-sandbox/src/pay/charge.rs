//! A card charge: first an intent at the processor, then a pending transaction here. lomi has the same order and the same gap.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::ledger::{self, Payer};
use crate::clock::Timestamp;
use crate::context::Context;
use crate::model::{Caller, Intent, IntentStatus, Rail, Transaction, TransactionStatus};
use crate::money::{Amount, Currency};

/// A validated request for a card charge.
#[derive(Clone, Debug)]
pub(crate) struct Charge {
    pub(crate) amount: Amount,
    pub(crate) currency: Currency,
    pub(crate) payer: ChargePayer,
    pub(crate) description: Option<String>,
    pub(crate) payment_reference: Option<String>,
    pub(crate) product_id: Option<String>,
    pub(crate) subscription_id: Option<String>,
    pub(crate) quantity: u32,
    pub(crate) metadata: Map<String, Value>,
}

/// Who pays: a customer of the merchant, or a guest.
#[derive(Clone, Debug)]
pub(crate) enum ChargePayer {
    /// May not exist.
    Customer(String),
    Guest {
        name: String,
        email: String,
        /// Empty when none was sent.
        phone: String,
    },
}

/// Opens the intent and its transaction. `None` when the customer does not exist: then the intent is an orphan.
pub(crate) fn open(context: &mut Context, caller: &Caller, charge: &Charge, now: Timestamp) -> Option<Intent> {
    let customer_id = match &charge.payer {
        ChargePayer::Customer(id) => id.clone(),
        ChargePayer::Guest { name, email, phone } => {
            let payer = Payer {
                organization_id: caller.organization_id,
                environment: caller.environment,
                name: Some(name),
                email: Some(email),
                // lomi writes an empty text to its database when no phone was sent, not NULL.
                phone: Some(phone),
            };
            ledger::find_or_create(context, &payer, now)
        }
    };
    let intent_id = open_intent(context, caller, charge, now);
    let is_own = |id: &str| {
        context.customers.get(id).is_some_and(|row| {
            row.organization_id == caller.organization_id
                && row.environment == caller.environment
                && row.deleted_at.is_none()
        })
    };
    if !is_own(&customer_id) {
        return None;
    }
    let transaction = transaction(context, caller, charge, (customer_id, intent_id.clone()), now);
    let transaction_id = ledger::insert(context, transaction, now);
    let intent = context.intents.get_mut(&intent_id)?;
    intent.transaction_id = Some(transaction_id);
    Some(intent.clone())
}

fn open_intent(context: &mut Context, caller: &Caller, charge: &Charge, now: Timestamp) -> String {
    let id = context.ids.token("pi_", 24);
    let intent = Intent {
        client_secret: context.ids.token(&format!("{id}_secret_"), 25),
        id: id.clone(),
        environment: caller.environment,
        amount: charge.amount.processor_cents(charge.currency),
        currency: charge.currency.processor_code().to_owned(),
        original_amount: charge.amount,
        original_currency: charge.currency,
        status: IntentStatus::RequiresPaymentMethod,
        description: charge.description.clone(),
        metadata: processor_metadata(caller, charge),
        transaction_id: None,
        challenged_card: None,
        created_at: now,
    };
    context.intents.insert(intent);
    id
}

/// Values are text. The payment reference is sent nowhere else.
///
/// The caller's entries overwrite lomi's own (public source of lomi's card charges of June 2026). Nothing checks the caller's
/// `organization_id`.
fn processor_metadata(caller: &Caller, charge: &Charge) -> BTreeMap<String, String> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let own = json!({
        "organization_id": caller.organization_id,
        "merchant_id": caller.merchant_id,
        "environment": caller.environment,
        "source": "api",
        "original_amount": charge.amount,
        "original_currency": charge.currency,
        "payment_reference": charge.payment_reference,
        "subscription_id": charge.subscription_id,
    });
    let own = own.as_object().cloned().unwrap_or_default();
    let written = own.iter().filter(|(_, value)| !value.is_null()).chain(&charge.metadata);
    written.map(|(name, value)| (name.clone(), text(value))).collect()
}

fn transaction(
    context: &mut Context,
    caller: &Caller,
    charge: &Charge,
    (customer_id, intent_id): (String, String),
    now: Timestamp,
) -> Transaction {
    let fee_amount = charge.amount.permille(Rail::Card.fee_permille(), charge.currency);
    Transaction {
        transaction_id: context.ids.uuid(),
        organization_id: caller.organization_id.to_owned(),
        environment: caller.environment,
        customer_id: Some(customer_id),
        checkout_session_id: None,
        product_id: charge.product_id.clone(),
        price_id: None,
        subscription_id: charge.subscription_id.clone(),
        quantity: charge.quantity,
        rail: Rail::Card,
        status: TransactionStatus::Pending,
        description: charge.description.clone(),
        gross_amount: charge.amount,
        discount_amount: Amount::default(),
        fee_amount,
        net_amount: charge.amount.minus(fee_amount),
        currency_code: charge.currency,
        metadata: charge.metadata.clone(),
        provider_transaction_id: intent_id,
        created_at: now,
        updated_at: now,
    }
}

pub(crate) fn transaction_of(context: &Context, intent: &Intent) -> Value {
    let row = intent.transaction_id.as_ref().and_then(|id| context.transactions.get(id));
    json!(row.map(|row| json!({"transaction_id": row.transaction_id, "status": row.status})))
}
