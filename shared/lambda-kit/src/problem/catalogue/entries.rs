//! The problem types, with their texts.

use super::Entry;
use crate::language::Text;

pub(super) const VALIDATION_FAILED: Entry = Entry {
    kind: "urn:lomi-checkout:problem:validation_failed",
    status: 400,
    retryable: false,
    retry_after_s: None,
    title: Text { en: "Invalid request", fr: "Requête invalide" },
    detail: Text {
        en: "Correct the fields named in errors and send the request again.",
        fr: "Corrigez les champs indiqués dans errors, puis renvoyez la requête.",
    },
};

pub(super) const MALFORMED_JSON: Entry = Entry {
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

pub(super) const PAYLOAD_TOO_LARGE: Entry = Entry {
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

pub(super) const UNSUPPORTED_MEDIA_TYPE: Entry = Entry {
    kind: "urn:lomi-checkout:problem:unsupported_media_type",
    status: 415,
    retryable: false,
    retry_after_s: None,
    title: Text { en: "Unsupported media type", fr: "Type de contenu non pris en charge" },
    detail: Text { en: "Send the body as application/json.", fr: "Envoyez le corps en application/json." },
};

pub(super) const IDEMPOTENCY_KEY_REQUIRED: Entry = Entry {
    kind: "urn:lomi-checkout:problem:idempotency_key_required",
    status: 400,
    retryable: false,
    retry_after_s: None,
    title: Text { en: "Idempotency-Key required", fr: "Idempotency-Key obligatoire" },
    detail: Text {
        en: "Send the header Idempotency-Key with 1 to 255 visible ASCII characters, the same for every attempt of one request.",
        fr: "Envoyez l'en-tête Idempotency-Key avec 1 à 255 caractères ASCII visibles, le même pour chaque tentative d'une même requête.",
    },
};

pub(super) const IDEMPOTENCY_KEY_GUESSABLE: Entry = Entry {
    kind: "urn:lomi-checkout:problem:idempotency_key_guessable",
    status: 400,
    retryable: false,
    retry_after_s: None,
    title: Text { en: "Idempotency-Key can be guessed", fr: "Idempotency-Key devinable" },
    detail: Text {
        en: "Anyone who sends this key again gets access to the order. Send at least 22 characters that cannot be guessed, such as a random UUID, and no word such as undefined or null.",
        fr: "Quiconque renvoie cette clé accède à la commande. Envoyez au moins 22 caractères impossibles à deviner, par exemple un UUID aléatoire, et aucun mot comme undefined ou null.",
    },
};

pub(super) const IDEMPOTENCY_KEY_REUSED: Entry = Entry {
    kind: "urn:lomi-checkout:problem:idempotency_key_reused",
    status: 422,
    retryable: false,
    retry_after_s: None,
    title: Text { en: "Idempotency-Key already used", fr: "Idempotency-Key déjà utilisée" },
    detail: Text {
        en: "This key was used with another body. Use a new key for a new request.",
        fr: "Cette clé a déjà servi avec un autre corps. Utilisez une nouvelle clé pour une nouvelle requête.",
    },
};

pub(super) const IDEMPOTENCY_IN_PROGRESS: Entry = Entry {
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

pub(super) const UNAUTHORIZED: Entry = Entry {
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

pub(super) const NOT_FOUND: Entry = Entry {
    kind: "urn:lomi-checkout:problem:not_found",
    status: 404,
    retryable: false,
    retry_after_s: None,
    title: Text { en: "Not found", fr: "Introuvable" },
    detail: Text {
        en: "It does not exist, or you may not access it.",
        fr: "Cela n'existe pas, ou vous n'y avez pas accès.",
    },
};

pub(super) const ORDER_CLOSED: Entry = Entry {
    kind: "urn:lomi-checkout:problem:order_closed",
    status: 409,
    retryable: false,
    retry_after_s: None,
    title: Text { en: "Order closed", fr: "Commande fermée" },
    detail: Text {
        en: "The order is in a state that does not allow this.",
        fr: "L'état de la commande ne le permet pas.",
    },
};

pub(super) const CART_TOKEN_USED: Entry = Entry {
    kind: "urn:lomi-checkout:problem:cart_token_used",
    status: 409,
    retryable: false,
    retry_after_s: None,
    title: Text { en: "Signed cart already used", fr: "Panier signé déjà utilisé" },
    detail: Text {
        en: "Another order uses this cart_token, and it is paid or may still be paid. Send that order's Idempotency-Key again, or sign a new cart_token.",
        fr: "Une autre commande utilise ce cart_token ; elle est payée ou peut encore l'être. Renvoyez l'Idempotency-Key de cette commande, ou signez un nouveau cart_token.",
    },
};

pub(super) const REFUND_EXCEEDS_PAYMENT: Entry = Entry {
    kind: "urn:lomi-checkout:problem:refund_exceeds_payment",
    status: 409,
    retryable: false,
    retry_after_s: None,
    title: Text { en: "Refund exceeds the payment", fr: "Remboursement supérieur au paiement" },
    detail: Text {
        en: "The amount exceeds what can still be refunded of this payment; pending refunds count. Nothing was sent to the payment provider.",
        fr: "Le montant dépasse ce qui peut encore être remboursé sur ce paiement, remboursements en cours compris. Rien n'a été envoyé au prestataire de paiement.",
    },
};

pub(super) const REFUND_PHONE_DIFFERS: Entry = Entry {
    kind: "urn:lomi-checkout:problem:refund_phone_differs",
    status: 409,
    retryable: false,
    retry_after_s: None,
    title: Text { en: "The money would go to another number", fr: "L'argent irait à un autre numéro" },
    detail: Text {
        en: "lomi. would pay this partial refund to a phone number that may not be the payer's. Nothing was sent. Refund the whole payment instead, or check the number with the payer and send the request again with confirmed_phone.",
        fr: "lomi. verserait ce remboursement partiel à un numéro qui n'est peut-être pas celui du payeur. Rien n'a été envoyé. Remboursez plutôt tout le paiement, ou vérifiez le numéro auprès du payeur et renvoyez la requête avec confirmed_phone.",
    },
};

pub(super) const REFUND_PHONE_UNKNOWN: Entry = Entry {
    kind: "urn:lomi-checkout:problem:refund_phone_unknown",
    status: 409,
    retryable: false,
    retry_after_s: None,
    title: Text { en: "No number to pay the money to", fr: "Aucun numéro où verser l'argent" },
    detail: Text {
        en: "lomi. would pay this partial refund to the customer's phone number, and that number cannot be read. Nothing was sent. Refund the whole payment instead, or add the number to the customer first.",
        fr: "lomi. verserait ce remboursement partiel au numéro du client, et ce numéro ne peut pas être lu. Rien n'a été envoyé. Remboursez plutôt tout le paiement, ou ajoutez d'abord le numéro à la fiche du client.",
    },
};

pub(super) const REFUND_NOT_RELEASABLE: Entry = Entry {
    kind: "urn:lomi-checkout:problem:refund_not_releasable",
    status: 409,
    retryable: false,
    retry_after_s: None,
    title: Text { en: "The refund cannot be cancelled", fr: "Le remboursement ne peut pas être annulé" },
    detail: Text {
        en: "The outcome of this refund is known, or lomi. lists a refund that may be this one, or it is less than one hour old (one day, unless lomi. pays it out to a phone). It stays unchanged. Read the order.",
        fr: "L'issue de ce remboursement est connue, ou lomi. liste un remboursement qui pourrait être celui-ci, ou il a moins d'une heure (moins d'un jour, sauf si lomi. le verse à un téléphone). Il reste tel quel. Consultez la commande.",
    },
};

pub(super) const PAYMENT_UNIDENTIFIED: Entry = Entry {
    kind: "urn:lomi-checkout:problem:payment_unidentified",
    status: 409,
    retryable: true,
    retry_after_s: Some(60),
    title: Text { en: "Payment not identified yet", fr: "Paiement pas encore identifié" },
    detail: Text {
        en: "The order is paid, and its transaction is not known yet. Retry once it is listed in the order's payments.",
        fr: "La commande est payée, mais sa transaction n'est pas encore connue. Réessayez quand elle figurera dans les paiements de la commande.",
    },
};

pub(super) const PROVIDER_UNAVAILABLE: Entry = Entry {
    kind: "urn:lomi-checkout:problem:provider_unavailable",
    status: 503,
    retryable: true,
    retry_after_s: Some(5),
    title: Text { en: "Payment provider unavailable", fr: "Prestataire de paiement indisponible" },
    detail: Text {
        en: "The payment provider cannot be reached. Retry, with the same Idempotency-Key if you sent one.",
        fr: "Le prestataire de paiement est injoignable. Réessayez, avec la même Idempotency-Key si vous en aviez une.",
    },
};

pub(super) const PROVIDER_REJECTED: Entry = Entry {
    kind: "urn:lomi-checkout:problem:provider_rejected",
    status: 502,
    retryable: false,
    retry_after_s: None,
    title: Text { en: "Refused by the payment provider", fr: "Refusé par le prestataire de paiement" },
    detail: Text {
        en: "The payment provider refused the request. No money moved.",
        fr: "Le prestataire de paiement a refusé la requête. Aucun argent n'a bougé.",
    },
};

pub(super) const OUTCOME_UNKNOWN: Entry = Entry {
    kind: "urn:lomi-checkout:problem:outcome_unknown",
    status: 502,
    retryable: false,
    retry_after_s: None,
    title: Text { en: "Outcome unknown", fr: "Issue inconnue" },
    detail: Text {
        en: "The payment provider's answer was lost: the request may or may not have taken effect. Check before you send it again.",
        fr: "La réponse du prestataire de paiement s'est perdue : la requête a peut-être pris effet, peut-être pas. Vérifiez avant de la renvoyer.",
    },
};

pub(super) const CARD_UNAVAILABLE: Entry = Entry {
    kind: "urn:lomi-checkout:problem:card_unavailable",
    status: 503,
    retryable: false,
    retry_after_s: None,
    title: Text { en: "Card form unavailable", fr: "Formulaire de carte indisponible" },
    detail: Text {
        en: "lomi. accepts no card payments on your own page at the moment. Open a hosted page instead: POST /checkout-sessions.",
        fr: "lomi. n'accepte pas de paiement par carte sur votre page pour le moment. Ouvrez une page hébergée : POST /checkout-sessions.",
    },
};

pub(super) const CARD_AMOUNT_TOO_SMALL: Entry = Entry {
    kind: "urn:lomi-checkout:problem:card_amount_too_small",
    status: 400,
    retryable: false,
    retry_after_s: None,
    title: Text { en: "Amount too small for a card", fr: "Montant trop faible pour une carte" },
    detail: Text {
        en: "A card payment must be at least 1 000 XOF, 0.50 EUR or 0.50 USD. Open a hosted page instead: POST /checkout-sessions.",
        fr: "Un paiement par carte doit être d'au moins 1 000 XOF, 0,50 EUR ou 0,50 USD. Ouvrez une page hébergée : POST /checkout-sessions.",
    },
};

pub(super) const INVOICE_PAYMENT_REQUIRED: Entry = Entry {
    kind: "urn:lomi-checkout:problem:invoice_payment_required",
    status: 402,
    retryable: false,
    retry_after_s: None,
    title: Text { en: "Unpaid invoice", fr: "Facture impayée" },
    detail: Text {
        en: "This customer has an unpaid invoice, which must be paid first.",
        fr: "Ce client a une facture impayée, à régler d'abord.",
    },
};

pub(super) const NATIVE_LINK_UNCHANGEABLE: Entry = Entry {
    kind: "urn:lomi-checkout:problem:native_link_unchangeable",
    status: 409,
    retryable: false,
    retry_after_s: None,
    title: Text { en: "Native link cannot be changed", fr: "Lien natif non modifiable" },
    detail: Text {
        en: "lomi. cannot change or end this link through its API. Use the lomi. dashboard, or create managed links.",
        fr: "lomi. ne permet pas de modifier ni de fermer ce lien par son API. Faites-le dans le tableau de bord lomi., ou créez des liens gérés.",
    },
};

pub(super) const CUSTOMER_TEXT_KEPT: Entry = Entry {
    kind: "urn:lomi-checkout:problem:customer_text_kept",
    status: 409,
    retryable: false,
    retry_after_s: None,
    title: Text { en: "Field not cleared", fr: "Champ non effacé" },
    detail: Text {
        en: "lomi. did not clear the fields named in errors. Every other change of this request was made. Clear them in the lomi. dashboard, or send other values.",
        fr: "lomi. n'a pas effacé les champs indiqués dans errors. Les autres modifications de cette requête ont été faites. Effacez-les dans le tableau de bord lomi., ou envoyez d'autres valeurs.",
    },
};

pub(super) const STORE_UNAVAILABLE: Entry = Entry {
    kind: "urn:lomi-checkout:problem:store_unavailable",
    status: 503,
    retryable: true,
    retry_after_s: Some(1),
    title: Text { en: "Temporarily unavailable", fr: "Momentanément indisponible" },
    detail: Text {
        en: "The database did not answer. Retry, with the same Idempotency-Key if you sent one.",
        fr: "La base de données n'a pas répondu. Réessayez, avec la même Idempotency-Key si vous en aviez une.",
    },
};

pub(super) const SECRETS_UNAVAILABLE: Entry = Entry {
    kind: "urn:lomi-checkout:problem:secrets_unavailable",
    status: 503,
    retryable: true,
    retry_after_s: Some(1),
    title: Text { en: "Temporarily unavailable", fr: "Momentanément indisponible" },
    detail: Text {
        en: "A secret of this service cannot be read. Retry, with the same Idempotency-Key if you sent one.",
        fr: "Un secret de ce service n'a pas pu être lu. Réessayez, avec la même Idempotency-Key si vous en aviez une.",
    },
};

pub(super) const TIMEOUT: Entry = Entry {
    kind: "urn:lomi-checkout:problem:timeout",
    status: 503,
    retryable: true,
    retry_after_s: Some(1),
    title: Text { en: "Timed out", fr: "Délai dépassé" },
    detail: Text {
        en: "The request was not finished in time. Retry, with the same Idempotency-Key if you sent one.",
        fr: "La requête n'a pas abouti à temps. Réessayez, avec la même Idempotency-Key si vous en aviez une.",
    },
};

pub(super) const INTERNAL_ERROR: Entry = Entry {
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
