/**
 * checkout.js: from a cart to a paid order. One file to copy, no dependencies, no build step.
 *
 *   import { createCheckout } from "./checkout.js";
 *   const checkout = createCheckout({ api: "https://shop-api.example", language: () => "fr" });
 *   shop page:    await checkout.products(), await checkout.readAmount("10 000", "XOF") for an amount that a shopper typed, then
 *                 await checkout.pay({ items: [{ sku: "MUG-01", quantity: 2 }],
 *                   success_url: "https://shop.example/return.html", cancel_url: "https://shop.example/cancel.html" });
 *   return page:  await checkout.waitForOrder(({ order, error }) => show(order, error));
 *   cancel page:  await checkout.cancel(), which resolves with null when the fragment names no order
 *   a card form on your own page, once checkout.cardForm() has resolved with a publishable_key and lomi's SDK is loaded:
 *                 const opened = await checkout.createPaymentIntent({ items, customer_email, customer_name });
 *                 mount the SDK's form with opened.client_secret, confirm, then
 *                 location.assign(checkout.returnUrl("https://shop.example/return.html", opened));
 *
 * `pay` and `createPaymentIntent` may be called on every click: one request keeps one Idempotency-Key through double clicks,
 * reloads, a second tab and lost answers, so it opens one order. A different request (cart, payment method, e-mail address)
 * gets a new key after the previous order is cancelled. If the same cart is already paid, both resolve with the paid order.
 * A signed cart (`cart_token`) makes one order: sign it once per cart. A token signed again is recognised by what it sells.
 * A cancelled signed cart keeps its payment page until that page expires; `error.code` is `cart_token_used` when the backend
 * has to sign the cart again. A client_secret is never stored: the same key returns it again. Failures throw a CheckoutError.
 * Amounts are integers in ISO 4217 minor units (XOF has none). Prices come from the backend.
 */
const READ_TIMEOUT_MS = 12_000; // one request; a budget bounds all attempts together
const WRITE_TIMEOUT_MS = 30_000; // the longest that an API Gateway HTTP API lets a request run
const READ_BUDGET_MS = 30_000;
const PAY_BUDGET_MS = 75_000; // longer than the 30 s for which a crashed request holds its key
const BACKOFF_MAX_MS = 15_000;
const MAX_POLLS = 240; // counted, not timed: a phone that sleeps while the shopper types a PIN keeps its polls
const SECRET_PARAMETER = "payment_intent_client_secret";
const PAID = ["paid", "partially_refunded", "refunded"];
const CLOSED = [...PAID, "expired", "cancelled", "rejected"];

/** Why a call failed: `status` (0 = no answer came), and from problem+json `code`, `requestId` and the localised `message`. */
export class CheckoutError extends Error {
  constructor(status, problem, retryAfter = null) {
    super(problem?.detail ?? problem?.title ?? "");
    this.status = status;
    this.code = problem?.code ?? (status === 0 ? "network" : "unexpected_answer");
    this.requestId = problem?.request_id ?? null;
    this.errors = problem?.errors ?? []; // [{pointer, detail}]: one per invalid field
    this.retryAfterMs = Number.parseInt(retryAfter, 10) * 1000 || null;
    // Without a problem document a proxy answered: retry everything but a definite 4xx.
    this.retryable = problem?.retryable ?? (status < 400 || status === 429 || status >= 500);
  }
}

/** `api`: origin of the backend. `language`: a function that returns "fr" or "en", called before each request. */
export function createCheckout({ api, language }) {
  let running = null; // {text, answer} of the last open()
  async function call(method, path, { token, key, body } = {}) {
    const headers = { Accept: "application/json", "Accept-Language": language() };
    if (token) headers.Authorization = `Bearer ${token}`;
    if (key) headers["Idempotency-Key"] = key;
    if (body) headers["Content-Type"] = "application/json";
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), method === "GET" ? READ_TIMEOUT_MS : WRITE_TIMEOUT_MS);
    try {
      const response = await fetch(api + path, { method, headers, body, credentials: "omit", signal: abort.signal });
      const json = await response.json().catch(() => null);
      if (response.ok && json) return json;
      throw new CheckoutError(response.status, json, response.headers.get("Retry-After"));
    } catch (error) {
      if (error instanceof CheckoutError) throw error;
      throw new CheckoutError(0, null); // no connection, a time-out, or an answer without CORS headers
    } finally {
      clearTimeout(timer);
    }
  }

  /** The active catalogue: [{sku, title, description, currency_code, amount | null, min_amount, max_amount, image_url}]. */
  const products = async () => (await retrying(() => call("GET", "/products"), READ_BUDGET_MS)).data;

  /**
   * A typed amount in minor units, as the backend reads it. Rejects when the text is no amount or is ambiguous:
   * `error.errors[0].detail` says why, with an example.
   */
  const readAmount = async (text, currencyCode) => {
    const query = new URLSearchParams({ text, currency_code: currencyCode });
    return (await retrying(() => call("GET", `/amounts?${query}`), READ_BUDGET_MS)).amount;
  };

  /**
   * {publishable_key} for lomi's SDK, before an order is opened. null when the stack has none: lomi's SDK makes no form without
   * it, so offer `pay` instead.
   */
  const cardForm = () => retrying(() => call("GET", "/card-form"), READ_BUDGET_MS);

  /** Reads an order ({orderId, orderToken}); by default the order of this page. */
  const order = (reference = orderOfPage()) => callOrder("GET", reference, "");
  async function callOrder(method, reference, action) {
    if (!reference) throw new CheckoutError(404, { code: "not_found", retryable: false });
    const path = `/orders/${encodeURIComponent(reference.orderId)}${action}`;
    const found = await call(method, path, { token: reference.orderToken });
    const attempt = load("attempt");
    if (attempt?.orderId === found.order_id && isOver(found, attempt)) store("attempt", null);
    return found;
  }

  /**
   * Opens the order and sends the browser to the payment page. `cart` is the body of POST /checkout-sessions. Both URLs get the
   * order's id and token in their fragment, which browsers never send to a server. Resolves with the backend's answer.
   */
  async function pay(cart) {
    const urls = { success_url: withOrder(cart.success_url), cancel_url: withOrder(cart.cancel_url) };
    const opened = await open("/checkout-sessions", { ...cart, ...urls });
    go(opened.checkout_url ?? returnUrl(cart.success_url, opened));
    return opened;
  }

  /**
   * Opens the order and resolves with the backend's answer: `client_secret` (and `publishable_key`) for a card form on this
   * page. `cart` is the body of POST /payment-intents. Without `client_secret` the cart is already paid: go to `returnUrl`.
   * `error.code` is `card_unavailable` when lomi takes no cards by form at the moment: `pay` still works.
   */
  const createPaymentIntent = (cart) => open("/payment-intents", cart);

  /** `url` with the order of `opened`, the answer of `createPaymentIntent`, in its fragment. */
  function returnUrl(url, opened) {
    return withOrder(url).replace("{ORDER_ID}", opened.order_id).replace("{ORDER_TOKEN}", opened.order_token);
  }

  /** One at a time: a second click gets the first click's answer; a different request waits for the running one. */
  function open(path, request) {
    const text = path + JSON.stringify(request);
    if (running?.text === text) return running.answer;
    const answer = outcome(Promise.resolve(running?.answer)).then(() => start(path, request))
      .finally(() => { if (running?.answer === answer) running = null; });
    running = { text, answer };
    return answer;
  }
  async function start(path, request) {
    const body = JSON.stringify(request);
    const wanted = { request: fingerprint(path + body), items: fingerprint(bought(request)) };
    wanted.isSignedPage = Boolean(request.cart_token) && path === "/checkout-sessions";
    const { attempt, paid } = await attemptFor(wanted);
    if (paid) { // Paid, although the shopper never saw the receipt: show it instead of charging twice.
      storeOrder({ orderId: attempt.orderId, orderToken: attempt.orderToken });
      return { ...paid, order_token: attempt.orderToken };
    }
    store("attempt", attempt); // before the request: a reload during it must find the key
    try {
      const created = await retrying(() => call("POST", path, { key: attempt.key, body }), PAY_BUDGET_MS);
      const opened = { orderId: created.order_id, orderToken: created.order_token };
      storeOrder(opened);
      store("attempt", { ...attempt, ...opened, expiresAt: created.expires_at });
      return created;
    } catch (error) {
      // A refusal is final for this key. An order that the key opened earlier must still be cancelled: keep its id.
      if (error.retryable === false) store("attempt", attempt.orderId ? { ...attempt, request: null } : null);
      throw error;
    }
  }

  /**
   * The unfinished attempt at the same request, or a new one. Before a new attempt, the previous attempt's order is read, and
   * cancelled while it can be paid, so that a shopper never has two orders to pay.
   */
  async function attemptFor(wanted) {
    const previous = load("attempt");
    const fresh = { attempt: { ...wanted, key: newKey() } };
    const isSame = previous?.request === wanted.request;
    if (!previous?.orderId) return isSame ? { attempt: previous } : fresh; // no answer came, so the shopper never saw its payment page
    let known = await order(previous).catch((error) => (error.status === 404 ? { status: "rejected" } : null));
    // The device's clock counts only when the backend could not be read.
    const wasOver = known ? isOver(known, previous) : !isAlive(previous);
    if (isSame && !wasOver) return { attempt: previous };
    if (!wasOver) known = await retrying(() => callOrder("POST", previous, "/cancel"), READ_BUDGET_MS);
    const isPaid = PAID.includes(known?.status) && previous.items === wanted.items;
    return isPaid ? { attempt: previous, paid: known } : fresh;
  }

  /**
   * Polls this page's order until it is final (`poll_after_ms` null) and resolves with it. `onUpdate({order, error})` runs after
   * every poll; after a failed one `error` is set, `order` is the last known (or null), and polling continues. After MAX_POLLS
   * polls or once `signal` is aborted: resolves with the last known order (or null). Throws for an unknown order.
   */
  async function waitForOrder(onUpdate, { signal } = {}) {
    const reference = orderOfPage();
    let last = null;
    let failures = 0;
    for (let poll = 0; poll < MAX_POLLS; poll += 1) {
      const { value: found, error } = await outcome(order(reference));
      if (signal?.aborted) return last;
      if (error && !error.retryable) throw error;
      last = found ?? last;
      onUpdate({ order: last, error: error ?? null });
      if (found?.poll_after_ms === null) return found;
      failures = error ? failures + 1 : 0;
      const waitMs = error ? Math.max(error.retryAfterMs ?? 0, backoffMs(failures)) : found.poll_after_ms;
      await sleep(Math.min(Math.max(waitMs, 500), 60_000));
    }
    return last;
  }

  /**
   * Cancels the order in this page's fragment. Check the order it resolves with: it may have been paid meanwhile. Without an
   * order in the fragment (opened from the history, or by another site) cancels nothing and resolves with null. Pass
   * `{ last: true }` only on a click of the shopper: it cancels the last order of this tab, or of this browser.
   */
  async function cancel({ last = false } = {}) {
    const reference = orderOfFragment() ?? (last ? loadOrder() : null);
    return reference && retrying(() => callOrder("POST", reference, "/cancel"), READ_BUDGET_MS);
  }

  return { products, readAmount, pay, cardForm, createPaymentIntent, returnUrl, order, waitForOrder, cancel };
}

const isAlive = ({ expiresAt }) => Date.parse(expiresAt) > Date.now();

/** A signed cart has one order: after a cancellation it is still paid on that order's page until the page expires. */
const isOver = ({ status }, attempt) =>
  CLOSED.includes(status) && !(status === "cancelled" && attempt.isSignedPage && isAlive(attempt));

/** The order of the fragment, else the last one of this tab, or of this browser. For reading only, never for cancelling. */
const orderOfPage = () => orderOfFragment() ?? loadOrder();

/** The fragment's order, then removed from the address bar and the history; null when it names none. */
function orderOfFragment() {
  const address = new URL(location.href);
  if (address.searchParams.has(SECRET_PARAMETER)) { // added by the card form's redirect
    address.searchParams.delete(SECRET_PARAMETER);
    history.replaceState(history.state, "", address);
  }
  const fragment = new URLSearchParams(location.hash.slice(1));
  const given = { orderId: fragment.get("order_id"), orderToken: fragment.get("order_token") };
  if (!given.orderId || !given.orderToken) return null;
  if (storeOrder(given)) history.replaceState(history.state, "", location.pathname + location.search);
  return given;
}

const outcome = (promise) => promise.then((value) => ({ value }), (error) => ({ error }));
async function retrying(send, budgetMs) {
  const endMs = Date.now() + budgetMs;
  for (let attempt = 0; ; attempt += 1) {
    const { value, error } = await outcome(send());
    if (!error) return value;
    const waitMs = error.retryAfterMs ?? backoffMs(attempt);
    if (!error.retryable || Date.now() + waitMs > endMs) throw error;
    await sleep(waitMs);
  }
}

/** Ends early when the connection comes back. */
const sleep = (ms) => new Promise((resolve) => {
  setTimeout(resolve, ms);
  addEventListener("online", resolve, { once: true });
});

/** Exponential from 1 s, bounded, half of it random so that browsers do not retry at the same time. */
const backoffMs = (attempt) => Math.min(BACKOFF_MAX_MS, 1000 * 2 ** attempt) * (0.5 + Math.random() / 2);

const withOrder = (url) => (url.includes("{ORDER_ID}") ? url : `${url}#order_id={ORDER_ID}&order_token={ORDER_TOKEN}`);

function go(url) {
  if (!/^https?:\/\//.test(url)) throw new CheckoutError(502, { code: "unexpected_answer", retryable: false });
  location.assign(url);
}

/** What a request buys, without the payment method and the payer. */
const bought = ({ items, line_items, price_id, product_id, quantity, cart_token }) =>
  JSON.stringify([items, line_items, price_id, product_id, quantity, cart_token && sold(cart_token)]);

/** What a signed cart sells: its claims without those that change when the backend signs the same cart again. */
function sold(token) {
  const { exp, nbf, iat, jti, ...rest } = attempted(() => {
    const bytes = atob(token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/"));
    return JSON.parse(new TextDecoder().decode(Uint8Array.from(bytes, (byte) => byte.charCodeAt(0))));
  }) ?? { token };
  return Object.entries(rest).sort();
}

/** FNV-1a. If two requests collide, the backend compares the whole bodies and refuses the reused key. */
function fingerprint(text) {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return `${hash.toString(16)}-${text.length}`;
}

/** randomUUID exists on https and localhost only; getRandomValues everywhere. */
const newKey = () => crypto.randomUUID?.() ?? crypto.getRandomValues(new Uint32Array(4)).join("-");

/** localStorage, shared by the shop's tabs; `memory` where the browser denies it. */
const memory = {};
const attempted = (action) => { try { return action(); } catch { return undefined; } };
const load = (name) => attempted(() => JSON.parse(localStorage.getItem(`lomi-checkout.${name}`))) ?? memory[name] ?? null;
function store(name, value) {
  memory[name] = value;
  return attempted(() => { localStorage.setItem(`lomi-checkout.${name}`, JSON.stringify(value)); return true; });
}

/** Also in sessionStorage: a reload must find its own tab's order, not one that another tab opened since. */
const ORDER_OF_TAB = "lomi-checkout.order";
const loadOrder = () => attempted(() => JSON.parse(sessionStorage.getItem(ORDER_OF_TAB))) ?? load("order");
function storeOrder(reference) {
  attempted(() => sessionStorage.setItem(ORDER_OF_TAB, JSON.stringify(reference)));
  return store("order", reference);
}
