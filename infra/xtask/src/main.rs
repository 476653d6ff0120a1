//! `cargo xtask <step>...`: every check of the project, one command each; `ci` and `nightly` are lists of them.

mod command;
mod step;
mod steps;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use lexopt::prelude::{Long, Short, Value};
use step::{CI, NIGHTLY, STEPS, Step};

fn main() -> ExitCode {
    match read() {
        Ok(steps) if steps.is_empty() => {
            print!("{}", help());
            ExitCode::SUCCESS
        }
        Ok(steps) => run(&steps),
        Err(problem) => {
            eprintln!("{problem}\n\n{}", help());
            ExitCode::from(2)
        }
    }
}

/// The steps that the arguments name; none asks for help.
fn read() -> Result<Vec<&'static Step>, String> {
    let mut steps = Vec::new();
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next().map_err(|error| error.to_string())? {
        match argument {
            Value(name) => steps.extend(named(&name.to_string_lossy())?),
            Long("help") | Short('h') => return Ok(Vec::new()),
            other => return Err(other.unexpected().to_string()),
        }
    }
    Ok(steps)
}

/// The step of this name, or those of the list of this name.
fn named(name: &str) -> Result<Vec<&'static Step>, String> {
    let names: &[&str] = match name {
        "ci" => &CI,
        "nightly" => &NIGHTLY,
        name => &[name],
    };
    let find = |name: &&str| STEPS.iter().find(|step| step.name == *name);
    names.iter().map(|name| find(name).ok_or_else(|| format!("no step is called {name}"))).collect()
}

/// Runs the steps in turn up to the first that fails, and prints what each took.
fn run(steps: &[&Step]) -> ExitCode {
    let mut times = Vec::new();
    let mut failure = None;
    for step in steps {
        println!("\n=== {}: {}", step.name, step.about);
        let started = Instant::now();
        failure = (step.run)().err();
        times.push((step.name, started.elapsed()));
        if failure.is_some() {
            break;
        }
        println!("=== {} took {} s", step.name, started.elapsed().as_secs());
    }
    print!("{}", table(&times));
    match (failure, times.last()) {
        (Some(problem), Some((name, _))) => {
            eprintln!("\n{name} failed: {problem}");
            ExitCode::FAILURE
        }
        _ => ExitCode::SUCCESS,
    }
}

fn table(times: &[(&str, Duration)]) -> String {
    let total: Duration = times.iter().map(|(_, time)| *time).sum();
    let rows = times.iter().copied().chain([("total", total)]);
    let rows = rows.map(|(name, time)| format!("{name:<14} {:>5} s\n", time.as_secs()));
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
