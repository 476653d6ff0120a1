//! Tolerant reading of lomi's answers, which come in four generations.
//!
//! Unknown members are ignored, absent and `null` are the same, and a peripheral member of the wrong type
//! counts as absent. Money and currency are the exception: what is there must be readable.

use std::collections::BTreeMap;
use std::str::FromStr;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{Amount, CurrencyCode, Environment, Metadata};

/// The first thing that made an answer unusable: the name of a member, or a word for the whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unusable(pub(crate) &'static str);

/// One JSON object whose members are read on demand; nested values stay text until asked for, so depth
/// costs nothing.
pub(crate) struct Row<'a>(BTreeMap<String, &'a RawValue>);

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

    /// The array of objects in this member.
    pub(crate) fn rows(&self, name: &str) -> Option<Vec<Self>> {
        elements(self.value(name)?.get())?.into_iter().map(of_raw).collect()
    }

    /// The member, unless it is absent or `null`.
    fn value(&self, name: &str) -> Option<&'a RawValue> {
        self.0.get(name).copied().filter(|raw| raw.get() != "null")
    }

    /// Whether the member is there, if only as `null`.
    pub(crate) fn has_member(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Whether the member is there and something, of whatever type.
    pub(crate) fn has_value(&self, name: &str) -> bool {
        self.value(name).is_some()
    }

    fn first(&self, names: &[&'static str]) -> Option<(&'static str, &'a RawValue)> {
        names.iter().find_map(|name| Some((*name, self.value(name)?)))
    }

    fn read<T: Deserialize<'a>>(&self, name: &str) -> Option<T> {
        serde_json::from_str(self.value(name)?.get()).ok()
    }

    /// The first of the members that is a text with something in it.
    pub(crate) fn text(&self, names: &[&'static str]) -> Option<String> {
        names.iter().find_map(|name| self.read::<String>(name).filter(|text| !text.is_empty()))
    }

    /// The first of the members that has the shape of `T`.
    pub(crate) fn id<T: FromStr>(&self, names: &[&'static str]) -> Option<T> {
        names.iter().find_map(|name| self.read::<String>(name)?.parse().ok())
    }

    /// The first of the members that is there; one that is not an amount makes the row unusable.
    pub(crate) fn amount(&self, names: &[&'static str]) -> Result<Option<Amount>, Unusable> {
        let Some((name, raw)) = self.first(names) else {
            return Ok(None);
        };
        Amount::from_json(raw).map(Some).map_err(|_| Unusable(name))
    }

    /// The first of the members that is there, in either case; anything but three letters makes the row unusable.
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
        Environment::from_wire(&self.text(&["environment"])?)
    }

    pub(crate) fn row(&self, name: &str) -> Option<Self> {
        Self::parse(self.value(name)?.get())
    }

    /// The JSON text of the member, unread.
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
