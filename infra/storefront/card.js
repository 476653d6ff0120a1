/**
 * card.html: a card form on the shop's own page. Who pays is asked first, because lomi. wants to know; then the order is
 * opened, the form mounted with its client_secret, which stays in this module's memory, and the payment confirmed.
 */
import { cartLines, onCart, submitted, total } from "./cart.js";
import { money, onLanguage, t } from "./i18n.js";
import { cartOrder, checkout, element, languageSwitch, lineList, notice, payButton, payLabel, problemNotice } from "./ui.js";

const SCRIPT_TIMEOUT_MS = 20_000;
/** What the form's SDK says, in our words; anything else is its own localised message. */
const REASONS = {
  card_declined: "declined", expired_card: "declined", insufficient_funds: "funds", authentication_failed: "unconfirmed",
  incorrect_number: "details", invalid_number: "details", incorrect_cvc: "details", invalid_cvc: "details", invalid_expiry: "details",
  incomplete_number: "details", incomplete_cvc: "details", incomplete_expiry: "details", network: "failed",
};
const byId = (id) => document.getElementById(id);
const { script, frames } = globalThis.CHECKOUT_CONFIG?.card ?? {};
let sdk = null; // the loading of the SDK's script, begun once
let form = null; // {lomi, elements, opened, lines, sum} once the form is mounted
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
  byId("contact").hidden = form !== null || !payable || !isOffered;
  byId("form").hidden = form === null;
  byId("test-cards").hidden = frames !== undefined; // the stand-in's cards; a processor's form lives in frames of its own
  for (const [id, label] of [["next", t("card.next")], ["confirm", payLabel(sum)]]) {
    byId(id).setAttribute("aria-disabled", String(busy || checkout === null));
    byId(id).classList.toggle("busy", busy);
    byId(id).textContent = busy ? t("pay.busy") : label;
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
    say(error.code === "card_unavailable" ? unavailable() : problemNotice(error));
  } finally {
    busy = false;
    show();
  }
}

function say(box) {
  box.setAttribute("role", "alert");
  byId("output").replaceChildren(box);
}

/** lomi.'s own page may take the card all the same: one tap away. */
function unavailable() {
  isOffered = false;
  byId("hosted").hidden = false;
  return notice("info", t("card.unavailable"));
}

async function openForm() {
  const [lines, sum] = [cartLines(), total()];
  const who = { customer_name: byId("name").value.trim(), customer_email: byId("email").value.trim() };
  const loading = loadScript().catch(() => null); // while the order is opened
  const opened = await checkout.createPaymentIntent({ ...cartOrder(), ...who });
  submitted(opened.order_id, lines);
  if (!opened.client_secret) return receipt(opened);
  const loadLomi = await loading;
  if (loadLomi === null) return say(unavailable());
  const lomi = await loadLomi(opened.publishable_key);
  const elements = lomi.elements({ clientSecret: opened.client_secret, locale: document.documentElement.lang });
  form = { lomi, elements, opened, lines, sum };
  document.querySelector("main").dataset.step = "card";
  show();
  elements.create("payment").mount(byId("fields"));
  byId("form-title").focus();
}

async function confirm() {
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

/** The SDK's entry. Its address comes from config.js alone; a new try follows a failed one. */
function loadScript() {
  sdk ??= new Promise((resolve, reject) => {
    if (!script) throw new Error("config.js names no card form");
    const tag = element("script", { async: true, src: script });
    tag.addEventListener("load", () => (globalThis.loadLomi ? resolve(globalThis.loadLomi) : reject(new Error("no loadLomi"))));
    tag.addEventListener("error", reject);
    setTimeout(reject, SCRIPT_TIMEOUT_MS);
    document.head.append(tag);
  }).catch((error) => { sdk = null; throw error; });
  return sdk;
}

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
