//! The table as Markdown.

use super::{Item, Prices, Usage};

/// One column of the table.
#[derive(Clone, Debug)]
pub struct Column {
    /// Its title: `hosted page`.
    pub title: String,
    /// Its usage.
    pub usage: Usage,
}

/// One row per item that any column uses: `amount ($cost)`. The last row is the sum.
#[must_use]
pub fn markdown(columns: &[Column], prices: &Prices) -> String {
    let titles: String = columns.iter().map(|column| format!(" {} |", column.title)).collect();
    let mut table = format!("| |{titles}\n|---|{}\n", "---:|".repeat(columns.len()));
    for item in Item::ALL {
        if columns.iter().all(|column| column.usage.of(item) == 0) {
            continue;
        }
        let cells: String = columns.iter().map(|column| cell(item, column.usage.of(item), prices)).collect();
        let mark = if prices.to_check(item) { " (price to be checked)" } else { "" };
        table.push_str(&format!("| {}{mark} |{cells}\n", item.label()));
    }
    let sums = columns.iter().map(|column| format!(" **{}** |", dollars(prices.cost(&column.usage))));
    table.push_str(&format!("| **sum** |{}\n", sums.collect::<String>()));
    table
}

fn cell(item: Item, amount: u128, prices: &Prices) -> String {
    if amount == 0 {
        " – |".to_owned()
    } else {
        format!(" {} ({}) |", item.shown(amount), dollars(prices.cost_of(item, amount)))
    }
}

/// Billionths of a dollar as dollars with four places, rounded up.
fn dollars(usd_nano: u128) -> String {
    let parts = usd_nano.div_ceil(100_000);
    format!("${}.{:04}", parts / 10_000, parts % 10_000)
}
