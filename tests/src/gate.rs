//! A TCP relay with a switch: it can cut the connections or inject faults into them.

mod fault;
mod tapped;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use fastrand::Rng;
use fault::{End, Fault};
use tapped::Tapped;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::calls::Recorder;

/// A relay in front of a service.
#[derive(Debug)]
pub struct Gate {
    address: SocketAddr,
    wire: Arc<Wire>,
    switch: watch::Sender<Switch>,
    _relay: JoinSet<()>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Switch {
    /// Every connection has the same fault.
    All(Fault),
    /// Every connection has its own fault.
    Rough { seed: u64 },
}

impl Switch {
    /// The fault of the connection with this number, counted from 0.
    fn fate(self, number: usize) -> Fault {
        match self {
            Self::All(fate) => fate,
            Self::Rough { seed } => Fault::draw(&mut Rng::with_seed(seed.wrapping_add(number as u64))),
        }
    }
}

#[derive(Debug, Default)]
struct Wire {
    upstream: OnceLock<SocketAddr>,
    /// How many connections were ever accepted, held, and broken by random faults.
    taken: AtomicUsize,
    held: AtomicUsize,
    broken: AtomicUsize,
    /// Records the AWS calls that pass the gate.
    recorder: Option<Recorder>,
}

impl Gate {
    /// A gate on a free port without a destination yet.
    pub async fn bind() -> Self {
        Self::serve(free_port().await)
    }

    /// A gate on a free port in front of an AWS service; it records every call.
    pub async fn bind_recorded(recorder: Recorder) -> Self {
        Self::relay(free_port().await, Wire { recorder: Some(recorder), ..Wire::default() })
    }

    /// A gate that accepts its connections from `listener`.
    #[must_use]
    pub fn serve(listener: TcpListener) -> Self {
        Self::relay(listener, Wire::default())
    }

    fn relay(listener: TcpListener, wire: Wire) -> Self {
        let address = listener.local_addr().expect("a bound listener");
        let wire = Arc::new(wire);
        let (switch, state) = watch::channel(Switch::All(Fault::Good));
        let mut relay = JoinSet::new();
        relay.spawn(accept(listener, Arc::clone(&wire), state));
        Self { address, wire, switch, _relay: relay }
    }

    /// The URL of the gate.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Sets the destination, once: `http://<address>`.
    pub fn lead_to(&self, url: &str) {
        let address = url.trim_start_matches("http://").parse().expect("a loopback address");
        self.wire.upstream.set(address).expect("a gate leads to one place");
    }

    /// Breaks every connection, old and new, until [`Gate::mend`].
    pub fn cut(&self) {
        self.switch.send_replace(Switch::All(Fault::Cut));
    }

    /// Breaks every old connection; new ones are accepted and get no bytes until [`Gate::mend`].
    pub fn hold(&self) {
        self.switch.send_replace(Switch::All(Fault::Held));
    }

    /// Breaks every old connection; requests on new ones pass, and no answer comes back until [`Gate::mend`].
    pub fn mute(&self) {
        self.switch.send_replace(Switch::All(Fault::Mute));
    }

    /// How many connections were ever held.
    #[must_use]
    pub fn held(&self) -> usize {
        self.wire.held.load(Ordering::SeqCst)
    }

    /// Breaks every old connection; new ones get a fault each, drawn with `seed`, until [`Gate::mend`]: slow, one
    /// byte at a time, reset instead of a request or its answer, silent, or none.
    pub fn roughen(&self, seed: u64) {
        self.switch.send_replace(Switch::Rough { seed });
    }

    /// How many connections random faults have broken.
    #[must_use]
    pub fn broken(&self) -> usize {
        self.wire.broken.load(Ordering::SeqCst)
    }

    /// Removes every fault.
    pub fn mend(&self) {
        self.switch.send_replace(Switch::All(Fault::Good));
    }
}

async fn free_port() -> TcpListener {
    TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port")
}

async fn accept(listener: TcpListener, wire: Arc<Wire>, switch: watch::Receiver<Switch>) {
    let mut connections = JoinSet::new();
    while let Ok((inner, _)) = listener.accept().await {
        while connections.try_join_next().is_some() {}
        connections.spawn(relay(inner, Arc::clone(&wire), switch.clone()));
    }
}

/// `None` when the connection broke before it reached the service.
async fn relay(mut inner: TcpStream, wire: Arc<Wire>, mut switch: watch::Receiver<Switch>) -> Option<()> {
    let number = wire.taken.fetch_add(1, Ordering::SeqCst);
    if *switch.borrow() == Switch::All(Fault::Held) {
        wire.held.fetch_add(1, Ordering::SeqCst);
        switch.wait_for(|switch| *switch != Switch::All(Fault::Held)).await.ok()?;
    }
    let state = *switch.borrow();
    if state == Switch::All(Fault::Cut) {
        return None;
    }
    let outer = TcpStream::connect(*wire.upstream.get()?).await.ok()?;
    inner.set_nodelay(true).and_then(|()| outer.set_nodelay(true)).ok()?;
    let mut outer = Tapped::new(outer, wire.recorder.clone());
    tokio::select! {
        end = state.fate(number).rule(&mut inner, &mut outer) => {
            wire.broken.fetch_add(usize::from(end == End::Broken), Ordering::SeqCst);
        }
        _ = switch.wait_for(|switch| *switch != state) => {}
    }
    Some(())
}
