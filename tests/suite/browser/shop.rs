//! The shop as a shopper uses it.

use super::driver::{Browser, Owner, WIDTHS};

/// The first article, 12 500 francs.
pub(super) const PAGNE: &str = "PAGNE-WAX-6Y";

/// A shopper in Abidjan with a small phone.
pub(super) const AWA: Owner = Owner { languages: "fr-CI,fr,en", width: WIDTHS[0] };
/// A shopper in Accra with a laptop.
pub(super) const KOFI: Owner = Owner { languages: "en-GH,en", width: WIDTHS[1] };

/// The digits only: French and English group them differently.
pub(super) fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

impl Browser {
    pub(super) async fn put_into_cart(&self, sku: &str) {
        self.click(&format!("#products [data-sku='{sku}'] button")).await;
        self.see(&format!("#cart-lines [data-sku='{sku}']")).await;
    }

    /// From the cart to lomi's page.
    pub(super) async fn go_and_pay(&self) {
        self.click("#pay[aria-disabled=false]").await;
        self.see("button[name=method][value=card]").await;
    }

    /// Clicks a button of lomi's page: `card`, `wave` or `mtn`.
    pub(super) async fn pay_by(&self, method: &str) {
        self.click(&format!("button[name=method][value={method}]")).await;
    }

    /// The number of pieces in this browser's cart.
    pub(super) async fn pieces_in_cart(&self) -> u64 {
        let script =
            "return JSON.parse(localStorage.getItem('shop.cart') ?? '[]').reduce((n, line) => n + line.quantity, 0)";
        self.run(script, "").await.as_u64().expect("a number")
    }
}
