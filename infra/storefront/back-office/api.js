/** The back office's calls: read, write once per key, remove. Nothing is retried by itself: a person is looking. */
import { CheckoutError } from "../checkout.js";

const TIMEOUT_MS = 30_000;

/** As CheckoutError, with the numbers that a refused refund is about: `payout`, or null. */
export class OfficeError extends CheckoutError {
  constructor(status, problem, retryAfter) {
    super(status, problem, retryAfter);
    this.payout = problem?.payout ?? null;
  }
}

/** `token` opens the closed routes of the local gateway; `onClosed` runs when it does not (any more). */
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
    /** POST, with an Idempotency-Key where there is one. */
    write: (path, body, key) => call("POST", path, { body, key }),
    /** DELETE. */
    remove: (path) => call("DELETE", path),
  };
}

/** Refusals after which the thing may have been done all the same: only the same key finds out. */
const UNCERTAIN = ["internal_error", "outcome_unknown"];
const attempts = new Map(); // the name of a form -> {text, key, startedMs}; outlives the form, which another language draws anew

/**
 * Sends what a form says with one key per content until the backend has said yes or a certain no: pressed again after a lost
 * answer, it does not do the thing twice. `send(key, startedMs)`; both stay the same from try to try.
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
