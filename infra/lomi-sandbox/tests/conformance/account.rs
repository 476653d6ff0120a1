use lomi_sandbox::{Profile, Settings, fixtures};
use serde_json::{Value, json};

use crate::support::{Lomi, charge_body, settings};

#[tokio::test]
async fn providers_list_cards_under_either_name() {
    for profile in [Profile::Current, Profile::June2026, Profile::Seeds] {
        let lomi = Lomi::start(profile).await;
        let all = lomi.get("/providers").await.json();
        assert_eq!((&all["success"], all["data"].as_array().unwrap().len()), (&json!(true), 3));
        for code in ["CARD", "STRIPE"] {
            let cards = lomi.get(&format!("/providers?provider_code={code}")).await.json()["data"].clone();
            assert_eq!(cards.as_array().unwrap().len(), 1);
            assert_eq!((&cards[0]["provider_code"], &cards[0]["is_connected"]), (&json!("STRIPE"), &json!(true)));
            assert_eq!(cards[0]["organization_id"], fixtures::ORGANIZATION_A);
        }
    }
}

#[tokio::test]
async fn a_test_event_needs_a_name_and_carries_its_owner() {
    let lomi = Lomi::start(Profile::Current).await;
    assert_eq!(lomi.post("/test/webhook-event", json!({"data": {}})).await.status, 400);
    let reply = lomi.post("/test/webhook-event", json!({"event": "REFUND_CREATED", "data": {"a": 1}})).await;
    assert_eq!((reply.status, &reply.json()["success"]), (201, &json!(true)));
    let data = json!({"a": 1, "organization_id": fixtures::ORGANIZATION_A, "merchant_id": fixtures::MERCHANT_A});
    assert_eq!(reply.json()["payload"], json!({"event": "REFUND_CREATED", "data": data}));
}

#[tokio::test]
async fn only_current_counts_charges_and_refunds_as_writes() {
    for (profile, status) in [(Profile::Current, 429), (Profile::June2026, 201)] {
        let lomi = Lomi::start_with(Settings { rate_write: 1, ..settings(profile) }).await;
        lomi.charge("one").await;
        let reply = lomi.post_once("/charge/card", "two", &charge_body()).await;
        assert_eq!(reply.status, status, "{reply:?}");
        if profile == Profile::Current {
            assert_eq!(reply.header("retry-after"), "60");
        }
    }
}

#[tokio::test]
async fn every_resource_survives_a_restart() {
    let folder = std::env::temp_dir().join(format!("lomi-sandbox-resources-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let saved = || Settings { data_file: Some(folder.join("state.json")), ..settings(Profile::Current) };
    let lomi = Lomi::start_with(saved()).await;
    lomi.post("/_sim/profile", json!({"quirks": {"refund_preview": false}})).await;
    lomi.charge("k").await;
    let link = json!({"link_type": "instant", "title": "T", "currency_code": "XOF", "amount": 500});
    lomi.post("/payment-links", link).await;
    lomi.post("/customers", json!({"name": "Awa", "city": "Dakar"})).await;
    let transaction = lomi.payment(json!({"method": "card"})).await;
    lomi.post("/_sim/profile", json!({"quirks": {"refund_preview": false}})).await;
    lomi.post_once("/refunds", "k", &json!({"transaction_id": transaction, "amount": 5000})).await;
    let before = lomi.state().await;
    lomi.sandbox.shutdown().await.unwrap();

    let lomi = Lomi::start_with(saved()).await;
    let after = lomi.state().await;
    for resource in ["intents", "payment_links", "customers", "refunds", "transactions"] {
        assert_ne!(before[resource], json!([]));
        assert_eq!(before[resource], after[resource], "{resource}");
    }
    let intent = after["intents"][0]["id"].as_str().unwrap();
    assert_eq!(lomi.get(&format!("/charge/card/{intent}")).await.status, 200);
    assert_eq!(lomi.post("/_sim/reset", Value::Null).await.status, 200);
    assert_eq!(lomi.state().await["intents"], json!([]));
    std::fs::remove_dir_all(&folder).unwrap();
}
