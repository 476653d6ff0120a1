//! `AWS::Serverless::Function`: binary, limits, environment, events.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use super::http_api::{self, Route};
use super::intrinsics::Resolver;
use super::{Resource, TemplateError, members};

/// One Lambda function of the template.
#[derive(Debug, Clone)]
pub struct Function {
    /// The name of the resource in the template.
    pub logical_id: String,
    /// The Cargo binary: `Metadata.BuildProperties.Binary`, otherwise the last folder of `CodeUri`.
    pub binary: String,
    /// Time limit of one invocation; 3 s by default, as on Lambda.
    pub timeout: Duration,
    /// Memory in MiB; set in the environment, not enforced.
    pub memory_mib: u32,
    /// Environment variables: `Globals`, overridden by the function's own.
    pub environment: BTreeMap<String, String>,
    /// HTTP routes that end at this function.
    pub routes: Vec<Route>,
    /// Scheduled invocations.
    pub schedules: Vec<Schedule>,
}

/// One scheduled invocation of a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// The event's name in the template.
    pub name: String,
    /// Time between two invocations.
    pub every: Duration,
    /// The function's input instead of EventBridge's own event.
    pub input: Option<String>,
}

pub(super) fn read(
    resource: Resource<'_>,
    globals: Option<&Value>,
    default_authorizer: Option<&str>,
    resolver: &Resolver<'_>,
) -> Result<Function, TemplateError> {
    let timeout_s = number(resource, globals, "Timeout", 3, resolver)?;
    let mut function = Function {
        logical_id: resource.logical_id.to_owned(),
        binary: binary(resource, resolver)?,
        timeout: Duration::from_secs(timeout_s.into()),
        memory_mib: number(resource, globals, "MemorySize", 128, resolver)?,
        environment: environment(resource, globals, resolver)?,
        routes: Vec::new(),
        schedules: Vec::new(),
    };
    for (name, event) in members(resource.property("Events")) {
        let place = format!("{}.{name}", resource.place("Events"));
        let properties = event.get("Properties").unwrap_or(&Value::Null);
        match event.get("Type").and_then(Value::as_str) {
            Some("HttpApi") => function.routes.push(http_api::route(properties, default_authorizer, resolver, &place)?),
            Some("Schedule") => function.schedules.extend(schedule(name, properties, "Schedule", resolver, &place)?),
            Some("ScheduleV2") => {
                function.schedules.extend(schedule(name, properties, "ScheduleExpression", resolver, &place)?);
            }
            // The local stack has no streams, queues and buses.
            _ => {}
        }
    }
    Ok(function)
}

fn binary(resource: Resource<'_>, resolver: &Resolver<'_>) -> Result<String, TemplateError> {
    if let Some(value) = resource.body.pointer("/Metadata/BuildProperties/Binary") {
        return resolver.text(value, &format!("Resources.{}.Metadata.BuildProperties.Binary", resource.logical_id));
    }
    let place = resource.place("CodeUri");
    let folder = resource.property("CodeUri").map(|value| resolver.text(value, &place)).transpose()?;
    let last = folder.as_deref().and_then(|path| path.trim_end_matches('/').rsplit('/').next());
    match last {
        Some(name) if !name.is_empty() && name != "." => Ok(name.to_owned()),
        _ => Err(TemplateError::at(place, "no folder that names a binary, and no BuildProperties.Binary")),
    }
}

fn number(
    resource: Resource<'_>,
    globals: Option<&Value>,
    property: &str,
    default: u32,
    resolver: &Resolver<'_>,
) -> Result<u32, TemplateError> {
    let value = resource.property(property).or_else(|| globals.and_then(|all| all.get(property)));
    let Some(value) = value else { return Ok(default) };
    let place = resource.place(property);
    let text = resolver.text(value, &place)?;
    text.parse().map_err(|_| TemplateError::at(place, format!("a whole number expected, found {text}")))
}

fn environment(
    resource: Resource<'_>,
    globals: Option<&Value>,
    resolver: &Resolver<'_>,
) -> Result<BTreeMap<String, String>, TemplateError> {
    let shared = globals.and_then(|all| all.pointer("/Environment/Variables"));
    let own = resource.property("Environment").and_then(|all| all.get("Variables"));
    let mut variables = BTreeMap::new();
    for (name, value) in members(shared).chain(members(own)) {
        let place = format!("{}.{name}", resource.place("Environment.Variables"));
        if let Some(value) = resolver.resolve(value, &place)? {
            variables.insert(name.clone(), resolver.text(&value, &place)?);
        }
    }
    Ok(variables)
}

fn schedule(
    name: &str,
    properties: &Value,
    member: &str,
    resolver: &Resolver<'_>,
    place: &str,
) -> Result<Option<Schedule>, TemplateError> {
    let input = properties.get("Input");
    let input = input.map(|input| resolver.text(input, &format!("{place}.Properties.Input"))).transpose()?;
    let place = format!("{place}.Properties.{member}");
    if properties.get("Enabled") == Some(&Value::Bool(false)) {
        return Ok(None);
    }
    let expression = resolver.text(properties.get(member).unwrap_or(&Value::Null), &place)?;
    let every = rate(&expression)
        .ok_or_else(|| TemplateError::at(place, format!("only rate(<n> <unit>) runs locally, found {expression}")))?;
    Ok(Some(Schedule { name: name.to_owned(), every, input }))
}

/// `rate(5 minutes)` -> 300 s. EventBridge knows minutes, hours and days.
fn rate(expression: &str) -> Option<Duration> {
    let (amount, unit) = expression.strip_prefix("rate(")?.strip_suffix(')')?.split_once(' ')?;
    let unit_s: u64 = match unit {
        "minute" | "minutes" => 60,
        "hour" | "hours" => 3_600,
        "day" | "days" => 86_400,
        _ => return None,
    };
    let amount: u64 = amount.parse().ok().filter(|amount| *amount > 0)?;
    amount.checked_mul(unit_s).map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_read_and_anything_else_is_refused() {
        assert_eq!(rate("rate(1 minute)"), Some(Duration::from_secs(60)));
        assert_eq!(rate("rate(5 minutes)"), Some(Duration::from_secs(300)));
        assert_eq!(rate("rate(0 minutes)"), None);
        assert_eq!(rate("cron(0 12 * * ? *)"), None);
    }
}
