//! The texts for an unusable cart token: which claim is wrong, and what it must be. Of a wrong signature they say only
//! that it does not match.

use super::Problem;
use crate::language::Text;
use domain::CartTokenError;

impl From<CartTokenError> for Problem {
    fn from(error: CartTokenError) -> Self {
        let pointer = if error == CartTokenError::Metadata { "/cart_token/metadata" } else { "/cart_token" };
        Self::invalid(pointer, detail(error))
    }
}

const NOT_A_TOKEN: Text = Text {
    en: "Not a JSON Web Token: header, claims and signature in base64url, with dots between them.",
    fr: "Ce n'est pas un JSON Web Token : en-tête, claims et signature en base64url, séparés par des points.",
};
const ALGORITHM: Text = Text { en: "The header's alg must be HS256.", fr: "L'alg de l'en-tête doit être HS256." };
const SIGNATURE: Text = Text { en: "The signature does not match.", fr: "La signature ne correspond pas." };
const CLAIMS: Text = Text {
    en: "The claims must be one JSON object without duplicate claims.",
    fr: "Les claims doivent former un seul objet JSON, sans doublon.",
};
const AMOUNT: Text = Text {
    en: "The claim amount must be a positive whole number of minor units (francs for XOF).",
    fr: "Le claim amount doit être un nombre entier positif d'unités mineures (des francs pour XOF).",
};
const CURRENCY: Text = Text {
    en: "The claim currency_code must be XOF, USD or EUR.",
    fr: "Le claim currency_code doit être XOF, USD ou EUR.",
};
const REFERENCE: Text = Text {
    en: "The claim reference must be a string of at most 200 characters.",
    fr: "Le claim reference doit être une chaîne de 200 caractères au plus.",
};
const METADATA: Text = Text {
    en: "The claim metadata has a reserved key or exceeds the limits.",
    fr: "Le claim metadata contient une clé réservée ou dépasse les limites.",
};
const JTI: Text = Text {
    en: "The claim jti must be a string of 1 to 255 characters, unique to this cart.",
    fr: "Le claim jti doit être une chaîne de 1 à 255 caractères, propre à ce panier.",
};
const NO_EXP: Text = Text {
    en: "The claim exp is missing: the expiry time, in seconds since 1970.",
    fr: "Le claim exp manque : la date d'expiration, en secondes depuis 1970.",
};
const EXP: Text = Text {
    en: "The claim exp must be a number of seconds since 1970.",
    fr: "Le claim exp doit être un nombre de secondes depuis 1970.",
};
const EXP_IN_MILLISECONDS: Text = Text {
    en: "The claim exp is in milliseconds. It must be in seconds since 1970.",
    fr: "Le claim exp est en millisecondes. Il doit être en secondes depuis 1970.",
};
const EXPIRED: Text =
    Text { en: "The token has expired: its exp has passed.", fr: "Le jeton a expiré : son exp est passé." };
const EXP_TOO_FAR: Text =
    Text { en: "The claim exp is more than 24 hours away.", fr: "Le claim exp est à plus de 24 heures." };
const NBF: Text = Text {
    en: "The claim nbf must be a number of seconds since 1970.",
    fr: "Le claim nbf doit être un nombre de secondes depuis 1970.",
};
const NOT_YET: Text = Text {
    en: "The token is not valid yet: its nbf is in the future.",
    fr: "Le jeton n'est pas encore valide : son nbf est dans le futur.",
};

const fn detail(error: CartTokenError) -> Text {
    match error {
        CartTokenError::NotAToken => NOT_A_TOKEN,
        CartTokenError::Algorithm => ALGORITHM,
        CartTokenError::Signature => SIGNATURE,
        CartTokenError::Claims => CLAIMS,
        CartTokenError::Amount => AMOUNT,
        CartTokenError::Currency => CURRENCY,
        CartTokenError::Metadata => METADATA,
        CartTokenError::Reference => REFERENCE,
        CartTokenError::Jti => JTI,
        CartTokenError::NoExp => NO_EXP,
        CartTokenError::Exp => EXP,
        CartTokenError::ExpInMilliseconds => EXP_IN_MILLISECONDS,
        CartTokenError::Expired => EXPIRED,
        CartTokenError::ExpTooFar => EXP_TOO_FAR,
        CartTokenError::Nbf => NBF,
        CartTokenError::NotYet => NOT_YET,
    }
}
