/** The checks of GET /admin/health, each with what to do about it. */
import { t, word } from "../i18n.js";
import { element } from "../ui.js";
import { badge, heading, problem, timeOf } from "./parts.js";

const FINE = ["ok", "registered"];

export function openHealth(panel, office) {
  const found = element("div", { role: "status" }, t("list.loading"));
  const again = element("button", { type: "button", class: "button secondary" }, t("health.again"));
  async function look() {
    again.disabled = true;
    try {
      const { checks } = await office.read("/admin/health");
      found.replaceChildren(element("ul", { class: "rows" }, ...Object.entries(checks).map(checkRow)));
    } catch (error) {
      found.replaceChildren(problem(error));
    } finally {
      again.disabled = false;
    }
  }
  again.addEventListener("click", look);
  panel.replaceChildren(heading(t("health.title")), element("div", { class: "card" }, found), again);
  look();
}

/** The hint comes from the backend, in the reader's language. */
function checkRow([name, check]) {
  const kind = FINE.includes(check.state) ? "good" : "wait";
  const count = Number.isInteger(check.count) && check.count > 0 ? ` (${check.count}${check.is_more ? "+" : ""})` : "";
  const row = element("li", { class: "row" },
    element("span", { class: "what" }, word("check", name), count),
    badge(kind, word("check_state", check.state)));
  if (check.seen_at) row.append(element("small", {}, timeOf(check.seen_at)));
  if (check.hint) row.append(element("small", {}, check.hint));
  return row;
}
