//! The checks that call lomi: the key, its environment, the webhook and the lists.

use super::findings::{self, Finding};
use crate::http::App;
use checkout::admin::{try_payments, try_refunds};
use checkout::webhook_registration::{PATH, receives_payments};
use domain::Environment;
use lambda_kit::http::Request;
use lambda_kit::lomi::CredentialError;
use lomi_client::webhook_endpoints::WebhookEndpoint;
use lomi_client::{Client, Error, ErrorKind, Me};
use tokio::time::{Instant, timeout_at};
use url::Url;

pub(super) struct Findings {
    pub(super) key: Finding,
    pub(super) environment: Finding,
    pub(super) endpoint: Finding,
    pub(super) transactions: Finding,
    pub(super) refunds: Finding,
}

pub(super) async fn look(app: &App, request: &Request, deadline: Instant) -> Findings {
    let without = |key| Findings {
        key,
        environment: findings::ENVIRONMENT_UNKNOWN,
        endpoint: findings::ENDPOINT_UNKNOWN,
        transactions: findings::LIST_UNKNOWN,
        refunds: findings::LIST_UNKNOWN,
    };
    match app.lomi.any_client(deadline).await {
        Ok(client) => run_checks(app, request, &client, deadline).await,
        Err(CredentialError::Foreign) => {
            Findings { environment: findings::ENVIRONMENT_MISMATCH, ..without(findings::KEY_FOREIGN) }
        }
        Err(CredentialError::NotASecret(wrong)) => without(findings::unusable(wrong)),
        Err(CredentialError::Missing) => without(findings::KEY_MISSING),
        Err(CredentialError::Unusable) => without(findings::KEY_REFUSED),
        Err(CredentialError::Unreachable | CredentialError::Unproven) => without(findings::KEY_UNREACHABLE),
    }
}

async fn run_checks(app: &App, request: &Request, client: &Client, deadline: Instant) -> Findings {
    let (me, endpoints, transactions, refunds) = tokio::join!(
        in_time(deadline, client.me().deadline(deadline).send()),
        in_time(deadline, client.webhook_endpoints().list().deadline(deadline).send()),
        in_time(deadline, try_payments(&app.context, client, deadline)),
        in_time(deadline, try_refunds(&app.context, client, deadline)),
    );
    let reported = me.as_ref().and_then(|me| me.as_ref().ok()?.environment);
    let environment = environment(app.context.environment, reported.or_else(|| client.environment()));
    let is_ours = environment.hint.is_none();
    // What a key of the other environment sees says nothing about this stack.
    let endpoint = match endpoints {
        Some(Ok(endpoints)) if is_ours => endpoint(&addresses(app, request), &app.marker, &endpoints),
        _ => findings::ENDPOINT_UNKNOWN,
    };
    let list = |answer| if is_ours { list(answer) } else { findings::LIST_UNKNOWN };
    Findings { key: key(me), environment, endpoint, transactions: list(transactions), refunds: list(refunds) }
}

/// `None` when the answer is late. The lomi client has the same deadline; this one holds even if the client failed to.
async fn in_time<T>(deadline: Instant, call: impl Future<Output = Result<T, Error>>) -> Option<Result<T, Error>> {
    timeout_at(deadline, call).await.ok()
}

fn key(me: Option<Result<Me, Error>>) -> Finding {
    match me {
        Some(Ok(_)) => findings::OK,
        Some(Err(error)) if matches!(error.status(), Some(401 | 403)) => findings::KEY_REFUSED,
        Some(Err(_)) | None => findings::KEY_UNREACHABLE,
    }
}

fn list(answer: Option<Result<(), Error>>) -> Finding {
    let Some(answer) = answer else { return findings::LIST_UNREACHABLE };
    let Err(error) = answer else { return findings::OK };
    match error.kind() {
        ErrorKind::EndlessList => findings::LIST_REPEATS_ITSELF,
        ErrorKind::UnusableAnswer | ErrorKind::AnswerTooLarge => findings::LIST_UNREADABLE,
        // A final refusal: the key lacks the permission, or lomi has no such list.
        ErrorKind::Refused if !error.is_retryable() => findings::LIST_REFUSED,
        _ => findings::LIST_UNREACHABLE,
    }
}

fn environment(of_stack: Environment, of_key: Option<lomi_client::Environment>) -> Finding {
    match of_key {
        None => findings::ENVIRONMENT_UNKNOWN,
        Some(of_key) if lambda_kit::lomi::is_of(of_key, of_stack) => findings::OK,
        Some(_) => findings::ENVIRONMENT_MISMATCH,
    }
}

/// The addresses under which lomi may know this API: API Gateway's, and the merchant's domain.
fn addresses(app: &App, request: &Request) -> Vec<Url> {
    let origins = request.origin().into_iter().chain(app.public_origin.clone());
    origins.filter_map(|origin| origin.join(PATH).ok()).collect()
}

/// An endpoint belongs to this stack if it has one of `addresses` or the stack's marker: a request through the
/// merchant's domain does not show API Gateway's address.
fn endpoint(addresses: &[Url], marker: &str, endpoints: &[WebhookEndpoint]) -> Finding {
    let is_ours = |endpoint: &&WebhookEndpoint| {
        let url = endpoint.url.as_deref().and_then(|url| Url::parse(url).ok());
        url.is_some_and(|url| addresses.contains(&url)) || endpoint.description.as_deref() == Some(marker)
    };
    let ours: Vec<_> = endpoints.iter().filter(is_ours).collect();
    // While a secret changes there are two: one that delivers is enough.
    if ours.iter().any(|endpoint| receives_payments(endpoint)) {
        findings::REGISTERED
    } else if ours.iter().any(|endpoint| endpoint.is_active != Some(false)) {
        findings::ENDPOINT_NOT_SUBSCRIBED
    } else if ours.is_empty() {
        findings::ENDPOINT_MISSING
    } else {
        findings::ENDPOINT_INACTIVE
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lomi_client::Environment::{Live, Test};

    #[test]
    fn health_needs_a_key_of_the_stacks_own_environment() {
        let found = |of_stack, of_key| environment(of_stack, of_key).state;
        for (of_stack, own, other) in [(Environment::Live, Live, Test), (Environment::Sandbox, Test, Live)] {
            assert_eq!(found(of_stack, Some(own)), "ok");
            assert_eq!(found(of_stack, Some(other)), "mismatch");
            assert_eq!(found(of_stack, None), "unknown", "an older key that lomi. says nothing of");
        }
    }
}
