//! Real processes, really killed. The long chaos test is a program: `cargo run -p tests --example kills`.

use tests::chaos::ChaosTest;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_and_network_faults_lose_and_double_no_payment() {
    let chaos = ChaosTest { seed: 7, kills: 20, binaries: None };
    let tally = chaos.run().await;
    println!("{tally}");
    assert!(tally.kills() >= chaos.kills);
    assert!(tally.counted("payments at lomi.") > 0, "{tally}");
}
