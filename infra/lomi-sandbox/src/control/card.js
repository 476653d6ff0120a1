// A stand-in for the card form of lomi's SDK: window.loadLomi(publishableKey). Test cards only. Like the newest SDK (source of
// 2026) it fails without a key and accepts only the options of the card processor that the SDK wraps.
(() => {
  const base = new URL(document.currentScript.src).origin;
  const french = (document.documentElement.lang || navigator.language || "").startsWith("fr");
  const messages = french
    ? {
        number: "Numéro de carte",
        exp: "Expiration (MM/AA)",
        cvc: "Code",
        ask: "Votre banque vous demande de confirmer ce paiement.",
        pass: "Confirmer",
        fail: "Refuser",
      }
    : {
        number: "Card number",
        exp: "Expiry (MM/YY)",
        cvc: "CVC",
        ask: "Your bank asks you to confirm this payment.",
        pass: "Confirm",
        fail: "Refuse",
      };

  const node = (name, properties = {}, children = []) => {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
  };

  const field = (label, properties) => {
    const input = node("input", properties);
    return { input, row: node("label", { style: "display:block" }, [label, " ", input]) };
  };

  const intentOf = (secret) => String(secret).split("_secret_")[0];

  // A text body needs no preflight, so the page may be on any origin.
  const send = async (path, body) => {
    try {
      const response = await fetch(base + path, { method: "POST", body: JSON.stringify(body) });
      return await response.json();
    } catch (cause) {
      return { error: { type: "api_connection_error", code: "network", message: String(cause) } };
    }
  };

  const askBank = (form, intent) =>
    new Promise((resolve) => {
      const answer = (pass) => async () => {
        question.remove();
        resolve(await send(`/_sim/card/${intent}/authenticate`, { pass }));
      };
      const buttons = [
        node("button", { type: "button", textContent: messages.pass, onclick: answer(true) }),
        node("button", { type: "button", textContent: messages.fail, onclick: answer(false) }),
      ];
      const text = node("p", { textContent: messages.ask });
      const question = node("div", { role: "alertdialog", ariaLabel: messages.ask }, [text, ...buttons]);
      form.append(question);
      buttons[0].focus();
    });

  const THEMES = ["stripe", "night", "flat"];
  const dress = (fields, { theme = "stripe", variables = {} }) => {
    if (!THEMES.includes(theme)) throw new Error(`theme: one of ${THEMES}`);
    for (const { input } of fields) input.style.borderRadius = variables.borderRadius ?? "";
    return theme;
  };

  const elements = ({ clientSecret, appearance = {} }) => {
    const fields = {
      card_number: field(messages.number, { inputMode: "numeric", autocomplete: "off", name: "card_number" }),
      exp: field(messages.exp, { autocomplete: "off", name: "exp", size: 7 }),
      cvc: field(messages.cvc, { inputMode: "numeric", autocomplete: "off", name: "cvc", size: 4 }),
    };
    const form = node("div", { className: "lomi-card" }, Object.values(fields).map(({ row }) => row));
    form.dataset.theme = dress(Object.values(fields), appearance);
    const listeners = [];
    const element = {
      mount(target) {
        (typeof target === "string" ? document.querySelector(target) : target).replaceChildren(form);
        setTimeout(() => listeners.forEach((listener) => listener()));
      },
      unmount: () => form.remove(),
      destroy: () => form.remove(),
      on(event, listener) {
        if (event === "ready") listeners.push(listener);
        return element;
      },
    };
    const confirm = async () => {
      const typed = Object.fromEntries(Object.entries(fields).map(([name, { input }]) => [name, input.value]));
      const intent = intentOf(clientSecret);
      const optional = (text) => (text.trim() === "" ? null : text);
      const body = {
        client_secret: clientSecret,
        card_number: typed.card_number,
        exp: optional(typed.exp),
        cvc: optional(typed.cvc),
      };
      const result = await send(`/_sim/card/${intent}/confirm`, body);
      return result.paymentIntent?.status === "requires_action" ? askBank(form, intent) : result;
    };
    return { create: () => element, getElement: () => element, submit: async () => ({}), clientSecret, confirm };
  };

  const confirmPayment = async ({ elements, redirect = "always", confirmParams = {} }) => {
    const result = await elements.confirm();
    if (result.error || redirect === "if_required" || !confirmParams.return_url) return result;
    const url = new URL(confirmParams.return_url, location.href);
    url.searchParams.set("payment_intent", result.paymentIntent.id);
    url.searchParams.set("payment_intent_client_secret", elements.clientSecret);
    url.searchParams.set("redirect_status", result.paymentIntent.status);
    location.assign(url);
    return result;
  };

  window.loadLomi = async (publishableKey) => {
    if (!publishableKey.startsWith("lomi_pk_")) throw new Error("no publishable key");
    return { elements, confirmPayment };
  };
})();
