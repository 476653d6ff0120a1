//! The template and the published contract have the same routes.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{mutated, read, template_rules, yaml};

const METHODS: [&str; 7] = ["get", "put", "post", "delete", "patch", "head", "options"];

fn of_template(text: &str) -> BTreeSet<String> {
    template_rules::routes(&yaml::parse(text)).map(|(route, _)| route).collect()
}

fn of_contract(text: &str) -> BTreeSet<String> {
    let document = yaml::parse(text);
    let paths = document["paths"].as_object().expect("paths");
    let operations = paths.iter().flat_map(|(path, item)| {
        let methods = item.as_object().into_iter().flat_map(|item| item.keys());
        methods.filter(|name| METHODS.contains(&name.as_str())).map(move |name| (name.to_ascii_uppercase(), path))
    });
    operations.map(|(method, path)| format!("{method} {path}")).collect()
}

#[test]
fn the_template_and_the_contract_name_the_same_routes() {
    let (template, contract) = (read("template.yaml"), read("infra/openapi.yaml"));
    assert!(of_template(&template).contains("POST /webhooks/lomi"));
    assert_eq!(of_template(&template), of_contract(&contract));
}

#[test]
fn a_route_on_one_side_only_is_found() {
    let (template, contract) = (read("template.yaml"), read("infra/openapi.yaml"));
    let moved = mutated(&template, "Path: /orders/{order_id}/cancel", "Path: /orders/{order_id}/abandon");
    assert_ne!(of_template(&moved), of_contract(&contract));
    let undocumented =
        mutated(&contract, "  /admin/payment-intents:\n    post:", "  /admin/payment-intents:\n    get:");
    assert_ne!(of_template(&template), of_contract(&undocumented));
}

/// The local gateway protects the routes that the contract protects.
#[test]
fn the_contract_requires_iam_exactly_where_the_gateway_does() {
    let template = local::template::Template::parse(&read("template.yaml")).expect("a template");
    let resolved = template.resolve(&Default::default()).expect("it resolves");
    let contract = yaml::parse(&read("infra/openapi.yaml"));
    for route in resolved.functions.iter().flat_map(|function| &function.routes) {
        let operation = &contract["paths"][&route.path][&route.method.to_ascii_lowercase()];
        let security = operation.get("security").unwrap_or(&contract["security"]);
        let asks = security.as_array().into_iter().flatten().any(|one: &Value| one.get("adminIam").is_some());
        assert_eq!(asks, route.guarded, "{} {}", route.method, route.path);
    }
}
