//! DNS names: any bytes in labels of 1 to 63 (RFC 2181, section 11). The resolver library's own parser accepts host names alone, and
//! refuses names such as `my_app`.

use hickory_resolver::{
    net::NetError,
    proto::rr::{Label, Name},
};
use valpero_domain::dns_name::DnsName;

/// The absolute name of a host: a machine's search domains do not apply.
///
/// # Errors
/// Where a label does not have 1 to 63 bytes, or the name has more than 255.
pub(crate) fn of_host(host: &str) -> Result<Name, NetError> {
    let labels = host.strip_suffix('.').unwrap_or(host).split('.');
    let labels: Result<Vec<Label>, _> = labels.map(|label| Label::from_raw_bytes(label.as_bytes())).collect();
    Ok(Name::from_labels(labels?)?)
}

/// The name that a check asks for.
///
/// # Errors
/// Where it is too long, which a name that was read is not.
pub(crate) fn of_name(name: &DnsName) -> Result<Name, NetError> {
    let labels: Result<Vec<Label>, _> = name.labels().iter().map(|label| Label::from_raw_bytes(label)).collect();
    Ok(Name::from_labels(labels?)?)
}

/// A name in the spelling in which names are compared.
pub(crate) fn spelt(name: &Name) -> DnsName {
    DnsName::of_labels(name.iter())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_label_is_a_name() {
        for host in [
            "example.com",
            "my_app",
            "foo_bar.t",
            "app_1.t",
            "host_.t",
            "_dmarc.t",
            "a*b",
            "a!b",
            "a~b",
            "a+b",
            "a$b",
            "-host",
            "host-.t",
            "*.t",
            "xn--bcher-kva.t",
            "1.2.0.192.in-addr.arpa",
        ] {
            let name = of_host(host).unwrap_or_else(|error| panic!("{host}: {error}"));
            assert!(name.is_fqdn(), "{host}");
            let labels: Vec<&[u8]> = name.iter().collect();
            assert_eq!(labels, host.split('.').map(str::as_bytes).collect::<Vec<_>>(), "{host}");
            assert_eq!(spelt(&name).as_str(), host);
            assert_eq!(of_name(&spelt(&name)).ok(), Some(name), "{host}");
        }
        assert_eq!(of_host("my_app.").ok(), of_host("my_app").ok());
        let long = ["a".repeat(63).as_str(); 4].join(".");
        for bad in ["", ".", "a..b", &"a".repeat(64), &long] {
            assert!(of_host(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn names_are_spelt_as_in_a_zone_file() {
        let name = Name::from_labels([&b"a.b\\c"[..], b"\xfc d", b"t"]).expect("a name");
        assert_eq!(spelt(&name).as_str(), "a\\.b\\\\c.\\252\\032d.t");
        assert_eq!(of_name(&spelt(&name)).ok(), Some(name));
        assert_eq!(spelt(&Name::root()).as_str(), ".");
        assert_eq!(of_name(&spelt(&Name::root())).ok(), Some(Name::root()));
    }
}
