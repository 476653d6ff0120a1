//! The auditor finds what it must find.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tests::audit::Books;

/// One order of 500 francs, paid by one transaction, with one event.
fn books() -> Books {
    let order = json!({
        "order_id": "ord_1", "status": "paid", "amount": 500, "currency_code": "XOF", "environment": "sandbox",
        "overpaid": false, "completed_unnamed": false, "payments": { "t-1": {} }, "refunds": {}, "orphaned_intents": [],
    });
    Books {
        orders: vec![order],
        links: Vec::new(),
        evidence: Vec::new(),
        quarantine: Vec::new(),
        outbox: vec![json!({ "order_id": "ord_1", "event_type": "order.paid" })],
        organization_id: "ours".to_owned(),
        transactions: vec![taken("t-1")],
        customers: Vec::new(),
        intents: Vec::new(),
        refunds: Vec::new(),
        payouts: Vec::new(),
        meant_payouts: Vec::new(),
        secret_refunds: BTreeSet::new(),
        dispatches: Vec::new(),
    }
}

fn taken(id: &str) -> Value {
    json!({
        "transaction_id": id, "status": "completed", "gross_amount": 500, "currency_code": "XOF", "environment": "test",
        "metadata": { "order_id": "ord_1" }, "organization_id": "ours",
    })
}

type Spoiler = (&'static str, fn(&mut Books));

fn findings(spoil: impl FnOnce(&mut Books)) -> Vec<String> {
    let mut books = books();
    spoil(&mut books);
    let mut findings = books.check();
    findings.extend(books.check_entries());
    findings
}

#[test]
fn matching_books_raise_no_finding() {
    assert_eq!(findings(|_| {}), Vec::<String>::new());
}

#[test]
fn another_organisations_payments_are_not_counted() {
    let found = findings(|books| {
        books.transactions.push(taken("t-2"));
        books.transactions[1]["organization_id"] = json!("theirs");
    });
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn each_kind_of_disagreement_is_found() {
    let spoilers: [Spoiler; 15] = [
        ("lomi. took no payment", |books| books.transactions[0]["organization_id"] = json!("theirs")),
        ("nothing proves", |books| books.transactions[0]["organization_id"] = json!("theirs")),
        ("lomi. took no payment", |books| books.orders[0]["payments"]["t-2"] = json!({})),
        ("overpaid is true", |books| books.orders[0]["overpaid"] = json!(true)),
        ("does not count", |books| books.transactions.push(taken("t-2"))),
        ("does not count", |books| {
            books.transactions.push(taken("t-2"));
            books.quarantine.push(json!({ "natural_key": "PAYMENT_SUCCEEDED#t-2" }));
        }),
        ("still \"in_doubt\"", |books| books.orders[0]["status"] = json!("in_doubt")),
        ("still has a refund", |books| books.orders[0]["refunds"]["r-1"] = json!({ "status": "requested" })),
        ("orphaned intents", |books| books.orders[0]["orphaned_intents"] = json!(["pi_1"])),
        ("has the note gift", |books| {
            books.orders[0]["shopper_notes"] = json!({ "gift": "For Ada" });
            books.transactions[0]["metadata"]["gift"] = json!("For Ada");
        }),
        ("a note names order", |books| {
            books.orders[0]["shopper_notes"] = json!({ "gift": "For Ada" });
            books.outbox[0]["reference"] = json!("For Ada");
        }),
        ("is paid to somebody else", |books| {
            books.orders[0]["payment_intent_id"] = json!("pi_1");
            let metadata = json!({ "organization_id": "org-b" });
            books.intents.push(json!({ "id": "pi_1", "transaction_id": "t-1", "metadata": metadata }));
        }),
        ("went to +2250700000001", |books| {
            books.payouts.push(json!({ "transaction_id": "t-1", "amount": 100, "phone": "+2250700000001" }));
        }),
        ("0 refunds stand for them", |books| {
            books.transactions[0]["metadata"]["payment_mobile"] = json!("+2250700000001");
            books.payouts.push(json!({ "transaction_id": "t-1", "amount": 100, "phone": "+2250700000001" }));
        }),
        ("order.paid events", |books| books.outbox.push(books.outbox[0].clone())),
    ];
    for (word, spoil) in spoilers {
        let found = findings(spoil);
        assert!(found.iter().any(|finding| finding.contains(word)), "{word}: {found:?}");
    }
}
