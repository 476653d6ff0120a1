//! A small but complete function. The tests and the start-up measurements run it, so it links what the real functions
//! link.

use aws_sdk_dynamodb::types::AttributeValue;
use lambda_kit::config::{self, Function};
use lambda_kit::http::{Limits, Request, Response, json, serve};
use lambda_kit::language::Text;
use lambda_kit::problem::{Code, Problem};
use lambda_kit::secrets::{Kind, Secret, Stages};
use lambda_kit::start::StartError;
use lambda_kit::telemetry::{Counter, Field, Telemetry};
use serde::{Deserialize, Serialize};
use std::process::ExitCode;
use std::time::Duration;

const LIMITS: Limits = Limits { body_bytes: 64 * 1024, budget: Duration::from_secs(2), queries: &[] };

struct App {
    table: aws_sdk_dynamodb::Client,
    table_name: String,
    secret: Secret,
}

#[derive(Deserialize, Serialize)]
struct Cart {
    items: Vec<Item>,
    note: Option<String>,
}

#[derive(Deserialize, Serialize)]
struct Item {
    sku: String,
    quantity: u8,
}

fn main() -> ExitCode {
    lambda_kit::start::run(async {
        let (app, function) = start()?;
        app.secret.prefetch();
        serve(function, LIMITS, async |request: Request, telemetry: &mut Telemetry| {
            handle(&app, &request, telemetry).await
        })
        .await
    })
}

fn start() -> Result<(App, Function), StartError> {
    let (function, table_name, aws, secret_id) = config::read(|env| {
        let function = env.function("example");
        let table_name = env.text("TABLE_NAME");
        let aws = env.aws();
        let secret_id = env.secret_id("CART_TOKEN_SECRET_ID");
        let origins = env.redirect_policy("ALLOWED_ORIGINS");
        origins?;
        Some((function?, table_name?, aws?, secret_id?))
    })?;
    let sdk = lambda_kit::aws::sdk_config(&aws, &lambda_kit::https::client()?);
    let secret = Secret::new(aws_sdk_secretsmanager::Client::new(&sdk), secret_id, Kind::LomiKey, Stages::Current);
    Ok((App { table: aws_sdk_dynamodb::Client::new(&sdk), table_name, secret }, function))
}

#[expect(clippy::panic, reason = "one route shows that a panic is contained")]
async fn handle(app: &App, request: &Request, telemetry: &mut Telemetry) -> Result<Response, Problem> {
    match request.route.as_str() {
        "POST /carts" => Response::json(201, &json::<Cart>(request)?),
        "POST /bytes" => Ok(Response::new(200, "application/octet-stream", request.body.clone())),
        "GET /orders/{order_id}" => order(app, request, telemetry).await,
        "GET /secret" => secret(app, request).await,
        "GET /panic" => panic!("a canary that no log may show: {}", request.query("canary").unwrap_or_default()),
        "GET /hang" => std::future::pending().await,
        _ => Err(Problem::new(Code::NotFound)),
    }
}

async fn order(app: &App, request: &Request, telemetry: &mut Telemetry) -> Result<Response, Problem> {
    telemetry.id(Field::OrderId, request.path("order_id"));
    telemetry.count(Counter::InDoubt);
    let token = request.bearer_token().ok_or(Problem::new(Code::Unauthorized))?;
    let key = AttributeValue::S(format!("ORDER#{}", request.path("order_id")));
    let found = app.table.get_item().table_name(&app.table_name).key("PK", key).send().await;
    let item = found.map_err(|_| Problem::new(Code::StoreUnavailable))?.item.ok_or(Problem::new(Code::NotFound))?;
    if item.get("token") != Some(&AttributeValue::S(token.to_owned())) {
        return Err(Problem::invalid("/token", Text { en: "Not this one.", fr: "Pas celui-ci." }));
    }
    Ok(Response::no_content())
}

async fn secret(app: &App, request: &Request) -> Result<Response, Problem> {
    let versions = app.secret.get(request.deadline).await.map_err(|_| Problem::new(Code::SecretsUnavailable))?;
    Response::json(200, &versions.current.expose().len())
}
