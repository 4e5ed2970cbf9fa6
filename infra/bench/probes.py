"""What a check takes: `python3 infra/bench/probes.py [TARGETS]`.

nginx on loopback serves 1,000 targets, each at an address of its own, over HTTP and over HTTPS with two chains of certificates: one of
P-256 keys alone, and one like Let's Encrypt's (a P-256 leaf, a P-384 intermediate, an RSA-4096 root). Three programs ask each target
once, on a fresh connection, and their CPU times are read from the kernel:

- `tick`: a checker's tick as its function runs it (schedule, probe, packed records), its store in another process;
- `floor`: the same handshakes and requests by hyper and rustls with nothing around them, all begun at once; and once more, one after
  the other as the tick begins them (`paced`), for a processor that rests between two of them takes longer for each;
- Debian's prometheus-blackbox-exporter, asked for one probe a target.

They take turns in one run. Machines differ and are noisy: what counts are the ratios. Builds valpero-bench first, as
what is shipped (infra/shipped)."""

import concurrent.futures
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests" / "py"))

from testkit import blackbox_exporter, packages, release
from testkit.paths import read, write
from testkit.ports import free_port, listens
from testkit.processes import first_line, output, spawn, stop_all, wait_ready
from testkit.release import BENCH

COUNT = int(sys.argv[1]) if len(sys.argv) > 1 and sys.argv[1].isdigit() else 1000
TURNS, ROUNDS = 3, 5
TICK_S = 1 / os.sysconf("SC_CLK_TCK")
# The keys of root and intermediate; leaves are P-256.
CHAINS = {"p256": ("ec:P-256", "ec:P-256"), "like-lets-encrypt": ("rsa:4096", "ec:P-384")}


def new_key(kind, path):
    name, size = kind.split(":")
    options = ["-pkeyopt", f"ec_paramgen_curve:{size}"] if name == "ec" else ["-pkeyopt", f"rsa_keygen_bits:{size}"]
    output(["openssl", "genpkey", "-algorithm", name.upper(), *options, "-out", path])


def chain(place, name, root, intermediate):
    """A root, an intermediate, and a leaf for *.site.example; answers the paths of chain, key and root."""
    at = lambda what: os.path.join(place, f"{name}-{what}")
    new_key(root, at("root.key"))
    new_key(intermediate, at("int.key"))
    new_key("ec:P-256", at("leaf.key"))
    output(
        ["openssl", "req", "-x509", "-new", "-key", at("root.key"), "-subj", f"/CN={name} root", "-days", "3650", "-out", at("root.pem")]
    )
    extensions = {
        "int": "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n",
        "leaf": "subjectAltName=DNS:*.site.example\nextendedKeyUsage=serverAuth\n",
    }
    for what, by in (("int", "root"), ("leaf", "int")):
        write(at(f"{what}.ext"), extensions[what])
        output(["openssl", "req", "-new", "-key", at(f"{what}.key"), "-subj", f"/CN={name} {what}", "-out", at(f"{what}.csr")])
        sign = ["-CA", at(f"{by}.pem"), "-CAkey", at(f"{by}.key"), "-CAcreateserial", "-days", "90", "-sha384"]
        output(["openssl", "x509", "-req", "-in", at(f"{what}.csr"), *sign, "-extfile", at(f"{what}.ext"), "-out", at(f"{what}.pem")])
    write(at("chain.pem"), read(at("leaf.pem")) + read(at("int.pem")))
    return at("chain.pem"), at("leaf.key"), at("root.pem")


def start_nginx(place, plain, secure):
    """`plain`: a port; `secure`: port, chain and key of each."""
    servers = [f"server {{ listen {plain} backlog=4096; return 200 ok; }}"]
    for port, certificate, key in secure:
        servers.append(
            f"server {{ listen {port} ssl backlog=4096; ssl_certificate {certificate}; ssl_certificate_key {key}; return 200 ok; }}"
        )
    path = os.path.join(place, "nginx.conf")
    temporary = "\n".join(f"{kind}_temp_path {place}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    with open(path, "w") as file:
        file.write(
            f"daemon off; worker_processes 1; pid {place}/nginx.pid; error_log {place}/error.log crit;\n"
            "events { worker_connections 8192; }\n"
            f"http {{ access_log off; keepalive_timeout 0; ssl_session_cache off; ssl_session_tickets off; {temporary}\n"
            + "\n".join(servers)
            + "}\n"
        )
    spawn(["/usr/sbin/nginx", "-p", place, "-c", path], os.path.join(place, "nginx.log"))
    wait_ready("nginx listens", lambda: all(listens(port) for port in [plain, *(port for port, _, _ in secure)]))


def ours(kind, scheme, port, ca, *more):
    """What each round of one of our programs says of itself."""
    command = [BENCH, kind, "--scheme", scheme, "--port", str(port), "--count", str(COUNT), "--rounds", str(ROUNDS), *more]
    lines = output([*command, *(["--ca-file", ca] if ca else [])], 600)
    rounds = [json.loads(line) for line in lines.splitlines()]
    for one in rounds:
        if one["up"] != COUNT:
            raise SystemExit(f"FAILED {kind} {scheme}: {one['up']} of {COUNT} were up")
    return rounds


class Blackbox:
    def __init__(self, place, roots):
        self.port = free_port()
        modules = {"http": {"prober": "http", "timeout": "10s", "http": {"preferred_ip_protocol": "ip4"}}}
        for name, root in roots.items():
            tls = {"ca_file": root, "server_name": "t0.site.example"}
            modules[name] = {
                "prober": "http",
                "timeout": "10s",
                "http": {"preferred_ip_protocol": "ip4", "enable_http2": False, "tls_config": tls},
            }
        self.process = blackbox_exporter.start(place, modules, self.port)

    def cpu_s(self):
        with open(f"/proc/{self.process.pid}/stat") as file:
            return sum(map(int, file.read().rpartition(")")[2].split()[11:13])) * TICK_S

    def probe(self, module, target):
        query = urllib.parse.urlencode({"module": module, "target": target})
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/probe?{query}", timeout=30) as answer:
            return b"\nprobe_success 1\n" in answer.read()

    def round(self, module, scheme, port):
        """CPU time a probe, in microseconds."""
        targets = [f"{scheme}://127.1.{place >> 8}.{place & 255}:{port}/" for place in range(COUNT)]
        before = self.cpu_s()
        with concurrent.futures.ThreadPoolExecutor(20) as pool:
            up = sum(pool.map(lambda target: self.probe(module, target), targets))
        if up != COUNT:
            raise SystemExit(f"FAILED blackbox_exporter {module}: {up} of {COUNT} were up")
        return (self.cpu_s() - before) / COUNT * 1e6


def main():
    packages.install("nginx", "prometheus-blackbox-exporter", "openssl")
    release.build("-p", "valpero-bench")
    with tempfile.TemporaryDirectory() as place:
        os.chmod(place, 0o755)
        chains = {name: chain(place, name, *kinds) for name, kinds in CHAINS.items()}
        ports = {name: free_port() for name in ("http", *chains)}
        start_nginx(place, ports["http"], [(ports[name], *chains[name][:2]) for name in chains])
        blackbox = Blackbox(place, {name: files[2] for name, files in chains.items()})
        print(f"{COUNT} targets, {TURNS} turns of {ROUNDS} rounds; the medians, in µs of CPU a check")
        print(f"{'':<20}{'tick':>8}{'floor':>8}{'paced':>8}{'blackbox':>10}   {'tick/floor':>10} {'tick/paced':>10} {'blackbox/tick':>14}")
        for name, scheme, root in [("http", "http", None), *((name, "https", files[2]) for name, files in chains.items())]:
            tick, floor, paced, other = [], [], [], []
            blackbox.round(name, scheme, ports[name])
            for _ in range(TURNS):
                rounds = ours("tick", scheme, ports[name], root)
                tick += [one["cpu_us"] for one in rounds]
                floor += [one["cpu_us"] for one in ours("floor", scheme, ports[name], root)]
                every = f"{statistics.median(one['wall_ms'] for one in rounds) * 1e3 / COUNT:.0f}"
                paced += [one["cpu_us"] for one in ours("floor", scheme, ports[name], root, "--every-us", every)]
                other += [blackbox.round(name, scheme, ports[name]) for _ in range(2)]
            tick, floor, paced, other = map(statistics.median, (tick, floor, paced, other))
            shown = f"{name:<20}{tick:>8.0f}{floor:>8.0f}{paced:>8.0f}{other:>10.0f}   "
            print(f"{shown}{tick / floor:>10.2f} {tick / paced:>10.2f} {other / tick:>14.1f}", flush=True)
        memory(chains["p256"])


def memory(files):
    """What a process takes that has 700 probes in flight, as many as a checker ever has, over TLS: targets answer after 5 s."""
    chain, key, root = files
    site = subprocess.Popen([BENCH, "site", "--wait-us", "5000000", "--chain", chain, "--key", key], stdout=subprocess.PIPE, text=True)
    try:
        rounds = ours("tick", "https", int(first_line(site)), root)
    finally:
        site.kill()
        site.wait()
    before, most = rounds[0]["memory_kib"], max(one["peak_kib"] for one in rounds)
    print(f"memory with 700 probes in flight, by HTTPS: {before / 1024:.0f} MiB before, {most / 1024:.0f} MiB at most")


if __name__ == "__main__":
    try:
        main()
    finally:
        stop_all()
