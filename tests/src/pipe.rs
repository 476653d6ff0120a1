//! An EventBridge Pipe as a template defines it: its filter, its input template, its target.
//!
//! Of the filter language it supports lists of texts and `prefix`, of the input template `<$.path>` within quotes and
//! outside them. Everything else is an error: a test must not pass because a part was not understood.

use serde_json::{Value, json};

/// A pipe from a DynamoDB stream to an event bus.
#[derive(Debug)]
pub struct Pipe {
    filters: Vec<Value>,
    input_template: String,
    detail_type: String,
    source: String,
}

/// The DynamoDB stream record of a write of `item`. `kind` is `INSERT`, `MODIFY` or `REMOVE`.
#[must_use]
pub fn stream_record(kind: &str, item: &Value) -> Value {
    let attributes = item.as_object().expect("an item");
    let image: serde_json::Map<_, _> = attributes.iter().map(|(name, value)| (name.clone(), typed(value))).collect();
    let keys = json!({ "PK": image["PK"], "SK": image["SK"] });
    json!({ "eventName": kind, "eventSource": "aws:dynamodb", "dynamodb": { "Keys": keys, "NewImage": image } })
}

/// A value with its type letter. Numbers are text in a stream.
fn typed(value: &Value) -> Value {
    match value {
        Value::Null => json!({ "NULL": true }),
        Value::Bool(flag) => json!({ "BOOL": flag }),
        Value::Number(number) => json!({ "N": number.to_string() }),
        Value::String(text) => json!({ "S": text }),
        Value::Array(items) => json!({ "L": items.iter().map(typed).collect::<Vec<_>>() }),
        Value::Object(members) => {
            let members: serde_json::Map<_, _> =
                members.iter().map(|(name, value)| (name.clone(), typed(value))).collect();
            json!({ "M": members })
        }
    }
}

impl Pipe {
    /// The pipe of this template resource.
    ///
    /// # Errors
    /// When a part is missing or not supported.
    pub fn of(resource: &Value) -> Result<Self, String> {
        let properties = &resource["Properties"];
        let (source, target) = (&properties["SourceParameters"], &properties["TargetParameters"]);
        let filters = source["FilterCriteria"]["Filters"].as_array().ok_or("no filter")?.iter();
        let filters = filters.map(|filter| serde_json::from_str(filter["Pattern"].as_str().unwrap_or_default()));
        let bus = &target["EventBridgeEventBusParameters"];
        let text = |value: &Value, name: &str| value.as_str().map(str::to_owned).ok_or(format!("no {name}"));
        Ok(Self {
            filters: filters.collect::<Result<_, _>>().map_err(|error| format!("a filter is no JSON: {error}"))?,
            input_template: text(&target["InputTemplate"], "input template")?,
            detail_type: text(&bus["DetailType"], "detail type")?,
            source: text(&bus["Source"], "source")?,
        })
    }

    /// Whether any filter matches the record.
    ///
    /// # Errors
    /// When a filter is not supported here.
    pub fn takes(&self, record: &Value) -> Result<bool, String> {
        for filter in &self.filters {
            if matches(filter, Some(record))? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The event that the record becomes.
    ///
    /// # Errors
    /// When a path leads nowhere, or the input template gives no JSON.
    pub fn event(&self, record: &Value) -> Result<Value, String> {
        let text = fill_in(&self.input_template, record)?;
        let detail: Value = serde_json::from_str(&text).map_err(|error| format!("the input is no JSON: {error}"))?;
        let detail_type = match self.detail_type.strip_prefix("$.") {
            Some(path) => at(record, path)?.as_str().ok_or("the detail type is no text")?.to_owned(),
            None => self.detail_type.clone(),
        };
        Ok(json!({ "source": self.source, "detail-type": detail_type, "detail": detail }))
    }
}

fn matches(pattern: &Value, found: Option<&Value>) -> Result<bool, String> {
    match pattern {
        Value::Object(members) => {
            for (name, inner) in members {
                if !matches(inner, found.and_then(|found| found.get(name)))? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        Value::Array(choices) => {
            let verdicts: Vec<_> = choices.iter().map(|choice| fits(choice, found)).collect::<Result<_, _>>()?;
            Ok(verdicts.contains(&true))
        }
        other => Err(format!("a pattern is a list or an object, not {other}")),
    }
}

fn fits(choice: &Value, found: Option<&Value>) -> Result<bool, String> {
    let found = found.and_then(Value::as_str);
    match choice {
        Value::String(text) => Ok(found == Some(text)),
        Value::Object(operator) if operator.len() == 1 && choice["prefix"].is_string() => {
            Ok(found.zip(choice["prefix"].as_str()).is_some_and(|(found, prefix)| found.starts_with(prefix)))
        }
        other => Err(format!("not understood in a filter: {other}")),
    }
}

/// Replaces every `<$.path>`: within quotes by the value's text, outside by the value as JSON.
fn fill_in(template: &str, record: &Value) -> Result<String, String> {
    let mut filled = String::new();
    let mut rest = template;
    let mut is_quoted = false;
    while let Some(position) = rest.find(['<', '"']) {
        let (before, after) = rest.split_at(position);
        filled.push_str(before);
        if let Some(after) = after.strip_prefix('"') {
            is_quoted = !is_quoted;
            filled.push('"');
            rest = after;
            continue;
        }
        let (path, after) = after.split_once('>').ok_or("a path without an end")?;
        let path = path.strip_prefix("<$.").ok_or(format!("not understood in an input template: {path}"))?;
        let value = at(record, path)?;
        match value.as_str().filter(|_| is_quoted) {
            Some(text) => filled.push_str(text),
            None => filled.push_str(&value.to_string()),
        }
        rest = after;
    }
    filled.push_str(rest);
    Ok(filled)
}

fn at<'a>(record: &'a Value, path: &str) -> Result<&'a Value, String> {
    let found = path.split('.').try_fold(record, |value, name| value.get(name));
    found.ok_or(format!("$.{path} leads nowhere"))
}
