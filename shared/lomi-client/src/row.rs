//! Tolerant reading of lomi's answers, which differ between four generations of the API.
//!
//! Unknown fields are ignored, absent and `null` are the same, and a minor field of the wrong type counts as absent.
//! Money and currency are the exception: a value that is present must be readable.

use std::collections::BTreeMap;
use std::str::FromStr;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{Amount, CurrencyCode, Environment, Metadata};

/// Why an answer is unusable: the name of a field, or `body`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unusable(pub(crate) &'static str);

/// An object of the API that is read from an answer.
pub trait Resource: Sized {
    /// Reads the object.
    fn read(row: &Row<'_>) -> Result<Self, Unusable>;
}

/// Reads the one object of an answer.
pub(crate) fn decode<T: Resource>(text: &str) -> Result<T, Unusable> {
    T::read(&Row::enveloped(text).ok_or(Unusable("body"))?)
}

/// One JSON object. Nested values stay unparsed text until they are read, so depth costs nothing.
pub struct Row<'a>(BTreeMap<String, &'a RawValue>);

impl<'a> Row<'a> {
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        serde_json::from_str(text).ok().map(Self)
    }

    /// A bare object, the object in `data`, or the first object of the array in `data`.
    pub(crate) fn enveloped(text: &'a str) -> Option<Self> {
        let outer = Self::parse(text)?;
        let Some(data) = outer.value("data") else {
            return Some(outer);
        };
        Self::parse(data.get()).or_else(|| elements(data.get())?.into_iter().next().and_then(of_raw))
    }

    /// A bare array of objects, or the array in `data`.
    pub(crate) fn list(text: &'a str) -> Option<Vec<Self>> {
        let array = match Self::parse(text) {
            Some(outer) => outer.value("data")?.get(),
            None => text,
        };
        elements(array)?.into_iter().map(of_raw).collect()
    }

    /// The array of objects in this field.
    pub(crate) fn rows(&self, name: &str) -> Option<Vec<Self>> {
        elements(self.value(name)?.get())?.into_iter().map(of_raw).collect()
    }

    /// The field, unless it is absent or `null`.
    fn value(&self, name: &str) -> Option<&'a RawValue> {
        self.0.get(name).copied().filter(|raw| raw.get() != "null")
    }

    /// Whether the field is present, `null` included.
    pub(crate) fn has_field(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Whether the field is present and not `null`.
    pub(crate) fn has_value(&self, name: &str) -> bool {
        self.value(name).is_some()
    }

    fn first(&self, names: &[&'static str]) -> Option<(&'static str, &'a RawValue)> {
        names.iter().find_map(|name| Some((*name, self.value(name)?)))
    }

    fn read<T: Deserialize<'a>>(&self, name: &str) -> Option<T> {
        serde_json::from_str(self.value(name)?.get()).ok()
    }

    /// The first of the fields that is a text which is not empty and has the form of `T`.
    pub(crate) fn parsed<T: FromStr>(&self, names: &[&'static str]) -> Option<T> {
        let text = |name| self.read::<String>(name).filter(|text| !text.is_empty());
        names.iter().find_map(|name| text(name)?.parse().ok())
    }

    /// The same, where an object without it is unusable. The error carries the first of the names.
    pub(crate) fn required<T: FromStr>(&self, names: &[&'static str]) -> Result<T, Unusable> {
        self.parsed(names).ok_or(Unusable(names.first().copied().unwrap_or_default()))
    }

    pub(crate) fn text(&self, names: &[&'static str]) -> Option<String> {
        self.parsed(names)
    }

    /// The first of the fields that is present; if it is not an amount, the row is unusable.
    pub(crate) fn amount(&self, names: &[&'static str]) -> Result<Option<Amount>, Unusable> {
        let Some((name, raw)) = self.first(names) else {
            return Ok(None);
        };
        Amount::from_json(raw).map(Some).map_err(|_| Unusable(name))
    }

    /// The first of the fields that is present, in either case; if it is not three letters, the row is unusable.
    pub(crate) fn currency(&self, names: &[&'static str]) -> Result<Option<CurrencyCode>, Unusable> {
        let Some((name, _)) = self.first(names) else {
            return Ok(None);
        };
        let code = self.read::<String>(name).map(|text| text.to_ascii_uppercase());
        let code = code.and_then(|text| CurrencyCode::parse(&text).ok());
        code.map(Some).ok_or(Unusable(name))
    }

    pub(crate) fn flag(&self, name: &str) -> Option<bool> {
        self.read(name)
    }

    pub(crate) fn number(&self, name: &str) -> Option<u32> {
        self.read(name)
    }

    pub(crate) fn environment(&self) -> Option<Environment> {
        self.parsed(&["environment"])
    }

    pub(crate) fn row(&self, name: &str) -> Option<Self> {
        Self::parse(self.value(name)?.get())
    }

    /// The JSON text of the field.
    pub(crate) fn json(&self, name: &str) -> Option<String> {
        Some(self.value(name)?.get().to_owned())
    }

    pub(crate) fn texts(&self, name: &str) -> Option<Vec<String>> {
        self.read(name)
    }

    /// Empty when absent or not an object.
    pub(crate) fn metadata(&self) -> Metadata {
        self.read("metadata").map(Metadata::new).unwrap_or_default()
    }
}

fn of_raw(raw: &RawValue) -> Option<Row<'_>> {
    Row::parse(raw.get())
}

fn elements(text: &str) -> Option<Vec<&RawValue>> {
    serde_json::from_str(text).ok()
}
