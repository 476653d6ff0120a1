//! A JSON body, read into a type that cannot be wrong.

use super::Request;
use crate::language::Text;
use crate::problem::{Code, FieldError, MAX_FIELD_ERRORS, Problem};
use serde::de::DeserializeOwned;
use serde_json::error::Category;
use serde_path_to_error::Segment;
use std::fmt::Write;

const NOT_TAKEN: Text = Text { en: "This member is not known here.", fr: "Ce champ est inconnu ici." };

const NOT_READABLE: Text =
    Text { en: "The value is of the wrong type or form.", fr: "La valeur est de type ou de forme incorrects." };

const MISSING: Text = Text { en: "This member is required.", fr: "Ce champ est obligatoire." };

const REPEATED: Text = Text { en: "This member stands twice.", fr: "Ce champ figure deux fois." };

/// Longest pointer that is sent back, in bytes.
const MAX_POINTER_BYTES: usize = 256;

/// Reads the whole body as a `T`, by [`json_of`].
///
/// # Errors
/// `unsupported_media_type` when `Content-Type` is present and not JSON; else those of [`json_of`].
pub fn json<T: DeserializeOwned>(request: &Request) -> Result<T, Problem> {
    if request.header("content-type").is_some_and(|value| !is_json(value)) {
        return Err(Problem::new(Code::UnsupportedMediaType));
    }
    json_of(&request.body)
}

/// Reads bytes as a `T`. A member that no field of `T` wants is an error too: a typing mistake in an optional member must
/// not be lost.
///
/// # Errors
/// `malformed_json` for bytes that are not JSON in UTF-8 or are nested deeper than 127 levels; `validation_failed` with a
/// pointer to each unknown member, or to the first value that does not fit.
pub fn json_of<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let text = std::str::from_utf8(body).map_err(|_| Problem::new(Code::MalformedJson))?;
    let mut unknown = Vec::new();
    let mut note = |path: serde_ignored::Path<'_>| {
        if unknown.len() < MAX_FIELD_ERRORS {
            unknown.push(FieldError { pointer: pointer_to_ignored(&path), detail: NOT_TAKEN });
        }
    };
    let mut json = serde_json::Deserializer::from_str(text);
    let value = serde_path_to_error::deserialize(serde_ignored::Deserializer::new(&mut json, &mut note))
        .map_err(|error| refusal(&error))?;
    json.end().map_err(|_| Problem::new(Code::MalformedJson))?;
    if unknown.is_empty() { Ok(value) } else { Err(Problem::invalid_fields(unknown)) }
}

fn is_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

fn refusal(error: &serde_path_to_error::Error<serde_json::Error>) -> Problem {
    if error.inner().classify() != Category::Data {
        return Problem::new(Code::MalformedJson);
    }
    let mut pointer = String::new();
    for segment in error.path() {
        match segment {
            Segment::Seq { index } => push_segment(&mut pointer, &index.to_string()),
            Segment::Map { key } => push_segment(&mut pointer, key),
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    let (member, detail) = what_serde_says(&error.inner().to_string());
    if let Some(member) = member {
        push_segment(&mut pointer, &member);
    }
    Problem::invalid(pointer, detail)
}

/// serde names a missing or repeated member only in its message, and its path ends at the object around it.
fn what_serde_says(message: &str) -> (Option<String>, Text) {
    let member_after = |words: &str| Some(message.strip_prefix(words)?.split('`').next()?.to_owned());
    if let Some(member) = member_after("missing field `") {
        return (Some(member), MISSING);
    }
    if let Some(member) = member_after("duplicate field `") {
        return (Some(member), REPEATED);
    }
    (None, NOT_READABLE)
}

fn pointer_to_ignored(path: &serde_ignored::Path<'_>) -> String {
    use serde_ignored::Path;
    let (parent, own) = match path {
        Path::Root => return String::new(),
        Path::Seq { parent, index } => (parent, Some(index.to_string())),
        Path::Map { parent, key } => (parent, Some(key.clone())),
        Path::Some { parent } | Path::NewtypeStruct { parent } | Path::NewtypeVariant { parent } => (parent, None),
    };
    let mut pointer = pointer_to_ignored(parent);
    if let Some(own) = own {
        push_segment(&mut pointer, &own);
    }
    pointer
}

/// Appends one reference token of RFC 6901, unless the pointer has grown too long to be of use.
pub(super) fn push_segment(pointer: &mut String, token: &str) {
    let escaped = token.replace('~', "~0").replace('/', "~1");
    if pointer.len() + escaped.len() < MAX_POINTER_BYTES {
        let _ = write!(pointer, "/{escaped}");
    }
}
