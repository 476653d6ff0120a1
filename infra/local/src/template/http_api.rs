//! `HttpApi` events and the API's own CORS and authorizer.

use serde_json::Value;

use super::intrinsics::Resolver;
use super::{Resource, TemplateError};

/// One route of the HTTP API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// Upper-case HTTP method, or `ANY`.
    pub method: String,
    /// The path with its `{parameters}`, as in the template.
    pub path: String,
    /// Whether an authorizer (`AWS_IAM` or JWT) guards the route.
    pub guarded: bool,
}

/// `CorsConfiguration` of the HTTP API. Absent lists are empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cors {
    /// Exact origins, or `*`.
    pub allow_origins: Vec<String>,
    /// Methods a browser may use, or `*`.
    pub allow_methods: Vec<String>,
    /// Request headers a browser may send, or `*`.
    pub allow_headers: Vec<String>,
    /// Response headers a page may read.
    pub expose_headers: Vec<String>,
    /// Whether cookies may be sent.
    pub allow_credentials: bool,
    /// How long a browser may remember a preflight, in seconds.
    pub max_age_s: Option<u32>,
}

pub(super) fn route(
    properties: &Value,
    default_authorizer: Option<&str>,
    resolver: &Resolver<'_>,
    place: &str,
) -> Result<Route, TemplateError> {
    let text = |member: &str, default: &str| match properties.get(member) {
        Some(value) => resolver.text(value, &format!("{place}.Properties.{member}")),
        None => Ok(default.to_owned()),
    };
    let own = authorizer(properties.pointer("/Auth/Authorizer"), resolver, place)?;
    let authorizer = own.as_deref().or(default_authorizer);
    Ok(Route {
        method: text("Method", "ANY")?.to_ascii_uppercase(),
        path: text("Path", "$default")?,
        guarded: authorizer.is_some_and(|name| name != "NONE"),
    })
}

pub(super) fn default_authorizer(
    api: Option<Resource<'_>>,
    resolver: &Resolver<'_>,
) -> Result<Option<String>, TemplateError> {
    let Some(api) = api else { return Ok(None) };
    let declared = api.property("Auth").and_then(|auth| auth.get("DefaultAuthorizer"));
    authorizer(declared, resolver, &api.place("Auth.DefaultAuthorizer"))
}

fn authorizer(declared: Option<&Value>, resolver: &Resolver<'_>, place: &str) -> Result<Option<String>, TemplateError> {
    let resolved = declared.map(|value| resolver.resolve(value, place)).transpose()?.flatten();
    resolved.map(|value| resolver.text(&value, place)).transpose()
}

pub(super) fn cors(api: Option<Resource<'_>>, resolver: &Resolver<'_>) -> Result<Option<Cors>, TemplateError> {
    let Some((api, declared)) = api.and_then(|api| Some((api, api.property("CorsConfiguration")?))) else {
        return Ok(None);
    };
    let place = api.place("CorsConfiguration");
    let Some(resolved) = resolver.resolve(declared, &place)? else { return Ok(None) };
    if !resolved.is_object() {
        return Err(TemplateError::at(place, "an object expected"));
    }
    let list = |member: &str| texts(resolved.get(member), &format!("{place}.{member}"));
    Ok(Some(Cors {
        allow_origins: list("AllowOrigins")?,
        allow_methods: list("AllowMethods")?,
        allow_headers: list("AllowHeaders")?,
        expose_headers: list("ExposeHeaders")?,
        allow_credentials: resolved.get("AllowCredentials") == Some(&Value::Bool(true)),
        max_age_s: resolved.get("MaxAge").and_then(Value::as_u64).and_then(|value| u32::try_from(value).ok()),
    }))
}

fn texts(value: Option<&Value>, place: &str) -> Result<Vec<String>, TemplateError> {
    let Some(value) = value else { return Ok(Vec::new()) };
    let items = value.as_array().map(|items| items.iter().map(|item| item.as_str().map(str::to_owned)));
    items
        .and_then(Iterator::collect)
        .ok_or_else(|| TemplateError::at(place, format!("a list of texts expected, found {value}")))
}
