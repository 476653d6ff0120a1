//! Payment links: created by the merchant, followed by shoppers, counted exactly.

mod back_office;
mod counting;
mod documented;
mod native;
mod pages;
mod qr;
