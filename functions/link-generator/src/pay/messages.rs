//! The texts of the pages: a heading, and what the shopper can do.

use lambda_kit::language::{Language, Text};

pub(super) const UNKNOWN: (Text, Text) = (
    Text { en: "This link does not exist", fr: "Ce lien n'existe pas" },
    Text {
        en: "Check the address, or ask the shop for a new link.",
        fr: "Vérifiez l'adresse, ou demandez un nouveau lien à la boutique.",
    },
);
pub(super) const INACTIVE: (Text, Text) = (
    Text { en: "This link is no longer active", fr: "Ce lien n'est plus actif" },
    Text { en: "Ask the shop for a new link.", fr: "Demandez un nouveau lien à la boutique." },
);
pub(super) const EXPIRED: (Text, Text) = (
    Text { en: "This link has expired", fr: "Ce lien a expiré" },
    Text { en: "Ask the shop for a new link.", fr: "Demandez un nouveau lien à la boutique." },
);
pub(super) const USED_UP: (Text, Text) = (
    Text { en: "This link has already been paid", fr: "Ce lien a déjà été payé" },
    Text {
        en: "This link accepts no more payments. You will not be charged again.",
        fr: "Ce lien n'accepte plus de paiement. Votre compte ne sera pas débité une deuxième fois.",
    },
);
pub(super) const NOT_FOR_SALE: (Text, Text) = (
    Text { en: "Not for sale at the moment", fr: "Pas en vente pour le moment" },
    Text {
        en: "An item of this link is not available. Nothing was charged. Contact the shop.",
        fr: "Un article de ce lien n'est pas disponible. Rien n'a été débité. Contactez la boutique.",
    },
);
pub(super) const UNAVAILABLE: (Text, Text) = (
    Text { en: "Payment is temporarily unavailable", fr: "Le paiement est momentanément indisponible" },
    Text {
        en: "Nothing was charged. Try again in a moment.", fr: "Rien n'a été débité. Réessayez dans un instant."
    },
);
pub(super) const BROKEN: (Text, Text) = (
    Text { en: "The payment page could not be opened", fr: "La page de paiement n'a pas pu s'ouvrir" },
    Text { en: "Nothing was charged. Contact the shop.", fr: "Rien n'a été débité. Contactez la boutique." },
);
pub(super) const THANKS: (Text, Text) = (
    Text { en: "Thank you", fr: "Merci" },
    Text {
        en: "The shop is notified as soon as the payment is confirmed. You can close this page.",
        fr: "La boutique est avertie dès que le paiement est confirmé. Vous pouvez fermer cette page.",
    },
);
pub(super) const GAVE_UP: Text =
    Text { en: "You have not paid. You can still pay.", fr: "Vous n'avez pas payé. Vous pouvez encore le faire." };
pub(super) const OUT_OF_BOUNDS: Text = Text {
    en: "This amount is not accepted. Choose another one.",
    fr: "Ce montant n'est pas accepté. Choisissez-en un autre.",
};
pub(super) const PAY: Text = Text { en: "Pay", fr: "Payer" };
pub(super) const TRY_AGAIN: Text = Text { en: "Try again", fr: "Réessayer" };

pub(super) fn between(min: &str, max: &str, language: Language) -> String {
    match language {
        Language::English => format!("Amount, from {min} to {max}"),
        Language::French => format!("Montant, de {min} à {max}"),
    }
}
