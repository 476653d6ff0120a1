//! The pages as HTML, without scripts.

use super::{Fields, Messages};
use crate::model::{Environment, Rail, Session};
use crate::pay;

const STYLE: &str = "\
*{box-sizing:border-box}body{margin:0;font:16px/1.5 system-ui,sans-serif;background:#f4f1ec;color:#22201c}\
main{max-width:26rem;margin:0 auto;padding:1rem}\
.ribbon{background:#8a4b00;color:#fff;text-align:center;padding:.4rem;font-size:.875rem}\
.card{background:#fff;border-radius:.75rem;padding:1.25rem;box-shadow:0 1px 4px #0002;overflow-wrap:anywhere}\
h1{font-size:1.125rem;margin:0}.amount{font-size:2rem;font-weight:700;margin:.25rem 0 1rem}\
label{display:block;margin:.75rem 0 0;font-size:.875rem}\
input,select,button{font:inherit;width:100%;padding:.65rem;border-radius:.5rem;border:1px solid #8a857c}\
button{border:0;margin-top:.75rem;background:#1f5f4a;color:#fff;font-weight:600;cursor:pointer;min-height:2.75rem}\
button.quiet{background:none;color:#1f5f4a;text-decoration:underline;font-weight:400}\
fieldset{border:1px solid #d8d3ca;border-radius:.5rem;margin:1rem 0 0;padding:.75rem}\
.error{background:#fde8e4;color:#8c1d0a;padding:.75rem;border-radius:.5rem}\
small{color:#5d574d;display:block;margin-top:.35rem}a{color:#1f5f4a}\
:focus-visible{outline:3px solid #e08a00;outline-offset:2px}";

/// The payment form. `declined` is the code of the last refusal.
pub(super) fn checkout(messages: &Messages, session: &Session, fields: &Fields, declined: Option<&str>) -> String {
    let error = declined.map(|code| {
        format!(r#"<p class="error" role="alert">{} <small>({})</small></p>"#, messages.declined, escape(code))
    });
    let wallets: String = [Rail::Wave, Rail::Mtn]
        .into_iter()
        .filter(|rail| pay::allows(session, *rail))
        .map(|rail| wallet_button(messages, rail))
        .collect();
    let wallets = if wallets.is_empty() {
        wallets
    } else {
        format!("{wallets}{}", small(is_test(session), messages.wallet_hint))
    };
    let id = escape(&session.checkout_session_id);
    let body = format!(
        r#"{error}<form method="post" action="/checkout/{id}/pay">{contact}{coupon}{outcome}{card}{wallets}</form>
<form method="post" action="/checkout/{id}/cancel"><button class="quiet">{cancel}</button></form>"#,
        error = error.unwrap_or_default(),
        contact = contact(messages, session, fields),
        coupon = coupon(messages, session, fields),
        outcome = outcome(messages, session),
        card = card(messages, session, fields),
        cancel = messages.cancel,
    );
    document(messages, is_test(session), &format!("{}{body}", heading(session)))
}

/// The bank's question. Hidden fields carry the filled-in form.
pub(super) fn challenge(messages: &Messages, session: &Session, fields: &Fields) -> String {
    let hidden: String = fields
        .iter()
        .filter(|(name, _)| *name != "challenge")
        .map(|(name, value)| format!(r#"<input type="hidden" name="{}" value="{}">"#, escape(name), escape(value)))
        .collect();
    let body = format!(
        r#"{heading}<p>{question}</p><form method="post" action="/checkout/{id}/pay">{hidden}
<button name="challenge" value="pass">{pass}</button>
<button name="challenge" value="fail" class="quiet">{fail}</button></form>"#,
        heading = heading(session),
        question = messages.challenge,
        id = escape(&session.checkout_session_id),
        pass = messages.challenge_pass,
        fail = messages.challenge_fail,
    );
    document(messages, is_test(session), &body)
}

/// One sentence, with a link to the shop if there is one.
pub(super) fn notice(messages: &Messages, text: &str, link: Option<&str>) -> String {
    let link = link.filter(|url| url.starts_with("http://") || url.starts_with("https://"));
    let link = link.map(|url| format!(r#"<p><a href="{}">{}</a></p>"#, escape(url), messages.back_to_shop));
    document(messages, false, &format!("<h1>{}</h1><p>{text}</p>{}", messages.pay_title, link.unwrap_or_default()))
}

fn document(messages: &Messages, is_test: bool, body: &str) -> String {
    let ribbon = if is_test { format!(r#"<div class="ribbon">{}</div>"#, messages.test_ribbon) } else { String::new() };
    format!(
        r#"<!doctype html><html lang="{lang}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1"><title>{title}</title>
<link rel="icon" href="data:,"><style>{STYLE}</style></head>
<body>{ribbon}<main><div class="card">{body}</div></main></body></html>"#,
        lang = messages.lang,
        title = messages.pay_title,
    )
}

fn heading(session: &Session) -> String {
    let line = |tag: &str, text: Option<&String>| {
        text.map(|text| format!("<{tag}>{}</{tag}>", escape(text))).unwrap_or_default()
    };
    format!(
        r#"{}{}<p class="amount">{}&nbsp;{}</p>"#,
        line("h1", session.details.title.as_ref()),
        line("p", session.details.description.as_ref()),
        grouped(&session.amount.text()),
        session.currency_code,
    )
}

fn contact(messages: &Messages, session: &Session, fields: &Fields) -> String {
    let details = &session.details;
    [
        ("customer_name", messages.name, "text", "name", &details.customer_name),
        ("customer_email", messages.email, "email", "email", &details.customer_email),
        ("customer_phone", messages.phone, "tel", "tel", &details.customer_phone),
    ]
    .map(|(name, label, kind, autocomplete, prefilled)| {
        let value = fields.get(name).or(prefilled.as_ref()).map(|text| escape(text)).unwrap_or_default();
        format!(
            r#"<label>{label}<input name="{name}" type="{kind}" autocomplete="{autocomplete}" value="{value}"></label>"#
        )
    })
    .concat()
}

fn coupon(messages: &Messages, session: &Session, fields: &Fields) -> String {
    if !session.details.allow_coupon_code {
        return String::new();
    }
    let value = fields.get("coupon_code").map(|text| escape(text)).unwrap_or_default();
    format!(r#"<label>{}<input name="coupon_code" autocomplete="off" value="{value}"></label>"#, messages.coupon)
}

/// Lets a tester choose what happens on the screen of the payment rail.
fn outcome(messages: &Messages, session: &Session) -> String {
    if !is_test(session) {
        return String::new();
    }
    let options = [("approve", messages.approve), ("decline", messages.decline), ("abandon", messages.abandon)]
        .map(|(value, label)| format!(r#"<option value="{value}">{label}</option>"#));
    format!(r#"<label>{}<select name="outcome">{}</select></label>"#, messages.outcome, options.concat())
}

fn card(messages: &Messages, session: &Session, fields: &Fields) -> String {
    if !pay::allows(session, Rail::Card) {
        return String::new();
    }
    let number = fields.get("card_number").map_or(pay::card::GOOD_CARD.to_owned(), |number| escape(number));
    format!(
        r#"<fieldset><label style="margin:0">{label}<input name="card_number" inputmode="numeric" autocomplete="off"
 value="{number}"></label>{hint}<button name="method" value="card">{pay}</button></fieldset>"#,
        label = messages.card_number,
        hint = small(is_test(session), messages.card_hint),
        pay = messages.by_card,
    )
}

fn wallet_button(messages: &Messages, rail: Rail) -> String {
    let label = if rail == Rail::Wave { "Wave" } else { "MTN MoMo" };
    format!(r#"<button name="method" value="{}">{} {label}</button>"#, rail.as_ref(), messages.pay_with)
}

fn small(is_shown: bool, text: &str) -> String {
    if is_shown { format!("<small>{text}</small>") } else { String::new() }
}

fn is_test(session: &Session) -> bool {
    session.environment == Environment::Test
}

/// `1250000` becomes `1 250 000`, with non-breaking spaces.
fn grouped(amount: &str) -> String {
    let (units, fraction) = amount.split_once('.').map_or((amount, None), |(units, rest)| (units, Some(rest)));
    let mut grouped = String::new();
    for (at, digit) in units.chars().enumerate() {
        if at > 0 && (units.len() - at).is_multiple_of(3) {
            grouped.push('\u{a0}');
        }
        grouped.push(digit);
    }
    fraction.map_or_else(|| grouped.clone(), |fraction| format!("{grouped}.{fraction}"))
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_grouped_by_thousands() {
        assert_eq!(grouped("25000"), "25\u{a0}000");
        assert_eq!(grouped("1250000.5"), "1\u{a0}250\u{a0}000.5");
        assert_eq!(grouped("100"), "100");
    }

    #[test]
    fn merchant_text_cannot_become_markup() {
        assert_eq!(escape(r#"<a href="x">'&"#), "&lt;a href=&quot;x&quot;&gt;&#39;&amp;");
    }
}
