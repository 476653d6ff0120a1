//! The environment, read once at start. All bad variables are reported together, by name; no value is ever printed.

use crate::aws::AwsEnvironment;
use crate::fields::PublicPrices;
use domain::{Currency, Environment, RedirectPolicy, is_loopback};
use serde::Serialize;
use std::fmt;
use std::sync::Arc;
use url::Url;

/// The variables that Lambda always sets; the runtime client cannot start without them.
const PLATFORM: [&str; 4] = [
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_RUNTIME_API",
];

/// Longest value of one variable, in bytes: Lambda's own limit for all of them together.
const MAX_VALUE_BYTES: usize = 4096;

/// Most allowed origins.
const MAX_ORIGINS: usize = 50;

/// The running function. Its stack is the only dimension of every metric.
#[derive(Clone, Debug)]
pub struct Function {
    /// The package's name, e.g. `orders`. Not the deployed name, which differs per stack.
    pub name: &'static str,
    /// From `ENVIRONMENT`.
    pub environment: Environment,
    /// From `STACK_NAME`.
    pub stack: StackName,
}

/// The name of a CloudFormation stack: 1..=128 letters, digits and hyphens, a letter first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StackName(Arc<str>);

impl StackName {
    /// `None` unless `text` has the shape of a stack's name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
        let fits =
            text.len() <= 128 && text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.bytes().all(allowed);
        fits.then(|| Self(text.into()))
    }

    /// As CloudFormation and CloudWatch show it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The id or ARN of a Secrets Manager secret: 1..=2048 bytes. It is no secret itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretId(String);

impl SecretId {
    /// `None` unless `text` has the shape of a name or an ARN.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || "/_+=.@-:!".contains(c);
        let fits = (1..=2048).contains(&text.len()) && text.chars().all(allowed);
        fits.then(|| Self(text.to_owned()))
    }

    /// As Secrets Manager takes it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What is wrong with one variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct BadVariable {
    /// Its name.
    pub name: &'static str,
    /// What the value must be; never the value itself.
    pub problem: &'static str,
}

/// Everything that is wrong with the environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadConfig {
    /// In the order in which they were read.
    pub variables: Vec<BadVariable>,
}

impl fmt::Display for BadConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("bad configuration:")?;
        for bad in &self.variables {
            write!(f, " {} {};", bad.name, bad.problem)?;
        }
        Ok(())
    }
}

impl std::error::Error for BadConfig {}

/// Reads the process's environment. `build` reads every variable before it unwraps the first, so that all bad ones are
/// reported:
///
/// ```
/// let result = lambda_kit::config::read(|env| {
///     let table = env.text("TABLE_NAME");
///     let base_url = env.url("LOMI_BASE_URL");
///     Some((table?, base_url?))
/// });
/// assert!(result.is_err(), "not on Lambda");
/// ```
///
/// # Errors
/// Every bad variable, the platform's own ones included.
pub fn read<T>(build: impl FnOnce(&mut EnvReader<'_>) -> Option<T>) -> Result<T, BadConfig> {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    let lookup = |name: &str| std::env::var_os(name).map(|value| value.into_string().unwrap_or_default());
    read_from(&lookup, build)
}

/// [`read`] with another source of variables.
fn read_from<T>(
    lookup: &dyn Fn(&str) -> Option<String>,
    build: impl FnOnce(&mut EnvReader<'_>) -> Option<T>,
) -> Result<T, BadConfig> {
    let mut env = EnvReader { lookup, bad: Vec::new() };
    for name in PLATFORM {
        env.text(name);
    }
    let built = build(&mut env);
    match built {
        Some(built) if env.bad.is_empty() => Ok(built),
        _ => Err(BadConfig { variables: env.bad }),
    }
}

/// Typed getters. A getter that returns `None` has recorded why.
pub struct EnvReader<'a> {
    lookup: &'a dyn Fn(&str) -> Option<String>,
    bad: Vec<BadVariable>,
}

impl EnvReader<'_> {
    /// A value of 1..=4096 bytes, without surrounding white space.
    pub fn text(&mut self, name: &'static str) -> Option<String> {
        self.optional_text(name).or_else(|| self.note(name, "is not set"))
    }

    /// `sandbox` or `live`, from `ENVIRONMENT`.
    pub fn environment(&mut self) -> Option<Environment> {
        let name = self.text("ENVIRONMENT")?;
        Environment::from_name(&name).or_else(|| self.note("ENVIRONMENT", "must be sandbox or live"))
    }

    /// The running function: its package's name, its environment and its stack.
    pub fn function(&mut self, name: &'static str) -> Option<Function> {
        let environment = self.environment();
        let stack = self.stack();
        Some(Function { name, environment: environment?, stack: stack? })
    }

    /// The name of the CloudFormation stack, from `STACK_NAME`.
    fn stack(&mut self) -> Option<StackName> {
        let name = self.text("STACK_NAME")?;
        StackName::parse(&name).or_else(|| self.note("STACK_NAME", "must be the name of a CloudFormation stack"))
    }

    /// An absolute `https` URL, or `http` to a loopback host (a laptop), without user, query and fragment.
    pub fn url(&mut self, name: &'static str) -> Option<Url> {
        let text = self.text(name)?;
        web_url(&text).or_else(|| self.note(name, "must be an https URL without user, query and fragment"))
    }

    /// A [`Self::url`] without a path.
    pub fn origin(&mut self, name: &'static str) -> Option<Url> {
        let url = self.url(name)?;
        if url.path() == "/" { Some(url) } else { self.note(name, "must have no path") }
    }

    /// An [`Self::origin`]; `None` without an error when the variable is unset.
    pub fn optional_origin(&mut self, name: &'static str) -> Option<Url> {
        self.optional_text(name)?;
        self.origin(name)
    }

    /// The origins that shoppers may be redirected to: 1..=50 like `https://shop.example`, separated by commas. Plain
    /// http is accepted for loopback hosts in the sandbox environment only.
    pub fn redirect_policy(&mut self, name: &'static str) -> Option<RedirectPolicy> {
        let is_sandbox = self.environment() == Some(Environment::Sandbox);
        let text = self.text(name)?;
        let origins: Vec<&str> = text.split(',').collect();
        match RedirectPolicy::new(origins.iter().copied(), is_sandbox) {
            Ok(policy) if origins.len() <= MAX_ORIGINS => Some(policy),
            _ => self.note(name, "must be at most 50 origins like https://shop.example, separated by commas"),
        }
    }

    /// The lomi prices that the public routes may name; all of them when the variable is unset.
    pub fn public_prices(&mut self, name: &'static str) -> Option<PublicPrices> {
        let Some(text) = self.optional_text(name) else { return Some(PublicPrices::All) };
        PublicPrices::parse(&text)
            .or_else(|| self.note(name, "must be at most 50 lomi. price ids, separated by commas"))
    }

    /// `XOF`, `USD` or `EUR`.
    pub fn currency(&mut self, name: &'static str) -> Option<Currency> {
        let text = self.text(name)?;
        Currency::from_code(&text).or_else(|| self.note(name, "must be XOF, USD or EUR"))
    }

    /// The id or ARN of a secret in Secrets Manager.
    pub fn secret_id(&mut self, name: &'static str) -> Option<SecretId> {
        let text = self.text(name)?;
        SecretId::parse(&text).or_else(|| self.note(name, "must be the name or ARN of a Secrets Manager secret"))
    }

    /// lomi's publishable key; `None` without an error when the variable is unset.
    pub fn publishable_key(&mut self, name: &'static str) -> Option<String> {
        let key = self.optional_text(name)?;
        let fits = key.starts_with("lomi_pk_") && key.bytes().all(|byte| byte.is_ascii_graphic());
        if !fits {
            return self.note(name, "must begin with lomi_pk_: a secret key must never reach a browser");
        }
        let foreign = match self.environment()? {
            Environment::Sandbox => "lomi_pk_live_",
            Environment::Live => "lomi_pk_test_",
        };
        if key.starts_with(foreign) { self.note(name, "belongs to the other environment") } else { Some(key) }
    }

    /// Region, credentials and endpoints, from the variables that every AWS SDK reads.
    pub fn aws(&mut self) -> Option<AwsEnvironment> {
        let region = self.text("AWS_REGION");
        // The SDK's credential provider reads these two itself; here they only have to be set.
        let key_id = self.text("AWS_ACCESS_KEY_ID");
        let key = self.text("AWS_SECRET_ACCESS_KEY");
        let dynamodb_endpoint = self.optional_url("AWS_ENDPOINT_URL_DYNAMODB");
        let secrets_manager_endpoint = self.optional_url("AWS_ENDPOINT_URL_SECRETS_MANAGER");
        key_id.and(key)?;
        Some(AwsEnvironment { region: region?, dynamodb_endpoint, secrets_manager_endpoint })
    }

    fn optional_url(&mut self, name: &'static str) -> Option<Url> {
        self.optional_text(name)?;
        self.url(name)
    }

    fn optional_text(&mut self, name: &'static str) -> Option<String> {
        let value = (self.lookup)(name)?;
        if value.len() > MAX_VALUE_BYTES {
            return self.note(name, "is longer than 4096 bytes");
        }
        let value = value.trim();
        (!value.is_empty()).then(|| value.to_owned())
    }

    /// Records the first problem of each variable.
    fn note<T>(&mut self, name: &'static str, problem: &'static str) -> Option<T> {
        if !self.bad.iter().any(|bad| bad.name == name) {
            self.bad.push(BadVariable { name, problem });
        }
        None
    }
}

fn web_url(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let bare =
        url.username().is_empty() && url.password().is_none() && url.query().is_none() && url.fragment().is_none();
    let private = url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&url));
    (bare && private && url.has_host()).then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;
    use lomi_client::PriceId;

    fn public_origin(value: Option<&str>) -> (Option<String>, usize) {
        let lookup = |name: &str| if name == "PUBLIC_BASE_URL" { value.map(str::to_owned) } else { None };
        let mut env = EnvReader { lookup: &lookup, bad: Vec::new() };
        let origin = env.optional_origin("PUBLIC_BASE_URL").map(String::from);
        (origin, env.bad.len())
    }

    #[test]
    fn a_stack_is_named_as_cloudformation_names_it() {
        for name in ["lomi-checkout", "L", &"a".repeat(128)] {
            assert_eq!(StackName::parse(name).as_ref().map(StackName::as_str), Some(name));
        }
        for odd in ["", "1st", "-shop", "a_b", "a b", "boutique-é", &"a".repeat(129)] {
            assert_eq!(StackName::parse(odd), None, "{odd:?}");
        }
    }

    #[test]
    fn public_prices_are_a_valid_list_or_an_error() {
        let read = |value: &'static str| {
            let lookup = move |_: &str| Some(value.to_owned());
            let mut env = EnvReader { lookup: &lookup, bad: Vec::new() };
            (env.public_prices("PUBLIC_PRICE_IDS"), env.bad.len())
        };
        assert_eq!(read(""), (Some(PublicPrices::All), 0));
        let id = "3B9A1C52-0d3b-4a53-8a58-6f3a6f0f1d2e";
        let listed = [id, "price_3PVH8N5CGS6YJE"].map(|id| PriceId::parse(id).unwrap());
        let both = read("3B9A1C52-0d3b-4a53-8a58-6f3a6f0f1d2e,price_3PVH8N5CGS6YJE");
        assert_eq!(both, (Some(PublicPrices::Only(listed.into())), 0));
        for wrong in ["prod_1", ",", "3b9a1c52-0d3b-4a53-8a58-6f3a6f0f1d2e,", "all"] {
            assert_eq!(read(wrong), (None, 1), "{wrong}");
        }
    }

    #[test]
    fn an_unset_origin_is_none_and_an_invalid_one_is_reported() {
        for unset in [None, Some(""), Some(" ")] {
            assert_eq!(public_origin(unset), (None, 0), "{unset:?}");
        }
        assert_eq!(public_origin(Some("https://pay.shop.example")), (Some("https://pay.shop.example/".to_owned()), 0));
        for wrong in
            ["pay.shop.example", "http://pay.shop.example", "https://pay.shop.example/links", "https://a@b.example"]
        {
            assert_eq!(public_origin(Some(wrong)), (None, 1), "{wrong}");
        }
    }
}
