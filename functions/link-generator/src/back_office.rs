//! `/admin/payment-links`: create, read, change and end a link.

use crate::body::{Body, Change, Wanted};
use crate::http::{App, LinkId};
use crate::view::LinkView;
use checkout::payment_links::{IdempotentRequest, LinkAnswer, LinkError, create, create_native};
use domain::Currency;
use lambda_kit::fields::{Caller, FieldErrors};
use lambda_kit::http::{Request, Response, json};
use lambda_kit::problem::{Code, Problem};
use lambda_kit::telemetry::{Counter, Field, Telemetry};
use lomi_client::{Error, PaymentLink};
use serde::Serialize;
use store::Answer;

impl App {
    pub(crate) async fn create(&self, request: &Request, telemetry: &mut Telemetry) -> Result<Response, Problem> {
        let (idempotency_key, fingerprint) =
            lambda_kit::create::idempotency_or_fresh(request, Caller::Merchant, &self.context.entropy)?;
        let keyed = IdempotentRequest { idempotency_key, fingerprint };
        let (origin, now) = (self.origin(request)?, self.context.clock.now());
        let made = match json::<Body>(request)?.check(&self.redirects)? {
            Wanted::Managed(new) => {
                create(&self.context, &keyed, new, |link| created(&LinkView::managed(link, &origin, now))).await
            }
            Wanted::Native(link) => {
                let lomi = async || self.lomi.client(request.deadline, telemetry).await;
                let labels = Some(&link.metadata).filter(|labels| !labels.is_empty());
                let describe = |made: &_| created(&LinkView::native(made, labels, &origin, now));
                create_native(&self.context, &keyed, &link, lomi, request.deadline, describe).await
            }
        };
        answer(made.inspect_err(|error| report(error, telemetry))?, telemetry)
    }

    pub(crate) async fn get(&self, request: &Request, telemetry: &mut Telemetry) -> Result<Response, Problem> {
        let (origin, now) = (self.origin(request)?, self.context.clock.now());
        match LinkId::of(request)? {
            LinkId::Managed(code) => {
                let link = self.context.link(&code).await?.ok_or(Problem::new(Code::NotFound))?;
                Response::json(200, &LinkView::managed(&link, &origin, now))
            }
            LinkId::Native(id) => {
                let link = self.native_link(&id, request, telemetry).await?;
                self.shown(&link, request).await
            }
        }
    }

    /// Changes a native link, from lomi's API 1.2.0 on.
    pub(crate) async fn change(&self, request: &Request, telemetry: &mut Telemetry) -> Result<Response, Problem> {
        let LinkId::Native(mut id) = LinkId::of(request)? else {
            let mut errors = FieldErrors::default();
            let (en, fr) = (
                "A managed link cannot be changed: end it and create another.",
                "Un lien géré ne peut pas être modifié : fermez-le et créez-en un autre.",
            );
            errors.add("", en, fr);
            return errors.none_or(None);
        };
        let wanted = json::<Change>(request)?.check(&self.redirects)?;
        // Reads the link first, to compare its currency and to get its UUID: the outcome of a change that failed at a
        // public id would be unknown.
        if wanted.currency.is_some() || !id.is_uuid() {
            let known = self.native_link(&id, request, telemetry).await?;
            id = known.payment_link_id;
            let is_its = |wanted: Currency| known.currency_code.is_some_and(|code| code.as_str() == wanted.code());
            let fits = wanted.currency.is_none_or(is_its);
            let mut errors = FieldErrors::default();
            errors.unless(
                fits,
                "/currency_code",
                "Must be the currency of this link.",
                "Doit être la devise de ce lien.",
            );
            errors.none_or(Some(()))?;
        }
        let client = self.lomi.client_or_refusal(request.deadline, telemetry).await?;
        let call = client.payment_links().update(&id, &wanted.changes).deadline(request.deadline);
        let link = match call.send().await {
            Err(error) if error.is_unknown_route() && wanted.is_of_labels_only() => {
                self.native_link(&id, request, telemetry).await?
            }
            changed => changed.map_err(|error| unchanged(error, telemetry))?,
        };
        if let Some(labels) = &wanted.changes.metadata {
            self.context.store.put_link_labels(link.payment_link_id.as_str(), labels).await?;
        }
        self.shown(&link, request).await
    }

    /// Answers with a native link and the labels that this stack stores for it.
    async fn shown(&self, link: &PaymentLink, request: &Request) -> Result<Response, Problem> {
        let labels = self.context.store.link_labels(link.payment_link_id.as_str()).await?;
        let (origin, now) = (self.origin(request)?, self.context.clock.now());
        Response::json(200, &LinkView::native(link, labels.as_ref(), &origin, now))
    }

    pub(crate) async fn deactivate(&self, request: &Request, telemetry: &mut Telemetry) -> Result<Response, Problem> {
        let code = match LinkId::of(request)? {
            LinkId::Managed(code) => code,
            LinkId::Native(id) => {
                // lomi's documents do not specify the answer to this call, so it is not read.
                let mut link = self.native_link(&id, request, telemetry).await?;
                let client = self.lomi.client_or_refusal(request.deadline, telemetry).await?;
                let call = client.payment_links().archive(&link.payment_link_id).deadline(request.deadline);
                call.send().await.map_err(|error| unchanged(error, telemetry))?;
                link.is_active = Some(false);
                return self.shown(&link, request).await;
            }
        };
        let (origin, now) = (self.origin(request)?, self.context.clock.now());
        let mut link = self.context.link(&code).await?.ok_or(Problem::new(Code::NotFound))?;
        link.active = !self.context.store.deactivate_link(&code).await?;
        Response::json(200, &LinkView::managed(&link, &origin, now))
    }
}

/// Generations before API 1.2.0 have no such route; only lomi's dashboard can change a link there.
fn unchanged(error: Error, telemetry: &mut Telemetry) -> Problem {
    lambda_kit::lomi::report(&error, telemetry);
    if error.is_unknown_route() {
        return Problem::new(Code::NativeLinkUnchangeable);
    }
    error.into()
}

fn created(view: &impl Serialize) -> Option<Answer> {
    Some(Answer { status: 201, body: serde_json::to_string(view).ok()? })
}

fn answer(made: LinkAnswer, telemetry: &mut Telemetry) -> Result<Response, Problem> {
    telemetry.flag(Field::IdempotencyReplayed, made.replayed);
    let response = Response::new(made.answer.status, "application/json", made.answer.body);
    Ok(if made.replayed { response.header("idempotency-replayed", "true") } else { response })
}

fn report(error: &LinkError, telemetry: &mut Telemetry) {
    match error {
        LinkError::OutcomeUnknown(Some(error)) => {
            telemetry.count(Counter::InDoubt);
            lambda_kit::lomi::report(error, telemetry);
        }
        LinkError::Lomi(error) => lambda_kit::lomi::report(error, telemetry),
        _ => {}
    }
}
