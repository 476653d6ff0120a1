/** index.html: the catalogue and the cart. */
import { MAX_QUANTITY, add, cartLines, onCart, refresh, setQuantity, total } from "./cart.js";
import { count, money, onLanguage, t } from "./i18n.js";
import { illustration } from "./illustration.js";
import { checkout, element, languageSwitch, notice, payButton, payLabel } from "./ui.js";

const SLOW_AFTER_MS = 6_000;
const byId = (id) => document.getElementById(id);
const said = byId("said");
let products = null;

async function loadProducts() {
  products = null;
  byId("products").replaceChildren(...Array.from({ length: 4 }, () => element("li", { class: "product skeleton", "aria-hidden": "true" })));
  byId("products").setAttribute("aria-busy", "true");
  byId("products-state").textContent = t("products.loading");
  const slow = setTimeout(() => { byId("products-state").textContent = t("products.slow"); }, SLOW_AFTER_MS);
  try {
    products = await checkout.products();
    for (const line of refresh(products)) byId("cart-notices").append(notice("info", t("cart.gone", { title: line.title })));
    showProducts();
  } catch (error) {
    const again = element("button", { type: "button", class: "button secondary" }, t("products.retry"));
    again.addEventListener("click", loadProducts);
    byId("products").replaceChildren();
    byId("products-state").replaceChildren(notice("error", t("products.failed"), " ", error.message), again);
  } finally {
    clearTimeout(slow);
    byId("products").setAttribute("aria-busy", "false");
  }
}

function showProducts() {
  if (products === null) return;
  byId("products-state").textContent = products.length === 0 ? t("products.empty") : "";
  byId("products").replaceChildren(...products.map((product) => element("li", { class: "product", "data-sku": product.sku },
    picture(product),
    element("div", { class: "about" },
      element("h2", {}, product.title),
      product.description ? element("p", {}, product.description) : null),
    product.amount === null ? openAmountForm(product) : fixedPrice(product))));
}

function picture(product) {
  if (!product.image_url) return illustration(product);
  const image = element("img", { class: "picture", src: product.image_url, alt: "", loading: "lazy" });
  image.addEventListener("error", () => image.replaceWith(illustration(product)));
  return image;
}

function fixedPrice(product) {
  const button = element("button", { type: "button", class: "button", "aria-label": t("product.add.label", product) }, t("product.add"));
  button.addEventListener("click", () => put(product));
  return element("div", { class: "buy" }, element("strong", { class: "amount" }, money(product.amount, product.currency_code)), button);
}

function openAmountForm(product) {
  const { sku, currency_code } = product;
  const input = element("input", { id: `amount-${sku}`, inputmode: "decimal", autocomplete: "off", maxlength: 32, "aria-describedby": `hint-${sku}` });
  const hint = element("p", { id: `hint-${sku}`, class: "hint" }, range(product));
  const button = element("button", { class: "button" }, t("product.give"));
  const form = element("form", { class: "buy open", novalidate: true },
    element("label", { for: input.id }, t("amount.label", { currency: currency_code })), input, button, hint);
  const say = (wrong) => {
    input.setAttribute("aria-invalid", String(wrong !== null));
    hint.textContent = wrong ?? range(product);
    hint.classList.toggle("wrong", wrong !== null);
    hint.setAttribute("role", wrong === null ? "note" : "alert");
    if (wrong !== null) input.focus();
  };
  // The backend reads the typed amount: one rule for the shop, the back office and payment links.
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (button.disabled) return;
    button.disabled = true;
    try {
      const amount = await checkout.readAmount(input.value, currency_code);
      const wrong = refusal(product, amount);
      say(wrong);
      if (wrong === null) put(product, amount);
    } catch (error) {
      say(error.errors[0]?.detail ?? (error.message || t("error.network")));
    } finally {
      button.disabled = false;
    }
  });
  return form;
}

function range({ min_amount, max_amount, currency_code }) {
  const [min, max] = [min_amount, max_amount].map((bound) => bound && money(bound, currency_code));
  if (min && max) return t("amount.range", { min, max });
  if (min) return t("amount.from", { min });
  return max ? t("amount.upto", { max }) : t("product.open");
}

function refusal(product, amount) {
  const inside = amount >= (product.min_amount ?? 1) && amount <= (product.max_amount ?? amount);
  return inside ? null : t("amount.outside", { range: range(product) });
}

function put(product, openAmount = null) {
  add(product, openAmount);
  said.textContent = t("product.added", product);
}

function showCart() {
  const focused = document.activeElement?.dataset?.focus;
  const sum = total();
  byId("cart-lines").replaceChildren(...cartLines().map(cartLine));
  byId("cart-empty").hidden = sum !== null;
  byId("cart-total").textContent = sum && !sum.mixed ? money(sum.amount, sum.currency_code) : "–";
  byId("cart-mixed").hidden = sum?.mixed !== true;
  const pieces = cartLines().reduce((all, line) => all + line.quantity, 0);
  byId("bar").hidden = pieces === 0;
  byId("card").hidden = !globalThis.CHECKOUT_CONFIG?.card || sum === null || sum.mixed === true;
  byId("bar-count").textContent = count(pieces);
  byId("bar-total").textContent = byId("cart-total").textContent;
  if (focused) (document.querySelector(`[data-focus="${CSS.escape(focused)}"]`) ?? byId("cart-title")).focus();
}

function cartLine(line) {
  const button = (text, key, name, quantity, disabled = false) => {
    const node = element("button", { type: "button", class: "small", "aria-label": t(key, line), "data-focus": `${name} ${line.sku}`, disabled }, text);
    node.addEventListener("click", () => setQuantity(line.sku, quantity));
    return node;
  };
  const stepper = line.open ? null : element("span", { class: "stepper", role: "group", "aria-label": t("cart.quantity", line) },
    button("−", "cart.less", "less", line.quantity - 1),
    element("output", {}, String(line.quantity)),
    button("+", "cart.more", "more", line.quantity + 1, line.quantity >= MAX_QUANTITY));
  return element("li", { "data-sku": line.sku },
    element("span", { class: "what" }, line.title),
    element("span", { class: "amount" }, money(line.unit_amount * line.quantity, line.currency_code)),
    element("span", { class: "change" }, stepper, button(t("cart.remove"), "cart.remove.label", "remove", 0)));
}

languageSwitch();
payButton(byId("pay"), byId("pay-output"), payLabel);
onCart(showCart);
onLanguage(() => { showProducts(); showCart(); });
if (checkout) loadProducts();
