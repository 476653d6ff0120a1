//! Which calls of AWS the functions really make: heard on the wire, told apart as IAM tells them apart, and kept beside
//! the binaries that made them.

mod action;
mod kept;
mod request;

use std::fmt;
use std::sync::{Arc, Mutex};

use local::secrets::Secrets;

pub use kept::Kept;
pub(crate) use request::caller;
pub use request::{Request, Requests};

/// One permission that a function made use of, or is granted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Call {
    /// The function's binary.
    pub function: String,
    /// As IAM writes it: `dynamodb:GetItem`.
    pub action: String,
    /// What it is done to, by its name in the template: `Table`, `Table/index/listing`, `LomiSecretKey`.
    pub resource: String,
    /// The partition key up to its first `#`, then `*`: `ORDER#*`. One without a `#` stands whole. `-` where there is no key.
    pub key: String,
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on {}", self.action, self.resource)?;
        if self.key == "-" { Ok(()) } else { write!(f, " for {}", self.key) }
    }
}

/// Keeps what is heard. Clones write to the same place.
#[derive(Clone, Debug)]
pub struct Recorder {
    kept: Arc<Kept>,
    /// What this recorder has written already.
    seen: Arc<Mutex<Vec<Call>>>,
}

impl Recorder {
    /// Writes to `kept`.
    #[must_use]
    pub fn new(kept: Kept) -> Self {
        Self { kept: Arc::new(kept), seen: Arc::default() }
    }

    /// Keeps what IAM would be asked about this request.
    pub fn note(&self, request: &Request) {
        let mut seen = self.seen.lock().expect("nobody panics with it");
        for call in action::calls(request) {
            if !seen.contains(&call) {
                self.kept.call(&call);
                seen.push(call);
            }
        }
    }

    /// Keeps what the stand-in for Secrets Manager was asked.
    pub fn note_secrets(&self, secrets: &Secrets) {
        secrets.asked().iter().for_each(|asked| self.note(&Request::of(asked)));
    }

    /// Keeps that the running test has come to its end.
    pub fn note_test(&self) {
        if let Some(test) = std::thread::current().name() {
            self.kept.test(test);
        }
    }
}
