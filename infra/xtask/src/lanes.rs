//! Lists of steps at the same time, each step a process of its own whose output is printed when it ends.

use std::env;
use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::PoisonError;
use std::thread;
use std::time::Instant;

use crate::Times;
use crate::command::root;

/// What came of all lanes so far.
#[derive(Default)]
struct Course {
    times: Times,
    failure: Option<String>,
}

/// Runs the lanes; after a failure no step begins. What each step took, and the first failure.
pub(crate) fn run(lanes: &[&[&'static str]]) -> (Times, Option<String>) {
    let course = Mutex::new(Course::default());
    thread::scope(|scope| {
        for lane in lanes {
            scope.spawn(|| follow(lane, &course));
        }
    });
    let Course { times, failure } = course.into_inner().unwrap_or_else(PoisonError::into_inner);
    (times, failure)
}

fn follow(lane: &[&'static str], course: &Mutex<Course>) {
    let lock = || course.lock().unwrap_or_else(PoisonError::into_inner);
    for name in lane {
        if lock().failure.is_some() {
            return;
        }
        let started = Instant::now();
        let result = step(name);
        let mut course = lock();
        let (output, is_ok) = result.unwrap_or_else(|error| (error.to_string(), false));
        print!("{output}");
        course.times.push((name, started.elapsed()));
        if !is_ok {
            course.failure.get_or_insert_with(|| (*name).to_owned());
        }
    }
}

/// Runs one step by this very program: its output, and whether it succeeded.
fn step(name: &str) -> io::Result<(String, bool)> {
    let folder = root().join("target/xtask");
    fs::create_dir_all(&folder)?;
    let log = folder.join(name).with_extension("log");
    let status = logged(name, &log)?;
    Ok((String::from_utf8_lossy(&fs::read(&log)?).into_owned(), status))
}

fn logged(name: &str, log: &Path) -> io::Result<bool> {
    let file = File::create(log)?;
    let mut command = Command::new(env::current_exe()?);
    command.arg(name).stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file);
    Ok(command.status()?.success())
}
