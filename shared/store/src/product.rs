//! The catalogue.

use crate::keys::{Item, Key, text};
use crate::{Store, StoreError};
use domain::{Product, Sku};

/// The most products that a list returns.
const MAX_LISTED_PRODUCTS: usize = 1000;

impl Store {
    /// The existing products with these SKUs, in any order. Strongly consistent, so that no stale price is sold.
    pub async fn products(&self, skus: &[Sku]) -> Result<Vec<Product>, StoreError> {
        let mut wanted: Vec<&Sku> = skus.iter().collect();
        wanted.sort();
        wanted.dedup();
        let keys = wanted.into_iter().map(|sku| Key::product(sku).into_item()).collect();
        self.batch("read products", keys).await?.into_iter().map(read).collect()
    }

    /// One product. Strongly consistent.
    pub async fn product(&self, sku: &Sku) -> Result<Option<Product>, StoreError> {
        self.get(Key::product(sku), "read product").await?.map(read).transpose()
    }

    /// Every product, sorted by SKU, at most 1000.
    pub async fn list_products(&self) -> Result<Vec<Product>, StoreError> {
        let mut products = Vec::new();
        let mut start = None;
        loop {
            let call = self
                .client
                .query()
                .table_name(&self.table)
                .index_name("listing")
                .key_condition_expression("listing_pk = :listing")
                .expression_attribute_values(":listing", text("PRODUCT"))
                .set_exclusive_start_key(start);
            let answer = call.send().await.map_err(|error| StoreError::from_sdk("list products", &error))?;
            // Skip a product that this release cannot read, so that the shop stays open.
            products.extend(answer.items.unwrap_or_default().into_iter().filter_map(|item| read(item).ok()));
            start = answer.last_evaluated_key;
            if start.is_none() || products.len() >= MAX_LISTED_PRODUCTS {
                products.truncate(MAX_LISTED_PRODUCTS);
                return Ok(products);
            }
        }
    }

    /// Creates or replaces a product.
    pub async fn put_product(&self, product: &Product) -> Result<(), StoreError> {
        let mut item: Item = serde_dynamo::aws_sdk_dynamodb_1::to_item(product).map_err(|_| malformed())?;
        item.extend(Key::product(&product.sku).into_item());
        item.insert("listing_pk".to_owned(), text("PRODUCT"));
        item.insert("listing_sk".to_owned(), text(product.sku.as_str()));
        let call = self.client.put_item().table_name(&self.table).set_item(Some(item));
        call.send().await.map_err(|error| StoreError::from_sdk("put product", &error))?;
        Ok(())
    }

    /// Removes a product. `false` when there was none. Orders keep their own copy of what they sold.
    pub async fn delete_product(&self, sku: &Sku) -> Result<bool, StoreError> {
        let call = self
            .client
            .delete_item()
            .table_name(&self.table)
            .set_key(Some(Key::product(sku).into_item()))
            .return_values(aws_sdk_dynamodb::types::ReturnValue::AllOld);
        let answer = call.send().await.map_err(|error| StoreError::from_sdk("delete product", &error))?;
        Ok(answer.attributes.is_some_and(|old| !old.is_empty()))
    }
}

fn read(item: Item) -> Result<Product, StoreError> {
    serde_dynamo::aws_sdk_dynamodb_1::from_item(item).map_err(|_| malformed())
}

const fn malformed() -> StoreError {
    StoreError::malformed("product")
}
