//! A loopback HTTP server that can be stopped together with its connections.

use std::net::{Ipv4Addr, SocketAddr};
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use futures::FutureExt;
use futures::future::{BoxFuture, Shared};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{sleep, timeout};
use tower::ServiceExt;

/// How long running requests may take when the stack stops.
const STOP_TIMEOUT: Duration = Duration::from_secs(2);
/// The longest time to receive a request's head.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// The pause after a failed accept, usually for lack of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Binds a port of the loopback interface; 0 means any free one.
pub(crate) async fn bind(port: u16) -> std::io::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await
}

/// A running server.
#[derive(Debug)]
pub(crate) struct Server {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Server {
    /// Serves `router`; handlers get the peer's address as `ConnectInfo`.
    pub(crate) fn start(listener: TcpListener, router: Router) -> Self {
        Self::run(|stopped| serve(listener, router, stopped.shared()))
    }

    /// Runs a server that ends when its `stopped` future resolves.
    pub(crate) fn run<F, T>(serve: F) -> Self
    where
        F: FnOnce(BoxFuture<'static, ()>) -> T,
        T: Future<Output = ()> + Send + 'static,
    {
        let (stop, stopped) = oneshot::channel::<()>();
        let stopped = Box::pin(async move {
            let _ = stopped.await;
        });
        Self { stop, task: tokio::spawn(serve(stopped)) }
    }

    /// Accepts no more connections, waits up to two seconds for running requests, then ends.
    pub(crate) async fn stop(self) {
        let Self { stop, mut task } = self;
        let _ = stop.send(());
        if timeout(STOP_TIMEOUT, &mut task).await.is_err() {
            task.abort();
            let _ = task.await;
        }
    }
}

/// Owns its connections: dropping this future ends them.
async fn serve(listener: TcpListener, router: Router, stopped: Shared<BoxFuture<'static, ()>>) {
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            () = stopped.clone() => break,
            accepted = listener.accept() => accepted,
        };
        while connections.try_join_next().is_some() {}
        match accepted {
            Ok((stream, peer)) => drop(connections.spawn(converse(stream, peer, router.clone(), stopped.clone()))),
            Err(_) => sleep(ACCEPT_PAUSE).await,
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

async fn converse(stream: TcpStream, peer: SocketAddr, router: Router, stopped: impl Future<Output = ()>) {
    // A failure costs only latency.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        router.clone().oneshot(request.map(Body::new))
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
    let mut connection = pin!(http.serve_connection(TokioIo::new(stream), service));
    // A broken connection needs no handling here.
    tokio::select! {
        _ = connection.as_mut() => return,
        () = stopped => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::sync::Notify;

    use super::*;

    #[tokio::test]
    async fn a_request_that_never_ends_ends_with_its_server() {
        let listener = bind(0).await.unwrap();
        let address = listener.local_addr().unwrap();
        let begun = Arc::new(Notify::new());
        let handler = Arc::clone(&begun);
        let hang = move || async move {
            handler.notify_one();
            std::future::pending::<()>().await;
        };
        let server = Server::start(listener, Router::new().route("/", get(hang)));
        let mut client = TcpStream::connect(address).await.unwrap();
        client.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        begun.notified().await;
        server.stop().await;
        let mut answer = Vec::new();
        let ended = timeout(Duration::from_secs(5), client.read_to_end(&mut answer)).await;
        assert!(ended.is_ok(), "the connection is still open");
        assert_eq!(answer, b"");
    }
}
