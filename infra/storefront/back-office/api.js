/** The back office's calls. Nothing is retried automatically: the merchant sees the error and decides. */
import { CheckoutError } from "../checkout.js";

const TIMEOUT_MS = 30_000;

/** A CheckoutError with `payout`: the phone numbers to compare when a refund is refused, or null. */
export class OfficeError extends CheckoutError {
  constructor(status, problem, retryAfter) {
    super(status, problem, retryAfter);
    this.payout = problem?.payout ?? null;
  }
}

/** `token` authorizes the /admin routes of the local gateway; `onClosed` runs when the gateway refuses it. */
export function createBackOffice({ api, language, token, onClosed }) {
  async function call(method, path, { body, key } = {}) {
    const headers = { Accept: "application/json", "Accept-Language": language(), Authorization: `Bearer ${token}` };
    if (key) headers["Idempotency-Key"] = key;
    if (body) headers["Content-Type"] = "application/json";
    const request = { method, headers, body: body && JSON.stringify(body), credentials: "omit", signal: AbortSignal.timeout(TIMEOUT_MS) };
    const response = await fetch(api + path, request).catch(() => { throw new OfficeError(0, null, null); });
    const json = response.status === 204 ? {} : await response.json().catch(() => null);
    if (response.ok && json) return json;
    if (response.status === 403) onClosed();
    throw new OfficeError(response.status, json, response.headers.get("Retry-After"));
  }
  return {
    /** GET; empty parameters are left out. */
    read: (path, query = {}) => {
      const given = Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== "");
      return call("GET", given.length === 0 ? path : `${path}?${new URLSearchParams(given)}`);
    },
    write: (path, body, key) => call("POST", path, { body, key }),
    remove: (path) => call("DELETE", path),
  };
}

/** Errors after which the request may have succeeded: only a retry with the same key can tell. */
const UNCERTAIN = ["internal_error", "outcome_unknown"];
const attempts = new Map(); // form name -> {text, key, startedMs}; outlives the form, which a change of language renders anew

/**
 * Sends a form's answers under one key per content, until the backend accepts or definitely refuses them. A second press after
 * a lost answer repeats the same request. `send(key, startedMs)` gets the same two values on every attempt.
 */
export async function once(form, answers, send) {
  const text = JSON.stringify(answers);
  const known = attempts.get(form);
  const attempt = known?.text === text ? known : { text, key: crypto.randomUUID(), startedMs: Date.now() };
  attempts.set(form, attempt);
  const settle = () => attempts.get(form) === attempt && attempts.delete(form);
  try {
    const answer = await send(attempt.key, attempt.startedMs);
    settle();
    return answer;
  } catch (error) {
    if (error.retryable === false && !UNCERTAIN.includes(error.code)) settle();
    throw error;
  }
}
