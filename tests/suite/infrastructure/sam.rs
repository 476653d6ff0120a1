//! The checks of AWS SAM.

use std::process::Command;

use super::tools::find;

#[test]
#[ignore = "needs the SAM CLI: cargo xtask template"]
fn sam_validates_the_template() {
    let sam = find(&["sam"]);
    let output = Command::new(sam)
        .args(["validate", "--lint", "--template-file", "template.yaml"])
        .current_dir(super::root())
        .env("SAM_CLI_TELEMETRY", "0")
        .env("AWS_DEFAULT_REGION", "eu-west-3")
        .output();
    let output = output.expect("sam runs");
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&said));
}

/// The profiles of `samconfig.toml` that deploy without tags.
fn untagged(samconfig: &str) -> Vec<&str> {
    let sections = samconfig.split("\n[").filter(|section| section.contains(".deploy.parameters]"));
    let untagged = sections.filter(|section| !section.contains("\ntags = [\"application=lomi-checkout\""));
    untagged.filter_map(|section| section.split('.').next()).collect()
}

#[test]
fn every_profile_tags_its_resources() {
    let samconfig = super::read("samconfig.toml");
    assert_eq!(samconfig.matches(".deploy.parameters]").count(), 3);
    assert_eq!(untagged(&samconfig), Vec::<&str>::new());
    assert_eq!(untagged(&super::mutated(&samconfig, "tags = [\"application=lomi-checkout\"]", "")), ["default"]);
}

/// SAM's build cache compares a function's own folder only; most of the code is in `shared/`.
fn caches_builds(samconfig: &str) -> bool {
    samconfig.lines().any(|line| line.split('#').next().is_some_and(|line| line.replace(' ', "") == "cached=true"))
}

#[test]
fn sam_builds_the_current_code() {
    let samconfig = super::read("samconfig.toml");
    assert!(!caches_builds(&samconfig));
    assert!(caches_builds(&super::mutated(&samconfig, "cached = false", "cached = true")));
}
