/** The shop's texts and formats in French and English. Add a language by adding a dictionary. */
const DICTIONARIES = {
  fr: {
    "shop.name": "Boutique Baobab",
    "shop.tagline": "Artisanat et saveurs d’Afrique de l’Ouest",
    "shop.demo": "Démonstration",
    "nav.skip": "Aller au contenu",
    "nav.language": "Langue",
    "nav.shop": "Retour à la boutique",
    "products.title": "Catalogue",
    "products.loading": "Chargement du catalogue…",
    "products.slow": "La connexion est lente, chargement en cours…",
    "products.failed": "Le catalogue n’a pas pu être chargé.",
    "products.retry": "Réessayer",
    "products.empty": "Aucun article en vente pour le moment.",
    "product.add": "Ajouter",
    "product.add.label": "Ajouter {title} au panier",
    "product.give": "Ajouter ce montant",
    "product.added": "{title} est dans votre panier.",
    "product.open": "Montant libre",
    "amount.label": "Montant ({currency})",
    "amount.range": "De {min} à {max}",
    "amount.from": "À partir de {min}",
    "amount.upto": "Jusqu’à {max}",
    "amount.outside": "Ce montant n’est pas accepté. {range}.",
    "cart.title": "Votre panier",
    "cart.empty": "Votre panier est vide.",
    "cart.total": "Total",
    "cart.view": "Voir le panier",
    "cart.count.one": "{count} article",
    "cart.count.other": "{count} articles",
    "cart.quantity": "Quantité de {title}",
    "cart.less": "Un de moins\u00a0: {title}",
    "cart.more": "Un de plus\u00a0: {title}",
    "cart.remove": "Retirer",
    "cart.remove.label": "Retirer {title}",
    "cart.mixed": "Un paiement ne peut mêler plusieurs devises. Retirez les articles de l’une d’elles.",
    "cart.gone": "{title} n’est plus en vente et a été retiré du panier.",
    "pay.button": "Payer {total}",
    "pay.button.empty": "Payer",
    "pay.busy": "Un instant…",
    "pay.slow": "La connexion est lente. Restez sur cette page, vous ne paierez qu’une fois.",
    "pay.note": "« Payer » mène à la page sécurisée de lomi.\u00a0: carte, Wave, MTN.",
    "card.link": "Payer par carte ici",
    "card.title": "Payer par carte",
    "card.lead": "Sans quitter la boutique.",
    "card.name": "Nom",
    "card.email": "Adresse e-mail",
    "card.next": "Continuer vers la carte",
    "card.form": "Votre carte",
    "card.demo": "Démonstration : 4242 4242 4242 4242, 12/34, 123. Une carte qui se termine par 0002 est refusée, par 3155 demande une confirmation.",
    "card.unavailable": "Le paiement par carte sur cette page n’est pas disponible en ce moment. Vous pouvez payer sur la page sécurisée de lomi. : votre panier est intact.",
    "card.blocked": "Le formulaire de carte ne se charge pas ici. Vous pouvez payer sur la page sécurisée de lomi. : rien n’a été débité ici et votre panier est intact.",
    "card.hosted": "Payer sur la page de lomi.",
    "card.declined": "Votre banque a refusé cette carte. Rien n’a été débité ; essayez une autre carte.",
    "card.funds": "Le solde de cette carte ne suffit pas. Rien n’a été débité ; essayez une autre carte.",
    "card.unconfirmed": "Votre banque n’a pas confirmé le paiement. Rien n’a été débité ; essayez à nouveau.",
    "card.details": "Vérifiez le numéro, la date d’expiration et le code de la carte.",
    "card.failed": "Le paiement n’a pas abouti. Essayez à nouveau, ou avec une autre carte.",
    "confirming.title": "Nous confirmons votre paiement",
    "confirming.text": "Cela prend en général quelques secondes. Vous n’avez rien à faire.",
    "confirming.long": "C’est un peu plus long que d’habitude. Vous pouvez fermer cette page\u00a0: votre commande est enregistrée et le paiement sera pris en compte.",
    "confirming.offline": "La connexion est instable. Nous réessayons\u00a0; votre commande est en sécurité.",
    "confirming.stopped": "Pas encore de confirmation. Votre commande est enregistrée\u00a0; vous pouvez actualiser.",
    "confirming.again": "Actualiser",
    "held.title": "Votre paiement est en cours de vérification",
    "held.text": "Vous avez payé\u00a0: ne payez pas une seconde fois. lomi. vérifie le paiement avant de le verser à la boutique, ce qui peut prendre quelques jours. Votre commande sera confirmée ensuite\u00a0; si le paiement n’est pas accepté, vous serez remboursé.",
    "paid.title": "Paiement reçu",
    "paid.text": "Merci, votre commande est confirmée. Conservez ce reçu.",
    "paid.print": "Imprimer le reçu",
    "paid.after_cancel": "Vous aviez annulé, mais le paiement est bien arrivé\u00a0: votre commande est confirmée.",
    "paid.overpaid": "Nous avons reçu plus d’un paiement pour cette commande. Le commerçant vous contactera pour vous rembourser le surplus.",
    "refunded.title": "Commande remboursée",
    "refunded.text": "Le montant vous a été remboursé.",
    "partially_refunded.title": "Commande remboursée en partie",
    "partially_refunded.text": "Une partie du montant vous a été remboursée.",
    "failed.title": "Le paiement n’a pas abouti",
    "failed.text": "Votre panier est intact. Vous pouvez réessayer, avec le même moyen de paiement ou un autre.",
    "expired.title": "La page de paiement a expiré",
    "expired.text": "Elle n’est ouverte que pour un temps limité. Votre panier est intact, vous pouvez recommencer.",
    "rejected.title": "Le paiement n’a pas pu être ouvert",
    "rejected.text": "Rien n’a été débité. Votre panier est intact, vous pouvez recommencer.",
    "cancelled.title": "Paiement annulé",
    "cancelled.text": "Rien ne sera livré pour cette commande. Votre panier est intact.",
    "cancelled.telling": "Nous annulons la commande…",
    "uncancelled.title": "Rien n’a été annulé",
    "uncancelled.text": "Cette page annule seulement la commande indiquée dans son lien. Votre panier est intact.",
    "uncancelled.button": "Annuler ma dernière commande",
    "cancelled.untold": "L’annulation n’a pas pu être transmise à la boutique. Sans paiement, la commande expirera automatiquement.",
    "unknown.title": "Commande introuvable",
    "unknown.text": "Ce lien ne correspond à aucune commande que ce navigateur peut voir.",
    "retry.button": "Réessayer le paiement",
    "receipt.order": "Commande",
    "receipt.amount": "Montant",
    "receipt.date": "Date",
    "receipt.means": "Moyen de paiement",
    "receipt.transaction": "Transaction",
    "receipt.items": "Articles",
    "error.network": "La boutique ne répond pas. Vérifiez votre connexion et réessayez\u00a0: vous ne paierez qu’une fois.",
    "error.other": "Une erreur est survenue. Réessayez dans un instant.",
    "error.reference": "Référence\u00a0: {id}",
    "error.config": "config.js est absent ou ne contient pas l’adresse de l’API.",
  },
  en: {
    "shop.name": "Baobab Shop",
    "shop.tagline": "Crafts and flavours of West Africa",
    "shop.demo": "Demonstration",
    "nav.skip": "Skip to content",
    "nav.language": "Language",
    "nav.shop": "Back to the shop",
    "products.title": "Catalogue",
    "products.loading": "Loading the catalogue…",
    "products.slow": "The connection is slow, still trying…",
    "products.failed": "The catalogue could not be loaded.",
    "products.retry": "Try again",
    "products.empty": "Nothing for sale at the moment.",
    "product.add": "Add",
    "product.add.label": "Add {title} to the cart",
    "product.give": "Add this amount",
    "product.added": "{title} is in your cart.",
    "product.open": "Choose your amount",
    "amount.label": "Amount ({currency})",
    "amount.range": "From {min} to {max}",
    "amount.from": "From {min}",
    "amount.upto": "Up to {max}",
    "amount.outside": "This amount is not accepted. {range}.",
    "cart.title": "Your cart",
    "cart.empty": "Your cart is empty.",
    "cart.total": "Total",
    "cart.view": "View cart",
    "cart.count.one": "{count} item",
    "cart.count.other": "{count} items",
    "cart.quantity": "Quantity of {title}",
    "cart.less": "One fewer: {title}",
    "cart.more": "One more: {title}",
    "cart.remove": "Remove",
    "cart.remove.label": "Remove {title}",
    "cart.mixed": "One payment cannot mix currencies. Remove the items of one of them.",
    "cart.gone": "{title} is no longer for sale and was removed from your cart.",
    "pay.button": "Pay {total}",
    "pay.button.empty": "Pay",
    "pay.busy": "One moment…",
    "pay.slow": "The connection is slow. Stay on this page, you will pay only once.",
    "pay.note": "“Pay” leads to lomi.’s secure page: card, Wave, MTN.",
    "card.link": "Pay by card here",
    "card.title": "Pay by card",
    "card.lead": "Without leaving the shop.",
    "card.name": "Name",
    "card.email": "E-mail address",
    "card.next": "Continue to your card",
    "card.form": "Your card",
    "card.demo": "Demonstration: 4242 4242 4242 4242, 12/34, 123. A card that ends in 0002 is declined, one that ends in 3155 asks for a confirmation.",
    "card.unavailable": "Card payment on this page is not available at the moment. You can pay on lomi.’s secure page: your cart is untouched.",
    "card.blocked": "The card form does not load here. You can pay on lomi.’s secure page: nothing was charged here and your cart is untouched.",
    "card.hosted": "Pay on lomi.’s page",
    "card.declined": "Your bank declined this card. Nothing was charged; try another card.",
    "card.funds": "This card’s balance is too low. Nothing was charged; try another card.",
    "card.unconfirmed": "Your bank did not confirm the payment. Nothing was charged; try again.",
    "card.details": "Check the card’s number, expiry date and code.",
    "card.failed": "The payment did not go through. Try again, or with another card.",
    "confirming.title": "We are confirming your payment",
    "confirming.text": "This usually takes a few seconds. There is nothing you need to do.",
    "confirming.long": "This takes a little longer than usual. You may close this page: your order is saved and your payment will be recorded.",
    "confirming.offline": "The connection is unstable. We keep trying; your order is safe.",
    "confirming.stopped": "No confirmation yet. Your order is saved; you can refresh.",
    "confirming.again": "Refresh",
    "held.title": "Your payment is under review",
    "held.text": "You have paid: do not pay again. lomi. reviews the payment before the shop receives it, which may take a few days. Your order is confirmed after that; if the payment is not accepted, you get your money back.",
    "paid.title": "Payment received",
    "paid.text": "Thank you, your order is confirmed. Keep this receipt.",
    "paid.print": "Print the receipt",
    "paid.after_cancel": "You had cancelled, but your payment arrived: your order is confirmed.",
    "paid.overpaid": "We received more than one payment for this order. The merchant will contact you to refund the excess.",
    "refunded.title": "Order refunded",
    "refunded.text": "The amount was refunded to you.",
    "partially_refunded.title": "Order partly refunded",
    "partially_refunded.text": "Part of the amount was refunded to you.",
    "failed.title": "The payment did not go through",
    "failed.text": "Your cart is untouched. You can try again, with the same payment method or another.",
    "expired.title": "The payment page has expired",
    "expired.text": "It is open for a limited time only. Your cart is untouched, you can start again.",
    "rejected.title": "The payment could not be opened",
    "rejected.text": "Nothing was charged. Your cart is untouched, you can start again.",
    "cancelled.title": "Payment cancelled",
    "cancelled.text": "Nothing will be delivered for this order. Your cart is untouched.",
    "cancelled.telling": "Cancelling the order…",
    "uncancelled.title": "Nothing was cancelled",
    "uncancelled.text": "This page cancels only the order that its link names. Your cart is untouched.",
    "uncancelled.button": "Cancel my last order",
    "cancelled.untold": "The shop could not be reached. The order expires automatically unless it is paid.",
    "unknown.title": "Order not found",
    "unknown.text": "This link matches no order that this browser can see.",
    "retry.button": "Try the payment again",
    "receipt.order": "Order",
    "receipt.amount": "Amount",
    "receipt.date": "Date",
    "receipt.means": "Payment method",
    "receipt.transaction": "Transaction",
    "receipt.items": "Items",
    "error.network": "The shop does not answer. Check your connection and try again: you will pay only once.",
    "error.other": "Something went wrong. Try again in a moment.",
    "error.reference": "Reference: {id}",
    "error.config": "config.js is missing or does not set the API’s address.",
  },
};
const REGIONS = { fr: "fr-FR", en: "en-GB" };
const DECIMALS = { XOF: 0, USD: 2, EUR: 2 };
const REMEMBERED = "shop.language";
const listeners = new Set();
let current = initial();

function initial() {
  try {
    const remembered = localStorage.getItem(REMEMBERED);
    if (remembered in DICTIONARIES) return remembered;
  } catch { /* storage denied: follow the browser */ }
  const wanted = (navigator.languages ?? [navigator.language]).map((tag) => tag.slice(0, 2).toLowerCase());
  return wanted.find((tag) => tag in DICTIONARIES) ?? "fr";
}

export const language = () => current;

export function setLanguage(tag) {
  current = tag;
  try { localStorage.setItem(REMEMBERED, tag); } catch { /* lasts as long as the page */ }
  translatePage();
  for (const listener of listeners) listener();
}

/** Runs now and after every change of language. */
export function onLanguage(listener) {
  listeners.add(listener);
  listener();
}

/** Adds a page's own texts: {fr: {...}, en: {...}}. */
export function addTexts(dictionaries) {
  for (const tag of Object.keys(DICTIONARIES)) Object.assign(DICTIONARIES[tag], dictionaries[tag]);
}

/** The text for a word of the API, or the word itself when it is newer than this page. */
export const word = (kind, value) => DICTIONARIES[current][`${kind}.${value}`] ?? String(value);

/** The text for `key`, with its {placeholders} filled in. */
export function t(key, values = {}) {
  return DICTIONARIES[current][key].replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

/** "1 item", "3 items": French counts 0 as one, English does not. */
export const count = (number) => t(new Intl.PluralRules(current).select(number) === "one" ? "cart.count.one" : "cart.count.other", { count: number });

/** Sets the text of every element with `data-t`, and the accessible name of every element with `data-t-label`. */
export function translatePage(root = document) {
  document.documentElement.lang = current;
  for (const node of root.querySelectorAll("[data-t]")) node.textContent = t(node.dataset.t);
  for (const node of root.querySelectorAll("[data-t-label]")) node.setAttribute("aria-label", t(node.dataset.tLabel));
}

const decimalsOf = (currency) => DECIMALS[currency] ?? 2;

/** `amountMinor` as decimal text, by moving digits: 1250 cents are "12.50". No floating-point arithmetic. */
function decimalText(amountMinor, currency) {
  const decimals = decimalsOf(currency);
  const digits = String(amountMinor).padStart(decimals + 1, "0");
  return decimals === 0 ? digits : `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}

/** An integer in minor units, as the shopper's language writes it. */
export function money(amountMinor, currency) {
  const decimals = decimalsOf(currency);
  const digits = { minimumFractionDigits: decimals, maximumFractionDigits: decimals };
  return new Intl.NumberFormat(REGIONS[current], { style: "currency", currency, ...digits }).format(decimalText(amountMinor, currency));
}

/** A moment (RFC 3339) in the shopper's own time zone. */
export const moment = (rfc3339) => new Intl.DateTimeFormat(REGIONS[current], { dateStyle: "long", timeStyle: "short" }).format(new Date(rfc3339));
