//! What the operator has to do next, in English and French.

use checkout::webhook_registration::{EVENTS, NECESSARY, Status};
use lambda_kit::language::Text;

/// The names that the texts contain. None is secret.
pub(crate) struct Names<'a> {
    pub(crate) url: &'a str,
    /// The name or ARN of the secret that holds the lomi key.
    pub(crate) key: &'a str,
    /// The name or ARN of the secret that holds the webhook's secret.
    pub(crate) secret: &'a str,
}

const NOTHING: Text = Text { en: "Nothing.", fr: "Rien." };

const AGAIN: Text = Text {
    en: "Nothing yet: the function retries every five minutes. If the status stays the same, check the function's log.",
    fr: "Rien pour l'instant : la fonction réessaie toutes les cinq minutes. Si le statut ne change pas, consultez le journal de la fonction.",
};

const SET_KEY: Text = Text {
    en: "Store your lomi. secret key in the secret {key}. The webhook is then registered automatically within five minutes.",
    fr: "Mettez votre clé secrète lomi. dans le secret {key}. Le webhook est ensuite enregistré automatiquement en moins de cinq minutes.",
};

const REPLACE_KEY: Text = Text {
    en: "The secret {key} holds no valid lomi. secret key for this environment. Store the right key there. The webhook is then registered automatically within five minutes.",
    fr: "Le secret {key} ne contient pas de clé secrète lomi. valide pour cet environnement. Mettez-y la bonne clé. Le webhook est ensuite enregistré automatiquement en moins de cinq minutes.",
};

const CREATE_BY_HAND: Text = Text {
    en: "lomi. refused to create a webhook through its API. Create one in the lomi. dashboard with the URL {url} and the events {events} (and DISPUTE_* and PAYMENT_RISK_*, if available), and store its signing secret (whsec_...) in the secret {secret}.",
    fr: "lomi. a refusé de créer un webhook par son API. Créez-en un dans le tableau de bord lomi. avec l'URL {url} et les événements {events} (ainsi que DISPUTE_* et PAYMENT_RISK_*, s'ils sont proposés), et mettez son secret de signature (whsec_...) dans le secret {secret}.",
};

const SET_SECRET: Text = Text {
    en: "The webhook {url} was created by hand. Store its signing secret (whsec_...) in the secret {secret}, or delete the webhook in the lomi. dashboard: a new one is registered within five minutes.",
    fr: "Le webhook {url} a été créé à la main. Mettez son secret de signature (whsec_...) dans le secret {secret}, ou supprimez le webhook dans le tableau de bord lomi. : un nouveau est enregistré en moins de cinq minutes.",
};

const SUBSCRIBE_BY_HAND: Text = Text {
    en: "The webhook {url} was created by hand and receives no payment events. In the lomi. dashboard, activate it and select the events {events} (and DISPUTE_* and PAYMENT_RISK_*, if available).",
    fr: "Le webhook {url} a été créé à la main et ne reçoit aucun événement de paiement. Dans le tableau de bord lomi., activez-le et choisissez les événements {events} (ainsi que DISPUTE_* et PAYMENT_RISK_*, s'ils sont proposés).",
};

const ROTATE_BY_HAND: Text = Text {
    en: "The webhook {url} was created by hand, so rotate its secret by hand, or delete the webhook in the lomi. dashboard: a new one with a new secret is registered within five minutes.",
    fr: "Le webhook {url} a été créé à la main : changez son secret à la main, ou supprimez le webhook dans le tableau de bord lomi. : un nouveau, avec un nouveau secret, est enregistré en moins de cinq minutes.",
};

const ROTATE_LATER: Text = Text {
    en: "The secret was rotated less than two minutes ago, so it was not rotated again. To rotate it once more, repeat the request in two minutes.",
    fr: "Le secret a été changé il y a moins de deux minutes ; il n'a pas été changé à nouveau. Pour le changer encore, refaites la demande dans deux minutes.",
};

const REPAIR_BY_HAND: Text = Text {
    en: "lomi. did not apply the change. In the lomi. dashboard, activate the webhook {url} and select the events {events} (and DISPUTE_* and PAYMENT_RISK_*, if available).",
    fr: "lomi. n'a pas appliqué la modification. Dans le tableau de bord lomi., activez le webhook {url} et choisissez les événements {events} (ainsi que DISPUTE_* et PAYMENT_RISK_*, s'ils sont proposés).",
};

const REMOVE_BY_HAND: Text = Text {
    en: "Delete the webhook {url} in the lomi. dashboard, if it still exists.",
    fr: "Supprimez le webhook {url} dans le tableau de bord lomi., s'il existe encore.",
};

const SEND_URL: Text = Text {
    en: r#"Invoke the function with {"Url": "https://.../webhooks/lomi"}, the stack's output WebhookUrl."#,
    fr: r#"Invoquez la fonction avec {"Url": "https://.../webhooks/lomi"}, la sortie WebhookUrl de CloudFormation."#,
};

const fn text(status: Status) -> Text {
    match status {
        Status::Unchanged | Status::Registered | Status::Rotated | Status::Repaired => NOTHING,
        Status::ByHand | Status::Removed => NOTHING,
        Status::ByHandWithoutSecret => SET_SECRET,
        Status::ByHandNotSubscribed => SUBSCRIBE_BY_HAND,
        Status::RotatedLately => ROTATE_LATER,
        Status::ByHandNotRotated => ROTATE_BY_HAND,
        Status::ByHandToBeMade => CREATE_BY_HAND,
        Status::NotRemoved => REMOVE_BY_HAND,
        Status::WaitingForKey => SET_KEY,
        Status::KeyRefused | Status::KeyOfOtherEnvironment => REPLACE_KEY,
        Status::NotRepaired => REPAIR_BY_HAND,
        Status::RequestUnreadable => SEND_URL,
        Status::LomiUnreachable
        | Status::LomiRefused
        | Status::InDoubt
        | Status::SecretNotStored
        | Status::SecretsUnreachable
        | Status::Failed => AGAIN,
    }
}

/// Both languages in one text, because a stack output is one text.
pub(crate) fn next_step(status: Status, names: &Names<'_>) -> String {
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
    fn each_next_step_has_a_text_in_both_languages() {
        let names = Names { url: "https://api.example/webhooks/lomi", key: "arn:key", secret: "arn:secret" };
        let text = next_step(Status::ByHandToBeMade, &names);
        for part in ["https://api.example/webhooks/lomi", "PAYMENT_SUCCEEDED, PAYMENT_FAILED", "arn:secret"] {
            assert_eq!(text.matches(part).count(), 2, "{part} in {text}");
        }
        assert!(!text.contains('{'), "{text}");
        assert!(next_step(Status::WaitingForKey, &names).contains("arn:key"));
    }
}
