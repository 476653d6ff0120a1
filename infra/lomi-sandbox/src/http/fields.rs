//! Reads the fields of a body and collects every problem.

use std::str::FromStr;

use serde_json::{Map, Value};
use strum::VariantNames;

use super::error::Problem;
use crate::clock::Timestamp;
use crate::ids;
use crate::money::Amount;

/// The fields of a body, and the problems found so far. Null counts as absent.
#[derive(Debug)]
pub(crate) struct Fields<'a> {
    body: Option<&'a Map<String, Value>>,
    prefix: String,
    pub(crate) problems: Vec<Problem>,
}

impl<'a> Fields<'a> {
    /// A body that is no object has no fields.
    pub(crate) fn new(body: &'a Value) -> Self {
        Self { body: body.as_object(), prefix: String::new(), problems: Vec::new() }
    }

    fn nested(body: &'a Value, prefix: String) -> Self {
        Self { body: body.as_object(), prefix, problems: Vec::new() }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&'a Value> {
        self.body.and_then(|body| body.get(name)).filter(|value| !value.is_null())
    }

    pub(crate) fn problem(&mut self, name: &str, message: &str) {
        self.problems.push(Problem { field: format!("{}{name}", self.prefix), message: message.to_owned() });
    }

    /// Any other present value is a problem.
    fn read<T>(&mut self, name: &str, message: &str, read: impl FnOnce(&'a Value) -> Option<T>) -> Option<T> {
        let read = read(self.get(name)?);
        if read.is_none() {
            self.problem(name, message);
        }
        read
    }

    pub(crate) fn text(&mut self, name: &str) -> Option<String> {
        self.read(name, "must be a string", |value| value.as_str().map(str::to_owned))
    }

    pub(crate) fn uuid(&mut self, name: &str) -> Option<String> {
        let uuid = |value: &Value| value.as_str().filter(|text| ids::is_uuid(text)).map(str::to_owned);
        self.read(name, "must be a UUID", uuid)
    }

    /// A UUID, or a public id with this prefix.
    pub(crate) fn id(&mut self, name: &str, prefix: &str) -> Option<String> {
        let is_id = |text: &&str| ids::is_uuid(text) || text.starts_with(prefix);
        let id = |value: &Value| value.as_str().filter(is_id).map(str::to_owned);
        self.read(name, "must be an id", id)
    }

    pub(crate) fn email(&mut self, name: &str) -> Option<String> {
        let email = |value: &Value| value.as_str().filter(|text| is_email(text)).map(str::to_owned);
        self.read(name, "must be an email", email)
    }

    pub(crate) fn url(&mut self, name: &str) -> Option<String> {
        let url = |value: &Value| value.as_str().filter(|text| url::Url::parse(text).is_ok()).map(str::to_owned);
        self.read(name, "must be a URL", url)
    }

    pub(crate) fn amount(&mut self, name: &str) -> Option<Amount> {
        self.read(name, "must be a number", Amount::from_json)
    }

    /// ISO 8601.
    pub(crate) fn instant(&mut self, name: &str) -> Option<Timestamp> {
        let instant = |value: &Value| value.as_str().and_then(Timestamp::parse);
        self.read(name, "must be an ISO 8601 date", instant)
    }

    pub(crate) fn flag(&mut self, name: &str) -> Option<bool> {
        self.read(name, "must be a boolean value", Value::as_bool)
    }

    /// An integer of at least 1.
    pub(crate) fn count(&mut self, name: &str) -> Option<u32> {
        let count = |value: &Value| value.as_u64().and_then(|n| u32::try_from(n).ok()).filter(|n| *n >= 1);
        self.read(name, "must be an integer not less than 1", count)
    }

    pub(crate) fn object(&mut self, name: &str) -> Value {
        self.read(name, "must be an object", |value| value.is_object().then(|| value.clone())).unwrap_or_default()
    }

    pub(crate) fn one_of(&mut self, name: &str, values: &[&str]) -> Option<String> {
        let message = format!("must be one of: {}", values.join(", "));
        let known = |value: &Value| value.as_str().filter(|text| values.contains(text)).map(str::to_owned);
        self.read(name, &message, known)
    }

    /// A value of a closed set.
    pub(crate) fn variant<T: FromStr + VariantNames>(&mut self, name: &str) -> Option<T> {
        self.one_of(name, T::VARIANTS)?.parse().ok()
    }

    pub(crate) fn texts(&mut self, name: &str) -> Option<Vec<String>> {
        let texts = |value: &Value| value.as_array()?.iter().map(|item| item.as_str().map(str::to_owned)).collect();
        self.read(name, "must be an array of strings", texts)
    }

    /// Reads every element of an array of objects.
    pub(crate) fn items<T>(&mut self, name: &str, mut read: impl FnMut(&mut Fields<'a>) -> T) -> Option<Vec<T>> {
        let items = self.read(name, "must be an array", Value::as_array)?;
        let mut all = Vec::with_capacity(items.len());
        for (at, item) in items.iter().enumerate() {
            let mut fields = Fields::nested(item, format!("{}{name}.{at}.", self.prefix));
            all.push(read(&mut fields));
            self.problems.append(&mut fields.problems);
        }
        Some(all)
    }

    pub(crate) fn require(&mut self, name: &str) {
        if self.get(name).is_none() {
            self.problem(name, "is required");
        }
    }
}

fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else { return false };
    !local.is_empty()
        && domain.split('.').count() >= 2
        && domain.split('.').all(|label| !label.is_empty())
        && !text.contains(char::is_whitespace)
}
