//! The owner of the key, the payment rails, and health.

use axum::Extension;
use axum::extract::State;
use serde_json::{Value, json};
use strum::VariantArray as _;

use crate::http::call::Admitted;
use crate::http::reply::Reply;
use crate::model::Rail;
use crate::sim::Sim;

/// `GET /me`.
pub(crate) async fn me(Extension(call): Admitted) -> Reply {
    Reply::ok(&json!({
        "merchant_id": call.caller.merchant_id,
        "organization_id": call.caller.organization_id,
        "organization_name": call.caller.organization_name,
        "environment": call.caller.environment,
    }))
}

/// `GET /providers`: every rail is connected.
pub(crate) async fn providers(Extension(call): Admitted) -> Reply {
    let wanted = call.query("provider_code").map(|code| if code == "CARD" { "STRIPE" } else { code });
    let row = |rail: Rail| {
        json!({
            "provider_code": rail.provider_code(),
            "is_connected": true,
            "is_phone_verified": rail != Rail::Card,
            "onboarding_status": "completed",
            "phone_number": null,
            "provider_merchant_id": null,
            "organization_id": call.caller.organization_id,
            "metadata": null,
        })
    };
    let rails = Rail::VARIANTS.iter().copied().filter(|rail| wanted.is_none_or(|code| code == rail.provider_code()));
    Reply::ok(&json!({"success": true, "data": rails.map(row).collect::<Vec<Value>>()}))
}

/// `GET /health`: public.
pub(crate) async fn health(State(sim): State<Sim>) -> Reply {
    Reply::ok(&json!({"ok": true, "service": "lomi-sandbox", "uptime": sim.uptime_s()}))
}

/// `GET /ready`: public, always ready.
pub(crate) async fn ready() -> Reply {
    Reply::ok(&json!({"ready": true, "service": "lomi-sandbox", "checks": {"memory": "ok"}}))
}
