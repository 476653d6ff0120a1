//! The webhook's registration while lomi or Secrets Manager fails from some exchange on: every such point, every kind
//! of failure.

use std::sync::Mutex;
use std::time::Duration;

use lomi_sandbox::Profile;
use simulation::{Fault, Line, in_virtual_time, runs::in_parallel};
use tokio::time::sleep;

use super::endpoint::SCHEDULE;
use super::flows::Flow;
use super::play::Play;
use super::promises;

const FLOWS: [Flow; 5] = [Flow::Register, Flow::Rotate, Flow::RotateAgain, Flow::Mend, Flow::Replace];
/// A secret stored long after the time-out is left out: two reads would have to miss it.
const FATES: [(Line, Fault); 15] = [
    (Line::Lomi, Fault::NotSent),
    (Line::Lomi, Fault::RequestLost),
    (Line::Lomi, Fault::ReplyLost),
    (Line::Lomi, Fault::Refused),
    (Line::Lomi, Fault::FailsBefore),
    (Line::Lomi, Fault::FailsAfter),
    (Line::Lomi, Fault::Garbled),
    (Line::Lomi, Fault::Hangs(false)),
    (Line::Lomi, Fault::Hangs(true)),
    (Line::Secrets, Fault::NotSent),
    (Line::Secrets, Fault::RequestLost),
    (Line::Secrets, Fault::ReplyLost),
    (Line::Secrets, Fault::FailsBefore),
    (Line::Secrets, Fault::FailsAfter),
    (Line::Secrets, Fault::Hangs(true)),
];
/// More exchanges than any run makes on one line.
const MOST_EXCHANGES: u32 = 12;

/// A storm of faults that begins during a run and ends with it.
#[derive(Clone, Copy, Debug)]
struct Storm {
    flow: Flow,
    line: Line,
    fate: Fault,
    /// Exchanges on the line before the storm.
    calm: u32,
}

impl Storm {
    /// The broken promises; `None` when the run ended before the storm.
    fn run(self) -> Option<Vec<String>> {
        in_virtual_time(async || {
            let play = Play::prepare(self.flow, Profile::Current).await;
            let faults = &play.stage.stack.faults;
            let before = faults.struck();
            faults.turn(self.line, self.calm, self.fate);
            play.attempt().await;
            faults.calm();
            if faults.struck() == before {
                return None;
            }
            // Two runs, because the first may leave young endpoints to the next.
            for wait in [Duration::from_secs(20), SCHEDULE] {
                sleep(wait).await;
                play.stage.deliver().await;
                play.next_scheduled().await;
            }
            play.go_on(true).await;
            let mut findings = play.stage.first_ten_minutes().await;
            findings.extend(play.stage.rest().await);
            findings.extend(promises::broken(&play));
            findings.extend(play.stage.stack.seen());
            let story = (!findings.is_empty()).then(|| play.stage.stack.trace.lines().join("\n"));
            Some(findings.into_iter().chain(story).collect())
        })
    }
}

#[test]
fn no_outage_costs_the_webhook_an_event() {
    let storms = FLOWS.into_iter().flat_map(|flow| FATES.map(|(line, fate)| Storm { flow, line, fate, calm: 0 }));
    let (broken, run) = (Mutex::new(Vec::new()), Mutex::new(0_u32));
    in_parallel(storms.collect::<Vec<_>>(), |storm| {
        for calm in 0..MOST_EXCHANGES {
            let storm = Storm { calm, ..storm };
            let Some(findings) = storm.run() else { break };
            *run.lock().expect("no worker failed") += 1;
            if !findings.is_empty() {
                broken.lock().expect("no worker failed").push(format!("{storm:?}\n{}", findings.join("\n")));
            }
        }
    });
    let (broken, run) = (broken.into_inner().expect("no worker failed"), run.into_inner().expect("no worker failed"));
    println!("{run} storms, {} broke a promise", broken.len());
    assert!(broken.is_empty(), "{}", broken.iter().take(5).cloned().collect::<Vec<_>>().join("\n\n"));
    assert!(run > 150, "{run} storms");
}
