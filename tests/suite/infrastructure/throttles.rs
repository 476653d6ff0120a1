//! The gateway's throttles: below lomi's rate limit, below the account's limit, and unlimited for webhooks.

use serde_json::Value;

use super::template_rules::routes;

/// The routes that create objects at lomi, which allows 120 a minute.
const CREATES: [&[&str]; 2] = [
    &["POST /checkout-sessions", "POST /admin/checkout-sessions", "GET /pay/{code}"],
    &["POST /payment-intents", "POST /admin/payment-intents"],
];

/// The refund route, with two calls to lomi, which allows as many.
const REFUND: &str = "POST /admin/orders/{order_id}/refunds";
const CALLS_PER_REFUND: u64 = 2;

/// The limit per minute, in tenths: below lomi's 120, with room for retries and other users of the same account.
const MOST_IN_A_MINUTE: u64 = 1000;

/// An account's limit in the smallest regions, such as Cape Town: per second in tenths, and as a burst.
const ACCOUNT_RATE: u64 = 25_000;
const ACCOUNT_BURST: u64 = 12_500;

const WEBHOOK: &str = "POST /webhooks/lomi";

/// A route's throttle; rates are in tenths.
struct Throttle {
    burst: u64,
    rate: u64,
}

impl Throttle {
    /// The route's own throttle, or the default one. `None` for a rate that is no whole number of tenths.
    fn of(template: &Value, route: &str) -> Option<Self> {
        let api = &template["Resources"]["Api"]["Properties"];
        let settings = api["RouteSettings"].get(route).unwrap_or(&api["DefaultRouteSettings"]);
        Self::read(settings)
    }

    fn read(settings: &Value) -> Option<Self> {
        let read = |name: &str| tenths(settings[name].to_string().trim_matches('"'));
        Some(Self { burst: read("ThrottlingBurstLimit")?, rate: read("ThrottlingRateLimit")? })
    }

    const fn in_a_minute(&self) -> u64 {
        self.burst.saturating_add(self.rate.saturating_mul(60))
    }
}

/// `0.5` is 5.
fn tenths(number: &str) -> Option<u64> {
    let (whole, tenth) = number.split_once('.').unwrap_or((number, "0"));
    Some(whole.parse::<u64>().ok()? * 10 + tenth.parse::<u64>().ok().filter(|tenth| *tenth < 10)?)
}

/// A 429 makes lomi drop an event for good: the webhook must not share its throttle with shoppers.
pub(super) fn the_webhook_has_its_own_lane(template: &Value) -> Vec<String> {
    let own = Throttle::read(&template["Resources"]["Api"]["Properties"]["RouteSettings"][WEBHOOK]);
    let Some(own) = own else { return vec!["the webhook has no throttle of its own".to_owned()] };
    let others = routes(template).filter(|(route, _)| route != WEBHOOK);
    let as_wide = others.filter(|(route, _)| Throttle::of(template, route).is_none_or(|other| other.rate >= own.rate));
    as_wide.map(|(route, _)| format!("{route} is throttled no more than the webhook")).collect()
}

/// A flood must be stopped by the gateway, before lomi blocks the whole shop.
pub(super) fn floods_end_before_lomi(template: &Value) -> Vec<String> {
    let settings = &template["Resources"]["Api"]["Properties"]["RouteSettings"];
    let in_a_minute = |route: &&str| Throttle::read(&settings[route]).map(|throttle| throttle.in_a_minute());
    let sums = CREATES.iter().map(|routes| (routes[0], routes.iter().map(in_a_minute).sum::<Option<u64>>()));
    let refunds = in_a_minute(&REFUND).map(|refunds| refunds * CALLS_PER_REFUND);
    let too_many = sums.chain([(REFUND, refunds)]).filter(|(_, sum)| sum.is_none_or(|sum| sum > MOST_IN_A_MINUTE));
    too_many.map(|(route, _)| format!("{route} and its like may be asked for more than 100 times a minute")).collect()
}

/// Above the account's own throttle AWS answers 429 on any route, including the webhook's.
pub(super) fn the_account_has_room(template: &Value) -> Vec<String> {
    let all: Option<Vec<_>> = routes(template).map(|(route, _)| Throttle::of(template, &route)).collect();
    let Some(all) = all else { return vec!["a throttle cannot be read".to_owned()] };
    let rate: u64 = all.iter().map(|throttle| throttle.rate).sum();
    let burst: u64 = all.iter().map(|throttle| throttle.burst).sum();
    let checks = [
        (rate < ACCOUNT_RATE, "all routes together take more a second than an account may"),
        (burst < ACCOUNT_BURST, "all routes together take more at once than an account may"),
    ];
    checks.into_iter().filter(|(holds, _)| !holds).map(|(_, wrong)| wrong.to_owned()).collect()
}
