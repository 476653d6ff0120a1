//! `cargo xtask <step>...`: every check of the project, one command each. `nightly` runs a list of them in turn; `ci`
//! runs a list two at a time.

mod command;
mod lanes;
mod step;
mod steps;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use lexopt::prelude::{Long, Short, Value};
use step::{CI, NIGHTLY, STEPS, Step};

/// The names of steps and the time of each.
type Times = Vec<(&'static str, Duration)>;

enum Wish {
    Help,
    Ci,
    Steps(Vec<&'static Step>),
}

fn main() -> ExitCode {
    match read() {
        Ok(Wish::Help) => {
            print!("{}", help());
            ExitCode::SUCCESS
        }
        Ok(Wish::Ci) => conclude(lanes::run(&CI)),
        Ok(Wish::Steps(steps)) => conclude(run(&steps)),
        Err(problem) => {
            eprintln!("{problem}\n\n{}", help());
            ExitCode::from(2)
        }
    }
}

fn read() -> Result<Wish, String> {
    let mut steps = Vec::new();
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next().map_err(|error| error.to_string())? {
        match argument {
            Value(name) if name == "ci" => return Ok(Wish::Ci),
            Value(name) => steps.extend(named(&name.to_string_lossy())?),
            Long("help") | Short('h') => return Ok(Wish::Help),
            other => return Err(other.unexpected().to_string()),
        }
    }
    Ok(if steps.is_empty() { Wish::Help } else { Wish::Steps(steps) })
}

/// The step of this name, or the nightly list.
fn named(name: &str) -> Result<Vec<&'static Step>, String> {
    let names: &[&str] = if name == "nightly" { &NIGHTLY } else { &[name] };
    let find = |name: &&str| STEPS.iter().find(|step| step.name == *name);
    names.iter().map(|name| find(name).ok_or_else(|| format!("no step is called {name}"))).collect()
}

/// Runs the steps in turn up to the first failure; returns the time of each and the failure.
fn run(steps: &[&'static Step]) -> (Times, Option<String>) {
    let mut times = Vec::new();
    for step in steps {
        println!("\n=== {}: {}", step.name, step.about);
        let started = Instant::now();
        let done = (step.run)();
        times.push((step.name, started.elapsed()));
        if let Err(problem) = done {
            return (times, Some(format!("{}: {problem}", step.name)));
        }
        println!("=== {} took {} s", step.name, started.elapsed().as_secs());
    }
    (times, None)
}

fn conclude((times, failure): (Times, Option<String>)) -> ExitCode {
    if times.len() > 1 {
        print!("{}", table(&times));
    }
    match failure {
        Some(problem) => {
            eprintln!("\nfailed: {problem}");
            ExitCode::FAILURE
        }
        None => ExitCode::SUCCESS,
    }
}

fn table(times: &[(&str, Duration)]) -> String {
    let rows = times.iter().map(|(name, time)| format!("{name:<14} {:>5} s\n", time.as_secs()));
    format!("\n{}", rows.collect::<String>())
}

fn help() -> String {
    let rows: String = STEPS.iter().map(|step| format!("  {:<14} {}\n", step.name, step.about)).collect();
    format!(
        "cargo xtask <step>...\n\n{rows}\n  {:<14} {}\n  {:<14} {}\n",
        "ci",
        CI.join(", "),
        "nightly",
        NIGHTLY.join(", ")
    )
}
