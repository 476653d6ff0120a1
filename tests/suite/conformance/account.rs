//! The organisation of a key, and its open rails.

use lomi_client::{Environment, Outcome};
use lomi_sandbox::fixtures;

use super::context::{Context, all, assert_refused};

in_both_profiles! {
    a_key_says_whose_it_is_and_for_which_environment,
    a_key_that_lomi_does_not_know_is_refused,
    every_rail_is_listed_and_one_can_be_asked_for,
}

async fn a_key_says_whose_it_is_and_for_which_environment(context: Context) {
    let me = context.client.me().send().await.unwrap();
    assert_eq!((me.organization_id.as_str(), me.environment), (fixtures::ORGANIZATION_A, Some(Environment::Test)));
    let other = context.client_of(fixtures::TEST_KEY_B).me().send().await.unwrap();
    assert_eq!(other.organization_id, fixtures::ORGANIZATION_B);
}

async fn a_key_that_lomi_does_not_know_is_refused(context: Context) {
    let stranger = context.client_of("lomi_sk_test_nobody");
    assert_refused(stranger.me().send().await, 401, Outcome::Rejected);
}

async fn every_rail_is_listed_and_one_can_be_asked_for(context: Context) {
    let mut rails: Vec<_> = all(context.client.providers().stream()).await;
    rails.sort_by(|one, other| one.provider_code.cmp(&other.provider_code));
    let codes: Vec<_> = rails.iter().map(|rail| rail.provider_code.as_str()).collect();
    assert_eq!(codes, ["MTN", "STRIPE", "WAVE"]);
    assert!(rails.iter().all(|rail| rail.is_connected == Some(true)));
    let cards = context.client.providers().provider_code("CARD").send().await.unwrap();
    assert_eq!((cards.len(), cards[0].provider_code.as_str()), (1, "STRIPE"));
}
