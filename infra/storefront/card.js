/**
 * card.html: a card form on the shop's own page. The shopper first enters a name and an e-mail address, which lomi requires,
 * while lomi's SDK and Stripe's script load. Then the page opens the order, mounts the form with its client_secret, which stays
 * in this module's memory, and confirms the payment. If no form appears, the page offers lomi's hosted page.
 */
import { cartLines, onCart, submitted, total } from "./cart.js";
import { CheckoutError } from "./checkout.js";
import { money, onLanguage, t } from "./i18n.js";
import { cartOrder, checkout, element, languageSwitch, lineList, notice, payButton, payLabel, problemNotice } from "./ui.js";

const SDK_TIMEOUT_MS = 20_000; // lomi's script and Stripe's, together
const FORM_TIMEOUT_MS = 15_000; // from mount() to the event "ready"
/** lomi's theme names -> Stripe's, whose form lomi's SDK wraps. */
const THEMES = { light: "stripe", dark: "night", flat: "flat" };
/** The SDK's error codes -> our texts; for any other code the SDK's own localised message is shown. */
const REASONS = {
  card_declined: "declined", expired_card: "declined", insufficient_funds: "funds", authentication_failed: "unconfirmed",
  incorrect_number: "details", invalid_number: "details", incorrect_cvc: "details", invalid_cvc: "details", invalid_expiry: "details",
  incomplete_number: "details", incomplete_cvc: "details", incomplete_expiry: "details", network: "failed",
};
const LOOK = { appearance_theme: "flat", appearance_border_radius: 8 };
const byId = (id) => document.getElementById(id);
const { script, frames } = globalThis.CHECKOUT_CONFIG?.card ?? {};
let sdk = null; // the promise of the SDK, started once
let form = null; // {lomi, elements, card, opened, lines, sum} once the form is mounted
let isReady = false; // the form takes a card
let isOffered = true;
let busy = false;

function show() {
  document.title = `${t("card.title")} · ${t("shop.name")}`;
  const lines = form?.lines ?? cartLines();
  const sum = form?.sum ?? total();
  const payable = sum !== null && sum.mixed !== true;
  byId("lines").replaceChildren(lineList(lines));
  byId("cart-empty").hidden = sum !== null;
  byId("total").textContent = payable ? money(sum.amount, sum.currency_code) : "–";
  byId("lead").hidden = !isOffered;
  byId("contact").hidden = form !== null || !payable || !isOffered;
  byId("form").hidden = form === null;
  byId("test-cards").hidden = frames?.length !== 0; // lomi-sandbox's test cards: only its form needs no frame
  for (const [id, label] of [["next", t("card.next")], ["confirm", payLabel(sum)]]) {
    const waits = busy || (id === "confirm" && !isReady);
    byId(id).setAttribute("aria-disabled", String(waits || checkout === null));
    byId(id).classList.toggle("busy", waits);
    byId(id).textContent = waits ? t("pay.busy") : label;
  }
}

/** Runs `work` unless it is already running; the buttons show it. */
async function alone(work) {
  if (busy || checkout === null) return;
  busy = true;
  byId("output").replaceChildren();
  show();
  try {
    await work();
  } catch (error) {
    if (error.code === "card_unavailable") elsewhere("unavailable");
    else say(problemNotice(error));
  } finally {
    busy = false;
    show();
  }
}

function say(box) {
  box.setAttribute("role", "alert");
  byId("output").replaceChildren(box);
}

/**
 * Offers lomi's hosted page, which may take the card although no form can be shown here. Destroys a form that never became
 * ready, so that its order takes no card in this tab; `pay` then reads that order, and cancels it unless it is paid.
 */
function elsewhere(why) {
  form?.card.destroy?.();
  byId("fields").replaceChildren();
  [form, isReady, isOffered] = [null, false, false];
  document.querySelector("main").dataset.step = "elsewhere";
  byId("hosted").hidden = false;
  say(notice("info", t(`card.${why}`)));
  show();
}

async function openForm() {
  const [lines, sum] = [cartLines(), total()];
  const who = { customer_name: byId("name").value.trim(), customer_email: byId("email").value.trim() };
  // Before the order is opened: without a form there is then no order to cancel.
  const { lomi, why } = await loadSdk();
  if (!lomi) return elsewhere(why);
  const opened = await checkout.createPaymentIntent({ ...cartOrder(), ...who, ...LOOK });
  submitted(opened.order_id, lines);
  if (!opened.client_secret) return receipt(opened);
  try {
    form = { lomi, ...formOf(lomi, opened), opened, lines, sum };
    document.querySelector("main").dataset.step = "card";
    show();
    form.card.mount(byId("fields"));
    byId("form-title").focus();
  } catch { // the SDK refused the client_secret or the options
    elsewhere("blocked");
  }
}

/** The form, with the appearance that lomi answered. It is ready on its event "ready"; after FORM_TIMEOUT_MS it is given up. */
function formOf(lomi, { client_secret, appearance }) {
  const { theme, border_radius, billing_address } = appearance ?? {};
  const look = { theme: THEMES[theme] ?? theme ?? undefined, variables: border_radius == null ? undefined : { borderRadius: `${border_radius}px` } };
  const elements = lomi.elements({ clientSecret: client_secret, locale: document.documentElement.lang, appearance: look });
  const card = elements.create("payment", billing_address ? { fields: { billingDetails: { address: billing_address } } } : {});
  isReady = !card.on; // a form without events counts as ready
  const lost = () => form?.card === card && elsewhere("blocked");
  const late = isReady ? null : setTimeout(lost, FORM_TIMEOUT_MS);
  card.on?.("ready", () => {
    clearTimeout(late);
    isReady = form?.card === card;
    show();
  });
  card.on?.("loaderror", () => {
    clearTimeout(late);
    lost();
  });
  return { elements, card };
}

async function confirm() {
  if (!isReady) return;
  const { lomi, elements, opened } = form;
  // Leaves this page only when the bank requires a redirect, which then returns to the receipt.
  const confirmParams = { return_url: receiptOf(opened) };
  const { error } = await lomi.confirmPayment({ elements, confirmParams, redirect: "if_required" });
  if (!error) return receipt(opened);
  const reason = REASONS[error.code];
  say(notice("error", reason ? t(`card.${reason}`) : error.message || t("card.failed")));
}

const receiptOf = (opened) => checkout.returnUrl(new URL("return.html", location.href).href, opened);
const receipt = (opened) => location.assign(receiptOf(opened));

/** {lomi}, or {why} there can be no form. A failed load is retried on the next call; throws when the API does not answer. */
function loadSdk() {
  sdk ??= loadedSdk().catch((error) => {
    sdk = null;
    if (error instanceof CheckoutError) throw error;
    return { why: "blocked" };
  });
  return sdk;
}

async function loadedSdk() {
  const { publishable_key } = await checkout.cardForm();
  if (!script || !publishable_key) return { why: "unavailable" };
  const lomi = await inTime(SDK_TIMEOUT_MS, loadScript().then((loadLomi) => loadLomi(publishable_key)));
  return { lomi };
}

function loadScript() {
  return new Promise((resolve, reject) => {
    const tag = element("script", { async: true, src: script });
    tag.addEventListener("load", () => (globalThis.loadLomi ? resolve(globalThis.loadLomi) : reject(new Error("no loadLomi"))));
    tag.addEventListener("error", reject);
    document.head.append(tag);
  });
}

const inTime = (ms, work) => Promise.race([work, new Promise((_, reject) => { setTimeout(reject, ms, new Error("too late")); })]);

languageSwitch();
payButton(byId("hosted"), byId("pay-output"), () => t("card.hosted"));
for (const [id, work] of [["contact", openForm], ["form", confirm]]) {
  byId(id).addEventListener("submit", (event) => {
    event.preventDefault();
    alone(work);
  });
}
// Restored from the back/forward cache: the order may be paid by now.
addEventListener("pageshow", (event) => event.persisted && location.reload());
onCart(show);
onLanguage(show);
// Loads the SDK while the shopper types. `openForm` retries a failed load and reports it.
if (checkout) loadSdk().then(({ why }) => why === "unavailable" && elsewhere(why), () => null);
