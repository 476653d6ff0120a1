//! A wire that can be cut: a TCP relay with a switch.

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// A relay in front of a service. While it is cut, every connection breaks, old and new ones.
#[derive(Debug)]
pub struct Gate {
    address: SocketAddr,
    upstream: Arc<OnceLock<SocketAddr>>,
    open: watch::Sender<bool>,
    /// Ends with the gate.
    _relay: JoinSet<()>,
}

impl Gate {
    /// A gate on a free port that leads nowhere yet.
    pub async fn bind() -> Self {
        Self::serve(TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port"))
    }

    /// A gate that takes its connections from `listener`.
    #[must_use]
    pub fn serve(listener: TcpListener) -> Self {
        let address = listener.local_addr().expect("a bound listener");
        let upstream = Arc::new(OnceLock::new());
        let (open, is_open) = watch::channel(true);
        let mut relay = JoinSet::new();
        relay.spawn(accept(listener, Arc::clone(&upstream), is_open));
        Self { address, upstream, open, _relay: relay }
    }

    /// Where the gate listens.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Sets, once, where the gate leads: `http://<address>`.
    pub fn lead_to(&self, url: &str) {
        let address = url.trim_start_matches("http://").parse().expect("a loopback address");
        self.upstream.set(address).expect("a gate leads to one place");
    }

    /// Breaks every connection until [`Gate::mend`].
    pub fn cut(&self) {
        self.open.send_replace(false);
    }

    /// Lets connections through again.
    pub fn mend(&self) {
        self.open.send_replace(true);
    }
}

async fn accept(listener: TcpListener, upstream: Arc<OnceLock<SocketAddr>>, open: watch::Receiver<bool>) {
    let mut connections = JoinSet::new();
    while let Ok((inner, _)) = listener.accept().await {
        while connections.try_join_next().is_some() {}
        if let Some(address) = upstream.get().filter(|_| *open.borrow()) {
            connections.spawn(relay(inner, *address, open.clone()));
        }
    }
}

async fn relay(mut inner: TcpStream, upstream: SocketAddr, mut open: watch::Receiver<bool>) {
    let Ok(mut outer) = TcpStream::connect(upstream).await else { return };
    let _ = (inner.set_nodelay(true), outer.set_nodelay(true));
    tokio::select! {
        _ = copy_bidirectional(&mut inner, &mut outer) => {}
        _ = open.wait_for(|open| !open) => {}
    }
}
