//! Lists as streams: one page after the other, each asked for when the one before is used up.

use std::cmp::Ordering;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::vec;

use futures_core::Stream;

use crate::call::Call;
use crate::error::Error;
use crate::row::{Row, Unusable};

/// More pages than this are a list that never ends.
const MAX_PAGES: u32 = 1_000;

/// How a list is asked for its next page, and how many rows are asked for unless the caller says.
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
    /// `limit` and `offset`, with the same place as `page` for the first generation of the API.
    OffsetAndPage {
        /// Rows per page.
        limit: u32,
    },
    /// Everything is in the one answer.
    Whole,
}

/// One page as it came.
pub struct Page<T> {
    pub(crate) rows: Vec<T>,
    /// How many rows lomi. sent, the unreadable ones among them.
    pub(crate) sent: usize,
    /// The page size that lomi. says it used; it may be smaller than what was asked for.
    pub(crate) size: Option<u32>,
}

impl<T> Page<T> {
    /// A bare array or the array in `data`. One row that cannot be read makes the page unusable: left out, it
    /// would look like a row that never was.
    pub(crate) fn read(text: &str, read: fn(&Row<'_>) -> Result<T, Unusable>) -> Result<Self, Unusable> {
        let rows = Row::list(text).ok_or(Unusable("body"))?;
        let size = Row::parse(text).and_then(|outer| outer.number("limit"));
        Ok(Self { sent: rows.len(), size, rows: rows.iter().map(read).collect::<Result<_, _>>()? })
    }
}

/// What a list call returns, and how it goes on. Public in name only: nothing outside this crate can reach it.
pub trait Listed: Sized {
    /// One entry of the list.
    type Row: Send + 'static;
    /// How it goes on.
    const PAGING: Paging;
    /// Reads one answer.
    fn read_page(text: &str) -> Result<Page<Self::Row>, Unusable>;
}

impl<L: Listed> Call<L> {
    /// Every row from here on, one page after the other. Filters, page size and the place to start are those of
    /// the call; a deadline holds for the whole stream, without one every page has its twenty seconds.
    ///
    /// Ends after a page that is short or empty, so ask for no more rows per page than lomi. gives. Rows come as
    /// lomi. sends them: one that is made or changed while the list is read can come twice or not at all.
    pub fn stream(self) -> Listing<L::Row> {
        Listing::new(self.reading(L::read_page), L::PAGING)
    }
}

/// The rows of one answer, for a call that wants no more than those.
pub(crate) fn rows<T>(text: &str) -> Result<Vec<T>, Unusable>
where
    Vec<T>: Listed<Row = T>,
{
    Ok(Vec::<T>::read_page(text)?.rows)
}

type Answer<T> = Pin<Box<dyn Future<Output = Result<Page<T>, Error>> + Send>>;

/// The rows of a list as a [`Stream`], without a stream library through [`Listing::next`].
///
/// At most 1 000 pages ([`ErrorKind::EndlessList`](crate::ErrorKind::EndlessList) after them), one page in
/// memory, nothing asked for before the first poll. The first error is the last item.
#[must_use = "a stream asks for nothing until it is polled"]
pub struct Listing<T> {
    paging: Paging,
    /// The call of the next page; `None` after the last.
    call: Option<Call<Page<T>>>,
    answer: Option<Answer<T>>,
    rows: vec::IntoIter<T>,
    pages: u32,
}

impl<T: Send + 'static> Listing<T> {
    fn new(call: Call<Page<T>>, paging: Paging) -> Self {
        let call = Some(paging.first(call));
        Self { paging, call, answer: None, rows: Vec::new().into_iter(), pages: 0 }
    }

    /// The next row; `None` at the end.
    pub async fn next(&mut self) -> Option<Result<T, Error>> {
        poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }

    /// Takes the rows of a page, and sets up the call of the one after it.
    fn turn(&mut self, page: Page<T>) -> Result<(), Error> {
        self.pages += 1;
        self.call = self.after(&page)?;
        self.rows = page.rows.into_iter();
        Ok(())
    }

    /// The call of the next page, unless this one was short or empty.
    fn after(&mut self, page: &Page<T>) -> Result<Option<Call<Page<T>>>, Error> {
        let call = self.call.take();
        let Some((call, asked)) = call.and_then(|call| self.paging.size(&call).map(|asked| (call, asked))) else {
            return Ok(None);
        };
        let size = as_len(page.size.map_or(asked, |used| used.min(asked)));
        match page.sent.cmp(&size) {
            Ordering::Greater => Err(Error::endless_list()),
            Ordering::Equal if size > 0 => Ok(Some(self.paging.after(call, size))),
            Ordering::Equal | Ordering::Less => Ok(None),
        }
    }

    fn fail(&mut self, error: Error) -> Poll<Option<Result<T, Error>>> {
        self.call = None;
        Poll::Ready(Some(Err(error)))
    }
}

impl<T: Send + 'static> Stream for Listing<T> {
    type Item = Result<T, Error>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            if let Some(row) = this.rows.next() {
                return Poll::Ready(Some(Ok(row)));
            }
            let Some(call) = &this.call else {
                return Poll::Ready(None);
            };
            if this.pages == MAX_PAGES {
                return this.fail(Error::endless_list());
            }
            let answer = this.answer.get_or_insert_with(|| Box::pin(call.clone().send()));
            let page = ready!(answer.as_mut().poll(context));
            this.answer = None;
            if let Err(error) = page.and_then(|page| this.turn(page)) {
                return this.fail(error);
            }
        }
    }
}

/// Nothing in it points into itself.
impl<T> Unpin for Listing<T> {}

impl Paging {
    /// The page size goes into the call even when it is lomi.'s own: a short page is told by it.
    fn first<T>(self, call: Call<T>) -> Call<T> {
        let (name, size) = match self {
            Self::Numbered { size } => ("pageSize", size),
            Self::Offset { limit } | Self::OffsetAndPage { limit } => ("limit", limit),
            Self::Whole => return call,
        };
        match call.query_number(name) {
            Some(_) => call,
            None => call.with_query(name, size.to_string()),
        }
    }

    fn size<T>(self, call: &Call<T>) -> Option<u32> {
        match self {
            Self::Numbered { .. } => call.query_number("pageSize"),
            Self::Offset { .. } | Self::OffsetAndPage { .. } => call.query_number("limit"),
            Self::Whole => None,
        }
    }

    fn after<T>(self, call: Call<T>, sent: usize) -> Call<T> {
        match self {
            Self::Whole => call,
            Self::Numbered { .. } => {
                let page = call.query_number("page").unwrap_or(1).saturating_add(1);
                call.with_query("page", page.to_string())
            }
            Self::Offset { .. } => skip(call, sent),
            Self::OffsetAndPage { limit } => with_offset_as_page(skip(call, sent), limit),
        }
    }
}

fn skip<T>(call: Call<T>, rows: usize) -> Call<T> {
    let rows = u32::try_from(rows).unwrap_or(u32::MAX);
    let offset = call.query_number("offset").unwrap_or(0).saturating_add(rows);
    call.with_query("offset", offset.to_string())
}

/// The first generation of the API counts pages and knows no offset; an offset that is whole pages is sent in
/// both ways.
pub(crate) fn with_offset_as_page<T>(call: Call<T>, default_limit: u32) -> Call<T> {
    let limit = call.query_number("limit").unwrap_or(default_limit);
    let offset = call.query_number("offset").unwrap_or(0);
    match (offset.checked_div(limit), offset.checked_rem(limit)) {
        (Some(pages), Some(0)) if pages > 0 => call.with_query("page", pages.saturating_add(1).to_string()),
        _ => call.without_query("page"),
    }
}

fn as_len(rows: u32) -> usize {
    usize::try_from(rows).unwrap_or(usize::MAX)
}
