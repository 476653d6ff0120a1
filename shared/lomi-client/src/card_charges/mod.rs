//! Card charges: the card form stays on the merchant's page and confirms with a client secret of lomi's.

mod charge;
mod create;
mod intent_id;

pub use charge::{Appearance, CardCharge, CardChargeStatus, ChargeTransaction, NewCardCharge};
pub use create::{AppearanceTheme, BillingAddress, Buyer, CreateCardCharge};
pub use intent_id::{PaymentIntentId, PaymentIntentIdError};

use crate::call::Call;
use crate::client::Client;
use crate::ids::IdempotencyKey;
use crate::row;

/// The path of card charges, which differs between generations. Requests and answers are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CardRoutes {
    /// `/charge/card`, served since 20 May 2026.
    ChargeCard,
    /// `/payment-intents`, served from 7 to 20 May 2026; since then a 404.
    PaymentIntents,
}

impl CardRoutes {
    fn path(self) -> &'static str {
        match self {
            Self::ChargeCard => "/charge/card",
            Self::PaymentIntents => "/payment-intents",
        }
    }
}

/// `/charge/card`. A 503 means that lomi currently takes no direct card payments; hosted checkout still does.
#[derive(Debug, Clone)]
pub struct CardCharges {
    client: Client,
    routes: CardRoutes,
}

impl CardCharges {
    pub(crate) fn new(client: Client, routes: CardRoutes) -> Self {
        Self { client, routes }
    }

    /// `POST /charge/card`: a charge and its client secret. No money moves before the shopper confirms.
    ///
    /// The newest generation refuses a charge without a key. The server of June 2026 ignores the key, so a retry may
    /// leave a second charge there; it stays unconfirmed, because its client secret never reached the caller.
    pub fn create(&self, charge: &CreateCardCharge, key: IdempotencyKey) -> Call<NewCardCharge> {
        let path = self.routes.path().to_owned();
        Call::post(self.client.clone(), path, charge.to_body(), row::decode).with_idempotency_key(key)
    }

    /// `GET /charge/card/{id}`. This proves no ownership: lomi shows a charge without a transaction to every key of the
    /// environment.
    pub fn get(&self, id: &PaymentIntentId) -> Call<CardCharge> {
        Call::get(self.client.clone(), format!("{}/{id}", self.routes.path()), row::decode)
    }

    /// `POST /charge/card/{id}/cancel`: its new status. lomi answers 500 when the charge is already paid or
    /// cancelled, so read it with [`CardCharges::get`] after an error. The transaction stays pending until it expires.
    pub fn cancel(&self, id: &PaymentIntentId) -> Call<CardChargeStatus> {
        Call::post_empty(self.client.clone(), format!("{}/{id}/cancel", self.routes.path()), row::decode)
    }
}
