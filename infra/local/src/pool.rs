//! The processes of one function: one per concurrent request, reused when idle, as on Lambda.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures::future::join_all;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::at_work::AtWork;
use crate::logs::Logs;
use crate::process::{Environment, InvokeError, Program};
use crate::system::lock;

/// The most processes of one function; further requests wait.
const MAX_PROCESSES: usize = 32;

/// One function and its processes.
#[derive(Debug)]
pub(crate) struct Pool {
    program: Program,
    limit: Duration,
    logs: Logs,
    slots: Semaphore,
    processes: Mutex<Vec<Process>>,
}

#[derive(Debug)]
struct Process {
    environment: Arc<Environment>,
    busy: bool,
}

impl Pool {
    pub(crate) fn new(program: Program, limit: Duration, logs: Logs) -> Self {
        Self { program, limit, logs, slots: Semaphore::new(MAX_PROCESSES), processes: Mutex::default() }
    }

    /// The binary's name.
    pub(crate) fn name(&self) -> &str {
        &self.program.name
    }

    /// Starts one idle process, so that a function that cannot start fails before the first request.
    pub(crate) async fn warm(&self) -> Result<(), InvokeError> {
        let environment = self.start().await?;
        self.release(&environment);
        Ok(())
    }

    /// Runs one invocation to its end, even if the caller disconnects.
    pub(crate) async fn invoke(self: &Arc<Self>, payload: Bytes) -> Result<Bytes, InvokeError> {
        let pool = Arc::clone(self);
        let running = tokio::spawn(async move { pool.run(payload).await });
        running
            .await
            .unwrap_or_else(|error| Err(InvokeError::Exited { status: error.to_string(), tail: String::new() }))
    }

    async fn run(&self, payload: Bytes) -> Result<Bytes, InvokeError> {
        let Ok(Ok(_slot)) = timeout(self.limit, self.slots.acquire()).await else {
            return Err(InvokeError::Throttled);
        };
        let environment = match self.take_idle() {
            Some(environment) => environment,
            None => self.start().await?,
        };
        let result = environment.invoke(payload, self.limit).await;
        match &result {
            Err(InvokeError::TimedOut(_)) => environment.retire().await,
            Err(InvokeError::Exited { .. } | InvokeError::Killed) => environment.kill().await,
            _ => self.release(&environment),
        }
        result
    }

    /// SIGKILL to every process; running invocations fail.
    pub(crate) async fn kill(&self) {
        join_all(self.all().iter().map(|environment| environment.kill())).await;
    }

    /// SIGSTOP to every existing process, and to at least one; later invocations get new processes.
    pub(crate) async fn freeze(&self) -> Result<(), InvokeError> {
        if self.process_ids().is_empty() {
            self.warm().await?;
        }
        join_all(self.all().iter().map(|environment| environment.freeze())).await;
        Ok(())
    }

    /// SIGCONT to every process.
    pub(crate) async fn thaw(&self) {
        join_all(self.all().iter().map(|environment| environment.thaw())).await;
    }

    /// The processes that work on an invocation, without frozen ones.
    pub(crate) fn at_work(&self) -> Vec<AtWork> {
        self.all().iter().filter_map(AtWork::catch).collect()
    }

    /// The process ids of the living processes.
    pub(crate) fn process_ids(&self) -> Vec<u32> {
        self.all().iter().filter(|environment| environment.is_alive()).map(|environment| environment.pid()).collect()
    }

    fn all(&self) -> Vec<Arc<Environment>> {
        lock(&self.processes).iter().map(|process| Arc::clone(&process.environment)).collect()
    }

    async fn start(&self) -> Result<Arc<Environment>, InvokeError> {
        let environment = Arc::new(Environment::start(self.program.clone(), self.logs.clone()).await?);
        lock(&self.processes).push(Process { environment: Arc::clone(&environment), busy: true });
        Ok(environment)
    }

    fn take_idle(&self) -> Option<Arc<Environment>> {
        let mut processes = lock(&self.processes);
        processes.retain(|process| process.environment.is_alive());
        // The most recently used one, as on Lambda.
        let idle = processes.iter_mut().rev().find(|process| !process.busy && process.environment.is_usable())?;
        idle.busy = true;
        Some(Arc::clone(&idle.environment))
    }

    fn release(&self, environment: &Arc<Environment>) {
        let mut processes = lock(&self.processes);
        for process in processes.iter_mut().filter(|process| Arc::ptr_eq(&process.environment, environment)) {
            process.busy = false;
        }
    }
}
