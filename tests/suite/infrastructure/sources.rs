//! Rules of the source tree.

use std::process::Command;

use super::{mutated, read, root};

/// A function's `main.rs`: configuration, clients, serve.
const MAX_MAIN_LINES: usize = 40;
const MAX_FILE_LINES: usize = 400;

/// Words that reveal the machine of a developer. Written in halves, so that this file does not match itself.
const OF_A_MACHINE: [(&str, &str); 8] = [
    ("/wo", "rk/"),
    ("/ro", "ot/"),
    ("/ho", "me/"),
    ("/Us", "ers/"),
    ("/t", "mp/"),
    ("index.cra", "tes.io"),
    ("arti", "factory"),
    ("registry.np", "mjs.org"),
];

/// Every file of the project that Git tracks, or would track.
fn files() -> Vec<String> {
    let arguments = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
    let output = Command::new("git").args(arguments).current_dir(root()).output().expect("git runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let names = String::from_utf8(output.stdout).expect("names in UTF-8");
    names.split('\0').filter(|name| root().join(name).is_file()).map(str::to_owned).collect()
}

fn too_long(file: &str, text: &str) -> Option<String> {
    let is_main = file.starts_with("functions/") && file.ends_with("/main.rs");
    let max = if is_main { MAX_MAIN_LINES } else { MAX_FILE_LINES };
    let lines = text.lines().count();
    (lines > max).then(|| format!("{file} has {lines} lines, at most {max} are allowed"))
}

fn of_a_machine(file: &str, text: &str) -> Option<String> {
    let words = OF_A_MACHINE.map(|(head, tail)| format!("{head}{tail}"));
    let line = text.lines().find(|line| words.iter().any(|word| line.contains(word)))?;
    Some(format!("{file} speaks of a machine: {}", line.trim()))
}

#[test]
fn no_source_file_is_too_long() {
    let files = files();
    let sources: Vec<_> = files.iter().filter(|file| file.ends_with(".rs") || file.ends_with(".js")).collect();
    assert!(sources.len() > 100, "the sources are found");
    let found: Vec<_> = sources.into_iter().filter_map(|file| too_long(file, &read(file))).collect();
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn no_file_names_a_path_of_the_build_machine() {
    let found: Vec<_> = files()
        .iter()
        .filter_map(|file| of_a_machine(file, &String::from_utf8(std::fs::read(root().join(file)).ok()?).ok()?))
        .collect();
    assert_eq!(found, Vec::<String>::new());
}

/// The only file that may treat stored bytes as signed by lomi without verifying them: it reads quarantined events.
const VOUCHER: &str = "shared/checkout/src/webhooks.rs";

fn vouches(file: &str, text: &str) -> Option<String> {
    let is_deployed = file.starts_with("functions/") || file.starts_with("shared/");
    let may = file == VOUCHER || file.starts_with("shared/lomi-client/");
    let says = is_deployed && !may && text.contains("verified_before");
    says.then(|| format!("{file} takes bytes for verified"))
}

#[test]
fn stored_bytes_are_trusted_in_one_place_only() {
    assert_eq!(read(VOUCHER).matches("verified_before").count(), 1, "the place is found");
    let files = files();
    let found: Vec<_> =
        files.iter().filter(|file| file.ends_with(".rs")).filter_map(|file| vouches(file, &read(file))).collect();
    assert_eq!(found, Vec::<String>::new());
    assert!(vouches("functions/operations/src/http.rs", &read(VOUCHER)).is_some());
}

#[test]
fn a_long_file_and_a_machine_path_are_found() {
    let main = read("functions/orders/src/main.rs");
    assert_eq!(too_long("functions/orders/src/main.rs", &main), None);
    let longer = format!("{main}{}", "// more\n".repeat(MAX_MAIN_LINES));
    assert!(too_long("functions/orders/src/main.rs", &longer).is_some());
    assert_eq!(too_long("functions/orders/src/http.rs", &longer), None);
    assert!(too_long("shared/checkout/src/lib.rs", &"\n".repeat(MAX_FILE_LINES + 1)).is_some());
    let (head, tail) = OF_A_MACHINE[0];
    let leak = mutated(&main, "mod http;", &format!("mod http; // see {head}{tail}main"));
    assert!(of_a_machine("functions/orders/src/main.rs", &leak).is_some());
}
