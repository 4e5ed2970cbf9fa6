//! No file of a crate uses another that uses it, be it by way of others: each can be read after those that it uses.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use super::{root, rust_files, uses};

type Graph = BTreeMap<String, BTreeSet<String>>;

/// The first names of the paths in `use crate::…;` and `use super::…;`, and of `crate::name::` elsewhere.
fn named(code: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (place, _) in code.match_indices("crate::").chain(code.match_indices("use super::")) {
        let path = &code[place..];
        let path = &path[path.find("::").map_or(0, |at| at + 2)..];
        let first =
            |text: &str| text.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
        let Some(group) = path.strip_prefix('{') else {
            names.insert(first(path));
            continue;
        };
        let (mut depth, mut from) = (0, 0);
        for (at, c) in group.char_indices() {
            match c {
                '{' => depth += 1,
                '}' if depth == 0 => {
                    names.insert(first(&group[from..at]));
                    break;
                }
                '}' => depth -= 1,
                ',' if depth == 0 => {
                    names.insert(first(&group[from..at]));
                    from = at + 1;
                }
                _ => {}
            }
        }
    }
    names
}

/// What `lib.rs` gives out again, and from which module: `pub use module::{A, B};`.
fn given_out(library: &str) -> BTreeMap<String, String> {
    let mut from = BTreeMap::new();
    for item in library.split("pub use ").skip(1) {
        let item = item.split(';').next().unwrap_or_default();
        if let Some((module, names)) = item.split_once("::") {
            let names = names.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|name| !name.is_empty());
            from.extend(names.map(|name| (name.to_owned(), module.to_owned())));
        }
    }
    from
}

/// Which modules of a crate use which.
fn modules(folder: &str) -> Graph {
    let source = root().join(folder).join("src");
    let library = fs::read_to_string(source.join("lib.rs")).expect("a library");
    let given_out = given_out(&library);
    let mut graph = Graph::new();
    for (path, text) in rust_files() {
        let Ok(inside) = path.strip_prefix(&source) else { continue };
        let module = inside.iter().next().and_then(|part| part.to_str()).unwrap_or_default().trim_end_matches(".rs");
        if matches!(module, "lib" | "main") {
            continue;
        }
        let code = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
        let code: Vec<&str> = code.lines().map(|line| line.split("//").next().unwrap_or_default()).collect();
        let used = named(&code.join("\n")).into_iter().map(|name| given_out.get(&name).cloned().unwrap_or(name));
        graph.entry(module.to_owned()).or_default().extend(used.filter(|name| name != module));
    }
    let known: BTreeSet<String> = graph.keys().cloned().collect();
    for used in graph.values_mut() {
        used.retain(|name| known.contains(name));
    }
    graph
}

/// A way from a module back to it, if there is one.
fn circle(graph: &Graph) -> Option<Vec<String>> {
    fn search<'a>(graph: &'a Graph, way: &mut Vec<&'a str>, done: &mut BTreeSet<&'a str>) -> Option<Vec<String>> {
        let last = *way.last()?;
        for next in &graph[last] {
            if let Some(at) = way.iter().position(|seen| seen == next) {
                return Some(way[at..].iter().map(|&name| name.to_owned()).collect());
            }
            if !done.contains(next.as_str()) {
                way.push(next);
                if let Some(circle) = search(graph, way, done) {
                    return Some(circle);
                }
                way.pop();
            }
        }
        done.insert(last);
        None
    }
    let mut done = BTreeSet::new();
    graph.keys().find_map(|module| search(graph, &mut vec![module], &mut done))
}

#[test]
fn a_circle_is_seen() {
    let graph = |edges: &[(&str, &[&str])]| -> Graph {
        let all = edges.iter().map(|(from, to)| ((*from).to_owned(), to.iter().map(|&name| name.to_owned()).collect()));
        all.collect()
    };
    assert_eq!(circle(&graph(&[("a", &["b"]), ("b", &["c"]), ("c", &[])])), None);
    assert_eq!(circle(&graph(&[("a", &["b"]), ("b", &["c"]), ("c", &["b"])])).map(|circle| circle.len()), Some(2));
    let code =
        "use crate::{Checker, share::{Share, Plan}, tick::Group};\nfn f() { crate::pace::turn() }\nuse super::meta;";
    let names: BTreeSet<String> = ["Checker", "share", "tick", "pace", "meta"].map(str::to_owned).into();
    assert_eq!(named(code), names);
}

#[test]
fn no_files_use_each_other() {
    let mut seen = 0;
    for folder in uses().keys().filter(|folder| root().join(folder).join("src/lib.rs").exists()) {
        let graph = modules(folder);
        seen += graph.values().map(BTreeSet::len).sum::<usize>();
        assert_eq!(circle(&graph), None, "{folder}");
    }
    assert!(seen > 200, "the uses are found: {seen}");
}
