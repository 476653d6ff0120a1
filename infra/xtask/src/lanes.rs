//! Two lanes take steps from one list at the same time. Each step is a process of its own; its output is printed when
//! it ends.

use std::env;
use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;

use crate::Times;
use crate::command::root;

/// A step waits for processes and compilers as often as it computes: two lanes keep two processors busy.
const LANES: usize = 2;

/// The remaining steps and the results so far.
struct Course {
    left: std::slice::Iter<'static, &'static str>,
    times: Times,
    failure: Option<String>,
}

impl Course {
    fn next(&mut self) -> Option<&'static str> {
        if self.failure.is_some() { None } else { self.left.next().copied() }
    }
}

/// Runs the steps in the given order; returns the time of each and the first failure.
pub(crate) fn run(steps: &'static [&'static str]) -> (Times, Option<String>) {
    let course = Mutex::new(Course { left: steps.iter(), times: Vec::new(), failure: None });
    thread::scope(|scope| {
        for _ in 0..LANES {
            scope.spawn(|| follow(&course));
        }
    });
    let Course { times, failure, .. } = course.into_inner().unwrap_or_else(PoisonError::into_inner);
    (times, failure)
}

fn follow(course: &Mutex<Course>) {
    loop {
        let Some(name) = lock(course).next() else { return };
        let started = Instant::now();
        let result = step(name);
        let mut course = lock(course);
        let (output, is_ok) = result.unwrap_or_else(|error| (error.to_string(), false));
        print!("{output}");
        course.times.push((name, started.elapsed()));
        if !is_ok {
            course.failure.get_or_insert_with(|| name.to_owned());
        }
    }
}

fn lock(course: &Mutex<Course>) -> MutexGuard<'_, Course> {
    course.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs one step as a process of this same program; returns its output and whether it succeeded.
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
