//! `GET /pay/{code}`: a shopper follows a managed link. Every error is a page that a person can read.

mod messages;

use crate::amount::shown;
use crate::http::{App, address_of};
use crate::page::{Action, Page};
use crate::visitor::only_looks;
use checkout::payment_links::{OpenError, Opening, check, open};
use domain::{AllowedUrl, Currency, LinkCode, LinkRefusal, LinkSale, ManagedLink, Money};
use lambda_kit::create::{report_created, report_error};
use lambda_kit::fields::typed_amount;
use lambda_kit::http::{Request, Response};
use lambda_kit::language::{Language, Text};
use lambda_kit::problem::{Code, Problem};
use lambda_kit::telemetry::Telemetry;

/// Longest input that the form shows again.
const MAX_TYPED_CHARS: usize = 32;

impl App {
    pub(crate) async fn pay(&self, request: &Request, telemetry: &mut Telemetry) -> Response {
        let mut misread = None;
        match self.lead(request, &mut misread, telemetry).await {
            Ok(response) => response,
            Err(OpenError::Refused(link, refusal)) => self.page(refused(&link, refusal, misread, request), request),
            Err(OpenError::Unknown) => self.page(saying(404, messages::UNKNOWN, request.language), request),
            Err(OpenError::Create(error)) => {
                report_error(&error, telemetry);
                self.failed(error.into(), request, telemetry)
            }
            Err(OpenError::Store(error)) => self.failed(error.into(), request, telemetry),
        }
    }

    /// The return page of a link without a `success_url`. It is no proof of payment, and says so.
    pub(crate) fn thanks(&self, request: &Request) -> Response {
        let (status, words) = code(request).map_or((404, messages::UNKNOWN), |_| (200, messages::THANKS));
        self.page(saying(status, words, request.language), request)
    }

    /// `misread` receives the error text of an amount that could not be read.
    async fn lead(
        &self,
        request: &Request,
        misread: &mut Option<Text>,
        telemetry: &mut Telemetry,
    ) -> Result<Response, OpenError> {
        let code = code(request).ok_or(OpenError::Unknown)?;
        let opening = check(&self.context, &code, |currency| chosen(request, currency, misread)).await?;
        let gave_up = request.query("cancelled").is_some();
        let decided = request.query("pay").is_some() || request.query("value").is_some();
        if gave_up || (only_looks(request) && !decided) {
            return Ok(self.page(landing(&opening, gave_up, request.language), request));
        }
        let Some(returns) = self.returns(request, &opening.link) else {
            return Ok(self.failed(Problem::new(Code::InternalError).because("origin_unusable"), request, telemetry));
        };
        let lomi = async || self.lomi.client(request.deadline, telemetry).await;
        let created = open(&self.context, opening, returns, lomi, request.deadline).await?;
        report_created(&created, telemetry);
        let Some(page) = &created.checkout_url else {
            return Ok(self.failed(Problem::new(Code::InternalError).because("page_missing"), request, telemetry));
        };
        let redirect = Response::new(303, "text/plain", "").header("location", page.as_str());
        Ok(redirect.header("referrer-policy", "no-referrer"))
    }

    /// The return URLs: those of the link if they are still allowed, otherwise pages of this API.
    fn returns(&self, request: &Request, link: &ManagedLink) -> Option<(AllowedUrl, AllowedUrl)> {
        let origin = self.origin(request).ok()?;
        let address = address_of(&origin, &link.code);
        let policy = self.redirects.clone().and(&origin);
        let allowed = |own: Option<&String>, fallback: &str| {
            own.and_then(|url| policy.allow(url).ok()).or_else(|| policy.allow(fallback).ok())
        };
        let success_url = allowed(link.success_url.as_ref(), &format!("{address}/thanks"))?;
        let cancel_url = allowed(link.cancel_url.as_ref(), &format!("{address}?cancelled=1"))?;
        Some((success_url, cancel_url))
    }

    fn failed(&self, problem: Problem, request: &Request, telemetry: &mut Telemetry) -> Response {
        telemetry.problem(&problem);
        let status = problem.code.status();
        let mut page = match status {
            // The catalogue has changed since the link was created. Only the merchant can fix that.
            400 => saying(409, messages::NOT_FOR_SALE, request.language),
            503 => saying(503, messages::UNAVAILABLE, request.language),
            _ => saying(status, messages::BROKEN, request.language),
        };
        if status == 503 {
            page.action = Some(Action::Go { href: again(request), label: messages::TRY_AGAIN });
        }
        let response = self.page(page, request);
        match problem.retry_after_s {
            Some(seconds) => response.header("retry-after", seconds.to_string()),
            None => response,
        }
    }

    fn page(&self, page: Page, request: &Request) -> Response {
        page.into_response(request.language, self.context.environment)
    }
}

/// Codes are also typed by hand, and phone keyboards capitalise the first letter.
fn code(request: &Request) -> Option<LinkCode> {
    LinkCode::parse(&request.path("code").to_ascii_lowercase())
}

/// The amount that the shopper chose, in minor units: typed into the form, or a number in the address. 0, which is
/// always refused, when it cannot be read.
fn chosen(request: &Request, currency: Currency, misread: &mut Option<Text>) -> Option<i64> {
    let Some(text) = request.query("value") else {
        return request.query("amount").map(|text| text.parse().unwrap_or_default());
    };
    match typed_amount(text, currency) {
        Ok(money) => Some(money.amount_minor()),
        Err(why) => {
            *misread = Some(why);
            Some(0)
        }
    }
}

/// The address of another attempt. It repeats an amount of plain digits only; any other must be typed again.
fn again(request: &Request) -> String {
    let is_plain = |text: &&str| text.len() <= 16 && text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    for name in ["value", "amount"] {
        if let Some(text) = request.query(name).filter(is_plain) {
            return format!("?pay=1&{name}={text}");
        }
    }
    "?pay=1".to_owned()
}

fn saying(status: u16, (heading, detail): (Text, Text), language: Language) -> Page {
    Page::saying(status, heading, detail, language)
}

/// The page that shows the link with a button.
fn landing(opening: &Opening, gave_up: bool, language: Language) -> Page {
    let price = match &opening.sale {
        LinkSale::Amount(money) => Some(shown(*money, language)),
        LinkSale::Items(_) => None,
    };
    let action = Action::Go { href: pay_href(&opening.sale), label: messages::PAY };
    let mut page = about(&opening.link);
    if gave_up {
        page.paragraphs.push(messages::GAVE_UP.in_language(language).to_owned());
    }
    Page { price, action: Some(action), ..page }
}

/// Keeps the chosen amount. For a fixed price it has no effect.
fn pay_href(sale: &LinkSale) -> String {
    match sale {
        LinkSale::Amount(money) => format!("?pay=1&amount={}", money.amount_minor()),
        LinkSale::Items(_) => "?pay=1".to_owned(),
    }
}

fn about(link: &ManagedLink) -> Page {
    Page {
        status: 200,
        heading: link.title.clone(),
        paragraphs: link.description.clone().into_iter().collect(),
        price: None,
        action: None,
    }
}

fn refused(link: &ManagedLink, refusal: LinkRefusal, misread: Option<Text>, request: &Request) -> Page {
    let language = request.language;
    match refusal {
        LinkRefusal::Inactive => saying(410, messages::INACTIVE, language),
        LinkRefusal::Expired => saying(410, messages::EXPIRED, language),
        LinkRefusal::UsedUp => saying(410, messages::USED_UP, language),
        LinkRefusal::AmountToBeChosen { min, max, out_of_bounds } => {
            let wrong = misread.or(out_of_bounds.then_some(messages::OUT_OF_BOUNDS));
            choose(link, (min, max), wrong, request)
        }
    }
}

/// The form shows the typed amount again, so that the shopper can correct it.
fn choose(link: &ManagedLink, (min, max): (Money, Money), wrong: Option<Text>, request: &Request) -> Page {
    let language = request.language;
    let mut page = about(link);
    page.paragraphs.extend(wrong.map(|text| text.in_language(language).to_owned()));
    let label = messages::between(&shown(min, language), &shown(max, language), language);
    let typed = request.query("value").filter(|text| is_like_an_amount(text)).unwrap_or_default().to_owned();
    Page { action: Some(Action::Choose { label, typed }), ..page }
}

fn is_like_an_amount(text: &str) -> bool {
    let is_of_one = |c: char| c.is_ascii_digit() || matches!(c, ' ' | '\u{a0}' | '\u{202f}' | '.' | ',');
    text.chars().count() <= MAX_TYPED_CHARS && text.chars().all(is_of_one)
}
