//! The client's table of lomi's five documents is complete, and every row names an existing test.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The names that the documents list, by section of the table.
const LISTED: [(&str, &str); 4] = [
    (
        "Payment intents, and card charges",
        "amount currency_code currency customer_id customer_email customer_name customer_phone description payment_reference \
         product_id subscription_id quantity metadata appearance_theme appearance_border_radius appearance_billing_address \
         success data.id data.client_secret data.amount data.currency data.original_amount data.original_currency data.status \
         data.appearance Idempotency-Key X-API-KEY PAYMENT_SUCCEEDED PAYMENT_FAILED metadata.order_id",
    ),
    (
        "Payment links",
        "link_type title currency_code description amount product_id price_id allow_coupon_code allow_quantity \
         require_billing_address expires_at success_url cancel_url metadata linkType isActive limit offset id url is_active \
         created_at",
    ),
    (
        "Customers",
        "name email phone_number whatsapp_number country city address postal_code is_business metadata search type status page \
         pageSize customers pagination.page .pageSize pagination.totalCount .totalPages transaction_id description gross_amount \
         currency_code created_at updated_at id organization_id",
    ),
    (
        "Checkout sessions",
        "success_url cancel_url allowed_providers amount currency_code title public_description customer_email customer_name \
         customer_phone product_id subscription_id plan_id metadata expiration_minutes allow_coupon_code checkout_session_id url \
         status expires_at created_at updated_at merchant_id organization_id environment limit page meta.current_page \
         meta.per_page checkout.session.completed checkout.session.expired X-API-Key",
    ),
];

/// The documents' routes, by section.
const ROUTES: [(&str, &str); 14] = [
    ("Payment intents, and card charges", "POST /payment-intents"),
    ("Payment intents, and card charges", "POST /charge/card"),
    ("Payment links", "POST /payment-links"),
    ("Payment links", "GET /payment-links"),
    ("Payment links", "GET /payment-links/{id}"),
    ("Customers", "POST /customers"),
    ("Customers", "GET /customers"),
    ("Customers", "GET /customers/{id}"),
    ("Customers", "PATCH /customers/{id}"),
    ("Customers", "DELETE /customers/{id}"),
    ("Customers", "GET /customers/{id}/transactions"),
    ("Checkout sessions", "POST /checkout-sessions"),
    ("Checkout sessions", "GET /checkout-sessions/{id}"),
    ("Checkout sessions", "GET /checkout-sessions"),
];

/// The error statuses of the documents, by section.
const ERRORS: [(&str, &str); 4] = [
    ("Payment intents, and card charges", "400 401 404 429"),
    ("Payment links", "400 401 404"),
    ("Customers", "400 401 404"),
    ("Checkout sessions", "400 401 403 404 500"),
];

struct Row {
    section: String,
    what: String,
    cells: Vec<String>,
}

fn rows() -> Vec<Row> {
    let text = fs::read_to_string(root().join("shared/lomi-client/FIELDS.md")).expect("the table");
    let mut section = String::new();
    let mut rows = Vec::new();
    for line in text.lines() {
        if let Some(title) = line.strip_prefix("# ") {
            title.clone_into(&mut section);
        }
        let is_head = line.contains("| shown by |") || line.starts_with("|---");
        if line.starts_with('|') && !is_head {
            let cells: Vec<_> = line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect();
            rows.push(Row { section: section.clone(), what: cells.first().cloned().unwrap_or_default(), cells });
        }
    }
    rows
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn quoted(text: &str) -> BTreeSet<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn every_documented_field_has_its_row() {
    let mut named = BTreeMap::<String, BTreeSet<String>>::new();
    for row in rows() {
        let names = quoted(&row.what);
        named.entry(row.section).or_default().extend(names);
    }
    for (section, listed) in LISTED {
        let named = &named[section];
        let missing: Vec<_> = listed.split_whitespace().filter(|name| !named.contains(*name)).collect();
        assert!(missing.is_empty(), "{section}: {missing:?}");
    }
}

#[test]
fn every_documented_route_and_error_has_its_row() {
    let rows = rows();
    for (section, route) in ROUTES {
        let is_it = |row: &&Row| row.section == section && row.what.contains(&format!("route `{route}`"));
        assert_eq!(rows.iter().filter(is_it).count(), 1, "{section}: {route}");
    }
    for (section, statuses) in ERRORS {
        for status in statuses.split_whitespace() {
            let is_it = |row: &Row| row.section == section && row.what.contains(status);
            assert!(rows.iter().any(is_it), "{section}: {status}");
        }
    }
}

#[test]
fn every_row_of_the_table_names_an_existing_test() {
    let mut tests = BTreeSet::new();
    collect_tests(&root().join("tests/suite"), &mut tests);
    for row in rows() {
        assert_eq!(row.cells.len(), 4, "{}: {}", row.section, row.what);
        let named = row.cells.last().map(|cell| quoted(cell)).unwrap_or_default();
        let missing: Vec<_> = named.iter().filter(|name| !tests.contains(*name)).collect();
        assert!(!named.is_empty() && missing.is_empty(), "{}: {}: {missing:?}", row.section, row.what);
    }
}

/// The names of the functions behind `#[test]` and `#[tokio::test]`.
fn collect_tests(folder: &Path, tests: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        if entry.is_dir() {
            collect_tests(&entry, tests);
            continue;
        }
        let text = fs::read_to_string(&entry).unwrap_or_default();
        for part in text.split("test]\n").skip(1).chain(text.split("test)]\n").skip(1)) {
            let name = part.split_once("fn ").and_then(|(_, rest)| rest.split_once('('));
            tests.extend(name.map(|(name, _)| name.trim().to_owned()));
        }
    }
}
