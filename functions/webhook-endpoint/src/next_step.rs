//! What a person has to do, in English and French.

use checkout::webhook_registration::{EVENTS, NECESSARY, Status};
use lambda_kit::language::Text;

/// What the texts name, none of it secret.
pub(crate) struct Names<'a> {
    pub(crate) url: &'a str,
    /// Where the lomi. key lies.
    pub(crate) key: &'a str,
    /// Where the webhook's secret lies.
    pub(crate) secret: &'a str,
}

const NOTHING: Text = Text { en: "Nothing.", fr: "Rien." };

const AGAIN: Text = Text {
    en: "Nothing yet: it is tried again every five minutes. If it stays so, see the function's log.",
    fr: "Rien pour l'instant : un nouvel essai a lieu toutes les cinq minutes. Si cela dure, voyez le journal de la fonction.",
};

const PUT_KEY_IN: Text = Text {
    en: "Put your lomi. secret key into the secret {key}. The rest happens by itself within five minutes.",
    fr: "Mettez votre clé secrète lomi. dans le secret {key}. Le reste se fait tout seul en moins de cinq minutes.",
};

const CHANGE_KEY: Text = Text {
    en: "The key in the secret {key} is not a valid lomi. secret key of this stack's environment. Put the right one in. The rest happens by itself within five minutes.",
    fr: "La clé du secret {key} n'est pas une clé secrète lomi. valable de l'environnement de cette pile. Mettez-y la bonne. Le reste se fait tout seul en moins de cinq minutes.",
};

const MAKE_BY_HAND: Text = Text {
    en: "lomi. makes no webhook over its API. Create one in the lomi. dashboard with the URL {url} and the events {events} (and DISPUTE_* and PAYMENT_RISK_*, if it has them), and put its signing secret (whsec_...) into the secret {secret}.",
    fr: "lomi. ne crée pas de webhook par son API. Créez-en un dans le tableau de bord lomi. avec l'URL {url} et les événements {events} (ainsi que DISPUTE_* et PAYMENT_RISK_*, s'il les propose), et mettez son secret de signature (whsec_...) dans le secret {secret}.",
};

const PUT_SECRET_IN: Text = Text {
    en: "The webhook {url} was made by hand. Put its signing secret (whsec_...) into the secret {secret}. Or delete it in the lomi. dashboard: a new one is registered within five minutes.",
    fr: "Le webhook {url} a été créé à la main. Mettez son secret de signature (whsec_...) dans le secret {secret}. Ou supprimez-le dans le tableau de bord lomi. : un nouveau est enregistré en moins de cinq minutes.",
};

const LET_IT_HEAR: Text = Text {
    en: "The webhook {url} was made by hand and hears of no payments. In the lomi. dashboard, activate it and select the events {events} (and DISPUTE_* and PAYMENT_RISK_*, if it has them).",
    fr: "Le webhook {url} a été créé à la main et n'apprend aucun paiement. Dans le tableau de bord lomi., activez-le et choisissez les événements {events} (ainsi que DISPUTE_* et PAYMENT_RISK_*, s'il les propose).",
};

const ROTATE_BY_HAND: Text = Text {
    en: "The webhook {url} was made by hand, and so its secret is rotated by hand. Or delete it in the lomi. dashboard: a new one with a new secret is registered within five minutes.",
    fr: "Le webhook {url} a été créé à la main, son secret se change donc à la main. Ou supprimez-le dans le tableau de bord lomi. : un nouveau, avec un nouveau secret, est enregistré en moins de cinq minutes.",
};

const ROTATE_LATER: Text = Text {
    en: "Nothing, if it was to be rotated once: that was done less than two minutes ago. If it is to be rotated once more, ask again in two minutes.",
    fr: "Rien, s'il fallait le changer une fois : c'est fait depuis moins de deux minutes. S'il faut le changer encore une fois, redemandez dans deux minutes.",
};

const REPAIR_BY_HAND: Text = Text {
    en: "lomi. did not take the change. In the lomi. dashboard, activate the webhook {url} and select the events {events} (and DISPUTE_* and PAYMENT_RISK_*, if it has them).",
    fr: "lomi. n'a pas pris la modification. Dans le tableau de bord lomi., activez le webhook {url} et choisissez les événements {events} (ainsi que DISPUTE_* et PAYMENT_RISK_*, s'il les propose).",
};

const REMOVE_BY_HAND: Text = Text {
    en: "Delete the webhook {url} in the lomi. dashboard, if it is still there.",
    fr: "Supprimez le webhook {url} dans le tableau de bord lomi., s'il y est encore.",
};

const ASK_READABLY: Text = Text {
    en: r#"Ask with {"Url": "https://.../webhooks/lomi"}, the stack's output WebhookUrl."#,
    fr: r#"Demandez avec {"Url": "https://.../webhooks/lomi"}, la sortie WebhookUrl de la pile."#,
};

const fn text(status: Status) -> Text {
    match status {
        Status::Unchanged | Status::Registered | Status::Rotated | Status::Repaired => NOTHING,
        Status::ByHand | Status::Removed => NOTHING,
        Status::ByHandWithoutSecret => PUT_SECRET_IN,
        Status::ByHandNotSubscribed => LET_IT_HEAR,
        Status::RotatedLately => ROTATE_LATER,
        Status::ByHandNotRotated => ROTATE_BY_HAND,
        Status::ByHandToBeMade => MAKE_BY_HAND,
        Status::NotRemoved => REMOVE_BY_HAND,
        Status::WaitingForKey => PUT_KEY_IN,
        Status::KeyRefused | Status::KeyOfOtherEnvironment => CHANGE_KEY,
        Status::NotRepaired => REPAIR_BY_HAND,
        Status::RequestUnreadable => ASK_READABLY,
        Status::LomiUnreachable
        | Status::LomiRefused
        | Status::InDoubt
        | Status::SecretNotStored
        | Status::SecretsUnreachable
        | Status::Failed => AGAIN,
    }
}

/// Both languages in one text, because an output of a stack has one.
pub(crate) fn todo(status: Status, names: &Names<'_>) -> String {
    let Text { en, fr } = text(status);
    let events = EVENTS.iter().take(NECESSARY).map(|event| event.as_str()).collect::<Vec<_>>().join(", ");
    let fill = |text: &str| {
        let text = text.replace("{events}", &events).replace("{key}", names.key).replace("{secret}", names.secret);
        text.replace("{url}", names.url)
    };
    format!("{} / {}", fill(en), fill(fr))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_names_the_things_themselves_in_both_languages() {
        let names = Names { url: "https://api.example/webhooks/lomi", key: "arn:key", secret: "arn:secret" };
        let text = todo(Status::ByHandToBeMade, &names);
        for part in ["https://api.example/webhooks/lomi", "PAYMENT_SUCCEEDED, PAYMENT_FAILED", "arn:secret"] {
            assert_eq!(text.matches(part).count(), 2, "{part} in {text}");
        }
        assert!(!text.contains('{'), "{text}");
        assert!(todo(Status::WaitingForKey, &names).contains("arn:key"));
    }
}
