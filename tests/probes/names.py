"""The zone probe.test, as knot serves it, and name servers with one fault each."""

import os
import socket
import struct
import threading

import places
from testkit.processes import spawn, wait_ready

LONG = " ".join(f'"{number:02}-{"x" * 200}"' for number in range(20))
DKIM = "v=DKIM1; k=rsa; p=" + "MIICIjANBgkqhkiG9w0B" * 37
DKIM_STRINGS = " ".join(f'"{DKIM[start : start + 250]}"' for start in range(0, len(DKIM), 250))
ZONE = rf"""
$ORIGIN probe.test.
$TTL 300
@           SOA    ns1 hostmaster.probe.test. 2026010203 7200 900 1209600 300
@           NS     ns1
@           NS     ns2
@           A      127.0.0.1
@           MX     10 mail
@           MX     20 mail2.elsewhere.test.
@           TXT    "v=spf1 -all"
@           CAA    0 issue "ca.example"
@           CAA    128 iodef "mailto:security@probe.test"
ns1         A      127.0.0.1
ns2         A      127.0.0.1
mail        A      127.0.0.1
ok          A      127.0.0.1
six         AAAA   ::1
both        A      127.0.0.1
both        AAAA   ::1
two         A      127.0.0.1
two         A      127.0.0.13
nowhere     A      {places.UNREACHABLE}
nowhere6    AAAA   {places.UNREACHABLE_V6}
half        A      127.0.0.1
half        AAAA   {places.UNREACHABLE_V6}
zero        A      0.0.0.0
alias       CNAME  ok
chain1      CNAME  chain2
chain2 60   CNAME  chain3
chain3      CNAME  ok
dangling    CNAME  gone
loop1       CNAME  loop2
loop2       CNAME  loop1
text        TXT    "no address here"
parts       TXT    "v=DKIM1; " "k=rsa; " "p=MIGf"
twotexts    TXT    "first"
twotexts    TXT    "second"
quoted      TXT    "say \"hello\" \\ twice"
long        TXT    {LONG}
my_app      A      127.0.0.1
foo_bar.deep A     127.0.0.1
app_1       A      127.0.0.1
host_       A      127.0.0.1
_srv        A      127.0.0.1
a\043b      A      127.0.0.1
a\033b      A      127.0.0.1
a\126b      A      127.0.0.1
a\036b      A      127.0.0.1
a\042b      A      127.0.0.1
-host       A      127.0.0.1
to_under    CNAME  my_app
*.wild      A      127.0.0.1
*.wild      TXT    "from the wildcard"
umlaut      TXT    "gr\195\188\195\159e"
dmarc       TXT    "v=DMARC1\; p=none"
latin       TXT    "gr\252n"
dkim        TXT    {DKIM_STRINGS}
dotted      CNAME  a\.b
unicode     CNAME  xn--bcher-kva
_sip._tcp   SRV    10 60 5060 sip
srvalias    CNAME  _sip._tcp
1.0/25      PTR    host
xn--bcher-kva A    127.0.0.1
*.wildcard  A      127.0.0.1
"""
SETTINGS = """
server:
    rundir: "{place}"
    pidfile: "{place}/knot.pid"
    listen: [{address}@53, ::1@53]
    udp-workers: 2
    tcp-workers: 2
    background-workers: 1
database:
    storage: "{place}"
control:
    listen: "{place}/knot.sock"
log:
  - target: stderr
    any: info
zone:
  - domain: probe.test
    storage: "{place}"
    file: probe.zone
  - domain: 127.in-addr.arpa
    storage: "{place}"
    file: reverse.zone
  # Its file does not exist: SERVFAIL.
  - domain: broken.test
    storage: "{place}"
    file: broken.zone
"""


def start(place, hosts):
    """Knot, with one more A record for each of these hosts; and the faulty ones."""
    more = "".join(f"{host} A 127.0.0.1\n" for host in hosts)
    os.makedirs(place)
    with open(os.path.join(place, "probe.zone"), "w") as file:
        file.write(ZONE + more)
    with open(os.path.join(place, "reverse.zone"), "w") as file:
        file.write("@ 300 SOA ns1.probe.test. hostmaster.probe.test. 1 7200 900 1209600 300\n@ 300 NS ns1.probe.test.\n")
        file.write("1.0.0 300 PTR ok.probe.test.\n")
    settings = os.path.join(place, "knot.conf")
    with open(settings, "w") as file:
        file.write(SETTINGS.format(place=place, address=places.KNOT))
    spawn(["/usr/sbin/knotd", "-c", settings], os.path.join(place, "knot.log"))
    wait_ready("knot answers", answers)
    for address, fault in FAULTS.items():
        server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        server.bind((address, 53))
        threading.Thread(target=serve, args=(server, fault), daemon=True).start()


def answers():
    """Whether knot knows the zone's A record."""
    query = struct.pack(">6H", 7, 0x0100, 1, 0, 0, 0) + b"\x05probe\x04test\0" + struct.pack(">2H", 1, 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
        asker.settimeout(0.5)
        try:
            asker.connect((places.KNOT, 53))
            asker.send(query)
            return struct.unpack(">H", asker.recv(512)[6:8])[0] == 1
        except OSError:
            return False


def serve(server, fault):
    while True:
        query, asker = server.recvfrom(4096)
        answer = fault(query)
        if answer is not None:
            server.sendto(answer, asker)


def question(query):
    """The question's bytes."""
    end = 12
    while query[end]:
        end += query[end] + 1
    return query[12 : end + 5]


def head(query, rcode=0, answers=0, number=None):
    number = struct.unpack(">H", query[:2])[0] if number is None else number
    # QR, RD and RA.
    return struct.pack(">6H", number & 0xFFFF, 0x8180 | rcode, 1, answers, 0, 0)


def failing(rcode):
    return lambda query: head(query, rcode) + question(query)


# The record's name is where the question stands.
RECORD = b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 60, 4) + bytes([127, 0, 0, 1])


def wrong_number(query):
    number = struct.unpack(">H", query[:2])[0] + 1
    return head(query, answers=1, number=number) + question(query) + RECORD


def other_name(query):
    return head(query, answers=1) + b"\x05other\x04test\0" + struct.pack(">2H", 1, 1) + RECORD


def without_edns(refusal):
    """Refuses what has an OPT record, and answers all else."""
    return lambda query: refusal(query) if query[11] else head(query, answers=1) + question(query) + RECORD


def barely(query):
    """FORMERR without the question, as old servers say it."""
    return query[:2] + b"\x81\x81" + bytes(8)


FAULTS = {
    places.DNS_SILENT: lambda query: None,
    places.DNS_REFUSES: failing(5),
    places.DNS_FAILS: failing(2),
    places.DNS_WRONG_ID: wrong_number,
    places.DNS_GARBAGE: lambda query: query[:2] + b"\x81\x80\0\x01\0\x01garbage",
    places.DNS_OTHER_NAME: other_name,
    places.DNS_NO_EDNS: without_edns(failing(1)),
    places.DNS_NO_EDNS_BARE: without_edns(barely),
    places.DNS_DROPS_EDNS: without_edns(lambda query: None),
}
