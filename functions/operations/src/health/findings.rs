//! What a check can find, and what a person should do about it.

use lambda_kit::language::Text;
use lambda_kit::secrets::NotASecret;

/// One word, and what to do unless it is `ok`.
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
    "Put your lomi. secret key into the secret that the stack's output LomiSecretKeyArn names.",
    "Mettez votre clé secrète lomi. dans le secret que désigne la sortie LomiSecretKeyArn de la pile.",
);
pub(super) const KEY_REFUSED: Finding = Finding::todo(
    "refused",
    "lomi. does not take the key. Copy a valid one from the lomi. dashboard into the secret.",
    "lomi. n'accepte pas cette clé. Copiez une clé valide depuis le tableau de bord lomi. dans le secret.",
);
pub(super) const KEY_FOREIGN: Finding = Finding::todo(
    "refused",
    "The key is sent nowhere, because it belongs to lomi.'s other environment.",
    "Cette clé n'est envoyée nulle part : elle appartient à l'autre environnement de lomi.",
);
pub(super) const KEY_UNREACHABLE: Finding = Finding::todo(
    "unreachable",
    "lomi. or Secrets Manager did not answer. Look again in a minute; if it stays, look at their status pages.",
    "lomi. ou Secrets Manager n'a pas répondu. Revenez dans une minute ; si cela dure, consultez leurs pages d'état.",
);

pub(super) const ENVIRONMENT_MISMATCH: Finding = Finding::todo(
    "mismatch",
    "The key belongs to lomi.'s other environment. Use a test key in a sandbox stack and a live key in a live one.",
    "La clé appartient à l'autre environnement de lomi. : clé de test pour une pile sandbox, clé live pour une pile live.",
);
pub(super) const ENVIRONMENT_UNKNOWN: Finding = Finding::todo(
    "unknown",
    "The key's environment could not be found out. Mend lomi_key first.",
    "L'environnement de la clé n'a pas pu être établi. Réglez d'abord lomi_key.",
);

pub(super) const ORGANISATION_NOT_READ: Finding = Finding::todo(
    "not_read",
    "The stack does not know yet whose its key is, so lomi.'s events count only after lomi. was asked about them. Once lomi_key is ok the reconciler learns it within a minute, or with the first payment.",
    "La pile ne sait pas encore à qui est sa clé : les événements de lomi. ne comptent qu'une fois vérifiés auprès de lomi. Dès que lomi_key est en ordre, le réconciliateur l'apprend en une minute, ou au premier paiement.",
);

pub(super) const SECRET_MISSING: Finding = Finding::todo(
    "missing",
    "Once lomi_key is ok, the stack registers its webhook and puts the secret there within five minutes. If it stays so, invoke the function webhook-endpoint: it says what to do. Until then lomi.'s events are told to come again.",
    "Une fois lomi_key en ordre, la pile enregistre son webhook et y met le secret en moins de cinq minutes. Si cela dure, appelez la fonction webhook-endpoint : elle dit quoi faire. D'ici là, les événements de lomi. sont priés de revenir.",
);
pub(super) const SECRET_UNREACHABLE: Finding = Finding::todo(
    "unreachable",
    "Secrets Manager did not answer. Look again in a minute.",
    "Secrets Manager n'a pas répondu. Revenez dans une minute.",
);

pub(super) const CART_KEY_MISSING: Finding = Finding::todo(
    "missing",
    "Put a random key of 32 characters or more into the secret that the stack's output CartTokenSecretArn names, and sign cart tokens with it.",
    "Mettez une clé aléatoire d'au moins 32 caractères dans le secret que désigne la sortie CartTokenSecretArn de la pile, et signez les paniers avec elle.",
);

/// What somebody has put in is no secret of this kind, and counts as none.
pub(super) const fn unusable(wrong: NotASecret) -> Finding {
    let (en, fr) = match wrong {
        NotASecret::Json => (
            "The secret holds JSON. Put in the bare text alone, without braces, names or brackets.",
            "Le secret contient du JSON. Mettez-y le texte seul, sans accolades, noms ni crochets.",
        ),
        NotASecret::Quoted => (
            "The secret holds a text in quotation marks. Put it in without them.",
            "Le secret contient un texte entre guillemets. Mettez-le sans guillemets.",
        ),
        NotASecret::Invisible => (
            "The secret holds blanks, line breaks or characters that nobody sees. Copy it again and put in one line.",
            "Le secret contient des espaces, des sauts de ligne ou des caractères invisibles. Recopiez-le sur une seule ligne.",
        ),
        NotASecret::Placeholder => (
            "The secret holds the placeholder of a guide. Put the real text in.",
            "Le secret contient le texte d'exemple d'un guide. Mettez-y le vrai.",
        ),
        NotASecret::LomiKey => (
            "The secret holds a secret key of lomi.'s API. It belongs into the secret that LomiSecretKeyArn names; put the right text in here.",
            "Le secret contient une clé secrète de l'API lomi. Sa place est dans le secret que désigne LomiSecretKeyArn ; mettez ici le bon texte.",
        ),
        NotASecret::PublishableKey => (
            "The secret holds a publishable key of lomi.'s, which every browser gets. Put the secret one in.",
            "Le secret contient une clé publiable lomi., que chaque navigateur reçoit. Mettez-y la secrète.",
        ),
        NotASecret::WebhookSecret => (
            "The secret holds a webhook's signing secret (whsec_...). It belongs into the secret that LomiWebhookSecretArn names; put the right text in here.",
            "Le secret contient le secret de signature d'un webhook (whsec_...). Sa place est dans le secret que désigne LomiWebhookSecretArn ; mettez ici le bon texte.",
        ),
        NotASecret::MoreThanIt => (
            "The secret holds more than a webhook's signing secret (a name, a comma, an address, two in a row) or something else, such as the webhook's id. Put in the secret alone.",
            "Le secret contient plus que le secret de signature d'un webhook (un nom, une virgule, une adresse, deux à la suite) ou autre chose, comme l'identifiant du webhook. Mettez-y le secret seul.",
        ),
        NotASecret::Length => (
            "The secret holds a text that is too short or too long. Copy it again, whole and alone.",
            "Le secret contient un texte trop court ou trop long. Recopiez-le en entier et seul.",
        ),
    };
    Finding::todo("unusable", en, fr)
}

pub(super) const ENDPOINT_MISSING: Finding = Finding::todo(
    "missing",
    "lomi. does not know this API's address. The stack registers it within five minutes. If it stays so, invoke the function webhook-endpoint: it says what to do.",
    "lomi. ne connaît pas l'adresse de cette API. La pile l'enregistre en moins de cinq minutes. Si cela dure, appelez la fonction webhook-endpoint : elle dit quoi faire.",
);
pub(super) const ENDPOINT_INACTIVE: Finding = Finding::todo(
    "inactive",
    "lomi. knows this API's address and sends nothing to it. Switch the webhook on in the lomi. dashboard.",
    "lomi. connaît l'adresse de cette API et n'y envoie rien. Activez le webhook dans le tableau de bord lomi.",
);
pub(super) const ENDPOINT_NOT_SUBSCRIBED: Finding = Finding::todo(
    "not_subscribed",
    "lomi. knows this API's address and sends it no payments. What the stack registered it mends within five minutes; to a webhook made by hand, add the event PAYMENT_SUCCEEDED in the lomi. dashboard.",
    "lomi. connaît l'adresse de cette API et ne lui envoie aucun paiement. Ce que la pile a enregistré, elle le répare en moins de cinq minutes ; à un webhook créé à la main, ajoutez l'événement PAYMENT_SUCCEEDED dans le tableau de bord lomi.",
);
pub(super) const ENDPOINT_UNKNOWN: Finding = Finding::todo(
    "unknown",
    "lomi. could not be asked for its webhooks. Mend lomi_key and environment first if they are not ok; otherwise look again in a minute.",
    "Les webhooks n'ont pas pu être demandés à lomi. Réglez d'abord lomi_key et environment s'ils ne sont pas en ordre ; sinon, revenez dans une minute.",
);

pub(super) const LIST_REFUSED: Finding = Finding::todo(
    "refused",
    "lomi. does not let the key read this list, so what webhooks miss is not found. Mend lomi_key first if it is not ok; otherwise make a new secret key in the lomi. dashboard, and if it stays so, ask lomi. why.",
    "lomi. ne laisse pas la clé lire cette liste : ce que les webhooks manquent n'est pas retrouvé. Réglez d'abord lomi_key si elle n'est pas en ordre ; sinon, créez une nouvelle clé secrète dans le tableau de bord lomi. et, si cela dure, demandez à lomi. pourquoi.",
);
pub(super) const LIST_UNREADABLE: Finding = Finding::todo(
    "unreadable",
    "lomi. answers with this list in a form that cannot be read, so what webhooks miss is not found. Deploy the newest version of this stack; if it stays so, report it.",
    "lomi. donne cette liste sous une forme illisible : ce que les webhooks manquent n'est pas retrouvé. Déployez la dernière version de cette pile ; si cela dure, signalez-le.",
);
pub(super) const LIST_REPEATS_ITSELF: Finding = Finding::todo(
    "repeats_first_page",
    "lomi. answers with the first page of this list again when it is asked for the next, so what webhooks miss is found on that page only. Tell lomi., and look into its dashboard for what is older.",
    "lomi. redonne la première page de cette liste quand on demande la suivante : ce que les webhooks manquent n'est retrouvé que sur cette page. Signalez-le à lomi. et cherchez le reste dans son tableau de bord.",
);
pub(super) const LIST_UNREACHABLE: Finding = Finding::todo(
    "unreachable",
    "lomi. did not answer when it was asked for this list. Look again in a minute; if it stays, look at its status page.",
    "lomi. n'a pas répondu quand cette liste lui a été demandée. Revenez dans une minute ; si cela dure, consultez sa page d'état.",
);
pub(super) const LIST_UNKNOWN: Finding = Finding::todo(
    "unknown",
    "lomi. could not be asked for this list. Mend lomi_key and environment first.",
    "Cette liste n'a pas pu être demandée à lomi. Réglez d'abord lomi_key et environment.",
);

pub(super) const NEVER_HEARD: Finding = Finding::todo(
    "never",
    "No event of lomi.'s has come yet. Send a test event from the lomi. dashboard.",
    "Aucun événement de lomi. n'est encore arrivé. Envoyez un événement de test depuis le tableau de bord lomi.",
);
pub(super) const UNKNOWN: Finding = Finding::todo(
    "unknown",
    "The table did not say. Mend table first if it is not ok; otherwise look again in a minute.",
    "La table ne l'a pas dit. Réglez d'abord table si elle n'est pas en ordre ; sinon, revenez dans une minute.",
);
pub(super) const TABLE_UNREACHABLE: Finding = Finding::todo(
    "unreachable",
    "DynamoDB did not answer. Look again in a minute; if it stays, look at the AWS status page and the stack's events.",
    "DynamoDB n'a pas répondu. Revenez dans une minute ; si cela dure, consultez la page d'état d'AWS et les événements de la pile.",
);

pub(super) const ORDERS_BACKLOG: Finding = Finding::todo(
    "backlog",
    "Orders have been due for more than ten minutes. Look at the reconciler's log: it runs every minute and says why.",
    "Des commandes attendent depuis plus de dix minutes. Consultez le journal du reconciler : il tourne chaque minute et dit pourquoi.",
);
pub(super) const QUARANTINE_WAITING: Finding = Finding::todo(
    "waiting",
    "Events were put aside and wait for you in GET /admin/quarantine.",
    "Des événements mis de côté vous attendent dans GET /admin/quarantine.",
);
