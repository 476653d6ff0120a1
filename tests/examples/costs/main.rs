//! Measures what orders cost on AWS: drives purchases through the whole stack, counts requests, bytes and
//! milliseconds, and multiplies them by the prices of a file: `--prices infra/prices.json [--orders 1000] [--write
//! infra/docs/COSTS.md]`.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "it fails as a test does")]

mod monthly;
mod purchases;
mod tally;

use std::ffi::OsString;
use std::path::PathBuf;

use tests::costs::{Column, NOTES, Prices, Usage, markdown};

use purchases::Way;

const USAGE: &str = "usage: costs --prices <file> [--orders <n>] [--write <file>]";
/// This program rewrites the text between these markers.
const MARKERS: [&str; 2] = ["<!-- costs: begin -->", "<!-- costs: end -->"];

struct Wish {
    prices: PathBuf,
    orders: u128,
    write: Option<PathBuf>,
}

#[tokio::main]
async fn main() {
    let wish = read(std::env::args_os().skip(1));
    let text = std::fs::read_to_string(&wish.prices).expect("the prices can be read");
    let prices = Prices::parse(&text).unwrap_or_else(|problem| panic!("{}: {problem}", wish.prices.display()));
    let report = report(&wish, &prices).await;
    println!("{report}");
    if let Some(path) = &wish.write {
        write(path, &report);
    }
}

async fn report(wish: &Wish, prices: &Prices) -> String {
    let scaled = |usage: &Usage| usage.scaled(wish.orders, purchases::ORDERS.into());
    let (mut ways, mut functions) = (Vec::new(), Vec::new());
    for (way, lost) in Way::ALL.into_iter().flat_map(|way| [(way, false), (way, true)]) {
        let all = purchases::measure(way, lost).await;
        let title = if lost { format!("{}, webhooks lost", way.title()) } else { way.title().to_owned() };
        ways.push(Column { title, usage: scaled(&tally::sum(&all)) });
        if functions.is_empty() {
            functions.extend(all.iter().map(|(title, usage)| Column { title: title.clone(), usage: scaled(usage) }));
        }
    }
    let monthly = Column { title: "per month".to_owned(), usage: monthly::measure().await };
    format!(
        "Prices of {} as of {}, in US dollars, without free tiers.\n\n\
         ### {} orders\n\n{}\n### {} orders by {}, function by function\n\n{}\n\
         ### Every month, without any order\n\n{}\n{NOTES}",
        prices.region,
        prices.as_of,
        wish.orders,
        markdown(&ways, prices),
        wish.orders,
        Way::ALL[0].title(),
        markdown(&functions, prices),
        markdown(&[monthly], prices)
    )
}

fn write(path: &PathBuf, report: &str) {
    let old = std::fs::read_to_string(path).expect("the file is there");
    let (before, rest) = old.split_once(MARKERS[0]).expect("the first marker");
    let (_, after) = rest.split_once(MARKERS[1]).expect("the second marker");
    let new = format!("{before}{}\n\n{report}\n\n{}{after}", MARKERS[0], MARKERS[1]);
    std::fs::write(path, new).expect("the file can be written");
}

fn read(mut arguments: impl Iterator<Item = OsString>) -> Wish {
    let (mut prices, mut orders, mut write) = (None, 1000, None);
    while let Some(flag) = arguments.next() {
        let value = arguments.next().expect(USAGE);
        match flag.to_str() {
            Some("--prices") => prices = Some(value.into()),
            Some("--orders") => orders = value.to_str().and_then(|text| text.parse().ok()).expect(USAGE),
            Some("--write") => write = Some(value.into()),
            _ => panic!("{USAGE}"),
        }
    }
    Wish { prices: prices.expect(USAGE), orders, write }
}
