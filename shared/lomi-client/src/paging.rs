//! How lists go on: what an answer says about it, and the question that follows.
//!
//! Nobody can know in advance which generation of the API answers, so the answer decides. The newest one hands out
//! cursors and says when there is no more. Older ones count pages or rows, and most of their answers do not say where the
//! list ends: then only an empty page is the end. A page that is shorter than was asked for is none, nor one that is
//! shorter than its answer says: the server may have its own idea of how long a page is. Its `total` counts the page.

use crate::call::Call;
use crate::error::Error;
use crate::row::{Row, Unusable};

/// The longest cursor that is read back from text, and the highest number of a page or of rows.
const MAX_CURSOR_CHARS: usize = 1_000;
const MAX_NUMBER: u32 = 10_000_000;

/// How a list is asked for its next page where the answer does not say, and how many rows are asked for unless the
/// caller does.
#[derive(Debug, Clone, Copy)]
pub enum Paging {
    /// `page` from 1, and `pageSize`.
    Numbered {
        /// Rows per page.
        size: u32,
    },
    /// `limit` and `offset`.
    Offset {
        /// Rows per page.
        limit: u32,
    },
    /// Everything is in the one answer.
    Whole,
}

/// One page as it came.
pub struct Page<T> {
    pub(crate) rows: Vec<T>,
    pub(crate) told: Told,
    /// How many rows the whole list has, where its answers say so.
    pub(crate) total: Option<u32>,
}

/// What an answer says about how its list goes on.
pub(crate) enum Told {
    /// The newest generation: the cursor of the next page, `None` after the last.
    Cursor(Option<String>),
    /// The older ones.
    Count(Count),
}

/// What the older generations say of where they are, each of them something else, and some nothing.
pub(crate) struct Count {
    /// The number of this page.
    page: Option<u32>,
    /// How many pages there are; 0 on a page past the end.
    pages: Option<u32>,
    /// Rows before this page.
    offset: Option<u32>,
}

/// Where a list goes on, to come back to it with [`Call::starting_at`]: lomi's own cursor, or in older generations a
/// page or a number of rows. It belongs to the filters and the page size that it came with.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ListPlace(At);

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum At {
    Cursor(String),
    Page(u32),
    Offset(u32),
}

impl<T> Page<T> {
    /// A bare array or the array in `data`. One row that cannot be read makes the page unusable: left out, it
    /// would look like a row that never was.
    pub(crate) fn read(text: &str, read: fn(&Row<'_>) -> Result<T, Unusable>) -> Result<Self, Unusable> {
        let rows = Row::list(text).ok_or(Unusable("body"))?;
        let told = Told::read(Row::parse(text).as_ref())?;
        Ok(Self { rows: rows.iter().map(read).collect::<Result<_, _>>()?, told, total: None })
    }

    /// The total, as far as it can be believed: past its end, a list says that it has no rows at all.
    pub(crate) fn total_after<U>(&self, call: &Call<U>) -> Option<u32> {
        self.total.filter(|_| !self.rows.is_empty() || Asked::of(call).is_beginning())
    }

    pub(crate) const fn is_counted(&self) -> bool {
        matches!(self.told, Told::Count(_))
    }
}

impl Told {
    /// `outer` is what stands around the rows, if anything does. That there is more and no way to it is no answer: it
    /// would look like the end.
    pub(crate) fn read(outer: Option<&Row<'_>>) -> Result<Self, Unusable> {
        let Some(outer) = outer else { return Ok(Self::Count(Count::read(None))) };
        let has_more = outer.flag("has_more");
        if has_more.is_none() && outer.has_value("has_more") {
            return Err(Unusable("has_more"));
        }
        match (has_more, outer.text(&["next_cursor"])) {
            (Some(false), _) => Ok(Self::Cursor(None)),
            (Some(true) | None, Some(cursor)) => Ok(Self::Cursor(Some(cursor))),
            (Some(true), None) => Err(Unusable("next_cursor")),
            (None, None) if outer.has_value("next_cursor") => Err(Unusable("next_cursor")),
            (None, None) if outer.has_member("next_cursor") => Ok(Self::Cursor(None)),
            (None, None) => Ok(Self::Count(Count::read(Some(outer)))),
        }
    }
}

impl Count {
    fn read(outer: Option<&Row<'_>>) -> Self {
        let number = |name| outer.and_then(|outer| outer.number(name));
        let within = |group, name| outer.and_then(|outer| outer.row(group)?.number(name));
        Self {
            page: within("pagination", "page").or(within("meta", "current_page")),
            pages: within("pagination", "totalPages"),
            offset: number("offset"),
        }
    }

    /// Whether this is another place than was asked for: the server did not listen.
    fn is_elsewhere(&self, asked: Asked<'_>) -> bool {
        self.page.is_some_and(|page| page != asked.page) || self.offset.is_some_and(|offset| offset != asked.offset)
    }

    fn is_end(&self, sent: u32, asked: Asked<'_>) -> bool {
        sent == 0 || self.pages == Some(asked.page)
    }
}

/// The place that a call asks for.
#[derive(Clone, Copy)]
struct Asked<'a> {
    page: u32,
    offset: u32,
    cursor: Option<&'a str>,
}

impl<'a> Asked<'a> {
    fn of<T>(call: &'a Call<T>) -> Self {
        Self {
            page: call.query_number("page").unwrap_or(1),
            offset: call.query_number("offset").unwrap_or(0),
            cursor: call.query_text("cursor"),
        }
    }

    /// Whether it is the place that a server would give to whom it does not listen to.
    const fn is_beginning(self) -> bool {
        self.page <= 1 && self.offset == 0 && self.cursor.is_none()
    }
}

impl Paging {
    /// The page size goes into the call even when it is lomi's own, which differs between generations. So do both of
    /// the names that a list has for it: a server passes over the one that it does not know.
    pub(crate) fn first<T>(self, call: Call<T>) -> Call<T> {
        match self {
            _ if call.query_text("limit").is_some() => call,
            Self::Numbered { size } => with_size(call, size),
            Self::Offset { limit } => call.with_query("limit", limit.to_string()),
            Self::Whole => call,
        }
    }

    /// Where the list goes on after this answer to `call`; `None` at its end. An answer in another style than the
    /// place that was asked for took no notice of it, and is the beginning of the list once more.
    pub(crate) fn after<T, U>(self, call: &Call<T>, page: &Page<U>) -> Result<Option<ListPlace>, Error> {
        let asked = Asked::of(call);
        match &page.told {
            Told::Cursor(_) if asked.cursor.is_none() && !asked.is_beginning() => Err(Error::endless_list(1)),
            Told::Cursor(Some(next)) if asked.cursor == Some(next) => Err(Error::endless_list(1)),
            Told::Cursor(next) => Ok(next.clone().map(At::Cursor).map(ListPlace)),
            Told::Count(count) if asked.cursor.is_some() || count.is_elsewhere(asked) => Err(Error::endless_list(1)),
            Told::Count(count) => {
                let sent = u32::try_from(page.rows.len()).unwrap_or(u32::MAX);
                let next = if count.is_end(sent, asked) { None } else { self.counted_on(count, sent, asked) };
                Ok(next.map(ListPlace))
            }
        }
    }

    fn counted_on(self, count: &Count, sent: u32, asked: Asked<'_>) -> Option<At> {
        match self {
            Self::Whole => None,
            Self::Offset { .. } if count.page.is_none() => Some(At::Offset(asked.offset.saturating_add(sent))),
            Self::Offset { .. } | Self::Numbered { .. } => Some(At::Page(asked.page.saturating_add(1))),
        }
    }
}

impl ListPlace {
    /// `None` unless `text` can be such a place.
    pub fn parse(text: &str) -> Option<Self> {
        let mut rest = text.chars();
        let kind = rest.next()?;
        let rest = rest.as_str();
        let is_number = !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit());
        let number = |from| rest.parse().ok().filter(|number| is_number && (from..=MAX_NUMBER).contains(number));
        let is_cursor =
            (1..=MAX_CURSOR_CHARS).contains(&rest.len()) && rest.bytes().all(|byte| byte.is_ascii_graphic());
        match kind {
            'c' if is_cursor => Some(At::Cursor(rest.to_owned())),
            'p' => number(2).map(At::Page),
            'o' => number(1).map(At::Offset),
            _ => None,
        }
        .map(Self)
    }

    /// The place as text. lomi's cursor is in it as it came, so it needs escaping in a URL.
    pub fn to_text(&self) -> String {
        match &self.0 {
            At::Cursor(cursor) => format!("c{cursor}"),
            At::Page(page) => format!("p{page}"),
            At::Offset(offset) => format!("o{offset}"),
        }
    }

    /// The call that asks for this place, and in this style only.
    pub(crate) fn of<T>(&self, call: Call<T>) -> Call<T> {
        let call = call.without_query("cursor").without_query("page").without_query("offset");
        match &self.0 {
            At::Cursor(cursor) => call.without_query("pageSize").with_query("cursor", cursor.clone()),
            At::Page(page) => call.with_query("page", page.to_string()),
            At::Offset(offset) => call.with_query("offset", offset.to_string()),
        }
    }
}

/// The rows per page of a list that has two names for it.
pub(crate) fn with_size<T>(call: Call<T>, size: u32) -> Call<T> {
    call.with_query("limit", size.to_string()).with_query("pageSize", size.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_back_and_nothing_else_is() {
        for text in ["ceyJvZmZzZXQiOjJ9", "c=", "p2", "o40"] {
            assert_eq!(ListPlace::parse(text).map(|place| place.to_text()).as_deref(), Some(text));
        }
        let long = format!("c{}", "a".repeat(MAX_CURSOR_CHARS + 1));
        for wrong in ["", "c", "p", "o", "2", "p-2", "p+2", "p1", "o0", "o10000001", "x2", "ca b", "cé", &long] {
            assert_eq!(ListPlace::parse(wrong), None, "{wrong}");
        }
    }
}
