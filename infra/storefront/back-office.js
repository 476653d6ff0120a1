/**
 * back-office.html: orders, links and customers of the stack that `cargo dev` runs. A deployed stack requires AWS IAM
 * signatures on these routes, which this page cannot make. The token is kept in sessionStorage, for this tab only.
 */
import { createBackOffice } from "./back-office/api.js";
import { openCustomers } from "./back-office/customers.js";
import { openHealth } from "./back-office/health.js";
import { openLinks } from "./back-office/links.js";
import { openOrders } from "./back-office/orders.js";
import { TEXTS } from "./back-office/texts.js";
import { addTexts, language, onLanguage, t } from "./i18n.js";
import { languageSwitch, notice, problemNotice } from "./ui.js";

const TOKEN = "back-office.token";
const TABS = { orders: openOrders, links: openLinks, customers: openCustomers, health: openHealth };
const byId = (id) => document.getElementById(id);
const config = globalThis.CHECKOUT_CONFIG;
let office = null;

async function enter(token) {
  const wanted = createBackOffice({ api: config.api, language, token, onClosed: () => leave("door.wrong") });
  await wanted.read("/admin/orders", { limit: 1 });
  sessionStorage.setItem(TOKEN, token);
  office = wanted;
  byId("token").value = "";
  byId("said").replaceChildren();
  show();
}

function leave(why) {
  sessionStorage.removeItem(TOKEN);
  office = null;
  byId("panel").replaceChildren();
  byId("said").replaceChildren(...(why ? [notice("error", t(why))] : []));
  show();
}

/** Shows the tab that the fragment names: `#orders`, `#orders/ord_...`. */
function show() {
  byId("door").hidden = office !== null;
  byId("office").hidden = office === null;
  document.title = `${t("office.title")} · ${t("shop.name")}`;
  if (office === null) return;
  const [name, id] = location.hash.slice(1).split("/");
  const tab = Object.hasOwn(TABS, name) ? name : "orders";
  for (const link of document.querySelectorAll(".tabs a")) {
    if (link.hash === `#${tab}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  byId("panel").dataset.tab = tab;
  TABS[tab](byId("panel"), office, id ? decodeURIComponent(id) : null);
}

async function tryToEnter(token) {
  try {
    await enter(token);
  } catch (error) {
    if (error.status !== 403) byId("said").replaceChildren(problemNotice(error));
    show();
  }
}

addTexts(TEXTS);
languageSwitch();
onLanguage(show);
addEventListener("hashchange", show);
byId("leave").addEventListener("click", () => leave(null));
byId("door").addEventListener("submit", (event) => {
  event.preventDefault();
  tryToEnter(byId("token").value.trim());
});
if (config?.api && sessionStorage.getItem(TOKEN)) tryToEnter(sessionStorage.getItem(TOKEN));
