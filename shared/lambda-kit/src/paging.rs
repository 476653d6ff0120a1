//! Pages of lomi's lists.
//!
//! Generations of lomi's API page by number, by row offset or by cursor, and none accepts all three. This API does: for
//! a page number or an offset it reads the list from its beginning and cuts the rows out, up to row 1000. `next_cursor`
//! holds lomi's own position, so that every further page costs one page.

use crate::fields::FieldErrors;
use crate::http::{FOREIGN_CURSOR, MAX_LIMIT, Request};
use crate::language::Text;
use crate::problem::Problem;
use lomi_client::{Error, ListPlace, Listing};

/// The last row that `page` or `offset` may reach. Only a cursor leads further.
const MAX_ROW: u32 = 1_000;
/// Rows of one call to lomi where rows are cut out of its list: the maximum of its newest generation.
const ROWS_AT_ONCE: u8 = 100;

const SIZE: Text = Text { en: "1 to 100.", fr: "De 1 à 100." };
const PAGE: Text = Text { en: "A whole number, from 1.", fr: "Un nombre entier, à partir de 1." };
const OFFSET: Text = Text { en: "A whole number, from 0.", fr: "Un nombre entier, à partir de 0." };

/// The rows of a list that a request names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageRequest {
    size: u8,
    /// The number of the page, if it is known.
    number: Option<u32>,
    begin: Begin,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Begin {
    /// At lomi's position; the page is returned as lomi delivers it.
    Place(Option<ListPlace>),
    /// So many rows after that position, read in pages of [`ROWS_AT_ONCE`] and cut to exactly `size` rows.
    Behind(Option<ListPlace>, u32),
}

/// A page of a list.
#[derive(Debug)]
pub struct ListedPage<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// The `cursor` of the next page; `None` at the end.
    pub next_cursor: Option<String>,
    /// The number of rows of the whole list, if lomi says so.
    pub total_count: Option<u32>,
}

impl PageRequest {
    /// Reads `limit` or `pageSize`, and one of `cursor`, `page` and `offset`. [`Queries`](crate::http::Queries) limits
    /// what a route accepts of them.
    ///
    /// # Errors
    /// `validation_failed` at a parameter that is wrong or contradicts another.
    pub fn read(request: &Request, default_size: u8) -> Result<Self, Problem> {
        let size_sent = request.query_of(["limit", "pageSize"], size, SIZE)?;
        let page = request.query_as("page", |text| whole(text, 1, u32::MAX), PAGE)?;
        let offset = request.query_as("offset", |text| whole(text, 0, u32::MAX), OFFSET)?;
        let cursor = request.query_as("cursor", Self::of_cursor, FOREIGN_CURSOR)?;
        let mut errors = FieldErrors::default();
        let begins = [(cursor.is_some(), "/cursor"), (page.is_some(), "/page"), (offset.is_some(), "/offset")];
        for (_, pointer) in begins.into_iter().filter(|(is_there, _)| *is_there).skip(1) {
            errors.add(
                pointer,
                "Send only one of cursor, page and offset.",
                "Envoyez un seul paramètre parmi cursor, page et offset.",
            );
        }
        if let Some(cursor) = cursor {
            let is_its_size = size_sent.is_none_or(|size| size == cursor.size);
            errors.unless(is_its_size, "/cursor", FOREIGN_CURSOR.en, FOREIGN_CURSOR.fr);
            return errors.none_or(Some(cursor));
        }
        let size = size_sent.unwrap_or(default_size);
        let (start, pointer) = match (page, offset) {
            (Some(page), _) => ((page - 1).saturating_mul(size.into()), "/page"),
            (None, Some(offset)) => (offset, "/offset"),
            (None, None) => return errors.none_or(Some(Self::first(size))),
        };
        errors.unless(
            start.saturating_add(size.into()) <= MAX_ROW,
            pointer,
            "Beyond row 1000: continue with next_cursor.",
            "Au-delà de la ligne 1000 : continuez avec next_cursor.",
        );
        let number = page.or_else(|| page_at(start, size));
        errors.none_or(Some(Self { size, number, begin: Begin::Behind(None, start) }))
    }

    /// The first page of a list, of `size` rows.
    #[must_use]
    pub const fn first(size: u8) -> Self {
        Self { size, number: Some(1), begin: Begin::Place(None) }
    }

    /// Rows of the page.
    #[must_use]
    pub const fn size(&self) -> u8 {
        self.size
    }

    /// The number of the page, from 1. `None` after a cursor, and for an offset between pages.
    #[must_use]
    pub const fn number(&self) -> Option<u32> {
        self.number
    }

    /// Reads the page. `list` opens the list with a page size, at a position or (`None`) at its beginning.
    pub async fn of<T: Send + 'static>(
        &self,
        list: impl FnOnce(u8, Option<&ListPlace>) -> Listing<T>,
    ) -> Result<ListedPage<T>, Error> {
        let (mut at, mut skip) = match &self.begin {
            Begin::Place(place) => {
                let page = list(self.size, place.as_ref()).next_page().await?;
                let next_cursor = page.next.map(|place| self.cursor(&Begin::Place(Some(place))));
                return Ok(ListedPage { rows: page.rows, next_cursor, total_count: page.total_count });
            }
            Begin::Behind(place, rows) => (place.clone(), to_index(*rows)),
        };
        let (size, mut listing) = (usize::from(self.size), list(ROWS_AT_ONCE, at.as_ref()));
        let (mut rows, mut total_count) = (Vec::new(), None);
        // Ends with the list, at row 1000, or with the deadline of its calls.
        loop {
            let page = listing.next_page().await?;
            total_count = total_count.or(page.total_count);
            let came = page.rows.len();
            let used = came.min(skip + size - rows.len());
            rows.extend(page.rows.into_iter().take(used).skip(skip));
            let next = if used < came { Some((at, used)) } else { page.next.map(|place| (Some(place), 0)) };
            match next {
                Some((place, behind)) if rows.len() == size => {
                    let behind = u32::try_from(behind).unwrap_or(u32::MAX);
                    let next_cursor = Some(self.cursor(&Begin::Behind(place, behind)));
                    return Ok(ListedPage { rows, next_cursor, total_count });
                }
                Some((place, _)) => at = place,
                None => return Ok(ListedPage { rows, next_cursor: None, total_count }),
            }
            skip = skip.saturating_sub(came);
        }
    }

    /// `<size>.<place>`, or `<size>.<rows after it>_<place>`: lomi's position and its page size. A lomi that pages by
    /// number would find other rows with the same number and another size.
    fn cursor(&self, begin: &Begin) -> String {
        let text = |place: &Option<ListPlace>| place.as_ref().map(ListPlace::to_text).unwrap_or_default();
        match begin {
            Begin::Place(place) => format!("{}.{}", self.size, text(place)),
            Begin::Behind(place, rows) => format!("{}.{rows}_{}", self.size, text(place)),
        }
    }

    /// Parses a [`ListedPage::next_cursor`]; `None` for any other text.
    #[must_use]
    pub fn of_cursor(cursor: &str) -> Option<Self> {
        let (rows, rest) = cursor.split_once('.')?;
        let size = size(rows)?;
        let begin = if rest.starts_with(|first: char| first.is_ascii_digit()) {
            let (rows, place) = rest.split_once('_')?;
            let place = if place.is_empty() { None } else { Some(ListPlace::parse(place)?) };
            Begin::Behind(place, whole(rows, 0, MAX_ROW)?)
        } else {
            Begin::Place(Some(ListPlace::parse(rest)?))
        };
        Some(Self { size, number: None, begin })
    }
}

/// The number of the page of `size` rows that begins after `start` rows, if one does.
fn page_at(start: u32, size: u8) -> Option<u32> {
    let (page, rest) = (start.checked_div(size.into())?, start.checked_rem(size.into())?);
    (rest == 0).then(|| page.saturating_add(1))
}

fn size(text: &str) -> Option<u8> {
    whole(text, 1, MAX_LIMIT.into()).and_then(|size| u8::try_from(size).ok())
}

/// A number from `least` to `most`, in digits only.
fn whole(text: &str, least: u32, most: u32) -> Option<u32> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|number| is_number && (least..=most).contains(number))
}

fn to_index(rows: u32) -> usize {
    usize::try_from(rows).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_cursor_parses_as_one() {
        for cursor in ["20.p3", "20.o40", "20.ceyJvZmZzZXQiOjJ9", "20.ca.b==", "20.40_", "20.0_p2", "100.99_ca_b.=="] {
            let read = PageRequest::of_cursor(cursor);
            assert_eq!(read.map(|page| page.cursor(&page.begin)).as_deref(), Some(cursor));
        }
        for wrong in [
            "",
            ".",
            "20",
            "20.",
            "20.1",
            "0.p2",
            "101.p2",
            "20.p",
            "20.p2.2",
            "a.p2",
            "20.p-2",
            "20.c",
            "20._p2",
            "20.1001_p2",
            "20.1_x",
            "20.-1_p2",
            "+20.p2",
            "20.1_2_p2",
        ] {
            assert_eq!(PageRequest::of_cursor(wrong), None, "{wrong}");
        }
    }
}
