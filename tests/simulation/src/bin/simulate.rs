//! `cargo simulate`: runs any number of schedules, or one of them line by line.

use std::process::ExitCode;

use lexopt::prelude::{Long, ValueExt as _};
use simulation::{runs, schedule};

const HELP: &str = "\
Seeded schedules of the whole protocol, in one process and in virtual time.

  cargo simulate --schedules 100000 [--from 0]   runs so many seeds, from this one on
  cargo simulate --seed 42                       runs one and shows everything that happens in it
";

struct Wish {
    seed: Option<u64>,
    from: u64,
    schedules: u64,
}

fn main() -> ExitCode {
    match read() {
        Ok(Some(Wish { seed: Some(seed), .. })) => replay(seed),
        Ok(Some(wish)) => {
            let runs = runs::run_all(wish.from..wish.from.saturating_add(wish.schedules));
            println!("{runs}");
            if runs.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Ok(None) => {
            print!("{HELP}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}\n\n{HELP}");
            ExitCode::from(2)
        }
    }
}

fn replay(seed: u64) -> ExitCode {
    let outcome = schedule::run(seed);
    outcome.trace.lines().iter().for_each(|line| println!("{line}"));
    println!("trace {:016x}", outcome.trace.hash());
    outcome.findings.iter().for_each(|finding| println!("- {finding}"));
    if outcome.findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn read() -> Result<Option<Wish>, lexopt::Error> {
    let mut wish = Wish { seed: None, from: 0, schedules: 1_000 };
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("seed") => wish.seed = Some(arguments.value()?.parse()?),
            Long("from") => wish.from = arguments.value()?.parse()?,
            Long("schedules") => wish.schedules = arguments.value()?.parse()?,
            Long("help") => return Ok(None),
            other => return Err(other.unexpected()),
        }
    }
    Ok(Some(wish))
}
