//! Pages of the lists, cut and wrapped as each generation does it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::context::Context;
use crate::http::call::Call;
use crate::http::error::ApiError;
use crate::http::reply::Reply;
use crate::sim::Sim;

/// Rows of a page in the newest generation; larger wishes are cut.
const LIMIT: usize = 20;
const MAX_LIMIT: usize = 100;

/// How a list is paged in the generations before the newest.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Before {
    /// `page` from 1; its size goes by this name, and is this when not sent.
    Numbered(&'static str, usize),
    /// `limit` and `offset`; this limit when none is sent.
    Offset(usize),
}

/// The page that a call asks for.
#[derive(Debug)]
pub(crate) struct Slice {
    pub(crate) page: usize,
    pub(crate) offset: usize,
    pub(crate) limit: usize,
    /// What older generations say that it is: what was asked for, however many rows there are at most.
    pub(crate) said_limit: usize,
    has_cursors: bool,
}

/// The rows of a page.
#[derive(Debug)]
pub(crate) struct Cut {
    pub(crate) rows: Vec<Value>,
    pub(crate) total_count: Option<usize>,
    has_more: bool,
}

/// A cursor is an offset in disguise, so that rows come twice or not at all when others come or leave in between.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cursor {
    offset: usize,
}

impl Slice {
    pub(crate) fn of(sim: &Sim, call: &Call, before: Before) -> Result<Self, ApiError> {
        let (is_new, quirks) = sim.read(|context, _| (is_new(context), context.quirks.clone()));
        let at_most = |limit: usize| limit.min(quirks.list_rows_at_most.unwrap_or(usize::MAX));
        match before {
            _ if is_new => {
                let limit = at_most(call.whole("limit", LIMIT)?.clamp(1, MAX_LIMIT));
                let has_cursors = !quirks.list_places_ignored;
                let offset = if has_cursors { Cursor::of(call)?.offset } else { 0 };
                Ok(Self { page: 1, offset, limit, said_limit: limit, has_cursors })
            }
            Before::Numbered(name, size) => {
                let (said_limit, page) = (call.limit(name, size)?, call.whole("page", 1)?);
                let limit = at_most(said_limit);
                let offset = page.saturating_sub(1).saturating_mul(limit);
                Ok(Self { page, offset, limit, said_limit, has_cursors: false })
            }
            Before::Offset(limit) => {
                let (said_limit, offset) = (call.limit("limit", limit)?, call.whole("offset", 0)?);
                Ok(Self { page: 1, offset, limit: at_most(said_limit), said_limit, has_cursors: false })
            }
        }
    }

    /// This page of what the filters leave, newest first.
    pub(crate) fn cut<R>(&self, found: impl Iterator<Item = R>, row: impl Fn(R) -> Value) -> Cut {
        let mut found = found.skip(self.offset);
        let rows = found.by_ref().take(self.limit).map(row).collect();
        Cut { rows, total_count: None, has_more: found.next().is_some() }
    }

    /// The page in the envelope of the newest generation, or as `before` wraps it.
    pub(crate) fn answer(&self, cut: Cut, before: impl FnOnce(Vec<Value>) -> Value) -> Reply {
        if !self.has_cursors {
            return Reply::ok(&before(cut.rows));
        }
        let next = Cursor { offset: self.offset.saturating_add(self.limit) };
        let mut page = json!({
            "object": "list",
            "data": cut.rows,
            "has_more": cut.has_more,
            "next_cursor": cut.has_more.then(|| next.to_text()),
            "limit": self.limit,
        });
        if let (Some(page), Some(count)) = (page.as_object_mut(), cut.total_count) {
            page.insert("total_count".to_owned(), json!(count));
        }
        Reply::ok(&page)
    }
}

fn is_new(context: &Context) -> bool {
    context.profile.is_current() && (context.quirks.list_places_ignored || !context.quirks.lists_page_as_before)
}

impl Cursor {
    /// That of the call; the beginning without one.
    fn of(call: &Call) -> Result<Self, ApiError> {
        let Some(text) = call.query("cursor") else { return Ok(Self { offset: 0 }) };
        let bytes = STANDARD.decode(text).ok();
        let cursor = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        cursor.ok_or_else(|| ApiError::bad_request("cursor is not one of this list").coded("invalid_cursor"))
    }

    fn to_text(&self) -> String {
        STANDARD.encode(json!(self).to_string())
    }
}
