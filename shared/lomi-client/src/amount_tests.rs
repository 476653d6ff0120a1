use proptest::prelude::*;

use super::*;

fn amount(text: &str) -> Amount {
    text.parse().unwrap()
}

#[test]
fn every_spelling_of_an_amount_is_the_same_amount() {
    let francs = Amount::from_scaled(25_000, 0).unwrap();
    for json in ["25000", "25000.0", "25000.000", "\"25000\"", "\"25000.0\"", "25e3", "2.5E+4"] {
        assert_eq!(serde_json::from_str::<Amount>(json).unwrap(), francs, "{json}");
    }
    assert_eq!(amount("25000.50"), Amount::from_scaled(250_005, 1).unwrap());
    assert_eq!(amount("1250e-2"), amount("12.5"));
    assert_eq!(amount("-0.00"), amount("0"));
    assert_eq!(amount("0e99"), amount("0"));
}

#[test]
fn an_inexact_decimal_is_refused() {
    for wrong in [
        "",
        "-",
        "+1",
        "01",
        ".5",
        "5.",
        "1,5",
        "1 000",
        " 1",
        "NaN",
        "Infinity",
        "0x10",
        "1e",
        "1e+",
        "1e1.5",
        "1e100",
        "1e19",
        "9223372036854775808",
        "1.1234567890123456789",
        "1e-19",
        "--1",
        "1-1",
        "1.-5",
        "1.5.5",
        "1e--5",
        "٣",
        "1_000",
    ] {
        assert_eq!(wrong.parse::<Amount>(), Err(AmountError), "{wrong}");
    }
    let long = format!("1.{}", "0".repeat(100));
    assert_eq!(long.parse::<Amount>(), Err(AmountError));
    for wrong in ["null", "true", "[1]", "{}", "\"\"", "\"\\u0031\""] {
        assert!(serde_json::from_str::<Amount>(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn the_largest_amounts_that_fit_are_exact() {
    assert_eq!(amount("9223372036854775807").to_scaled(0), Some(i64::MAX));
    assert_eq!(amount("-9223372036854775808").to_scaled(0), Some(i64::MIN));
    assert_eq!(amount("9223372036854775807").to_scaled(1), None);
    assert_eq!(amount("0.000000000000000001").to_scaled(18), Some(1));
}

#[test]
fn minor_units_are_exact_or_nothing() {
    assert_eq!(amount("19.99").to_scaled(2), Some(1_999));
    assert_eq!(amount("19.9").to_scaled(2), Some(1_990));
    assert_eq!(amount("19.99").to_scaled(1), None);
    assert_eq!(amount("25000.00").to_scaled(0), Some(25_000));
    assert_eq!(amount("25000.50").to_scaled(0), None);
    assert_eq!(Amount::from_scaled(1, 19), None);
}

#[test]
fn a_whole_amount_is_written_as_an_integer() {
    let json = |text| serde_json::to_string(&amount(text)).unwrap();
    assert_eq!(json("25000.0"), "25000");
    assert_eq!(json("25000.50"), "25000.5");
    assert_eq!(json("-0.05"), "-0.05");
    assert_eq!(amount("-12.30").to_string(), "-12.3");
}

proptest! {
    #[test]
    fn a_written_amount_reads_back_unchanged(units: i64, scale in 0_u8..=18) {
        let amount = Amount::from_scaled(units, scale).unwrap();
        let json = serde_json::to_string(&amount).unwrap();
        prop_assert_eq!(serde_json::from_str::<Amount>(&json).unwrap(), amount);
        prop_assert_eq!(amount.to_scaled(scale), Some(units));
    }

    #[test]
    fn no_text_makes_reading_panic(text in "[-+0-9eE.]{0,30}") {
        let _ = text.parse::<Amount>();
    }
}
