//! Card charges: the card form stays on the merchant's page, and lomi hands out what it needs to confirm.

mod charge;
mod create;
mod intent_id;

pub use charge::{Appearance, CardCharge, CardChargeStatus, ChargeTransaction, NewCardCharge};
pub use create::{AppearanceTheme, BillingAddress, Buyer, CreateCardCharge};
pub use intent_id::{PaymentIntentId, PaymentIntentIdError};

use crate::call::Call;
use crate::client::Client;
use crate::ids::IdempotencyKey;
use crate::row::{Row, Unusable};

/// Under which path a generation of the API serves card charges. Request and answer are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CardRoutes {
    /// `/charge/card`, served since 20 May 2026.
    ChargeCard,
    /// `/payment-intents`, served from 7 to 20 May 2026 and an unknown route (404) since.
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

/// `/charge/card`. A refusal with status 503 means that lomi takes no direct card payments just now; hosted
/// checkout still does.
#[derive(Debug, Clone)]
pub struct CardCharges {
    client: Client,
    routes: CardRoutes,
}

impl CardCharges {
    pub(crate) fn new(client: Client, routes: CardRoutes) -> Self {
        Self { client, routes }
    }

    /// `POST /charge/card`: what a card form needs. No money moves before the shopper confirms.
    ///
    /// The key is the caller's own name of this one charge and is sent on every attempt: the newest generation
    /// refuses a charge without one. The server of June 2026 ignores it, so a retry may leave a second, unconfirmed
    /// charge there; its secret is then known to nobody.
    pub fn create(&self, charge: &CreateCardCharge, key: IdempotencyKey) -> Call<NewCardCharge> {
        let path = self.routes.path().to_owned();
        Call::post(self.client.clone(), path, charge.to_body(), NewCardCharge::decode).with_idempotency_key(key)
    }

    /// `GET /charge/card/{id}`. Not a check of whose charge it is: one that has lost its transaction is shown to
    /// every key of the environment.
    pub fn get(&self, id: &PaymentIntentId) -> Call<CardCharge> {
        Call::get(self.client.clone(), format!("{}/{id}", self.routes.path()), CardCharge::decode)
    }

    /// `POST /charge/card/{id}/cancel`: its new status. lomi answers 500 when the charge is already paid or
    /// cancelled, so after an error read it with [`CardCharges::get`]. The transaction stays pending until it
    /// expires.
    pub fn cancel(&self, id: &PaymentIntentId) -> Call<CardChargeStatus> {
        Call::act(self.client.clone(), format!("{}/{id}/cancel", self.routes.path()), decode_status)
    }
}

fn decode_status(text: &str) -> Result<CardChargeStatus, Unusable> {
    let row = Row::enveloped(text).ok_or(Unusable("body"))?;
    row.text(&["status"]).map(CardChargeStatus::from_wire).ok_or(Unusable("status"))
}
