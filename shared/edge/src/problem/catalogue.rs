//! Every code that the API answers with: one row each.

use crate::language::Text;

/// What a client's program reads. Stable: a code is added, never renamed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// 400: the body or a parameter is not what the route takes.
    ValidationFailed,
    /// 400: the body is not JSON.
    MalformedJson,
    /// 413: the body is larger than the route takes.
    PayloadTooLarge,
    /// 415: `Content-Type` names something else than JSON.
    UnsupportedMediaType,
    /// 400: a create without a usable `Idempotency-Key`.
    IdempotencyKeyRequired,
    /// 422: the key belongs to another request.
    IdempotencyKeyReused,
    /// 409: the first request with this key is still running.
    IdempotencyInProgress,
    /// 401: no or wrong credentials, or a signature that does not verify.
    Unauthorized,
    /// 404: no such thing, or not for this caller.
    NotFound,
    /// 409: the order's state does not allow it any more.
    OrderClosed,
    /// 503: lomi. did not answer, or its answer is unknown.
    ProviderUnavailable,
    /// 502: lomi. refused.
    ProviderRejected,
    /// 402: lomi. wants this customer's open invoice paid first.
    InvoicePaymentRequired,
    /// 503: DynamoDB or Secrets Manager did not answer in time.
    StoreUnavailable,
    /// 500: a defect of ours.
    InternalError,
}

/// One row of the catalogue.
pub(super) struct Entry {
    /// `urn:lomi-checkout:problem:` and the code.
    pub(super) kind: &'static str,
    pub(super) status: u16,
    /// Whether the very same request may succeed later.
    pub(super) retryable: bool,
    pub(super) retry_after_s: Option<u32>,
    pub(super) title: Text,
    pub(super) detail: Text,
}

const TYPE_PREFIX: &str = "urn:lomi-checkout:problem:";

impl Code {
    /// All of them.
    pub const ALL: [Self; 15] = [
        Self::ValidationFailed,
        Self::MalformedJson,
        Self::PayloadTooLarge,
        Self::UnsupportedMediaType,
        Self::IdempotencyKeyRequired,
        Self::IdempotencyKeyReused,
        Self::IdempotencyInProgress,
        Self::Unauthorized,
        Self::NotFound,
        Self::OrderClosed,
        Self::ProviderUnavailable,
        Self::ProviderRejected,
        Self::InvoicePaymentRequired,
        Self::StoreUnavailable,
        Self::InternalError,
    ];

    /// As in `code`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.entry().kind.strip_prefix(TYPE_PREFIX).unwrap_or_default()
    }

    /// The HTTP status.
    #[must_use]
    pub const fn status(self) -> u16 {
        self.entry().status
    }

    pub(super) const fn entry(self) -> &'static Entry {
        match self {
            Self::ValidationFailed => &VALIDATION_FAILED,
            Self::MalformedJson => &MALFORMED_JSON,
            Self::PayloadTooLarge => &PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => &UNSUPPORTED_MEDIA_TYPE,
            Self::IdempotencyKeyRequired => &IDEMPOTENCY_KEY_REQUIRED,
            Self::IdempotencyKeyReused => &IDEMPOTENCY_KEY_REUSED,
            Self::IdempotencyInProgress => &IDEMPOTENCY_IN_PROGRESS,
            Self::Unauthorized => &UNAUTHORIZED,
            Self::NotFound => &NOT_FOUND,
            Self::OrderClosed => &ORDER_CLOSED,
            Self::ProviderUnavailable => &PROVIDER_UNAVAILABLE,
            Self::ProviderRejected => &PROVIDER_REJECTED,
            Self::InvoicePaymentRequired => &INVOICE_PAYMENT_REQUIRED,
            Self::StoreUnavailable => &STORE_UNAVAILABLE,
            Self::InternalError => &INTERNAL_ERROR,
        }
    }
}

const VALIDATION_FAILED: Entry = Entry {
    kind: "urn:lomi-checkout:problem:validation_failed",
    status: 400,
    retryable: false,
    retry_after_s: None,
    title: Text { en: "Invalid request", fr: "Requête invalide" },
    detail: Text {
        en: "Correct the members named in errors and send the request again.",
        fr: "Corrigez les champs indiqués dans errors, puis renvoyez la requête.",
    },
};

const MALFORMED_JSON: Entry = Entry {
    kind: "urn:lomi-checkout:problem:malformed_json",
    status: 400,
    retryable: false,
    retry_after_s: None,
    title: Text { en: "Malformed JSON", fr: "JSON mal formé" },
    detail: Text {
        en: "The body must be one JSON value in UTF-8, nested at most 127 levels deep.",
        fr: "Le corps doit être une seule valeur JSON en UTF-8, sur 127 niveaux d'imbrication au plus.",
    },
};

const PAYLOAD_TOO_LARGE: Entry = Entry {
    kind: "urn:lomi-checkout:problem:payload_too_large",
    status: 413,
    retryable: false,
    retry_after_s: None,
    title: Text { en: "Body too large", fr: "Corps trop volumineux" },
    detail: Text {
        en: "The body is larger than this route accepts.",
        fr: "Le corps dépasse la taille acceptée par cette route.",
    },
};

const UNSUPPORTED_MEDIA_TYPE: Entry = Entry {
    kind: "urn:lomi-checkout:problem:unsupported_media_type",
    status: 415,
    retryable: false,
    retry_after_s: None,
    title: Text { en: "Unsupported media type", fr: "Type de contenu non pris en charge" },
    detail: Text { en: "Send the body as application/json.", fr: "Envoyez le corps en application/json." },
};

const IDEMPOTENCY_KEY_REQUIRED: Entry = Entry {
    kind: "urn:lomi-checkout:problem:idempotency_key_required",
    status: 400,
    retryable: false,
    retry_after_s: None,
    title: Text { en: "Idempotency-Key required", fr: "Idempotency-Key obligatoire" },
    detail: Text {
        en: "Send the header Idempotency-Key with 1 to 255 visible ASCII characters, the same for every try of one purchase.",
        fr: "Envoyez l'en-tête Idempotency-Key avec 1 à 255 caractères ASCII visibles, le même pour chaque tentative d'un achat.",
    },
};

const IDEMPOTENCY_KEY_REUSED: Entry = Entry {
    kind: "urn:lomi-checkout:problem:idempotency_key_reused",
    status: 422,
    retryable: false,
    retry_after_s: None,
    title: Text { en: "Idempotency-Key already used", fr: "Idempotency-Key déjà utilisée" },
    detail: Text {
        en: "This key was used with another body. Use a new key for a new purchase.",
        fr: "Cette clé a déjà servi avec un autre corps. Utilisez une nouvelle clé pour un nouvel achat.",
    },
};

const IDEMPOTENCY_IN_PROGRESS: Entry = Entry {
    kind: "urn:lomi-checkout:problem:idempotency_in_progress",
    status: 409,
    retryable: true,
    retry_after_s: Some(2),
    title: Text { en: "Request in progress", fr: "Requête en cours" },
    detail: Text {
        en: "A request with this key is still running. Retry with the same key.",
        fr: "Une requête avec cette clé est encore en cours. Réessayez avec la même clé.",
    },
};

const UNAUTHORIZED: Entry = Entry {
    kind: "urn:lomi-checkout:problem:unauthorized",
    status: 401,
    retryable: false,
    retry_after_s: None,
    title: Text { en: "Unauthorized", fr: "Non autorisé" },
    detail: Text {
        en: "The credentials or the signature are missing or wrong.",
        fr: "Les identifiants ou la signature sont absents ou incorrects.",
    },
};

const NOT_FOUND: Entry = Entry {
    kind: "urn:lomi-checkout:problem:not_found",
    status: 404,
    retryable: false,
    retry_after_s: None,
    title: Text { en: "Not found", fr: "Introuvable" },
    detail: Text { en: "There is nothing here, or not for you.", fr: "Il n'y a rien ici, ou pas pour vous." },
};

const ORDER_CLOSED: Entry = Entry {
    kind: "urn:lomi-checkout:problem:order_closed",
    status: 409,
    retryable: false,
    retry_after_s: None,
    title: Text { en: "Order closed", fr: "Commande close" },
    detail: Text {
        en: "The order is in a state that does not allow this.",
        fr: "L'état de la commande ne le permet pas.",
    },
};

const PROVIDER_UNAVAILABLE: Entry = Entry {
    kind: "urn:lomi-checkout:problem:provider_unavailable",
    status: 503,
    retryable: true,
    retry_after_s: Some(5),
    title: Text { en: "Payment provider unavailable", fr: "Prestataire de paiement indisponible" },
    detail: Text {
        en: "The payment provider cannot be reached. Retry with the same Idempotency-Key.",
        fr: "Le prestataire de paiement est injoignable. Réessayez avec la même Idempotency-Key.",
    },
};

const PROVIDER_REJECTED: Entry = Entry {
    kind: "urn:lomi-checkout:problem:provider_rejected",
    status: 502,
    retryable: false,
    retry_after_s: None,
    title: Text { en: "Refused by the payment provider", fr: "Refusé par le prestataire de paiement" },
    detail: Text {
        en: "The payment provider refused the request. Nothing was charged.",
        fr: "Le prestataire de paiement a refusé la requête. Rien n'a été débité.",
    },
};

const INVOICE_PAYMENT_REQUIRED: Entry = Entry {
    kind: "urn:lomi-checkout:problem:invoice_payment_required",
    status: 402,
    retryable: false,
    retry_after_s: None,
    title: Text { en: "Open invoice", fr: "Facture impayée" },
    detail: Text {
        en: "This customer has an unpaid invoice, which must be paid first.",
        fr: "Ce client a une facture impayée, à régler d'abord.",
    },
};

const STORE_UNAVAILABLE: Entry = Entry {
    kind: "urn:lomi-checkout:problem:store_unavailable",
    status: 503,
    retryable: true,
    retry_after_s: Some(1),
    title: Text { en: "Temporarily unavailable", fr: "Momentanément indisponible" },
    detail: Text {
        en: "The request could not be finished in time. Retry it.",
        fr: "La requête n'a pas pu aboutir à temps. Réessayez.",
    },
};

const INTERNAL_ERROR: Entry = Entry {
    kind: "urn:lomi-checkout:problem:internal_error",
    status: 500,
    retryable: false,
    retry_after_s: None,
    title: Text { en: "Internal error", fr: "Erreur interne" },
    detail: Text {
        en: "Something went wrong on our side. Tell us the request_id.",
        fr: "Une erreur est survenue de notre côté. Communiquez-nous le request_id.",
    },
};

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_code_is_named_once_and_explained_in_both_languages() {
        let names: BTreeSet<&str> = Code::ALL.into_iter().map(Code::as_str).collect();
        assert_eq!(names.len(), Code::ALL.len());
        for code in Code::ALL {
            let Entry { kind, title, detail, .. } = code.entry();
            assert_eq!(kind.strip_prefix(TYPE_PREFIX), Some(code.as_str()));
            assert!(!title.en.is_empty() && title.en != title.fr, "{kind}");
            assert!(!detail.en.is_empty() && detail.en != detail.fr, "{kind}");
        }
    }

    #[test]
    fn what_may_succeed_later_says_when() {
        for code in Code::ALL {
            let entry = code.entry();
            assert_eq!(entry.retryable, entry.retry_after_s.is_some(), "{}", entry.kind);
        }
    }
}
