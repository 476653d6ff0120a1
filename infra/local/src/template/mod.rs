//! Reads functions, routes, environment, CORS and the table from `template.yaml`.
//!
//! A value is resolved completely, or refused with its place.

mod functions;
mod http_api;
mod intrinsics;
mod table;
mod yaml;

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value};

pub use functions::{Function, Schedule};
pub use http_api::{Cors, Route};
pub use intrinsics::{ACCOUNT_ID, REGION, STACK_NAME};
pub(crate) use intrinsics::{API_ENDPOINT, arn};
pub use table::Table;

use intrinsics::Resolver;

/// Why a template cannot be used, and the place in it.
#[derive(Debug, thiserror::Error)]
#[error("template.yaml: {place}: {problem}")]
pub struct TemplateError {
    place: String,
    problem: String,
}

impl TemplateError {
    pub(crate) fn at(place: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { place: place.into(), problem: problem.into() }
    }
}

/// A template with unresolved functions and references.
#[derive(Debug, Clone)]
pub struct Template {
    root: Value,
}

/// A template with all values that the local stack needs.
#[derive(Debug, Clone)]
pub struct Resolved {
    /// Every `AWS::Serverless::Function` whose condition holds, sorted by logical id.
    pub functions: Vec<Function>,
    /// CORS of the HTTP API; `None` = preflights are not answered.
    pub cors: Option<Cors>,
    /// Every `AWS::DynamoDB::Table`, sorted by logical id.
    pub tables: Vec<Table>,
}

impl Template {
    /// Reads a file of at most a megabyte, CloudFormation's own limit.
    pub fn read(path: &Path) -> Result<Self, TemplateError> {
        let place = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|error| TemplateError::at(&place, error.to_string()))?;
        if text.len() > 1024 * 1024 {
            return Err(TemplateError::at(place, "larger than CloudFormation's 1 MB"));
        }
        Self::parse(&text)
    }

    /// Reads YAML text.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let root = yaml::parse(text).map_err(|problem| TemplateError::at("YAML", problem))?;
        Ok(Self { root })
    }

    /// The binaries of all functions, with the parameters' defaults.
    pub fn binaries(&self) -> Result<Vec<String>, TemplateError> {
        let resolved = self.resolve(&BTreeMap::new())?;
        Ok(resolved.functions.into_iter().map(|function| function.binary).collect())
    }

    /// Whether the template declares this parameter.
    #[must_use]
    pub fn has_parameter(&self, name: &str) -> bool {
        self.root.get("Parameters").is_some_and(|all| all.get(name).is_some())
    }

    /// Resolves what the local stack needs; `parameters` replace the template's defaults.
    pub fn resolve(&self, parameters: &BTreeMap<String, String>) -> Result<Resolved, TemplateError> {
        let resolver = Resolver::new(&self.root, parameters)?;
        let resources = Resources::collect(&self.root, &resolver)?;
        let api = resources.of_type("AWS::Serverless::HttpApi").next();
        let default_authorizer = http_api::default_authorizer(api, &resolver)?;
        let globals = self.root.pointer("/Globals/Function");
        let mut functions = Vec::new();
        for resource in resources.of_type("AWS::Serverless::Function") {
            functions.push(functions::read(resource, globals, default_authorizer.as_deref(), &resolver)?);
        }
        let tables = resources.of_type("AWS::DynamoDB::Table").map(|resource| table::read(resource, &resolver));
        Ok(Resolved { tables: tables.collect::<Result<_, _>>()?, cors: http_api::cors(api, &resolver)?, functions })
    }
}

impl Resolved {
    /// Replaces the placeholder of the API's address.
    pub(crate) fn with_api_at(mut self, gateway: &str) -> Self {
        let schedules = self.functions.iter_mut().flat_map(|function| &mut function.schedules);
        for input in schedules.filter_map(|schedule| schedule.input.as_mut()) {
            *input = input.replace(API_ENDPOINT, gateway);
        }
        self
    }
}

/// A resource whose condition holds.
#[derive(Debug, Clone, Copy)]
struct Resource<'a> {
    logical_id: &'a str,
    body: &'a Value,
}

impl<'a> Resource<'a> {
    fn property(self, name: &str) -> Option<&'a Value> {
        self.body.get("Properties").and_then(|all| all.get(name))
    }

    fn place(self, property: &str) -> String {
        format!("Resources.{}.Properties.{property}", self.logical_id)
    }
}

#[derive(Debug)]
struct Resources<'a>(Vec<Resource<'a>>);

impl<'a> Resources<'a> {
    fn collect(root: &'a Value, resolver: &Resolver<'_>) -> Result<Self, TemplateError> {
        let mut found = Vec::new();
        for (logical_id, body) in root.get("Resources").and_then(Value::as_object).into_iter().flatten() {
            let exists = match body.get("Condition").and_then(Value::as_str) {
                Some(condition) => resolver.condition(condition, &format!("Resources.{logical_id}.Condition"))?,
                None => true,
            };
            if exists {
                found.push(Resource { logical_id, body });
            }
        }
        Ok(Self(found))
    }

    fn of_type(&self, kind: &'static str) -> impl Iterator<Item = Resource<'a>> {
        self.0.iter().copied().filter(move |resource| resource.body.get("Type").and_then(Value::as_str) == Some(kind))
    }
}

/// The properties of an optional object; none of any other value.
fn members(value: Option<&Value>) -> impl Iterator<Item = (&String, &Value)> {
    value.and_then(Value::as_object).into_iter().flat_map(Map::iter)
}

#[cfg(test)]
mod tests;
