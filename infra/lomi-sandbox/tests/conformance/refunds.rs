use lomi_sandbox::{Profile, fixtures};
use serde_json::{Value, json};

use crate::support::{Lomi, Reply, lomi_and_shop};

async fn refund(lomi: &Lomi, transaction: &str, amount: Value) -> Reply {
    let key = format!("{transaction} {amount} {}", lomi.state().await["idempotency_keys"]);
    carry_out(lomi, &key, &json!({"transaction_id": transaction, "amount": amount, "reason": "r"})).await
}

/// Both calls where there are two: the answer to the one that gives money back, or to a preview that was refused.
async fn carry_out(lomi: &Lomi, key: &str, body: &Value) -> Reply {
    let first = lomi.post_once("/refunds", &format!("{key} preview"), body).await;
    match first.status {
        201 if first.json()["requires_confirmation"] == true => confirm(lomi, key, body, &first).await,
        _ => first,
    }
}

async fn confirm(lomi: &Lomi, key: &str, body: &Value, preview: &Reply) -> Reply {
    let mut confirmed = body.clone();
    confirmed["confirmation_token"] = preview.json()["confirmation_token"].clone();
    lomi.post_once("/refunds", key, &confirmed).await
}

async fn status(lomi: &Lomi, transaction: &str) -> Value {
    lomi.get(&format!("/transactions/{transaction}")).await.json()["status"].clone()
}

#[tokio::test]
async fn only_a_full_refund_changes_the_transaction() {
    for profile in [Profile::Current, Profile::June2026, Profile::Seeds] {
        let lomi = Lomi::start(profile).await;
        let transaction = lomi.payment(json!({"method": "card"})).await;
        let partial = refund(&lomi, &transaction, json!(5000)).await;
        assert_eq!(partial.status, 201, "{partial:?}");
        let answer = partial.json();
        assert_eq!((&answer["success"], &answer["refunded_amount"]), (&json!(true), &json!(5000)));
        assert_eq!((&answer["status"], &answer["transaction_id"]), (&json!("completed"), &json!(transaction)));
        assert_eq!(status(&lomi, &transaction).await, "completed");
        let whole = lomi.payment(json!({"method": "wave"})).await;
        assert_eq!(refund(&lomi, &whole, json!(25000)).await.status, 201);
        assert_eq!(status(&lomi, &whole).await, "refunded");
        assert_eq!(refund(&lomi, &whole, json!(1)).await.status, 400);
    }
}

#[tokio::test]
async fn partial_refunds_add_up_to_the_payment_and_no_further() {
    let lomi = Lomi::start(Profile::Current).await;
    let transaction = lomi.payment(json!({"method": "card"})).await;
    assert_eq!(refund(&lomi, &transaction, json!(10000)).await.status, 201);
    assert_eq!(refund(&lomi, &transaction, json!(15001)).await.status, 400);
    assert_eq!(refund(&lomi, &transaction, json!(25000)).await.status, 400);
    assert_eq!(refund(&lomi, &transaction, json!(15000)).await.status, 201);
    assert_eq!(refund(&lomi, &transaction, json!(1)).await.status, 400);
    assert_eq!(lomi.get("/refunds").await.json()["data"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn an_invalid_refund_is_refused() {
    let lomi = Lomi::start(Profile::Current).await;
    let transaction = lomi.payment(json!({"method": "card"})).await;
    for amount in [json!(0), json!(-5), json!("5"), json!(25001), Value::Null] {
        assert_eq!(refund(&lomi, &transaction, amount).await.status, 400);
    }
    assert_eq!(refund(&lomi, "7", json!(5)).await.status, 400);
    assert_eq!(refund(&lomi, "7c0dd2f4-52a1-4f0e-9a53-0f6f2a1b9c11", json!(5)).await.status, 404);
    let stranger = [("x-api-key", fixtures::TEST_KEY_B), ("idempotency-key", "k")];
    let body = json!({"transaction_id": transaction, "amount": 5});
    assert_eq!(lomi.send("POST", "/refunds", &stranger, &body).await.unwrap().status, 404);
    lomi.charge("k").await;
    let pending = lomi.state().await["transactions"][1]["transaction_id"].as_str().unwrap().to_owned();
    assert_eq!(refund(&lomi, &pending, json!(5)).await.status, 400);
    assert_eq!(lomi.state().await["refunds"], json!([]));
}

#[tokio::test]
async fn one_cent_over_counts_as_a_full_refund() {
    let lomi = Lomi::start(Profile::Current).await;
    let one = lomi.payment(json!({"method": "card"})).await;
    assert_eq!(refund(&lomi, &one, json!(25000.01)).await.json()["refunded_amount"], 25000);
    let two = lomi.payment(json!({"method": "card"})).await;
    let body = json!({"transaction_id": two, "amount": 5, "refund_type": "full"});
    assert_eq!(carry_out(&lomi, "full", &body).await.json()["refunded_amount"], 25000);
    assert_eq!(status(&lomi, &two).await, "refunded");
}

#[tokio::test]
async fn the_rail_decides_what_is_refundable() {
    for (profile, mtn) in [(Profile::Current, 201), (Profile::June2026, 400), (Profile::Seeds, 400)] {
        let lomi = Lomi::start(profile).await;
        let transaction = lomi.payment(json!({"method": "mtn"})).await;
        assert_eq!(refund(&lomi, &transaction, json!(25000)).await.status, mtn, "{profile:?}");
        let faceless = lomi.payment(json!({"method": "wave", "email": "x@y.ci"})).await;
        assert_eq!(refund(&lomi, &faceless, json!(5000)).await.status, 400);
        let reachable = lomi.payment(json!({"method": "wave", "phone": "+2250700000009"})).await;
        assert_eq!(refund(&lomi, &reachable, json!(5000)).await.status, 201);
    }
}

#[tokio::test]
async fn a_partial_wave_refund_is_paid_to_the_customers_number() {
    let lomi = Lomi::start(Profile::Current).await;
    let transaction = lomi.payment(json!({"method": "wave", "email": "awa@x.ci", "phone": "+2250700000001"})).await;
    let customer = lomi.state().await["transactions"][0]["customer_id"].as_str().unwrap().to_owned();
    let path = format!("/customers/{customer}");
    for (change, phone) in [
        (json!({}), "+2250700000001"),
        (json!({"phone_number": "+2250700000002"}), "+2250700000002"),
        (json!({"phone_number": "", "whatsapp_number": "+2250700000003"}), "+2250700000003"),
    ] {
        lomi.call("PATCH", &path, &change).await;
        assert_eq!(refund(&lomi, &transaction, json!(1000)).await.status, 201);
        let payouts = lomi.state().await["payouts"].as_array().unwrap().clone();
        assert_eq!(
            (&payouts.last().unwrap()["phone"], &payouts.last().unwrap()["amount"]),
            (&json!(phone), &json!(1000))
        );
    }
    lomi.call("PATCH", &path, &json!({"whatsapp_number": ""})).await;
    assert_eq!(refund(&lomi, &transaction, json!(1000)).await.status, 400);
    assert_eq!(refund(&lomi, &transaction, json!(24000)).await.status, 400, "no phone to pay out to");
    assert_eq!(lomi.state().await["payouts"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn a_payout_can_leave_although_the_answer_is_400() {
    let lomi = Lomi::start(Profile::Current).await;
    let transaction = lomi.payment(json!({"method": "wave", "phone": "+2250700000001"})).await;
    lomi.post("/_sim/profile", json!({"quirks": {"payout_rows_lost": true}})).await;
    assert_eq!(refund(&lomi, &transaction, json!(5000)).await.status, 400);
    lomi.post("/_sim/profile", json!({"quirks": {"payout_rows_lost": false}})).await;
    assert_eq!(refund(&lomi, &transaction, json!(20000)).await.status, 201);
    assert_eq!(refund(&lomi, &transaction, json!(20000)).await.status, 400, "above the remaining amount, and paid out");
    let state = lomi.state().await;
    assert_eq!((state["payouts"].as_array().unwrap().len(), state["refunds"].as_array().unwrap().len()), (3, 1));
}

#[tokio::test]
async fn refunds_are_listed_and_read_by_their_owner() {
    let lomi = Lomi::start(Profile::Current).await;
    let transaction = lomi.payment(json!({"method": "card"})).await;
    let made = refund(&lomi, &transaction, json!(5000)).await.json();
    let path = format!("/refunds/{}", made["refund_id"].as_str().unwrap());
    let read = lomi.get(&path).await.json();
    let names = [
        "amount",
        "created_at",
        "fee_amount",
        "metadata",
        "reason",
        "refund_id",
        "refunded_amount",
        "status",
        "transaction_id",
        "updated_at",
    ];
    assert_eq!(read.as_object().unwrap().keys().collect::<Vec<_>>(), names);
    assert_eq!(read["reason"], "r");
    let count =
        async |query: &str| lomi.get(&format!("/refunds?{query}")).await.json()["data"].as_array().unwrap().len();
    assert_eq!((count("status=completed").await, count("status=failed").await), (1, 0));
    assert_eq!((count("startDate=2026-06-20").await, count("endDate=2026-06-19").await), (1, 0));
    assert_eq!(count("limit=1").await, 1);
    assert_eq!(lomi.as_stranger("GET", &path).await.status, 404);
    assert_eq!(lomi.as_stranger("GET", "/refunds").await.json()["data"], json!([]));
    assert_eq!(lomi.get("/refunds/re_1").await.status, 400);
    assert_eq!(lomi.get("/refunds/7c0dd2f4-52a1-4f0e-9a53-0f6f2a1b9c11").await.status, 404);
}

#[tokio::test]
async fn refund_events_exist_only_in_current() {
    for profile in [Profile::Current, Profile::June2026, Profile::Seeds] {
        let (lomi, shop, _) = lomi_and_shop(profile).await;
        let transaction = lomi.payment(json!({"method": "card"})).await;
        let made = refund(&lomi, &transaction, json!(5000)).await.json();
        lomi.advance(0).await;
        let fail = format!("/_sim/refunds/{}/fail", made["refund_id"].as_str().unwrap());
        assert_eq!(lomi.post(&fail, Value::Null).await.json()["status"], "failed");
        lomi.post(&fail, Value::Null).await;
        lomi.advance(0).await;
        let refunds: Vec<_> = shop.received().into_iter().filter(|one| one.event().starts_with("REFUND")).collect();
        let mut events: Vec<String> = refunds.iter().map(crate::support::Received::event).collect();
        events.sort();
        if profile != Profile::Current {
            assert!(events.is_empty(), "{events:?}");
            continue;
        }
        assert_eq!(events, ["REFUND_COMPLETED", "REFUND_CREATED", "REFUND_FAILED"]);
        for event in refunds {
            let data = &event.json()["data"];
            assert_eq!((&data["refund_id"], &data["environment"]), (&made["refund_id"], &json!("test")));
            assert!(event.text().contains(r#""data":{"refund_id":"#), "{}", event.text());
        }
    }
}

#[tokio::test]
async fn a_failed_refund_makes_room_for_another() {
    let lomi = Lomi::start(Profile::Current).await;
    let transaction = lomi.payment(json!({"method": "card"})).await;
    let made = refund(&lomi, &transaction, json!(20000)).await.json();
    assert_eq!(refund(&lomi, &transaction, json!(20000)).await.status, 400);
    lomi.post(&format!("/_sim/refunds/{}/fail", made["refund_id"].as_str().unwrap()), Value::Null).await;
    assert_eq!(refund(&lomi, &transaction, json!(20000)).await.status, 201);
}

#[tokio::test]
async fn a_later_payout_leaves_the_refund_pending_and_takes_a_fee() {
    let lomi = Lomi::start(Profile::Current).await;
    let transaction = lomi.payment(json!({"method": "card"})).await;
    lomi.post("/_sim/profile", json!({"quirks": {"refunds_paid_out_later": true}})).await;
    let made = refund(&lomi, &transaction, json!(5000)).await.json();
    assert_eq!((&made["status"], &made["refunded_amount"]), (&json!("pending"), &json!(0)));
    let id = made["refund_id"].as_str().unwrap();
    let numbers = async || {
        let row = lomi.get(&format!("/refunds/{id}")).await.json();
        ["status", "amount", "refunded_amount", "fee_amount"].map(|name| row[name].clone())
    };
    assert_eq!(numbers().await, [json!("pending"), json!(5000), json!(0), json!(0)]);
    assert_eq!(refund(&lomi, &transaction, json!(20001)).await.status, 400, "it counts all the same");
    for _ in 0..2 {
        lomi.post(&format!("/_sim/refunds/{id}/pay-out"), Value::Null).await;
        assert_eq!(numbers().await, [json!("completed"), json!(5000), json!(4850), json!(150)]);
    }
    lomi.post("/_sim/profile", json!({"quirks": {"refund_fields_dropped": ["amount"]}})).await;
    assert_eq!(numbers().await[1], Value::Null);
}

#[tokio::test]
async fn in_current_a_refund_needs_a_key_and_happens_once() {
    let lomi = Lomi::start(Profile::Current).await;
    let transaction = lomi.payment(json!({"method": "card"})).await;
    let body = json!({"transaction_id": transaction, "amount": 5000});
    let refused = lomi.post("/refunds", body.clone()).await;
    assert_eq!((refused.status, refused.error_code().as_str()), (400, "idempotency_key_required"));
    let first = carry_out(&lomi, "k", &body).await;
    let again = carry_out(&lomi, "k", &body).await;
    assert_eq!((&first.text, again.header("idempotency-cache-hit")), (&again.text, "true"));
    let other = json!({"transaction_id": transaction, "amount": 6000});
    assert_eq!(lomi.post_once("/refunds", "k", &other).await.status, 409);
    assert_eq!(lomi.state().await["refunds"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_preview_token_executes_one_refund_once() {
    let lomi = Lomi::start(Profile::Current).await;
    let transaction = lomi.payment(json!({"method": "wave", "phone": "+2250700000001"})).await;
    let body = json!({"transaction_id": transaction, "amount": 5000});
    let preview = lomi.post_once("/refunds", "p", &body).await;
    assert_eq!((preview.status, &preview.json()["requires_confirmation"]), (201, &json!(true)));
    let shown = json!({"transaction_id": transaction, "amount": 5000, "currency_code": "XOF"});
    assert_eq!(preview.json()["preview"], shown);
    let state = lomi.state().await;
    assert_eq!((&state["refunds"], &state["payouts"]), (&json!([]), &json!([])));
    assert_eq!(confirm(&lomi, "k1", &body, &preview).await.status, 201);
    let used = confirm(&lomi, "k2", &body, &preview).await;
    assert_eq!((used.status, used.error_code().as_str()), (400, "confirmation_token_invalid"));
    assert_eq!(lomi.state().await["payouts"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_preview_token_is_bound_to_its_body_and_expires() {
    let lomi = Lomi::start(Profile::Current).await;
    let transaction = lomi.payment(json!({"method": "card"})).await;
    let body = |amount: u32| json!({"transaction_id": transaction, "amount": amount});
    let preview = lomi.post_once("/refunds", "p", &body(5000)).await;
    assert_eq!(confirm(&lomi, "k1", &body(6000), &preview).await.error_code(), "confirmation_token_invalid");
    lomi.advance(15 * 60).await;
    assert_eq!(confirm(&lomi, "k2", &body(5000), &preview).await.error_code(), "confirmation_token_invalid");
    let stale = lomi.post_once("/refunds", "p", &body(5000)).await;
    assert_eq!(stale.text, preview.text, "a key repeats its first answer, outdated or not");
}

#[tokio::test]
async fn a_preview_token_may_require_its_previews_key() {
    let lomi = Lomi::start(Profile::Current).await;
    let transaction = lomi.payment(json!({"method": "card"})).await;
    let body = json!({"transaction_id": transaction, "amount": 5000});
    lomi.post("/_sim/profile", json!({"quirks": {"refund_token_bound_to_key": true}})).await;
    let preview = lomi.post_once("/refunds", "p", &body).await;
    assert_eq!(confirm(&lomi, "k", &body, &preview).await.error_code(), "confirmation_token_invalid");
    assert_eq!(confirm(&lomi, "p", &body, &preview).await.status, 201);
    assert_eq!(lomi.state().await["refunds"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_key_may_not_see_the_token() {
    let lomi = Lomi::start(Profile::Current).await;
    let transaction = lomi.payment(json!({"method": "card"})).await;
    let body = json!({"transaction_id": transaction, "amount": 5000});
    let preview = lomi.post_once("/refunds", "p", &body).await;
    assert_eq!(confirm(&lomi, "p", &body, &preview).await.status, 409, "the body is another one");
    lomi.post("/_sim/profile", json!({"quirks": {"refund_token_unseen_by_keys": true}})).await;
    let shown_again = confirm(&lomi, "p", &body, &preview).await;
    assert_eq!(shown_again.text, preview.text, "nothing is carried out under this key");
    assert_eq!(lomi.state().await["refunds"], json!([]));
}

#[tokio::test]
async fn a_refund_can_be_recorded_and_answered_with_an_error() {
    for (profile, refunds) in [(Profile::Current, 1), (Profile::June2026, 2)] {
        let lomi = Lomi::start(profile).await;
        let transaction = lomi.payment(json!({"method": "card"})).await;
        lomi.fault(json!({"target": "POST /refunds", "kind": "commit_then_500"})).await;
        let body = json!({"transaction_id": transaction, "amount": 5000});
        assert_eq!(carry_out(&lomi, "k", &body).await.status, 500);
        assert_eq!(lomi.get("/refunds").await.json()["data"].as_array().unwrap().len(), 1);
        assert_eq!(carry_out(&lomi, "k", &body).await.status, 201);
        let recorded = lomi.state().await["refunds"].as_array().unwrap().len();
        assert_eq!(recorded, refunds, "{profile:?}: a blind retry without idempotency refunds twice");
    }
}

#[tokio::test]
async fn a_fault_hits_the_intended_call() {
    let lomi = Lomi::start(Profile::Current).await;
    let transaction = lomi.payment(json!({"method": "card"})).await;
    let body = json!({"transaction_id": transaction, "amount": 5000});
    lomi.fault(json!({"target": "POST /refunds (preview)", "kind": "status", "arg": 503})).await;
    assert_eq!(carry_out(&lomi, "k", &body).await.status, 503);
    assert_eq!(carry_out(&lomi, "k", &body).await.status, 201);
}

#[tokio::test]
async fn a_disputed_charge_is_refundable_only_after_a_win() {
    let (lomi, shop, _) = lomi_and_shop(Profile::Current).await;
    let transaction = lomi.payment(json!({"method": "card"})).await;
    let path = format!("/_sim/transactions/{transaction}/dispute");
    assert_eq!(lomi.post(&path, json!({"turn": "updated"})).await.status, 409);
    for turn in [json!({"turn": "created"}), json!({"turn": "updated"}), json!({"turn": "closed"})] {
        assert_eq!(lomi.post(&path, turn).await.status, 201);
        assert_eq!(refund(&lomi, &transaction, json!(5000)).await.status, 400);
    }
    assert_eq!(lomi.post(&path, json!({"turn": "created"})).await.status, 409);
    lomi.post(&path, json!({"turn": "closed", "status": "won"})).await;
    assert_eq!(refund(&lomi, &transaction, json!(5000)).await.status, 201);
    lomi.advance(0).await;
    let received = shop.received().into_iter().find(|one| one.event() == "DISPUTE_CREATED").unwrap().json();
    let names: Vec<_> = received["data"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(names, ["amount", "currency_code", "dispute_id", "reason", "status", "transaction_id"]);
    let older = Lomi::start(Profile::June2026).await;
    let transaction = older.payment(json!({"method": "card"})).await;
    let path = format!("/_sim/transactions/{transaction}/dispute");
    assert_eq!(older.post(&path, json!({"turn": "created"})).await.status, 400);
}
