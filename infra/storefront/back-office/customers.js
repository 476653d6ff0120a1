/** Customers: search, create, list their payments. */
import { t, word } from "../i18n.js";
import { element } from "../ui.js";
import { amountOf, badge, facts, field, heading, pagedList, problem, submitting, timeOf } from "./parts.js";

const TEXTS = ["email", "phone_number", "whatsapp_number", "country", "city", "address", "postal_code"];

export function openCustomers(panel, office) {
  const wanted = element("div");
  const search = element("form", { class: "search", role: "search" },
    field("search", t("customers.search"), { type: "search", maxlength: 200 }),
    field("type", t("customers.type"), {}, ["all", "individual", "business"].map((type) => [type, word("customer_type", type)])),
    element("button", { class: "button secondary" }, t("customers.find")));
  const load = (question) => wanted.replaceChildren(pagedList({
    load: (cursor) => office.read("/admin/customers", { ...question, cursor }),
    row: (customer) => customerRow(customer, office),
    empty: t("customers.none"),
  }));
  submitting(search, async (question) => load(question));
  panel.replaceChildren(heading(t("customers.title")), customerForm(office, () => load({})), search, wanted);
  load({});
}

function customerForm(office, made) {
  const form = element("form", { class: "fields" },
    field("name", t("customer.name"), { required: true, maxlength: 200 }),
    ...TEXTS.map((name) => field(name, t(`customer.${name}`), name === "email" ? { type: "email", maxlength: 254 } : {})),
    field("is_business", t("customer.type"), {}, [["", word("customer_type", "individual")], ["yes", word("customer_type", "business")]]),
    element("button", { class: "button" }, t("customer.make")));
  // lomi takes no idempotency key here. After a lost answer the backend's message says to search before sending again.
  submitting(form, async ({ is_business, ...texts }) => {
    const customer = await office.write("/admin/customers", { ...texts, ...(is_business ? { is_business: true } : {}) });
    form.reset();
    made();
    return t("customer.made", { name: customer.name });
  });
  return element("details", { class: "card" }, element("summary", {}, t("customer.new")), form);
}

function customerRow(customer, office) {
  const transactions = element("div");
  const button = element("button", { type: "button", class: "small", "aria-expanded": "false" }, t("customer.transactions"));
  button.addEventListener("click", async () => {
    const isOpen = button.getAttribute("aria-expanded") === "true";
    button.setAttribute("aria-expanded", String(!isOpen));
    transactions.replaceChildren();
    if (isOpen) return;
    try {
      const { data } = await office.read(`/admin/customers/${encodeURIComponent(customer.customer_id)}/transactions`);
      transactions.append(data.length === 0 ? t("customer.untouched") : element("ul", { class: "rows" }, ...data.map(transactionRow)));
    } catch (error) {
      transactions.append(problem(error));
    }
  });
  return element("li", { class: "customer", "data-id": customer.customer_id },
    element("h2", {}, customer.name ?? customer.customer_id),
    customer.is_business ? badge("plain", word("customer_type", "business")) : null,
    facts([
      ...TEXTS.map((name) => [t(`customer.${name}`), customer[name]]),
      [t("customer.since"), customer.created_at && timeOf(customer.created_at)],
      [t("customer.id"), customer.customer_id],
    ]),
    button, transactions);
}

const transactionRow = (transaction) => element("li", { class: "row" },
  element("span", { class: "what" }, transaction.description ?? transaction.transaction_id),
  badge(transaction.status === "completed" ? "good" : "plain", word("transaction", transaction.status)),
  element("span", { class: "amount" }, amountOf(transaction.amount, transaction.currency_code)),
  element("small", {}, timeOf(transaction.created_at)));
