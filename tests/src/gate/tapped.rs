//! The connection to a service, with its requests recorded.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use crate::calls::{Recorder, Requests};

/// A connection whose requests are recorded where a recorder is set.
#[derive(Debug)]
pub(super) struct Tapped {
    stream: TcpStream,
    ear: Option<(Recorder, Requests)>,
}

impl Tapped {
    pub(super) fn new(stream: TcpStream, recorder: Option<Recorder>) -> Self {
        Self { stream, ear: recorder.map(|recorder| (recorder, Requests::default())) }
    }

    fn hear(&mut self, bytes: &[u8]) {
        if let Some((recorder, requests)) = &mut self.ear {
            requests.push(bytes).iter().for_each(|request| recorder.note(request));
        }
    }
}

impl AsyncRead for Tapped {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, into)
    }
}

impl AsyncWrite for Tapped {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.stream).poll_write(context, bytes))?;
        self.hear(&bytes[..written]);
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
