//! Finds the function of a request.

use std::collections::BTreeMap;

use crate::template;

/// A route of the template and its function.
#[derive(Debug, Clone)]
pub(super) struct Target {
    /// The function's binary.
    pub(super) function: String,
    /// Whether an authorizer guards the route.
    pub(super) guarded: bool,
    method: String,
    path: String,
}

/// A request's target with the values of its path parameters.
#[derive(Debug)]
pub(super) struct Match<'a> {
    pub(super) target: &'a Target,
    pub(super) path_parameters: BTreeMap<String, String>,
}

/// All routes of the API.
#[derive(Debug)]
pub(super) struct Routes(Vec<Target>);

impl Routes {
    pub(super) fn new(functions: &[template::Function]) -> Self {
        let target = |function: &template::Function, route: &template::Route| Target {
            function: function.binary.clone(),
            guarded: route.guarded,
            method: route.method.clone(),
            path: route.path.clone(),
        };
        let of_function = |function| {
            let function: &template::Function = function;
            function.routes.iter().map(move |route| target(function, route))
        };
        Self(functions.iter().flat_map(of_function).collect())
    }

    /// The most specific route: fixed segments before parameters before greedy ones, a method before `ANY`.
    pub(super) fn find(&self, method: &str, decoded_path: &str) -> Option<Match<'_>> {
        let candidates = self.0.iter().filter(|target| target.method == method || target.method == "ANY");
        let matches = candidates.filter_map(|target| {
            let path_parameters = match_path(&target.path, decoded_path)?;
            Some(Match { target, path_parameters })
        });
        matches.min_by_key(|found| (specificity(&found.target.path), found.target.method == "ANY"))
    }
}

impl Target {
    /// `GET /orders/{order_id}`, as API Gateway writes it.
    pub(super) fn route_key(&self) -> String {
        if self.path == "$default" { self.path.clone() } else { format!("{} {}", self.method, self.path) }
    }
}

/// An empty segment counts, so `/orders/` and `//orders` are not `/orders`.
fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.strip_prefix('/').unwrap_or(path).split('/')
}

fn parameter(segment: &str) -> Option<&str> {
    segment.strip_prefix('{')?.strip_suffix('}')
}

/// Per segment 0 = fixed, 1 = parameter, 2 = greedy; `$default` comes last.
fn specificity(pattern: &str) -> Vec<u8> {
    if pattern == "$default" {
        return vec![3];
    }
    let rank = |segment| match parameter(segment) {
        Some(name) if name.ends_with('+') => 2,
        Some(_) => 1,
        None => 0,
    };
    segments(pattern).map(rank).collect()
}

fn match_path(pattern: &str, path: &str) -> Option<BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    if pattern == "$default" {
        return Some(found);
    }
    let mut rest = segments(path);
    for segment in segments(pattern) {
        let value = rest.next()?;
        match parameter(segment) {
            Some(name) => match name.strip_suffix('+') {
                Some(greedy) => {
                    let all: Vec<&str> = std::iter::once(value).chain(rest.by_ref()).collect();
                    found.insert(greedy.to_owned(), all.join("/"));
                }
                None if value.is_empty() => return None,
                None => drop(found.insert(name.to_owned(), value.to_owned())),
            },
            None if segment == value => {}
            None => return None,
        }
    }
    rest.next().is_none().then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn routes(paths: &[(&str, &str)]) -> Routes {
        let target = |(method, path): &(&str, &str)| Target {
            function: format!("{method} {path}"),
            guarded: false,
            method: (*method).to_owned(),
            path: (*path).to_owned(),
        };
        Routes(paths.iter().map(target).collect())
    }

    #[test]
    fn a_path_parameter_is_named_and_filled() {
        let routes = routes(&[("GET", "/orders/{order_id}"), ("POST", "/orders/{order_id}/cancel")]);
        let found = routes.find("GET", "/orders/abc").unwrap();
        assert_eq!(found.path_parameters["order_id"], "abc");
        assert_eq!(found.target.route_key(), "GET /orders/{order_id}");
        assert!(routes.find("GET", "/orders/").is_none());
        assert!(routes.find("GET", "/orders/abc/cancel").is_none());
        assert!(routes.find("DELETE", "/orders/abc").is_none());
    }

    #[test]
    fn an_extra_slash_makes_another_path() {
        let routes = routes(&[("GET", "/products"), ("GET", "/orders/{order_id}"), ("GET", "/")]);
        assert!(routes.find("GET", "/products").is_some() && routes.find("GET", "/").is_some());
        for path in ["/products/", "//products", "/orders/abc/", "//orders/abc", "//"] {
            assert!(routes.find("GET", path).is_none(), "{path}");
        }
    }

    #[test]
    fn routes_prefer_fixed_then_parameter_then_greedy_segments() {
        let routes = routes(&[("ANY", "/{proxy+}"), ("GET", "/a/{id}"), ("GET", "/a/b"), ("ANY", "$default")]);
        let function = |path| routes.find("GET", path).unwrap().target.function.clone();
        assert_eq!(function("/a/b"), "GET /a/b");
        assert_eq!(function("/a/c"), "GET /a/{id}");
        assert_eq!(function("/a/c/d"), "ANY /{proxy+}");
    }
}
