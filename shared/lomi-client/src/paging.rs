//! Pagination: what an answer says about its place in a list, and which request follows.
//!
//! The client cannot know in advance which generation of the API answers, so the answer decides. The newest
//! generation sends cursors and says when there is no more. Older ones count pages or rows, and most of their answers
//! do not say where the list ends: then only an empty page is the end. A short page is not, because a server may have
//! its own page size. Their `total` is the length of the page.

use crate::call::Call;
use crate::check::is_visible_ascii;
use crate::error::Error;
use crate::row::{Resource, Row, Unusable};

/// The longest cursor that [`ListPlace::parse`] takes.
const MAX_CURSOR_CHARS: usize = 1_000;
/// The highest page number or offset that [`ListPlace::parse`] takes.
const MAX_NUMBER: u32 = 10_000_000;

/// How the next page is requested where the answer does not say, and the default page size.
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
    /// One answer holds the whole list.
    Whole,
}

/// One page of a list.
pub struct Page<T> {
    pub(crate) rows: Vec<T>,
    pub(crate) info: PageInfo,
    /// How many rows the whole list has, where its answers say so.
    pub(crate) total: Option<u32>,
}

/// What an answer says about its place in the list.
pub(crate) enum PageInfo {
    /// The newest generation: the cursor of the next page, `None` after the last.
    Cursor(Option<String>),
    /// The older generations.
    Counted(Position),
}

/// The position of a page as older generations report it. Each reports other fields, some none.
pub(crate) struct Position {
    /// The number of this page.
    page: Option<u32>,
    /// How many pages there are; 0 on a page past the end.
    pages: Option<u32>,
    /// Rows before this page.
    offset: Option<u32>,
}

/// Where a list continues, for [`Call::starting_at`]: a cursor of lomi's, or in older generations a page number or an
/// offset. It is valid only with the filters and the page size of the call that returned it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ListPlace(Place);

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Place {
    Cursor(String),
    Page(u32),
    Offset(u32),
}

impl<T> Page<T> {
    /// Reads a bare array or the array in `data`. One unreadable row makes the page unusable: a skipped row would look
    /// like one that never existed.
    pub(crate) fn read(text: &str) -> Result<Self, Unusable>
    where
        T: Resource,
    {
        let rows = Row::list(text).ok_or(Unusable("body"))?;
        let info = PageInfo::read(Row::parse(text).as_ref())?;
        Ok(Self { rows: rows.iter().map(T::read).collect::<Result<_, _>>()?, info, total: None })
    }

    /// The total, unless the page is past the end: there lomi reports 0.
    pub(crate) fn reliable_total<U>(&self, call: &Call<U>) -> Option<u32> {
        self.total.filter(|_| !self.rows.is_empty() || RequestedPage::of(call).is_first())
    }

    pub(crate) const fn is_counted(&self) -> bool {
        matches!(self.info, PageInfo::Counted(_))
    }
}

impl PageInfo {
    /// `outer` is the object around the rows, if there is one. An answer that has more rows and no cursor is unusable:
    /// it would look like the end.
    pub(crate) fn read(outer: Option<&Row<'_>>) -> Result<Self, Unusable> {
        let Some(outer) = outer else { return Ok(Self::Counted(Position::read(None))) };
        let has_more = outer.flag("has_more");
        if has_more.is_none() && outer.has_value("has_more") {
            return Err(Unusable("has_more"));
        }
        match (has_more, outer.text(&["next_cursor"])) {
            (Some(false), _) => Ok(Self::Cursor(None)),
            (Some(true) | None, Some(cursor)) => Ok(Self::Cursor(Some(cursor))),
            (Some(true), None) => Err(Unusable("next_cursor")),
            (None, None) if outer.has_value("next_cursor") => Err(Unusable("next_cursor")),
            (None, None) if outer.has_field("next_cursor") => Ok(Self::Cursor(None)),
            (None, None) => Ok(Self::Counted(Position::read(Some(outer)))),
        }
    }
}

impl Position {
    fn read(outer: Option<&Row<'_>>) -> Self {
        let number = |name| outer.and_then(|outer| outer.number(name));
        let within = |group, name| outer.and_then(|outer| outer.row(group)?.number(name));
        Self {
            page: within("pagination", "page").or(within("meta", "current_page")),
            pages: within("pagination", "totalPages"),
            offset: number("offset"),
        }
    }

    /// Whether the server ignored the requested place and answered with another.
    fn differs_from(&self, requested: RequestedPage<'_>) -> bool {
        self.page.is_some_and(|page| page != requested.page)
            || self.offset.is_some_and(|offset| offset != requested.offset)
    }

    fn is_end(&self, sent: u32, requested: RequestedPage<'_>) -> bool {
        sent == 0 || self.pages == Some(requested.page)
    }
}

/// The place that a call requests.
#[derive(Clone, Copy)]
struct RequestedPage<'a> {
    page: u32,
    offset: u32,
    cursor: Option<&'a str>,
}

impl<'a> RequestedPage<'a> {
    fn of<T>(call: &'a Call<T>) -> Self {
        Self {
            page: call.query_number("page").unwrap_or(1),
            offset: call.query_number("offset").unwrap_or(0),
            cursor: call.query_text("cursor"),
        }
    }

    /// Whether it is the start of the list, which a server also sends when it ignores the place.
    const fn is_first(self) -> bool {
        self.page <= 1 && self.offset == 0 && self.cursor.is_none()
    }
}

impl Paging {
    /// The call of the first page. It always sends the page size, because lomi's default differs between generations,
    /// and under both names of a list: a server ignores the one that it does not know.
    pub(crate) fn first<T>(self, call: Call<T>) -> Call<T> {
        match self {
            _ if call.query_text("limit").is_some() => call,
            Self::Numbered { size } => with_size(call, size),
            Self::Offset { limit } => call.with_query("limit", limit.to_string()),
            Self::Whole => call,
        }
    }

    /// Where the list continues after this answer to `call`; `None` at its end. An answer in another style than the
    /// requested place is an error: the server ignored the place and sent the start of the list again.
    pub(crate) fn after<T, U>(self, call: &Call<T>, page: &Page<U>) -> Result<Option<ListPlace>, Error> {
        let requested = RequestedPage::of(call);
        match &page.info {
            PageInfo::Cursor(_) if requested.cursor.is_none() && !requested.is_first() => Err(Error::endless_list(1)),
            PageInfo::Cursor(Some(next)) if requested.cursor == Some(next) => Err(Error::endless_list(1)),
            PageInfo::Cursor(next) => Ok(next.clone().map(Place::Cursor).map(ListPlace)),
            PageInfo::Counted(position) if requested.cursor.is_some() || position.differs_from(requested) => {
                Err(Error::endless_list(1))
            }
            PageInfo::Counted(position) => {
                let sent = u32::try_from(page.rows.len()).unwrap_or(u32::MAX);
                let is_end = position.is_end(sent, requested);
                let next = if is_end { None } else { self.next_place(position, sent, requested) };
                Ok(next.map(ListPlace))
            }
        }
    }

    fn next_place(self, position: &Position, sent: u32, requested: RequestedPage<'_>) -> Option<Place> {
        match self {
            Self::Whole => None,
            Self::Offset { .. } if position.page.is_none() => {
                Some(Place::Offset(requested.offset.saturating_add(sent)))
            }
            Self::Offset { .. } | Self::Numbered { .. } => Some(Place::Page(requested.page.saturating_add(1))),
        }
    }
}

impl ListPlace {
    /// Reads the text of [`ListPlace::to_text`]; `None` for any other text.
    pub fn parse(text: &str) -> Option<Self> {
        let mut rest = text.chars();
        let kind = rest.next()?;
        let rest = rest.as_str();
        let is_number = !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit());
        let number = |from| rest.parse().ok().filter(|number| is_number && (from..=MAX_NUMBER).contains(number));
        match kind {
            'c' if is_visible_ascii(rest, MAX_CURSOR_CHARS) => Some(Place::Cursor(rest.to_owned())),
            'p' => number(2).map(Place::Page),
            'o' => number(1).map(Place::Offset),
            _ => None,
        }
        .map(Self)
    }

    /// The place as text. It contains lomi's cursor unchanged, so escape it in a URL.
    pub fn to_text(&self) -> String {
        match &self.0 {
            Place::Cursor(cursor) => format!("c{cursor}"),
            Place::Page(page) => format!("p{page}"),
            Place::Offset(offset) => format!("o{offset}"),
        }
    }

    /// The call that requests this place, without the parameters of the other styles.
    pub(crate) fn of<T>(&self, call: Call<T>) -> Call<T> {
        let call = call.without_query("cursor").without_query("page").without_query("offset");
        match &self.0 {
            Place::Cursor(cursor) => call.without_query("pageSize").with_query("cursor", cursor.clone()),
            Place::Page(page) => call.with_query("page", page.to_string()),
            Place::Offset(offset) => call.with_query("offset", offset.to_string()),
        }
    }
}

/// Sets the rows per page under both names.
pub(crate) fn with_size<T>(call: Call<T>, size: u32) -> Call<T> {
    call.with_query("limit", size.to_string()).with_query("pageSize", size.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_list_cursor_parses_as_one() {
        for text in ["ceyJvZmZzZXQiOjJ9", "c=", "p2", "o40"] {
            assert_eq!(ListPlace::parse(text).map(|place| place.to_text()).as_deref(), Some(text));
        }
        let long = format!("c{}", "a".repeat(MAX_CURSOR_CHARS + 1));
        for wrong in ["", "c", "p", "o", "2", "p-2", "p+2", "p1", "o0", "o10000001", "x2", "ca b", "cé", &long] {
            assert_eq!(ListPlace::parse(wrong), None, "{wrong}");
        }
    }
}
