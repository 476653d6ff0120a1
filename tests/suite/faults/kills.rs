//! Real processes, really killed. The long campaign is a program: `cargo run -p tests --example kills`.

use tests::campaign::Campaign;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_killed_and_frozen_at_their_work_on_bad_wires_lose_no_payment_and_count_none_twice() {
    let campaign = Campaign { seed: 7, kills: 20, binaries: None };
    let tally = campaign.run().await;
    println!("{tally}");
    assert!(tally.kills() >= campaign.kills);
    assert!(tally.counted("payments at lomi.") > 0, "{tally}");
}
