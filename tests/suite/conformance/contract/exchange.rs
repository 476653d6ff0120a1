//! What one exchange has against the contract.

use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use serde_json::{Value, json};
use url::form_urlencoded;

use super::document::{Document, Misfit, Operation, Parameter, Schema};

/// Headers of HTTP itself, and the key.
const NAMED_EVERYWHERE: [&str; 4] = ["accept", "content-type", "user-agent", "x-api-key"];

/// Something that the contract does not allow.
#[derive(Debug, Clone)]
pub(super) struct Violation {
    /// `POST /customers`; with the path itself when no operation is there.
    pub(super) operation: String,
    pub(super) part: Part,
    /// Of a body, a JSON pointer; of a query or of headers, a name; else empty.
    pub(super) pointer: String,
    reason: String,
}

/// Where in an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Path,
    Query,
    Header,
    Request,
    Answer,
    /// Which of several forms an answer has.
    Form,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = format!("{:?}", self.part).to_ascii_lowercase();
        write!(f, "{}, {part} {:?}: {}", self.operation, self.pointer, self.reason)
    }
}

/// Everything that is wrong with a request, and with its answer when it has one of lomi.'s own.
pub(super) fn violations(
    document: &Document,
    request: &Request<Bytes>,
    answer: Option<&Response<Bytes>>,
) -> Vec<Violation> {
    let (method, path) = (request.method(), request.uri().path());
    let Some(operation) = document.operation(method, path) else {
        let (pointer, reason) = (String::new(), "no such operation".to_owned());
        return vec![Violation { operation: format!("{method} {path}"), part: Part::Path, pointer, reason }];
    };
    let check = Check { document, operation };
    let mut found = check.query(request.uri().query().unwrap_or_default());
    found.extend(check.headers(request.headers()));
    found.extend(check.body(request.body()));
    found.extend(answer.into_iter().flat_map(|answer| check.answer(answer)));
    found
}

struct Check<'a> {
    document: &'a Document,
    operation: &'a Operation,
}

impl Check<'_> {
    fn query(&self, query: &str) -> Vec<Violation> {
        let sent: Vec<_> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        self.named(Part::Query, "query", &sent)
    }

    fn headers(&self, headers: &HeaderMap) -> Vec<Violation> {
        let text = |value: &http::HeaderValue| value.to_str().unwrap_or_default().to_owned();
        let sent: Vec<_> = headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
        self.named(Part::Header, "header", &sent)
    }

    /// What is sent by name is known by that name and of the right type, and what has to be sent is there.
    fn named(&self, part: Part, place: &str, sent: &[(String, String)]) -> Vec<Violation> {
        let known = || self.operation.parameters.iter().filter(|parameter| parameter.place == place);
        let is = |parameter: &&Parameter, name: &str| parameter.name.eq_ignore_ascii_case(name);
        let mut found = Vec::new();
        for (name, value) in sent {
            match known().find(|parameter| is(parameter, name)) {
                Some(parameter) => found.extend(self.text(part, parameter, value)),
                None if part == Part::Header && NAMED_EVERYWHERE.contains(&name.as_str()) => {}
                None => found.push(self.violation(part, name, "is not in the contract")),
            }
        }
        let is_missing =
            |parameter: &&Parameter| parameter.is_required && !sent.iter().any(|(name, _)| is(parameter, name));
        found.extend(known().filter(is_missing).map(|missing| self.violation(part, &missing.name, "is missing")));
        found
    }

    /// A value that travels as text fits as the text or as what it reads as.
    fn text(&self, part: Part, parameter: &Parameter, value: &str) -> Option<Violation> {
        let misfits = self.document.misfits(parameter.schema, &json!(value));
        let read: Value = serde_json::from_str(value).unwrap_or_default();
        let misfit = misfits.first().filter(|_| !self.document.misfits(parameter.schema, &read).is_empty())?;
        Some(self.violation(part, &parameter.name, &misfit.reason))
    }

    /// An empty object says as little as no body does.
    fn body(&self, body: &Bytes) -> Vec<Violation> {
        match self.operation.body {
            Some(schema) => self.json(Part::Request, schema, body),
            None if body.is_empty() || &body[..] == b"{}" => Vec::new(),
            None => vec![self.violation(Part::Request, "", "takes no body")],
        }
    }

    fn answer(&self, answer: &Response<Bytes>) -> Vec<Violation> {
        let (status, is_success) = (answer.status().as_u16(), answer.status().is_success());
        let answers = &self.operation.answers;
        let printed = answers.get(&status.to_string()).or_else(|| answers.get(&format!("{}XX", status / 100)));
        // What is left over are refusals: a success is always named.
        let Some(printed) = printed.or_else(|| answers.get("default").filter(|_| !is_success)) else {
            return vec![self.violation(Part::Answer, "", &format!("status {status} is not in the contract"))];
        };
        let sent = |header: &&Parameter| answer.headers().contains_key(&header.name);
        let value = |header: &Parameter| answer.headers()[&header.name].to_str().unwrap_or_default().to_owned();
        let headers = printed.headers.iter().filter(sent);
        let mut found: Vec<_> = headers.filter_map(|header| self.text(Part::Answer, header, &value(header))).collect();
        found.extend(printed.body.into_iter().flat_map(|schema| self.json(Part::Answer, schema, answer.body())));
        let is_likely = |schema| self.json(Part::Answer, schema, answer.body()).is_empty();
        if found.is_empty() && !printed.likeliest.is_none_or(is_likely) {
            found.push(self.violation(Part::Form, "", "the answer has not the likeliest form"));
        }
        found.extend(self.code(status, answer.body()).filter(|_| !is_success));
        found
    }

    /// An error's code is one of the list, at its own status.
    fn code(&self, status: u16, body: &Bytes) -> Option<Violation> {
        let known = &self.document.error_codes;
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let code = body["error"]["code"].as_str()?;
        let is_known = known.is_empty() || known.contains(&(code.to_owned(), status.into()));
        (!is_known).then(|| self.violation(Part::Answer, "/error/code", &format!("{code} is no code of a {status}")))
    }

    fn json(&self, part: Part, schema: Schema, body: &Bytes) -> Vec<Violation> {
        let Ok(value) = serde_json::from_slice::<Value>(body) else {
            return vec![self.violation(part, "", "is no JSON")];
        };
        let misfits = self.document.misfits(schema, &value).into_iter();
        misfits.map(|Misfit { pointer, reason }| self.violation(part, &pointer, &reason)).collect()
    }

    fn violation(&self, part: Part, pointer: &str, reason: &str) -> Violation {
        let (pointer, reason) = (pointer.to_owned(), reason.to_owned());
        Violation { operation: self.operation.name(), part, pointer, reason }
    }
}
