//! Lists as streams: the next page is requested when the rows of the last one are used up.

use std::collections::HashSet;
use std::future::{Future, poll_fn};
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::vec;

use futures_core::Stream;

use crate::call::Call;
use crate::error::Error;
use crate::paging::{ListPlace, Page, Paging};
use crate::row::{Resource, Unusable};

/// A list with more pages counts as endless.
const MAX_PAGES: u32 = 1_000;

/// The row type of a list, and how that list is paged.
pub trait ListRow: Resource + Send + 'static {
    /// How the next page is requested where the answer does not say.
    const PAGING: Paging;
    /// Identifies the row within its list.
    fn id(&self) -> &str;
    /// The same call without filter values that older servers refuse; `None` when it has none.
    fn older_form<T>(_: &Call<T>) -> Option<Call<T>> {
        None
    }
}

/// What a list call returns. Public in name only: no other crate can reach it.
pub trait Listed: Sized {
    /// One entry of the list.
    type Row: ListRow;
    /// Reads one answer.
    fn read_page(text: &str) -> Result<Page<Self::Row>, Unusable>;
}

impl<T: ListRow> Listed for Vec<T> {
    type Row = T;

    fn read_page(text: &str) -> Result<Page<T>, Unusable> {
        Page::read(text)
    }
}

impl<L: Listed> Call<L> {
    /// Every row from here on, page by page, each row once. Filters, page size and start are those of the call. A
    /// deadline holds for the whole stream; without one every page has its own twenty seconds.
    ///
    /// Rows come in lomi's order. A row that is created or changed while the list is read may be missing.
    pub fn stream(self) -> Listing<L::Row> {
        let call = L::Row::PAGING.first(self.decoded_by(L::read_page));
        Listing {
            paging: L::Row::PAGING,
            id: L::Row::id,
            older_form: L::Row::older_form,
            call: Some(call),
            answer: None,
            rows: Vec::new().into_iter(),
            seen: HashSet::new(),
            places: HashSet::new(),
            first_id: None,
            pages: 0,
        }
    }

    /// The same list, starting at this place.
    pub fn starting_at(self, place: &ListPlace) -> Self {
        place.of(self)
    }
}

/// The rows of one answer.
pub(crate) fn rows<T: ListRow>(text: &str) -> Result<Vec<T>, Unusable> {
    Ok(Page::read(text)?.rows)
}

/// What one answer adds to a list.
#[derive(Debug)]
#[non_exhaustive]
pub struct ListPage<T> {
    /// Its rows, without those of earlier answers. May be empty before the end.
    pub rows: Vec<T>,
    /// Where the list continues; `None` at its end.
    pub next: Option<ListPlace>,
    /// How many rows match the filters on all pages; lomi reports it for customers only.
    pub total_count: Option<u32>,
}

impl<T> ListPage<T> {
    /// Whether the list ends with it.
    pub const fn is_last(&self) -> bool {
        self.next.is_none()
    }
}

type OlderForm<T> = fn(&Call<T>) -> Option<Call<T>>;
type Answer<T> = Pin<Box<dyn Future<Output = Result<Page<T>, Error>> + Send>>;

/// The rows of a list as a [`Stream`]; through [`Listing::next`] without a stream library, or answer by answer through
/// [`Listing::next_page`].
///
/// The list ends where lomi says so, never because few rows came. Nothing is requested before the first poll. A list
/// that starts again instead of continuing, or has more than 1 000 pages, is
/// [`ErrorKind::EndlessList`](crate::ErrorKind::EndlessList). Memory holds one page and the id of every row.
#[must_use = "a stream requests nothing until it is polled"]
pub struct Listing<T> {
    paging: Paging,
    id: fn(&T) -> &str,
    older_form: OlderForm<Page<T>>,
    /// The call of the next page; `None` after the last.
    call: Option<Call<Page<T>>>,
    answer: Option<Answer<T>>,
    /// Rows of the last answer that the caller has not received.
    rows: vec::IntoIter<T>,
    /// The ids of all rows so far.
    seen: HashSet<String>,
    /// The places that were requested.
    places: HashSet<ListPlace>,
    /// The id of the first row of the last answer.
    first_id: Option<String>,
    pages: u32,
}

impl<T: Send + 'static> Listing<T> {
    /// The next row; `None` at the end, and after an error.
    pub async fn next(&mut self) -> Option<Result<T, Error>> {
        poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }

    /// What the next answer adds; after the end an empty page without a call. After an error the same page can be
    /// requested again.
    pub async fn next_page(&mut self) -> Result<ListPage<T>, Error> {
        let page = poll_fn(|context| self.poll_page(context)).await?;
        let left = mem::take(&mut self.rows);
        Ok(ListPage { rows: left.chain(page.rows).collect(), ..page })
    }

    fn poll_page(&mut self, context: &mut Context<'_>) -> Poll<Result<ListPage<T>, Error>> {
        match ready!(self.poll_answer(context)) {
            Err(error) if self.fall_back_to_older_form(&error) => self.poll_page(context),
            page => Poll::Ready(page),
        }
    }

    /// An older server may refuse the whole list because of one filter value that it does not know. Returns whether
    /// there is a call without such values; the list continues with that one.
    fn fall_back_to_older_form(&mut self, error: &Error) -> bool {
        let may_be_filter = self.pages == 0 && matches!(error.status(), Some(400 | 422 | 500));
        let older = self.call.as_ref().filter(|_| may_be_filter).and_then(self.older_form);
        let has_older = older.is_some();
        self.call = older.or_else(|| self.call.take());
        has_older
    }

    fn poll_answer(&mut self, context: &mut Context<'_>) -> Poll<Result<ListPage<T>, Error>> {
        let Some(call) = &self.call else {
            return Poll::Ready(Ok(ListPage { rows: Vec::new(), next: None, total_count: None }));
        };
        if self.pages == MAX_PAGES {
            return Poll::Ready(Err(Error::endless_list(0)));
        }
        let answer = self.answer.get_or_insert_with(|| Box::pin(call.clone().send()));
        let page = ready!(answer.as_mut().poll(context));
        self.answer = None;
        let call = call.clone();
        Poll::Ready(page.and_then(|page| self.accept(call, page)))
    }

    /// Records the answer to `call` and prepares the call of the next page.
    fn accept(&mut self, call: Call<Page<T>>, page: Page<T>) -> Result<ListPage<T>, Error> {
        let next = self.paging.after(&call, &page)?;
        let first_id = page.rows.first().map(|row| (self.id)(row).to_owned());
        let is_known_place = next.as_ref().is_some_and(|place| self.places.contains(place));
        if is_known_place || self.repeats_last_page(&page, first_id.as_deref()) {
            return Err(Error::endless_list(1));
        }
        let total_count = page.reliable_total(&call);
        self.pages += 1;
        self.first_id = first_id;
        self.places.extend(next.clone());
        self.call = next.as_ref().map(|place| place.of(call));
        let (id, seen) = (self.id, &mut self.seen);
        let rows = page.rows.into_iter().filter(|row| seen.insert(id(row).to_owned())).collect();
        Ok(ListPage { rows, next, total_count })
    }

    /// Whether the server ignored the place and sent the last page again. After new rows at the front, known rows move
    /// down, and the page starts with another one.
    fn repeats_last_page(&self, page: &Page<T>, first_id: Option<&str>) -> bool {
        let is_known = |row: &T| self.seen.contains((self.id)(row));
        let same_start = first_id.is_some() && first_id == self.first_id.as_deref();
        page.is_counted() && same_start && page.rows.iter().all(is_known)
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
            if this.call.is_none() {
                return Poll::Ready(None);
            }
            match ready!(this.poll_page(context)) {
                Ok(page) => this.rows = page.rows.into_iter(),
                Err(error) => {
                    this.call = None;
                    return Poll::Ready(Some(Err(error)));
                }
            }
        }
    }
}

/// No field points into the struct itself.
impl<T> Unpin for Listing<T> {}
