//! Pages of the lists, in the envelope of each generation.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::context::Context;
use crate::http::call::Call;
use crate::http::error::ApiError;
use crate::http::reply::Reply;
use crate::sim::Sim;

/// Rows of a page in the newest generation: the default, and the bound that a larger `limit` is cut to.
const LIMIT: usize = 20;
const MAX_LIMIT: usize = 100;

/// The parameters of a list in the generations before the newest.
#[derive(Clone, Copy, Debug)]
pub(crate) enum LegacyPaging {
    /// `page` from 1; the name of the parameter for its size, and the default.
    Numbered(&'static str, usize),
    /// `limit` and `offset`; the default limit.
    Offset(usize),
}

/// The page that a call asks for.
#[derive(Debug)]
pub(crate) struct PageRequest {
    pub(crate) page: usize,
    pub(crate) offset: usize,
    pub(crate) limit: usize,
    /// What older generations answer as the limit: the requested one, also where `list_rows_at_most` is lower.
    pub(crate) requested_limit: usize,
    has_cursors: bool,
}

/// The rows of a page.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) rows: Vec<Value>,
    pub(crate) total_count: Option<usize>,
    has_more: bool,
}

/// A cursor is an encoded offset: a row repeats when newer rows arrive in between, and is skipped when rows leave a filter.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cursor {
    offset: usize,
}

impl PageRequest {
    pub(crate) fn of(sim: &Sim, call: &Call, legacy: LegacyPaging) -> Result<Self, ApiError> {
        let (is_new, quirks) = sim.read(|context, _| (is_new(context), context.quirks.clone()));
        let at_most = |limit: usize| limit.min(quirks.list_rows_at_most.unwrap_or(usize::MAX));
        match legacy {
            _ if is_new => {
                let limit = at_most(call.whole("limit", LIMIT)?.clamp(1, MAX_LIMIT));
                let has_cursors = !quirks.list_places_ignored;
                let offset = if has_cursors { Cursor::of(call)?.offset } else { 0 };
                Ok(Self { page: 1, offset, limit, requested_limit: limit, has_cursors })
            }
            LegacyPaging::Numbered(name, size) => {
                let (requested_limit, page) = (call.limit(name, size)?, call.whole("page", 1)?);
                let limit = at_most(requested_limit);
                let offset = page.saturating_sub(1).saturating_mul(limit);
                Ok(Self { page, offset, limit, requested_limit, has_cursors: false })
            }
            LegacyPaging::Offset(limit) => {
                let (requested_limit, offset) = (call.limit("limit", limit)?, call.whole("offset", 0)?);
                Ok(Self { page: 1, offset, limit: at_most(requested_limit), requested_limit, has_cursors: false })
            }
        }
    }

    /// The rows of this page.
    pub(crate) fn select<R>(&self, found: impl Iterator<Item = R>, row: impl Fn(R) -> Value) -> Page {
        let mut found = found.skip(self.offset);
        let rows = found.by_ref().take(self.limit).map(row).collect();
        Page { rows, total_count: None, has_more: found.next().is_some() }
    }

    /// The page in the envelope of the newest generation, or in the one that `legacy` makes.
    pub(crate) fn reply(&self, page: Page, legacy: impl FnOnce(Vec<Value>) -> Value) -> Reply {
        if !self.has_cursors {
            return Reply::ok(&legacy(page.rows));
        }
        let next = Cursor { offset: self.offset.saturating_add(self.limit) };
        let mut body = json!({
            "object": "list",
            "data": page.rows,
            "has_more": page.has_more,
            "next_cursor": page.has_more.then(|| next.to_text()),
            "limit": self.limit,
        });
        if let (Some(body), Some(count)) = (body.as_object_mut(), page.total_count) {
            body.insert("total_count".to_owned(), json!(count));
        }
        Reply::ok(&body)
    }
}

fn is_new(context: &Context) -> bool {
    context.profile.is_current() && (context.quirks.list_places_ignored || !context.quirks.lists_page_as_before)
}

impl Cursor {
    /// The cursor of the call, or the beginning.
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
