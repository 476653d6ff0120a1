//! Lists for the back office, newest first.

use crate::keys::{Item, text};
use crate::{Store, StoreError};
use domain::{LinkCode, OrderId, QuarantineId, Timestamp};

/// Where the next page begins. Opaque to callers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListCursor(String);

impl ListCursor {
    /// `None` unless `text` is a cursor of a list of orders: the sort key of the last order shown.
    #[must_use]
    pub fn of_orders(text: &str) -> Option<Self> {
        Self::parse(text, |id| OrderId::parse(id).is_some())
    }

    /// The same for links.
    #[must_use]
    pub fn of_links(text: &str) -> Option<Self> {
        Self::parse(text, |code| LinkCode::parse(code).is_some())
    }

    /// The same for quarantined events.
    #[must_use]
    pub fn of_quarantine(text: &str) -> Option<Self> {
        Self::parse(text, |id| QuarantineId::parse(id).is_some())
    }

    fn parse(text: &str, is_name: impl Fn(&str) -> bool) -> Option<Self> {
        let (millis, name) = text.split_once('.')?;
        let fits = millis.len() == 13 && millis.bytes().all(|b| b.is_ascii_digit()) && is_name(name);
        fits.then(|| Self(format!("{millis}#{name}")))
    }

    pub(crate) fn after(at: Timestamp, name: &str) -> Self {
        Self(sort_key(at, name))
    }

    /// The cursor as text that needs no escaping in a URL.
    #[must_use]
    pub fn to_text(&self) -> String {
        self.0.replace('#', ".")
    }
}

/// The sort key of a list: time, then name. Thirteen digits of milliseconds suffice until the year 2286 and sort as
/// text.
pub(crate) fn sort_key(at: Timestamp, name: &str) -> String {
    format!("{:013}#{name}", at.as_ms())
}

impl Store {
    /// The items of `partition`, newest first, at most `limit` and one more, which shows that there is a next page.
    /// Skips items that this release cannot read.
    pub(crate) async fn listed<T>(
        &self,
        operation: &'static str,
        partition: String,
        after: Option<&ListCursor>,
        limit: usize,
        read: impl Fn(Item) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        let bound = after.map_or(":", |cursor| cursor.0.as_str());
        let wanted = limit.saturating_add(1);
        let (mut things, mut start) = (Vec::new(), None);
        // DynamoDB ends a page at 1 MB, even before the limit.
        loop {
            let call = self
                .client
                .query()
                .table_name(&self.table)
                .index_name("listing")
                .key_condition_expression("listing_pk = :partition AND listing_sk < :bound")
                .expression_attribute_values(":partition", text(partition.as_str()))
                .expression_attribute_values(":bound", text(bound))
                .scan_index_forward(false)
                .set_exclusive_start_key(start)
                .limit(i32::try_from(wanted.saturating_sub(things.len())).unwrap_or(i32::MAX));
            let answer = call.send().await.map_err(|error| StoreError::from_sdk(operation, &error))?;
            things.extend(answer.items.unwrap_or_default().into_iter().filter_map(|item| read(item).ok()));
            start = answer.last_evaluated_key;
            if start.is_none() || things.len() >= wanted {
                return Ok(things);
            }
        }
    }
}
