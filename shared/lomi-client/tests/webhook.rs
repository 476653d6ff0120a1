//! Signatures and events. The vectors are lomi's scheme over one fixed body.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::time::Duration;

use lomi_client::webhook::{
    self, EventError, EventKind, Scheme, Secrets, SignatureError, Signatures, VerifiedBody, WebhookEvent, WebhookSecret,
};
use lomi_client::{Amount, CurrencyCode, Environment};
use proptest::prelude::*;

const SECRET: &str = "whsec_sim_0123456789abcdef";
const BODY: &[u8] = include_bytes!("vectors/payment-succeeded.json");
const LEGACY: &str = "f0a4bca8b4844364141d13c1f3a58e63e205fe03475e6374abd5bf209f65988f";
const V1: &str = "t=1781946847,v1=6ff9737d2b67eb12018ce566ad04058979c1e9004319627e8d6b2d871001f080";
const SIGNED_AT_S: u64 = 1_781_946_847;

fn secret(text: &str) -> WebhookSecret {
    WebhookSecret::parse(text).unwrap()
}

fn secrets(texts: &[&str]) -> Secrets {
    Secrets::new(texts.iter().map(|text| secret(text)).collect()).unwrap()
}

fn legacy(value: &str) -> Signatures<'_> {
    Signatures { legacy: Some(value), v1: None }
}

fn v1(value: &str) -> Signatures<'_> {
    Signatures { legacy: None, v1: Some(value) }
}

fn check(signatures: Signatures<'_>, body: &[u8]) -> Result<Scheme, SignatureError> {
    webhook::verify(signatures, body, &secrets(&[SECRET])).map(|verified| verified.scheme())
}

fn parse(body: &[u8]) -> Result<WebhookEvent, EventError> {
    let header = webhook::sign(&secret(SECRET), body);
    let secrets = secrets(&[SECRET]);
    WebhookEvent::parse(webhook::verify(legacy(&header), body, &secrets).unwrap())
}

fn event(body: &str) -> WebhookEvent {
    parse(body.as_bytes()).unwrap()
}

#[test]
fn the_signer_reproduces_the_vectors() {
    assert_eq!(webhook::sign(&secret(SECRET), BODY), LEGACY);
    assert_eq!(webhook::sign_v1(&secret(SECRET), SIGNED_AT_S, BODY), V1);
}

#[test]
fn the_vectors_verify_by_either_header() {
    assert_eq!(check(legacy(LEGACY), BODY), Ok(Scheme::Legacy));
    assert_eq!(check(legacy(&format!("sha256={LEGACY}")), BODY), Ok(Scheme::Legacy));
    assert_eq!(check(legacy(&LEGACY.to_uppercase()), BODY), Ok(Scheme::Legacy));
    assert_eq!(check(v1(V1), BODY), Ok(Scheme::V1 { signed_at_s: SIGNED_AT_S }));
}

#[test]
fn the_same_event_in_other_bytes_does_not_verify() {
    let text = std::str::from_utf8(BODY).unwrap();
    let sorted: serde_json::Value = serde_json::from_str(text).unwrap();
    let others = [
        serde_json::to_vec(&sorted).unwrap(),
        text.replace('é', "\\u00e9").into_bytes(),
        format!("{text}\n").into_bytes(),
        Vec::new(),
    ];
    for other in others {
        assert_ne!(other, BODY);
        assert_eq!(check(legacy(LEGACY), &other), Err(SignatureError::NoMatch));
        assert_eq!(check(v1(V1), &other), Err(SignatureError::NoMatch));
    }
}

#[test]
fn a_signature_is_compared_to_its_last_digit() {
    for place in 0..LEGACY.len() {
        let other = |digit: char| if digit == '0' { '1' } else { '0' };
        let spoil = |text: &str, at: usize| -> String {
            text.chars().enumerate().map(|(index, digit)| if index == at { other(digit) } else { digit }).collect()
        };
        assert_eq!(check(legacy(&spoil(LEGACY, place)), BODY), Err(SignatureError::NoMatch), "digit {place}");
        let place = V1.len() - LEGACY.len() + place;
        assert_eq!(check(v1(&spoil(V1, place)), BODY), Err(SignatureError::NoMatch), "digit {place}");
    }
}

#[test]
fn the_secret_includes_its_prefix() {
    let bare = secrets(&[SECRET.strip_prefix("whsec_").unwrap()]);
    let refused = webhook::verify(legacy(LEGACY), BODY, &bare).unwrap_err();
    assert_eq!(refused, SignatureError::NoMatch);
}

#[test]
fn any_live_secret_verifies_and_no_other() {
    for rotating in [secrets(&["whsec_new", SECRET]), secrets(&[SECRET, "whsec_old"])] {
        assert!(webhook::verify(legacy(LEGACY), BODY, &rotating).is_ok());
        assert!(webhook::verify(v1(V1), BODY, &rotating).is_ok());
    }
    let strangers = secrets(&["whsec_new", "whsec_newer"]);
    let refused = webhook::verify(legacy(LEGACY), BODY, &strangers).unwrap_err();
    assert_eq!(refused, SignatureError::NoMatch);
}

#[test]
fn the_signature_covers_the_signed_time() {
    let moved = V1.replace("1781946847", "1781946848");
    assert_eq!(check(v1(&moved), BODY), Err(SignatureError::NoMatch));
}

#[test]
fn a_damaged_newer_header_falls_back_to_the_legacy_one() {
    let both = |v1| Signatures { legacy: Some(LEGACY), v1: Some(v1) };
    let spoiled = V1.replace("t=1781946847", "t=1");
    assert_eq!(check(both(V1), BODY), Ok(Scheme::V1 { signed_at_s: SIGNED_AT_S }));
    assert_eq!(check(both(&spoiled), BODY), Ok(Scheme::Legacy));
    assert_eq!(check(both("nonsense"), BODY), Ok(Scheme::Legacy));
    let wrong_legacy = Signatures { legacy: Some("00"), v1: Some(V1) };
    assert_eq!(check(wrong_legacy, BODY), Ok(Scheme::V1 { signed_at_s: SIGNED_AT_S }));
}

#[test]
fn a_stored_verified_body_reads_the_same_without_a_time() {
    let kept = VerifiedBody::verified_before(BODY);
    assert_eq!((kept.bytes(), kept.scheme(), kept.age(SIGNED_AT_S)), (BODY, Scheme::Before, None));
    assert_eq!(WebhookEvent::parse(kept), parse(BODY));
}

#[test]
fn missing_malformed_and_wrong_signatures_differ() {
    assert_eq!(check(Signatures::default(), BODY), Err(SignatureError::Missing));
    assert_eq!(check(legacy("  "), BODY), Err(SignatureError::Missing));
    let half = LEGACY.get(..32).unwrap();
    for malformed in ["zz", half, &format!("{LEGACY}00"), "sha256="] {
        assert_eq!(check(legacy(malformed), BODY), Err(SignatureError::Malformed), "{malformed}");
    }
    let digest = V1.split_once("v1=").unwrap().1;
    let negative = format!("t=-1,v1={digest}");
    let overflow = format!("t=99999999999999999999,v1={digest}");
    let untimed = format!("v1={digest}");
    let endless = format!("{}{V1}", "x=1,".repeat(1_000));
    for malformed in ["t=1", "t=,v1=", &negative, &overflow, &untimed, &endless] {
        assert_eq!(check(v1(malformed), BODY), Err(SignatureError::Malformed), "{malformed}");
    }
    let wrong = webhook::sign(&secret("whsec_other"), BODY);
    assert_eq!(check(legacy(&wrong), BODY), Err(SignatureError::NoMatch));
}

#[test]
fn fields_of_the_newer_header_come_in_any_order() {
    let (time, digest) = V1.split_once(',').unwrap();
    let reordered = format!("v2=abc, {digest}, {time}");
    assert_eq!(check(v1(&reordered), BODY), Ok(Scheme::V1 { signed_at_s: SIGNED_AT_S }));
}

#[test]
fn an_old_delivery_is_accepted_and_has_its_age() {
    let secrets = secrets(&[SECRET]);
    let verified = webhook::verify(v1(V1), BODY, &secrets).unwrap();
    let month = 30 * 24 * 3600;
    assert_eq!(verified.age(SIGNED_AT_S + month), Some(Duration::from_secs(month)));
    assert_eq!(verified.age(SIGNED_AT_S - 5), Some(Duration::ZERO));
    let unsigned_time = webhook::verify(legacy(LEGACY), BODY, &secrets).unwrap();
    assert_eq!(unsigned_time.age(SIGNED_AT_S), None);
}

#[test]
fn secrets_are_bounded_and_never_shown() {
    assert!(Secrets::new(Vec::new()).is_err());
    assert!(Secrets::new(vec![secret("whsec_a"); 5]).is_err());
    for wrong in ["", " \n", "whsec_ a", "whsec_é", &"w".repeat(257)] {
        assert!(WebhookSecret::parse(wrong).is_err(), "{wrong:?}");
    }
    let shown = format!("{:?} {:?}", secret("whsec_canary"), secrets(&["whsec_canary"]));
    assert!(!shown.contains("canary"), "{shown}");
    assert_eq!(webhook::sign(&secret(&format!("{SECRET}\n")), BODY), LEGACY);
}

#[test]
fn the_vector_is_a_successful_payment() {
    let event = parse(BODY).unwrap();
    assert_eq!(event.kind, EventKind::PaymentSucceeded);
    assert_eq!(event.id.as_deref(), Some("7c0dd2f4-52a1-4f0e-9a53-0f6f2a1b9c11"));
    let data = &event.data;
    assert_eq!(data.transaction_id.as_deref(), Some("0d6f5f5e-7f0b-4c59-8c1b-8c7c0e1f2a33"));
    assert_eq!(data.organization_id.as_deref(), Some("5a3f8d0e-1b2c-4d3e-8f4a-6b7c8d9e0f11"));
    assert_eq!(data.amount, Amount::from_scaled(25_000, 0));
    assert_eq!(data.currency_code, Some(CurrencyCode::XOF));
    assert_eq!(data.status.as_deref(), Some("completed"));
    assert_eq!(data.metadata.text("order_id"), Some("A-1007"));
    assert_eq!((event.environment(), data.has_test_marker), (None, false));
}

#[test]
fn a_refund_event_has_the_requested_amount() {
    let amount = |data: &str| event(&format!(r#"{{"event":"REFUND_CREATED","data":{data}}}"#)).data.amount;
    let francs = Amount::from_scaled(5_000, 0);
    for data in [
        r#"{"amount":5000,"refunded_amount":0}"#,
        r#"{"amount":5000,"refunded_amount":4850}"#,
        r#"{"amount":0,"refunded_amount":5000}"#,
        r#"{"refunded_amount":5000}"#,
    ] {
        assert_eq!(amount(data), francs, "{data}");
    }
    assert_eq!(amount(r#"{"amount":0,"refunded_amount":0}"#), Amount::from_scaled(0, 0));
    assert_eq!(amount("{}"), None);
}

#[test]
fn older_names_of_an_event_mean_the_same() {
    let names = [
        ("PAYMENT_SUCCEEDED payment.succeeded transaction.completed", EventKind::PaymentSucceeded),
        ("PAYMENT_FAILED payment.failed transaction.failed", EventKind::PaymentFailed),
        ("PAYMENT_CREATED payment.created", EventKind::PaymentCreated),
        ("REFUND_CREATED refund.created", EventKind::RefundCreated),
        ("REFUND_COMPLETED refund.completed", EventKind::RefundCompleted),
        ("REFUND_FAILED refund.failed", EventKind::RefundFailed),
        ("DISPUTE_CREATED", EventKind::DisputeCreated),
        ("DISPUTE_UPDATED", EventKind::DisputeUpdated),
        ("DISPUTE_CLOSED", EventKind::DisputeClosed),
        ("PAYMENT_RISK_FLAGGED", EventKind::PaymentRiskFlagged),
        ("PAYMENT_RISK_BLOCKED", EventKind::PaymentRiskBlocked),
        ("checkout.session.completed checkout.completed CHECKOUT_COMPLETED", EventKind::CheckoutCompleted),
    ];
    for (aliases, kind) in names {
        for name in aliases.split(' ') {
            let event = event(&format!(r#"{{"event":"{name}","data":{{}}}}"#));
            assert_eq!((&event.kind, event.name.as_str()), (&kind, name));
        }
        assert_eq!(aliases.split(' ').next(), Some(kind.as_str()));
    }
    let unknown = event(r#"{"event":"PAYOUT_CREATED","data":{}}"#);
    assert_eq!(unknown.kind, EventKind::Other("PAYOUT_CREATED".to_owned()));
}

#[test]
fn a_bare_id_belongs_to_the_object_of_the_event() {
    let id = Some("0d6f5f5e-7f0b-4c59-8c1b-8c7c0e1f2a33");
    let data = |name: &str| {
        event(&format!(r#"{{"event":"{name}","data":{{"id":"0d6f5f5e-7f0b-4c59-8c1b-8c7c0e1f2a33"}}}}"#)).data
    };
    assert_eq!(data("payment.succeeded").transaction_id.as_deref(), id);
    assert_eq!(data("REFUND_COMPLETED").refund_id.as_deref(), id);
    assert_eq!(data("REFUND_COMPLETED").transaction_id, None);
    let session = data("CHECKOUT_COMPLETED");
    assert_eq!((session.checkout_session_id.as_deref(), session.transaction_id), (id, None));
}

#[test]
fn a_public_id_is_kept_apart_from_the_uuid() {
    let ids = |data: &str| {
        let data = event(&format!(r#"{{"event":"PAYMENT_SUCCEEDED","data":{data}}}"#)).data;
        (data.transaction_id, data.public_id)
    };
    let (uuid, public) = ("0d6f5f5e-7f0b-4c59-8c1b-8c7c0e1f2a33".to_owned(), "txn_7KQ2MB9RWX4TZD".to_owned());
    let both = (Some(uuid.clone()), Some(public.clone()));
    assert_eq!(ids(&format!(r#"{{"transaction_id":"{uuid}","public_id":"{public}"}}"#)), both);
    assert_eq!(ids(&format!(r#"{{"transaction_id":"{}"}}"#, uuid.to_uppercase())), (Some(uuid.clone()), None));
    // A UUID in another field may belong to another object.
    assert_eq!(ids(&format!(r#"{{"transaction_id":"{public}","id":"{uuid}"}}"#)), (None, Some(public.clone())));
    assert_eq!(ids(&format!(r#"{{"id":"{public}"}}"#)), (None, Some(public)));
}

#[test]
fn the_amount_is_the_gross_amount_or_else_the_amount() {
    let amount = |data: &str| event(&format!(r#"{{"event":"PAYMENT_SUCCEEDED","data":{data}}}"#)).data.amount;
    let francs = Amount::from_scaled(25_000, 0);
    assert_eq!(amount(r#"{"amount":1,"gross_amount":25000.0}"#), francs);
    assert_eq!(amount(r#"{"gross_amount":null,"amount":"25000"}"#), francs);
    assert_eq!(amount("{}"), None);
    let currency = event(r#"{"event":"PAYMENT_SUCCEEDED","data":{"currency":"xof"}}"#);
    assert_eq!(currency.data.currency_code, Some(CurrencyCode::XOF));
}

#[test]
fn unreadable_money_is_an_error() {
    for (field, data) in [
        ("gross_amount", r#"{"gross_amount":"much","amount":5}"#),
        ("gross_amount", r#"{"gross_amount":{}}"#),
        ("currency_code", r#"{"currency_code":"CFA franc"}"#),
        ("currency_code", r#"{"currency_code":952}"#),
    ] {
        let body = format!(r#"{{"event":"PAYMENT_SUCCEEDED","data":{data}}}"#);
        assert_eq!(parse(body.as_bytes()), Err(EventError::Field(field)), "{data}");
    }
}

#[test]
fn a_dispute_with_unreadable_fields_is_still_a_dispute() {
    let odd = r#"{"event":"DISPUTE_CREATED","data":{"id":"d-1","amount":"a lot","currency":7,"reason":5,"status":[]}}"#;
    let data = event(odd).data;
    assert_eq!((data.dispute_id.as_deref(), data.amount, data.currency_code), (Some("d-1"), None, None));
    assert_eq!((data.reason, data.status), (None, None));
    let plain = r#"{"event":"PAYMENT_RISK_FLAGGED","data":{"assessment_id":"a","decision":"flag","amount":{}}}"#;
    let data = event(plain).data;
    assert_eq!((data.decision.as_deref(), data.dispute_id, data.amount), (Some("flag"), None, None));
}

#[test]
fn the_environment_is_read_by_lomis_own_rule() {
    let environment = |data: &str| {
        event(&format!(r#"{{"event":"PAYMENT_SUCCEEDED","data":{data},"lomi_environment":"production"}}"#))
            .environment()
    };
    assert_eq!(environment(r#"{"environment":"test"}"#), Some(Environment::Test));
    let object_first = r#"{"environment":"live","metadata":{"payment_environment":"test"}}"#;
    assert_eq!(environment(object_first), Some(Environment::Live));
    let by_metadata = r#"{"environment":null,"metadata":{"payment_environment":"test"}}"#;
    assert_eq!(environment(by_metadata), Some(Environment::Test));
    assert_eq!(environment(r#"{"metadata":{"test_mode":true}}"#), Some(Environment::Test));
    assert_eq!(environment(r#"{"metadata":{"test_mode":"true"}}"#), None);
    assert_eq!(environment("{}"), None);
}

#[test]
fn a_test_delivery_is_read_in_its_own_envelope() {
    let body = r#"{"id":"evt_test_1","type":"test.webhook","created":1781946847,"data":{"object":{"id":"o","organization_id":"org","test":true,"status":"success","amount":1000,"currency":"XOF","metadata":{"test_mode":true}}},"livemode":false,"webhook_id":"w"}"#;
    let event = event(body);
    assert_eq!(event.kind, EventKind::Test);
    assert!(event.data.has_test_marker);
    assert_eq!(event.environment(), Some(Environment::Test));
    assert_eq!(event.data.organization_id.as_deref(), Some("org"));
}

#[test]
fn a_body_that_is_no_event_is_an_error() {
    let deep_value = format!(r#"{{"event":"X","data":{}}}"#, "[".repeat(100_000));
    let deep_metadata = format!(r#"{{"event":"X","data":{{"metadata":{}}}}}"#, "{\"a\":".repeat(100_000));
    let bodies: [(&[u8], EventError); 9] = [
        (b"\xff\xfe", EventError::NotUtf8),
        (b"", EventError::NotAnObject),
        (b"[1]", EventError::NotAnObject),
        (&b"[".repeat(100_000), EventError::NotAnObject),
        (deep_value.as_bytes(), EventError::NotAnObject),
        (deep_metadata.as_bytes(), EventError::NotAnObject),
        (b"{}", EventError::Field("event")),
        (br#"{"event":"PAYMENT_SUCCEEDED"}"#, EventError::Field("data")),
        (br#"{"event":"PAYMENT_SUCCEEDED","data":[]}"#, EventError::Field("data")),
    ];
    for (body, error) in bodies {
        assert_eq!(parse(body), Err(error));
    }
}

#[test]
fn depth_inside_a_field_spoils_only_that_field() {
    let deep = format!("{}1{}", "[".repeat(1_000), "]".repeat(1_000));
    let body = format!(r#"{{"event":"X","data":{{"metadata":{{"a":{deep}}},"status":"s","odd":{deep}}}}}"#);
    let data = event(&body).data;
    assert!(data.metadata.is_empty());
    assert_eq!(data.status.as_deref(), Some("s"));
}

#[test]
fn a_verified_body_is_copy() {
    fn assert_copy<T: Copy>() {}
    assert_copy::<VerifiedBody<'_>>();
}

proptest! {
    #[test]
    fn no_bytes_and_no_headers_make_checking_or_reading_panic(
        body: Vec<u8>,
        legacy: Option<String>,
        v1 in proptest::option::of("(t=[0-9]{0,25})?,?(v1=[0-9a-f]{0,70})?"),
    ) {
        let signatures = Signatures { legacy: legacy.as_deref(), v1: v1.as_deref() };
        prop_assert!(check(signatures, &body).is_err());
        let _ = parse(&body);
    }

    #[test]
    fn a_generated_signature_verifies(body: Vec<u8>, signed_at_s: u64) {
        let header = webhook::sign_v1(&secret(SECRET), signed_at_s, &body);
        prop_assert_eq!(check(v1(&header), &body), Ok(Scheme::V1 { signed_at_s }));
    }
}
