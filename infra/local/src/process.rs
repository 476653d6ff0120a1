//! One execution environment: a function binary as a child process, behind its own Runtime API endpoint.
//!
//! A child never outlives `dev`: it is killed when its environment is dropped, and when `dev` itself is killed the
//! Runtime API connection breaks, at which the Lambda runtime in the child ends the process.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

use crate::logs::Logs;
use crate::runtime_api::{Answer, Endpoint, Init, Invocation};
use crate::system;

/// Lambda's limit for a function's start.
const INIT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long to read the pipes of an ended process, which its own children may keep open.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(1);
/// Log lines in the error about a process that died.
const TAIL_LINES: usize = 12;

/// The common properties of one function's processes.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    /// The binary's name, also of its log lines.
    pub(crate) name: String,
    pub(crate) arn: String,
    pub(crate) executable: PathBuf,
    /// The whole environment; nothing is inherited from `dev`.
    pub(crate) environment: BTreeMap<String, String>,
}

/// Why an invocation has no response.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvokeError {
    /// The handler returned an error or panicked.
    #[error("{kind}: {message}")]
    Failed {
        /// `errorType` as the runtime reported it.
        kind: String,
        /// `errorMessage` as the runtime reported it.
        message: String,
    },
    /// The process did not answer within the function's time and was killed.
    #[error("no answer within {} ms", .0.as_millis())]
    TimedOut(Duration),
    /// The process ended while it worked on the invocation.
    #[error("the process ended ({status}) while it worked; its last lines:\n{tail}")]
    Exited {
        /// The exit code or signal.
        status: String,
        /// The last log lines.
        tail: String,
    },
    /// A test killed the process while it worked on the invocation.
    #[error("the process was killed while it worked")]
    Killed,
    /// The process never requested an invocation.
    #[error("{name} does not start: {reason}; its last lines:\n{tail}")]
    DidNotStart {
        /// The binary's name.
        name: String,
        /// The cause.
        reason: String,
        /// The last log lines.
        tail: String,
    },
    /// All processes of the function stayed busy for the function's whole time.
    #[error("all processes are busy")]
    Throttled,
    /// No function of the template has this binary.
    #[error("no function is called {0}")]
    Unknown(String),
}

#[derive(Debug, Clone, Copy)]
enum Order {
    Kill,
    Freeze,
    Thaw,
}

/// One running process. Dropping it kills the process.
#[derive(Debug)]
pub(crate) struct Environment {
    program: Program,
    logs: Logs,
    pid: u32,
    endpoint: Endpoint,
    orders: mpsc::Sender<Order>,
    exit: watch::Receiver<Option<String>>,
    frozen: AtomicBool,
    doomed: AtomicBool,
}

impl Environment {
    /// Starts a process and waits until it requests its first invocation.
    pub(crate) async fn start(program: Program, logs: Logs) -> Result<Self, InvokeError> {
        let failed = |reason: String, logs: &Logs| InvokeError::DidNotStart {
            name: program.name.clone(),
            reason,
            tail: logs.tail(&program.name, TAIL_LINES),
        };
        let endpoint = Endpoint::open().await.map_err(|error| failed(error.to_string(), &logs))?;
        let child = spawn(&program, &endpoint)
            .map_err(|error| failed(format!("{}: {error}", program.executable.display()), &logs))?;
        let pid = child.id().unwrap_or_default();
        let (orders, receiver) = mpsc::channel(8);
        let (exited, mut exit) = watch::channel(None);
        tokio::spawn(supervise(child, program.name.clone(), logs.clone(), receiver, exited));

        let problem = tokio::select! {
            init = endpoint.initialised() => match init {
                Init::Failed(reason) => Some(reason),
                Init::Starting | Init::Ready => None,
            },
            status = exit.wait_for(Option::is_some) =>
                Some(format!("it ended at start ({})", status.ok().and_then(|status| status.clone()).unwrap_or_default())),
            () = tokio::time::sleep(INIT_TIMEOUT) => Some(format!("not ready within {} s", INIT_TIMEOUT.as_secs())),
        };
        match problem {
            Some(reason) => Err(failed(reason, &logs)),
            None => {
                let (frozen, doomed) = Default::default();
                Ok(Self { program, logs, pid, endpoint, orders, exit, frozen, doomed })
            }
        }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.pid
    }

    /// Whether the next invocation may go to this process.
    pub(crate) fn is_usable(&self) -> bool {
        self.is_alive() && !self.frozen.load(Ordering::SeqCst) && !self.doomed.load(Ordering::SeqCst)
    }

    /// The request id of the invocation that the process has not answered, even if it is dead or frozen.
    pub(crate) fn invocation(&self) -> Option<String> {
        self.endpoint.running()
    }

    pub(crate) fn is_alive(&self) -> bool {
        self.exit.borrow().is_none()
    }

    /// Runs one invocation. After `TimedOut`, `Exited` or `Killed` the process must not be used again.
    pub(crate) async fn invoke(&self, payload: Bytes, limit: Duration) -> Result<Bytes, InvokeError> {
        let limit_ms = u64::try_from(limit.as_millis()).unwrap_or(u64::MAX);
        let invocation = Invocation {
            request_id: system::request_id(),
            function_arn: self.program.arn.clone(),
            deadline_ms: system::now_ms().saturating_add(limit_ms),
            payload,
        };
        let mut exit = self.exit.clone();
        let answer = async { self.endpoint.hand_over(invocation).await.await };
        tokio::select! {
            biased;
            answer = answer => match answer {
                Ok(Answer::Response(body)) => Ok(body),
                Ok(Answer::Error { kind, message }) => Err(InvokeError::Failed { kind, message }),
                Err(_) => Err(self.exited(None)),
            },
            status = exit.wait_for(Option::is_some) => Err(self.exited(status.ok().and_then(|status| status.clone()))),
            () = tokio::time::sleep(limit) => Err(InvokeError::TimedOut(limit)),
        }
    }

    /// SIGKILL; returns when the process is gone.
    pub(crate) async fn kill(&self) {
        self.doomed.store(true, Ordering::SeqCst);
        let _ = self.orders.send(Order::Kill).await;
        let _ = self.exit.clone().wait_for(Option::is_some).await;
    }

    /// Kills a process after a time-out, as Lambda does. A frozen process stays: it wakes up later as a zombie whose
    /// answer is discarded, which tests of leases need.
    pub(crate) async fn retire(&self) {
        self.doomed.store(true, Ordering::SeqCst);
        self.endpoint.retire();
        if !self.frozen.load(Ordering::SeqCst) {
            self.kill().await;
        }
    }

    /// SIGSTOP, until [`Self::thaw`].
    pub(crate) async fn freeze(&self) {
        self.frozen.store(true, Ordering::SeqCst);
        let _ = self.orders.send(Order::Freeze).await;
    }

    /// SIGCONT.
    pub(crate) async fn thaw(&self) {
        let _ = self.orders.send(Order::Thaw).await;
        self.frozen.store(false, Ordering::SeqCst);
    }

    fn exited(&self, status: Option<String>) -> InvokeError {
        if self.doomed.load(Ordering::SeqCst) {
            return InvokeError::Killed;
        }
        let status = status.unwrap_or_else(|| "connection lost".to_owned());
        InvokeError::Exited { status, tail: self.logs.tail(&self.program.name, TAIL_LINES) }
    }
}

fn spawn(program: &Program, endpoint: &Endpoint) -> std::io::Result<Child> {
    Command::new(&program.executable)
        .env_clear()
        .envs(&program.environment)
        .env("AWS_LAMBDA_RUNTIME_API", endpoint.address().to_string())
        .env("AWS_LAMBDA_LOG_STREAM_NAME", format!("[$LATEST]{}", system::random_hex(16)))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // Ctrl-C in a terminal must reach only `dev`, which then stops its children in sequence.
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
}

/// Owns the child until it has ended, so that no signal can reach a reused process id.
async fn supervise(
    mut child: Child,
    name: String,
    logs: Logs,
    mut orders: mpsc::Receiver<Order>,
    exited: watch::Sender<Option<String>>,
) {
    let stdout = child.stdout.take().map(|pipe| tokio::spawn(logs.clone().follow(name.clone(), pipe)));
    let stderr = child.stderr.take().map(|pipe| tokio::spawn(logs.follow(name, pipe)));
    let mut is_owned = true;
    let status = loop {
        tokio::select! {
            status = child.wait() => break status,
            // A closed channel is always ready: it is polled only until it closes.
            order = orders.recv(), if is_owned => {
                is_owned = order.is_some();
                obey(&mut child, order.unwrap_or(Order::Kill));
            }
        }
    };
    for reader in [stdout, stderr].into_iter().flatten() {
        let _ = timeout(DRAIN_TIMEOUT, reader).await;
    }
    exited.send_replace(Some(status.map_or_else(|error| error.to_string(), |status| status.to_string())));
}

fn obey(child: &mut Child, order: Order) {
    let pid = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    let Some(pid) = pid else { return };
    let signal = match order {
        Order::Kill => Signal::KILL,
        Order::Freeze => Signal::STOP,
        Order::Thaw => Signal::CONT,
    };
    // Fails only for a process that has just ended, which `wait` reports.
    let _ = kill_process(pid, signal);
}
