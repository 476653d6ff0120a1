//! Refunds.

use checkout::Context;
use checkout::admin::OperationError;
use checkout::reconcile::Report;
use checkout::refunds::{RefundError, RefundOrder, Refunded, ReleaseError, refund, release};
use domain::{MAX_AMOUNT_MINOR, MAX_REFUND_REASON_CHARS, OrderId, PhoneNumber, RefundStatus};
use lambda_kit::create::idempotency;
use lambda_kit::fields::{Caller, FieldErrors, check_text, is_lomi_id};
use lambda_kit::http::{Request, Response, json};
use lambda_kit::lomi::Lomi;
use lambda_kit::order_view::{OrderView, RefundView};
use lambda_kit::problem::{Code, Problem};
use lambda_kit::telemetry::{Counter, Field, Telemetry};
use serde::{Deserialize, Serialize};

pub(crate) const CREATE: &str = "POST /admin/orders/{order_id}/refunds";
pub(crate) const RELEASE: &str = "POST /admin/orders/{order_id}/refunds/{refund_id}/release";

#[derive(Deserialize)]
struct Body {
    amount: Option<i64>,
    transaction_id: Option<String>,
    reason: Option<String>,
    confirmed_phone: Option<String>,
}

#[derive(Serialize)]
struct Answer<'a> {
    refund: RefundView<'a>,
    order: OrderView<'a>,
}

pub(crate) async fn create(
    context: &Context,
    lomi: &Lomi,
    request: &Request,
    telemetry: &mut Telemetry,
) -> Result<Response, Problem> {
    let order = read(request)?;
    telemetry.id(Field::OrderId, order.order_id.as_str());
    let client = async || lomi.client(request.deadline, telemetry).await;
    let mut report = Report::default();
    let refunded = refund(context, &order, client, request.deadline, &mut report).await;
    // What has been applied is counted, whatever failed after it.
    telemetry.found(report);
    let refunded = refunded.inspect_err(|error| report_error(error, telemetry))?;
    answer(context, &refunded, telemetry)
}

/// Releases a refund in doubt, after an operator has checked that the money was not refunded.
pub(crate) async fn call_off(
    context: &Context,
    lomi: &Lomi,
    request: &Request,
    telemetry: &mut Telemetry,
) -> Result<Response, Problem> {
    let order_id = OrderId::parse(request.path("order_id")).ok_or(Problem::new(Code::NotFound))?;
    telemetry.id(Field::OrderId, order_id.as_str());
    let id = request.path("refund_id");
    let client = async || lomi.client(request.deadline, telemetry).await;
    let mut report = Report::default();
    let released = release(context, &order_id, id, client, request.deadline, &mut report).await;
    // What has been applied is counted, whatever failed after it.
    telemetry.found(report);
    let order = released.inspect_err(|error| report_release_error(error, telemetry))?;
    let refund = order.refunds().get(id).ok_or(Problem::new(Code::NotFound))?;
    telemetry.word(Field::RefundStatus, refund.status.as_str());
    telemetry.number(Field::RefundAmountMinor, refund.amount_minor);
    let body = Answer { refund: RefundView::of(id, refund), order: OrderView::of(&order, context.clock.now()) };
    Response::json(200, &body)
}

fn read(request: &Request) -> Result<RefundOrder, Problem> {
    let order_id = OrderId::parse(request.path("order_id")).ok_or(Problem::new(Code::NotFound))?;
    let (idempotency_key, fingerprint) = idempotency(request, Caller::Merchant)?;
    let Body { amount, transaction_id, reason, confirmed_phone } = json(request)?;
    let mut errors = FieldErrors::default();
    let amount_fits = amount.is_none_or(|amount| (1..=MAX_AMOUNT_MINOR).contains(&amount));
    errors.unless(
        amount_fits,
        "/amount",
        "Must be a positive integer in minor units.",
        "Doit être un entier positif en unités mineures.",
    );
    let transaction_id = transaction_id.filter(|id| is_lomi_id(id, "/transaction_id", &mut errors));
    let bounds = ("At most 500 characters.", "500 caractères au plus.");
    check_text(reason.as_deref(), MAX_REFUND_REASON_CHARS, "/reason", bounds, &mut errors);
    let phone = confirmed_phone.as_deref().map(PhoneNumber::parse);
    errors.unless(
        phone != Some(None),
        "/confirmed_phone",
        "Must be a phone number.",
        "Doit être un numéro de téléphone.",
    );
    let order = RefundOrder {
        order_id,
        idempotency_key,
        fingerprint,
        transaction_id,
        amount_minor: amount,
        reason,
        confirmed_phone: phone.flatten(),
    };
    errors.none_or(Some(order))
}

/// 202 means that the outcome is unknown and the refund must not be requested again. A refund that failed before lomi
/// gave it an id is `provider_rejected`, also when its key is repeated.
fn answer(context: &Context, refunded: &Refunded, telemetry: &mut Telemetry) -> Result<Response, Problem> {
    let refund = refunded.refund().ok_or(Problem::new(Code::InternalError))?;
    telemetry.flag(Field::IdempotencyReplayed, refunded.replayed);
    telemetry.word(Field::RefundStatus, refund.status.as_str());
    telemetry.number(Field::RefundAmountMinor, refund.amount_minor);
    if refunded.newly_in_doubt {
        telemetry.count(Counter::RefundInDoubt);
    }
    if refund.status == RefundStatus::Failed && refund.refund_id.is_none() {
        return Err(Problem::new(Code::ProviderRejected));
    }
    let body = Answer {
        refund: RefundView::of(&refunded.id, refund),
        order: OrderView::of(&refunded.order, context.clock.now()),
    };
    let status = if refund.status == RefundStatus::InDoubt { 202 } else { 201 };
    let response = Response::json(status, &body)?;
    Ok(if refunded.replayed { response.header("idempotency-replayed", "true") } else { response })
}

fn report_error(error: &RefundError, telemetry: &mut Telemetry) {
    let (RefundError::ProviderUnavailable { error, .. } | RefundError::ProviderRejected(error)) = error else { return };
    lambda_kit::lomi::report(error, telemetry);
}

fn report_release_error(error: &ReleaseError, telemetry: &mut Telemetry) {
    let ReleaseError::Operation(OperationError::Lomi(error)) = error else { return };
    lambda_kit::lomi::report(error, telemetry);
}
