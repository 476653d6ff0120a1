//! Lists as streams: one page after the other, each asked for when the one before is used up.

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
use crate::row::Unusable;

/// More pages than this are a list that never ends.
const MAX_PAGES: u32 = 1_000;

/// What a list call returns, and how it goes on. Public in name only: nothing outside this crate can reach it.
pub trait Listed: Sized {
    /// One entry of the list.
    type Row: Send + 'static;
    /// How it goes on where the answer does not say.
    const PAGING: Paging;
    /// Reads one answer.
    fn read_page(text: &str) -> Result<Page<Self::Row>, Unusable>;
    /// What tells one entry from every other.
    fn id(row: &Self::Row) -> &str;
    /// The same call in words that every generation knows; `None` when it is that already.
    fn in_older_words<T>(_: &Call<T>) -> Option<Call<T>> {
        None
    }
}

impl<L: Listed> Call<L> {
    /// Every row from here on, one page after the other, each row once. Filters, page size and the place to start are
    /// those of the call; a deadline holds for the whole stream, without one every page has its twenty seconds.
    ///
    /// Rows come as lomi sends them: one that is made or changed while the list is read may be left out.
    pub fn stream(self) -> Listing<L::Row> {
        let call = L::PAGING.first(self.reading(L::read_page));
        Listing {
            paging: L::PAGING,
            id: L::id,
            in_older_words: L::in_older_words,
            call: Some(call),
            answer: None,
            rows: Vec::new().into_iter(),
            seen: HashSet::new(),
            places: HashSet::new(),
            head: None,
            pages: 0,
        }
    }

    /// The same list from this place on.
    pub fn starting_at(self, place: &ListPlace) -> Self {
        place.of(self)
    }
}

/// The rows of one answer, for a call that wants no more than those.
pub(crate) fn rows<T>(text: &str) -> Result<Vec<T>, Unusable>
where
    Vec<T>: Listed<Row = T>,
{
    Ok(Vec::<T>::read_page(text)?.rows)
}

/// What one answer adds to a list.
#[derive(Debug)]
#[non_exhaustive]
pub struct ListPage<T> {
    /// Its rows, without those that an earlier answer had. There may be none before the end.
    pub rows: Vec<T>,
    /// Where the list goes on; `None` when that was its end.
    pub next: Option<ListPlace>,
    /// How many rows the filters leave, on every page together; lomi tells it of customers only.
    pub total_count: Option<u32>,
}

impl<T> ListPage<T> {
    /// Whether the list ends with it.
    pub const fn is_last(&self) -> bool {
        self.next.is_none()
    }
}

type InOlderWords<T> = fn(&Call<T>) -> Option<Call<T>>;
type Answer<T> = Pin<Box<dyn Future<Output = Result<Page<T>, Error>> + Send>>;

/// The rows of a list as a [`Stream`], without a stream library through [`Listing::next`], or answer by answer through
/// [`Listing::next_page`].
///
/// It ends where lomi says so, and never by how many rows came. Nothing is asked for before the first poll. A list
/// that begins again instead of going on, and one of more than 1 000 pages, is
/// [`ErrorKind::EndlessList`](crate::ErrorKind::EndlessList). One page is in memory, and the id of every row.
#[must_use = "a stream asks for nothing until it is polled"]
pub struct Listing<T> {
    paging: Paging,
    id: fn(&T) -> &str,
    in_older_words: InOlderWords<Page<T>>,
    /// The call of the next page; `None` after the last.
    call: Option<Call<Page<T>>>,
    answer: Option<Answer<T>>,
    /// Rows of the last answer that are still to be handed on.
    rows: vec::IntoIter<T>,
    /// The ids of the rows that came, and the places that were asked for.
    seen: HashSet<String>,
    places: HashSet<ListPlace>,
    /// The first row of the last answer.
    head: Option<String>,
    pages: u32,
}

impl<T: Send + 'static> Listing<T> {
    /// The next row; `None` at the end, and after an error.
    pub async fn next(&mut self) -> Option<Result<T, Error>> {
        poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }

    /// What one more answer adds; nothing, and no call, after the end. An error leaves the list where it was, so that
    /// the same page can be asked for again.
    pub async fn next_page(&mut self) -> Result<ListPage<T>, Error> {
        let page = poll_fn(|context| self.poll_page(context)).await?;
        let left = mem::take(&mut self.rows);
        Ok(ListPage { rows: left.chain(page.rows).collect(), ..page })
    }

    fn poll_page(&mut self, context: &mut Context<'_>) -> Poll<Result<ListPage<T>, Error>> {
        match ready!(self.poll_answer(context)) {
            Err(error) if self.speaks_older(&error) => self.poll_page(context),
            page => Poll::Ready(page),
        }
    }

    /// A server may refuse the whole list for one word in it that came after it. From here on it is asked without such words.
    fn speaks_older(&mut self, error: &Error) -> bool {
        let is_about_words = self.pages == 0 && matches!(error.status(), Some(400 | 422 | 500));
        let older = self.call.as_ref().filter(|_| is_about_words).and_then(self.in_older_words);
        let is_news = older.is_some();
        self.call = older.or_else(|| self.call.take());
        is_news
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
        Poll::Ready(page.and_then(|page| self.turn(call, page)))
    }

    /// Takes in the answer to `call`, and sets up the call of the next page.
    fn turn(&mut self, call: Call<Page<T>>, page: Page<T>) -> Result<ListPage<T>, Error> {
        let next = self.paging.after(&call, &page)?;
        let head = page.rows.first().map(|row| (self.id)(row).to_owned());
        let is_known_place = next.as_ref().is_some_and(|place| self.places.contains(place));
        if is_known_place || self.begins_again(&page, head.as_deref()) {
            return Err(Error::endless_list(1));
        }
        let total_count = page.total_after(&call);
        self.pages += 1;
        self.head = head;
        self.places.extend(next.clone());
        self.call = next.as_ref().map(|place| place.of(call));
        let (id, seen) = (self.id, &mut self.seen);
        let rows = page.rows.into_iter().filter(|row| seen.insert(id(row).to_owned())).collect();
        Ok(ListPage { rows, next, total_count })
    }

    /// Whether this is the page before once more: the server knows no places. Rows that only moved down, because new
    /// ones came in front of them, begin elsewhere.
    fn begins_again(&self, page: &Page<T>, head: Option<&str>) -> bool {
        let is_known = |row: &T| self.seen.contains((self.id)(row));
        page.is_counted() && head.is_some() && head == self.head.as_deref() && page.rows.iter().all(is_known)
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

/// Nothing in it points into itself.
impl<T> Unpin for Listing<T> {}
