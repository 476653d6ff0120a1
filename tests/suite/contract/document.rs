//! The published contract, which answers and bodies are checked against.

use std::collections::BTreeSet;
use std::sync::Mutex;

use boon::{Compiler, Schemas};
use serde_json::{Map, Value, json};
use tests::Answer;

use crate::infrastructure::{read, yaml};

/// Headers that a client acts upon: an answer may have them only where the contract names them.
const MEANINGFUL_HEADERS: [&str; 2] = ["idempotency-replayed", "retry-after"];

/// The contract, and which of its answers have been seen.
#[derive(Debug)]
pub(super) struct Contract {
    document: Value,
    seen: Mutex<BTreeSet<String>>,
}

impl Contract {
    pub(super) fn published() -> Self {
        Self::parse(&read("infra/openapi.yaml"))
    }

    pub(super) fn parse(text: &str) -> Self {
        Self { document: yaml::parse(text), seen: Mutex::default() }
    }

    /// Fails unless the contract has this answer of `route` (`METHOD /path/{template}`).
    #[track_caller]
    pub(super) fn holds(&self, route: &str, answer: &Answer) {
        let findings = self.findings(route, answer);
        assert!(findings.is_empty(), "{route} {}: {findings:#?}\n{}", answer.status, answer.text());
    }

    pub(super) fn findings(&self, route: &str, answer: &Answer) -> Vec<String> {
        let Some(response) = self.operation(route)["responses"].get(answer.status.to_string()) else {
            return vec!["no such answer".to_owned()];
        };
        let response = self.followed(response);
        self.seen.lock().expect("nobody panics with it").insert(format!("{route} {}", answer.status));
        let mut findings = self.check_content(response, answer);
        findings.extend(self.check_headers(response, answer));
        findings
    }

    /// `METHOD /path STATUS` of every answer of the contract that has not been seen.
    pub(super) fn unseen(&self) -> BTreeSet<String> {
        let seen = self.seen.lock().expect("nobody panics with it");
        self.routes().flat_map(|route| self.statuses(&route)).filter(|answer| !seen.contains(answer)).collect()
    }

    /// Why the contract refuses this body of `route`; `None` when it accepts it.
    pub(super) fn refuses(&self, route: &str, body: &Value) -> Option<String> {
        let schema = &self.operation(route)["requestBody"]["content"]["application/json"]["schema"];
        assert!(schema.is_object(), "{route} takes no JSON");
        validate(schema, &self.document["components"], body).err()
    }

    /// Every example with its schema: `(place, schema, example)`.
    pub(super) fn examples(&self) -> Vec<(String, Value, Value)> {
        let mut found = Vec::new();
        collect_examples(&self.document, String::new(), &mut found);
        found
    }

    /// Why an example does not fit.
    pub(super) fn misfit(&self, schema: &Value, example: &Value) -> Option<String> {
        validate(schema, &self.document["components"], example).err()
    }

    pub(super) fn admin_routes(&self) -> Vec<String> {
        self.routes().filter(|route| route.contains(" /admin")).collect()
    }

    pub(super) fn query_parameters(&self, route: &str) -> Vec<String> {
        let (_, path) = route.split_once(' ').expect("a route");
        let lists = [&self.document["paths"][path]["parameters"], &self.operation(route)["parameters"]];
        let all = lists.into_iter().filter_map(Value::as_array).flatten().map(|parameter| self.followed(parameter));
        let of_queries = all.filter(|parameter| parameter["in"] == "query");
        of_queries.map(|parameter| parameter["name"].as_str().expect("a name").to_owned()).collect()
    }

    fn routes(&self) -> impl Iterator<Item = String> {
        let paths = self.document["paths"].as_object().expect("paths").iter();
        paths.flat_map(|(path, item)| {
            let methods = item.as_object().expect("an item").keys().filter(|name| *name != "parameters");
            methods.map(move |method| format!("{} {path}", method.to_ascii_uppercase()))
        })
    }

    fn statuses(&self, route: &str) -> Vec<String> {
        let responses = self.operation(route)["responses"].as_object().expect("responses");
        responses.keys().map(|status| format!("{route} {status}")).collect()
    }

    #[track_caller]
    fn operation(&self, route: &str) -> &Value {
        let (method, path) = route.split_once(' ').expect("a route");
        let operation = &self.document["paths"][path][method.to_ascii_lowercase()];
        assert!(operation.is_object(), "{route} is not in the contract");
        operation
    }

    /// The target of a `$ref`, or the value itself.
    fn followed<'a>(&'a self, value: &'a Value) -> &'a Value {
        let pointer = value["$ref"].as_str().and_then(|reference| reference.strip_prefix('#'));
        pointer.map_or(value, |pointer| self.document.pointer(pointer).expect("a reference leads somewhere"))
    }

    fn check_content(&self, response: &Value, answer: &Answer) -> Vec<String> {
        let Some(content) = response.get("content") else {
            return if answer.body.is_empty() { Vec::new() } else { vec!["a body that nobody announced".to_owned()] };
        };
        let media_type = answer.header("content-type").split(';').next().unwrap_or_default().trim();
        let Some(content) = content.get(media_type) else { return vec![format!("no content of {media_type:?}")] };
        // For a page or a picture the contract names only the media type.
        if content.get("schema").is_none() {
            return Vec::new();
        }
        // Stricter than the contract: an answer has no field that the contract does not name.
        let components = closed_components(&self.document["components"]);
        let mut findings: Vec<_> =
            validate(&closed(&content["schema"]), &components, &answer.json()).err().into_iter().collect();
        if media_type == "application/problem+json" {
            findings.extend(check_problem(response, answer));
        }
        findings
    }

    fn check_headers(&self, response: &Value, answer: &Answer) -> Vec<String> {
        let known: Vec<String> = response["headers"]
            .as_object()
            .into_iter()
            .flat_map(Map::keys)
            .map(|name| name.to_ascii_lowercase())
            .collect();
        let given = MEANINGFUL_HEADERS.iter().filter(|name| answer.headers.contains_key(**name));
        given.filter(|name| !known.contains(&(**name).to_owned())).map(|name| format!("header {name}")).collect()
    }
}

/// A problem has its status, a code that the response's description names, and a Retry-After if a retry can succeed.
fn check_problem(response: &Value, answer: &Answer) -> Vec<String> {
    let (status, code) = answer.problem();
    let json = answer.json();
    let description = response["description"].as_str().unwrap_or_default();
    let checks = [
        (json["status"] == status, format!("says status {}", json["status"])),
        (description.contains(&format!("`{code}`")), format!("code {code} is not among: {description}")),
        (json["retryable"] == !answer.header("retry-after").is_empty(), "retryable without Retry-After".to_owned()),
    ];
    checks.into_iter().filter(|(holds, _)| !holds).map(|(_, finding)| finding).collect()
}

/// Formats are validated; nothing is fetched.
fn validate(schema: &Value, components: &Value, instance: &Value) -> Result<(), String> {
    let mut resource = schema.clone();
    resource["components"] = components.clone();
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    compiler.enable_format_assertions();
    compiler.add_resource("contract.json", resource).expect("a resource");
    let index = compiler.compile("contract.json", &mut schemas).unwrap_or_else(|error| panic!("{error:#}"));
    schemas.validate(instance, index).map_err(|error| error.to_string())
}

/// The schema without additional fields, at any depth.
fn closed(schema: &Value) -> Value {
    let mut schema = closed_inside(schema);
    if let Some(members) = schema.as_object_mut()
        && !members.contains_key("additionalProperties")
    {
        members.insert("unevaluatedProperties".to_owned(), json!(false));
    }
    schema
}

/// As [`closed`], but open at the top: for a part of a schema (`allOf`, a named component).
fn closed_inside(schema: &Value) -> Value {
    let mut schema = schema.clone();
    let Some(members) = schema.as_object_mut() else { return schema };
    if let Some(properties) = members.get_mut("properties").and_then(Value::as_object_mut) {
        properties.values_mut().for_each(|property| *property = closed(property));
    }
    if let Some(items) = members.get_mut("items") {
        *items = closed(items);
    }
    for applicator in ["allOf", "oneOf", "anyOf"] {
        let parts = members.get_mut(applicator).and_then(Value::as_array_mut);
        parts.into_iter().flatten().for_each(|part| *part = closed_inside(part));
    }
    schema
}

fn closed_components(components: &Value) -> Value {
    let schemas = components["schemas"].as_object().expect("schemas");
    json!({ "schemas": schemas.iter().map(|(name, schema)| (name.clone(), closed_inside(schema))).collect::<Map<_, _>>() })
}

fn collect_examples(node: &Value, place: String, found: &mut Vec<(String, Value, Value)>) {
    let Some(members) = node.as_object() else { return };
    if let Some(schema) = members.get("schema") {
        let one = members.get("example").into_iter();
        let named = members.get("examples").and_then(Value::as_object).into_iter().flat_map(Map::values);
        let all = one.chain(named.map(|named| &named["value"]));
        found.extend(all.map(|example| (place.clone(), schema.clone(), example.clone())));
    }
    for (name, inner) in members {
        collect_examples(inner, format!("{place}/{name}"), found);
    }
}
