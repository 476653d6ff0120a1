//! `.ci/artifacts.py` checks the artifacts before a deployment: it finds a program that Lambda could not start.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use super::tools::find;

const TEMPLATE: &str = "Resources:
  OrdersFunction:
    Type: AWS::Serverless::Function
    Properties: { CodeUri: OrdersFunction, Role: !GetAtt OrdersRole.Arn }
  Table: { Type: AWS::DynamoDB::Table }
";

/// The start of an ELF program of this class for this processor.
fn program(class: u8, machine: u16) -> Vec<u8> {
    let mut header = b"\x7fELF".to_vec();
    header.extend([class, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0]);
    header.extend(machine.to_le_bytes());
    header
}

/// The script's findings for a build with this template and this program; empty when it finds nothing.
fn said(python: &Path, template: &str, program: Option<&[u8]>, mode: u32) -> String {
    let folder = std::env::temp_dir().join(format!("lomi-checkout-artifacts-{}", std::process::id()));
    std::fs::create_dir_all(folder.join("OrdersFunction")).expect("a folder");
    std::fs::write(folder.join("template.yaml"), template).expect("a file");
    if let Some(bytes) = program {
        let file = folder.join("OrdersFunction/bootstrap");
        std::fs::write(&file, bytes).expect("a file");
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).expect("its mode");
    }
    let output = Command::new(python).arg(super::root().join(".ci/artifacts.py")).arg(&folder).output();
    let output = output.expect("the script runs");
    std::fs::remove_dir_all(&folder).expect("it goes");
    assert_eq!(output.status.success(), output.stderr.is_empty());
    String::from_utf8(output.stderr).expect("UTF-8")
}

#[test]
#[ignore = "needs the SAM CLI's Python: cargo xtask template"]
fn a_program_that_lambda_could_not_start_is_found() {
    // The Python of SAM has a YAML library, too.
    let python = find(&["sam"]).with_file_name("python");
    let (arm, intel) = (program(2, 183), program(2, 62));
    assert_eq!(said(&python, TEMPLATE, Some(&arm), 0o755), "");
    for (problem, template, program, mode) in [
        ("is for processor 62", TEMPLATE, Some(intel.as_slice()), 0o755),
        ("is not for 64 bits", TEMPLATE, Some(&program(1, 183)), 0o755),
        ("is no ELF program", TEMPLATE, Some(b"#!/bin/sh\nexec true # not a program"), 0o755),
        ("is no ELF program", TEMPLATE, Some(b""), 0o755),
        ("may not be run", TEMPLATE, Some(&arm), 0o644),
        ("is not there", TEMPLATE, None, 0o755),
        ("is not there", &TEMPLATE.replace("CodeUri: OrdersFunction", "CodeUri: Orders"), Some(&arm), 0o755),
        ("has no functions", "Resources: {}\n", Some(&arm), 0o755),
    ] {
        let said = said(&python, template, program, mode);
        assert!(said.contains(problem), "{problem:?} is not in {said:?}");
    }
}
