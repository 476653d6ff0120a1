//! Creates a customer, a card charge and a payment link, then reads the lists page by page.
//!
//! `cargo run -p lomi-client --example back_office -- http://127.0.0.1:4010 lomi_sk_test_sim_a`

use std::error::Error;

use lomi_client::{
    Amount, Buyer, Client, CreateCardCharge, CreateCustomer, CreatePaymentLink, CurrencyCode, IdempotencyKey,
    LinkTarget, SecretKey,
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let base_url = arguments.next().ok_or("the first argument is the base URL")?;
    let key = arguments.next().ok_or("the second argument is a test key")?;
    let client = Client::builder(SecretKey::parse(&key)?).base_url(base_url).build()?;

    create(&client).await?;
    let mut customers = client.customers().list().page_size(2).stream();
    while let Some(customer) = customers.next().await {
        println!("customer {}", customer?.customer_id);
    }
    let mut links = client.payment_links().list().limit(2).stream();
    while let Some(link) = links.next().await {
        println!("link {}", link?.url);
    }
    for provider in client.providers().send().await? {
        println!("provider {}", provider.provider_code);
    }
    Ok(())
}

async fn create(client: &Client) -> Result<(), Box<dyn Error>> {
    let amount = Amount::from_scaled(25_000, 0).ok_or("amount")?;
    let customer = client.customers().create(&CreateCustomer::new("Amadou Ba")).send().await?;
    println!("created {customer:?}");

    let buyer = Buyer::Customer { customer_id: customer.customer_id.clone() };
    let charge = CreateCardCharge::new(amount, CurrencyCode::XOF, buyer);
    let key = IdempotencyKey::parse(&format!("charge-{}", customer.customer_id))?;
    let charge = client.card_charges().create(&charge, key).send().await?.charge;
    println!(
        "{} collects {:?} for {:?}",
        charge.payment_intent_id, charge.processor_amount_minor, charge.original_amount
    );
    let status = client.card_charges().cancel(&charge.payment_intent_id).send().await?;
    println!("and is now {}", status.as_str());

    let link = CreatePaymentLink::new(LinkTarget::Instant { amount }, "Donation", CurrencyCode::XOF);
    println!("share {}", client.payment_links().create(&link).send().await?.url);
    Ok(())
}
