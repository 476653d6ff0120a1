/** Shared by the pages: the shop's checkout, the language switch, the pay button, small DOM helpers. */
import { createCheckout } from "./checkout.js";
import { cartLines, items, onCart, submitted, total } from "./cart.js";
import { language, money, onLanguage, setLanguage, t, translatePage } from "./i18n.js";

const SLOW_AFTER_MS = 6_000;
const NAVIGATION_MAX_MS = 20_000;

/** What lomi's SDK loads, frames and calls: Stripe, and lomi's API, to which it sends the page's domain. */
const SDK_SCRIPTS = ["https://js.stripe.com", "https://*.js.stripe.com"];
const SDK_FRAMES = [...SDK_SCRIPTS, "https://hooks.stripe.com"];
const SDK_CONNECTS = ["https://api.stripe.com", "https://api.lomi.africa", "https://sandbox.api.lomi.africa"];

/** The checkout of config.js; null, with a message on the page, when that file is missing. */
export const checkout = connect(globalThis.CHECKOUT_CONFIG);

function connect(config) {
  if (!config?.api) {
    document.querySelector("main").before(notice("error", t("error.config")));
    return null;
  }
  const api = config.api.replace(/\/+$/, "");
  narrow(new URL(api).origin, config.card);
  return createCheckout({ api, language });
}

/** The pages' own policies cannot name these origins. A policy added later can only restrict further. */
function narrow(api, card) {
  const takesCards = document.querySelector("main").hasAttribute("data-card");
  const policy = takesCards && card
    ? cardPolicy(api, card)
    : `script-src 'self'; connect-src ${api}; img-src 'self' https: ${api}; frame-src 'none'`;
  document.head.append(element("meta", { "http-equiv": "Content-Security-Policy", content: policy }));
}

/** `scripts`, `frames` and `connects` replace the origins of lomi's SDK for a form that needs others. */
function cardPolicy(api, { script, scripts = SDK_SCRIPTS, frames = SDK_FRAMES, connects = SDK_CONNECTS }) {
  const { origin } = new URL(script, location.href);
  const sources = (...origins) => origins.flat().join(" ");
  return `script-src ${sources("'self'", origin, scripts)}; connect-src ${sources(api, origin, connects)}; frame-src ${sources(frames) || "'none'"}`;
}

/** Children are appended as text or nodes: data is never parsed as markup. */
export function element(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null && value !== false) node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null));
  return node;
}

/** `kind` is error, info or good. */
export function notice(kind, ...children) {
  return element("p", { class: `notice notice-${kind}` }, ...children);
}

/** An error in the shopper's language: the backend's message where there is one, and the request's id. */
export function problemNotice(error) {
  const text = error.message || t(error.code === "network" ? "error.network" : "error.other");
  const reference = error.requestId ? element("small", {}, t("error.reference", { id: error.requestId })) : null;
  return notice("error", text, reference);
}

/** Translates the page and wires the FR/EN switch in the header. */
export function languageSwitch() {
  translatePage();
  const buttons = document.querySelectorAll("[data-language]");
  for (const button of buttons) button.addEventListener("click", () => setLanguage(button.dataset.language));
  onLanguage(() => {
    for (const button of buttons) button.setAttribute("aria-pressed", String(button.dataset.language === language()));
  });
}

/**
 * Makes `button` pay the cart and shows progress and errors in `output`, a live region. The button works again when the payment
 * fails, when the shopper comes back with the back button, and when the payment page never loads.
 */
export function payButton(button, output, label) {
  let busy = false;
  const show = () => {
    const sum = total();
    button.setAttribute("aria-disabled", String(busy || sum === null || sum.mixed === true || checkout === null));
    button.classList.toggle("busy", busy);
    button.textContent = busy ? t("pay.busy") : label(sum);
  };
  const setBusy = (value) => { busy = value; show(); };
  button.addEventListener("click", async () => {
    if (button.getAttribute("aria-disabled") === "true") return;
    setBusy(true);
    output.replaceChildren();
    const slow = setTimeout(() => output.replaceChildren(notice("info", t("pay.slow"))), SLOW_AFTER_MS);
    try {
      await payCart();
      setTimeout(() => setBusy(false), NAVIGATION_MAX_MS);
    } catch (error) {
      output.replaceChildren(problemNotice(error));
      setBusy(false);
    } finally {
      clearTimeout(slow);
    }
  });
  addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    output.replaceChildren();
    setBusy(false);
  });
  onCart(show);
  onLanguage(show);
}

/** The cart's part of both request bodies; the same in both languages, because a different body opens a different order. */
export const cartOrder = () => ({ items: items(), title: "Boutique Baobab" });

async function payCart() {
  const bought = cartLines();
  const opened = await checkout.pay({
    ...cartOrder(),
    success_url: new URL("return.html", location.href).href,
    cancel_url: new URL("cancel.html", location.href).href,
  });
  submitted(opened.order_id, bought);
}

/** "Pay 12 500 F CFA", or just "Pay" while there is nothing to add up. */
export const payLabel = (sum) => (sum && !sum.mixed ? t("pay.button", { total: money(sum.amount, sum.currency_code) }) : t("pay.button.empty"));

/** The lines, read-only: title, quantity, amount. */
export function lineList(lines) {
  return element("ul", { class: "lines" }, ...lines.map((line) => element("li", {},
    element("span", { class: "what" }, line.open ? line.title : `${line.quantity} × ${line.title}`),
    element("span", { class: "amount" }, money(line.unit_amount * line.quantity, line.currency_code)))));
}
