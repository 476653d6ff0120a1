//! Settings, API generations (profiles) and single behaviours (quirks).

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use strum::EnumString;

use crate::clock::ClockMode;

/// From this amount on, lomi reviews a payment (documents of API 1.2.0: Radar).
const RISKY_AMOUNT: u32 = 500_000;

/// The settings at start. The default is usable as it is.
#[derive(Clone, Debug)]
pub struct Settings {
    /// API, pages and control API share this address. Port 0 takes a free one. Default `127.0.0.1:4010`.
    pub listen: SocketAddr,
    /// Prefix of `checkout_url`, without a trailing slash. `None`: the bound address.
    pub public_base_url: Option<String>,
    /// The API generation. The control API can change it later.
    pub profile: Profile,
    /// When set, ids and secrets are reproducible.
    pub rng_seed: Option<u64>,
    /// Real or virtual time.
    pub clock: ClockMode,
    /// Interval of the sweep that expires sessions, in seconds. 0: at every access.
    pub expiry_sweep_s: u64,
    /// Pending transactions older than this turn `expired`, in seconds.
    pub pending_tx_ttl_s: u64,
    /// Requests per 60 s, client address and route on `POST /checkout-sessions`; in `current` also on `POST /charge/*`
    /// and `POST /refunds`.
    pub rate_write: u32,
    /// Requests per 900 s, client address and route, everywhere else.
    pub rate_default: u32,
    /// Whether webhooks may go to http and to private addresses.
    pub allow_insecure_targets: bool,
    /// Webhook endpoints that exist from the start. A restart finds each by its URL.
    pub endpoints: Vec<EndpointSetting>,
    /// The file that keeps the state between runs. `None`: memory only.
    pub data_file: Option<PathBuf>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 4010)),
            public_base_url: None,
            profile: Profile::Current,
            rng_seed: None,
            clock: ClockMode::Real,
            expiry_sweep_s: 60,
            pending_tx_ttl_s: 7200,
            rate_write: 120,
            rate_default: 5000,
            allow_insecure_targets: true,
            endpoints: Vec::new(),
            data_file: None,
        }
    }
}

/// A webhook endpoint that exists from the start, subscribed to every event of payments, refunds and disputes.
#[derive(Clone, Debug)]
pub struct EndpointSetting {
    /// The secret key whose organisation and environment own the endpoint.
    pub api_key: String,
    /// The URL that receives the deliveries.
    pub url: String,
    /// The whole signing secret, including `whsec_`.
    pub secret: String,
}

/// A generation of the API of lomi. Its names are `current`, `june2026` and `seeds`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, EnumString)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Profile {
    /// API 1.2.0, the newest documented.
    #[default]
    Current,
    /// The server as of June 2026: no validation layer, two delivery paths.
    June2026,
    /// The published integration guides: `{data}` wrapper, `url`, `allowed_providers`.
    Seeds,
}

impl Profile {
    pub(crate) fn is_current(self) -> bool {
        self == Self::Current
    }

    pub(crate) fn is_seeds(self) -> bool {
        self == Self::Seeds
    }

    /// How long lomi waits for the answer of a receiver.
    pub(crate) const fn webhook_timeout_ms(self) -> u64 {
        match self {
            Self::Current | Self::June2026 => 4_000,
            Self::Seeds => 10_000,
        }
    }
}

/// Single behaviours that can be switched independently of the profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quirks {
    /// A completed session can be paid again.
    pub allow_double_pay: bool,
    /// Card charges are refused with 503; cards on the hosted page still work.
    #[serde(default)]
    pub card_rail_muted: bool,
    /// A customer is also found by its public id: `cus_` and the hexadecimal digits of its UUID. No document says in which
    /// generations. Off, such an id is a malformed UUID.
    #[serde(default)]
    pub customers_by_public_id: bool,
    /// Null clears a text of a customer. Off, null leaves it, as in lomi's SQL of March 2025.
    #[serde(default)]
    pub customer_texts_cleared: bool,
    /// Webhook bodies are re-encoded with sorted keys after signing, as a relay might.
    pub cli_reserialise: bool,
    /// Amounts in webhooks, sessions and transactions are written as `25000.0`.
    pub decimal_numbers: bool,
    /// A new envelope id on every attempt of the direct delivery path (all paths in `current`).
    pub id_churn: bool,
    /// `gross_amount` includes the discount of a coupon. Off, it is the discounted amount. No document says which.
    #[serde(default)]
    pub coupons_in_gross: bool,
    /// Rows of `GET /transactions` lack `discount_amount`; `GET /transactions/{id}` has it.
    #[serde(default)]
    pub list_discounts_dropped: bool,
    /// The metadata of a payment link is dropped.
    #[serde(default)]
    pub link_metadata_dropped: bool,
    /// Session and link lists show test and live rows together.
    pub list_mixes_environments: bool,
    /// Events are routed by their payload alone, so a test event without a marker reaches live endpoints.
    pub misroute_test_events: bool,
    /// Mobile-money events carry neither `environment` nor `checkout_session_id`.
    pub omit_env_marker: bool,
    /// Payments of at least this many whole units are `held` for review until the control API approves or declines them.
    #[serde(default)]
    pub held_from: Option<u32>,
    /// A held payment is announced as `PAYMENT_SUCCEEDED` with `status: held`. Off, it is not announced.
    #[serde(default)]
    pub held_announced: bool,
    /// Percent-encoded placeholders in `success_url` are replaced too.
    pub placeholder_percent_encoded: bool,
    /// Events, refunds and previews name a payment by its public id (`txn_...`) alone. No document says which id they use.
    #[serde(default)]
    pub payments_by_public_id: bool,
    /// A partial Wave refund is paid out, its row is not written, and the answer is 400.
    #[serde(default)]
    pub payout_rows_lost: bool,
    /// `POST /refunds` without a `confirmation_token` only answers one. Off, it refunds at once.
    #[serde(default)]
    pub refund_preview: bool,
    /// Fields that a preview shows instead of its own. lomi documents none of them.
    #[serde(default)]
    pub refund_preview_shows: Map<String, Value>,
    /// A `confirmation_token` is valid only under the idempotency key of its preview, which stays unused.
    #[serde(default)]
    pub refund_token_bound_to_key: bool,
    /// The `confirmation_token` does not count for the idempotency key: under the key of the preview, the preview is replayed.
    #[serde(default)]
    pub refund_token_unseen_by_keys: bool,
    /// A price of lomi is converted into the requested currency. Off, it keeps its currency.
    #[serde(default)]
    pub prices_converted: bool,
    /// A refund is pending until the control API pays it out, less a fee of 3 %.
    #[serde(default)]
    pub refunds_paid_out_later: bool,
    /// Fields that the rows of `GET /refunds` and `GET /refunds/{id}` lack.
    #[serde(default)]
    pub refund_fields_dropped: Vec<String>,
    /// Fields of `POST /checkout-sessions` that are refused as unknown.
    #[serde(default)]
    pub session_fields_refused: Vec<String>,
    /// `checkout.session.completed` and `checkout.session.expired` are sent.
    pub session_events: bool,
    /// `GET /checkout-sessions/{id}` lacks `checkout_url` and others.
    pub session_get_narrow: bool,
    /// The redirect after a payment waits for the answer to the first webhook attempt.
    pub webhook_before_redirect: bool,
    /// `POST` and `PATCH` on `/webhooks` misread their bodies.
    pub webhooks_body_bug: bool,
    /// In `current`, lists have the parameters and the envelope of the older generations.
    #[serde(default)]
    pub lists_page_as_before: bool,
    /// In `current`, lists have the older envelope without a cursor and ignore `page` and `offset`: only the first page can be
    /// read.
    #[serde(default)]
    pub list_places_ignored: bool,
    /// Bounds the rows of a page, whatever the limit of the request.
    #[serde(default)]
    pub list_rows_at_most: Option<usize>,
}

impl Quirks {
    /// The quirks of a profile.
    #[must_use]
    pub fn of(profile: Profile) -> Self {
        let is_june = matches!(profile, Profile::June2026);
        let is_seeds = matches!(profile, Profile::Seeds);
        Self {
            allow_double_pay: false,
            card_rail_muted: false,
            customers_by_public_id: false,
            customer_texts_cleared: false,
            cli_reserialise: false,
            decimal_numbers: false,
            id_churn: is_june,
            coupons_in_gross: false,
            list_discounts_dropped: false,
            link_metadata_dropped: !is_seeds,
            list_mixes_environments: is_june,
            misroute_test_events: false,
            omit_env_marker: true,
            held_from: matches!(profile, Profile::Current).then_some(RISKY_AMOUNT),
            held_announced: true,
            placeholder_percent_encoded: false,
            payments_by_public_id: false,
            payout_rows_lost: false,
            prices_converted: matches!(profile, Profile::Current),
            refund_preview: matches!(profile, Profile::Current),
            refund_preview_shows: Map::new(),
            refund_token_bound_to_key: false,
            refund_token_unseen_by_keys: false,
            refunds_paid_out_later: false,
            refund_fields_dropped: Vec::new(),
            session_fields_refused: Vec::new(),
            session_events: is_seeds,
            session_get_narrow: is_june,
            webhook_before_redirect: false,
            webhooks_body_bug: is_june,
            lists_page_as_before: false,
            list_places_ignored: false,
            list_rows_at_most: None,
        }
    }
}
