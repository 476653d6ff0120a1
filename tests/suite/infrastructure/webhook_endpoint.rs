//! Checks that `template.yaml` has every part of the webhook's self-registration, and that each missing part is found.

use serde_json::{Value, json};

use super::template_rules::functions;
use super::{mutated, read, roles, yaml};

const FUNCTION: &str = "WebhookEndpointFunction";
const CONDITION: &str = "RegistersWebhook";
/// The URL of the webhook.
const PATH: &str = "${Api.ApiEndpoint}/webhooks/lomi";
/// The function's own deadline, in seconds.
const BUDGET_S: u64 = 45;

fn findings(template: &Value) -> Vec<String> {
    let resources = &template["Resources"];
    let (function, resource) = (&resources[FUNCTION], &resources["WebhookEndpoint"]);
    let properties = &function["Properties"];
    let outputs = &template["Outputs"];
    let timeout_s = properties["Timeout"].as_u64().unwrap_or_default();
    let schedule = &properties["Events"]["EveryFiveMinutes"];
    let asked = |value: &Value, expected: &str| value["Fn::Sub"] == expected;
    let checks = [
        (template["Parameters"]["RegisterWebhook"]["Default"] == "true", "the webhook is not registered by default"),
        (function["Condition"] == CONDITION, "the function is there whether it is wanted or not"),
        (resource["Condition"] == CONDITION, "the resource is there whether it is wanted or not"),
        (resource["Type"] == "Custom::WebhookEndpoint", "no deployment registers the webhook"),
        (resource["Properties"]["ServiceToken"]["Fn::GetAtt"] == format!("{FUNCTION}.Arn"), "nobody is asked"),
        (asked(&resource["Properties"]["Url"], PATH), "another address is registered"),
        (
            resource["Properties"]["Version"] == json!({ "Ref": format!("{FUNCTION}.Version") }),
            "a new version does not say how the webhook stands",
        ),
        (outputs["WebhookUrl"]["Value"] == resource["Properties"]["Url"], "another address is told"),
        (
            resource["Properties"]["ServiceTimeout"].as_u64().is_some_and(|s| s > 2 * timeout_s + 60),
            "CloudFormation gives up before a second try",
        ),
        (timeout_s > BUDGET_S, "the platform ends the function before it has answered"),
        (schedule["Properties"]["Schedule"] == "rate(5 minutes)", "a key that is put in later is not noticed"),
        (
            asked(
                &schedule["Properties"]["Input"],
                &format!(r#"{{"Url": "{PATH}", "After": "${{WebhookEndpoint}}"}}"#),
            ),
            "the schedule asks for nothing",
        ),
        (outputs["WebhookStatus"]["Condition"] == CONDITION, "an output of nothing"),
        (outputs["WebhookNextStep"]["Condition"] == CONDITION, "an output of nothing"),
    ];
    let mut found: Vec<_> = checks.iter().filter(|(holds, _)| !holds).map(|(_, wrong)| (*wrong).to_owned()).collect();
    found.extend(functions(template).filter_map(|(id, function)| writes_a_secret(template, id, function)));
    found.extend(functions(template).filter_map(|(id, function)| names_the_api(id, function)));
    found
}

/// One function writes one secret, and no other function writes any.
fn writes_a_secret(template: &Value, id: &str, function: &Value) -> Option<String> {
    let statements = roles::statements(template, function).into_iter();
    let writes = statements.filter(|statement| statement["Action"].to_string().contains("secretsmanager:Put"));
    let writes: Vec<_> = writes.map(|statement| &statement["Resource"]).collect();
    let may = [&json!({ "Ref": "LomiWebhookSecret" })];
    let fits = if id == FUNCTION { writes == may } else { writes.is_empty() };
    (!fits).then(|| format!("{id}: writes {writes:?}"))
}

/// The API depends on the functions: a function that depends on the API makes a circle that CloudFormation does not
/// deploy.
fn names_the_api(id: &str, function: &Value) -> Option<String> {
    let variables = function["Properties"]["Environment"].to_string();
    variables.contains("ApiEndpoint").then(|| format!("{id}: its environment needs the API"))
}

#[test]
fn the_webhook_registers_itself() {
    assert_eq!(findings(&yaml::parse(&read("template.yaml"))), Vec::<String>::new());
}

#[test]
fn a_missing_part_of_the_webhook_resource_is_found() {
    let function = "Type: AWS::Serverless::Function\n    Condition: RegistersWebhook";
    let resource = "Type: Custom::WebhookEndpoint\n    Condition: RegistersWebhook";
    let put = "Action: secretsmanager:PutSecretValue\n                Resource: !Ref LomiWebhookSecret";
    let mutations = [
        (
            "not registered by default",
            "RegisterWebhook:\n    Type: String\n    Default: \"true\"",
            "RegisterWebhook:\n    Type: String\n    Default: \"false\"",
        ),
        ("the function is there whether", function, "Type: AWS::Serverless::Function"),
        ("the resource is there whether", resource, "Type: Custom::WebhookEndpoint"),
        ("no deployment registers", "Type: Custom::WebhookEndpoint", "Type: Custom::Webhook"),
        ("nobody is asked", "!GetAtt WebhookEndpointFunction.Arn", "!GetAtt WebhookHandlerFunction.Arn"),
        (
            "another address is registered",
            "Url: !Sub ${Api.ApiEndpoint}/webhooks/lomi",
            "Url: !Sub ${Api.ApiEndpoint}/lomi",
        ),
        (
            "another address is told",
            "Value: !Sub ${Api.ApiEndpoint}/webhooks/lomi",
            "Value: !Sub ${Api.ApiEndpoint}/lomi",
        ),
        (
            "a new version does not say how the webhook stands",
            "Version: !Ref WebhookEndpointFunction.Version",
            "Version: \"1\"",
        ),
        ("CloudFormation gives up before a second try", "ServiceTimeout: 600", "ServiceTimeout: 120"),
        ("before it has answered", "Timeout: 60", "Timeout: 40"),
        ("put in later is not noticed", "rate(5 minutes)", "rate(5 days)"),
        ("the schedule asks for nothing", r#"Input: !Sub '{"Url": "#, r#"Input: !Sub '{"url": "#),
        ("an output of nothing", "WebhookStatus:\n    Condition: RegistersWebhook", "WebhookStatus:"),
        ("an output of nothing", "WebhookNextStep:\n    Condition: RegistersWebhook", "WebhookNextStep:"),
        (
            "WebhookEndpointFunction: writes",
            put,
            "Action: secretsmanager:PutSecretValue\n                Resource: !Ref LomiSecretKey",
        ),
        (
            "WebhookHandlerFunction: writes",
            "Action: secretsmanager:GetSecretValue\n                Resource: !Ref LomiWebhookSecret",
            "Action: [secretsmanager:GetSecretValue, secretsmanager:PutSecretValue]\n                Resource: !Ref LomiWebhookSecret",
        ),
        (
            "OperationsFunction: its environment needs the API",
            "PUBLIC_BASE_URL: !Ref PublicBaseUrl",
            "PUBLIC_BASE_URL: !GetAtt Api.ApiEndpoint",
        ),
    ];
    let template = read("template.yaml");
    for (sentence, from, to) in mutations {
        let found = findings(&yaml::parse(&mutated(&template, from, to)));
        assert!(found.iter().any(|finding| finding.contains(sentence)), "{sentence:?} is not in {found:#?}");
    }
}

#[test]
fn a_manual_webhook_stack_has_no_webhook_function() {
    let template = local::template::Template::parse(&read("template.yaml")).expect("a template");
    let binaries = |parameters: &[(&str, &str)]| -> Vec<String> {
        let parameters = parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        template
            .resolve(&parameters)
            .expect("it resolves")
            .functions
            .into_iter()
            .map(|function| function.binary)
            .collect()
    };
    assert!(binaries(&[]).iter().any(|name| name == "webhook-endpoint"));
    assert!(!binaries(&[("RegisterWebhook", "false")]).iter().any(|name| name == "webhook-endpoint"));
}
