//! The examples of the contract fit its schemas.

use super::document::Contract;
use crate::infrastructure::{mutated, read};

#[test]
fn every_example_of_the_contract_fits_its_own_schema() {
    let contract = Contract::published();
    let examples = contract.examples();
    assert!(examples.len() >= 20, "{} examples are found", examples.len());
    for (place, schema, example) in examples {
        assert_eq!(contract.misfit(&schema, &example), None, "{place}");
    }
}

#[test]
fn an_example_that_does_not_fit_is_found() {
    let text = mutated(&read("infra/openapi.yaml"), "{sku: MUG-01, quantity: 2}", "{sku: MUG-01, quantity: 1000}");
    let contract = Contract::parse(&text);
    let misfits =
        contract.examples().into_iter().filter(|(_, schema, example)| contract.misfit(schema, example).is_some());
    assert_eq!(misfits.count(), 1);
}
