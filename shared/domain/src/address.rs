//! Which IP addresses are the public internet: the rule behind the outbound guard.
//!
//! Sources: the IANA IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890 and its updates).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether an address is global unicast: an ordinary host on the public internet.
///
/// Addresses that carry another address inside (IPv4-mapped, IPv4-compatible, NAT64, 6to4, Teredo) are refused as a whole: nothing
/// that a user may name has to be reached through one, and each is a way around a rule on the inner address.
pub fn is_global(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_global_v4(v4),
        IpAddr::V6(v6) => is_global_v6(v6),
    }
}

fn is_global_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = match (a, b, c) {
        (0 | 10 | 127, ..) => true,              // this network, private, loopback
        (100, 64..=127, _) => true,              // carrier-grade NAT, RFC 6598
        (169, 254, _) => true,                   // link-local, with the cloud's metadata service
        (172, 16..=31, _) => true,               // private
        (192, 0, 0 | 2) => true,                 // protocol assignments, TEST-NET-1
        (192, 31, 196) | (192, 52, 193) => true, // AS112, AMT
        (192, 88, 99) => true,                   // 6to4 relay anycast
        (192, 168, _) => true,                   // private
        (192, 175, 48) => true,                  // AS112
        (198, 18 | 19, _) => true,               // benchmarking
        (198, 51, 100) | (203, 0, 113) => true,  // TEST-NET-2, TEST-NET-3
        (224..=255, ..) => true,                 // multicast, reserved, broadcast
        _ => false,
    };
    !special
}

fn is_global_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    // Global unicast is 2000::/3; all else (loopback, mapped, NAT64 64:ff9b::/96, ULA, link-local, multicast …) lies outside it.
    if segments[0] & 0xe000 != 0x2000 {
        return false;
    }
    let special = match (segments[0], segments[1]) {
        (0x2001, 0x0000..=0x01ff) => true, // protocol assignments: Teredo, benchmarking, ORCHID …
        (0x2001, 0x0db8) => true,          // documentation
        (0x2002, _) => true,               // 6to4: carries an IPv4 address
        (0x3fff, 0x0000..=0x0fff) => true, // documentation, RFC 9637
        (0x2620, 0x004f) => segments[2] == 0x8000, // AS112
        _ => false,
    };
    !special
}

#[cfg(test)]
mod tests {
    use super::*;

    fn global(text: &str) -> bool {
        text.parse().map(is_global).unwrap_or_else(|_| panic!("{text} is no address"))
    }

    #[test]
    fn public_addresses_pass() {
        for text in [
            "1.1.1.1",
            "93.184.216.34",
            "172.32.0.1",
            "100.128.0.1",
            "192.0.1.1",
            "223.255.255.255",
            "2606:4700::1111",
            "2a00:1450:4001::1",
        ] {
            assert!(global(text), "{text}");
        }
    }

    #[test]
    fn everything_special_is_refused() {
        for text in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.169.254",
            "169.254.170.2",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:8.8.8.8",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::1",
            "3fff::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "5f00::1",
        ] {
            assert!(!global(text), "{text}");
        }
    }
}
