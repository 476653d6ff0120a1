//! Opens a hosted checkout session and reads it back.
//!
//! `cargo run -p lomi-client --example checkout -- http://127.0.0.1:4010 lomi_sk_test_sim_a`

use std::error::Error;

use lomi_client::{
    Amount, Client, CreateCheckoutSession, CreatedCheckoutSession, CurrencyCode, IdempotencyKey, SecretKey,
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let base_url = arguments.next().ok_or("the first argument is the base URL")?;
    let key = arguments.next().ok_or("the second argument is a test key")?;
    let client = Client::builder(SecretKey::parse(&key)?).base_url(base_url).build()?;
    println!("this key belongs to {}", client.me().send().await?.organization_id);

    let order = CreateCheckoutSession {
        amount: Amount::from_scaled(25_000, 0),
        currency_code: Some(CurrencyCode::XOF),
        title: Some("Order A-1007".to_owned()),
        allowed_providers: vec!["WAVE".to_owned()],
        ..CreateCheckoutSession::new("https://shop.example/thanks", "https://shop.example/cart")
    };
    let call = client.checkout_sessions().create(&order).idempotency_key(IdempotencyKey::parse("order-A-1007")?);
    let CreatedCheckoutSession::Session(new) = call.send().await? else {
        return Err("the customer has an unpaid invoice".into());
    };
    println!("pay at {}", new.checkout_url);
    let session = client.checkout_sessions().get(&new.session.checkout_session_id).send().await?;
    println!("it is {} until {}", session.status.as_str(), session.expires_at.as_deref().unwrap_or("some time"));
    Ok(())
}
