//! `/etc/hosts`, read once at the start.

use std::{collections::HashMap, fs, net::IpAddr};

use valpero_domain::host::HostName;

/// Its path (hosts(5)).
const PATH: &str = "/etc/hosts";

/// Addresses by host name.
#[derive(Debug, Default)]
pub(crate) struct HostsFile(HashMap<String, Vec<IpAddr>>);

impl HostsFile {
    /// The system's file; empty where there is none.
    pub(crate) fn of_system() -> Self {
        fs::read(PATH).map(|bytes| Self::parse(&String::from_utf8_lossy(&bytes))).unwrap_or_default()
    }

    /// Reads one address and its names per line, and skips what is neither.
    pub(crate) fn parse(text: &str) -> Self {
        let mut hosts: HashMap<String, Vec<IpAddr>> = HashMap::new();
        for line in text.trim_start_matches('\u{feff}').lines() {
            let line = line.split('#').next().unwrap_or_default();
            let mut words = line.split_whitespace();
            let Some(address) = words.next().and_then(|word| word.parse().ok()) else { continue };
            for name in words.filter_map(|word| HostName::try_from(word.to_owned()).ok()) {
                hosts.entry(name.to_string()).or_default().push(address);
            }
        }
        Self(hosts)
    }

    /// The addresses of a host; none where it is not in the file.
    pub(crate) fn addresses(&self, host: &str) -> Option<&[IpAddr]> {
        let name = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
        self.0.get(&name).map(Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_found_by_any_of_their_names() {
        let hosts = HostsFile::parse(
            "\u{feff}127.0.0.1\tlocalhost My_App # the app\n# 10.0.0.9 gone\n::1 localhost\nfe80::1%lo0 localhost\n\
             10.0.0.1 foo_bar.t a+b -host bücher.example host_.t.\nnonsense my_app\n10.0.0.2",
        );
        let found = |host: &str| hosts.addresses(host).map(|list| list.iter().map(ToString::to_string).collect());
        let list = |all: &[&str]| -> Option<Vec<String>> { Some(all.iter().map(|one| (*one).to_owned()).collect()) };
        assert_eq!(found("localhost"), list(&["127.0.0.1", "::1"]));
        for name in ["my_app", "MY_APP."] {
            assert_eq!(found(name), list(&["127.0.0.1"]), "{name}");
        }
        for name in ["foo_bar.t", "a+b", "-host", "xn--bcher-kva.example", "host_.t"] {
            assert_eq!(found(name), list(&["10.0.0.1"]), "{name}");
        }
        assert_eq!(found("gone"), None);
    }
}
