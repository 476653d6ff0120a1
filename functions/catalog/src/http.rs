//! The routes, and their mapping to the use cases.

use crate::amounts;
use crate::view::{Body, ProductView, Products};
use domain::Sku;
use lambda_kit::http::{Limits, Request, Response, json};
use lambda_kit::problem::{Code, Problem};
use lambda_kit::telemetry::Telemetry;
use lambda_kit::wiring::{Connected, TableName};
use std::time::Duration;
use store::Store;

pub(crate) const LIMITS: Limits = Limits { body_bytes: 16 * 1024, budget: Duration::from_secs(4), queries: &[] };

/// Shops and caches may show a catalogue this old. Orders are priced from the table.
const CACHE: &str = "public, max-age=60";

pub(crate) struct App {
    store: Store,
}

impl App {
    pub(crate) fn new(connected: &Connected, table: TableName) -> Self {
        Self { store: connected.context(table).store }
    }

    pub(crate) async fn handle(&self, request: &Request, _: &mut Telemetry) -> Result<Response, Problem> {
        match request.route.as_str() {
            "GET /amounts" => amounts::read(request),
            "GET /products" => self.for_shoppers().await,
            "GET /admin/products" => self.all().await,
            "GET /admin/products/{sku}" => self.get(request).await,
            "PUT /admin/products/{sku}" => self.put(request).await,
            "DELETE /admin/products/{sku}" => self.delete(request).await,
            _ => Err(Problem::new(Code::NotFound)),
        }
    }

    async fn for_shoppers(&self) -> Result<Response, Problem> {
        let mut products = self.store.list_products().await?;
        products.retain(|product| product.active);
        let data = products.iter().map(ProductView::for_shoppers).collect();
        Ok(Response::json(200, &Products { data })?.header("cache-control", CACHE))
    }

    async fn all(&self) -> Result<Response, Problem> {
        let products = self.store.list_products().await?;
        let data = products.iter().map(ProductView::for_merchant).collect();
        Response::json(200, &Products { data })
    }

    async fn get(&self, request: &Request) -> Result<Response, Problem> {
        let product = self.store.product(&sku(request)?).await?.ok_or(Problem::new(Code::NotFound))?;
        Response::json(200, &ProductView::for_merchant(&product))
    }

    async fn put(&self, request: &Request) -> Result<Response, Problem> {
        let product = json::<Body>(request)?.into_product(&sku(request)?)?;
        self.store.put_product(&product).await?;
        Response::json(200, &ProductView::for_merchant(&product))
    }

    async fn delete(&self, request: &Request) -> Result<Response, Problem> {
        let existed = self.store.delete_product(&sku(request)?).await?;
        if existed { Ok(Response::no_content()) } else { Err(Problem::new(Code::NotFound)) }
    }
}

fn sku(request: &Request) -> Result<Sku, Problem> {
    Sku::parse(request.path("sku")).ok_or(Problem::new(Code::NotFound))
}
