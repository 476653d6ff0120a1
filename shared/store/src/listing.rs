//! Lists for the back office, newest first.

use crate::keys::{Item, text};
use crate::{Store, StoreError};

impl Store {
    /// Up to `wanted` things of `partition` whose sort key is below `bound`, newest first. One that this release cannot read
    /// must not hide the others.
    pub(crate) async fn listed<T>(
        &self,
        operation: &'static str,
        partition: String,
        bound: &str,
        wanted: usize,
        read: impl Fn(Item) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        let (mut things, mut start) = (Vec::new(), None);
        // A page of DynamoDB ends at 1 MB, wherever that is.
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
