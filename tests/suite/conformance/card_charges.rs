//! Card charges: create, get, cancel, under the path of each generation.

use lomi_client::{
    AppearanceTheme, Buyer, CardChargeStatus, CreateCardCharge, CurrencyCode, NewCardCharge, Outcome, TransactionStatus,
};
use lomi_sandbox::fixtures;
use serde_json::json;

use super::context::{Context, assert_refused, francs, key};

in_both_profiles! {
    a_charge_is_made_and_read_back,
    a_confirmed_charge_has_succeeded,
    a_charge_for_a_known_customer_is_theirs,
    a_cancelled_charge_cannot_be_cancelled_again,
    a_charge_asked_for_twice_with_one_key_is_one_charge,
    a_muted_rail_answers_503,
    a_charge_is_asked_for_under_the_path_of_its_generation,
}

fn charge() -> CreateCardCharge {
    let buyer = Buyer::Guest { customer_email: "ada@shop.example".into(), customer_name: "Ada Kouassi".into() };
    CreateCardCharge {
        appearance_theme: Some(AppearanceTheme::Flat),
        metadata: [("order_id".into(), "A-1007".into())].into(),
        ..CreateCardCharge::new(francs(25_000), CurrencyCode::XOF, buyer)
    }
}

async fn charged(context: &Context) -> NewCardCharge {
    context.client.card_charges().create(&charge(), key("charge-A-1007")).send().await.unwrap()
}

async fn a_charge_is_made_and_read_back(context: Context) {
    let new = charged(&context).await;
    assert!(new.client_secret.expose().starts_with(new.charge.payment_intent_id.as_str()));
    assert_eq!(new.appearance.as_ref().and_then(|looks| looks.theme.as_deref()), Some("flat"));
    let read = context.client.card_charges().get(&new.charge.payment_intent_id).send().await.unwrap();
    for seen in [&new.charge, &read] {
        assert_eq!(seen.payment_intent_id, new.charge.payment_intent_id);
        assert_eq!(seen.status, CardChargeStatus::RequiresPaymentMethod);
        assert_eq!((seen.original_amount, seen.original_currency), (Some(francs(25_000)), Some(CurrencyCode::XOF)));
        assert_eq!(seen.processor_amount_minor, Some(francs(3_811)));
        assert!(seen.processor_currency.is_some());
    }
    assert_eq!(read.transaction.and_then(|row| row.status), Some(TransactionStatus::Pending));
}

async fn a_confirmed_charge_has_succeeded(context: Context) {
    let new = charged(&context).await;
    let id = new.charge.payment_intent_id;
    context.lomi.confirm_card(id.as_str(), new.client_secret.expose()).await;
    let read = context.client.card_charges().get(&id).send().await.unwrap();
    assert_eq!(read.status, CardChargeStatus::Succeeded);
    let transaction = read.transaction.unwrap();
    assert_eq!(transaction.status, Some(TransactionStatus::Completed));
    let paid = context.client.transactions().get(&transaction.transaction_id).send().await.unwrap();
    assert_eq!((paid.gross_amount, paid.metadata.text("order_id")), (Some(francs(25_000)), Some("A-1007")));
}

async fn a_charge_for_a_known_customer_is_theirs(context: Context) {
    let customer_id = fixtures::CUSTOMER_A.parse().unwrap();
    let wish = CreateCardCharge { buyer: Buyer::Customer { customer_id }, ..charge() };
    let new = context.client.card_charges().create(&wish, key("charge-known")).send().await.unwrap();
    let read = context.client.card_charges().get(&new.charge.payment_intent_id).send().await.unwrap();
    let id = read.transaction.unwrap().transaction_id;
    let transaction = context.client.transactions().get(&id).send().await.unwrap();
    assert_eq!(transaction.customer_id.unwrap().as_str(), fixtures::CUSTOMER_A);
}

async fn a_cancelled_charge_cannot_be_cancelled_again(context: Context) {
    let id = charged(&context).await.charge.payment_intent_id;
    let cancel = || context.client.card_charges().cancel(&id).send();
    assert_eq!(cancel().await.unwrap(), CardChargeStatus::Canceled);
    // lomi answers 500, which proves nothing: the charge has to be read.
    let error = assert_refused(cancel().await, 500, Outcome::Unknown);
    assert_eq!(error.attempts(), 1, "a write without a key is not repeated");
    let read = context.client.card_charges().get(&id).send().await.unwrap();
    assert_eq!(read.status, CardChargeStatus::Canceled);
}

async fn a_charge_asked_for_twice_with_one_key_is_one_charge(context: Context) {
    let (first, again) = (charged(&context).await, charged(&context).await);
    assert_eq!(first, again);
    assert_eq!(context.lomi.transactions().await.len(), 1);
}

async fn a_muted_rail_answers_503(context: Context) {
    context.lomi.quirks(json!({ "card_rail_muted": true })).await;
    let answer = context.client.card_charges().create(&charge(), key("charge-muted")).send().await;
    let error = assert_refused(answer, 503, Outcome::Unknown);
    // The newest generation repeats the stored refusal, and the client then stops.
    assert_eq!((error.is_replay(), error.attempts()), if context.is_current() { (true, 2) } else { (false, 3) });
    assert_eq!(context.lomi.transactions().await.len(), 0);
}

async fn a_charge_is_asked_for_under_the_path_of_its_generation(context: Context) {
    let path = if context.is_current() { "/charge/card" } else { "/payment-intents" };
    // A fault that changes nothing and counts the calls.
    for route in [format!("POST {path}"), format!("GET {path}/{{id}}"), format!("POST {path}/{{id}}/cancel")] {
        context.lomi.fault(json!({ "target": route, "kind": "latency_ms", "arg": 0 })).await;
    }
    let id = charged(&context).await.charge.payment_intent_id;
    context.client.card_charges().get(&id).send().await.unwrap();
    context.client.card_charges().cancel(&id).send().await.unwrap();
    assert_eq!(context.lomi.faults_fired().await, 3);
}
