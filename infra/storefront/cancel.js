/**
 * cancel.html: the shopper left the payment page. Cancels the order of the page's fragment, keeps the cart, offers to pay again.
 * Without an order in the fragment it cancels nothing unless the shopper presses the button to cancel the last order.
 */
import { cartLines, onCart } from "./cart.js";
import { onLanguage, t } from "./i18n.js";
import { checkout, languageSwitch, lineList, notice, payButton, payLabel } from "./ui.js";

const PAID = ["paid", "partially_refunded", "refunded"];
const PAYABLE = ["creating", "in_doubt", "open", "failed_attempt"];
const byId = (id) => document.getElementById(id);
let told = "cancelled.telling";
let state = "cancelled"; // or "uncancelled": nothing was cancelled

function show() {
  document.title = `${t(`${state}.title`)} · ${t("shop.name")}`;
  for (const part of ["title", "text"]) byId(part).textContent = t(`${state}.${part}`);
  byId("told").replaceChildren(...(told ? [notice("info", t(told))] : []));
  byId("lines").replaceChildren(lineList(cartLines()));
  byId("cart").hidden = cartLines().length === 0;
  byId("pay").hidden = cartLines().length === 0;
}

async function tell(options) {
  try {
    const order = await checkout.cancel(options);
    if (!order) return offer();
    state = "cancelled";
    byId("cancel").hidden = true;
    // Paid in another tab or a moment ago: show the receipt.
    if (PAID.includes(order.status)) location.replace("return.html");
    told = null;
  } catch (error) {
    told = error.status === 404 ? null : "cancelled.untold";
  }
  document.querySelector("main").dataset.told = told === null ? "yes" : "no";
  show();
}

/** Without an order in the fragment: offers to cancel the last one, while it can be paid. */
async function offer() {
  [state, told] = ["uncancelled", null];
  show();
  const last = await checkout.order().catch(() => null);
  byId("cancel").hidden = !PAYABLE.includes(last?.status);
  document.querySelector("main").dataset.told = "nothing";
}

languageSwitch();
byId("cancel").addEventListener("click", () => tell({ last: true }));
payButton(byId("pay"), byId("pay-output"), payLabel);
onCart(show);
onLanguage(show);
if (checkout) tell();
