//! What becomes of one connection through a gate.

use std::time::Duration;

use fastrand::Rng;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy, copy_bidirectional, sink, split};
use tokio::net::TcpStream;
use tokio::time::sleep;

use super::tapped::Tapped;

/// What passes in one piece at most.
const PIECE_BYTES: usize = 16 * 1024;
/// Exchanges that go well on a connection before it goes wrong, fewer than.
const GOOD_EXCHANGES: u32 = 6;
/// The longest that a slow piece is late.
const LATE_MS: u64 = 15;

/// What becomes of a connection. An exchange is a request and its answer, as HTTP/1.1 without pipelining has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// Bytes pass.
    Good,
    /// It breaks at once.
    Cut,
    /// It is taken and nothing passes.
    Held,
    /// What the client says passes, what it is told does not.
    Mute,
    /// Every piece is late by so much, in either direction.
    Slow(Duration),
    /// One byte at a time.
    Trickle,
    /// After so many exchanges it is reset in the place of a request, which arrives nowhere.
    LosesRequest(u32),
    /// After so many exchanges it is reset in the place of an answer to a request that has arrived.
    LosesAnswer(u32),
    /// After so many exchanges nothing passes any more, and nobody is told.
    FallsSilent(u32),
}

/// How a connection came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// As its two ends wished.
    Closed,
    /// By its fate.
    Broken,
}

impl Fault {
    /// One connection in three is good; the others have every misfortune there is.
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

    /// Lets pass what this fate lets pass.
    pub(super) async fn rule(self, client: &mut TcpStream, server: &mut Tapped) -> End {
        match self {
            // These lead nowhere: the gate itself sees to them.
            Self::Cut | Self::Held => {}
            Self::Good => drop(copy_bidirectional(client, server).await),
            Self::Mute => drop(copy(client, server).await),
            _ => match self.exchange(client, server).await {
                Some(Stop::Reset) => {
                    // What is left unsaid is thrown away, as when a machine disappears.
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

    /// Passes piece by piece; `None` when one of the two has ended it.
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

/// How a fate ends an exchange.
enum Stop {
    Reset,
    Silence,
}

/// How many bytes came; `None` at the end of the stream.
async fn piece(from: &mut (impl AsyncRead + Unpin), buffer: &mut [u8]) -> Option<usize> {
    from.read(buffer).await.ok().filter(|bytes| *bytes > 0)
}
