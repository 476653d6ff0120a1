/** What the tabs are made of. */
import { money, moment, t } from "../i18n.js";
import { element, notice, problemNotice } from "../ui.js";

export const amountOf = (amount, currency) => (amount === null || !currency ? "–" : money(amount, currency));
export const timeOf = (rfc3339) => (rfc3339 ? element("time", { datetime: rfc3339 }, moment(rfc3339)) : "–");

/** `kind` is good, bad, wait or plain. */
export const badge = (kind, text) => element("span", { class: `badge badge-${kind}` }, text);

/** The tab's heading takes the focus, so that a screen reader announces the tab. */
export function heading(text) {
  const node = element("h1", { tabindex: -1 }, text);
  queueMicrotask(() => node.isConnected && node.focus({ preventScroll: true }));
  return node;
}

/** [[label, value]...] as a description list; rows without a value are left out. */
export function facts(rows) {
  const known = rows.filter(([, value]) => value !== null && value !== undefined && value !== "");
  return element("dl", { class: "facts" }, ...known.flatMap(([label, value]) => [element("dt", {}, label), element("dd", {}, value)]));
}

/** A typed amount in minor units, as the backend reads it. Otherwise throws the backend's message, which has an example. */
export async function readAmount(office, text, currency) {
  try {
    return (await office.read("/amounts", { text: text ?? "0", currency_code: currency })).amount;
  } catch (error) {
    throw error.errors?.length ? new Error(error.errors[0].detail) : error;
  }
}

let serial = 0;
/** A label with its control; with `options` ([value, text] pairs) a select. */
export function field(name, label, attributes = {}, options = null) {
  serial += 1;
  const id = `field-${serial}`;
  const control = options
    ? element("select", { id, name, ...attributes }, ...options.map(([value, text]) => element("option", { value }, text)))
    : element("input", { id, name, autocomplete: "off", ...attributes });
  return element("div", { class: "field" }, element("label", { for: id }, label), control);
}

/** A form's values, trimmed; empty ones are left out. */
export function said(form) {
  const entries = [...new FormData(form)].map(([name, value]) => [name, value.trim()]);
  return Object.fromEntries(entries.filter(([, value]) => value !== ""));
}

/** An error with every field that it names. */
export function problem(error) {
  const members = (error.errors ?? []).map(({ pointer, detail }) => element("li", {}, `${pointer || "–"}: ${detail}`));
  return members.length === 0 ? problemNotice(error) : element("div", { class: "notice notice-error" }, error.message, element("ul", {}, ...members));
}

/** Runs `work` once per submit, with the button disabled meanwhile and the outcome in a live region below it. */
export function submitting(form, work) {
  const output = element("div", { role: "status" });
  const button = form.querySelector("button:not([type=button])");
  form.append(output);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (button.disabled) return;
    button.disabled = true;
    output.replaceChildren();
    try {
      const done = await work(said(form));
      if (done) output.replaceChildren(notice("good", done));
    } catch (error) {
      output.replaceChildren(problem(error));
    } finally {
      button.disabled = false;
    }
  });
  return form;
}

/** A button that acts on its second press; `sure` is its label after the first. */
export function sureButton(label, sure, act) {
  const button = element("button", { type: "button", class: "button secondary" }, label);
  const calm = () => { button.textContent = label; button.dataset.sure = ""; };
  button.addEventListener("blur", calm);
  button.addEventListener("click", () => {
    if (button.dataset.sure === "yes") {
      calm();
      act();
    } else {
      button.textContent = sure;
      button.dataset.sure = "yes";
    }
  });
  calm();
  return button;
}

/** A list read page by page: `load(cursor)` resolves with {data, next_cursor}, `row` renders one entry. */
export function pagedList({ load, row, empty }) {
  const list = element("ul", { class: "rows" });
  const state = element("div", { role: "status", class: "state" });
  const more = element("button", { type: "button", class: "button secondary", hidden: true }, t("list.more"));
  let cursor = null;
  async function read() {
    more.hidden = true;
    state.textContent = t("list.loading");
    list.setAttribute("aria-busy", "true");
    try {
      const page = await load(cursor);
      list.append(...page.data.map(row));
      cursor = page.next_cursor;
      more.hidden = cursor === null;
      state.textContent = list.children.length === 0 ? empty : "";
    } catch (error) {
      state.replaceChildren(problem(error));
      more.hidden = false;
    }
    list.setAttribute("aria-busy", "false");
  }
  more.addEventListener("click", read);
  read();
  return element("div", { class: "list" }, list, state, more);
}
