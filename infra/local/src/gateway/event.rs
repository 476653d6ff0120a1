//! HTTP request -> API Gateway event, payload format 2.0.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use axum::http::{HeaderMap, Method, Uri, Version, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};
use url::form_urlencoded;

use super::route::Match;
use crate::system;
use crate::template::ACCOUNT_ID;

/// Connection-specific headers, which the gateway does not forward.
const HOP_BY_HOP: [&str; 6] = ["connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"];

/// Headers that only the gateway may set.
const SET_BY_GATEWAY: [&str; 2] = ["x-forwarded-proto", "x-amzn-trace-id"];

/// A request with its whole body.
#[derive(Debug)]
pub(super) struct Received<'a> {
    pub(super) method: &'a Method,
    pub(super) uri: &'a Uri,
    pub(super) version: Version,
    pub(super) headers: &'a HeaderMap,
    pub(super) body: &'a [u8],
    pub(super) peer: SocketAddr,
    pub(super) request_id: &'a str,
}

/// The path as HTTP APIs forward it: percent-decoded, also in `rawPath`.
pub(super) fn decoded_path(uri: &Uri) -> String {
    percent_decode_str(uri.path()).decode_utf8_lossy().into_owned()
}

/// The event for the function that `found` names.
pub(super) fn event(request: &Received<'_>, found: &Match<'_>) -> Value {
    let path = decoded_path(request.uri);
    let route_key = found.target.route_key();
    let (body, is_base64_encoded) = body(request);
    let mut event = json!({
        "version": "2.0",
        "routeKey": route_key,
        "rawPath": path,
        "rawQueryString": request.uri.query().unwrap_or_default(),
        "headers": headers(request),
        "requestContext": context(request, &path, &route_key),
        "isBase64Encoded": is_base64_encoded,
    });
    let optional = [
        ("cookies", cookies(request.headers)),
        ("queryStringParameters", query(request.uri)),
        ("pathParameters", (!found.path_parameters.is_empty()).then(|| json!(found.path_parameters))),
        ("body", body.map(Value::from)),
    ];
    if let Some(members) = event.as_object_mut() {
        members.extend(optional.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
    }
    event
}

fn context(request: &Received<'_>, path: &str, route_key: &str) -> Value {
    let since_epoch = system::since_epoch();
    json!({
        "accountId": ACCOUNT_ID,
        "apiId": "local",
        "domainName": text(request.headers, header::HOST.as_str()),
        "domainPrefix": "local",
        "http": {
            "method": request.method.as_str(),
            "path": path,
            "protocol": format!("{:?}", request.version),
            "sourceIp": request.peer.ip().to_string(),
            "userAgent": text(request.headers, header::USER_AGENT.as_str()),
        },
        "requestId": request.request_id,
        "routeKey": route_key,
        "stage": "$default",
        "time": common_log_time(since_epoch.as_secs()),
        "timeEpoch": system::now_ms(),
    })
}

/// Lower-case names, values of one name joined by commas, without cookies. The gateway appends the peer to
/// `x-forwarded-for`, and overwrites its other headers.
fn headers(request: &Received<'_>) -> Map<String, Value> {
    let mut joined: BTreeMap<String, String> = BTreeMap::new();
    let forwarded = [
        ("x-forwarded-for", request.peer.ip().to_string()),
        ("x-forwarded-proto", "http".to_owned()),
        ("x-amzn-trace-id", format!("Root=1-{:08x}-{:024x}", system::since_epoch().as_secs(), fastrand::u64(..))),
    ];
    let received = request.headers.iter().map(|(name, value)| (name.as_str(), lossy(value.as_bytes())));
    let received = received.filter(|(name, _)| !SET_BY_GATEWAY.contains(name));
    for (name, value) in received.chain(forwarded) {
        if name == header::COOKIE.as_str() || HOP_BY_HOP.contains(&name) {
            continue;
        }
        joined.entry(name.to_owned()).and_modify(|all| *all = format!("{all},{value}")).or_insert(value);
    }
    joined.into_iter().map(|(name, value)| (name, value.into())).collect()
}

fn cookies(headers: &HeaderMap) -> Option<Value> {
    let all = headers.get_all(header::COOKIE).iter().map(|value| lossy(value.as_bytes()));
    let single: Vec<String> =
        all.flat_map(|line| line.split(';').map(|cookie| cookie.trim().to_owned()).collect::<Vec<_>>()).collect();
    (!single.is_empty()).then(|| json!(single))
}

/// Decoded parameters; values of one name are joined by commas.
fn query(uri: &Uri) -> Option<Value> {
    let mut joined: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in form_urlencoded::parse(uri.query()?.as_bytes()) {
        let entry = joined.entry(name.into_owned());
        entry.and_modify(|all| *all = format!("{all},{value}")).or_insert_with(|| value.into_owned());
    }
    (!joined.is_empty()).then(|| json!(joined))
}

/// HTTP APIs forward only four media types as text. Everything else is base64, also forms and bodies without a type.
fn body(request: &Received<'_>) -> (Option<String>, bool) {
    if request.body.is_empty() {
        return (None, false);
    }
    let media_type = text(request.headers, header::CONTENT_TYPE.as_str());
    let media_type = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_text = media_type.starts_with("text/")
        || ["application/json", "application/xml", "application/javascript"].contains(&media_type.as_str());
    let is_encoded = request.headers.contains_key(header::CONTENT_ENCODING);
    match std::str::from_utf8(request.body) {
        Ok(text) if is_text && !is_encoded => (Some(text.to_owned()), false),
        _ => (Some(STANDARD.encode(request.body)), true),
    }
}

fn text(headers: &HeaderMap, name: &str) -> String {
    headers.get(name).map(|value| lossy(value.as_bytes())).unwrap_or_default()
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// `12/Mar/2020:19:03:58 +0000`
fn common_log_time(epoch_s: u64) -> String {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (year, month, day) = system::civil_date(epoch_s / 86_400);
    let month =
        usize::try_from(month).ok().and_then(|month| MONTHS.get(month.checked_sub(1)?)).copied().unwrap_or_default();
    let (hour, minute, second) = (epoch_s / 3_600 % 24, epoch_s / 60 % 60, epoch_s % 60);
    format!("{day:02}/{month}/{year}:{hour:02}:{minute:02}:{second:02} +0000")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_is_written_as_in_an_access_log() {
        assert_eq!(common_log_time(1_583_348_638), "04/Mar/2020:19:03:58 +0000");
        assert_eq!(common_log_time(951_782_400), "29/Feb/2000:00:00:00 +0000");
        assert_eq!(common_log_time(1_798_761_599), "31/Dec/2026:23:59:59 +0000");
    }
}
