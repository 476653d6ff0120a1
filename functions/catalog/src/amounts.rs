//! `GET /amounts`: converts an amount that a person typed to minor units, so that no page parses amounts itself.

use domain::Currency;
use lambda_kit::fields::typed_amount;
use lambda_kit::http::{Request, Response};
use lambda_kit::language::Text;
use lambda_kit::problem::Problem;
use serde::Serialize;

const CURRENCIES: Text = Text { en: "One of XOF, USD, EUR.", fr: "XOF, USD ou EUR." };

#[derive(Serialize)]
struct Amount {
    amount: i64,
    currency_code: &'static str,
}

pub(crate) fn read(request: &Request) -> Result<Response, Problem> {
    let currency = request.query("currency_code").and_then(Currency::from_code);
    let currency = currency.ok_or_else(|| Problem::invalid("/currency_code", CURRENCIES))?;
    let typed = typed_amount(request.query("text").unwrap_or_default(), currency);
    let money = typed.map_err(|detail| Problem::invalid("/text", detail))?;
    let amount = Amount { amount: money.amount_minor(), currency_code: money.currency().code() };
    Response::json(200, &amount)
}
