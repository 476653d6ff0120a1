//! Test card numbers and what they do.

use crate::model::Environment;

/// The number that always works.
pub(crate) const GOOD_CARD: &str = "4242424242424242";

/// What a card number leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Succeeds,
    /// The form refuses it; lomi. never hears of it.
    RefusedByForm(&'static str),
    /// The card network refuses it.
    Refused(&'static str),
    /// The shopper has to confirm with the bank first.
    NeedsChallenge,
}

/// Judges a number; `challenge` is the shopper's answer to the bank, if there was one.
pub(crate) fn verdict(number: &str, environment: Environment, challenge: Option<bool>) -> Verdict {
    let number: String = number.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
    match number.as_str() {
        GOOD_CARD | "378282246310005" => Verdict::Succeeds,
        "4000000000000002" => Verdict::Refused("card_declined"),
        "4000000000009995" => Verdict::Refused("insufficient_funds"),
        "4000000000009987" => Verdict::Refused("lost_card"),
        "4000000000009979" => Verdict::Refused("stolen_card"),
        "4000000000000069" => Verdict::Refused("expired_card"),
        "4000000000000127" => Verdict::Refused("incorrect_cvc"),
        "4000000000000119" => Verdict::Refused("processing_error"),
        "4000000000006975" => Verdict::Refused("card_velocity_exceeded"),
        "4000002500003155" | "4000002760003184" | "4000000000003220" => challenged(challenge, Verdict::Succeeds),
        "4000008260003178" => challenged(challenge, Verdict::Refused("insufficient_funds")),
        "4000008400001629" => challenged(challenge, Verdict::Refused("card_declined")),
        other if !passes_luhn(other) => Verdict::RefusedByForm("incorrect_number"),
        _ if environment == Environment::Live => Verdict::Refused("card_declined"),
        _ => Verdict::Succeeds,
    }
}

const fn challenged(answer: Option<bool>, passed: Verdict) -> Verdict {
    match answer {
        None => Verdict::NeedsChallenge,
        Some(true) => passed,
        Some(false) => Verdict::Refused("authentication_failed"),
    }
}

/// `07/29` or `07/2029` as `2029-07`, which compares like an instant's text.
pub(super) fn expiry_month(exp: &str) -> Option<String> {
    let (month, year) = exp.split_once('/')?;
    let (month, year): (u8, u16) = (month.trim().parse().ok()?, year.trim().parse().ok()?);
    let year = if year < 100 { 2000 + year } else { year };
    ((1..=12).contains(&month) && (2000..=2999).contains(&year)).then(|| format!("{year:04}-{month:02}"))
}

/// The check digit of card numbers, for 12 to 19 digits.
fn passes_luhn(number: &str) -> bool {
    let digits: Option<Vec<u32>> = number.chars().map(|c| c.to_digit(10)).collect();
    let Some(digits) = digits.filter(|digits| (12..=19).contains(&digits.len())) else { return false };
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(at, digit)| match at % 2 {
            0 => *digit,
            _ if *digit > 4 => digit * 2 - 9,
            _ => digit * 2,
        })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Environment::{Live, Test};

    #[test]
    fn spaces_in_a_number_do_not_matter() {
        assert_eq!(verdict("4242 4242 4242 4242", Test, None), Verdict::Succeeds);
    }

    #[test]
    fn a_wrong_check_digit_never_leaves_the_form() {
        for number in ["4242424242424241", "1234", "", "not a card"] {
            assert_eq!(verdict(number, Test, None), Verdict::RefusedByForm("incorrect_number"), "{number}");
        }
    }

    #[test]
    fn an_unknown_card_works_in_test_and_is_declined_in_live() {
        assert_eq!(verdict("5555555555554444", Test, None), Verdict::Succeeds);
        assert_eq!(verdict("5555555555554444", Live, None), Verdict::Refused("card_declined"));
    }

    #[test]
    fn an_expiry_is_a_month_of_this_millennium() {
        assert_eq!(expiry_month("7/29").as_deref(), Some("2029-07"));
        assert_eq!(expiry_month(" 12 / 2031 ").as_deref(), Some("2031-12"));
        for nonsense in ["", "13/29", "0/29", "1229", "12/-1", "12/3000"] {
            assert_eq!(expiry_month(nonsense), None, "{nonsense}");
        }
    }

    #[test]
    fn a_challenge_decides_and_may_still_end_in_a_refusal() {
        assert_eq!(verdict("4000002500003155", Test, None), Verdict::NeedsChallenge);
        assert_eq!(verdict("4000002500003155", Test, Some(true)), Verdict::Succeeds);
        assert_eq!(verdict("4000002500003155", Test, Some(false)), Verdict::Refused("authentication_failed"));
        assert_eq!(verdict("4000008260003178", Test, Some(true)), Verdict::Refused("insufficient_funds"));
    }
}
