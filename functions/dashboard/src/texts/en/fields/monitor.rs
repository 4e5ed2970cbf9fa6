//! What forms say of the fields of monitors, in English.

/// Label and hint of a field of a monitor, or of a tool, which has the fields of a check.
pub(super) fn field(name: &str) -> Option<(&'static str, &'static str)> {
    Some(match name {
        "check_type" => ("Check type", ""),
        "check_interval" => {
            ("Interval", "Seconds between two checks, in steps of 60: 60 to 86,400 (a day), default 60.")
        }
        "regions" => ("Regions", "Places that check it, at most 20; default: all."),
        "timeout_ms" => ("Time-out", "Milliseconds that one attempt may take, at least 100; default 10,000."),
        "retries" => ("Retries", "Further attempts within 50 s, before a region reports it down: 0 to 5, default 2."),
        "confirm_regions" => ("Down when", "This many regions report it down; empty: a majority of those that report."),
        "tags" => ("Tags", "At most 20, of letters A to Z, digits and . _ : / -"),
        "depends_on" => {
            ("Depends on", "While one of these is down, channels are not told that this one is; at most 5.")
        }
        // The http check.
        "http" => ("HTTP", ""),
        "method" => ("Method", ""),
        "headers" => (
            "Headers",
            "JSON such as {\"accept\": \"text/html\"}, at most 20; values are secrets, and *** keeps a stored one.",
        ),
        "http.body" => ("Request body", "At most 16 KiB; not with GET or HEAD."),
        "expected_status" => {
            ("Expected status", "Codes and ranges that count as up, separated by commas, at most 20; default 200-299.")
        }
        "follow_redirects" => ("Follow redirects", "At most 10; default yes."),
        "verify_tls" => ("Verify the certificate", "It must be trusted and valid for the host; default yes."),
        "basic_auth" => ("Basic authentication", "User name and password; not with an authorization header."),
        "username" => ("User name", "At most 255 bytes, without a colon."),
        "basic_auth.password" => ("Password", "At most 255 bytes; not shown again once saved."),
        "keyword" => ("Text of the answer", "At most 1 MiB of the answer is read."),
        "contains" => ("The answer must contain", "1 to 500 bytes, compared character by character."),
        "not_contains" => ("The answer must not contain", "1 to 500 bytes, compared character by character."),
        "json" => (
            "JSON comparisons",
            "A list such as [{\"path\": \"$.status\", \"op\": \"eq\", \"value\": \"ok\"}], at most 10: all must hold.",
        ),
        "path" => ("Path", "JSONPath (RFC 9535), such as $.status"),
        "op" => ("Comparison", ""),
        "value" => ("Value", "A text, a number, true, false or null; none where only existence is compared."),
        "hide_values" => ("Hide values", "A failed JSON comparison does not tell the value that was seen; default no."),
        "max_response_time_ms" => {
            ("Slow above", "Milliseconds until the head of the answer, 1 to 30,000; empty: no limit.")
        }
        "slow_outcome" => ("A slow check counts as", ""),
        // The checks of a host and a port.
        "ssl" => ("Certificate", ""),
        "tcp" => ("TCP connection", ""),
        "ping" => ("Ping", "Measures the TCP handshake, not ICMP."),
        "host" => ("Host", "Host name or IP address."),
        "port" => ("Port", "TCP port, 1 to 65,535."),
        "ssl.port" => ("Port", "TCP port; empty: 443, or with STARTTLS the usual one of that protocol."),
        "ping.port" => ("Port", "TCP port, 1 to 65,535; default 443."),
        "min_days_remaining" => (
            "Minimum days left",
            "Down when the certificate, or one in its chain, expires sooner: 0 to 365, default 14.",
        ),
        "verify" => {
            ("Verify the certificate", "It must be trusted and valid for the host; if off, only its expiry is checked.")
        }
        "starttls" => ("STARTTLS", "Protocol whose own command starts TLS; empty: TLS from the first byte."),
        "send" => ("Send", "Text that is sent once connected, at most 1,024 bytes."),
        "expect" => ("Expect", "Text that the first 64 KiB of the answer must contain, at most 1,024 bytes."),
        // The dns check.
        "dns" => ("DNS", ""),
        "dns.name" => ("Name", "Name whose records are looked up; for PTR also an IP address."),
        "record_type" => ("Record type", ""),
        "expected" => ("Expected records", "One a line, as in a zone file, at most 20; empty: any record."),
        "dns.match" => ("Match", "How the answer is compared with the expected records."),
        "resolver" => {
            ("Name server", "Host name or IP address, a port other than 53 after a colon; empty: our own resolver.")
        }
        _ => return None,
    })
}
