//! The steps.

pub(crate) mod aws;
pub(crate) mod proofs;
pub(crate) mod sources;
