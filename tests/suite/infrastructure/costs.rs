//! The arithmetic of `cargo run -p tests --example costs`, and its prices.

use tests::costs::{Column, Item, NOTES, Prices, Usage, fixed, markdown};

use super::{mutated, read};

fn usage(amounts: &[(Item, u128)]) -> Usage {
    let mut usage = Usage::default();
    amounts.iter().for_each(|(item, amount)| usage.add(*item, *amount));
    usage
}

fn prices() -> Prices {
    Prices::parse(&read("infra/prices.json")).unwrap_or_else(|problem| panic!("{problem}"))
}

#[test]
fn every_counted_item_has_a_price_and_a_place() {
    let text = read("infra/prices.json");
    assert!(Prices::parse(&text).is_ok());
    for (problem, from, to) in [
        ("no price of dashboard_month", "\"dashboard_month\"", "\"dashboards\""),
        (
            "dashboards is nothing",
            "\"dashboard_month\":",
            "\"dashboard_month\": {\"usd_nano\": 1, \"per\": 1, \"comment\": \"x\"}, \"dashboards\":",
        ),
        ("api_request: usd_nano is no whole number", "\"usd_nano\": 1000000000", "\"usd_nano\": 1.5"),
        ("api_request: per is 0", "\"per\": 1000000,", "\"per\": 0,"),
        ("no comment", "\"comment\": \"$1.00 per million HTTP", "\"note\": \"$1.00 per million HTTP"),
        ("no region", "\"region\"", "\"regions\""),
    ] {
        let said = Prices::parse(&mutated(&text, from, to)).expect_err("a problem");
        // An unknown name is found before a missing one.
        assert!(said.contains(problem) || said.contains("is nothing that is counted"), "{problem}: {said}");
    }
}

#[test]
fn a_cost_is_exact_and_never_rounded_down() {
    let prices = prices();
    assert_eq!(prices.cost_of(Item::ApiRequest, 1_000_000), 1_000_000_000, "one dollar");
    assert_eq!(prices.cost_of(Item::ApiRequest, 1), 1_000);
    // 1 GB-s, and the smallest part of it.
    assert_eq!(prices.cost_of(Item::MemoryMbMs, 1_024_000), 13_334);
    assert_eq!(prices.cost_of(Item::MemoryMbMs, 1), 1);
    let usage = usage(&[(Item::ApiRequest, 2), (Item::Secret, 3)]);
    assert_eq!(prices.cost(&usage), 2_000 + 3 * 400_000_000);
}

#[test]
fn costs_are_scaled_up_and_never_down() {
    let measured = usage(&[(Item::ApiRequest, 72), (Item::WriteUnitHalf, 25)]);
    let scaled = measured.scaled(1000, 24);
    assert_eq!(scaled.of(Item::ApiRequest), 3000);
    assert_eq!(scaled.of(Item::WriteUnitHalf), 1042, "25 000 / 24 and a bit");
    assert_eq!(scaled.of(Item::Alarm), 0);
}

#[test]
fn the_table_shows_amounts_costs_and_the_sum() {
    let usage = usage(&[(Item::ApiRequest, 3000), (Item::MemoryMbMs, 1_024_000)]);
    // The first price of the file is the first row's.
    let doubtful = mutated(&read("infra/prices.json"), "\"to_check\": false", "\"to_check\": true");
    let doubtful = Prices::parse(&doubtful).unwrap_or_else(|problem| panic!("{problem}"));
    let table = markdown(&[Column { title: "hosted page".to_owned(), usage }], &doubtful);
    let expected = "| | hosted page |\n|---|---:|\n| API Gateway requests (price to be checked) | 3000 ($0.0030) |\n\
        | Lambda GB-ms | 1000 ($0.0001) |\n| **sum** | **$0.0031** |\n";
    assert_eq!(table, expected);
}

/// The monthly rows and notes that `document` has not or has differently.
fn outdated(document: &str, templates: &str) -> Vec<String> {
    let table = markdown(&[Column { title: "per month".to_owned(), usage: fixed(templates) }], &prices());
    let rows = table.lines().skip(2).filter(|row| !row.starts_with("| **sum**"));
    rows.chain([NOTES]).filter(|text| !document.contains(text)).map(str::to_owned).collect()
}

/// Measured usage varies from run to run; fixed monthly usage does not.
#[test]
fn the_cost_document_matches_the_templates() {
    let templates = ["template.yaml", "infra/monitoring.yaml"].map(read).concat();
    let document = read("infra/docs/COSTS.md");
    assert_eq!(outdated(&document, &templates), Vec::<String>::new());
    for (row, from, to) in [
        ("| CloudWatch alarms, by metric |", "Type: AWS::CloudWatch::Alarm", "Type: Custom::Nothing"),
        ("| CloudWatch metrics, at most |", "DetailedMetricsEnabled: true", "DetailedMetricsEnabled: false"),
        ("| CloudWatch metrics, at most |", "Type: AWS::Logs::MetricFilter", "Type: Custom::Nothing"),
        ("| Secrets |", "Type: AWS::SecretsManager::Secret", "Type: Custom::Nothing"),
    ] {
        let found = outdated(&document, &mutated(&templates, from, to));
        assert!(found.len() == 1 && found[0].starts_with(row), "{found:?}");
    }
    assert_eq!(outdated(&mutated(&document, "Not counted:", "Counted:"), &templates), [NOTES]);
}
