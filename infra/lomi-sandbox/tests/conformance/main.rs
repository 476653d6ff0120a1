//! What the stand-in promises, checked over HTTP as a merchant would see it.

#[cfg(test)]
mod account;
#[cfg(test)]
mod card_form;
#[cfg(test)]
mod charges;
#[cfg(test)]
mod customers;
#[cfg(test)]
mod errors;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod idempotency;
#[cfg(test)]
mod in_process;
#[cfg(test)]
mod links;
#[cfg(test)]
mod lists;
#[cfg(test)]
mod page;
#[cfg(test)]
mod payments;
#[cfg(test)]
mod refunds;
#[cfg(test)]
mod retries;
#[cfg(test)]
mod sessions;
#[cfg(test)]
mod support;
#[cfg(test)]
mod webhooks;
