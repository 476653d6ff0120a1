//! The parameters, secrets and environment variables of a local stack.

use std::collections::BTreeMap;

use crate::lomi::Account;
use crate::secrets::Secrets;
use crate::stack::StackOptions;
use crate::template::{Function, REGION, STACK_NAME, Template};

/// The variables with secrets' ARNs.
const LOMI_SECRET_KEY_ID: &str = "LOMI_SECRET_KEY_ID";
const LOMI_WEBHOOK_SECRET_ID: &str = "LOMI_WEBHOOK_SECRET_ID";
const CART_TOKEN_SECRET_ID: &str = "CART_TOKEN_SECRET_ID";
/// The variable with lomi's address, replaced by the local server's.
const LOMI_BASE_URL: &str = "LOMI_BASE_URL";

/// The services that functions reach over loopback.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Endpoints<'a> {
    pub(crate) dynamodb: &'a str,
    pub(crate) secrets: &'a str,
    pub(crate) lomi: &'a str,
}

/// The publishable key for `lomi-sandbox`'s card form, which checks only the prefix.
const PUBLISHABLE_KEY: &str = "lomi_pk_test_local";

/// The given parameters. A sandbox stack by default allows the demo shop's origin, and has a publishable key for
/// `lomi-sandbox`'s card form. With another lomi server there is no such key, and no webhook is registered.
pub(crate) fn parameters(template: &Template, options: &StackOptions, shop_origins: &str) -> BTreeMap<String, String> {
    let (given, is_other) = (&options.parameters, options.other_lomi.is_some());
    let mut parameters = given.clone();
    // A live stack refuses plain http origins, and the demo shop has one.
    let is_live = given.get("Environment").is_some_and(|environment| environment == "live");
    if template.has_parameter("AllowedOrigins") && !is_live {
        parameters.entry("AllowedOrigins".to_owned()).or_insert_with(|| shop_origins.to_owned());
    }
    if template.has_parameter("RegisterWebhook") && is_other {
        parameters.entry("RegisterWebhook".to_owned()).or_insert_with(|| "false".to_owned());
    }
    if template.has_parameter("LomiPublishableKey") && !is_live && !is_other {
        parameters.entry("LomiPublishableKey".to_owned()).or_insert_with(|| PUBLISHABLE_KEY.to_owned());
    }
    parameters
}

/// Stores a value that works with this lomi server in every secret that the functions use.
pub(crate) fn fill_secrets(secrets: &Secrets, functions: &[Function], account: &Account) {
    let values = [
        (LOMI_SECRET_KEY_ID, account.secret_key.expose().to_owned()),
        (LOMI_WEBHOOK_SECRET_ID, account.webhook_secret.clone()),
        (CART_TOKEN_SECRET_ID, account.cart_token_key.clone()),
    ];
    for (variable, value) in values {
        for arn in functions.iter().filter_map(|function| function.environment.get(variable)) {
            secrets.set(arn, &value);
        }
    }
}

/// The function's physical name.
pub(crate) fn function_name(function: &Function) -> String {
    format!("{STACK_NAME}-{}", function.logical_id)
}

/// The environment of a function's processes, without the variables that differ per process.
pub(crate) fn of_function(
    function: &Function,
    endpoints: &Endpoints<'_>,
    extra: Option<&BTreeMap<String, String>>,
) -> BTreeMap<String, String> {
    let name = function_name(function);
    let platform = [
        ("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{name}")),
        ("AWS_LAMBDA_FUNCTION_NAME", name),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", function.memory_mib.to_string()),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".to_owned()),
        ("_HANDLER", "bootstrap".to_owned()),
        ("AWS_REGION", REGION.to_owned()),
        ("AWS_DEFAULT_REGION", REGION.to_owned()),
        // The local services accept any credentials; these are invalid elsewhere. The key id identifies the caller.
        ("AWS_ACCESS_KEY_ID", function.binary.clone()),
        ("AWS_SECRET_ACCESS_KEY", "local".to_owned()),
        ("AWS_SESSION_TOKEN", "local".to_owned()),
        ("AWS_ENDPOINT_URL_DYNAMODB", endpoints.dynamodb.to_owned()),
        ("AWS_ENDPOINT_URL_SECRETS_MANAGER", endpoints.secrets.to_owned()),
    ];
    let mut variables = function.environment.clone();
    if let Some(base_url) = variables.get_mut(LOMI_BASE_URL) {
        endpoints.lomi.clone_into(base_url);
    }
    variables.extend(platform.map(|(name, value)| (name.to_owned(), value)));
    variables.extend(extra.into_iter().flatten().map(|(name, value)| (name.clone(), value.clone())));
    variables
}
