//! Maps errors of the use cases to problems.

use super::{Code, FieldError, Problem};
use crate::language::Text;
use checkout::admin::OperationError;
use checkout::payment_links::LinkError;
use checkout::refunds::{RefundError, ReleaseError};
use checkout::sessions::CreateError;
use checkout::sessions::card_intent::CancelError;
use checkout::sessions::order_status::StatusError;
use domain::{PriceError, RefundRefusal};
use store::StoreError;

impl From<CreateError> for Problem {
    fn from(error: CreateError) -> Self {
        match error {
            CreateError::KeyReused => Self::new(Code::IdempotencyKeyReused),
            CreateError::InProgress { retry_after_s } => {
                Self::new(Code::IdempotencyInProgress).with_retry_after_s(retry_after_s)
            }
            CreateError::OrderClosed => Self::new(Code::OrderClosed),
            CreateError::Price(error) => error.into(),
            CreateError::CartToken(error) => error.into(),
            CreateError::CartTaken => Self::new(Code::CartTokenUsed),
            CreateError::ProviderUnavailable { retry_after_s, .. } => {
                Self::new(Code::ProviderUnavailable).with_retry_after_s(retry_after_s)
            }
            CreateError::NoKey => Self::new(Code::ProviderUnavailable),
            CreateError::Unsendable => Self::new(Code::InternalError),
            CreateError::CardAmountTooSmall => Self::new(Code::CardAmountTooSmall),
            CreateError::CardUnavailable(_) => Self::new(Code::CardUnavailable),
            CreateError::ProviderRejected(_) | CreateError::WrongPayment => Self::new(Code::ProviderRejected),
            CreateError::InvoicePaymentRequired => Self::new(Code::InvoicePaymentRequired),
            CreateError::Store(error) => error.into(),
        }
    }
}

impl From<LinkError> for Problem {
    fn from(error: LinkError) -> Self {
        match error {
            LinkError::KeyReused => Self::new(Code::IdempotencyKeyReused),
            LinkError::InProgress { retry_after_s } => {
                Self::new(Code::IdempotencyInProgress).with_retry_after_s(retry_after_s)
            }
            LinkError::EndHasPassed => {
                Self::invalid("/expires_at", Text { en: "Must be in the future.", fr: "Doit être dans le futur." })
            }
            LinkError::Price(error) => error.into(),
            LinkError::NoKey => Self::new(Code::ProviderUnavailable),
            LinkError::OutcomeUnknown(_) => Self::new(Code::OutcomeUnknown),
            LinkError::Lomi(error) => Self::of_creation(error),
            LinkError::Store(error) => error.into(),
        }
    }
}

impl From<CancelError> for Problem {
    fn from(error: CancelError) -> Self {
        match error {
            CancelError::NotFound => Self::new(Code::NotFound),
            CancelError::NoKey => Self::new(Code::ProviderUnavailable),
            CancelError::Lomi(error) => error.into(),
            CancelError::Store(error) => error.into(),
        }
    }
}

impl From<OperationError> for Problem {
    fn from(error: OperationError) -> Self {
        match error {
            OperationError::NotFound => Self::new(Code::NotFound),
            OperationError::ProviderUnavailable => Self::new(Code::ProviderUnavailable),
            // A 404 means that lomi has no such route; the caller named nothing that could be missing.
            OperationError::Lomi(error) if error.status() == Some(404) => Self::new(Code::ProviderRejected),
            OperationError::Lomi(error) => error.into(),
            OperationError::Store(error) => error.into(),
        }
    }
}

impl From<StatusError> for Problem {
    fn from(error: StatusError) -> Self {
        match error {
            StatusError::NotFound => Self::new(Code::NotFound),
            StatusError::Store(error) => error.into(),
        }
    }
}

impl From<RefundError> for Problem {
    fn from(error: RefundError) -> Self {
        match error {
            RefundError::NotFound => Self::new(Code::NotFound),
            RefundError::KeyReused => Self::new(Code::IdempotencyKeyReused),
            RefundError::InProgress { retry_after_s } => {
                Self::new(Code::IdempotencyInProgress).with_retry_after_s(retry_after_s)
            }
            RefundError::Refused(refusal) => refusal.into(),
            RefundError::PayoutDiffers(payout) => Self { payout: Some(payout), ..Self::new(Code::RefundPhoneDiffers) },
            RefundError::PayoutUnknown(payout) => Self { payout: Some(payout), ..Self::new(Code::RefundPhoneUnknown) },
            RefundError::NoKey => Self::new(Code::ProviderUnavailable),
            RefundError::NoTime { retry_after_s } => {
                Self::new(Code::ProviderUnavailable).with_retry_after_s(retry_after_s)
            }
            RefundError::Unconfirmed { retry_after_s } => {
                Self::new(Code::ProviderUnavailable).with_retry_after_s(retry_after_s).because("unconfirmed")
            }
            RefundError::Unread { retry_after_s } => {
                Self::new(Code::ProviderUnavailable).with_retry_after_s(retry_after_s).because("refunds_unread")
            }
            RefundError::PreviewDiffers => Self::new(Code::ProviderRejected).because("preview_differs"),
            RefundError::ProviderUnavailable { retry_after_s, .. } => {
                Self::new(Code::ProviderUnavailable).with_retry_after_s(retry_after_s)
            }
            RefundError::Unsendable => Self::new(Code::InternalError),
            RefundError::ProviderRejected(_) => Self::new(Code::ProviderRejected),
            RefundError::Store(error) => error.into(),
        }
    }
}

impl From<ReleaseError> for Problem {
    fn from(error: ReleaseError) -> Self {
        match error {
            ReleaseError::NotFound => Self::new(Code::NotFound),
            ReleaseError::NotReleasable => Self::new(Code::RefundNotReleasable),
            ReleaseError::Operation(error) => error.into(),
        }
    }
}

impl From<RefundRefusal> for Problem {
    fn from(refusal: RefundRefusal) -> Self {
        match refusal {
            RefundRefusal::Closed => Self::new(Code::OrderClosed),
            RefundRefusal::PaymentUnidentified => Self::new(Code::PaymentUnidentified),
            RefundRefusal::ExceedsPayment => Self::new(Code::RefundExceedsPayment),
            RefundRefusal::WhichPayment => Self::invalid(
                "/transaction_id",
                Text { en: "Name one of the order's payments.", fr: "Indiquez l'un des paiements de la commande." },
            ),
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let code = match error {
            StoreError::Busy { .. } | StoreError::NoAnswer { .. } => Code::StoreUnavailable,
            StoreError::Refused { .. } | StoreError::Malformed { .. } => Code::InternalError,
        };
        Self::new(code).because(error.reason())
    }
}

impl From<PriceError> for Problem {
    fn from(error: PriceError) -> Self {
        let (pointer, detail) = match error {
            PriceError::NotForSale { line } => (
                format!("/items/{line}/sku"),
                Text { en: "This product is not for sale.", fr: "Cet article n'est pas en vente." },
            ),
            PriceError::AmountRequired { line } => (
                format!("/items/{line}/amount"),
                Text { en: "Choose an amount for this product.", fr: "Choisissez un montant pour cet article." },
            ),
            PriceError::AmountNotAllowed { line } => (
                format!("/items/{line}/amount"),
                Text { en: "The price of this product is fixed.", fr: "Le prix de cet article est fixe." },
            ),
            PriceError::AmountOutOfBounds { line } => (
                format!("/items/{line}/amount"),
                Text {
                    en: "The amount is outside the bounds of this product.",
                    fr: "Le montant sort des limites de cet article.",
                },
            ),
            PriceError::MixedCurrencies { line } => (
                format!("/items/{line}/sku"),
                Text { en: "One order has one currency.", fr: "Une commande n'a qu'une devise." },
            ),
            PriceError::TotalOutOfRange => {
                ("/items".to_owned(), Text { en: "The total is out of range.", fr: "Le total est hors limites." })
            }
        };
        Self::invalid_fields(vec![FieldError { pointer, detail }])
    }
}
