//! Opens a managed link: a new payment page, with an order of its own.

use crate::Context;
use crate::sessions::{
    CheckoutMode, CreateCheckout, CreateError, Created, PageDetails, PageRecords, Pricing, RequiredFields,
    create_checkout,
};
use domain::{
    AllowedUrl, Currency, Fingerprint, IdempotencyKey, LinkCode, LinkRefusal, LinkSale, ManagedLink, OrderDetails,
};
use lomi_client::{Client, CustomerDetails};
use store::{Operation, StoreError};
use tokio::time::Instant;

/// A link that can be paid, and this shopper's price.
#[derive(Clone, Debug)]
pub struct Opening {
    /// The link.
    pub link: ManagedLink,
    /// What this shopper pays for.
    pub sale: LinkSale,
}

/// Why a link opens nothing.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// There is no such link.
    #[error("no such link")]
    Unknown,
    /// It takes no payment, or none before the shopper has chosen an amount.
    #[error("{1}")]
    Refused(Box<ManagedLink>, LinkRefusal),
    /// No page was opened.
    #[error(transparent)]
    Create(#[from] CreateError),
    /// DynamoDB did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Reads a link and checks that it can be paid now, by a shopper who chose `chosen_minor` minor units of its currency.
pub async fn check(
    context: &Context,
    code: &LinkCode,
    chosen_minor: impl FnOnce(Currency) -> Option<i64>,
) -> Result<Opening, OpenError> {
    let link = context.link(code).await?.ok_or(OpenError::Unknown)?;
    match link.open(context.clock.now(), link.price.currency().and_then(chosen_minor)) {
        Ok(sale) => Ok(Opening { link, sale }),
        Err(refusal) => Err(OpenError::Refused(Box::new(link), refusal)),
    }
}

/// Opens a page for the shopper. lomi redirects to `success_url` and `cancel_url` afterwards.
///
/// # Errors
/// [`OpenError`]. In each case this call returned nothing to pay on.
pub async fn open(
    context: &Context,
    opening: Opening,
    (success_url, cancel_url): (AllowedUrl, AllowedUrl),
    lomi: impl AsyncFnMut() -> Option<Client>,
    deadline: Instant,
) -> Result<Created, OpenError> {
    let Opening { link, sale } = opening;
    // 1 Count the opening, if the link can still be paid: its last payment may have come since it was read.
    if !context.store.count_opening(&link.code, context.clock.now()).await? {
        check(context, &link.code, |_| chosen(&sale)).await?;
        return Err(StoreError::Busy { operation: "open link", reason: "contended" }.into());
    }
    // 2 Create an order and a page for it. The key is used once: another opening gets another order.
    let page = PageDetails {
        success_url,
        cancel_url,
        allowed_providers: Vec::new(),
        public_description: link.description,
        customer: CustomerDetails::default(),
        expiration_minutes: None,
        required: RequiredFields::default(),
        records: PageRecords::default(),
    };
    let create = CreateCheckout {
        operation: Operation::OpenLink,
        idempotency_key: random_key(context)?,
        fingerprint: Fingerprint::of(Operation::OpenLink.as_str(), &link.code.as_str().into()),
        pricing: pricing(sale),
        details: OrderDetails {
            title: Some(link.title),
            metadata: link.metadata,
            link_code: Some(link.code),
            ..OrderDetails::default()
        },
        mode: CheckoutMode::Page(Box::new(page)),
    };
    Ok(create_checkout(context, &create, lomi, deadline).await?)
}

fn pricing(sale: LinkSale) -> Pricing {
    match sale {
        LinkSale::Amount(money) => Pricing::Merchant(money),
        LinkSale::Items(lines) => Pricing::Catalog(lines),
    }
}

const fn chosen(sale: &LinkSale) -> Option<i64> {
    match sale {
        LinkSale::Amount(money) => Some(money.amount_minor()),
        LinkSale::Items(_) => None,
    }
}

fn random_key(context: &Context) -> Result<IdempotencyKey, StoreError> {
    let key = hex::encode(context.entropy.bytes());
    IdempotencyKey::parse(&key).ok_or(StoreError::Malformed { operation: "open link" })
}
