//! Two organisations that always exist: one for the client, one as the stranger.

use crate::clock::Timestamp;
use crate::ids;
use crate::model::{Caller, Customer, CustomerDetails, Environment};
use crate::money::{Amount, Currency};

/// Test secret key of organisation A.
pub const TEST_KEY_A: &str = "lomi_sk_test_sim_a";
/// Live secret key of organisation A.
pub const LIVE_KEY_A: &str = "lomi_sk_live_sim_a";
/// Test secret key of organisation B.
pub const TEST_KEY_B: &str = "lomi_sk_test_sim_b";
/// Live secret key of organisation B.
pub const LIVE_KEY_B: &str = "lomi_sk_live_sim_b";
/// Publishable test key of organisation A: the API always refuses it.
pub const PUBLISHABLE_TEST_KEY_A: &str = "lomi_pk_test_sim_a";
/// Publishable live key of organisation A: the API always refuses it.
pub const PUBLISHABLE_LIVE_KEY_A: &str = "lomi_pk_live_sim_a";

/// Organisation A.
pub const ORGANIZATION_A: &str = "a0000000-0000-4000-8000-000000000001";
/// Organisation B.
pub const ORGANIZATION_B: &str = "b0000000-0000-4000-8000-000000000001";
/// The merchant who acts for organisation A.
pub const MERCHANT_A: &str = "a0000000-0000-4000-8000-000000000002";
/// The merchant who acts for organisation B.
pub const MERCHANT_B: &str = "b0000000-0000-4000-8000-000000000002";
/// The one product of organisation A.
pub const PRODUCT_A: &str = "a0000000-0000-4000-8000-000000000003";
/// The one product of organisation B.
pub const PRODUCT_B: &str = "b0000000-0000-4000-8000-000000000003";
/// The price of [`PRODUCT_A`]: 5 000 XOF.
pub const PRICE_A: &str = "a0000000-0000-4000-8000-000000000004";
/// The price of [`PRODUCT_B`]: 7 500 XOF.
pub const PRICE_B: &str = "b0000000-0000-4000-8000-000000000004";
/// A plan for [`PRODUCT_A`] at its price, in `seeds` only.
pub const PLAN_A: &str = "a0000000-0000-4000-8000-000000000006";
/// A subscription of [`CUSTOMER_A`].
pub const SUBSCRIPTION_A: &str = "a0000000-0000-4000-8000-000000000007";
/// A customer of organisation A, in test.
pub const CUSTOMER_A: &str = "a0000000-0000-4000-8000-000000000005";
/// A customer of organisation B, in test.
pub const CUSTOMER_B: &str = "b0000000-0000-4000-8000-000000000005";

/// An organisation with its one product.
#[derive(Debug)]
pub(crate) struct Organization {
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
    pub(crate) merchant_id: &'static str,
    pub(crate) test_key: &'static str,
    pub(crate) live_key: &'static str,
    pub(crate) customer_id: &'static str,
    pub(crate) price: Price,
}

/// What one unit of a product costs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Price {
    pub(crate) price_id: &'static str,
    pub(crate) product_id: &'static str,
    pub(crate) amount: Amount,
    pub(crate) currency: Currency,
}

static ORGANIZATIONS: [Organization; 2] = [
    Organization {
        id: ORGANIZATION_A,
        name: "Boutique Adjamé",
        merchant_id: MERCHANT_A,
        test_key: TEST_KEY_A,
        live_key: LIVE_KEY_A,
        customer_id: CUSTOMER_A,
        price: Price {
            price_id: PRICE_A,
            product_id: PRODUCT_A,
            amount: Amount::whole(5_000),
            currency: Currency::Xof,
        },
    },
    Organization {
        id: ORGANIZATION_B,
        name: "Librairie Bopp",
        merchant_id: MERCHANT_B,
        test_key: TEST_KEY_B,
        live_key: LIVE_KEY_B,
        customer_id: CUSTOMER_B,
        price: Price {
            price_id: PRICE_B,
            product_id: PRODUCT_B,
            amount: Amount::whole(7_500),
            currency: Currency::Xof,
        },
    },
];

/// Who a secret key belongs to.
pub(crate) fn caller(key: &str) -> Option<Caller> {
    ORGANIZATIONS.iter().find_map(|organization| {
        let environment = match key {
            key if key == organization.test_key => Environment::Test,
            key if key == organization.live_key => Environment::Live,
            _ => return None,
        };
        Some(Caller {
            organization_id: organization.id,
            organization_name: organization.name,
            merchant_id: organization.merchant_id,
            environment,
        })
    })
}

pub(crate) fn caller_of(organization_id: &str, environment: Environment) -> Option<Caller> {
    let organization = ORGANIZATIONS.iter().find(|organization| organization.id == organization_id)?;
    caller(match environment {
        Environment::Test => organization.test_key,
        Environment::Live => organization.live_key,
    })
}

/// The price of the organisation's product, by the UUID or public id of either. A stranger's price is not found.
pub(crate) fn price(organization_id: &str, price_or_product_id: &str) -> Option<Price> {
    let organization = ORGANIZATIONS.iter().find(|organization| organization.id == organization_id)?;
    let price = organization.price;
    let names = [
        price.price_id.to_owned(),
        price.product_id.to_owned(),
        ids::public_id("price_", price.price_id),
        ids::public_id("prod_", price.product_id),
    ];
    names.iter().any(|name| name == price_or_product_id).then_some(price)
}

pub(crate) fn plan(organization_id: &str, plan_id: &str) -> Option<Price> {
    (plan_id == PLAN_A && organization_id == ORGANIZATION_A).then(|| price(ORGANIZATION_A, PRODUCT_A)).flatten()
}

/// The customer of a subscription.
pub(crate) fn subscriber(subscription_id: &str) -> Option<&'static str> {
    (subscription_id == SUBSCRIPTION_A).then_some(CUSTOMER_A)
}

/// The customers that exist from the start.
pub(crate) fn customers(now: Timestamp) -> impl Iterator<Item = Customer> {
    ORGANIZATIONS.iter().map(move |organization| Customer {
        customer_id: organization.customer_id.to_owned(),
        organization_id: organization.id.to_owned(),
        environment: Environment::Test,
        details: CustomerDetails {
            name: "Awa Koné".to_owned(),
            email: Some("awa.kone@example.com".to_owned()),
            phone_number: Some("+2250700000000".to_owned()),
            ..CustomerDetails::default()
        },
        deleted_at: None,
        created_at: now,
        updated_at: now,
    })
}
