//! The allowed dependencies between crates, checked against `cargo metadata`, so that nothing that is built escapes.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

/// Layer -> layers that it may import. A layer that is missing here may import none of ours.
const ARROWS: [(&str, &[&str]); 9] = [
    ("functions", &["lambda-kit", "checkout", "store", "lomi-client", "domain"]),
    ("lambda-kit", &["checkout", "store", "lomi-client", "domain"]),
    ("checkout", &["store", "lomi-client", "domain"]),
    ("store", &["domain"]),
    ("local", &["lomi-sandbox"]),
    ("simulation", &["tests", "local", "lomi-sandbox", "lambda-kit", "checkout", "store", "lomi-client", "domain"]),
    ("fuzz", &["properties"]),
    ("properties", &["lambda-kit", "checkout", "store", "lomi-client", "domain"]),
    ("tests", &["local", "lomi-sandbox", "lambda-kit", "checkout", "store", "lomi-client", "domain"]),
];

/// Crates that only these layers may import: one adapter each for the table, the secrets, the platform and HTTP.
const OWNED: [(&str, &[&str]); 6] = [
    ("aws-sdk-dynamodb", &["store", "simulation", "tests"]),
    ("aws-sdk-secretsmanager", &["lambda-kit", "simulation"]),
    ("lambda_http", &["lambda-kit"]),
    ("lambda_runtime", &["lambda-kit"]),
    ("reqwest", &["lambda-kit", "lomi-client", "lomi-sandbox", "tests"]),
    ("rustls", &["lomi-client", "lomi-sandbox"]),
];

/// A second TLS stack, or a credential source that Lambda cannot have.
const NEVER_DEPLOYED: [&str; 9] = [
    "aws-lc-rs",
    "aws-lc-sys",
    "aws-sdk-sso",
    "aws-sdk-ssooidc",
    "boring",
    "native-tls",
    "openssl",
    "openssl-sys",
    "s2n-tls",
];

/// TLS crates that may be deployed in one version only, with all their allowed features.
const DEPLOYED_ONCE: [(&str, &[&str]); 2] =
    [("ring", &["alloc", "default", "dev_urandom_fallback"]), ("rustls", &["ring", "std", "tls12"])];

/// Every package of the build with its dependencies.
#[derive(Clone, Debug, Default)]
struct Graph {
    /// Our crates: the layer, the names in `[dependencies]`, and those in the other tables.
    ours: BTreeMap<String, Ours>,
    /// All packages, by Cargo's id.
    all: BTreeMap<String, Resolved>,
}

#[derive(Clone, Debug, Default)]
struct Ours {
    layer: String,
    dependencies: BTreeSet<String>,
    dev_dependencies: BTreeSet<String>,
}

#[derive(Clone, Debug, Default)]
struct Resolved {
    name: String,
    features: BTreeSet<String>,
    /// Ids of the packages that are linked or run at build time, without dev-dependencies.
    dependencies: BTreeSet<String>,
}

impl Graph {
    fn of_this_workspace() -> Self {
        let arguments = ["metadata", "--format-version=1", "--locked", "--filter-platform=host-tuple"];
        let output = Command::new(env!("CARGO")).args(arguments).current_dir(super::root()).output();
        let output = output.expect("cargo runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Self::read(&serde_json::from_slice(&output.stdout).expect("cargo writes JSON"))
    }

    fn read(metadata: &Value) -> Self {
        let members: BTreeSet<&str> = array(&metadata["workspace_members"]).filter_map(Value::as_str).collect();
        let mut graph = Self::default();
        let mut names = BTreeMap::new();
        for package in array(&metadata["packages"]) {
            let (id, name) = (text(&package["id"]), text(&package["name"]));
            names.insert(id.clone(), name.clone());
            if members.contains(id.as_str()) {
                graph.ours.insert(name, Ours::read(package));
            }
        }
        for node in array(&metadata["resolve"]["nodes"]) {
            let id = text(&node["id"]);
            let linked = array(&node["deps"]).filter(|dep| array(&dep["dep_kinds"]).any(|kind| kind["kind"] != "dev"));
            let resolved = Resolved {
                name: names[&id].clone(),
                features: array(&node["features"]).map(text).collect(),
                dependencies: linked.map(|dep| text(&dep["pkg"])).collect(),
            };
            graph.all.insert(id, resolved);
        }
        graph
    }

    fn violations(&self) -> Vec<String> {
        let mut found: Vec<String> = self.ours.iter().flat_map(|(name, ours)| self.check(name, ours)).collect();
        let deployed = self.deployed();
        let is_banned = |package: &&Resolved| NEVER_DEPLOYED.contains(&package.name.as_str());
        found.extend(deployed.iter().copied().filter(is_banned).map(|banned| format!("{} is deployed", banned.name)));
        found.extend(DEPLOYED_ONCE.iter().flat_map(|(name, features)| once(&deployed, name, features)));
        found
    }

    fn check(&self, name: &str, ours: &Ours) -> Vec<String> {
        let allowed = ARROWS.iter().find(|(layer, _)| *layer == ours.layer).map_or(&[][..], |(_, allowed)| *allowed);
        let layer_of = |dependency: &String| self.ours.get(dependency).map(|ours| ours.layer.as_str());
        let imports = ours.dependencies.union(&ours.dev_dependencies).filter_map(layer_of);
        let wrong = imports.filter(|layer| !allowed.contains(layer)).map(|layer| format!("{name} imports {layer}"));
        let stolen = OWNED
            .iter()
            .filter(|(owned, owners)| ours.dependencies.contains(*owned) && !owners.contains(&ours.layer.as_str()));
        wrong.chain(stolen.map(|(owned, _)| format!("{name} uses {owned}"))).collect()
    }

    /// Everything that is linked into a function or helps to build it.
    fn deployed(&self) -> Vec<&Resolved> {
        let is_function = |package: &Resolved| self.ours.get(&package.name).is_some_and(|o| o.layer == "functions");
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        let mut next: Vec<&str> = self.all.iter().filter(|(_, p)| is_function(p)).map(|(id, _)| id.as_str()).collect();
        while let Some(id) = next.pop() {
            if seen.insert(id) {
                next.extend(self.all[id].dependencies.iter().map(String::as_str));
            }
        }
        seen.into_iter().map(|id| &self.all[id]).collect()
    }

    fn id(&self, name: &str) -> String {
        let found = self.all.iter().find(|(_, package)| package.name == name);
        found.unwrap_or_else(|| panic!("no {name} in the graph")).0.clone()
    }
}

impl Ours {
    fn read(package: &Value) -> Self {
        let named = |is_dev: bool| {
            let of_kind = array(&package["dependencies"]).filter(move |dep| (dep["kind"] == "dev") == is_dev);
            of_kind.map(|dep| text(&dep["name"])).collect()
        };
        let manifest = text(&package["manifest_path"]);
        let is_function = manifest.replace('\\', "/").contains("/functions/");
        let layer = if is_function { "functions".to_owned() } else { text(&package["name"]) };
        Self { layer, dependencies: named(false), dev_dependencies: named(true) }
    }
}

fn once(deployed: &[&Resolved], name: &str, features: &[&str]) -> Option<String> {
    let versions: Vec<_> = deployed.iter().filter(|package| package.name == name).collect();
    let [only] = versions.as_slice() else {
        return Some(format!("{} versions of {name} are deployed", versions.len()));
    };
    let more: Vec<_> = only.features.iter().filter(|feature| !features.contains(&feature.as_str())).collect();
    (!more.is_empty()).then(|| format!("{name} is deployed with {more:?}"))
}

fn array(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[test]
fn imports_follow_the_layers_and_one_tls_stack_ships() {
    let graph = Graph::of_this_workspace();
    assert_eq!(
        graph.deployed().iter().filter(|package| package.name == "lambda-kit").count(),
        1,
        "functions are found"
    );
    assert_eq!(graph.violations(), Vec::<String>::new());
}

/// One forbidden change, and the finding that it must produce.
type Mutation = (&'static str, fn(&mut Graph));

fn import(graph: &mut Graph, from: &str, to: &str) {
    graph.ours.get_mut(from).expect("one of ours").dependencies.insert(to.to_owned());
}

fn link(graph: &mut Graph, from: &str, to: &str) {
    let from = graph.id(from);
    let package = Resolved { name: to.to_owned(), ..Resolved::default() };
    graph.all.insert(format!("invented {to}"), package);
    graph.all.get_mut(&from).expect("a package").dependencies.insert(format!("invented {to}"));
}

#[test]
fn an_import_against_the_layers_is_found() {
    let mutations: [Mutation; 12] = [
        ("domain imports store", |graph| import(graph, "domain", "store")),
        ("lomi-client imports domain", |graph| import(graph, "lomi-client", "domain")),
        ("store imports checkout", |graph| import(graph, "store", "checkout")),
        ("checkout imports lambda-kit", |graph| import(graph, "checkout", "lambda-kit")),
        ("lambda-kit imports functions", |graph| import(graph, "lambda-kit", "orders")),
        ("orders imports functions", |graph| import(graph, "orders", "catalog")),
        ("orders imports tests", |graph| import(graph, "orders", "tests")),
        ("local imports checkout", |graph| import(graph, "local", "checkout")),
        ("store imports local", |graph| {
            graph.ours.get_mut("store").expect("one of ours").dev_dependencies.insert("local".to_owned());
        }),
        ("checkout uses aws-sdk-dynamodb", |graph| import(graph, "checkout", "aws-sdk-dynamodb")),
        ("orders uses reqwest", |graph| import(graph, "orders", "reqwest")),
        ("catalog uses lambda_http", |graph| import(graph, "catalog", "lambda_http")),
    ];
    assert_each_is_found(&mutations);
}

#[test]
fn a_second_tls_stack_in_a_function_is_found() {
    let mutations: [Mutation; 5] = [
        ("aws-lc-rs is deployed", |graph| link(graph, "rustls", "aws-lc-rs")),
        ("openssl-sys is deployed", |graph| link(graph, "domain", "openssl-sys")),
        ("aws-sdk-sso is deployed", |graph| link(graph, "aws-config", "aws-sdk-sso")),
        ("2 versions of rustls are deployed", |graph| link(graph, "orders", "rustls")),
        (r#"rustls is deployed with ["aws_lc_rs"]"#, |graph| {
            let rustls = graph.id("rustls");
            graph.all.get_mut(&rustls).expect("a package").features.insert("aws_lc_rs".to_owned());
        }),
    ];
    assert_each_is_found(&mutations);
}

#[test]
fn test_dependencies_are_not_deployed() {
    let mut graph = Graph::of_this_workspace();
    link(&mut graph, "tests", "openssl");
    assert_eq!(graph.violations(), Vec::<String>::new());
}

#[track_caller]
fn assert_each_is_found(mutations: &[Mutation]) {
    let graph = Graph::of_this_workspace();
    for (sentence, mutate) in mutations {
        let mut wrong = graph.clone();
        mutate(&mut wrong);
        assert_eq!(wrong.violations(), [*sentence]);
    }
}
