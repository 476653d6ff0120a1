//! The fault injector: draws the faults on every connection from the schedule's seed.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// The two sides of an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Line {
    /// A function and DynamoDB.
    DynamoDb,
    /// A function and lomi.
    Lomi,
    /// A function and Secrets Manager.
    Secrets,
}

/// The fate of one exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It succeeds.
    Passes,
    /// No connection is made: no effect, and the caller knows it.
    NotSent,
    /// The request is lost: no effect, and the caller does not know it.
    RequestLost,
    /// The effect happens and the answer is lost.
    ReplyLost,
    /// The service refuses for now: no effect.
    Refused,
    /// The service fails without an effect.
    FailsBefore,
    /// The service fails after the effect.
    FailsAfter,
    /// Another transaction holds the item (DynamoDB).
    Conflicts,
    /// An index returns an older state (DynamoDB).
    Stale,
    /// The key was rotated a moment ago and is refused (lomi).
    KeyRefused,
    /// The answer is malformed (lomi).
    Garbled,
    /// The request arrives twice; the second answer is returned.
    Doubled,
    /// The caller sees a broken connection, and the effect happens long after, because the request was still in flight.
    Late,
    /// No answer ever comes; the flag says whether the effect happens.
    Hangs(
        /// Whether the request arrived.
        bool,
    ),
}

/// The probability of each fault, in thousandths of all exchanges.
type Chances = Vec<(Fault, u32)>;

const DYNAMODB: [(Fault, u32); 11] = [
    (Fault::NotSent, 15),
    (Fault::RequestLost, 15),
    (Fault::ReplyLost, 25),
    (Fault::Refused, 25),
    (Fault::FailsBefore, 15),
    (Fault::FailsAfter, 20),
    (Fault::Conflicts, 30),
    (Fault::Stale, 60),
    (Fault::Doubled, 20),
    (Fault::Late, 20),
    (Fault::Hangs(true), 10),
];

const LOMI: [(Fault, u32); 12] = [
    (Fault::NotSent, 30),
    (Fault::RequestLost, 30),
    (Fault::ReplyLost, 60),
    (Fault::Refused, 30),
    (Fault::FailsBefore, 30),
    (Fault::FailsAfter, 50),
    (Fault::Garbled, 30),
    (Fault::Doubled, 20),
    (Fault::Late, 30),
    (Fault::KeyRefused, 10),
    (Fault::Hangs(false), 15),
    (Fault::Hangs(true), 25),
];

const SECRETS: [(Fault, u32); 8] = [
    (Fault::NotSent, 40),
    (Fault::RequestLost, 40),
    (Fault::ReplyLost, 80),
    (Fault::FailsBefore, 40),
    (Fault::FailsAfter, 80),
    (Fault::Doubled, 20),
    (Fault::Late, 20),
    (Fault::Hangs(true), 20),
];

/// The faults of one schedule, until [`Faults::calm`].
#[derive(Debug)]
pub struct Faults {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    chance: fastrand::Rng,
    struck: usize,
    dynamodb: Chances,
    lomi: Chances,
    secrets: Chances,
    storm: Option<Storm>,
}

#[derive(Debug)]
struct Storm {
    line: Line,
    /// Exchanges on the line that still pass.
    calm: u32,
    fate: Fault,
}

impl Faults {
    /// No faults at all.
    #[must_use]
    pub fn fair(seed: u64) -> Self {
        let chance = fastrand::Rng::with_seed(seed);
        Self::of(chance, [Vec::new(), Vec::new(), Vec::new()])
    }

    /// A random subset of all faults, so that kinds of faults meet in every combination.
    #[must_use]
    pub fn drawn(seed: u64) -> Self {
        let mut chance = fastrand::Rng::with_seed(seed);
        let strength = chance.u32(0..=4);
        let mut pick = |all: &[(Fault, u32)]| -> Chances {
            let kept = all.iter().filter(|_| chance.bool());
            kept.map(|(fate, thousandths)| (*fate, thousandths * strength / 2)).collect()
        };
        let chances = [pick(&DYNAMODB), pick(&LOMI), pick(&SECRETS)];
        Self::of(chance, chances)
    }

    fn of(chance: fastrand::Rng, [dynamodb, lomi, secrets]: [Chances; 3]) -> Self {
        Self { state: Mutex::new(State { chance, struck: 0, dynamodb, lomi, secrets, storm: None }) }
    }

    /// After `calm` more exchanges on `line`, each one gets this fault until [`Faults::calm`].
    pub fn turn(&self, line: Line, calm: u32, fate: Fault) {
        self.lock().storm = Some(Storm { line, calm, fate });
    }

    /// From now on every exchange succeeds.
    pub fn calm(&self) {
        let mut state = self.lock();
        state.dynamodb.clear();
        state.lomi.clear();
        state.secrets.clear();
        state.storm = None;
    }

    /// The fault of the next exchange on `line`, and its time in each direction.
    pub(crate) fn next(&self, line: Line, what: &str) -> (Fault, Duration, Duration) {
        let mut state = self.lock();
        let slowest_ms = match line {
            Line::DynamoDb | Line::Secrets => 12,
            Line::Lomi => 400,
        };
        let there = Duration::from_millis(state.chance.u64(1..=slowest_ms));
        let back = Duration::from_millis(state.chance.u64(1..=slowest_ms));
        let drawn = state.chance.u32(0..1000);
        let chances = match line {
            Line::DynamoDb => &state.dynamodb,
            Line::Lomi => &state.lomi,
            Line::Secrets => &state.secrets,
        };
        let mut sum = 0;
        let fate = chances.iter().find(|(_, thousandths)| {
            sum += thousandths;
            drawn < sum
        });
        let fate = fate.map_or(Fault::Passes, |(fate, _)| *fate);
        let fate = state.storm.as_mut().and_then(|storm| storm.next(line)).unwrap_or(fate);
        let fate = if can_befall(what, fate) { fate } else { Fault::Passes };
        state.struck += usize::from(fate != Fault::Passes);
        (fate, there, back)
    }

    /// How many exchanges had a fault.
    #[must_use]
    pub fn struck(&self) -> usize {
        self.lock().struck
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Storm {
    fn next(&mut self, line: Line) -> Option<Fault> {
        if self.line != line {
            return None;
        }
        let strikes = self.calm == 0;
        self.calm = self.calm.saturating_sub(1);
        strikes.then_some(self.fate)
    }
}

/// Whether this exchange can have this fault.
fn can_befall(what: &str, fate: Fault) -> bool {
    match fate {
        Fault::Stale => what == "Query",
        Fault::Conflicts => !matches!(what, "GetItem" | "BatchGetItem" | "Query"),
        // Some generations ignore the key of this call: a request sent twice refunds twice, and no function sends it
        // twice.
        Fault::Doubled => what != "POST /refunds",
        _ => true,
    }
}
