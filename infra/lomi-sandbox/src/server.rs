//! The listener, the background work and the data file around a [`Sim`].

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tower::ServiceExt;

use crate::http::call::Peer;
use crate::http::faults::ConnectionDropped;
use crate::router;
use crate::settings::Settings;
use crate::sim::Sim;

const MAX_CONNECTIONS: usize = 1024;
const HEADER_TIMEOUT: Duration = Duration::from_secs(30);
/// How often changes are written to the data file.
const SAVE_DELAY: Duration = Duration::from_millis(200);

/// A running simulator. Dropping it closes the listener and ends all background work.
#[derive(Debug)]
pub struct Sandbox {
    sim: Sim,
    address: SocketAddr,
    tasks: JoinSet<()>,
}

impl Sandbox {
    /// Binds the listener and starts serving, retrying and expiring. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// The address cannot be bound, or the data file is damaged.
    pub async fn start(settings: Settings) -> io::Result<Self> {
        let listener = TcpListener::bind(settings.listen).await?;
        let address = listener.local_addr()?;
        let sim = Sim::new(settings)?;
        sim.bound_to(format!("http://{address}"));
        let mut tasks = JoinSet::new();
        tasks.spawn(serve(listener, router(sim.clone())));
        tasks.spawn(work(sim.clone()));
        if sim.settings().data_file.is_some() {
            tasks.spawn(save_changes(sim.clone()));
        }
        Ok(Self { sim, address, tasks })
    }

    /// Prefix of `checkout_url`, and of the API unless a public base URL was configured.
    #[must_use]
    pub fn base_url(&self) -> &str {
        self.sim.base_url()
    }

    /// The address that was bound.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The state behind the server.
    #[must_use]
    pub const fn sim(&self) -> &Sim {
        &self.sim
    }

    /// The service without its listener.
    pub fn router(&self) -> Router {
        router(self.sim.clone())
    }

    /// Stops and writes the data file.
    pub async fn shutdown(mut self) -> io::Result<()> {
        self.tasks.shutdown().await;
        self.sim.save()
    }
}

async fn serve(listener: TcpListener, router: Router) {
    let permits = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let mut connections = JoinSet::new();
    loop {
        let Ok(permit) = Arc::clone(&permits).acquire_owned().await else { return };
        while connections.try_join_next().is_some() {}
        let Ok((stream, peer)) = listener.accept().await else {
            // Mostly out of file descriptors: wait for connections to close.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let router = router.clone();
        connections.spawn(async move {
            let _permit = permit;
            converse(stream, peer, router).await;
        });
    }
}

async fn converse(stream: TcpStream, peer: SocketAddr, router: Router) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(Peer(peer));
        answer(router.clone(), request)
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEADER_TIMEOUT);
    // A broken connection is no error here.
    let _ = http.serve_connection(TokioIo::new(stream), service).await;
}

/// Runs a request to its end even if the client disconnects, as lomi does.
async fn answer(router: Router, request: hyper::Request<Incoming>) -> io::Result<Response> {
    let running = tokio::spawn(router.oneshot(request.map(axum::body::Body::new)));
    let Ok(response) = running.await.map_err(io::Error::other)?;
    match response.extensions().get::<ConnectionDropped>() {
        Some(_) => Err(io::Error::from(io::ErrorKind::ConnectionAborted)),
        None => Ok(response),
    }
}

/// Sends and expires what is due. A slow receiver delays no other.
async fn work(sim: Sim) {
    let mut deliveries = JoinSet::new();
    loop {
        for delivery in sim.take_due(sim.clock().now()) {
            let sim = sim.clone();
            deliveries.spawn(async move { sim.deliver(delivery).await });
        }
        while deliveries.try_join_next().is_some() {}
        sim.change().await;
    }
}

async fn save_changes(sim: Sim) {
    let mut saved = sim.revision();
    loop {
        tokio::time::sleep(SAVE_DELAY).await;
        let revision = sim.revision();
        if revision != saved && sim.save().is_ok() {
            saved = revision;
        }
    }
}
