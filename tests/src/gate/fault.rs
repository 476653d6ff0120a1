//! The fault of one connection through a gate.

use std::time::Duration;

use fastrand::Rng;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy, copy_bidirectional, sink, split};
use tokio::net::TcpStream;
use tokio::time::sleep;

use super::tapped::Tapped;

const PIECE_BYTES: usize = 16 * 1024;
/// Bound on the exchanges before a connection fails.
const GOOD_EXCHANGES: u32 = 6;
const LATE_MS: u64 = 15;

/// The fault of a connection. An exchange is a request and its answer, as in HTTP/1.1 without pipelining.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// All bytes pass.
    Good,
    /// The connection breaks at once.
    Cut,
    /// The connection is accepted and nothing passes.
    Held,
    /// Requests pass, answers do not.
    Mute,
    /// Every piece is delayed by this much, in both directions.
    Slow(Duration),
    /// One byte at a time.
    Trickle,
    /// After this many exchanges the connection is reset instead of a request, which never arrives.
    LosesRequest(u32),
    /// After this many exchanges the connection is reset instead of the answer to a request that arrived.
    LosesAnswer(u32),
    /// After this many exchanges nothing passes any more, and the connection stays open.
    FallsSilent(u32),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// By one of its two ends.
    Closed,
    /// By its fault.
    Broken,
}

impl Fault {
    /// One connection in three is good; the others have one of the faults.
    pub(super) fn draw(rng: &mut Rng) -> Self {
        let exchanges = rng.u32(..GOOD_EXCHANGES);
        match rng.u8(..100) {
            0..35 => Self::Good,
            35..60 => Self::Slow(Duration::from_millis(rng.u64(1..=LATE_MS))),
            60..68 => Self::Trickle,
            68..81 => Self::LosesRequest(exchanges),
            81..95 => Self::LosesAnswer(exchanges),
            _ => Self::FallsSilent(exchanges),
        }
    }

    /// Passes on what this fault lets through.
    pub(super) async fn rule(self, client: &mut TcpStream, server: &mut Tapped) -> End {
        match self {
            // The gate itself handles these; they reach no service.
            Self::Cut | Self::Held => {}
            Self::Good => drop(copy_bidirectional(client, server).await),
            Self::Mute => drop(copy(client, server).await),
            _ => match self.exchange(client, server).await {
                Some(Stop::Reset) => {
                    // Unsent bytes are discarded, as when a machine disappears.
                    let _ = client.set_zero_linger();
                    return End::Broken;
                }
                Some(Stop::Silence) => {
                    drop(copy(client, &mut sink()).await);
                    return End::Broken;
                }
                None => {}
            },
        }
        End::Closed
    }

    /// Passes bytes piece by piece; `None` when one of the two ends has closed.
    async fn exchange(self, client: &mut TcpStream, server: &mut Tapped) -> Option<Stop> {
        let (mut from_client, mut to_client) = client.split();
        let (mut from_server, mut to_server) = split(server);
        let (mut said, mut told) = (vec![0; PIECE_BYTES], vec![0; PIECE_BYTES]);
        let (mut requests, mut is_answered) = (0, true);
        loop {
            tokio::select! {
                bytes = piece(&mut from_client, &mut said) => {
                    requests += u32::from(is_answered);
                    is_answered = false;
                    if let Some(stop) = self.in_place_of_request(requests) {
                        return Some(stop);
                    }
                    self.pass(&said[..bytes?], &mut to_server).await?;
                }
                bytes = piece(&mut from_server, &mut told) => {
                    is_answered = true;
                    if matches!(self, Self::LosesAnswer(exchanges) if requests > exchanges) {
                        return Some(Stop::Reset);
                    }
                    self.pass(&told[..bytes?], &mut to_client).await?;
                }
            }
        }
    }

    const fn in_place_of_request(self, requests: u32) -> Option<Stop> {
        match self {
            Self::LosesRequest(exchanges) if requests > exchanges => Some(Stop::Reset),
            Self::FallsSilent(exchanges) if requests > exchanges => Some(Stop::Silence),
            _ => None,
        }
    }

    async fn pass(self, bytes: &[u8], to: &mut (impl AsyncWrite + Unpin)) -> Option<()> {
        match self {
            Self::Trickle => {
                for byte in bytes {
                    to.write_all(std::slice::from_ref(byte)).await.ok()?;
                }
                return Some(());
            }
            Self::Slow(delay) => sleep(delay).await,
            _ => {}
        }
        to.write_all(bytes).await.ok()
    }
}

enum Stop {
    Reset,
    Silence,
}

/// The number of bytes received; `None` at the end of the stream.
async fn piece(from: &mut (impl AsyncRead + Unpin), buffer: &mut [u8]) -> Option<usize> {
    from.read(buffer).await.ok().filter(|bytes| *bytes > 0)
}
