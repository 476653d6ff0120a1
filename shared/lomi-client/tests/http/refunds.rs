//! Refunds and providers in the shapes of every generation.

use crate::support::{Lomi, OBJECT_ID, Reply, json, key, received, unsent};
use lomi_client::{
    Amount, ConfirmationToken, CreateRefund, ErrorKind, Outcome, RefundAnswer, RefundId, RefundStatus, RefundType,
    SubscriptionAction, TransactionId,
};

const REFUND_ID: &str = "5a3f8d0e-1b2c-4d3e-8f4a-6b7c8d9e0f11";

fn refund() -> CreateRefund {
    CreateRefund::new(TransactionId::parse(OBJECT_ID).unwrap(), Amount::from_scaled(5_000, 0).unwrap())
}

fn created() -> String {
    format!(
        r#"{{"success":true,"refund_id":"{REFUND_ID}","transaction_id":"{OBJECT_ID}","refunded_amount":5000,"status":"completed","message":"ok"}}"#
    )
}

fn row() -> String {
    format!(
        r#"{{"refund_id":"{REFUND_ID}","transaction_id":"{OBJECT_ID}","amount":5000,"refunded_amount":4900.5,"fee_amount":99.5,"reason":"broken","status":"pending","metadata":null,"created_at":"2026-06-20T09:13:11.020Z","updated_at":"2026-06-20T09:13:11.020Z"}}"#
    )
}

#[tokio::test]
async fn a_refund_is_created_with_its_key() {
    let full = CreateRefund {
        reason: Some("broken".to_owned()),
        refund_type: Some(RefundType::Partial),
        subscription_action: Some(SubscriptionAction::None),
        ..refund()
    };
    let request = received(json("201 Created", &created()), async |client| {
        let answer = client.refunds().create(&full, key()).send().await.unwrap();
        let RefundAnswer::Executed(refund) = answer else { panic!("{answer:?}") };
        assert_eq!((refund.refund_id.as_str(), refund.status), (REFUND_ID, RefundStatus::Completed));
        assert_eq!(refund.refunded_amount, Amount::from_scaled(5_000, 0));
        assert_eq!(refund.amount, None);
    });
    let request = request.await;
    assert_eq!(request.line, "POST /refunds HTTP/1.1");
    assert_eq!(request.headers["idempotency-key"], "order-A-1007");
    let expected = format!(
        r#"{{"transaction_id":"{OBJECT_ID}","amount":5000,"reason":"broken","refund_type":"partial","subscription_action":"none"}}"#
    );
    assert_eq!(request.body, expected);
}

#[tokio::test]
async fn a_preview_moves_nothing_and_its_token_goes_along() {
    let preview = format!(
        r#"{{"requires_confirmation":true,"confirmation_token":"ct_9fK2mB7q","expires_at":"2026-11-30T10:15:00.000Z","preview":{{"transaction_id":"{OBJECT_ID}","amount":5000,"fee_amount":"150","currency_code":"XOF"}}}}"#
    );
    let lomi = Lomi::start(vec![json("200 OK", &preview)]).await;
    let answer = lomi.client().refunds().create(&refund(), key()).send().await.unwrap();
    let RefundAnswer::Preview(preview) = answer else { panic!("{answer:?}") };
    assert_eq!(preview.transaction_id.as_deref(), Some(OBJECT_ID));
    assert_eq!((preview.amount, preview.fee_amount), (Amount::from_scaled(5_000, 0), Amount::from_scaled(150, 0)));
    assert!(!format!("{preview:?}").contains("9fK2mB7q"), "it moves money");
    let confirmed = refund().confirmed_by(preview.token);
    let body = format!(r#"{{"transaction_id":"{OBJECT_ID}","amount":5000,"confirmation_token":"ct_9fK2mB7q"}}"#);
    assert_eq!(confirmed.to_json(), Some(body));
}

#[tokio::test]
async fn an_ambiguous_refund_answer_is_unknown() {
    let both = created().replacen('{', r#"{"requires_confirmation":true,"confirmation_token":"ct_1","#, 1);
    for body in [both.as_str(), r#"{"requires_confirmation":true}"#, r#"{"requires_confirmation":false}"#, "{}"] {
        let lomi = Lomi::start(vec![json("201 Created", body)]).await;
        let error = lomi.client().refunds().create(&refund(), key()).send().await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::UnusableAnswer, Outcome::Unknown), "{body}");
    }
}

#[test]
fn a_token_is_visible_ascii_of_bounded_length() {
    for text in ["", "a b", "é", "line\n", &"x".repeat(1025)] {
        assert_eq!(ConfirmationToken::parse(text), None, "{text:?}");
    }
    assert!(ConfirmationToken::parse(&"x".repeat(1024)).is_some());
}

#[tokio::test]
async fn a_refused_key_or_token_had_no_effect() {
    let refusals = [
        (409, r#"{"error":{"code":"idempotency_key_reused","message":"reused"}}"#, true),
        (400, r#"{"error":{"code":"confirmation_token_invalid"}}"#, true),
        (422, r#"{"error":{"code":"bad_request","message":"The confirmation token has expired"}}"#, true),
        (400, r#"{"error":{"code":"bad_request","message":"Wave payout confirmation failed"}}"#, false),
        (409, r#"{"error":{"code":"idempotency_in_progress","message":"confirmation_token"}}"#, false),
        (500, r#"{"error":{"code":"internal_error","message":"confirmation_token"}}"#, false),
    ];
    for (status, body, refuses) in refusals {
        let lomi = Lomi::start(vec![json(&format!("{status} Refused"), body)]).await;
        let error = lomi.client().refunds().create(&refund(), key()).send().await.unwrap_err();
        assert_eq!(error.refuses_key_or_token(), refuses, "{body}");
    }
}

#[tokio::test]
async fn a_refund_is_never_sent_twice_whatever_its_key() {
    let failures: [fn() -> Reply; 4] = [
        || Reply::Drop,
        || json("500 Internal Server Error", r#"{"error":{"code":"internal_error"}}"#),
        || json("429 Too Many Requests", r#"{"error":{"code":"rate_limit_exceeded"}}"#),
        || json("201 Created", "{"),
    ];
    for (number, failure) in failures.iter().enumerate() {
        let lomi = Lomi::start(vec![failure(), json("201 Created", &created())]).await;
        let error = lomi.client().refunds().create(&refund(), key()).send().await.unwrap_err();
        assert_eq!((lomi.count(), error.attempts()), (1, 1), "{number}");
    }
}

#[tokio::test]
async fn a_refund_of_zero_is_not_sent() {
    let lomi = Lomi::start(vec![json("201 Created", &created())]).await;
    let nothing = CreateRefund { amount: Amount::from_scaled(0, 0).unwrap(), ..refund() };
    let error = lomi.client().refunds().create(&nothing, key()).send().await.unwrap_err();
    assert_eq!((unsent(&error).as_str(), lomi.count()), ("amount", 0));
}

#[tokio::test]
async fn a_refund_above_the_payment_is_rejected() {
    let body = r#"{"error":{"code":"bad_request","message":"already refunded"},"request_id":"r-1"}"#;
    let lomi = Lomi::start(vec![json("400 Bad Request", body)]).await;
    let error = lomi.client().refunds().create(&refund(), key()).send().await.unwrap_err();
    assert_eq!((error.outcome(), error.status()), (Outcome::Rejected, Some(400)));
}

#[tokio::test]
async fn a_refund_is_read_with_its_fee() {
    for body in [row(), format!(r#"{{"success":true,"data":{}}}"#, row())] {
        let request = received(json("200 OK", &body), async |client| {
            let id = RefundId::parse(REFUND_ID).unwrap();
            let refund = client.refunds().get(&id).send().await.unwrap();
            assert_eq!((refund.status, refund.amount), (RefundStatus::Pending, Amount::from_scaled(5_000, 0)));
            assert_eq!(refund.refunded_amount, Some("4900.5".parse().unwrap()));
            assert_eq!(refund.fee_amount, Some("99.5".parse().unwrap()));
        });
        assert_eq!(request.await.line, format!("GET /refunds/{REFUND_ID} HTTP/1.1"));
    }
}

#[tokio::test]
async fn a_list_of_refunds_filters_and_names_its_size() {
    let body = format!(r#"{{"success":true,"data":[{}]}}"#, row());
    let request = received(json("200 OK", &body), async |client| {
        let list = client.refunds().list().status(&RefundStatus::Pending).start_date("2026-06-01T00:00:00Z");
        let rows = list.end_date("2026-07-01T00:00:00Z").limit(10).send().await.unwrap();
        assert_eq!(rows.len(), 1);
    });
    assert_eq!(
        request.await.line,
        "GET /refunds?endDate=2026-07-01T00%3A00%3A00Z&limit=10&startDate=2026-06-01T00%3A00%3A00Z&status=pending HTTP/1.1"
    );
}

#[tokio::test]
async fn an_unreadable_refund_makes_its_list_unusable() {
    let body = format!(r#"{{"success":true,"data":[{},{{"refund_id":"{REFUND_ID}"}}]}}"#, row());
    let lomi = Lomi::start(vec![json("200 OK", &body)]).await;
    let client = lomi.builder().max_attempts(1).build().unwrap();
    let error = client.refunds().list().send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnusableAnswer);
}

#[tokio::test]
async fn providers_list_connections_and_debug_hides_the_phone() {
    let body = r#"{"success":true,"data":[{"provider_code":"STRIPE","is_connected":true,"is_phone_verified":null,"onboarding_status":"done","phone_number":"+221canary","provider_merchant_id":"canary","organization_id":"o","metadata":null}]}"#;
    let request = received(json("200 OK", body), async |client| {
        let rows = client.providers().provider_code("CARD").send().await.unwrap();
        assert_eq!((rows[0].provider_code.as_str(), rows[0].is_connected), ("STRIPE", Some(true)));
        assert_eq!(rows[0].onboarding_status.as_deref(), Some("done"));
        assert!(!format!("{rows:?}").contains("canary"));
    });
    assert_eq!(request.await.line, "GET /providers?provider_code=CARD HTTP/1.1");
}
