//! The findings of the checks, and what the operator should do.

use lambda_kit::language::Text;
use lambda_kit::secrets::NotASecret;

/// A state in one word, and a hint unless all is well.
#[derive(Clone, Copy)]
pub(super) struct Finding {
    pub(super) state: &'static str,
    pub(super) hint: Option<Text>,
}

impl Finding {
    const fn todo(state: &'static str, en: &'static str, fr: &'static str) -> Self {
        Self { state, hint: Some(Text { en, fr }) }
    }
}

pub(super) const OK: Finding = Finding { state: "ok", hint: None };
pub(super) const REGISTERED: Finding = Finding { state: "registered", hint: None };

pub(super) const KEY_MISSING: Finding = Finding::todo(
    "missing",
    "Store your lomi. secret key in the secret of the stack output LomiSecretKeyArn.",
    "Mettez votre clé secrète lomi. dans le secret indiqué par la sortie CloudFormation LomiSecretKeyArn.",
);
pub(super) const KEY_REFUSED: Finding = Finding::todo(
    "refused",
    "lomi. refuses the key. Copy a valid one from the lomi. dashboard into the secret.",
    "lomi. refuse cette clé. Copiez une clé valide du tableau de bord lomi. dans le secret.",
);
pub(super) const KEY_FOREIGN: Finding = Finding::todo(
    "refused",
    "The key belongs to the other lomi. environment, so it is not used. Store a key of this environment in the secret.",
    "Cette clé appartient à l'autre environnement lomi. : elle n'est pas utilisée. Mettez dans le secret une clé de cet environnement.",
);
pub(super) const KEY_UNREACHABLE: Finding = Finding::todo(
    "unreachable",
    "lomi. or Secrets Manager did not answer. Check again in a minute. If it persists, see their status pages.",
    "lomi. ou Secrets Manager n'a pas répondu. Actualisez dans une minute. Si le problème persiste, consultez leurs pages d'état.",
);

pub(super) const ENVIRONMENT_MISMATCH: Finding = Finding::todo(
    "mismatch",
    "The key belongs to the other lomi. environment. Use a test key with a sandbox stack and a live key with a live stack.",
    "La clé appartient à l'autre environnement lomi. Utilisez une clé de test pour une installation sandbox et une clé live pour une installation live.",
);
pub(super) const ENVIRONMENT_UNKNOWN: Finding = Finding::todo(
    "unknown",
    "The environment of the key is unknown. Fix lomi_key first.",
    "L'environnement de la clé est inconnu. Corrigez d'abord lomi_key.",
);

pub(super) const ORGANISATION_NOT_READ: Finding = Finding::todo(
    "not_read",
    "The organisation of the key is not known yet, so each lomi. event is verified with a call before it counts. Nothing to do: once lomi_key is ok, the reconciler reads it within a minute, or with the first payment.",
    "L'organisation de la clé n'est pas encore connue : chaque événement lomi. est d'abord vérifié auprès de lomi. Rien à faire : dès que lomi_key est en ordre, elle est lue en une minute, ou au premier paiement.",
);

pub(super) const SECRET_MISSING: Finding = Finding::todo(
    "missing",
    "Once lomi_key is ok, the webhook is registered and its secret stored within five minutes. If it persists, invoke the function webhook-endpoint: it says what to do. Until then lomi. is asked to send its events again.",
    "Dès que lomi_key est en ordre, le webhook est enregistré et son secret mis en place en moins de cinq minutes. Si le problème persiste, invoquez la fonction webhook-endpoint : elle dit quoi faire. D'ici là, lomi. est invité à renvoyer ses événements.",
);
pub(super) const SECRET_UNREACHABLE: Finding = Finding::todo(
    "unreachable",
    "Secrets Manager did not answer. Check again in a minute.",
    "Secrets Manager n'a pas répondu. Actualisez dans une minute.",
);

pub(super) const CART_KEY_MISSING: Finding = Finding::todo(
    "missing",
    "Store a random key of at least 32 characters in the secret of the stack output CartTokenSecretArn, and sign cart tokens with it.",
    "Mettez une clé aléatoire d'au moins 32 caractères dans le secret indiqué par la sortie CloudFormation CartTokenSecretArn, et signez les cart_token avec elle.",
);

/// The stored text cannot be a secret of this kind, and counts as missing.
pub(super) const fn unusable(wrong: NotASecret) -> Finding {
    let (en, fr) = match wrong {
        NotASecret::Json => (
            "The secret contains JSON. Store the bare value, without braces, brackets or names.",
            "Le secret contient du JSON. Mettez-y la valeur seule, sans accolades, crochets ni noms.",
        ),
        NotASecret::Quoted => (
            "The secret contains quotation marks. Store the value without them.",
            "Le secret est entre guillemets. Mettez la valeur sans guillemets.",
        ),
        NotASecret::Invisible => (
            "The secret contains spaces, line breaks or invisible characters. Copy it again, on one line.",
            "Le secret contient des espaces, des sauts de ligne ou des caractères invisibles. Recopiez-le, sur une seule ligne.",
        ),
        NotASecret::Placeholder => (
            "The secret contains a placeholder from a guide. Store the real value.",
            "Le secret contient le texte d'exemple d'un guide. Mettez-y la vraie valeur.",
        ),
        NotASecret::LomiKey => (
            "The secret contains a lomi. secret key. Store that key in the secret of LomiSecretKeyArn, and the right value here.",
            "Le secret contient une clé secrète lomi. Mettez cette clé dans le secret indiqué par LomiSecretKeyArn, et la bonne valeur ici.",
        ),
        NotASecret::PublishableKey => (
            "The secret contains a lomi. publishable key. Store the right secret value.",
            "Le secret contient une clé publique (publishable) lomi. Mettez-y la bonne valeur secrète.",
        ),
        NotASecret::WebhookSecret => (
            "The secret contains a webhook's signing secret (whsec_...). Store that one in the secret of LomiWebhookSecretArn, and the right value here.",
            "Le secret contient le secret de signature d'un webhook (whsec_...). Mettez-le dans le secret indiqué par LomiWebhookSecretArn, et la bonne valeur ici.",
        ),
        NotASecret::MoreThanIt => (
            "The secret contains more than a webhook's signing secret (a name, a comma, a URL, two in a row), or another value such as the webhook's id. Store the signing secret alone.",
            "Le secret contient plus que le secret de signature d'un webhook (un nom, une virgule, une URL, deux à la suite), ou une autre valeur, comme l'identifiant du webhook. Mettez-y le secret de signature seul.",
        ),
        NotASecret::Length => (
            "The secret is too short or too long. Copy it again in full, and nothing else.",
            "Le secret est trop court ou trop long. Recopiez-le en entier, sans rien d'autre.",
        ),
    };
    Finding::todo("unusable", en, fr)
}

pub(super) const ENDPOINT_MISSING: Finding = Finding::todo(
    "missing",
    "No webhook is registered at lomi. for this API. It is registered within five minutes. If it persists, invoke the function webhook-endpoint: it says what to do.",
    "Aucun webhook n'est enregistré chez lomi. pour cette API. Il l'est en moins de cinq minutes. Si le problème persiste, invoquez la fonction webhook-endpoint : elle dit quoi faire.",
);
pub(super) const ENDPOINT_INACTIVE: Finding = Finding::todo(
    "inactive",
    "The webhook is registered at lomi. but inactive. Activate it in the lomi. dashboard.",
    "Le webhook est enregistré chez lomi., mais inactif. Activez-le dans le tableau de bord lomi.",
);
pub(super) const ENDPOINT_NOT_SUBSCRIBED: Finding = Finding::todo(
    "not_subscribed",
    "The webhook is registered at lomi. but receives no payment events. A webhook that this service registered is repaired within five minutes. If you created it by hand, add the event PAYMENT_SUCCEEDED in the lomi. dashboard.",
    "Le webhook est enregistré chez lomi., mais ne reçoit aucun événement de paiement. S'il a été enregistré par ce service, il est réparé en moins de cinq minutes. Si vous l'avez créé à la main, ajoutez l'événement PAYMENT_SUCCEEDED dans le tableau de bord lomi.",
);
pub(super) const ENDPOINT_UNKNOWN: Finding = Finding::todo(
    "unknown",
    "The webhooks at lomi. could not be read. Fix lomi_key and environment first if they are not ok; otherwise check again in a minute.",
    "Les webhooks enregistrés chez lomi. n'ont pas pu être lus. Corrigez d'abord lomi_key et environment s'ils ne sont pas en ordre ; sinon, actualisez dans une minute.",
);

pub(super) const LIST_REFUSED: Finding = Finding::todo(
    "refused",
    "lomi. does not allow the key to read this list, so payments and refunds that no webhook reports are not found. Fix lomi_key first if it is not ok; otherwise create a new secret key in the lomi. dashboard. If it persists, contact lomi.",
    "lomi. n'autorise pas la clé à lire cette liste : les paiements et remboursements qu'aucun webhook ne signale ne sont pas retrouvés. Corrigez d'abord lomi_key si elle n'est pas en ordre ; sinon, créez une nouvelle clé secrète dans le tableau de bord lomi. Si le problème persiste, contactez lomi.",
);
pub(super) const LIST_UNREADABLE: Finding = Finding::todo(
    "unreadable",
    "lomi. returns this list in a format that cannot be read, so payments and refunds that no webhook reports are not found. Deploy the latest version of this service. If it persists, report it.",
    "lomi. renvoie cette liste dans un format illisible : les paiements et remboursements qu'aucun webhook ne signale ne sont pas retrouvés. Déployez la dernière version de ce service. Si le problème persiste, signalez-le.",
);
pub(super) const LIST_REPEATS_ITSELF: Finding = Finding::todo(
    "repeats_first_page",
    "lomi. returns the first page of this list again instead of the next one, so payments and refunds that no webhook reports are found on that page only. Report it to lomi., and check older ones in its dashboard.",
    "lomi. renvoie la première page de cette liste à la place de la suivante : les paiements et remboursements qu'aucun webhook ne signale ne sont retrouvés que sur cette page. Signalez-le à lomi. et vérifiez les plus anciens dans son tableau de bord.",
);
pub(super) const LIST_UNREACHABLE: Finding = Finding::todo(
    "unreachable",
    "lomi. did not return this list in time. Check again in a minute. If it persists, see its status page.",
    "lomi. n'a pas renvoyé cette liste à temps. Actualisez dans une minute. Si le problème persiste, consultez sa page d'état.",
);
pub(super) const LIST_UNKNOWN: Finding = Finding::todo(
    "unknown",
    "This list could not be read from lomi. Fix lomi_key and environment first.",
    "Cette liste n'a pas pu être lue chez lomi. Corrigez d'abord lomi_key et environment.",
);

pub(super) const NEVER_RECEIVED: Finding = Finding::todo(
    "never",
    "No lomi. event has been received yet. Send a test event from the lomi. dashboard.",
    "Aucun événement lomi. n'a encore été reçu. Envoyez un événement de test depuis le tableau de bord lomi.",
);
pub(super) const UNKNOWN: Finding = Finding::todo(
    "unknown",
    "The table did not answer. Fix table first if it is not ok; otherwise check again in a minute.",
    "La table n'a pas répondu. Corrigez d'abord table si elle n'est pas en ordre ; sinon, actualisez dans une minute.",
);
pub(super) const TABLE_UNREACHABLE: Finding = Finding::todo(
    "unreachable",
    "DynamoDB did not answer. Check again in a minute. If it persists, see the AWS status page and the events of the CloudFormation stack.",
    "DynamoDB n'a pas répondu. Actualisez dans une minute. Si le problème persiste, consultez la page d'état d'AWS et les événements CloudFormation.",
);

pub(super) const ORDERS_BACKLOG: Finding = Finding::todo(
    "backlog",
    "Orders have been due for more than ten minutes. Check the log of the function reconciler, which runs every minute.",
    "Des commandes attendent depuis plus de dix minutes. Consultez le journal de la fonction reconciler, qui s'exécute chaque minute.",
);
pub(super) const QUARANTINE_WAITING: Finding = Finding::todo(
    "waiting",
    "Events are in quarantine. Review them with GET /admin/quarantine.",
    "Des événements sont en quarantaine. Examinez-les avec GET /admin/quarantine.",
);
