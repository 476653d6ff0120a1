//! That a breach of the contract is noticed wherever it stands.

use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Value, json};

use super::document::Document;
use super::{COMMITTED, exchange};
use crate::infrastructure::{mutated, read};

/// What is found in an exchange that is in order but for the changes.
fn found(contract: &str, change: impl FnOnce(&mut Exchange)) -> Vec<String> {
    let mut exchange = Exchange::in_order();
    change(&mut exchange);
    let request = exchange.request.map(|body| Bytes::from(body.to_string()));
    let answer = exchange.answer.map(|body| Bytes::from(body.to_string()));
    let found = exchange::violations(&Document::parse(contract), &request, Some(&answer));
    found.iter().map(ToString::to_string).collect()
}

/// A customer is renamed.
struct Exchange {
    request: Request<Value>,
    answer: Response<Value>,
}

impl Exchange {
    fn in_order() -> Self {
        let request = Request::patch("http://lomi.test/customers/7").header("x-api-key", "k");
        let row = json!({
            "customer_id": "7", "organization_id": "1", "name": "Ada", "email": null, "phone_number": "",
            "whatsapp_number": null, "country": "", "city": "", "address": "", "postal_code": "", "is_business": false,
            "metadata": { "tier": 1 }, "environment": "test", "created_at": "", "updated_at": "", "news": "2027",
        });
        Self { request: request.body(json!({ "name": "Ada" })).unwrap(), answer: Response::new(row) }
    }

    fn at(&mut self, method: &str, path: &str) {
        *self.request.method_mut() = method.parse().unwrap();
        *self.request.uri_mut() = path.parse().unwrap();
    }

    fn refused(&mut self, status: u16, code: &str) {
        *self.answer.status_mut() = status.try_into().unwrap();
        let request_id = "7c0dd2f4-52a1-4f0e-9a53-0f6f2a1b9c11";
        *self.answer.body_mut() = json!({ "error": { "code": code, "message": "" }, "request_id": request_id });
    }
}

/// A change, and the sentence that it must earn.
type Breach = (&'static str, fn(&mut Exchange));

#[test]
fn a_breach_is_found_in_a_request_and_in_an_answer() {
    let contract = read(COMMITTED);
    assert_eq!(found(&contract, |_| {}), Vec::<String>::new(), "members may be added to an answer");
    let breaches: [Breach; 15] = [
        ("POST /customers/7, path \"\": no such operation", |it| it.at("POST", "/customers/7")),
        ("query \"page\": is not in the contract", |it| it.at("PATCH", "/customers/7?page=2")),
        ("header \"idempotency-key\": is not in the contract", |it| {
            it.request.headers_mut().insert("idempotency-key", "k".parse().unwrap());
        }),
        ("request \"/nick\": is not in the contract", |it| it.request.body_mut()["nick"] = json!("A")),
        ("request \"/name\": want string, but got null", |it| it.request.body_mut()["name"] = Value::Null),
        ("request \"/email\": 'ada' is not valid email", |it| it.request.body_mut()["email"] = json!("ada")),
        ("request \"\": takes no body", |it| it.at("DELETE", "/customers/7")),
        ("answer \"/city\": is missing", |it| drop(it.answer.body_mut().as_object_mut().unwrap().remove("city"))),
        ("answer \"/name\": want string, but got null", |it| it.answer.body_mut()["name"] = Value::Null),
        ("answer \"/environment\": value must be one of", |it| it.answer.body_mut()["environment"] = json!("dev")),
        ("answer \"\": status 201 is not in the contract", |it| *it.answer.status_mut() = 201.try_into().unwrap()),
        ("answer \"/error\": is missing", |it| *it.answer.status_mut() = 418.try_into().unwrap()),
        ("answer \"/error/code\": teapot is no code of a 400", |it| it.refused(400, "teapot")),
        ("answer \"/error/code\": not_found is no code of a 400", |it| it.refused(400, "not_found")),
        ("answer \"/request_id\": '7' is not valid uuid", |it| {
            it.refused(404, "not_found");
            it.answer.body_mut()["request_id"] = json!("7");
        }),
    ];
    for (sentence, change) in breaches {
        let found = found(&contract, change);
        assert!(found.iter().any(|violation| violation.contains(sentence)), "{sentence:?} is not in {found:#?}");
    }
}

#[test]
fn a_missing_required_parameter_is_found() {
    let contract = read(COMMITTED);
    let deliveries = found(&contract, |it| it.at("GET", "/webhooks/deliveries?limit=many"));
    for sentence in [
        "GET /webhooks/deliveries, query \"webhookId\": is missing",
        "GET /webhooks/deliveries, query \"limit\": want number, but got string",
    ] {
        assert!(deliveries.iter().any(|violation| violation == sentence), "{sentence:?} is not in {deliveries:#?}");
    }
    let refunds = found(&contract, |it| it.at("POST", "/refunds"));
    assert!(refunds.contains(&"POST /refunds, header \"Idempotency-Key\": is missing".to_owned()), "{refunds:#?}");
}

#[test]
fn an_answer_must_have_its_likeliest_form() {
    let contract = read(COMMITTED);
    for (answer, expected) in [
        (json!({ "webhook_id": "7", "secret": "whsec_7" }), vec![]),
        (
            json!({ "data": {}, "secret": "whsec_7" }),
            vec!["POST /webhooks, form \"\": the answer has not the likeliest form"],
        ),
        (json!({ "data": {} }), vec!["POST /webhooks, answer \"/secret\": is missing"]),
    ] {
        let found = found(&contract, |it| {
            it.at("POST", "/webhooks");
            *it.request.body_mut() = json!({ "url": "", "events": [] });
            *it.answer.body_mut() = answer;
            *it.answer.status_mut() = 201.try_into().unwrap();
        });
        assert_eq!(found, expected);
    }
}

#[test]
fn another_contract_is_checked_by_its_own_paths() {
    let stricter = mutated(&read(COMMITTED), "\"/customers/{id}\"", "\"/clients/{id}\"");
    assert_eq!(found(&stricter, |_| {}), ["PATCH /customers/7, path \"\": no such operation"]);
}
