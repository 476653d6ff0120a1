//! As much of Rust's syntax as it takes to see what a module imports and names.

use std::collections::{BTreeMap, BTreeSet};

/// What follows one of these words is defined here.
const DEFINING: [&str; 8] = ["const", "enum", "fn", "mod", "static", "struct", "trait", "type"];

/// One name that a `use` brings in.
#[derive(Clone, Debug)]
pub(super) struct Import {
    pub(super) path: Vec<String>,
    is_public: bool,
}

/// What one module says about others.
#[derive(Debug, Default)]
pub(super) struct Source {
    pub(super) imports: BTreeMap<String, Import>,
    pub(super) globs: Vec<Import>,
    pub(super) definitions: BTreeSet<String>,
    /// Modules that exist in tests only.
    pub(super) test_modules: BTreeSet<String>,
    /// Every name outside of `use`.
    names: BTreeSet<String>,
    /// Paths of at least two names outside of `use`.
    paths: Vec<Vec<String>>,
}

impl Source {
    /// The paths that this module depends on. A re-export is none of them, unless the module uses the name itself.
    pub(super) fn dependencies(&self) -> impl Iterator<Item = &[String]> {
        let is_used = |(name, import): &(&String, &Import)| !import.is_public || self.names.contains(*name);
        let imports = self.imports.iter().filter(is_used).map(|(_, import)| &import.path);
        let globs = self.globs.iter().filter(|glob| !glob.is_public).map(|glob| &glob.path);
        imports.chain(globs).chain(&self.paths).map(Vec::as_slice)
    }

    pub(super) fn add(&mut self, tokens: &[String]) {
        let mut at = 0;
        let mut is_public = false;
        while let Some(token) = tokens.get(at) {
            at = match token.as_str() {
                "#" if starts_with(tokens, at, &["#", "[", "cfg", "(", "test", ")", "]"]) => {
                    self.skip_test(tokens, at + 7)
                }
                "use" if !starts_with(tokens, at + 1, &["<"]) => {
                    let end = position(tokens, at, ";");
                    self.read_use(&tokens[at + 1..end], &[], is_public);
                    end
                }
                _ if is_name(token) => self.read_path(tokens, at),
                _ => at + 1,
            };
            is_public = token == "pub" || (is_public && !matches!(token.as_str(), ";" | "{" | "}" | "use"));
        }
    }

    /// Passes over an item of the tests.
    fn skip_test(&mut self, tokens: &[String], at: usize) -> usize {
        let ends = |token: &String| token == ";" || token == "{";
        let end = tokens[at..].iter().position(ends).map_or(tokens.len(), |length| at + length);
        if tokens[end..].first().is_some_and(|token| token == "{") {
            return closing(tokens, end) + 1;
        }
        if let [.., keyword, name] = &tokens[at..end]
            && keyword == "mod"
        {
            self.test_modules.insert(name.clone());
        }
        end
    }

    fn read_path(&mut self, tokens: &[String], at: usize) -> usize {
        let mut path = vec![tokens[at].clone()];
        let mut end = at + 1;
        while starts_with(tokens, end, &["::"]) && tokens.get(end + 1).is_some_and(|next| is_name(next)) {
            path.push(tokens[end + 1].clone());
            end += 2;
        }
        let before = at.checked_sub(1).map_or("", |before| tokens[before].as_str());
        if DEFINING.contains(&before) {
            self.definitions.insert(path[0].clone());
        } else if before != "." {
            self.names.insert(path[0].clone());
        }
        if path.len() > 1 {
            self.paths.push(path);
        }
        end
    }

    /// `a::{b, c as d, self, e::*}`.
    fn read_use(&mut self, tree: &[String], prefix: &[String], is_public: bool) {
        let mut path = prefix.to_vec();
        let mut at = 0;
        while let Some(token) = tree.get(at) {
            match token.as_str() {
                "{" => {
                    let inner = &tree[at + 1..closing(tree, at)];
                    parts(inner).for_each(|part| self.read_use(part, &path, is_public));
                    return;
                }
                "*" => return self.globs.push(Import { path, is_public }),
                "as" => return self.import(tree[at + 1].clone(), path, is_public),
                "self" if !path.is_empty() => {}
                name if is_name(name) => path.push(name.to_owned()),
                _ => {}
            }
            at += 1;
        }
        if let Some(name) = path.last().cloned() {
            self.import(name, path, is_public);
        }
    }

    fn import(&mut self, name: String, path: Vec<String>, is_public: bool) {
        // `use a as _;` imports no name, and several may.
        let name = if name == "_" { path.join("::") } else { name };
        self.imports.insert(name, Import { path, is_public });
    }
}

fn is_name(token: &str) -> bool {
    token.starts_with(|first: char| first.is_alphabetic() || first == '_')
}

fn starts_with(tokens: &[String], at: usize, expected: &[&str]) -> bool {
    tokens.get(at..at + expected.len()).is_some_and(|found| found.iter().eq(expected))
}

fn position(tokens: &[String], from: usize, wanted: &str) -> usize {
    tokens[from..].iter().position(|token| token == wanted).map_or(tokens.len(), |length| from + length)
}

/// The brace that closes the one at `open`.
fn closing(tokens: &[String], open: usize) -> usize {
    let mut depth = 0;
    for (at, token) in tokens.iter().enumerate().skip(open) {
        match token.as_str() {
            "{" => depth += 1,
            "}" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at;
        }
    }
    tokens.len() - 1
}

/// The parts between the commas that are in no inner braces.
fn parts(tokens: &[String]) -> impl Iterator<Item = &[String]> {
    let mut depth = 0;
    tokens.split(move |token| {
        match token.as_str() {
            "{" => depth += 1,
            "}" => depth -= 1,
            _ => {}
        }
        depth == 0 && token == ","
    })
}

/// Names, `::` and single signs; comments, texts, characters and lifetimes are left out.
pub(super) fn read(text: &str) -> Vec<String> {
    let text: Vec<char> = text.chars().collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    while let [first, rest @ ..] = &text[at..] {
        at += match (*first, rest.first()) {
            ('/', Some('/')) => length_to(rest, "\n") + 1,
            ('/', Some('*')) => length_to(rest, "*/") + 1,
            ('"', _) => 1 + string(rest),
            ('\'', _) => 1 + character(rest),
            (':', Some(':')) => {
                tokens.push("::".to_owned());
                2
            }
            _ if is_in_name(*first) => {
                let word: String = text[at..].iter().take_while(|c| is_in_name(**c)).collect();
                let length = word.chars().count();
                let literal = literal(&word, &text[at + length..]);
                if literal.is_none() {
                    tokens.push(word);
                }
                length + literal.unwrap_or_default()
            }
            _ => {
                tokens.extend((!first.is_whitespace()).then(|| first.to_string()));
                1
            }
        };
    }
    tokens
}

fn is_in_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The length up to and with `end`.
fn length_to(text: &[char], end: &str) -> usize {
    let end: Vec<char> = end.chars().collect();
    text.windows(end.len()).position(|found| found == end).map_or(text.len(), |at| at + end.len())
}

/// The length of a text after its opening quote.
fn string(rest: &[char]) -> usize {
    let mut is_escaped = false;
    let end = rest.iter().position(|c| {
        let ends = *c == '"' && !is_escaped;
        is_escaped = *c == '\\' && !is_escaped;
        ends
    });
    end.map_or(rest.len(), |at| at + 1)
}

/// The length of the rest of a text in quotes that `word` is the prefix of: `r"..."`, `br#"..."#`, `b"..."`.
fn literal(word: &str, rest: &[char]) -> Option<usize> {
    let hashes = rest.iter().take_while(|c| **c == '#').count();
    if !["r", "b", "br", "c", "cr"].contains(&word) || rest.get(hashes) != Some(&'"') {
        return None;
    }
    let body = &rest[hashes + 1..];
    let length = if word.contains('r') { length_to(body, &format!("\"{}", "#".repeat(hashes))) } else { string(body) };
    Some(hashes + 1 + length)
}

/// The length of a character after its opening quote; nothing for a lifetime.
fn character(rest: &[char]) -> usize {
    match rest {
        ['\\', _, rest @ ..] => 2 + length_to(rest, "'"),
        [_, '\'', ..] => 2,
        _ => 0,
    }
}
