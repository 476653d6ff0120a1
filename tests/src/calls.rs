//! Records the AWS calls that the functions really make: read from their connections, classified as IAM classifies
//! them, and stored beside the binaries that made them.

mod action;
mod kept;
mod request;

use std::fmt;
use std::sync::{Arc, Mutex};

use local::secrets::Secrets;

pub use kept::Kept;
pub(crate) use request::caller;
pub use request::{Request, Requests};

/// One permission that a function used or has.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Call {
    /// The function's binary.
    pub function: String,
    /// As IAM writes it: `dynamodb:GetItem`.
    pub action: String,
    /// The resource, by its name in the template: `Table`, `Table/index/listing`, `LomiSecretKey`.
    pub resource: String,
    /// The partition key up to its first `#`, then `*`: `ORDER#*`. A key without `#` is kept whole. `-` where there
    /// is no key.
    pub key: String,
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on {}", self.action, self.resource)?;
        if self.key == "-" { Ok(()) } else { write!(f, " for {}", self.key) }
    }
}

/// Stores the recorded calls. Clones write to the same place.
#[derive(Clone, Debug)]
pub struct Recorder {
    kept: Arc<Kept>,
    /// Calls that this recorder has written already.
    seen: Arc<Mutex<Vec<Call>>>,
}

impl Recorder {
    /// Writes to `kept`.
    #[must_use]
    pub fn new(kept: Kept) -> Self {
        Self { kept: Arc::new(kept), seen: Arc::default() }
    }

    /// Records the permissions that this request needs.
    pub fn note(&self, request: &Request) {
        let mut seen = self.seen.lock().expect("nobody panics with it");
        for call in action::calls(request) {
            if !seen.contains(&call) {
                self.kept.call(&call);
                seen.push(call);
            }
        }
    }

    /// Records the calls to the local Secrets Manager.
    pub fn note_secrets(&self, secrets: &Secrets) {
        secrets.asked().iter().for_each(|asked| self.note(&Request::of(asked)));
    }

    /// Records that the running test has finished.
    pub fn note_test(&self) {
        if let Some(test) = std::thread::current().name() {
            self.kept.test(test);
        }
    }
}
