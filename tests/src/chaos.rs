//! A chaos test with real kills: shoppers shop and a back office works while function processes are killed and frozen
//! and connections fail. At the end everything is repaired and the books must agree.
//!
//! Every decision comes from the seed: who buys what, which function is killed how long after it was caught working,
//! which connection fails and how, which event lomi loses or repeats. The speed of real processes does not, so the
//! same seed gives a similar run, not the same run.

mod ending;
mod fault;
mod office;
mod reaper;
mod shopper;
mod tally;
mod time;

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use fastrand::Rng;
use futures::future::join_all;
use lomi_sandbox::Settings;
use serde_json::json;
use tokio::time::{Instant, sleep, timeout};

use crate::app::{Setup, TestApp};
pub use tally::Tally;

const SHOPPERS: usize = 12;
/// Far longer than a chaos test takes per kill.
const LONGEST_PER_KILL: Duration = Duration::from_secs(6);
/// Switches lomi's rate limits off: another test covers them.
const UNLIMITED: u32 = 1_000_000;

/// The generations of lomi; the older one ignores the key of a card charge.
const GENERATIONS: [&str; 2] = ["current", "june2026"];

/// The settings of a chaos test.
#[derive(Clone, Debug)]
pub struct ChaosTest {
    /// The seed of every decision.
    pub seed: u64,
    /// How many working processes to kill.
    pub kills: u32,
    /// The folder of the function binaries; `None` builds them as `cargo dev` does.
    pub binaries: Option<PathBuf>,
}

/// The command that repeats this test.
impl fmt::Display for ChaosTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cargo run -p tests --example kills -- --kills {} --seed {}", self.kills, self.seed)?;
        match &self.binaries {
            Some(folder) => write!(f, " --binaries {}", folder.display()),
            None => Ok(()),
        }
    }
}

/// Prints the command that repeats a failed test, wherever it fails.
struct Repeat<'a>(&'a ChaosTest);

impl Drop for Repeat<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the chaos failed; to run one of the same seed (processes keep their own time):\n  {}", self.0);
        }
    }
}

impl ChaosTest {
    /// Runs the test to its end and audits it; returns the counts.
    pub async fn run(&self) -> Tally {
        let _repeat = Repeat(self);
        let began = Instant::now();
        let lomi = Settings { rate_write: UNLIMITED, rate_default: UNLIMITED, ..Settings::default() };
        let app = TestApp::start_with(Setup { binaries: self.binaries.clone(), lomi, ..Setup::default() }).await;
        app.lomi.profile(GENERATIONS[usize::from(self.seed.is_multiple_of(3))]).await;
        app.lomi.quirks(json!({ "allow_double_pay": true })).await;
        let scene = Scene::new(&app, self.seed);
        self.play(&scene).await;
        ending::settle(&scene).await;
        let mut tally = scene.tally.into_inner();
        tally.count_books(&app).await;
        app.audit().await;
        tally.took = began.elapsed();
        tally
    }

    async fn play(&self, scene: &Scene<'_>) {
        scene.app.dynamodb.roughen(self.seed);
        scene.app.lomi_wire.roughen(!self.seed);
        let reaping = async {
            let reaped = timeout(LONGEST_PER_KILL * self.kills, reaper::kill(scene, self.kills)).await;
            reaped.expect("there is always somebody at work to be killed");
            scene.is_over.set(true);
        };
        let people = async {
            let shoppers = join_all((0..SHOPPERS).map(|_| shopper::keep_coming(scene)));
            tokio::join!(reaping, reaper::freeze(scene), shoppers);
        };
        tokio::select! {
            () = people => {}
            () = background(scene) => {}
        }
    }
}

/// Everything that runs until the end.
async fn background(scene: &Scene<'_>) {
    tokio::join!(time::passes(scene), time::reconciles(scene), fault::strikes(scene));
}

/// The state that all actors share.
struct Scene<'a> {
    app: &'a TestApp,
    seed: u64,
    tally: RefCell<Tally>,
    /// No new shoppers; those in progress finish.
    is_over: Cell<bool>,
    parts: Cell<u64>,
    /// Orders with an answered create.
    orders: RefCell<Vec<String>>,
    /// Orders that a shopper saw paid.
    seen_paid: RefCell<BTreeSet<String>>,
}

impl<'a> Scene<'a> {
    fn new(app: &'a TestApp, seed: u64) -> Self {
        let (tally, is_over, parts, orders, seen_paid) = Default::default();
        Self { app, seed, tally, is_over, parts, orders, seen_paid }
    }

    /// The random numbers of one more actor.
    fn rng(&self) -> Rng {
        self.parts.set(self.parts.get() + 1);
        let mut rng = Rng::with_seed(self.seed);
        Rng::with_seed(rng.u64(..).wrapping_add(self.parts.get()))
    }

    fn count(&self, what: &'static str) {
        self.tally.borrow_mut().count(what);
    }

    fn is_over(&self) -> bool {
        self.is_over.get()
    }
}

async fn pause(rng: &mut Rng, [shortest_ms, longest_ms]: [u64; 2]) {
    sleep(Duration::from_millis(rng.u64(shortest_ms..longest_ms))).await;
}
