//! The routes, and what they share: native links and this API's own addresses.

use crate::qr;
use checkout::Context;
use domain::{LinkCode, PaymentPageUrl, RedirectPolicy};
use lambda_kit::http::{Limits, Queries, Request, Response};
use lambda_kit::lomi::{Lomi, LomiSettings};
use lambda_kit::problem::{Code, Problem};
use lambda_kit::telemetry::Telemetry;
use lambda_kit::wiring::{Connected, TableName};
use lomi_client::{PaymentLink, PaymentLinkId};
use std::time::Duration;
use url::Url;

pub(crate) const LIMITS: Limits = Limits { body_bytes: 16 * 1024, budget: Duration::from_secs(22), queries: QUERIES };

const QUERIES: Queries = &[(
    "GET /admin/payment-links",
    &["kind", "linkType", "link_type", "isActive", "is_active", "limit", "offset", "cursor"],
)];

/// The address of a link never changes, so its QR code may be cached for a day.
const CACHE: &str = "public, max-age=86400";

pub(crate) struct App {
    pub(crate) context: Context,
    pub(crate) lomi: Lomi,
    pub(crate) redirects: RedirectPolicy,
    public_origin: Option<Url>,
}

/// The id of a link. lomi's ids (a UUID, `pl_...` or `plink_...`) are never valid codes.
pub(crate) enum LinkId {
    Managed(LinkCode),
    Native(PaymentLinkId),
}

impl LinkId {
    /// # Errors
    /// `not_found` for any other text, without a call.
    pub(crate) fn of(request: &Request) -> Result<Self, Problem> {
        let id = request.path("id");
        match (LinkCode::parse(id), PaymentLinkId::parse(id)) {
            (Some(code), _) => Ok(Self::Managed(code)),
            (None, Ok(id)) if id.is_uuid() || is_printed(&id) => Ok(Self::Native(id)),
            _ => Err(Problem::new(Code::NotFound)),
        }
    }
}

fn is_printed(id: &PaymentLinkId) -> bool {
    ["pl_", "plink_"].iter().any(|prefix| id.as_str().starts_with(prefix))
}

impl App {
    pub(crate) fn new(
        connected: &Connected,
        table: TableName,
        lomi: LomiSettings,
        redirects: RedirectPolicy,
        public_origin: Option<Url>,
    ) -> Self {
        Self { context: connected.context(table), lomi: connected.lomi(lomi), redirects, public_origin }
    }

    pub(crate) async fn handle(&self, request: &Request, telemetry: &mut Telemetry) -> Result<Response, Problem> {
        match request.route.as_str() {
            "POST /admin/payment-links" => self.create(request, telemetry).await,
            "GET /admin/payment-links" => self.list(request, telemetry).await,
            "GET /admin/payment-links/{id}" => self.get(request, telemetry).await,
            "PATCH /admin/payment-links/{id}" => self.change(request, telemetry).await,
            "DELETE /admin/payment-links/{id}" => self.deactivate(request, telemetry).await,
            "GET /pay/{code}" => Ok(self.pay(request, telemetry).await),
            "GET /pay/{code}/thanks" => Ok(self.thanks(request)),
            "GET /payment-links/{id}/qr.svg" => self.qr_svg(request, telemetry).await,
            "GET /payment-links/{id}/qr.png" => self.qr_png(request, telemetry).await,
            _ => Err(Problem::new(Code::NotFound)),
        }
    }

    /// The origin of this API's addresses: the merchant's own domain, or the host of this request.
    pub(crate) fn origin(&self, request: &Request) -> Result<Url, Problem> {
        let origin = self.public_origin.clone().or_else(|| request.origin());
        origin.ok_or(Problem::new(Code::InternalError).because("origin_unknown"))
    }

    pub(crate) async fn native_link(
        &self,
        id: &PaymentLinkId,
        request: &Request,
        telemetry: &mut Telemetry,
    ) -> Result<PaymentLink, Problem> {
        let links = self.lomi.client_or_refusal(request.deadline, telemetry).await?.payment_links();
        links.get(id).deadline(request.deadline).send().await.map_err(|error| {
            lambda_kit::lomi::report(&error, telemetry);
            Problem::of_read(error, id.is_uuid())
        })
    }

    async fn qr_svg(&self, request: &Request, telemetry: &mut Telemetry) -> Result<Response, Problem> {
        let address = self.address(request, telemetry).await?;
        let picture = qr::svg(&address).ok_or(Problem::new(Code::InternalError).because("qr_too_long"))?;
        Ok(of_picture(Response::new(200, "image/svg+xml", picture)))
    }

    async fn qr_png(&self, request: &Request, telemetry: &mut Telemetry) -> Result<Response, Problem> {
        let address = self.address(request, telemetry).await?;
        let picture = qr::png(&address).ok_or(Problem::new(Code::InternalError).because("qr_too_long"))?;
        Ok(of_picture(Response::new(200, "image/png", picture)))
    }

    /// The address in the QR code: `/pay/{code}`, or a page on a host of lomi.
    async fn address(&self, request: &Request, telemetry: &mut Telemetry) -> Result<String, Problem> {
        match LinkId::of(request)? {
            LinkId::Managed(code) => {
                self.context.link(&code).await?.ok_or(Problem::new(Code::NotFound))?;
                Ok(address_of(&self.origin(request)?, &code))
            }
            LinkId::Native(id) => {
                let link = self.native_link(&id, request, telemetry).await?;
                let is_sandbox = self.context.environment == domain::Environment::Sandbox;
                let page = PaymentPageUrl::parse(&link.url, is_sandbox).ok_or(Problem::new(Code::ProviderRejected))?;
                Ok(page.as_str().to_owned())
            }
        }
    }
}

pub(crate) fn address_of(origin: &Url, code: &LinkCode) -> String {
    format!("{origin}pay/{}", code.as_str())
}

fn of_picture(response: Response) -> Response {
    response
        .header("cache-control", CACHE)
        .header("content-security-policy", "default-src 'none'")
        .header("x-content-type-options", "nosniff")
}
