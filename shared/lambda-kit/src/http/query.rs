//! Query parameters.

use super::Request;
use super::body::push_segment;
use crate::language::Text;
use crate::problem::{FieldError, MAX_FIELD_ERRORS, Problem};
use std::collections::BTreeSet;
use url::form_urlencoded;

/// The query parameters of each route under `/admin`. A route that is not listed takes none.
pub type Queries = &'static [(&'static str, &'static [&'static str])];

/// Rows of a page without a `limit`.
pub const DEFAULT_LIMIT: u8 = 20;
/// Most rows of a page.
pub const MAX_LIMIT: u8 = 100;

/// The cursor is from another list, or from the same list with other parameters.
pub const FOREIGN_CURSOR: Text =
    Text { en: "Not a cursor from this list.", fr: "Ce curseur ne vient pas de cette liste." };

const UNKNOWN: Text = Text { en: "Unknown query parameter.", fr: "Paramètre de requête inconnu." };

const REPEATED: Text = Text { en: "Duplicate query parameter.", fr: "Paramètre de requête en double." };

const CONTRADICTION: Text =
    Text { en: "Contradicts another name of this parameter.", fr: "Contredit un autre nom de ce paramètre." };

/// The prefix of a presigned request's signature, which API Gateway checks.
const SIGNATURE_PREFIX: &str = "X-Amz-";

const LIMIT: Text = Text { en: "1 to 100.", fr: "De 1 à 100." };

/// Refuses unknown parameters under `/admin`: a client that pages with a parameter the route ignores would read the
/// first page for ever. Public routes ignore unknown parameters, because others append theirs (`fbclid`, `utm_source`).
pub(super) fn check(route: &str, raw: &str, queries: Queries) -> Result<(), Problem> {
    let (_, path) = route.split_once(' ').unwrap_or_default();
    if path != "/admin" && !path.starts_with("/admin/") {
        return Ok(());
    }
    let taken = queries.iter().find(|(known, _)| *known == route).map_or(&[][..], |(_, names)| names);
    let (mut seen, mut errors) = (BTreeSet::new(), Vec::new());
    for (name, _) in form_urlencoded::parse(raw.as_bytes()).filter(|(name, _)| !name.starts_with(SIGNATURE_PREFIX)) {
        let detail = if taken.contains(&&*name) { REPEATED } else { UNKNOWN };
        let is_refused = seen.contains(&name) || !taken.contains(&&*name);
        if is_refused && errors.len() < MAX_FIELD_ERRORS {
            let mut pointer = String::new();
            push_segment(&mut pointer, &name);
            errors.push(FieldError { pointer, detail });
        }
        seen.insert(name);
    }
    if errors.is_empty() { Ok(()) } else { Err(Problem::invalid_fields(errors)) }
}

impl Request {
    /// A query parameter, parsed; an empty one counts as absent.
    ///
    /// # Errors
    /// `validation_failed` at `name`, with the text `otherwise`, when `parse` returns `None`.
    pub fn query_as<T>(
        &self,
        name: &str,
        parse: impl FnOnce(&str) -> Option<T>,
        otherwise: Text,
    ) -> Result<Option<T>, Problem> {
        match self.query(name).filter(|text| !text.is_empty()) {
            None => Ok(None),
            Some(text) => parse(text).map(Some).ok_or_else(|| Problem::invalid(format!("/{name}"), otherwise)),
        }
    }

    /// A query parameter with two names: this API's, and that of lomi's documents.
    ///
    /// # Errors
    /// Those of [`Request::query_as`], and `validation_failed` when the two names have different values.
    pub fn query_of<T: PartialEq>(
        &self,
        [name, other]: [&str; 2],
        parse: impl Fn(&str) -> Option<T>,
        otherwise: Text,
    ) -> Result<Option<T>, Problem> {
        let first = self.query_as(name, &parse, otherwise)?;
        let second = self.query_as(other, &parse, otherwise)?;
        if first.is_some() && second.is_some() && first != second {
            return Err(Problem::invalid(format!("/{other}"), CONTRADICTION));
        }
        Ok(first.or(second))
    }

    /// `limit`, 1 to [`MAX_LIMIT`].
    ///
    /// # Errors
    /// `validation_failed` at `limit`.
    pub fn limit(&self) -> Result<Option<u8>, Problem> {
        let parse = |text: &str| text.parse().ok().filter(|limit| (1..=MAX_LIMIT).contains(limit));
        self.query_as("limit", parse, LIMIT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(route: &str, raw: &str) -> Vec<(String, &'static str)> {
        let problem = check(route, raw, &[("GET /admin/things", &["limit", "status"])]);
        let errors = problem.err().map(|problem| problem.errors).unwrap_or_default();
        errors.into_iter().map(|error| (error.pointer, error.detail.en)).collect()
    }

    #[test]
    fn an_unknown_admin_query_parameter_is_refused_by_name() {
        let unknown = |pointer: &str| (pointer.to_owned(), UNKNOWN.en);
        for raw in ["", "limit=5", "status=&limit=5", "X-Amz-Signature=0&X-Amz-Date=0"] {
            assert_eq!(refused("GET /admin/things", raw), [], "{raw}");
        }
        assert_eq!(refused("GET /admin/things", "limit=5&page=2&a%2Fb"), [unknown("/page"), unknown("/a~1b")]);
        assert_eq!(refused("GET /admin/things", "limit=5&limit=5"), [("/limit".to_owned(), REPEATED.en)]);
        assert_eq!(refused("POST /admin/things", "limit=5"), [unknown("/limit")]);
        assert_eq!(refused("GET /admin", "x="), [unknown("/x")]);
        for public in ["GET /things", "GET /administration", "", "GET"] {
            assert_eq!(refused(public, "fbclid=1&fbclid=1"), [], "{public}");
        }
    }
}
