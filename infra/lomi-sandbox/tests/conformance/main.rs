//! What the stand-in promises, checked over HTTP as a merchant would see it.

#[cfg(test)]
mod errors;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod idempotency;
#[cfg(test)]
mod in_process;
#[cfg(test)]
mod page;
#[cfg(test)]
mod payments;
#[cfg(test)]
mod retries;
#[cfg(test)]
mod sessions;
#[cfg(test)]
mod support;
#[cfg(test)]
mod webhooks;
