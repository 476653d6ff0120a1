//! Runs the properties over the stored seeds and over mutants of them.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

use checkout::webhooks::{Reading, read};
use domain::{Environment, OrderEvent, Timestamp};
use lomi_client::webhook::{Secrets, Signatures, WebhookEvent, WebhookSecret, sign, verify};
use properties::{ALL, Property};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

/// Mutants per seed, the same in every run.
const MUTANTS: u64 = 150;
/// Typical parts of such inputs, inserted because random bytes would not produce them.
const WORDS: [&[u8]; 16] =
    [b"\"", b"\n", b"0", b"9", b".", b"-", b"e9", b"null", b"{", b"}", b"/", b"@", b"\\", b"%7B", b"live", b"\xff"];

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds").join(name)
}

fn seeds(name: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let entries = std::fs::read_dir(folder(name)).expect("every property has seeds");
    let mut files: Vec<_> = entries.map(|entry| entry.expect("a file").path()).collect();
    files.sort();
    files.into_iter().map(|file| (file.clone(), std::fs::read(&file).expect("a seed"))).collect()
}

/// xorshift64, with a fixed seed.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).expect("31 bits") % bound.max(1)
    }

    fn mutant_of(&mut self, seed: &[u8]) -> Vec<u8> {
        let mut bytes = seed.to_vec();
        for _ in 0..=self.below(3) {
            let (from, to) = (self.below(bytes.len() + 1), self.below(bytes.len() + 1));
            match self.below(4) {
                0 if from < bytes.len() => bytes[from] ^= 1 << self.below(8),
                1 => drop(bytes.splice(from..from, WORDS[self.below(WORDS.len())].iter().copied())),
                2 => drop(bytes.drain(from.min(to)..from.max(to).min(from.min(to) + 8))),
                _ => bytes.extend_from_within(from.min(to)..from.max(to)),
            }
        }
        bytes
    }
}

#[track_caller]
fn holds_of(property: Property, input: &[u8], what: &str) {
    let held = catch_unwind(AssertUnwindSafe(|| property(input)));
    assert!(held.is_ok(), "{what}: {:?}", String::from_utf8_lossy(input));
}

#[test]
fn every_property_holds_of_its_seeds() {
    for (name, property) in ALL {
        let seeds = seeds(name);
        assert!(seeds.len() >= 5, "{name} has hardly any seeds");
        for (file, seed) in seeds {
            holds_of(property, &seed, &file.display().to_string());
        }
    }
}

#[test]
fn every_property_holds_of_mutated_seeds() {
    for (name, property) in ALL {
        let mut chance = Chance(0x9e37_79b9_7f4a_7c15);
        for (file, seed) in seeds(name) {
            for _ in 0..MUTANTS {
                holds_of(property, &chance.mutant_of(&seed), &file.display().to_string());
            }
        }
    }
}

#[test]
fn seeds_that_say_paid_are_read_as_payments() {
    let secret = WebhookSecret::parse("whsec_current").expect("a secret");
    let secrets = Secrets::new(vec![secret.clone()]).expect("one secret");
    let mut payments = 0;
    for (file, seed) in seeds("webhook") {
        let name = file.file_name().expect("a name").to_string_lossy().into_owned();
        if !name.starts_with("paid") || name == "paid-with-a-fraction" {
            continue;
        }
        let body = seed.splitn(3, |byte| *byte == b'\n').nth(2).expect("two headers and a body");
        let signature = sign(&secret, body);
        let verified = verify(Signatures { legacy: Some(&signature), v1: None }, body, &secrets).expect("signed");
        let event = WebhookEvent::parse(verified).expect("an event");
        let reading = read(&event, Environment::Sandbox, Timestamp::from_ms(0));
        let is_payment = matches!(reading, Reading::OrderEvent(OrderEvent::PaymentSucceeded(_), _));
        assert!(is_payment, "{name}: {reading:?}");
        payments += 1;
    }
    assert!(payments >= 6, "{payments} seeds pay");
}
