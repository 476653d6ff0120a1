/** cancel.html: the shopper turned back at the payment page. Tells the backend, keeps the cart, offers the way on. */
import { cartLines, onCart } from "./cart.js";
import { onLanguage, t } from "./i18n.js";
import { checkout, languageSwitch, lineList, notice, payButton, payLabel } from "./ui.js";

const PAID = ["paid", "partially_refunded", "refunded"];
const byId = (id) => document.getElementById(id);
let told = "cancelled.telling";

function show() {
  document.title = `${t("cancelled.title")} · ${t("shop.name")}`;
  byId("told").replaceChildren(...(told ? [notice("info", t(told))] : []));
  byId("lines").replaceChildren(lineList(cartLines()));
  byId("cart").hidden = cartLines().length === 0;
  byId("pay").hidden = cartLines().length === 0;
}

async function tell() {
  try {
    const order = await checkout.cancel();
    // Paid in another tab or a moment ago: the receipt is the right page, also for an order shown as cancelled.
    if (PAID.includes(order.status)) location.replace("return.html");
    told = null;
  } catch (error) {
    told = error.status === 404 ? null : "cancelled.untold";
  }
  document.querySelector("main").dataset.told = told === null ? "yes" : "no";
  show();
}

languageSwitch();
payButton(byId("pay"), byId("pay-output"), payLabel);
onCart(show);
onLanguage(show);
if (checkout) tell();
