//! The texts of the pages in French and English.

use http::{HeaderMap, header};

#[derive(Debug)]
pub(super) struct Messages {
    pub(super) lang: &'static str,
    pub(super) test_ribbon: &'static str,
    pub(super) pay_title: &'static str,
    pub(super) name: &'static str,
    pub(super) email: &'static str,
    pub(super) phone: &'static str,
    pub(super) coupon: &'static str,
    pub(super) card_number: &'static str,
    pub(super) card_hint: &'static str,
    pub(super) wallet_hint: &'static str,
    pub(super) pay_with: &'static str,
    pub(super) by_card: &'static str,
    pub(super) cancel: &'static str,
    pub(super) outcome: &'static str,
    pub(super) approve: &'static str,
    pub(super) decline: &'static str,
    pub(super) abandon: &'static str,
    pub(super) declined: &'static str,
    pub(super) challenge: &'static str,
    pub(super) challenge_pass: &'static str,
    pub(super) challenge_fail: &'static str,
    pub(super) paid: &'static str,
    pub(super) cancelled: &'static str,
    pub(super) waiting: &'static str,
    pub(super) over: &'static str,
    pub(super) unknown_session: &'static str,
    pub(super) link_over: &'static str,
    pub(super) unknown_link: &'static str,
    pub(super) no_method: &'static str,
    pub(super) rail_not_allowed: &'static str,
    pub(super) back_to_shop: &'static str,
}

static ENGLISH: Messages = Messages {
    lang: "en",
    test_ribbon: "Test mode: no money moves",
    pay_title: "Payment",
    name: "Name",
    email: "E-mail",
    phone: "Phone",
    coupon: "Coupon (MOINS10 takes 10 % off, GRATUIT all of it)",
    card_number: "Card number",
    card_hint: "4242 4242 4242 4242 works, 4000 0000 0000 0002 is declined, 4000 0025 0000 3155 asks the bank.",
    wallet_hint: "In test mode a mobile money payment is complete at once, even if you then turn back.",
    pay_with: "Pay with",
    by_card: "Pay by card",
    cancel: "Cancel and return to the shop",
    outcome: "Simulated outcome",
    approve: "approve",
    decline: "decline",
    abandon: "abandon",
    declined: "The payment was declined. You can try again.",
    challenge: "Your bank asks you to confirm this payment.",
    challenge_pass: "Confirm",
    challenge_fail: "Refuse",
    paid: "This payment has been made. Thank you.",
    cancelled: "You left the payment. Nothing was charged by this page.",
    waiting: "Confirm the payment on your phone. You can close this page.",
    over: "This payment session is over.",
    unknown_session: "There is no such payment session.",
    link_over: "This payment link is no longer active.",
    unknown_link: "There is no such payment link.",
    no_method: "No payment method was chosen.",
    rail_not_allowed: "This shop does not take that payment method.",
    back_to_shop: "Continue",
};

static FRENCH: Messages = Messages {
    lang: "fr",
    test_ribbon: "Mode test : aucun argent ne circule",
    pay_title: "Paiement",
    name: "Nom",
    email: "E-mail",
    phone: "Téléphone",
    coupon: "Code promo (MOINS10 enlève 10 %, GRATUIT enlève tout)",
    card_number: "Numéro de carte",
    card_hint: "4242 4242 4242 4242 fonctionne, 4000 0000 0000 0002 est refusée, 4000 0025 0000 3155 interroge la banque.",
    wallet_hint: "En mode test, un paiement mobile est accepté aussitôt, même si vous revenez ensuite en arrière.",
    pay_with: "Payer avec",
    by_card: "Payer par carte",
    cancel: "Annuler et revenir à la boutique",
    outcome: "Résultat simulé",
    approve: "accepter",
    decline: "refuser",
    abandon: "abandonner",
    declined: "Le paiement a été refusé. Vous pouvez réessayer.",
    challenge: "Votre banque vous demande de confirmer ce paiement.",
    challenge_pass: "Confirmer",
    challenge_fail: "Refuser",
    paid: "Ce paiement a été effectué. Merci.",
    cancelled: "Vous avez quitté le paiement. Cette page n’a rien débité.",
    waiting: "Confirmez le paiement sur votre téléphone. Vous pouvez fermer cette page.",
    over: "Cette session de paiement est terminée.",
    unknown_session: "Cette session de paiement n’existe pas.",
    link_over: "Ce lien de paiement n’est plus actif.",
    unknown_link: "Ce lien de paiement n’existe pas.",
    no_method: "Aucun moyen de paiement n’a été choisi.",
    rail_not_allowed: "Cette boutique n’accepte pas ce moyen de paiement.",
    back_to_shop: "Continuer",
};

impl Messages {
    /// The first of French and English that the browser names; English when it names neither.
    pub(super) fn for_reader(headers: &HeaderMap) -> &'static Self {
        let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let tags = accepted.split(',').map(|tag| tag.trim().to_ascii_lowercase());
        let mut known = tags.filter_map(|tag| match tag.get(..2) {
            Some("fr") => Some(&FRENCH),
            Some("en") => Some(&ENGLISH),
            _ => None,
        });
        known.next().unwrap_or(&ENGLISH)
    }
}
