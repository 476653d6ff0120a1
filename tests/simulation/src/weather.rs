//! What goes wrong on the wires, drawn from the schedule's seed.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Between whom an exchange is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Line {
    /// A function and DynamoDB.
    DynamoDb,
    /// A function and lomi.
    Lomi,
    /// A function and Secrets Manager.
    Secrets,
}

/// What becomes of one exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It works.
    Passes,
    /// No connection is made: no effect, and the caller knows.
    NotSent,
    /// The request is lost: no effect, and the caller does not know.
    RequestLost,
    /// The effect happens and the answer is lost.
    ReplyLost,
    /// The other side refuses for now: no effect.
    Refused,
    /// It fails on the other side without an effect.
    FailsBefore,
    /// It fails on the other side although the effect has happened.
    FailsAfter,
    /// Another transaction is at the item (DynamoDB).
    Conflicts,
    /// An index shows an older state (DynamoDB).
    Stale,
    /// The key was rotated a moment ago and is refused (lomi.).
    KeyRefused,
    /// The answer makes no sense (lomi.).
    Garbled,
    /// The request arrives twice; the second answer counts.
    Doubled,
    /// The caller is told that the connection broke, and the effect happens long after: the request was under way.
    Late,
    /// Nothing comes back, ever; whether the effect happens is the flag.
    Hangs(
        /// Whether the request arrived.
        bool,
    ),
}

/// How likely each kind of trouble is, in thousandths of all exchanges.
type Chances = Vec<(Fate, u32)>;

const DYNAMODB: [(Fate, u32); 11] = [
    (Fate::NotSent, 15),
    (Fate::RequestLost, 15),
    (Fate::ReplyLost, 25),
    (Fate::Refused, 25),
    (Fate::FailsBefore, 15),
    (Fate::FailsAfter, 20),
    (Fate::Conflicts, 30),
    (Fate::Stale, 60),
    (Fate::Doubled, 20),
    (Fate::Late, 20),
    (Fate::Hangs(true), 10),
];

const LOMI: [(Fate, u32); 12] = [
    (Fate::NotSent, 30),
    (Fate::RequestLost, 30),
    (Fate::ReplyLost, 60),
    (Fate::Refused, 30),
    (Fate::FailsBefore, 30),
    (Fate::FailsAfter, 50),
    (Fate::Garbled, 30),
    (Fate::Doubled, 20),
    (Fate::Late, 30),
    (Fate::KeyRefused, 10),
    (Fate::Hangs(false), 15),
    (Fate::Hangs(true), 25),
];

const SECRETS: [(Fate, u32); 8] = [
    (Fate::NotSent, 40),
    (Fate::RequestLost, 40),
    (Fate::ReplyLost, 80),
    (Fate::FailsBefore, 40),
    (Fate::FailsAfter, 80),
    (Fate::Doubled, 20),
    (Fate::Late, 20),
    (Fate::Hangs(true), 20),
];

/// The weather of one schedule. It ends with [`Weather::calm`].
#[derive(Debug)]
pub struct Weather {
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

/// Trouble that was planned.
#[derive(Debug)]
struct Storm {
    line: Line,
    /// Exchanges on the line that still pass.
    calm: u32,
    fate: Fate,
}

impl Weather {
    /// No wind at all.
    #[must_use]
    pub fn fair(seed: u64) -> Self {
        let chance = fastrand::Rng::with_seed(seed);
        Self::of(chance, [Vec::new(), Vec::new(), Vec::new()])
    }

    /// A random part of all that can go wrong, so that kinds of trouble meet in every combination.
    #[must_use]
    pub fn drawn(seed: u64) -> Self {
        let mut chance = fastrand::Rng::with_seed(seed);
        let strength = chance.u32(0..=4);
        let mut pick = |all: &[(Fate, u32)]| -> Chances {
            let kept = all.iter().filter(|_| chance.bool());
            kept.map(|(fate, thousandths)| (*fate, thousandths * strength / 2)).collect()
        };
        let chances = [pick(&DYNAMODB), pick(&LOMI), pick(&SECRETS)];
        Self::of(chance, chances)
    }

    fn of(chance: fastrand::Rng, [dynamodb, lomi, secrets]: [Chances; 3]) -> Self {
        Self { state: Mutex::new(State { chance, struck: 0, dynamodb, lomi, secrets, storm: None }) }
    }

    /// After `calm` more exchanges on `line`, each fares like this until [`Weather::calm`].
    pub fn turn(&self, line: Line, calm: u32, fate: Fate) {
        self.lock().storm = Some(Storm { line, calm, fate });
    }

    /// From now on everything works.
    pub fn calm(&self) {
        let mut state = self.lock();
        state.dynamodb.clear();
        state.lomi.clear();
        state.secrets.clear();
        state.storm = None;
    }

    /// What becomes of the next exchange on `line`, and how long it is under way in each direction.
    pub(crate) fn next(&self, line: Line, what: &str) -> (Fate, Duration, Duration) {
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
        let fate = fate.map_or(Fate::Passes, |(fate, _)| *fate);
        let fate = state.storm.as_mut().and_then(|storm| storm.next(line)).unwrap_or(fate);
        let fate = if can_befall(what, fate) { fate } else { Fate::Passes };
        state.struck += usize::from(fate != Fate::Passes);
        (fate, there, back)
    }

    /// How many exchanges did not just pass.
    #[must_use]
    pub fn struck(&self) -> usize {
        self.lock().struck
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Storm {
    fn next(&mut self, line: Line) -> Option<Fate> {
        if self.line != line {
            return None;
        }
        let strikes = self.calm == 0;
        self.calm = self.calm.saturating_sub(1);
        strikes.then_some(self.fate)
    }
}

/// Whether a fate can befall this exchange at all.
fn can_befall(what: &str, fate: Fate) -> bool {
    match fate {
        Fate::Stale => what == "Query",
        Fate::Conflicts => !matches!(what, "GetItem" | "BatchGetItem" | "Query"),
        // Some generations ignore the key of this call: who sends it twice refunds twice, and nobody here does.
        Fate::Doubled => what != "POST /refunds",
        _ => true,
    }
}
