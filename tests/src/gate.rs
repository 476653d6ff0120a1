//! A wire that can be cut, and one that goes wrong by itself: a TCP relay with a switch.

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
    /// Ends with the gate.
    _relay: JoinSet<()>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Switch {
    /// Every connection has the same fate.
    All(Fault),
    /// Every connection has its own.
    Rough { seed: u64 },
}

impl Switch {
    /// The fate of the connection with this number, counted from 0.
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
    /// How many connections were ever taken, held, and broken by a rough wire.
    taken: AtomicUsize,
    held: AtomicUsize,
    broken: AtomicUsize,
    /// Notes the calls of AWS that arrive behind the gate.
    recorder: Option<Recorder>,
}

impl Gate {
    /// A gate on a free port that leads nowhere yet.
    pub async fn bind() -> Self {
        Self::serve(free_port().await)
    }

    /// A gate on a free port, in front of a service of AWS, that has every call noted that arrives there.
    pub async fn bind_recorded(recorder: Recorder) -> Self {
        Self::relay(free_port().await, Wire { recorder: Some(recorder), ..Wire::default() })
    }

    /// A gate that takes its connections from `listener`.
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

    /// Where the gate listens.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Sets, once, where the gate leads: `http://<address>`.
    pub fn lead_to(&self, url: &str) {
        let address = url.trim_start_matches("http://").parse().expect("a loopback address");
        self.wire.upstream.set(address).expect("a gate leads to one place");
    }

    /// Breaks every connection, old and new, until [`Gate::mend`].
    pub fn cut(&self) {
        self.switch.send_replace(Switch::All(Fault::Cut));
    }

    /// Breaks every old connection; new ones are taken and hear nothing until [`Gate::mend`].
    pub fn hold(&self) {
        self.switch.send_replace(Switch::All(Fault::Held));
    }

    /// Breaks every old connection; what new ones say passes, and no answer comes back until [`Gate::mend`].
    pub fn mute(&self) {
        self.switch.send_replace(Switch::All(Fault::Mute));
    }

    /// How many connections were ever held.
    #[must_use]
    pub fn held(&self) -> usize {
        self.wire.held.load(Ordering::SeqCst)
    }

    /// Breaks every old connection; new ones have a fate each, drawn with `seed`, until [`Gate::mend`]: late, one byte at
    /// a time, reset in the place of a request or of its answer, silent, or none of it.
    pub fn roughen(&self, seed: u64) {
        self.switch.send_replace(Switch::Rough { seed });
    }

    /// How many connections a rough wire has broken.
    #[must_use]
    pub fn broken(&self) -> usize {
        self.wire.broken.load(Ordering::SeqCst)
    }

    /// Lets connections through again.
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

/// `None` when the connection broke before it led anywhere.
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
