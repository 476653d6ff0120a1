/**
 * The cart, in localStorage so that it survives the trip to the payment page and back.
 * A line is {sku, title, currency_code, unit_amount, open, quantity}. Title and amount are for display: the backend sets prices.
 */
export const MAX_QUANTITY = 99;
const CART = "shop.cart";
const SUBMITTED = "shop.submitted";
const listeners = new Set();

function read(name, otherwise) {
  try {
    return JSON.parse(localStorage.getItem(name)) ?? otherwise;
  } catch {
    return otherwise;
  }
}
function write(name, value) {
  try {
    localStorage.setItem(name, JSON.stringify(value));
  } catch { /* storage denied: the cart lasts as long as the page */ }
}

let lines = read(CART, []);

function replace(next) {
  lines = next;
  write(CART, lines);
  for (const listener of listeners) listener();
}

addEventListener("storage", (event) => {
  if (event.key === CART) {
    lines = read(CART, []);
    for (const listener of listeners) listener();
  }
});

/** Runs after every change, from this tab or another. */
export const onCart = (listener) => listeners.add(listener);
export const cartLines = () => lines;

/** Adds one of a product. For an open-amount product, replaces the amount. */
export function add(product, openAmount = null) {
  const known = lines.find((line) => line.sku === product.sku);
  const open = openAmount !== null;
  const quantity = open ? 1 : Math.min((known?.quantity ?? 0) + 1, MAX_QUANTITY);
  const line = {
    sku: product.sku, title: product.title, currency_code: product.currency_code,
    unit_amount: open ? openAmount : product.amount, open, quantity,
  };
  replace(known ? lines.map((other) => (other === known ? line : other)) : [...lines, line]);
}

/** 0 removes the line. */
export function setQuantity(sku, quantity) {
  const bounded = Math.min(quantity, MAX_QUANTITY);
  replace(lines.map((line) => (line.sku === sku ? { ...line, quantity: bounded } : line)).filter((line) => line.quantity > 0));
}

/** Updates titles and prices from the catalogue; removes and returns the lines that are no longer for sale. */
export function refresh(products) {
  const bySku = new Map(products.map((product) => [product.sku, product]));
  const stillSold = (line) => bySku.has(line.sku) && (bySku.get(line.sku).amount === null) === line.open;
  const gone = lines.filter((line) => !stillSold(line));
  replace(lines.filter(stillSold).map((line) => {
    const { title, currency_code, amount } = bySku.get(line.sku);
    return { ...line, title, currency_code, unit_amount: line.open ? line.unit_amount : amount };
  }));
  return gone;
}

/** {currency_code, amount} of a cart in one currency, {mixed: true} otherwise, null when it is empty. */
export function total() {
  if (lines.length === 0) return null;
  const [{ currency_code }] = lines;
  if (lines.some((line) => line.currency_code !== currency_code)) return { mixed: true };
  return { currency_code, amount: lines.reduce((sum, line) => sum + line.unit_amount * line.quantity, 0) };
}

/** The cart as `items` of POST /checkout-sessions. */
export const items = () => lines.map(({ sku, quantity, open, unit_amount }) => (open ? { sku, quantity, amount: unit_amount } : { sku, quantity }));

/** Remembers which lines an order was opened for. */
export const submitted = (orderId, bought) => write(SUBMITTED, { orderId, lines: bought, settled: false });

/** The lines that were bought with this order, when this browser knows them. */
export function linesOf(orderId) {
  const last = read(SUBMITTED, null);
  return last?.orderId === orderId ? last.lines : [];
}

/** Removes a paid order's lines from the cart, once; lines added since then stay. */
export function settle(orderId) {
  const last = read(SUBMITTED, null);
  if (last?.orderId !== orderId || last.settled) return;
  write(SUBMITTED, { ...last, settled: true });
  const bought = new Map(last.lines.map((line) => [line.sku, line.quantity]));
  replace(lines.map((line) => ({ ...line, quantity: line.quantity - (bought.get(line.sku) ?? 0) })).filter((line) => line.quantity > 0));
}
