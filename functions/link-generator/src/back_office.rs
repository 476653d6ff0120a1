//! `/admin/payment-links`: wire <-> use case.

use crate::body::{Body, Change, Wanted};
use crate::http::{App, LinkId};
use crate::view::{LinkView, Links};
use edge::http::{DEFAULT_LIMIT, FOREIGN_CURSOR, Request, Response, json};
use edge::language::Text;
use edge::members::{Caller, Faults};
use edge::problem::{Code, Problem};
use edge::telemetry::{Counter, Field, Telemetry};
use flows::links::{Keyed, LinkError, Made, create, create_native};
use lomi_client::{Error, LinkType, ListPlace};
use serde::Serialize;
use store::{Answer, ListCursor};

impl App {
    pub(crate) async fn create(&self, request: &Request, event: &mut Telemetry) -> Result<Response, Problem> {
        let (idempotency_key, fingerprint) = edge::create::idempotency(request, Caller::Merchant)?;
        let keyed = Keyed { idempotency_key, fingerprint };
        let (origin, now) = (self.origin(request)?, self.world.clock.now());
        let made = match json::<Body>(request)?.check(&self.redirects)? {
            Wanted::Managed(new) => {
                create(&self.world, &keyed, new, |link| created(&LinkView::managed(link, &origin, now))).await
            }
            Wanted::Native(link) => {
                let lomi = async || self.lomi.client(request.deadline, event).await;
                let describe = |link: &_| created(&LinkView::native(link, &origin, now));
                create_native(&self.world, &keyed, &link, lomi, request.deadline, describe).await
            }
        };
        answer(made.inspect_err(|error| report(error, event))?, event)
    }

    pub(crate) async fn get(&self, request: &Request, event: &mut Telemetry) -> Result<Response, Problem> {
        let (origin, now) = (self.origin(request)?, self.world.clock.now());
        match LinkId::of(request)? {
            LinkId::Managed(code) => {
                let link = self.world.link(&code).await?.ok_or(Problem::new(Code::NotFound))?;
                Response::json(200, &LinkView::managed(&link, &origin, now))
            }
            LinkId::Native(id) => {
                let link = self.native_link(&id, request, event).await?;
                Response::json(200, &LinkView::native(&link, &origin, now))
            }
        }
    }

    /// A link of lomi.'s own, where lomi. changes them.
    pub(crate) async fn change(&self, request: &Request, event: &mut Telemetry) -> Result<Response, Problem> {
        let LinkId::Native(id) = LinkId::of(request)? else {
            let mut faults = Faults::default();
            let (en, fr) = (
                "A managed link is not changed: end it, and make another.",
                "Un lien géré ne se modifie pas : fermez-le et créez-en un autre.",
            );
            faults.add("", en, fr);
            return faults.none_or(None);
        };
        let wanted = json::<Change>(request)?.check(&self.redirects)?;
        if let Some(currency) = wanted.currency {
            let known = self.native_link(&id, request, event).await?.currency_code;
            let is_its = known.is_some_and(|known| known.as_str() == currency.code());
            let mut faults = Faults::default();
            faults.unless(is_its, "/currency_code", "Not the currency of this link.", "Pas la devise de ce lien.");
            faults.none_or(Some(()))?;
        }
        let client = self.lomi.client_or_refusal(request.deadline, event).await?;
        let call = client.payment_links().update(&id, &wanted.changes).deadline(request.deadline);
        let link = call.send().await.map_err(|error| unchanged(error, event))?;
        Response::json(200, &LinkView::native(&link, &self.origin(request)?, self.world.clock.now()))
    }

    pub(crate) async fn deactivate(&self, request: &Request, event: &mut Telemetry) -> Result<Response, Problem> {
        let (origin, now) = (self.origin(request)?, self.world.clock.now());
        let code = match LinkId::of(request)? {
            LinkId::Managed(code) => code,
            LinkId::Native(id) => {
                // lomi. does not say what it answers to this.
                let mut link = self.native_link(&id, request, event).await?;
                let client = self.lomi.client_or_refusal(request.deadline, event).await?;
                let call = client.payment_links().archive(&id).deadline(request.deadline);
                call.send().await.map_err(|error| unchanged(error, event))?;
                link.is_active = Some(false);
                return Response::json(200, &LinkView::native(&link, &origin, now));
            }
        };
        let mut link = self.world.link(&code).await?.ok_or(Problem::new(Code::NotFound))?;
        link.active = !self.world.store.deactivate_link(&code).await?;
        Response::json(200, &LinkView::managed(&link, &origin, now))
    }

    pub(crate) async fn list(&self, request: &Request, event: &mut Telemetry) -> Result<Response, Problem> {
        let limit = request.limit()?.unwrap_or(DEFAULT_LIMIT);
        let kinds = Text { en: "managed or native.", fr: "managed ou native." };
        let is_native =
            |text: &str| ["managed", "native"].iter().position(|kind| *kind == text).map(|index| index == 1);
        if request.query_as("kind", is_native, kinds)?.unwrap_or_default() {
            return self.list_native(request, limit, event).await;
        }
        for name in ["link_type", "is_active"] {
            let native_only = Text { en: "Goes with kind=native only.", fr: "Va avec kind=native seulement." };
            request.query_as(name, |_| None::<()>, native_only)?;
        }
        let cursor = request.query_as("cursor", ListCursor::of_links, FOREIGN_CURSOR)?;
        let listed = self.world.store.list_links(limit.into(), cursor.as_ref()).await?;
        let (origin, now) = (self.origin(request)?, self.world.clock.now());
        let own = listed.links.iter().filter(|link| link.environment == self.world.environment);
        let data = own.map(|link| LinkView::managed(link, &origin, now)).collect();
        Response::json(200, &Links { data, next_cursor: listed.next.map(|cursor| cursor.to_text()) })
    }

    async fn list_native(&self, request: &Request, limit: u8, event: &mut Telemetry) -> Result<Response, Problem> {
        let types = Text { en: "product or instant.", fr: "product ou instant." };
        let link_type = request.query_as("link_type", link_type, types)?;
        let flags = Text { en: "true or false.", fr: "true ou false." };
        let is_active = request.query_as("is_active", |text| text.parse::<bool>().ok(), flags)?;
        let place = request.query_as("cursor", ListPlace::parse, FOREIGN_CURSOR)?;
        let client = self.lomi.client_or_refusal(request.deadline, event).await?;
        let mut call = client.payment_links().list().limit(limit.into()).deadline(request.deadline);
        if let Some(place) = &place {
            call = call.starting_at(place);
        }
        if let Some(link_type) = &link_type {
            call = call.link_type(link_type);
        }
        if let Some(is_active) = is_active {
            call = call.is_active(is_active);
        }
        let page = call.stream().next_page().await.inspect_err(|error| edge::lomi::report(error, event))?;
        let (origin, now) = (self.origin(request)?, self.world.clock.now());
        let data = page.rows.iter().map(|link| LinkView::native(link, &origin, now)).collect();
        Response::json(200, &Links { data, next_cursor: page.next.map(|place| place.to_text()) })
    }
}

/// Generations before API 1.2.0 have no such route: only lomi.'s dashboard changes a link there.
fn unchanged(error: Error, event: &mut Telemetry) -> Problem {
    edge::lomi::report(&error, event);
    if error.is_unknown_route() {
        return Problem::new(Code::NativeLinkUnchangeable);
    }
    error.into()
}

fn link_type(text: &str) -> Option<LinkType> {
    [LinkType::Product, LinkType::Instant].into_iter().find(|known| known.as_str() == text)
}

fn created(view: &impl Serialize) -> Option<Answer> {
    Some(Answer { status: 201, body: serde_json::to_string(view).ok()? })
}

fn answer(made: Made, event: &mut Telemetry) -> Result<Response, Problem> {
    event.flag(Field::IdempotencyReplayed, made.replayed);
    let response = Response::new(made.answer.status, "application/json", made.answer.body);
    Ok(if made.replayed { response.header("idempotency-replayed", "true") } else { response })
}

fn report(error: &LinkError, event: &mut Telemetry) {
    match error {
        LinkError::OutcomeUnknown(Some(error)) => {
            event.count(Counter::InDoubt);
            edge::lomi::report(error, event);
        }
        LinkError::Lomi(error) => edge::lomi::report(error, event),
        _ => {}
    }
}
