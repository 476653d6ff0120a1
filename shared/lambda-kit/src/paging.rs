//! One way to page through what lomi. lists.
//!
//! lomi.'s generations count pages, count rows or hand out cursors, and none of them takes every way of asking. A request
//! may name a page or a row all the same: the list is read from its beginning and the rows are cut out of it, up to
//! row 1000. The cursor behind any page holds lomi.'s own place, so that going on costs what one page costs.

use crate::fields::FieldErrors;
use crate::http::{FOREIGN_CURSOR, MAX_LIMIT, Request};
use crate::language::Text;
use crate::problem::Problem;
use lomi_client::{Error, ListPlace, Listing};

/// Rows that a page or an offset may reach; beyond, only the cursor leads on.
const MAX_ROW: u32 = 1_000;
/// Rows that lomi. is asked for at once where rows are cut out of its list. Its newest generation gives no more.
const ROWS_AT_ONCE: u8 = 100;

const SIZE: Text = Text { en: "1 to 100.", fr: "De 1 à 100." };
const PAGE: Text = Text { en: "A whole number, from 1.", fr: "Un nombre entier, à partir de 1." };
const OFFSET: Text = Text { en: "A whole number, from 0.", fr: "Un nombre entier, à partir de 0." };

/// Which rows of a list are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageRequest {
    size: u8,
    /// The number of the page, where it is known.
    number: Option<u32>,
    begin: Begin,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Begin {
    /// Where lomi. begins a page, and the page as it comes.
    Place(Option<ListPlace>),
    /// At so many rows behind such a place, in pages of [`ROWS_AT_ONCE`]; neither more rows nor fewer than asked for.
    Behind(Option<ListPlace>, u32),
}

/// A page of a list, and where it goes on.
#[derive(Debug)]
pub struct ListedPage<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// The `cursor` of the page that follows; `None` at the end.
    pub next_cursor: Option<String>,
    /// How many rows the whole list has, where lomi. says so.
    pub total_count: Option<u32>,
}

impl PageRequest {
    /// Reads `limit` or `pageSize`, and one of `cursor`, `page` and `offset`. Which of them a route takes is up to its
    /// [`Queries`](crate::http::Queries).
    ///
    /// # Errors
    /// `validation_failed` that points at what is wrong, or contradicts another parameter.
    pub fn read(request: &Request, default_size: u8) -> Result<Self, Problem> {
        let asked = request.query_of(["limit", "pageSize"], size, SIZE)?;
        let page = request.query_as("page", |text| whole(text, 1, u32::MAX), PAGE)?;
        let offset = request.query_as("offset", |text| whole(text, 0, u32::MAX), OFFSET)?;
        let cursor = request.query_as("cursor", Self::of_cursor, FOREIGN_CURSOR)?;
        let mut faults = FieldErrors::default();
        let begins = [(cursor.is_some(), "/cursor"), (page.is_some(), "/page"), (offset.is_some(), "/offset")];
        for (_, pointer) in begins.into_iter().filter(|(is_there, _)| *is_there).skip(1) {
            faults.add(
                pointer,
                "Only one of cursor, page and offset says where to begin.",
                "Un seul de cursor, page et offset dit où commencer.",
            );
        }
        if let Some(cursor) = cursor {
            let is_its_size = asked.is_none_or(|size| size == cursor.size);
            faults.unless(is_its_size, "/cursor", FOREIGN_CURSOR.en, FOREIGN_CURSOR.fr);
            return faults.none_or(Some(cursor));
        }
        let size = asked.unwrap_or(default_size);
        let (start, pointer) = match (page, offset) {
            (Some(page), _) => ((page - 1).saturating_mul(size.into()), "/page"),
            (None, Some(offset)) => (offset, "/offset"),
            (None, None) => return faults.none_or(Some(Self::first(size))),
        };
        faults.unless(
            start.saturating_add(size.into()) <= MAX_ROW,
            pointer,
            "Reaches beyond row 1000: go on with next_cursor.",
            "Au-delà de la ligne 1000 : continuez avec next_cursor.",
        );
        let number = page.or_else(|| page_at(start, size));
        faults.none_or(Some(Self { size, number, begin: Begin::Behind(None, start) }))
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

    /// The number of the page, from 1, where it is one: behind a cursor nobody counts.
    #[must_use]
    pub const fn number(&self) -> Option<u32> {
        self.number
    }

    /// Reads the page. `list` is the list from a place on, `None` for its beginning, in so many rows at once.
    ///
    /// # Errors
    /// What lomi. did not do.
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

    /// `<size>.<place>`, or `<size>.<rows behind it>_<place>`: lomi.'s place, with the page size that it belongs to. Where
    /// lomi. counts pages, the same number at another size would be another place.
    fn cursor(&self, begin: &Begin) -> String {
        let text = |place: &Option<ListPlace>| place.as_ref().map(ListPlace::to_text).unwrap_or_default();
        match begin {
            Begin::Place(place) => format!("{}.{}", self.size, text(place)),
            Begin::Behind(place, rows) => format!("{}.{rows}_{}", self.size, text(place)),
        }
    }

    /// What a cursor of [`ListedPage`] asks for; `None` for another text.
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

/// The number of the page of `size` rows that begins behind `start` rows, if one does.
fn page_at(start: u32, size: u8) -> Option<u32> {
    let (page, rest) = (start.checked_div(size.into())?, start.checked_rem(size.into())?);
    (rest == 0).then(|| page.saturating_add(1))
}

fn size(text: &str) -> Option<u8> {
    whole(text, 1, MAX_LIMIT.into()).and_then(|size| u8::try_from(size).ok())
}

/// Digits and nothing else, from `least` to `most`.
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
    fn a_cursor_leads_to_its_place_and_nothing_else_does() {
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
