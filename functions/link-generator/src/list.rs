//! `GET /admin/payment-links`: managed links, native links, or managed and then native ones.

use crate::http::App;
use crate::view::{LinkView, Links};
use lambda_kit::http::{DEFAULT_LIMIT, FOREIGN_CURSOR, Request, Response};
use lambda_kit::language::Text;
use lambda_kit::paging::PageRequest;
use lambda_kit::problem::Problem;
use lambda_kit::telemetry::Telemetry;
use lomi_client::payment_links::PaymentLinks;
use lomi_client::{LinkType, ListPlace, Listing, PaymentLink};
use store::ListCursor;

/// The cursor after the last managed link: the beginning of the native ones.
const LOMIS_BEGINNING: &str = "native";

const NATIVE_ONLY: Text =
    Text { en: "Allowed for native links only.", fr: "Autorisé pour les liens natifs seulement." };

enum Wanted {
    /// Managed links; with `is_chain` the native links follow.
    Managed {
        limit: u8,
        after: Option<ListCursor>,
        is_chain: bool,
    },
    Native(Native),
}

struct Native {
    link_type: Option<LinkType>,
    is_active: Option<bool>,
    page: PageRequest,
}

impl Wanted {
    /// A filter that only native links have selects native links.
    fn read(request: &Request) -> Result<Self, Problem> {
        let kinds = Text { en: "managed or native.", fr: "managed ou native." };
        let kind = |text: &str| ["managed", "native"].into_iter().find(|kind| *kind == text);
        let kind = request.query_as("kind", kind, kinds)?;
        let of_lomis = ["linkType", "link_type", "isActive", "is_active", "offset"];
        let filter = of_lomis.into_iter().find(|name| request.query(name).is_some_and(|value| !value.is_empty()));
        match (kind, filter) {
            (Some("managed"), Some(name)) => Err(Problem::invalid(format!("/{name}"), NATIVE_ONLY)),
            (Some("native"), _) | (None, Some(_)) => Native::read(request).map(Self::Native),
            (kind, _) => {
                let limit = request.limit()?;
                let place = |text: &str| Self::behind(text, limit, kind.is_none());
                let behind = request.query_as("cursor", place, FOREIGN_CURSOR)?;
                let limit = limit.unwrap_or(DEFAULT_LIMIT);
                Ok(behind.unwrap_or(Self::Managed { limit, after: None, is_chain: kind.is_none() }))
            }
        }
    }

    fn behind(cursor: &str, limit: Option<u8>, is_chain: bool) -> Option<Self> {
        let size = limit.unwrap_or(DEFAULT_LIMIT);
        if let Some(after) = ListCursor::of_links(cursor) {
            return Some(Self::Managed { limit: size, after: Some(after), is_chain });
        }
        let page = match cursor {
            LOMIS_BEGINNING => Some(PageRequest::first(size)),
            cursor => PageRequest::of_cursor(cursor).filter(|page| limit.is_none_or(|limit| limit == page.size())),
        };
        page.filter(|_| is_chain).map(Native::all).map(Self::Native)
    }
}

impl Native {
    fn all(page: PageRequest) -> Self {
        Self { link_type: None, is_active: None, page }
    }

    fn read(request: &Request) -> Result<Self, Problem> {
        let types = Text { en: "product or instant.", fr: "product ou instant." };
        let flags = Text { en: "true or false.", fr: "true ou false." };
        let flag = |text: &str| text.parse::<bool>().ok();
        Ok(Self {
            link_type: request.query_of(["link_type", "linkType"], link_type, types)?,
            is_active: request.query_of(["is_active", "isActive"], flag, flags)?,
            page: PageRequest::read(request, DEFAULT_LIMIT)?,
        })
    }

    /// The filtered list at lomi, from `place` on.
    fn list(
        &self,
        links: &PaymentLinks,
        (size, place): (u8, Option<&ListPlace>),
        request: &Request,
    ) -> Listing<PaymentLink> {
        let mut call = links.list().limit(size.into()).deadline(request.deadline);
        if let Some(place) = place {
            call = call.starting_at(place);
        }
        if let Some(link_type) = &self.link_type {
            call = call.link_type(link_type);
        }
        if let Some(is_active) = self.is_active {
            call = call.is_active(is_active);
        }
        call.stream()
    }
}

impl App {
    pub(crate) async fn list(&self, request: &Request, telemetry: &mut Telemetry) -> Result<Response, Problem> {
        match Wanted::read(request)? {
            Wanted::Managed { limit, after, is_chain } => {
                let listed = self.context.store.list_links(limit.into(), after.as_ref()).await?;
                if is_chain && listed.links.is_empty() && listed.next.is_none() {
                    return self.list_native(Native::all(PageRequest::first(limit)), request, telemetry).await;
                }
                let (origin, now) = (self.origin(request)?, self.context.clock.now());
                let own = listed.links.iter().filter(|link| link.environment == self.context.environment);
                let data = own.map(|link| LinkView::managed(link, &origin, now)).collect();
                let lomis = is_chain.then(|| LOMIS_BEGINNING.to_owned());
                let next_cursor = listed.next.map(|cursor| cursor.to_text()).or(lomis);
                Response::json(200, &Links { data, next_cursor })
            }
            Wanted::Native(native) => self.list_native(native, request, telemetry).await,
        }
    }

    async fn list_native(
        &self,
        native: Native,
        request: &Request,
        telemetry: &mut Telemetry,
    ) -> Result<Response, Problem> {
        let links = self.lomi.client_or_refusal(request.deadline, telemetry).await?.payment_links();
        let page = native.page.of(|size, place| native.list(&links, (size, place), request)).await;
        let page = page.inspect_err(|error| lambda_kit::lomi::report(error, telemetry))?;
        let ids: Vec<_> = page.rows.iter().map(|link| link.payment_link_id.as_str()).collect();
        let labels = self.context.store.labels_of_links(&ids).await?;
        let (origin, now) = (self.origin(request)?, self.context.clock.now());
        let labels = |link: &PaymentLink| labels.get(link.payment_link_id.as_str());
        let data = page.rows.iter().map(|link| LinkView::native(link, labels(link), &origin, now)).collect();
        Response::json(200, &Links { data, next_cursor: page.next_cursor })
    }
}

fn link_type(text: &str) -> Option<LinkType> {
    [LinkType::Product, LinkType::Instant].into_iter().find(|known| known.as_str() == text)
}
