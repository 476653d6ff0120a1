//! Query parameters, those of every list among them.

use super::Request;
use crate::language::Text;
use crate::problem::Problem;

/// Rows of a page when nobody says.
pub const DEFAULT_LIMIT: u8 = 20;
/// Most rows of a page.
pub const MAX_LIMIT: u8 = 100;

/// A cursor that this list did not give, or not to this question.
pub const FOREIGN_CURSOR: Text =
    Text { en: "Not a cursor from this list.", fr: "Ce curseur ne vient pas de cette liste." };

const LIMIT: Text = Text { en: "1 to 100.", fr: "De 1 à 100." };

impl Request {
    /// A query parameter as `parse` reads it; one that is empty is not there.
    ///
    /// # Errors
    /// `validation_failed` that points at `name` and says `otherwise`, when `parse` does not take it.
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

    /// `limit`, 1 to [`MAX_LIMIT`].
    ///
    /// # Errors
    /// `validation_failed` that points at `limit`.
    pub fn limit(&self) -> Result<Option<u8>, Problem> {
        let parse = |text: &str| text.parse().ok().filter(|limit| (1..=MAX_LIMIT).contains(limit));
        self.query_as("limit", parse, LIMIT)
    }
}
