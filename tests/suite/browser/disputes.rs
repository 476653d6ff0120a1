//! A disputed order in the back office.

use serde_json::json;

use super::back_office::enter;
use super::driver::browse;
use super::shop::{AWA, KOFI};

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: cargo xtask browsers"]
async fn a_disputed_order_is_marked_in_list_and_timeline() {
    for (owner, badge, told) in
        [(AWA, "contestée auprès de la banque", "Contestation ouverte"), (KOFI, "disputed", "Dispute opened")]
    {
        browse(owner, async |app, browser| {
            let (order, transaction) = app.paid_order("card").await;
            app.lomi.dispute(&transaction, &json!({ "turn": "created" })).await;
            app.lomi.run_outbox().await;
            enter(app, browser).await;
            let link = format!("a[href='#orders/{}']", order.order_id);
            browser.see(&link).await;
            assert!(browser.text("#panel").await.contains(badge));
            browser.assert_fits().await;
            browser.click(&link).await;
            browser.see("#panel h1 ~ section ul").await;
            let shown = browser.text("#panel").await;
            for text in [badge, told, "needs_response", "fraudulent"] {
                assert!(shown.contains(text), "{text} is not in {shown}");
            }
            browser.assert_fits().await;
        })
        .await;
    }
}
