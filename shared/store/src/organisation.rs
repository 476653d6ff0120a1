//! The organisation at lomi that owns this stack's API key.

use crate::keys::{Key, text};
use crate::{Store, StoreError};

/// The owner of the API key that this stack calls lomi with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnOrganisation {
    /// The fingerprint of the API key; never the key.
    pub key_fingerprint: String,
    /// lomi's id of the organisation; `None` while lomi has not reported it for this key.
    pub organization_id: Option<String>,
}

impl Store {
    /// The stored owner. `None` on a stack that never had a key. Strongly consistent.
    pub async fn own_organisation(&self) -> Result<Option<OwnOrganisation>, StoreError> {
        let Some(item) = self.get(Key::organisation(), "read organisation").await? else { return Ok(None) };
        let text = |name: &str| item.get(name).and_then(|value| value.as_s().ok()).cloned();
        let key_fingerprint = text("key_fingerprint").ok_or(StoreError::malformed("read organisation"))?;
        Ok(Some(OwnOrganisation { key_fingerprint, organization_id: text("organization_id") }))
    }

    /// Stores the owner, replacing that of any other key.
    pub async fn put_own_organisation(&self, own: &OwnOrganisation) -> Result<(), StoreError> {
        let mut item = Key::organisation().into_item();
        item.insert("key_fingerprint".to_owned(), text(own.key_fingerprint.as_str()));
        if let Some(id) = &own.organization_id {
            item.insert("organization_id".to_owned(), text(id.as_str()));
        }
        let put = self.client.put_item().table_name(&self.table).set_item(Some(item)).send().await;
        put.map(drop).map_err(|error| StoreError::from_sdk("write organisation", &error))
    }
}
