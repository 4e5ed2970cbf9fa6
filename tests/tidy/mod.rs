//! The house in order: what may depend on what, how long files are, and what no file says.

mod invariants;
mod template;

use std::{
    collections::BTreeMap,
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
    let ours = dependencies.lines().filter_map(|line| line.strip_prefix("valpero-")?.split('.').next());
    ours.map(str::to_owned).collect()
}

#[test]
fn arrows_point_down_only() {
    let allowed: BTreeMap<&str, &[&str]> = BTreeMap::from([
        ("shared/domain", &[] as &[&str]),
        ("shared/auth", &["domain"]),
        ("shared/storage", &["domain", "auth"]),
        ("shared/outbound", &["domain"]),
        ("shared/app", &["domain", "auth", "storage"]),
        ("functions/account", &["app", "auth", "domain", "storage"]),
        ("functions/monitors", &["app", "auth", "domain", "storage"]),
        ("functions/incidents", &["app", "auth", "domain", "storage"]),
        ("functions/webhooks", &["app", "auth", "domain", "storage"]),
        ("functions/metrics", &["app", "domain", "storage"]),
        ("functions/tools", &["app", "domain", "outbound"]),
        ("functions/docs", &["app"]),
        ("functions/rollup", &["app", "domain", "storage"]),
        ("functions/checker", &["app", "auth", "domain", "storage", "outbound"]),
        ("functions/delivery", &["app", "auth", "domain", "storage", "outbound"]),
    ]);
    for (manifest, allowed) in &allowed {
        for edge in edges(manifest) {
            assert!(allowed.contains(&edge.as_str()), "{manifest} must not depend on {edge}");
        }
    }
    let functions = fs::read_dir(root().join("functions")).expect("functions").count();
    assert_eq!(
        functions,
        allowed.keys().filter(|name| name.starts_with("functions/")).count(),
        "each function has its row"
    );
}

#[test]
fn only_the_storage_crate_names_dynamodb() {
    for (path, text) in rust_files() {
        let place = path.strip_prefix(root()).expect("inside").display().to_string();
        // Beside those who build the client or fake it: what the benchmarks take as the floor does without the storage crate, and
        // they limit what a store takes.
        let may = ["shared/storage/", "shared/app/src/config.rs", "infra/valpero/", "infra/bench/", "tests/"]
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
        let lines = fs::read_to_string(&main).expect("a main").lines().count();
        assert!(lines <= 20, "{} has {lines} lines", main.display());
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
    for (name, _) in valpero_app::config::VARIABLES {
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
