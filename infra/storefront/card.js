/**
 * card.html: a card form on the shop's own page. Who pays is asked first, because lomi. wants to know, while lomi.'s SDK and
 * its processor's script are loaded; then the order is opened, the form mounted with its client_secret, which stays in this
 * module's memory, and the payment confirmed. Where no form comes, the shopper is led to lomi.'s own page.
 */
import { cartLines, onCart, submitted, total } from "./cart.js";
import { CheckoutError } from "./checkout.js";
import { money, onLanguage, t } from "./i18n.js";
import { cartOrder, checkout, element, languageSwitch, lineList, notice, payButton, payLabel, problemNotice } from "./ui.js";

const SDK_TIMEOUT_MS = 20_000; // lomi.'s script and its processor's, together
const FORM_TIMEOUT_MS = 15_000; // from the mounting to a form that takes a card
/** lomi.'s names for a look, in the words of the processor whose form its SDK wraps. */
const THEMES = { light: "stripe", dark: "night", flat: "flat" };
/** What the form's SDK says, in our words; anything else is its own localised message. */
const REASONS = {
  card_declined: "declined", expired_card: "declined", insufficient_funds: "funds", authentication_failed: "unconfirmed",
  incorrect_number: "details", invalid_number: "details", incorrect_cvc: "details", invalid_cvc: "details", invalid_expiry: "details",
  incomplete_number: "details", incomplete_cvc: "details", incomplete_expiry: "details", network: "failed",
};
/** How the form of this shop looks. */
const LOOK = { appearance_theme: "flat", appearance_border_radius: 8 };
const byId = (id) => document.getElementById(id);
const { script, frames } = globalThis.CHECKOUT_CONFIG?.card ?? {};
let sdk = null; // the loading of the SDK, begun once
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
  byId("test-cards").hidden = frames?.length !== 0; // the stand-in's cards: its form alone needs no frame
  for (const [id, label] of [["next", t("card.next")], ["confirm", payLabel(sum)]]) {
    const waits = busy || (id === "confirm" && !isReady);
    byId(id).setAttribute("aria-disabled", String(waits || checkout === null));
    byId(id).classList.toggle("busy", waits);
    byId(id).textContent = waits ? t("pay.busy") : label;
  }
}

/** Runs `work` unless it runs already; the buttons say so meanwhile. */
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
 * No form here: lomi.'s own page may take the card all the same, one tap away. A form that did not come is taken down, so that
 * its order takes no card in this tab any more; `pay` reads that order, and cancels it unless it is paid.
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
  // Before there is an order: nothing has to be given up where there can be no form.
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
  } catch { // the SDK does not take what it is given
    elsewhere("blocked");
  }
}

/** The form with the look that lomi. answered; it takes a card once it says so, or never. */
function formOf(lomi, { client_secret, appearance }) {
  const { theme, border_radius, billing_address } = appearance ?? {};
  const look = { theme: THEMES[theme] ?? theme ?? undefined, variables: border_radius == null ? undefined : { borderRadius: `${border_radius}px` } };
  const elements = lomi.elements({ clientSecret: client_secret, locale: document.documentElement.lang, appearance: look });
  const card = elements.create("payment", billing_address ? { fields: { billingDetails: { address: billing_address } } } : {});
  isReady = !card.on; // a form that tells nothing is taken for one that is there
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
  // Stays on this page unless the bank wants a page of its own, which then leads to the receipt.
  const confirmParams = { return_url: receiptOf(opened) };
  const { error } = await lomi.confirmPayment({ elements, confirmParams, redirect: "if_required" });
  if (!error) return receipt(opened);
  const reason = REASONS[error.code];
  say(notice("error", reason ? t(`card.${reason}`) : error.message || t("card.failed")));
}

const receiptOf = (opened) => checkout.returnUrl(new URL("return.html", location.href).href, opened);
const receipt = (opened) => location.assign(receiptOf(opened));

/** {lomi} or {why}: why there can be no form. A new try follows a failed one; an API that does not answer is an error. */
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

/** The SDK's entry. Its address comes from config.js alone. */
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
// Back from the receipt, as the page was left: its order may be paid by now.
addEventListener("pageshow", (event) => event.persisted && location.reload());
onCart(show);
onLanguage(show);
// While the shopper types. What fails is tried again, and told, when it is needed.
if (checkout) loadSdk().then(({ why }) => why === "unavailable" && elsewhere(why), () => null);
