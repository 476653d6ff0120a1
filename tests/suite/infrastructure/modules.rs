//! No module depends on itself through others. Read from the sources: what each module imports, and the paths that it names.
//!
//! A module may use what its ancestors define, and an ancestor may use its descendants: those are one unit. Every other circle is
//! an error. A re-exported name counts for the module that defines it. Test modules may use everything.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::root;
use super::rust_tokens::{self, Source};

/// Circles that are still to be opened: the crate and its modules. Nothing may be added.
const KNOWN: [(&str, &[&str]); 11] = [
    ("functions/operations", &["deliveries", "events", "health", "health::lomi", "http", "quarantine"]),
    ("infra/local", &["environment", "lomi", "ports", "stack"]),
    ("infra/xtask", &["steps::aws", "steps::proofs"]),
    ("shared/checkout", &["refunds::confirm", "refunds::provider_call"]),
    ("shared/checkout", &["webhooks::dispute_or_risk", "webhooks::reading", "webhooks::refund"]),
    (
        "shared/domain",
        &[
            "order::dispute",
            "order::outbox_event",
            "order::refund",
            "order::refund::provider_refund",
            "order::transition",
        ],
    ),
    ("shared/lambda-kit", &["config", "fields::pricing", "secrets", "start", "system"]),
    ("shared/lambda-kit", &["http", "problem"]),
    ("shared/lambda-kit", &["http::gateway", "http::serve"]),
    (
        "shared/lomi-client",
        &[
            "call",
            "card_charges",
            "card_charges::charge",
            "card_charges::create",
            "check",
            "checkout_sessions",
            "checkout_sessions::create",
            "checkout_sessions::session",
            "client",
            "customer",
            "customers",
            "customers::customer",
            "customers::transaction",
            "customers::write",
            "delivery_logs",
            "error",
            "host",
            "ids",
            "key",
            "listing",
            "me",
            "older",
            "paging",
            "payment_links",
            "payment_links::create",
            "payment_links::link",
            "payment_links::update",
            "providers",
            "refunds",
            "refunds::answer",
            "refunds::create",
            "refunds::refund",
            "refusal",
            "retry",
            "row",
            "secret_text",
            "transactions",
            "transport",
            "webhook::secret",
            "webhook_endpoints",
            "webhook_endpoints::endpoint",
            "webhook_endpoints::write",
        ],
    ),
    ("shared/store", &["claim", "link", "outbox", "provider_event", "quarantine", "receipt"]),
];

/// The modules of a crate by their path, `a::b`; the root has the empty one.
#[derive(Debug, Default)]
struct Crate(BTreeMap<String, Source>);

impl Crate {
    fn read(folder: &Path) -> Self {
        let mut modules = Self::default();
        modules.read_folder(folder, &[]);
        let is_for_tests = |path: &str| {
            let (parent, name) = path.rsplit_once("::").unwrap_or(("", path));
            modules.0.get(parent).is_some_and(|parent| parent.test_modules.contains(name))
        };
        let excluded: Vec<String> = modules.0.keys().filter(|path| is_for_tests(path)).cloned().collect();
        modules.0.retain(|path, _| !excluded.iter().any(|excluded| path == excluded || is_below(path, excluded)));
        modules
    }

    fn read_folder(&mut self, folder: &Path, prefix: &[String]) {
        for entry in std::fs::read_dir(folder).expect("a folder of sources") {
            let path = entry.expect("an entry").path();
            let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
            if path.is_dir() {
                self.read_folder(&path, &[prefix, &[name]].concat());
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let is_own = ["lib", "main", "mod"].contains(&name.as_str());
                let module = if is_own { prefix.to_vec() } else { [prefix, &[name]].concat() };
                self.add(&module.join("::"), &std::fs::read_to_string(&path).expect("a source in UTF-8"));
            }
        }
    }

    /// A library and a program of one crate share its root.
    fn add(&mut self, module: &str, text: &str) {
        self.0.entry(module.to_owned()).or_default().add(&rust_tokens::read(text));
    }

    /// The module that defines what `path` means in `module`. `None` when that is not in this crate.
    fn resolve(&self, module: &str, path: &[String], depth: usize) -> Option<String> {
        let (head, rest) = path.split_first().filter(|_| depth < 16)?;
        match head.as_str() {
            "crate" => self.descend("", rest, depth),
            "self" => self.descend(module, rest, depth),
            "super" => {
                let parent = module.rsplit_once("::").map_or("", |(parent, _)| parent);
                match rest.first().is_some_and(|next| next == "super") {
                    true => self.resolve(parent, rest, depth + 1),
                    false => self.descend(parent, rest, depth),
                }
            }
            name if self.0.contains_key(&join(module, name)) => self.descend(module, path, depth),
            name => {
                let import = self.0.get(module)?.imports.get(name).filter(|import| import.path != path)?;
                self.resolve(module, &[&import.path, rest].concat(), depth + 1)
            }
        }
    }

    /// Follows a path from a module down to the module that defines its last name.
    fn descend(&self, module: &str, path: &[String], depth: usize) -> Option<String> {
        let Some((head, rest)) = path.split_first() else { return Some(module.to_owned()) };
        let child = join(module, head);
        if self.0.contains_key(&child) {
            return self.descend(&child, rest, depth);
        }
        let source = self.0.get(module)?;
        if let Some(import) = source.imports.get(head) {
            return self.resolve(module, &[&import.path, rest].concat(), depth + 1);
        }
        let mut globs = source.globs.iter().filter(|_| !source.definitions.contains(head));
        let elsewhere = globs.find_map(|glob| {
            let target = self.resolve(module, &glob.path, depth + 1).filter(|target| target != module)?;
            let has_it = self.0.get(&target)?.definitions.contains(head) || self.0[&target].imports.contains_key(head);
            has_it.then(|| self.descend(&target, path, depth + 1)).flatten()
        });
        elsewhere.or_else(|| Some(module.to_owned()))
    }

    /// Module -> modules that it depends on, its ancestors aside.
    fn dependencies(&self) -> BTreeMap<String, BTreeSet<String>> {
        let of = |(module, source): (&String, &Source)| {
            let found = source.dependencies().filter_map(|path| self.resolve(module, path, 0));
            let found =
                found.filter(|target| target != module && !is_below(module, target) && self.0.contains_key(target));
            (module.clone(), found.collect())
        };
        self.0.iter().map(of).collect()
    }

    /// The modules of each circle.
    fn circles(&self) -> BTreeSet<BTreeSet<String>> {
        let dependencies = self.dependencies();
        let reached: BTreeMap<&str, BTreeSet<&str>> =
            dependencies.keys().map(|module| (module.as_str(), reachable(&dependencies, module))).collect();
        let circle = |module: &str| {
            let others = reached[module].iter().filter(|other| reached[**other].contains(module));
            others.map(|other| (*other).to_owned()).collect::<BTreeSet<_>>()
        };
        reached.keys().map(|module| circle(module)).filter(|circle| !circle.is_empty()).collect()
    }
}

fn reachable<'a>(dependencies: &'a BTreeMap<String, BTreeSet<String>>, from: &str) -> BTreeSet<&'a str> {
    let mut seen = BTreeSet::new();
    let mut next: Vec<&str> = dependencies[from].iter().map(String::as_str).collect();
    while let Some(module) = next.pop() {
        if seen.insert(module) {
            next.extend(dependencies[module].iter().map(String::as_str));
        }
    }
    seen
}

fn join(module: &str, name: &str) -> String {
    if module.is_empty() { name.to_owned() } else { format!("{module}::{name}") }
}

fn is_below(module: &str, ancestor: &str) -> bool {
    ancestor.is_empty() || module.strip_prefix(ancestor).is_some_and(|rest| rest.starts_with("::"))
}

/// Every crate of the product by its folder.
fn crates() -> BTreeMap<String, Crate> {
    let mut crates = BTreeMap::new();
    for area in ["functions", "shared", "infra"] {
        for entry in std::fs::read_dir(root().join(area)).expect("a folder of crates") {
            let folder = entry.expect("an entry").path();
            if folder.join("Cargo.toml").is_file() {
                let name = folder.file_name().expect("a name").to_string_lossy();
                crates.insert(format!("{area}/{name}"), Crate::read(&folder.join("src")));
            }
        }
    }
    crates
}

/// Also a circle that has become smaller.
fn covers(known: &(&str, &[&str]), name: &str, circle: &BTreeSet<String>) -> bool {
    known.0 == name && circle.iter().all(|module| known.1.contains(&module.as_str()))
}

#[test]
fn no_module_depends_on_itself_through_others() {
    let crates = crates();
    assert!(crates["infra/lomi-sandbox"].dependencies()["sim"].contains("context"), "dependencies are found");
    let circles_of = |(name, modules): (&String, &Crate)| {
        let name = name.clone();
        modules.circles().into_iter().map(move |circle| (name.clone(), circle)).collect::<Vec<_>>()
    };
    let mut found: Vec<_> = crates.iter().flat_map(circles_of).collect();
    let is_open = |known: &&(&str, &[&str])| !found.iter().any(|(name, circle)| covers(known, name, circle));
    let open: Vec<_> = KNOWN.iter().filter(is_open).collect();
    assert!(open.is_empty(), "these are circles no more, delete them from the list: {open:?}");
    found.retain(|(name, circle)| !KNOWN.iter().any(|known| covers(known, name, circle)));
    assert!(found.is_empty(), "circles of modules: {found:#?}");
}

fn planted(sources: &[(&str, &str)]) -> Vec<String> {
    let mut modules = Crate::default();
    for (module, text) in sources {
        modules.add(module, text);
    }
    let circles = modules.circles().into_iter();
    circles.map(|circle| circle.into_iter().collect::<Vec<_>>().join(" ")).collect()
}

#[test]
fn a_planted_circle_is_found() {
    let imports =
        [("", "mod a; mod b;"), ("a", "use crate::b::B;"), ("b", "use super::{c::C, a::{self, A}};"), ("c", "")];
    assert_eq!(planted(&imports), ["a b"]);
    let paths = [
        ("", "mod a;"),
        ("a", "fn a() { crate::b::b() }"),
        ("b", "use crate::c; fn b() { c::c() }"),
        ("c", "const C: u8 = super::a::A;"),
    ];
    assert_eq!(planted(&paths), ["a b c"]);
    let renamed = [
        ("", ""),
        ("a", "use crate::b as other; type A = other::c::C;"),
        ("b", "mod c;"),
        ("b::c", "use crate::a::A;"),
    ];
    assert_eq!(planted(&renamed), ["a b::c"]);
    let through_a_parent = [
        ("", ""),
        ("a", "use crate::b::B;"),
        ("b", "mod c; struct B; fn b() { c::c() }"),
        ("b::c", "use crate::a::A;"),
    ];
    assert_eq!(planted(&through_a_parent), ["a b b::c"]);
}

#[test]
fn a_reexported_name_counts_where_it_is_defined() {
    let circle =
        [("", ""), ("a", "use crate::b::C;"), ("b", "mod c; pub(crate) use c::C;"), ("b::c", "use crate::a::A;")];
    assert_eq!(planted(&circle), ["a b::c"]);
    let glob =
        [("", ""), ("a", "use crate::b::C;"), ("b", "mod c; pub use c::*;"), ("b::c", "pub struct C(crate::a::A);")];
    assert_eq!(planted(&glob), ["a b::c"]);
    let none = [
        ("", ""),
        ("a", "use crate::b::D;"),
        ("b", "mod c; pub use c::C; mod d; pub use d::D;"),
        ("b::c", "use crate::a::A;"),
        ("b::d", ""),
    ];
    assert_eq!(planted(&none), Vec::<String>::new());
}

#[test]
fn parents_tests_and_texts_make_no_circle() {
    let family =
        [("", "mod a; use a::A;"), ("a", "mod b; use b::B; struct A;"), ("a::b", "use super::A; use crate::a;")];
    assert_eq!(planted(&family), Vec::<String>::new());
    let tests = [
        ("", ""),
        ("a", "use crate::b::B;"),
        ("b", "#[cfg(test)] mod tests { use crate::a::A; } #[cfg(test)] use crate::a::A;"),
    ];
    assert_eq!(planted(&tests), Vec::<String>::new());
    let texts = [
        ("", ""),
        ("a", "use crate::b::B;"),
        (
            "b",
            "// crate::a::A\n/* use crate::a; */ const T: &str = \"crate::a::A\"; const Q: char = '\"'; const R: &str = r#\"\" crate::a::A\"#;",
        ),
    ];
    assert_eq!(planted(&texts), Vec::<String>::new());
}
