//! The promises of each use case, whatever is killed.

use lomi_sandbox::Profile;
use serde_json::{Map, Value};

use super::flows::Flow;
use super::play::Play;

struct Ends {
    orders: Vec<Value>,
    /// The number of answers to the caller: 0 or 1.
    answered: usize,
    broken: Vec<String>,
}

pub(super) fn broken(play: &Play) -> Vec<String> {
    let answered = usize::from(play.is_answered.get());
    let mut ends = Ends { orders: play.stage.orders(), answered, broken: Vec::new() };
    match play.flow {
        Flow::Page => ends.one_purchase(play, "sessions", 1),
        // The server of June 2026 ignores the key here. No client received the secret of the surplus form.
        Flow::Card => ends.one_purchase(play, "intents", if play.stage.profile == Profile::June2026 { 2 } else { 1 }),
        Flow::FindInDoubt => {
            ends.one_purchase(play, "sessions", 1);
            ends.holds("the client was answered in the end", ends.answered == 1);
        }
        Flow::Payment | Flow::Status | Flow::FindPaid | Flow::Unproven | Flow::FindUnproven => {
            ends.holds("paid once", ends.is("paid", "payments"))
        }
        Flow::RefundElsewhere => ends.holds("refunded once", ends.is("refunded", "refunds")),
        Flow::Cancel => ends.given_up(),
        Flow::CancelIntent => ends.ended(play),
        Flow::Refund | Flow::FindRefund => ends.one_refund(play),
        Flow::Link => {
            let links = play.stage.stack.dynamodb.items("LINK#").len();
            ends.holds("one key, one link", links <= 1 && links >= answered);
            ends.holds("one key, one answer", play.said.borrow().len() == answered);
        }
        Flow::OpenLink => ends.holds("whoever was led to a page can pay", ends.paid() == answered),
        Flow::NativeLink | Flow::FindNameless => {
            ends.holds("one key, one link", play.stage.at_lomi("payment_links").len() <= 1);
            ends.holds("every payment is an order's", ends.paid() == play.stage.at_lomi("transactions").len());
            ends.holds("one key, one answer", play.said.borrow().len() <= 1);
            let labelled = play.stage.stack.dynamodb.items("NATIVE#").len();
            ends.holds("a link that was answered has its labels", play.said.borrow().len() <= labelled);
        }
        Flow::FindOrphan => {
            let intents = play.stage.at_lomi("intents");
            ends.holds("two forms were opened", intents.len() == 2);
            ends.holds("none takes money any more", all_have(&intents, &["canceled"]));
        }
        Flow::ReplayEvent | Flow::ReplayFinding | Flow::Ask | Flow::Resend | Flow::Retell => {
            ends.broken.extend(play.broken_operation());
        }
        _ => ends.broken.extend(play.broken_webhook()),
    }
    ends.broken
}

impl Ends {
    fn holds(&mut self, what: &str, is_so: bool) {
        if !is_so {
            self.broken.push(format!("broken: {what}: {:?}", self.orders));
        }
    }

    fn paid(&self) -> usize {
        let is_paid = |order: &&Value| ["paid", "partially_refunded", "refunded"].iter().any(|s| order["status"] == *s);
        self.orders.iter().filter(is_paid).count()
    }

    /// Whether there is one order with this status, and one such item in it.
    fn is(&self, status: &str, things: &str) -> bool {
        let [order] = &self.orders[..] else { return false };
        order["status"] == status && order[things].as_object().map_or(0, Map::len) == 1
    }

    fn one_purchase(&mut self, play: &Play, kind: &str, most: usize) {
        self.holds("one key, one order", self.orders.len() <= 1);
        self.holds("one key, one thing to pay on", play.stage.at_lomi(kind).len() <= most);
        self.holds("what was answered can be paid", self.paid() == self.answered);
    }

    fn given_up(&mut self) {
        self.holds("money comes after all", self.is("paid", "payments"));
        let is_flagged = self.orders[0]["paid_after_cancel"] == true;
        self.holds("the shopper's word is kept", is_flagged || self.answered == 0);
    }

    fn ended(&mut self, play: &Play) {
        self.holds("nothing can be paid on", all_have(&play.stage.at_lomi("intents"), &["canceled"]));
        let expected: &[&str] = if self.answered == 1 { &["cancelled"] } else { &["cancelled", "expired"] };
        self.holds("the order is over", all_have(&self.orders, expected));
    }

    fn one_refund(&mut self, play: &Play) {
        let refunds = play.stage.at_lomi("refunds").len();
        self.holds("money goes back once", refunds <= 1);
        let expected = if refunds == 1 { "refunded" } else { "paid" };
        self.holds("the order says so", all_have(&self.orders, &[expected]));
        let known =
            self.orders[0]["refunds"].as_object().into_iter().flat_map(Map::values).cloned().collect::<Vec<_>>();
        self.holds("its outcome is known", all_have(&known, &["completed", "failed"]));
    }
}

fn all_have(rows: &[Value], statuses: &[&str]) -> bool {
    rows.iter().all(|row| statuses.iter().any(|status| row["status"] == *status))
}
