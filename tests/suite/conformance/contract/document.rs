//! lomi.'s contract, an OpenAPI document, as schemas to hold requests and answers against.

use std::collections::BTreeMap;

use boon::{Compiler, ErrorKind, SchemaIndex, Schemas, ValidationError};
use http::Method;
use serde_json::{Value, json};

/// Every operation of a contract.
pub(super) struct Document {
    operations: Vec<Operation>,
    /// The codes that an error may have, each with its status; empty when the contract has no list of them.
    pub(super) error_codes: Vec<(String, u64)>,
    schemas: Schemas,
    /// Where the schemas of operations went.
    compiled: Vec<SchemaIndex>,
}

/// The number of a schema.
#[derive(Debug, Clone, Copy)]
pub(super) struct Schema(usize);

#[derive(Debug)]
pub(super) struct Operation {
    method: String,
    template: String,
    /// Whether lomi.'s own document lacks it: other sources vouch for it.
    pub(super) is_absent: bool,
    pub(super) parameters: Vec<Parameter>,
    /// `None` when it takes no body.
    pub(super) body: Option<Schema>,
    /// By status, `2XX` or `default`.
    pub(super) answers: BTreeMap<String, Printed>,
}

/// What the contract says of an answer.
#[derive(Debug)]
pub(super) struct Printed {
    pub(super) headers: Vec<Parameter>,
    /// `None` when nothing is said of the body.
    pub(super) body: Option<Schema>,
    /// Of alternatives the first, for which there is the best evidence.
    pub(super) likeliest: Option<Schema>,
}

/// A query parameter or a header.
#[derive(Debug)]
pub(super) struct Parameter {
    pub(super) name: String,
    /// `query`, `header` or `path`.
    pub(super) place: String,
    pub(super) is_required: bool,
    pub(super) schema: Schema,
}

/// Where a value does not fit its schema, and why.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Misfit {
    pub(super) pointer: String,
    pub(super) reason: String,
}

impl Operation {
    /// `GET /customers/{id}`.
    pub(super) fn name(&self) -> String {
        format!("{} {}", self.method, self.template)
    }

    fn is_at(&self, method: &Method, path: &str) -> bool {
        let (wanted, given) = (self.template.split('/'), path.split('/'));
        let fits = |(wanted, given): (&str, &str)| wanted == given || (wanted.starts_with('{') && !given.is_empty());
        self.method == method.as_str() && wanted.clone().count() == given.clone().count() && wanted.zip(given).all(fits)
    }
}

impl Document {
    #[track_caller]
    pub(super) fn parse(text: &str) -> Self {
        let root: Value = serde_json::from_str(text).unwrap();
        let mut reader = Reader { root: &root, found: Vec::new() };
        let operations = reader.operations();
        let found = reader.found;
        let mut all = json!({
            "components": root["components"],
            "found": found.iter().map(|(schema, _)| schema).collect::<Vec<_>>(),
        });
        nullable(&mut all);
        let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
        compiler.enable_format_assertions();
        compiler.add_resource("answers.json", all.clone()).unwrap();
        close(&mut all);
        compiler.add_resource("requests.json", all).unwrap();
        let mut compile = |(at, (_, is_sent)): (usize, &(Value, bool))| {
            let document = if *is_sent { "requests.json" } else { "answers.json" };
            let index = compiler.compile(&format!("{document}#/found/{at}"), &mut schemas);
            index.unwrap_or_else(|error| panic!("{error:#}"))
        };
        let compiled = found.iter().enumerate().map(&mut compile).collect();
        Self { operations, error_codes: error_codes(&root), schemas, compiled }
    }

    /// The operation at this path; of several, the one that spells out most of it.
    pub(super) fn operation(&self, method: &Method, path: &str) -> Option<&Operation> {
        let all = self.operations.iter().filter(|operation| operation.is_at(method, path));
        all.min_by_key(|operation| operation.template.matches('{').count())
    }

    pub(super) fn misfits(&self, schema: Schema, value: &Value) -> Vec<Misfit> {
        self.schemas.validate(value, self.compiled[schema.0]).err().map_or_else(Vec::new, |error| leaves(&error))
    }
}

/// Takes the operations out of a document, and their schemas apart.
struct Reader<'a> {
    root: &'a Value,
    /// Every schema, and whether it is one of what a client sends.
    found: Vec<(Value, bool)>,
}

impl Reader<'_> {
    fn operations(&mut self) -> Vec<Operation> {
        let mut operations = Vec::new();
        for (template, item) in members(&self.root["paths"]) {
            let methods = ["get", "post", "put", "patch", "delete"].into_iter();
            for (method, operation) in methods.filter_map(|method| Some((method, item.get(method)?))) {
                let parameters = list(&item["parameters"]).chain(list(&operation["parameters"]));
                operations.push(Operation {
                    method: method.to_ascii_uppercase(),
                    template: template.clone(),
                    is_absent: operation.get("x-absent-from").is_some(),
                    parameters: parameters.map(|parameter| self.parameter(parameter)).collect(),
                    body: self.json_of(&operation["requestBody"], true),
                    answers: members(&operation["responses"])
                        .map(|(status, it)| (status.clone(), self.printed(it)))
                        .collect(),
                });
            }
        }
        operations
    }

    fn printed(&mut self, answer: &Value) -> Printed {
        let headers = members(&self.followed(answer)["headers"]);
        let header = |(name, header): (&String, &Value)| Parameter {
            name: name.clone(),
            place: "header".to_owned(),
            is_required: false,
            schema: self.keep(&self.followed(header)["schema"], false),
        };
        let headers = headers.map(header).collect();
        let first = self.followed(answer)["content"]["application/json"]["schema"]["anyOf"].get(0);
        let likeliest = first.map(|schema| self.keep(schema, false));
        Printed { headers, body: self.json_of(answer, false), likeliest }
    }

    fn parameter(&mut self, parameter: &Value) -> Parameter {
        let parameter = self.followed(parameter);
        let text = |name: &str| parameter[name].as_str().unwrap().to_owned();
        Parameter {
            name: text("name"),
            place: text("in"),
            is_required: parameter["required"] == true,
            schema: self.keep(&parameter["schema"], true),
        }
    }

    fn json_of(&mut self, body: &Value, is_sent: bool) -> Option<Schema> {
        let content = self.followed(body)["content"]["application/json"].get("schema")?;
        Some(self.keep(content, is_sent))
    }

    fn keep(&mut self, schema: &Value, is_sent: bool) -> Schema {
        self.found.push((schema.clone(), is_sent));
        Schema(self.found.len() - 1)
    }
}

impl<'a> Reader<'a> {
    /// What stands behind a `$ref`, or the thing itself.
    fn followed<'b>(&self, value: &'b Value) -> &'b Value
    where
        'a: 'b,
    {
        let pointer = value["$ref"].as_str().and_then(|reference| reference.strip_prefix('#'));
        pointer.map_or(value, |pointer| self.root.pointer(pointer).unwrap())
    }
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn error_codes(root: &Value) -> Vec<(String, u64)> {
    let general = members(&root["x-error-codes"]).filter_map(|(code, status)| Some((code.clone(), status.as_u64()?)));
    let of_line_items = list(&root["x-error-codes-of-line-items"]["values"]).filter_map(Value::as_str);
    general.chain(of_line_items.map(|code| (code.to_owned(), 400))).collect()
}

/// OpenAPI 3.0 says `nullable` where JSON Schema has a type of its own.
fn nullable(node: &mut Value) {
    children(node).for_each(nullable);
    if node.get("nullable") == Some(&json!(true)) && node["type"].is_string() {
        node["type"] = json!([node["type"], "null"]);
    }
}

/// A client sends nothing that its contract does not name.
fn close(node: &mut Value) {
    children(node).for_each(close);
    if node.get("properties").is_some_and(Value::is_object) && node.get("additionalProperties").is_none() {
        node["additionalProperties"] = json!(false);
    }
}

fn children(node: &mut Value) -> Box<dyn Iterator<Item = &mut Value> + '_> {
    match node {
        Value::Object(members) => Box::new(members.values_mut()),
        Value::Array(items) => Box::new(items.iter_mut()),
        _ => Box::new(std::iter::empty()),
    }
}

/// The errors without further causes, one for each member.
fn leaves(error: &ValidationError<'_, '_>) -> Vec<Misfit> {
    let at = error.instance_location.to_string();
    let of = |name: &str, reason: &str| Misfit { pointer: format!("{at}/{name}"), reason: reason.to_owned() };
    match &error.kind {
        ErrorKind::AdditionalProperties { got } => got.iter().map(|name| of(name, "is not in the contract")).collect(),
        ErrorKind::Required { want } => want.iter().map(|name| of(name, "is missing")).collect(),
        // Of alternatives, the one that fits best is what was meant.
        ErrorKind::AnyOf | ErrorKind::OneOf(None) => {
            let is_other_type = |misfit: &Misfit| misfit.pointer == at && misfit.reason.starts_with("want ");
            let alternatives = error.causes.iter().map(leaves);
            alternatives.min_by_key(|all| (all.iter().any(is_other_type), all.len())).unwrap_or_default()
        }
        kind if error.causes.is_empty() => vec![Misfit { pointer: at, reason: kind.to_string() }],
        _ => error.causes.iter().flat_map(leaves).collect(),
    }
}
