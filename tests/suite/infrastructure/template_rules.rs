//! The rules of `template.yaml`. Each takes the parsed template and returns its findings.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::throttles::{floods_end_before_lomi, the_account_has_room, the_webhook_has_its_own_lane};
use super::{roles, root};

const RULES: [fn(&Value) -> Vec<String>; 17] = [
    every_function_is_a_package,
    every_package_is_a_function,
    functions_run_on_arm64,
    a_changed_parameter_makes_a_new_version,
    functions_log_for_a_limited_time,
    only_the_back_office_is_closed,
    routes_use_payload_format_2,
    the_webhook_has_its_own_lane,
    floods_end_before_lomi,
    the_account_has_room,
    a_schedule_is_its_own_retry,
    cors_names_origins,
    every_function_has_a_role_of_its_own,
    policies_are_exact,
    a_function_reads_the_secrets_it_is_told_of,
    secrets_are_named_and_never_shown,
    the_table_is_kept,
];

/// The findings; empty when the template keeps every rule.
pub(super) fn findings(template: &Value) -> Vec<String> {
    RULES.iter().flat_map(|rule| rule(template)).collect()
}

fn resources<'a>(template: &'a Value, kind: &'static str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    members(&template["Resources"]).filter(move |(_, resource)| resource["Type"] == kind)
}

/// Every function: its logical id and its resource.
pub(super) fn functions(template: &Value) -> impl Iterator<Item = (&String, &Value)> {
    resources(template, "AWS::Serverless::Function")
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flat_map(Map::iter)
}

/// The items of a list, or a single value as a list of one.
fn list(value: &Value) -> Vec<&Value> {
    value.as_array().map_or_else(|| vec![value], |items| items.iter().collect())
}

/// The function's own property, or that of `Globals`.
fn property<'a>(template: &'a Value, function: &'a Value, name: &str) -> &'a Value {
    function["Properties"].get(name).unwrap_or(&template["Globals"]["Function"][name])
}

fn every_function_is_a_package(template: &Value) -> Vec<String> {
    functions(template).filter_map(|(id, function)| check_package(id, function)).collect()
}

fn check_package(id: &str, function: &Value) -> Option<String> {
    let folder = function["Properties"]["CodeUri"].as_str().unwrap_or_default();
    let binary = function["Metadata"]["BuildProperties"]["Binary"].as_str().unwrap_or_default();
    let manifest = std::fs::read_to_string(root().join(folder).join("Cargo.toml")).unwrap_or_default();
    if function["Metadata"]["BuildMethod"] != "rust-cargolambda" {
        return Some(format!("{id}: is not built by rust-cargolambda"));
    }
    if !folder.starts_with("functions/") || manifest.is_empty() {
        return Some(format!("{id}: no package at {folder}"));
    }
    let is_named = manifest.contains(&format!("name = \"{binary}\"\n"));
    (!is_named).then(|| format!("{id}: builds {binary} from {folder}"))
}

fn every_package_is_a_function(template: &Value) -> Vec<String> {
    let known: Vec<&Value> = functions(template).map(|(_, function)| &function["Properties"]["CodeUri"]).collect();
    let folders = std::fs::read_dir(root().join("functions")).expect("functions are there");
    let folders = folders.map(|entry| format!("functions/{}", entry.expect("an entry").file_name().to_string_lossy()));
    let missing = folders.filter(|folder| !known.iter().any(|known| *known == folder));
    missing.map(|folder| format!("{folder} is not in the template")).collect()
}

fn functions_run_on_arm64(template: &Value) -> Vec<String> {
    let fits = |function: &Value| {
        *property(template, function, "Architectures") == json!(["arm64"])
            && property(template, function, "Runtime") == "provided.al2023"
    };
    let wrong = functions(template).filter(|(_, function)| !fits(function));
    wrong.map(|(id, _)| format!("{id}: is not arm64 on provided.al2023")).collect()
}

/// A version keeps the environment that it was created with, and SAM creates a new version for new code only. Every
/// parameter that the owner may change is in the version's description, whose change also creates a new version.
fn a_changed_parameter_makes_a_new_version(template: &Value) -> Vec<String> {
    let parameters = |value: &Value| -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        references(value, &mut names);
        names.retain(|name| template["Parameters"].get(name).is_some());
        names
    };
    let mut found = Vec::new();
    for (id, function) in functions(template) {
        let used: BTreeSet<_> = environment(template, function).flat_map(|(_, value)| parameters(value)).collect();
        let described = parameters(&function["Properties"]["VersionDescription"]);
        if used != described {
            found.push(format!("{id}: runs with {used:?}, and a new version comes with {described:?}"));
        }
    }
    found
}

/// Every name that a value refers to by `Ref`.
fn references(value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| match value.as_str() {
            Some(referred) if name == "Ref" => drop(names.insert(referred.to_owned())),
            _ => references(value, names),
        }),
        Value::Array(items) => items.iter().for_each(|item| references(item, names)),
        _ => {}
    }
}

fn functions_log_for_a_limited_time(template: &Value) -> Vec<String> {
    let is_kept = |function: &Value| {
        let group = function["Properties"]["LoggingConfig"]["LogGroup"]["Ref"].as_str();
        resources(template, "AWS::Logs::LogGroup")
            .any(|(id, kept)| Some(id.as_str()) == group && kept["Properties"].get("RetentionInDays").is_some())
    };
    let wrong = functions(template).filter(|(_, function)| !is_kept(function));
    wrong.map(|(id, _)| format!("{id}: has no log group with a retention")).collect()
}

/// Every `HttpApi` event: `METHOD /path`, and its properties.
pub(super) fn routes(template: &Value) -> impl Iterator<Item = (String, &Value)> {
    let events = functions(template).flat_map(|(_, function)| members(&function["Properties"]["Events"]));
    let http = events.map(|(_, event)| event).filter(|event| event["Type"] == "HttpApi");
    http.map(|event| {
        let properties = &event["Properties"];
        let text = |name: &str| properties[name].as_str().unwrap_or_default();
        (format!("{} {}", text("Method"), text("Path")), properties)
    })
}

fn only_the_back_office_is_closed(template: &Value) -> Vec<String> {
    let api = &template["Resources"]["Api"]["Properties"]["Auth"];
    let authorizer = |route: &Value| route["Auth"].get("Authorizer").unwrap_or(&api["DefaultAuthorizer"]).clone();
    let mut found = Vec::new();
    if api["EnableIamAuthorizer"] != true {
        found.push("the API has no IAM authorizer".to_owned());
    }
    for (key, properties) in routes(template) {
        let authorizer = authorizer(properties);
        if key.contains(" /admin/") && authorizer != "AWS_IAM" {
            found.push(format!("{key} is not closed by AWS_IAM"));
        } else if !key.contains(" /admin/") && !authorizer.is_null() {
            found.push(format!("{key} has an authorizer"));
        }
    }
    found
}

fn routes_use_payload_format_2(template: &Value) -> Vec<String> {
    let version = |properties: &Value| properties.get("PayloadFormatVersion").cloned().unwrap_or(json!("2.0"));
    let old = routes(template).filter(|(_, properties)| version(properties) != "2.0");
    let old = old.map(|(key, _)| format!("{key} does not use payload format 2.0"));
    let events = functions(template).flat_map(|(id, function)| {
        members(&function["Properties"]["Events"]).map(move |(name, event)| (id, name, event["Type"].as_str()))
    });
    let known = [Some("HttpApi"), Some("Schedule")];
    let foreign = events.filter(|(_, _, kind)| !known.contains(kind));
    let foreign =
        foreign.map(|(id, name, kind)| format!("{id}: {name} is an event of type {}", kind.unwrap_or_default()));
    old.chain(foreign).collect()
}

/// A scheduled run that finds the account busy is not retried: the next run does its work, and nothing piles up.
fn a_schedule_is_its_own_retry(template: &Value) -> Vec<String> {
    let scheduled = functions(template).filter(|(_, function)| {
        members(&function["Properties"]["Events"]).any(|(_, event)| event["Type"] == "Schedule")
    });
    let bounds = json!({ "MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": 60 });
    let unbounded = scheduled.filter(|(_, function)| function["Properties"]["EventInvokeConfig"] != bounds);
    unbounded.map(|(id, _)| format!("{id}: its runs may pile up")).collect()
}

fn cors_names_origins(template: &Value) -> Vec<String> {
    let origins = &template["Resources"]["Api"]["Properties"]["CorsConfiguration"]["AllowOrigins"];
    let by_default = &template["Parameters"]["AllowedOrigins"]["Default"];
    let is_listed = *origins == json!({ "Ref": "AllowedOrigins" });
    let is_open = !is_listed || by_default.as_str().is_none_or(|text| text.contains('*'));
    if is_open { vec!["CORS allows *".to_owned()] } else { Vec::new() }
}

/// The permissions of a function: `(actions, resources)` of each statement.
fn statements<'a>(template: &'a Value, function: &Value) -> impl Iterator<Item = (Vec<&'a Value>, Vec<&'a Value>)> {
    let all = roles::statements(template, function).into_iter();
    all.map(|statement| (list(&statement["Action"]), list(&statement["Resource"])))
}

fn every_function_has_a_role_of_its_own(template: &Value) -> Vec<String> {
    let mut taken = BTreeSet::new();
    let mut found = Vec::new();
    for (id, function) in functions(template) {
        let role = roles::role(template, function);
        if role["Type"] != "AWS::IAM::Role" || !taken.insert(roles::role_id(function)) {
            found.push(format!("{id}: has no role of its own"));
            continue;
        }
        found.extend(check_role(id, function, role));
    }
    found
}

fn check_role(id: &str, function: &Value, role: &Value) -> Vec<String> {
    let properties = &role["Properties"];
    let trusted = &properties["AssumeRolePolicyDocument"]["Statement"];
    let own_log = roles::own_log(function);
    let checks = [
        (*trusted == lambda_alone(), "its role trusts somebody else than Lambda"),
        (properties.get("ManagedPolicyArns").is_none(), "its role takes a policy of somebody else"),
        (function["Properties"].get("Policies").is_none(), "SAM ignores the policies of a function with a role"),
        (roles::all_statements(role).any(|statement| *statement == own_log), "may not write its own log"),
    ];
    checks.into_iter().filter(|(holds, _)| !holds).map(|(_, wrong)| format!("{id}: {wrong}")).collect()
}

fn lambda_alone() -> Value {
    json!([{ "Effect": "Allow", "Principal": { "Service": "lambda.amazonaws.com" }, "Action": "sts:AssumeRole" }])
}

fn policies_are_exact(template: &Value) -> Vec<String> {
    functions(template).flat_map(|(id, function)| check_policies(template, id, function)).collect()
}

fn check_policies(template: &Value, id: &str, function: &Value) -> Vec<String> {
    let is_wide = |action: &&Value| {
        let action = action.as_str().unwrap_or("*");
        action.contains('*') || action == "dynamodb:Scan"
    };
    let mut found = Vec::new();
    for (actions, resources) in statements(template, function) {
        found.extend(actions.into_iter().filter(is_wide).map(|action| format!("{id}: allows {action}")));
        let wide = resources.into_iter().filter(|resource| resource.to_string().contains('*'));
        found.extend(wide.map(|resource| format!("{id}: allows something on {resource}")));
    }
    found
}

fn environment<'a>(template: &'a Value, function: &'a Value) -> impl Iterator<Item = (&'a String, &'a Value)> {
    let shared = &template["Globals"]["Function"]["Environment"]["Variables"];
    members(shared).chain(members(&function["Properties"]["Environment"]["Variables"]))
}

fn secret<'a>(template: &Value, value: &'a Value) -> Option<&'a str> {
    let name = value["Ref"].as_str()?;
    (template["Resources"][name]["Type"] == "AWS::SecretsManager::Secret").then_some(name)
}

fn a_function_reads_the_secrets_it_is_told_of(template: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for (id, function) in functions(template) {
        let told: BTreeSet<_> = environment(template, function).filter_map(|(_, v)| secret(template, v)).collect();
        let reads = statements(template, function)
            .filter(|(actions, _)| actions.contains(&&json!("secretsmanager:GetSecretValue")));
        let read: BTreeSet<_> =
            reads.flat_map(|(_, resources)| resources).filter_map(|v| secret(template, v)).collect();
        if told != read {
            let names = |set: BTreeSet<&str>| Vec::from_iter(set).join(", ");
            found.push(format!("{id}: may read [{}] and is told of [{}]", names(read), names(told)));
        }
    }
    found
}

fn secrets_are_named_and_never_shown(template: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for (name, value) in functions(template).flat_map(|(_, function)| environment(template, function)) {
        // A publishable key is public: browsers get it.
        let sounds_secret = ["SECRET", "TOKEN", "KEY", "PASSWORD"].iter().any(|word| name.contains(word))
            && name != "LOMI_PUBLISHABLE_KEY";
        if sounds_secret && !name.ends_with("_ID") {
            found.push(format!("{name} is a secret in the environment"));
        } else if sounds_secret && secret(template, value).is_none() {
            found.push(format!("{name} does not name a secret of this stack"));
        }
    }
    if template.to_string().contains("{{resolve:secretsmanager") {
        found.push("a secret's value is resolved into the template".to_owned());
    }
    let written = resources(template, "AWS::SecretsManager::Secret")
        .filter(|(_, secret)| secret["Properties"].get("SecretString").is_some());
    found.extend(written.map(|(id, _)| format!("{id}: its value stands in the template")));
    found
}

fn the_table_is_kept(template: &Value) -> Vec<String> {
    let table = &template["Resources"]["Table"];
    let properties = &table["Properties"];
    let recovery = &properties["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"];
    let checks = [
        (table["DeletionPolicy"] == "Retain", "is not kept by DeletionPolicy"),
        (table["UpdateReplacePolicy"] == "Retain", "is not kept by UpdateReplacePolicy"),
        (*recovery == true, "no point-in-time recovery"),
        (properties["DeletionProtectionEnabled"] == true, "no deletion protection"),
        (properties["SSESpecification"]["SSEEnabled"] == true, "no encryption"),
        (properties["StreamSpecification"]["StreamViewType"] == "NEW_IMAGE", "no stream of new images"),
        (
            properties["TimeToLiveSpecification"] == json!({ "AttributeName": "ttl_s", "Enabled": true }),
            "nothing expires",
        ),
    ];
    checks.into_iter().filter(|(holds, _)| !holds).map(|(_, wrong)| format!("Table: {wrong}")).collect()
}
