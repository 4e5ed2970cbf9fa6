"""Who is where: the addresses and ports of every server, all of them in a network of the suite's own."""

# nginx
HTTP = 8080
HTTPS = 8443  # TLS 1.2 and 1.3, HTTP/2 and HTTP/1.1
HTTPS_ONE = 8411  # HTTP/1.1 alone
TLS_10 = 8410
TLS_11 = 8412
TLS_12 = 8413
TLS_13 = 8414
NO_FORWARD_SECRECY = 8415  # key exchange by RSA alone
WANTS_NAME = 8416  # ends the handshake of who does not name a host that it knows
# One address of a name works, the other does not.
V6_HANGS = 6101
V4_HANGS = 6102
V6_REFUSES = 6103
V4_REFUSES = 6104

# Nobody answers a SYN here, nobody listens there, and no route leads to these.
HANGS = 6001
CLOSED = 6199
UNREACHABLE = "127.9.9.9"
UNREACHABLE_V6 = "fd00::9"

# Name servers: knot is the system's; the others have faults.
KNOT = "127.0.0.1"
DNS_SILENT = "127.0.0.2"
DNS_REFUSES = "127.0.0.3"
DNS_FAILS = "127.0.0.4"
DNS_CLOSED = "127.0.0.5"
DNS_WRONG_ID = "127.0.0.6"
DNS_GARBAGE = "127.0.0.7"
DNS_OTHER_NAME = "127.0.0.8"  # answers another question
DNS_NO_EDNS = "127.0.0.14"  # answers FORMERR where it is asked with EDNS
DNS_NO_EDNS_BARE = "127.0.0.15"  # the same, without the question
DNS_DROPS_EDNS = "127.0.0.16"

BLACKBOX = 9115
