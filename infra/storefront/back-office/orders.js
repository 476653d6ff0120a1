/** Orders: a list by status, and one order with its payments, refunds, disputes and timeline. */
import { t, word } from "../i18n.js";
import { element } from "../ui.js";
import { once } from "./api.js";
import { amountOf, badge, facts, field, heading, pagedList, problem, readAmount, submitting, sureButton, timeOf } from "./parts.js";

const STATUSES = ["open", "paid", "failed_attempt", "cancelled", "expired", "partially_refunded", "refunded", "in_doubt", "creating", "rejected"];
const COLOURS = { paid: "good", open: "wait", creating: "wait", in_doubt: "wait", failed_attempt: "bad", rejected: "bad" };
const REFUNDABLE = ["paid", "partially_refunded"];

export function openOrders(panel, office, id) {
  if (id) return openOrder(panel, office, id);
  const wanted = element("div");
  const options = [["", t("orders.all")], ...STATUSES.map((status) => [status, word("status", status)])];
  const filter = field("status", t("orders.status"), {}, options);
  const load = () => {
    const status = filter.querySelector("select").value;
    wanted.replaceChildren(pagedList({
      load: (cursor) => office.read("/admin/orders", { status, cursor }), row: orderRow, empty: t("orders.none"),
    }));
  };
  filter.addEventListener("change", load);
  panel.replaceChildren(heading(t("orders.title")), filter, wanted);
  load();
}

function orderRow(order) {
  return element("li", { class: "row" },
    element("a", { href: `#orders/${order.order_id}` }, order.order_id),
    statusBadge(order),
    order.disputed ? disputedBadge() : null,
    element("span", { class: "amount" }, amountOf(order.amount, order.currency_code)),
    element("small", {}, timeOf(order.created_at)));
}

const disputedBadge = () => badge("bad", word("flag", "disputed"));
const statusBadge = ({ status }) => badge(COLOURS[status] ?? "plain", word("status", status));

async function openOrder(panel, office, id) {
  const here = location.hash;
  const back = element("p", {}, element("a", { href: "#orders" }, t("orders.back")));
  panel.replaceChildren(back, element("p", { role: "status" }, t("list.loading")));
  try {
    const order = await office.read(`/admin/orders/${encodeURIComponent(id)}`);
    const again = () => openOrder(panel, office, id);
    if (location.hash === here) panel.replaceChildren(back, ...orderParts(order, office, again));
  } catch (error) {
    if (location.hash === here) panel.replaceChildren(back, problem(error));
  }
}

function orderParts(order, office, again) {
  const { currency_code: currency, refunds = [] } = order;
  const discount = order.payments.reduce((sum, payment) => sum + payment.discount_amount, 0);
  return [
    heading(order.order_id),
    element("section", { class: "card" }, element("p", {}, statusBadge(order), ...flags(order)), facts([
      [t("order.amount"), amountOf(order.amount, currency)],
      [t("order.discount"), discount ? amountOf(discount, currency) : null],
      [t("order.refunded"), order.amount_refunded ? amountOf(order.amount_refunded, currency) : null],
      [t("order.title"), order.title],
      [t("order.reference"), order.reference],
      [t("order.created"), timeOf(order.created_at)],
      [t("order.expires"), order.expires_at && timeOf(order.expires_at)],
      [t("order.session"), order.checkout_session_id],
      [t("order.intent"), order.payment_intent_id],
      [t("order.link"), order.link_code ?? order.payment_link_id],
      [t("order.customer"), order.customer_id],
      ...Object.entries(order.metadata ?? {}),
    ])),
    part("order.line_items", order.line_items, (item) => row(`${item.quantity} ×`, "", item.price_id ?? item.product_id)),
    part("order.notes", Object.entries(order.shopper_notes ?? {}), ([name, note]) => row(name, "", note)),
    part("order.items", order.items, (item) => row(`${item.quantity} × ${item.title}`, amountOf(item.unit_amount * item.quantity, currency), item.sku)),
    part("order.payments", order.payments, (payment) => row(
      [payment.provider_code, payment.payment_method_code].filter(Boolean).join(" · ") || "–", timeOf(payment.paid_at), payment.transaction_id)),
    part("order.refunds", refunds, (refund) => refundRow(order, refund, office, again)),
    part("order.disputes", order.disputes, (dispute) => disputeRow(dispute, currency)),
    REFUNDABLE.includes(order.status) ? refundForm(order, office, again) : "",
    part("order.timeline", order.timeline, (entry) => row(word("happened", entry.what), timeOf(entry.at), word("source", entry.source))),
  ];
}

const flags = (order) => ["disputed", "payment_held", "paid_after_cancel", "overpaid", "mismatch", "beyond_link_limit"]
  .filter((flag) => order[flag]).map((flag) => badge("bad", word("flag", flag)));

const row = (what, value, note) => element("li", { class: "row" },
  element("span", { class: "what" }, what), element("span", { class: "amount" }, value), note ? element("small", {}, note) : null);

function part(title, entries, make) {
  if (!entries?.length) return "";
  return element("section", { class: "card" }, element("h2", {}, t(title)), element("ul", { class: "rows" }, ...entries.map(make)));
}

/** Status and reason are lomi's own words; lomi publishes no list of them, so they are not translated. */
const disputeRow = ({ amount, status, reason, in_favour: isWon }, currency) => row(
  amount === null ? "–" : amountOf(amount, currency), badge(isWon ? "good" : "bad", isWon ? t("dispute.in_favour") : status ?? word("flag", "disputed")),
  reason);

/** The merchant may release a refund in doubt after checking at lomi that the money was not sent. */
function refundRow({ order_id, currency_code }, { id, amount, status, reason }, office, again) {
  const node = row(amountOf(amount, currency_code), badge(status === "completed" ? "good" : "wait", word("refund_status", status)), reason);
  if (status !== "in_doubt") return node;
  const said = element("div", { role: "status" });
  const release = () => office.write(`/admin/orders/${order_id}/refunds/${id}/release`, {})
    .then(again, (error) => said.replaceChildren(problem(error)));
  node.append(element("div", { class: "release" }, sureButton(t("refund.release"), t("refund.release.sure"), release), said));
  return node;
}

/** The first press shows the amount as the backend reads it; the second press refunds it. */
function refundForm(order, office, again) {
  const { currency_code: currency } = order;
  const button = element("button", { class: "button" }, t("refund.button"));
  const payments = order.payments.map(({ transaction_id }) => [transaction_id, transaction_id]);
  const form = element("form", { class: "fields" },
    element("h2", {}, t("refund.title")),
    payments.length > 1 ? field("transaction_id", t("refund.payment"), {}, payments) : "",
    field("amount", t("refund.amount", { currency }), { inputmode: "decimal", maxlength: 32 }),
    field("reason", t("refund.reason"), { maxlength: 500 }),
    button);
  const choice = element("div", { class: "payout", role: "status" });
  let pending = null;
  form.addEventListener("input", () => { pending = null; button.textContent = t("refund.button"); choice.replaceChildren(); });
  async function send(body) {
    const path = `/admin/orders/${order.order_id}/refunds`;
    choice.replaceChildren();
    try {
      const { refund } = await once(path, body, (key) => office.write(path, body, key));
      again();
      return word("refund_status", refund.status);
    } catch (error) {
      if (error.payout) choice.replaceChildren(payoutChoice(error.payout, body, currency, sendAgain));
      throw error;
    }
  }
  const sendAgain = (body) => send(body).catch((error) => choice.prepend(problem(error)));
  submitting(form, async ({ amount: typed, ...others }) => {
    if (pending === null) {
      const amount = typed === undefined ? undefined : await readAmount(office, typed, currency);
      pending = { ...others, ...(amount === undefined ? {} : { amount }) };
      button.textContent = t("refund.sure", { amount: amount === undefined ? t("refund.rest") : amountOf(amount, currency) });
      return null;
    }
    const body = pending;
    pending = null;
    button.textContent = t("refund.button");
    return send(body);
  });
  return element("section", { class: "card" }, form, choice);
}

/** lomi would pay a number that may not be the payer's: the merchant compares the numbers, or refunds in full. */
function payoutChoice({ phone, paid_by, ordered_with, full_refund_amount: full }, body, currency, send) {
  const { amount, confirmed_phone, ...others } = body;
  const confirm = () => send({ ...others, ...(amount === undefined ? {} : { amount }), confirmed_phone: phone });
  const part = amount === undefined ? t("refund.rest") : amountOf(amount, currency);
  return element("div", {},
    facts([
      [t("payout.phone"), phone ?? t("payout.none")],
      [t("payout.paid_by"), paid_by ?? t("payout.none")],
      [t("payout.ordered_with"), ordered_with],
    ]),
    element("div", { class: "actions" },
      full === null ? null : sureButton(t("payout.full", { amount: amountOf(full, currency) }), t("payout.full.sure"), () => send(others)),
      phone === null ? null : sureButton(t("payout.confirm", { phone }), t("payout.confirm.sure", { amount: part, phone }), confirm)));
}
