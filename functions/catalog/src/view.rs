//! The JSON of a product.

use domain::{Currency, Price, Product, ProductError, Sku};
use lambda_kit::language::Text;
use lambda_kit::problem::Problem;
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
pub(crate) struct Body {
    title: String,
    description: Option<String>,
    currency_code: Currency,
    amount: Option<i64>,
    min_amount: Option<i64>,
    max_amount: Option<i64>,
    #[serde(default = "yes")]
    active: bool,
    image_url: Option<String>,
}

const fn yes() -> bool {
    true
}

impl Body {
    pub(crate) fn into_product(self, sku: &Sku) -> Result<Product, Problem> {
        let price = Price::from_parts(self.currency_code, self.amount, self.min_amount, self.max_amount);
        Product::new(sku.as_str(), &self.title, self.description, price, self.active, self.image_url).map_err(problem)
    }
}

fn problem(error: ProductError) -> Problem {
    let (pointer, detail) = match error {
        ProductError::Sku => ("/sku", Text { en: "Not a valid SKU.", fr: "Code article non valide." }),
        ProductError::Title => ("/title", Text { en: "1 to 200 characters.", fr: "De 1 à 200 caractères." }),
        ProductError::Description => {
            ("/description", Text { en: "At most 2000 characters.", fr: "2000 caractères au plus." })
        }
        ProductError::Amount => (
            "/amount",
            Text {
                en: "Send either amount, or min_amount and max_amount: positive integers in minor units, min_amount at most max_amount.",
                fr: "Envoyez soit amount, soit min_amount et max_amount : des entiers positifs en unités mineures, min_amount inférieur ou égal à max_amount.",
            },
        ),
        ProductError::ImageUrl => ("/image_url", Text { en: "Must be an https URL.", fr: "Doit être une URL https." }),
    };
    Problem::invalid(pointer, detail)
}

#[derive(Serialize)]
pub(crate) struct Products<'a> {
    pub(crate) data: Vec<ProductView<'a>>,
}

#[derive(Serialize)]
pub(crate) struct ProductView<'a> {
    sku: &'a str,
    title: &'a str,
    description: Option<&'a str>,
    currency_code: &'static str,
    amount: Option<i64>,
    min_amount: Option<i64>,
    max_amount: Option<i64>,
    image_url: Option<&'a str>,
    /// For the merchant only: shoppers see active products only.
    #[serde(skip_serializing_if = "Option::is_none")]
    active: Option<bool>,
}

impl<'a> ProductView<'a> {
    pub(crate) fn for_shoppers(product: &'a Product) -> Self {
        let (amount, min_amount, max_amount) = product.price.parts();
        Self {
            sku: product.sku.as_str(),
            title: &product.title,
            description: product.description.as_deref(),
            currency_code: product.price.currency().code(),
            amount,
            min_amount,
            max_amount,
            image_url: product.image_url.as_deref(),
            active: None,
        }
    }

    pub(crate) fn for_merchant(product: &'a Product) -> Self {
        Self { active: Some(product.active), ..Self::for_shoppers(product) }
    }
}
