//! `lomi_client` against `lomi_sandbox`, in the newest generation of the API and in that of the guides: every
//! operation, its results, its refusals, and its outcome after a lost answer.

/// Runs each test once per generation, under its own name in the modules `current` and `seeds`.
macro_rules! in_both_profiles {
    ($($test:ident,)+) => {
        in_both_profiles! { @module current Current $($test)+ }
        in_both_profiles! { @module seeds Seeds $($test)+ }

        /// One after the other, in the newest generation.
        pub(super) async fn in_current() {
            $(
                $test(Context::start(lomi_sandbox::Profile::Current).await).await;
            )+
        }
    };
    (@module $module:ident $profile:ident $($test:ident)+) => {
        mod $module {
            use crate::conformance::context::Context;
            $(
                #[tokio::test]
                async fn $test() {
                    super::$test(Context::start(lomi_sandbox::Profile::$profile).await).await;
                }
            )+
        }
    };
}

mod account;
mod card_charges;
mod checkout_sessions;
mod context;
mod contract;
mod coverage;
mod customers;
mod delivery_logs;
mod faults;
mod lists;
mod payment_links;
mod receiver;
mod refunds;
mod refusals;
mod transactions;
mod webhook_endpoints;
mod webhooks;
