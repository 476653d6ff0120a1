//! JSON bodies.

use super::Request;
use crate::language::Text;
use crate::problem::{Code, FieldError, MAX_FIELD_ERRORS, Problem};
use serde::de::DeserializeOwned;
use serde_json::error::Category;
use serde_path_to_error::Segment;
use std::fmt::Write;

const UNKNOWN: Text = Text { en: "Unknown field.", fr: "Champ inconnu." };

const NOT_READABLE: Text = Text { en: "Wrong type or format.", fr: "Type ou format incorrect." };

const MISSING: Text = Text { en: "This field is required.", fr: "Ce champ est obligatoire." };

const REPEATED: Text = Text { en: "Duplicate field.", fr: "Champ en double." };

/// Longest pointer that is sent back, in bytes.
const MAX_POINTER_BYTES: usize = 256;

/// Reads the whole body as a `T`, with [`json_of`].
///
/// # Errors
/// `unsupported_media_type` when `Content-Type` is present and not JSON; otherwise those of [`json_of`].
pub fn json<T: DeserializeOwned>(request: &Request) -> Result<T, Problem> {
    if request.header("content-type").is_some_and(|value| !is_json(value)) {
        return Err(Problem::new(Code::UnsupportedMediaType));
    }
    json_of(&request.body)
}

/// Reads bytes as a `T`. An unknown field is an error, because a typing mistake in the name of an optional field must
/// not be ignored.
///
/// # Errors `malformed_json` for bytes that are not JSON in UTF-8 or are nested deeper than 127 levels;
/// `validation_failed` with a pointer to each unknown field, or to the first value that does not fit.
pub fn json_of<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let text = std::str::from_utf8(body).map_err(|_| Problem::new(Code::MalformedJson))?;
    let mut unknown = Vec::new();
    let mut note = |path: serde_ignored::Path<'_>| {
        if unknown.len() < MAX_FIELD_ERRORS {
            unknown.push(FieldError { pointer: pointer_to_ignored(&path), detail: UNKNOWN });
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
    let (field, detail) = missing_or_repeated(&error.inner().to_string());
    if let Some(field) = field {
        push_segment(&mut pointer, &field);
    }
    Problem::invalid(pointer, detail)
}

/// serde names a missing or repeated field only in its message; its path ends at the object around it.
fn missing_or_repeated(message: &str) -> (Option<String>, Text) {
    let field_after = |start: &str| Some(message.strip_prefix(start)?.split('`').next()?.to_owned());
    if let Some(field) = field_after("missing field `") {
        return (Some(field), MISSING);
    }
    if let Some(field) = field_after("duplicate field `") {
        return (Some(field), REPEATED);
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

/// Appends one reference token (RFC 6901), unless the pointer would exceed [`MAX_POINTER_BYTES`].
pub(super) fn push_segment(pointer: &mut String, token: &str) {
    let escaped = token.replace('~', "~0").replace('/', "~1");
    if pointer.len() + escaped.len() < MAX_POINTER_BYTES {
        let _ = write!(pointer, "/{escaped}");
    }
}
