/** Payment links: create one, share its address or QR code, deactivate it. Lists managed links or lomi's own. */
import { t, word } from "../i18n.js";
import { element } from "../ui.js";
import { once } from "./api.js";
import { amountOf, badge, facts, field, heading, pagedList, problem, readAmount, submitting, sureButton, timeOf } from "./parts.js";

const CURRENCIES = ["XOF", "EUR", "USD"].map((code) => [code, code]);
const DAY_MS = 24 * 60 * 60 * 1000;

export function openLinks(panel, office) {
  const wanted = element("div");
  const kinds = [["managed", t("links.managed")], ["native", t("links.native")]];
  const filter = field("kind", t("links.kind"), {}, kinds);
  const load = () => {
    const kind = filter.querySelector("select").value;
    wanted.replaceChildren(pagedList({
      load: (cursor) => office.read("/admin/payment-links", { kind, cursor }),
      row: (link) => linkRow(link, office),
      empty: t("links.none"),
    }));
  };
  filter.addEventListener("change", load);
  panel.replaceChildren(heading(t("links.title")), linkForm(office, load), filter, wanted);
  load();
}

function linkForm(office, made) {
  const money = { inputmode: "decimal", maxlength: 32 };
  const form = element("form", { class: "fields" },
    element("h2", {}, t("link.new")),
    field("title", t("link.title"), { required: true, maxlength: 200 }),
    field("price", t("link.price"), {}, [["fixed", t("link.fixed")], ["open", t("link.open")]]),
    field("currency_code", t("link.currency"), {}, CURRENCIES),
    field("amount", t("link.amount"), money),
    field("min", t("link.min"), money),
    field("max", t("link.max"), money),
    field("max_payments", t("link.max_payments"), { inputmode: "numeric", pattern: "[0-9]{1,6}" }),
    field("days", t("link.days"), { inputmode: "numeric", pattern: "[0-9]{1,3}" }),
    element("button", { class: "button" }, t("link.make")));
  const showPrice = () => {
    const open = form.elements.price.value === "open";
    for (const name of ["amount", "min", "max"]) {
      const control = form.elements[name];
      const isAsked = (name !== "amount") === open;
      control.closest(".field").hidden = !isAsked;
      control.required = isAsked;
      control.disabled = !isAsked;
    }
  };
  form.addEventListener("change", showPrice);
  showPrice();
  submitting(form, async ({ days, ...answers }) => {
    const path = "/admin/payment-links";
    const terms = await linkOf(office, answers);
    // `startedMs` fixes the expiry, so that a second press sends the same request under the same key.
    const link = await once(path, { terms, days }, (key, startedMs) => office.write(path, { ...terms, ...endOf(days, startedMs) }, key));
    form.reset();
    showPrice();
    made();
    return t("link.made", { title: link.title });
  });
  return element("section", { class: "card" }, form);
}

/** The form's answers as the body of POST /admin/payment-links. */
async function linkOf(office, { title, price, currency_code, amount, min, max, max_payments }) {
  const minor = (text) => readAmount(office, text, currency_code);
  const priced = price === "open"
    ? { open_amount: { currency_code, min: await minor(min), max: await minor(max) } }
    : { amount: await minor(amount), currency_code };
  return { kind: "managed", title, ...priced, ...(max_payments ? { max_payments: Number(max_payments) } : {}) };
}

const endOf = (days, startedMs) => (days ? { expires_at: new Date(startedMs + Number(days) * DAY_MS).toISOString() } : {});

function linkRow(link, office) {
  const node = element("li", { class: "link", "data-id": link.id });
  const output = element("div", { role: "status" });
  const end = async () => {
    try {
      node.replaceWith(linkRow(await office.remove(`/admin/payment-links/${encodeURIComponent(link.id)}`), office));
    } catch (error) {
      output.replaceChildren(problem(error));
    }
  };
  const canEnd = link.kind === "managed" && link.status === "active";
  node.append(
    element("div", { class: "about" },
      element("h2", {}, link.title ?? link.id),
      badge(link.status === "active" ? "good" : "plain", word("link_status", link.status)),
      element("p", { class: "address" }, link.url),
      facts([
        [t("link.price"), priceOf(link.price)],
        [t("link.counts"), link.opened_count === null ? null : t("link.counted", { opened: link.opened_count, paid: link.paid_count, max: link.max_payments ?? "∞" })],
        [t("link.surplus"), link.surplus_count ? String(link.surplus_count) : null],
        [t("link.expires"), link.expires_at && timeOf(link.expires_at)],
      ]),
      element("div", { class: "actions" }, copyButton(link.url), canEnd ? sureButton(t("link.end"), t("link.end.sure"), end) : null),
      output),
    element("img", { class: "qr", src: link.qr_svg_url, alt: t("link.qr", { title: link.title ?? link.id }), width: 132, height: 132, loading: "lazy" }));
  return node;
}

function priceOf(price) {
  if (price === null) return null;
  if (price.open) {
    const { currency_code, min, max } = price.open;
    return t("amount.range", { min: amountOf(min, currency_code), max: amountOf(max, currency_code) });
  }
  if (price.items) return price.items.map(({ sku, quantity }) => `${quantity} × ${sku}`).join(", ");
  return amountOf(price.amount, price.currency_code);
}

function copyButton(url) {
  const button = element("button", { type: "button", class: "button secondary" }, t("link.copy"));
  button.addEventListener("click", async () => {
    const copied = await navigator.clipboard?.writeText(url).then(() => true, () => false);
    button.textContent = t(copied ? "link.copied" : "link.uncopied");
  });
  return button;
}
