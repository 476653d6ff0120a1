//! From the cart to the paid order.

use serde_json::Value;
use tests::TestApp;

#[tokio::test]
async fn a_shopper_pays_and_the_order_turns_paid() {
    let app = TestApp::start().await;
    let order = app.open_order().await;
    let transaction_id = app.pay(&order, "card").await;
    app.wait_for(&order.order_id, "paid").await;
    let shown = app.status(&order).await.expect(200).json();
    assert_eq!(shown["status"], "paid");
    assert_eq!(shown["payment"]["transaction_id"], transaction_id.as_str());
    assert_eq!(shown["poll_after_ms"], Value::Null);
    assert_eq!(app.outbox(&order.order_id).await, ["order.paid"]);
    app.audit().await;
}
