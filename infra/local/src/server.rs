//! A loopback HTTP server that can be stopped.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use axum::Router;
use axum::serve::ListenerExt;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// How long requests that run may still take when the stack stops.
const STOP_TIMEOUT: Duration = Duration::from_secs(2);

/// Binds a port of the loopback interface; 0 takes a free one.
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
    /// Serves `router`; handlers see the peer's address as `ConnectInfo`.
    pub(crate) fn start(listener: TcpListener, router: Router) -> Self {
        let listener = listener.tap_io(|stream| {
            // Only latency is at stake, and only where the system does not know the option.
            let _ = stream.set_nodelay(true);
        });
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        Self::run(|stopped| async move {
            // `serve` itself never fails; it waits and tries again when it cannot accept.
            let _ = axum::serve(listener, service).with_graceful_shutdown(stopped).await;
        })
    }

    /// Runs any server that ends when the future given to it does.
    pub(crate) fn run<F, T>(serve: F) -> Self
    where
        F: FnOnce(futures::future::BoxFuture<'static, ()>) -> T,
        T: Future<Output = ()> + Send + 'static,
    {
        let (stop, stopped) = oneshot::channel::<()>();
        let stopped = Box::pin(async move {
            let _ = stopped.await;
        });
        Self { stop, task: tokio::spawn(serve(stopped)) }
    }

    /// Takes no more connections, lets running requests finish for a moment, then ends.
    pub(crate) async fn stop(self) {
        let Self { stop, mut task } = self;
        let _ = stop.send(());
        if timeout(STOP_TIMEOUT, &mut task).await.is_err() {
            task.abort();
        }
    }
}
