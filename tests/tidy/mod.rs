//! The house in order: what may depend on what, how long files are, and what no file says.

mod circles;
mod invariants;
mod template;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_owned()
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn rust_files() -> Vec<(PathBuf, String)> {
    let mut files = Vec::new();
    let mut folders: Vec<PathBuf> = ["shared", "functions", "infra", "tests"].map(|name| root().join(name)).into();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                let text = fs::read_to_string(&path).expect("a file");
                files.push((path, text));
            }
        }
    }
    assert!(files.len() > 50, "the folders are those of the house");
    files
}

/// Our own crates that a crate's manifest names as dependencies.
fn edges(manifest: &str) -> Vec<String> {
    let text = fs::read_to_string(root().join(manifest).join("Cargo.toml")).expect("a manifest");
    let dependencies = text.split("[dependencies]").nth(1).unwrap_or_default();
    let dependencies = dependencies.split("[dev-dependencies]").next().unwrap_or_default();
    let ours =
        dependencies.lines().filter_map(|line| line.split('.').next().filter(|name| name.starts_with("valpero")));
    ours.map(|name| name.strip_prefix("valpero-").unwrap_or(name).to_owned()).collect()
}

/// The crates that each folder uses, by the table in ARCHITECTURE.md.
fn uses() -> BTreeMap<String, BTreeSet<String>> {
    let map = read("ARCHITECTURE.md");
    let rows = map.lines().filter_map(|line| {
        let mut cells = line.strip_prefix("| `")?.split(" | ");
        let folder = cells.next()?.trim_end_matches('`').to_owned();
        let uses = cells.nth(1)?.trim_end_matches('|').trim();
        let none = matches!(uses, "nothing of ours" | "no crate");
        let crates = uses.split(", ").filter(|_| !none).map(str::to_owned).collect();
        ["shared/", "functions/", "infra/"].iter().any(|group| folder.starts_with(group)).then_some((folder, crates))
    });
    rows.collect()
}

#[test]
fn each_crate_uses_what_the_map_says() {
    let uses = uses();
    for (folder, uses) in uses.iter().filter(|(folder, _)| root().join(folder).join("Cargo.toml").exists()) {
        let found: BTreeSet<String> = edges(folder).into_iter().collect();
        assert_eq!(found, *uses, "{folder}");
    }
    for group in ["shared", "functions"] {
        for entry in fs::read_dir(root().join(group)).expect("a group") {
            let folder = format!("{group}/{}", entry.expect("an entry").file_name().to_string_lossy());
            assert!(uses.contains_key(&folder), "{folder} has no row");
        }
    }
}

#[test]
fn arrows_point_down_only() {
    let uses = uses();
    let functions: Vec<&str> = uses.keys().filter_map(|folder| folder.strip_prefix("functions/")).collect();
    for (folder, uses) in uses.iter().filter(|(folder, _)| !folder.starts_with("infra/")) {
        // The library of all routes is there to be mounted by others, and the dashboard mounts it.
        let may = ["functions/api", "functions/dashboard"].contains(&folder.as_str());
        assert!(may || uses.iter().all(|used| !functions.contains(&used.as_str())), "{folder} uses a function");
        assert!(!uses.contains("valpero"), "{folder} uses the command");
    }
}

#[test]
fn workers_link_no_web_server_and_no_function_the_embedded_store() {
    let lock = read("Cargo.lock");
    let packages: BTreeMap<&str, Vec<&str>> = lock
        .split("[[package]]")
        .filter_map(|package| {
            let name = package.split_once("name = \"")?.1.split_once('"')?.0;
            let listed = package.split_once("dependencies = [").map_or("", |(_, rest)| rest);
            let needs = listed.lines().filter_map(|line| line.trim().strip_prefix('"')?.split([' ', '"']).next());
            Some((name, needs.collect()))
        })
        .collect();
    let links = |function: &str| {
        let mut open = vec![format!("valpero-{function}")];
        let mut seen = BTreeSet::new();
        while let Some(name) = open.pop() {
            if seen.insert(name.clone()) {
                open.extend(packages.get(name.as_str()).into_iter().flatten().map(|name| (*name).to_owned()));
            }
        }
        seen
    };
    for worker in ["checker", "delivery", "rollup"] {
        let linked = links(worker);
        assert!(linked.contains("aws-sdk-dynamodb"), "{worker} is read from the lock file");
        for server in ["axum", "lambda_http", "utoipa-axum", "tower-http"] {
            assert!(!linked.contains(server), "{worker} links {server}");
        }
    }
    for group in [
        "account",
        "alerts",
        "api",
        "checker",
        "delivery",
        "docs",
        "incidents",
        "metrics",
        "monitors",
        "rollup",
        "tools",
        "webhooks",
    ] {
        assert!(!links(group).contains("dynoxide-rs"), "{group} links the embedded store");
    }
}

#[test]
fn only_the_storage_crate_names_dynamodb() {
    for (path, text) in rust_files() {
        let place = path.strip_prefix(root()).expect("inside").display().to_string();
        // Beside those who build the client or fake it: what the benchmarks take as the floor does without the storage crate, and
        // they limit what a store takes.
        let may = ["shared/storage/", "shared/runtime/src/config.rs", "infra/valpero/", "infra/bench/", "tests/"]
            .iter()
            .any(|start| place.starts_with(start))
            || place.contains("/examples/");
        assert!(may || !text.contains("aws_sdk_dynamodb"), "{place} names aws_sdk_dynamodb");
    }
}

#[test]
fn an_entry_point_holds_no_logic() {
    for function in fs::read_dir(root().join("functions")).expect("functions") {
        let main = function.expect("a function").path().join("src/main.rs");
        if main.parent().is_some_and(|folder| folder.ends_with("api/src")) {
            assert!(!main.exists(), "functions/api is a library");
            continue;
        }
        let lines = fs::read_to_string(&main).expect("a main").lines().count();
        assert!(lines <= 20, "{} has {lines} lines", main.display());
    }
}

/// Crates without tests set `test = false`, and all set `doctest = false`, so that no empty test binaries are built.
#[test]
fn no_test_stands_where_none_is_run() {
    for (path, text) in rust_files().iter().filter(|(path, _)| !path.starts_with(root().join("tests"))) {
        let has_example = text.lines().any(|line| line.trim_start().starts_with("//") && line.contains("```"));
        assert!(!has_example, "{}: no example in documentation is run", path.display());
        let source = path.ancestors().find(|folder| folder.ends_with("src"));
        let Some(folder) = source.and_then(Path::parent) else { continue };
        let manifest = fs::read_to_string(folder.join("Cargo.toml")).expect("a manifest");
        let library = manifest.split("[lib]").nth(1).and_then(|rest| rest.split('[').next()).unwrap_or_default();
        let is_run = !path.ends_with("main.rs") && !library.contains("\ntest = false\n");
        assert!(is_run || !text.contains("#[cfg(test)]"), "{}: its tests are not run", path.display());
    }
}

#[test]
fn no_file_is_two_subjects_long_and_each_says_what_it_is() {
    for (path, text) in rust_files() {
        let lines = text.lines().count();
        assert!(lines <= 500, "{} has {lines} lines", path.display());
        assert!(text.starts_with("//! "), "{} does not say what it is", path.display());
    }
}

#[test]
fn the_map_shows_every_folder_and_no_other() {
    let map = fs::read_to_string(root().join("ARCHITECTURE.md")).expect("the map");
    for group in ["shared", "functions", "infra"] {
        for entry in fs::read_dir(root().join(group)).expect("a group") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                let name = format!("`{group}/{}`", path.file_name().and_then(|name| name.to_str()).expect("a name"));
                assert!(map.contains(&name), "ARCHITECTURE.md does not show {name}");
            }
        }
    }
    for named in
        map.split('`').filter(|text| ["shared/", "functions/", "infra/"].iter().any(|group| text.starts_with(group)))
    {
        assert!(root().join(named).exists(), "ARCHITECTURE.md shows {named}, which does not exist");
    }
}

#[test]
fn the_readme_lists_every_variable_of_the_environment() {
    let readme = fs::read_to_string(root().join("README.md")).expect("the README");
    for (name, _) in valpero_runtime::config::VARIABLES {
        assert!(readme.contains(name), "README.md does not name {name}");
    }
}

#[test]
fn the_page_on_checks_lists_every_reason() {
    let page = read("docs/CHECKS.md");
    let rows: Vec<&str> = page.lines().filter(|line| line.starts_with("| `")).collect();
    let expected = valpero_domain::probe::ErrorCode::ALL
        .iter()
        .map(|code| format!("| `{}` | {} | {} |", code.as_str(), code.outcome().as_str(), code.sentence()));
    assert_eq!(rows, expected.collect::<Vec<_>>());
}
