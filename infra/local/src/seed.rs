//! A small catalogue for an empty shop, created through the merchant's route.

use serde_json::{Value, json};

use crate::http_client::HttpClient;
use crate::stack::Stack;

/// SKU and body of each product. Amounts in francs: XOF has no minor unit.
fn products() -> [(&'static str, Value); 6] {
    let fixed = |title: &str, description: &str, amount: u32| json!({ "title": title, "description": description, "currency_code": "XOF", "amount": amount });
    [
        ("PAGNE-WAX-6Y", fixed("Pagne wax, 6 yards", "Coton imprimé, motif fleurs de mariage", 12_500)),
        ("KARITE-500", fixed("Beurre de karité, 500 g", "Pressé à froid à Korhogo, sans additif", 4_500)),
        ("CAFE-MAN-250", fixed("Café de Man, 250 g", "Robusta torréfié, moulu ou en grains", 3_000)),
        ("BISSAP-1L", fixed("Sirop de bissap, 1 L", "Fleurs d’hibiscus, menthe et gingembre", 2_000)),
        ("PANIER-BOLGA", fixed("Panier de Bolgatanga", "Tressé à la main, anse en cuir", 15_000)),
        (
            "DON-CANTINE",
            json!({
                "title": "Don à la cantine scolaire",
                "description": "Le montant de votre choix ; un repas coûte 500 francs",
                "currency_code": "XOF",
                "min_amount": 500,
                "max_amount": 500_000,
            }),
        ),
    ]
}

/// Fills an empty catalogue. Returns the number of new products.
pub async fn catalogue(stack: &Stack) -> Result<usize, String> {
    fill(stack).await.map_err(|problem| format!("the catalogue cannot be filled: {problem}"))
}

async fn fill(stack: &Stack) -> Result<usize, String> {
    let client = HttpClient::new();
    let base = format!("{}/admin/products", stack.urls().gateway);
    let bearer = format!("Bearer {}", stack.admin_token());
    let headers = [("authorization", bearer.as_str())];
    let existing: Value = client.get(&base, &headers).await?.json()?;
    if existing.get("data").and_then(Value::as_array).is_some_and(|data| !data.is_empty()) {
        return Ok(0);
    }
    let products = products();
    for (sku, product) in &products {
        let url = format!("{base}/{sku}");
        let answer = client.send_json("PUT", &url, &headers, product).await?;
        answer.json::<Value>().map_err(|problem| format!("PUT {url}: {problem}"))?;
    }
    Ok(products.len())
}
