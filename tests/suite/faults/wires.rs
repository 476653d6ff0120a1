//! The fault injector for connections produces the faults that its seed gives.

use std::collections::BTreeMap;
use std::time::Duration;

use tests::Gate;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::timeout;

const CONNECTIONS: usize = 60;
const EXCHANGES: u8 = 8;
/// Far longer than a slow connection takes.
const SILENCE: Duration = Duration::from_millis(500);

/// Answers every byte with its successor, and reports the byte first.
async fn successors(listener: TcpListener, heard: mpsc::UnboundedSender<u8>) {
    while let Ok((mut client, _)) = listener.accept().await {
        let heard = heard.clone();
        tokio::spawn(async move {
            while let Ok(byte) = client.read_u8().await {
                heard.send(byte).unwrap();
                if client.write_u8(byte + 1).await.is_err() {
                    return;
                }
            }
        });
    }
}

/// How a connection ends for its client, and what the other side received.
async fn one_connection(gate: &Gate, heard: &mut mpsc::UnboundedReceiver<u8>) -> &'static str {
    let address = gate.url().trim_start_matches("http://").to_owned();
    let mut wire = TcpStream::connect(address).await.unwrap();
    for exchange in 0..EXCHANGES {
        wire.write_u8(exchange).await.unwrap();
        match timeout(SILENCE, wire.read_u8()).await {
            Ok(Ok(answer)) => assert_eq!((answer, heard.recv().await), (exchange + 1, Some(exchange))),
            Ok(Err(_)) if heard.try_recv().is_ok() => return "the answer is lost",
            Ok(Err(_)) => return "the request is lost",
            Err(_) => return "silence",
        }
    }
    "good"
}

async fn ends(seed: u64) -> (Vec<&'static str>, usize) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let gate = Gate::bind().await;
    gate.lead_to(&format!("http://{}", listener.local_addr().unwrap()));
    gate.roughen(seed);
    let (told, mut heard) = mpsc::unbounded_channel();
    tokio::spawn(successors(listener, told));
    let mut ends = Vec::new();
    for _ in 0..CONNECTIONS {
        ends.push(one_connection(&gate, &mut heard).await);
    }
    gate.mend();
    assert_eq!(one_connection(&gate, &mut heard).await, "good", "a wire that was mended");
    (ends, gate.broken())
}

#[tokio::test]
async fn the_network_faults_follow_their_seed() {
    let ((first, broken), (second, _)) = tokio::join!(ends(3), ends(3));
    assert_eq!(first, second);
    let mut counts = BTreeMap::<&str, usize>::new();
    first.iter().for_each(|end| *counts.entry(end).or_default() += 1);
    assert_eq!(counts.len(), 4, "{counts:?}");
    assert!(broken >= counts["the request is lost"] + counts["the answer is lost"], "{counts:?}");
}
