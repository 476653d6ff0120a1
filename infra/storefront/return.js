/** return.html: waits until the order is paid, then shows the receipt; offers to pay again when the payment failed. */
import { cartLines, linesOf, settle } from "./cart.js";
import { money, moment, onLanguage, t } from "./i18n.js";
import { checkout, element, languageSwitch, lineList, notice, payButton, problemNotice } from "./ui.js";

const LONG_AFTER_MS = 45_000;
const STATE_OF_STATUS = {
  creating: "confirming", in_doubt: "confirming", open: "confirming", failed_attempt: "failed", expired: "expired", rejected: "rejected",
  cancelled: "cancelled", paid: "paid", partially_refunded: "partially_refunded", refunded: "refunded",
};
const RECEIPTS = ["paid", "partially_refunded", "refunded"];
const RETRIES = ["failed", "expired", "rejected", "cancelled"];
const MEANS = { CARDS: { fr: "Carte", en: "Card" }, MOBILE_MONEY: { fr: "Mobile money", en: "Mobile money" }, BANK_TRANSFER: { fr: "Virement", en: "Bank transfer" } };
const byId = (id) => document.getElementById(id);
let following = new AbortController();
let view = { state: "confirming", order: null, notices: [] };

function show(next) {
  const changed = next.state !== view.state;
  view = next;
  const { state, order, notices } = view;
  document.querySelector("main").dataset.state = state;
  document.title = `${t(`${state}.title`)} · ${t("shop.name")}`;
  write(byId("title"), t(`${state}.title`));
  write(byId("text"), t(`${state}.text`));
  byId("notices").replaceChildren(...notices.map((make) => make()));
  byId("receipt").replaceChildren(...(order ? receipt(order) : []));
  byId("retry").hidden = !RETRIES.includes(state) || cartLines().length === 0;
  byId("print").hidden = !RECEIPTS.includes(state);
  if (changed) byId("title").focus();
}

/** Skips unchanged text: a screen reader would repeat it at every poll. */
function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

function receipt(order) {
  const { payment } = order;
  const rows = [
    ["receipt.order", order.order_id],
    ["receipt.amount", money(order.amount - (payment?.discount_amount ?? 0), order.currency_code)],
    payment?.paid_at ? ["receipt.date", moment(payment.paid_at)] : null,
    payment ? ["receipt.means", meansOf(payment)] : null,
    payment?.transaction_id ? ["receipt.transaction", payment.transaction_id] : null,
  ].filter((row) => row && row[1]);
  const lines = linesOf(order.order_id);
  return [
    element("dl", {}, ...rows.flatMap(([key, value]) => [element("dt", {}, t(key)), element("dd", {}, value)])),
    lines.length > 0 ? lineList(lines) : "",
  ];
}

function meansOf({ provider_code, payment_method_code }) {
  const method = MEANS[payment_method_code]?.[document.documentElement.lang] ?? payment_method_code;
  return [method, provider_code === "STRIPE" ? null : provider_code].filter(Boolean).join(" · ");
}

function update({ order, error }, startedMs) {
  const said = STATE_OF_STATUS[order?.status] ?? "confirming";
  const state = order?.payment_held && !RECEIPTS.includes(said) ? "held" : said;
  const notices = [];
  if (RECEIPTS.includes(state)) settle(order.order_id);
  if (order?.paid_after_cancel) notices.push(() => notice("info", t("paid.after_cancel")));
  if (order?.overpaid) notices.push(() => notice("info", t("paid.overpaid")));
  if (error) notices.push(() => notice("info", t("confirming.offline")));
  else if (state === "confirming" && Date.now() - startedMs > LONG_AFTER_MS) notices.push(() => notice("info", t("confirming.long")));
  show({ state, order, notices });
}

async function follow() {
  following.abort();
  following = new AbortController();
  const { signal } = following;
  byId("again").hidden = true;
  const startedMs = Date.now();
  try {
    const last = await checkout.waitForOrder((news) => update(news, startedMs), { signal });
    if (signal.aborted || last?.poll_after_ms === null) return;
    byId("again").hidden = false;
    show({ ...view, notices: [() => notice("info", t("confirming.stopped"))] });
  } catch (error) {
    const unknown = error.status === 404 || error.status === 401;
    byId("again").hidden = unknown;
    if (unknown) show({ state: "unknown", order: null, notices: [] });
    else show({ ...view, notices: [() => problemNotice(error)] });
  }
}

languageSwitch();
payButton(byId("retry"), byId("pay-output"), () => t("retry.button"));
byId("again").addEventListener("click", follow);
addEventListener("hashchange", () => location.hash && follow()); // a link to another order was opened on this page
byId("print").addEventListener("click", () => print());
onLanguage(() => show(view));
if (checkout) follow();
