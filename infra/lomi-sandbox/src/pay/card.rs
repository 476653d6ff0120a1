//! Test card numbers.

use crate::model::Environment;

pub(crate) const GOOD_CARD: &str = "4242424242424242";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CardResult {
    Succeeds,
    /// The form refuses it, before any request to lomi.
    RefusedByForm(&'static str),
    /// The card network refuses it.
    Refused(&'static str),
    /// 3-D Secure: the shopper has to confirm with the bank.
    NeedsChallenge,
}

/// `challenge` is the shopper's answer to the bank, if there was one.
pub(crate) fn result(number: &str, environment: Environment, challenge: Option<bool>) -> CardResult {
    let number: String = number.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
    match number.as_str() {
        GOOD_CARD | "378282246310005" => CardResult::Succeeds,
        "4000000000000002" => CardResult::Refused("card_declined"),
        "4000000000009995" => CardResult::Refused("insufficient_funds"),
        "4000000000009987" => CardResult::Refused("lost_card"),
        "4000000000009979" => CardResult::Refused("stolen_card"),
        "4000000000000069" => CardResult::Refused("expired_card"),
        "4000000000000127" => CardResult::Refused("incorrect_cvc"),
        "4000000000000119" => CardResult::Refused("processing_error"),
        "4000000000006975" => CardResult::Refused("card_velocity_exceeded"),
        "4000002500003155" | "4000002760003184" | "4000000000003220" => challenged(challenge, CardResult::Succeeds),
        "4000008260003178" => challenged(challenge, CardResult::Refused("insufficient_funds")),
        "4000008400001629" => challenged(challenge, CardResult::Refused("card_declined")),
        other if !passes_luhn(other) => CardResult::RefusedByForm("incorrect_number"),
        _ if environment == Environment::Live => CardResult::Refused("card_declined"),
        _ => CardResult::Succeeds,
    }
}

const fn challenged(answer: Option<bool>, passed: CardResult) -> CardResult {
    match answer {
        None => CardResult::NeedsChallenge,
        Some(true) => passed,
        Some(false) => CardResult::Refused("authentication_failed"),
    }
}

/// `07/29` or `07/2029` as `2029-07`, to compare with the text of an instant.
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
        assert_eq!(result("4242 4242 4242 4242", Test, None), CardResult::Succeeds);
    }

    #[test]
    fn a_wrong_check_digit_never_leaves_the_form() {
        for number in ["4242424242424241", "1234", "", "not a card"] {
            assert_eq!(result(number, Test, None), CardResult::RefusedByForm("incorrect_number"), "{number}");
        }
    }

    #[test]
    fn an_unknown_card_works_in_test_and_is_declined_in_live() {
        assert_eq!(result("5555555555554444", Test, None), CardResult::Succeeds);
        assert_eq!(result("5555555555554444", Live, None), CardResult::Refused("card_declined"));
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
    fn a_passed_challenge_may_still_be_refused() {
        assert_eq!(result("4000002500003155", Test, None), CardResult::NeedsChallenge);
        assert_eq!(result("4000002500003155", Test, Some(true)), CardResult::Succeeds);
        assert_eq!(result("4000002500003155", Test, Some(false)), CardResult::Refused("authentication_failed"));
        assert_eq!(result("4000008260003178", Test, Some(true)), CardResult::Refused("insufficient_funds"));
    }
}
