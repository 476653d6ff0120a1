//! The merchant's own routes accept and answer what lomi's documents print, with our host and `/admin` in front.

mod examples;
mod intents;
mod labels;
mod reading;
mod sessions;

use serde_json::{Value, json};
use tests::{Answer, TestApp};

/// A request as the documents print it, without a key. Secrets in its answer are kept out of the logs.
async fn pasted(app: &TestApp, path: &str, body: &Value) -> Answer {
    pasted_text(app, path, &body.to_string()).await
}

/// The same with a body as text, for numbers that a JSON library would reformat.
async fn pasted_text(app: &TestApp, path: &str, body: &str) -> Answer {
    let bearer = app.admin_bearer();
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let answer = app.http.send("POST", &app.url(path), &headers, body.to_owned()).await;
    if answer.status == 201 {
        let json = answer.json();
        let secrets = ["order_token", "client_secret"].map(|name| json[name].as_str().map(str::to_owned));
        secrets.iter().flatten().for_each(|secret| app.keep_out_of_logs(secret));
    }
    answer
}

fn with(body: &Value, members: Value) -> Value {
    let mut body = body.clone();
    let Value::Object(members) = members else { panic!("members are an object") };
    body.as_object_mut().expect("an object").extend(members);
    body
}

fn members(json: &Value, names: &[&str]) -> Value {
    json!(
        names
            .iter()
            .map(|name| (*name, json.get(*name).cloned().unwrap_or(json!("(none)"))))
            .collect::<std::collections::BTreeMap<_, _>>()
    )
}

/// Checks that `json` has these fields, separated by spaces.
fn has(json: &Value, names: &str) {
    let missing: Vec<_> = names.split_whitespace().filter(|name| json.get(name).is_none()).collect();
    assert!(missing.is_empty(), "{missing:?} are not in {json}");
}
