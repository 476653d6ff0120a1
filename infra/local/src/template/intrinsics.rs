//! Resolves CloudFormation functions to plain values of a local stack.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::TemplateError;

/// The account in every local ARN.
pub const ACCOUNT_ID: &str = "000000000000";
/// The region of every local ARN and function.
pub const REGION: &str = "eu-west-3";
/// The stack name that `AWS::StackName` resolves to.
pub const STACK_NAME: &str = "lomi-checkout-local";

/// The placeholder for the API's address, until the gateway's is known.
pub(crate) const API_ENDPOINT: &str = "https://api.execute-api.eu-west-3.amazonaws.com";

/// The value of an `Fn::Sub` placeholder, by its name and the place of the text.
type Lookup<'a> = &'a dyn Fn(&str, &str) -> Result<String, TemplateError>;

/// Resolves the functions of one template with the parameters of one run.
#[derive(Debug)]
pub(super) struct Resolver<'a> {
    root: &'a Value,
    parameters: BTreeMap<String, Value>,
}

impl<'a> Resolver<'a> {
    /// `overrides` replace the parameters' defaults; an unknown name is an error.
    pub(super) fn new(root: &'a Value, overrides: &BTreeMap<String, String>) -> Result<Self, TemplateError> {
        let declared = root.get("Parameters").and_then(Value::as_object);
        if let Some(name) = overrides.keys().find(|name| declared.is_none_or(|known| !known.contains_key(*name))) {
            return Err(TemplateError::at("Parameters", format!("no parameter is called {name}")));
        }
        let mut parameters = BTreeMap::new();
        for (name, definition) in declared.into_iter().flatten() {
            if let Some(value) = parameter_value(definition, overrides.get(name)) {
                parameters.insert(name.clone(), value);
            }
        }
        Ok(Self { root, parameters })
    }

    /// The value with every function in it resolved. `None` stands for `AWS::NoValue`: the property does not exist.
    pub(super) fn resolve(&self, value: &Value, place: &str) -> Result<Option<Value>, TemplateError> {
        match value {
            Value::Object(object) => match function_call(object) {
                Some((name, argument)) => self.call(name, argument, place),
                None => self.object(object, place).map(Some),
            },
            Value::Array(items) => {
                let mut resolved = Vec::with_capacity(items.len());
                for (position, item) in items.iter().enumerate() {
                    resolved.extend(self.resolve(item, &format!("{place}[{position}]"))?);
                }
                Ok(Some(Value::Array(resolved)))
            }
            plain => Ok(Some(plain.clone())),
        }
    }

    /// Like [`Self::resolve`], as text; numbers and booleans are written as CloudFormation does.
    pub(super) fn text(&self, value: &Value, place: &str) -> Result<String, TemplateError> {
        let resolved = self.required(value, place)?;
        scalar_text(&resolved).ok_or_else(|| TemplateError::at(place, format!("text expected, found {resolved}")))
    }

    /// Whether a resource or property with this `Condition` exists.
    pub(super) fn condition(&self, name: &str, place: &str) -> Result<bool, TemplateError> {
        let definition = self.root.get("Conditions").and_then(|all| all.get(name));
        let definition =
            definition.ok_or_else(|| TemplateError::at(place, format!("no condition is called {name}")))?;
        self.truth(definition, &format!("Conditions.{name}"))
    }

    fn object(&self, object: &Map<String, Value>, place: &str) -> Result<Value, TemplateError> {
        let mut resolved = Map::new();
        for (key, value) in object {
            if let Some(value) = self.resolve(value, &format!("{place}.{key}"))? {
                resolved.insert(key.clone(), value);
            }
        }
        Ok(Value::Object(resolved))
    }

    fn required(&self, value: &Value, place: &str) -> Result<Value, TemplateError> {
        self.resolve(value, place)?.ok_or_else(|| TemplateError::at(place, "AWS::NoValue where a value is needed"))
    }

    fn call(&self, name: &str, argument: &Value, place: &str) -> Result<Option<Value>, TemplateError> {
        let place = &format!("{place}.{name}");
        match name {
            "Ref" => self.reference(argument, place),
            "Fn::If" => self.choose(argument, place),
            "Fn::Sub" => self.substitute(argument, place).map(Some),
            "Fn::Join" => self.join(argument, place).map(Some),
            "Fn::Split" => self.split(argument, place).map(Some),
            "Fn::FindInMap" => self.find_in_map(argument, place).map(Some),
            "Fn::GetAtt" => self.attribute(argument, place).map(Some),
            unknown => Err(TemplateError::at(place, format!("{unknown} is not known to the local stack"))),
        }
    }

    fn reference(&self, argument: &Value, place: &str) -> Result<Option<Value>, TemplateError> {
        let name = argument.as_str().ok_or_else(|| TemplateError::at(place, "a name is needed"))?;
        if name == "AWS::NoValue" {
            return Ok(None);
        }
        if let Some(value) = self.parameters.get(name) {
            return Ok(Some(value.clone()));
        }
        if let Some(value) = pseudo_parameter(name) {
            return Ok(Some(value.into()));
        }
        self.physical_id(name, place).map(|id| Some(id.into()))
    }

    /// The value of `Ref` for a resource: the table's name, the secret's ARN, otherwise a generated physical id.
    fn physical_id(&self, logical_id: &str, place: &str) -> Result<String, TemplateError> {
        let resource = self.root.get("Resources").and_then(|all| all.get(logical_id)).ok_or_else(|| {
            TemplateError::at(place, format!("{logical_id} is neither a parameter with a value nor a resource"))
        })?;
        let name = |property: &str| match resource.get("Properties").and_then(|all| all.get(property)) {
            Some(value) => self.text(value, &format!("Resources.{logical_id}.Properties.{property}")),
            None => Ok(format!("{STACK_NAME}-{logical_id}")),
        };
        match resource.get("Type").and_then(Value::as_str) {
            Some("AWS::DynamoDB::Table") => name("TableName"),
            Some("AWS::SecretsManager::Secret") => Ok(secret_arn(&name("Name")?)),
            Some("AWS::Serverless::Function") => name("FunctionName"),
            _ => Ok(format!("{STACK_NAME}-{logical_id}")),
        }
    }

    fn choose(&self, argument: &Value, place: &str) -> Result<Option<Value>, TemplateError> {
        match argument.as_array().map(Vec::as_slice) {
            Some([Value::String(condition), then, otherwise]) => {
                let chosen = if self.condition(condition, place)? { then } else { otherwise };
                self.resolve(chosen, place)
            }
            _ => Err(TemplateError::at(place, "[condition, value, value] expected")),
        }
    }

    fn substitute(&self, argument: &Value, place: &str) -> Result<Value, TemplateError> {
        let plain = |name: &str, place: &str| self.placeholder(name, place);
        match argument {
            Value::String(text) => fill(text, place, &plain),
            Value::Array(parts) => match parts.as_slice() {
                [Value::String(text), Value::Object(own)] => fill(text, place, &|name, place| match own.get(name) {
                    Some(value) => self.text(value, place),
                    None => self.placeholder(name, place),
                }),
                _ => Err(TemplateError::at(place, "text, or [text, variables] expected")),
            },
            _ => Err(TemplateError::at(place, "text, or [text, variables] expected")),
        }
    }

    fn placeholder(&self, name: &str, place: &str) -> Result<String, TemplateError> {
        let argument = match name.split_once('.') {
            Some((resource, attribute)) => serde_json::json!({ "Fn::GetAtt": [resource, attribute] }),
            None => serde_json::json!({ "Ref": name }),
        };
        self.text(&argument, place)
    }

    fn join(&self, argument: &Value, place: &str) -> Result<Value, TemplateError> {
        let Some([Value::String(separator), items]) = argument.as_array().map(Vec::as_slice) else {
            return Err(TemplateError::at(place, "[separator, list] expected"));
        };
        let items = self.required(items, place)?;
        let texts: Option<Vec<String>> = items.as_array().and_then(|items| items.iter().map(scalar_text).collect());
        let texts =
            texts.ok_or_else(|| TemplateError::at(place, format!("a list of texts expected, found {items}")))?;
        Ok(texts.join(separator).into())
    }

    fn split(&self, argument: &Value, place: &str) -> Result<Value, TemplateError> {
        let Some([Value::String(separator), text]) = argument.as_array().map(Vec::as_slice) else {
            return Err(TemplateError::at(place, "[separator, text] expected"));
        };
        Ok(self.text(text, place)?.split(separator.as_str()).map(Value::from).collect())
    }

    fn find_in_map(&self, argument: &Value, place: &str) -> Result<Value, TemplateError> {
        let Some([map, row, column]) = argument.as_array().map(Vec::as_slice) else {
            return Err(TemplateError::at(place, "[map, key, key] expected"));
        };
        let path = [self.text(map, place)?, self.text(row, place)?, self.text(column, place)?];
        let found = self.root.get("Mappings").and_then(|maps| path.iter().try_fold(maps, |at, key| at.get(key)));
        found.cloned().ok_or_else(|| TemplateError::at(place, format!("nothing at {}", path.join("."))))
    }

    fn attribute(&self, argument: &Value, place: &str) -> Result<Value, TemplateError> {
        let Some([Value::String(logical_id), Value::String(attribute)]) = argument.as_array().map(Vec::as_slice) else {
            return Err(TemplateError::at(place, "[resource, attribute] expected"));
        };
        let kind = self.root.pointer(&format!("/Resources/{logical_id}/Type")).and_then(Value::as_str);
        let id = self.physical_id(logical_id, place)?;
        match (kind, attribute.as_str()) {
            (Some("AWS::DynamoDB::Table"), "Arn") => Ok(arn("dynamodb", &format!("table/{id}")).into()),
            (Some("AWS::Serverless::HttpApi"), "ApiEndpoint") => Ok(API_ENDPOINT.into()),
            (Some("AWS::Serverless::Function"), "Arn") => Ok(arn("lambda", &format!("function:{id}")).into()),
            _ => Err(TemplateError::at(place, format!("{logical_id}.{attribute} is not known to the local stack"))),
        }
    }

    fn truth(&self, definition: &Value, place: &str) -> Result<bool, TemplateError> {
        let call = definition.as_object().and_then(function_call);
        let (name, argument) = call.ok_or_else(|| TemplateError::at(place, "a condition function expected"))?;
        let operands = argument.as_array().map(Vec::as_slice).unwrap_or_default();
        match (name, operands) {
            ("Condition", _) => self.condition(argument.as_str().unwrap_or_default(), place),
            ("Fn::Equals", [left, right]) => Ok(self.text(left, place)? == self.text(right, place)?),
            ("Fn::Not", [one]) => Ok(!self.truth(one, place)?),
            ("Fn::And", all) => all.iter().try_fold(true, |so_far, one| Ok(so_far && self.truth(one, place)?)),
            ("Fn::Or", all) => all.iter().try_fold(false, |so_far, one| Ok(so_far || self.truth(one, place)?)),
            _ => Err(TemplateError::at(place, format!("{name} is not known as a condition"))),
        }
    }
}

/// The local ARN of a secret with this name.
fn secret_arn(name: &str) -> String {
    // Secrets Manager appends six characters of its own to every ARN.
    arn("secretsmanager", &format!("secret:{name}-local1"))
}

/// A local ARN.
pub(crate) fn arn(service: &str, resource: &str) -> String {
    format!("arn:aws:{service}:{REGION}:{ACCOUNT_ID}:{resource}")
}

fn function_call(object: &Map<String, Value>) -> Option<(&str, &Value)> {
    let (name, argument) = object.iter().next().filter(|_| object.len() == 1)?;
    let is_function = name == "Ref" || name.starts_with("Fn::") || (name == "Condition" && argument.is_string());
    is_function.then_some((name.as_str(), argument))
}

fn parameter_value(definition: &Value, given: Option<&String>) -> Option<Value> {
    let text = given.cloned().or_else(|| definition.get("Default").and_then(scalar_text))?;
    let kind = definition.get("Type").and_then(Value::as_str).unwrap_or("String");
    if kind == "CommaDelimitedList" {
        return Some(text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(Value::from).collect());
    }
    Some(text.into())
}

fn pseudo_parameter(name: &str) -> Option<&'static str> {
    match name {
        "AWS::AccountId" => Some(ACCOUNT_ID),
        "AWS::Partition" => Some("aws"),
        "AWS::Region" => Some(REGION),
        "AWS::StackName" => Some(STACK_NAME),
        "AWS::URLSuffix" => Some("amazonaws.com"),
        _ => None,
    }
}

fn scalar_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

/// Replaces every `${name}`; `${!name}` is CloudFormation's escape for a literal `${name}`.
fn fill(text: &str, place: &str, lookup: Lookup<'_>) -> Result<Value, TemplateError> {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let (name, remainder) =
            after.split_once('}').ok_or_else(|| TemplateError::at(place, "${ without a closing }"))?;
        filled.push_str(before);
        match name.strip_prefix('!') {
            Some(literal) => filled.push_str(&format!("${{{literal}}}")),
            None => filled.push_str(&lookup(name.trim(), place)?),
        }
        rest = remainder;
    }
    filled.push_str(rest);
    Ok(filled.into())
}
