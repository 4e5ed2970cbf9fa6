"""The proper servers: nginx with one site on many ports, openssl s_server for each certificate, and listeners that hang."""

import functools
import gzip
import json
import os
import socket

import names
import places
import raw
import starttls
from certificates import Certificates
from testkit.processes import output, spawn, wait_ready

MIB = 1024 * 1024
TEXT = "all systems are well. Schöne Grüße.\n"
STATUS = {
    "status": "ok",
    "load": 0.75,
    "jobs": 12,
    "big": 9007199254740993,
    "maintenance": None,
    "ready": True,
    "parts": [{"name": "store", "up": True, "ms": 4}, {"name": "queue", "up": True, "ms": 9}],
    "regions": ["fra", "hel"],
    "größe": "XL",
    "with.dot": 1,
}

# A certificate's name, what comes with it, and further words for openssl s_server. Each has the host NAME.probe.test.
BETWEEN, RSA_BETWEEN = ["between"], ["rsa-between"]
OLD = ["-cipher", "DEFAULT@SECLEVEL=0"]
TLS_SERVERS = {
    "ec-chain": (BETWEEN, []),
    "rsa-chain": (RSA_BETWEEN, []),
    "p384": (BETWEEN, []),
    "ed25519": (BETWEEN, []),
    "expired": (BETWEEN, []),
    "not-yet": (BETWEEN, []),
    "five-days": (BETWEEN, []),
    "other-host": (BETWEEN, []),
    "no-names": (BETWEEN, []),
    "wildcard": (BETWEEN, []),
    "address": (BETWEEN, []),
    "no-intermediate": ([], []),
    "disordered": (["root", "rsa-between", "between"], []),
    "unknown-root": (["stranger"], []),
    "rsa1024": (BETWEEN, OLD),
    "sha1": (BETWEEN, OLD),
    "for-clients": (BETWEEN, []),
    "ending-chain": (["ending-between"], []),
    "ended-chain": (["ended-between"], []),
    "bound": (["bound-between"], []),
    "client-12": (BETWEEN, ["-tls1_2", "-Verify", "1", "-verify_return_error"]),
    "client-13": (BETWEEN, ["-tls1_3", "-Verify", "1", "-verify_return_error"]),
    "self-signed": ([], []),
    "self-authority": ([], []),
    # What browsers and curl still open: ciphers that rustls has not.
    "cbc": (RSA_BETWEEN, ["-tls1_2", "-cipher", "ECDHE-RSA-AES128-SHA:ECDHE-RSA-AES256-SHA384"]),
    "cbc-p256": (BETWEEN, ["-tls1_2", "-cipher", "ECDHE-ECDSA-AES256-SHA"]),
    "dhe": (RSA_BETWEEN, ["-tls1_2", "-cipher", "DHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES256-SHA"]),
    "rsa-exchange": (RSA_BETWEEN, ["-tls1_2", "-cipher", "AES128-GCM-SHA256:AES256-SHA"]),
    "cbc-expired": (RSA_BETWEEN, ["-tls1_2", "-cipher", "ECDHE-RSA-AES128-SHA"]),
    "cbc-stranger": (["stranger"], ["-tls1_2", "-cipher", "ECDHE-RSA-AES128-SHA"]),
    "camellia": (RSA_BETWEEN, ["-tls1_2", "-cipher", "ECDHE-RSA-CAMELLIA128-SHA256"]),
    # Certificates that no library of ours takes.
    "version-1": ([], []),
    "version-1-signed": (["between"], []),
    "critical": (BETWEEN, []),
    "explicit-curve": (BETWEEN, []),
}
TLS_PORTS = {name: 7000 + place for place, name in enumerate(TLS_SERVERS)}
# Both listen to each address family alone; `openssl s_server` is asked twice.
TLS_PORTS_V6 = {"address"}

NGINX = r"""
user root;
daemon off;
master_process off;
pid {place}/nginx.pid;
error_log stderr warn;
load_module /usr/lib/nginx/modules/ngx_http_brotli_filter_module.so;
events {{ worker_connections 512; }}
http {{
    access_log off;
    server_tokens off;
    types {{ application/json json; }}
    default_type text/plain;
    client_body_temp_path {place}/tmp1;
    proxy_temp_path {place}/tmp2;
    fastcgi_temp_path {place}/tmp3;
    uwsgi_temp_path {place}/tmp4;
    scgi_temp_path {place}/tmp5;
    absolute_redirect off;
    ssl_certificate {certificates}/nginx-chain.pem;
    ssl_certificate_key {certificates}/nginx.key;
    ssl_certificate {certificates}/nginx-rsa-chain.pem;
    ssl_certificate_key {certificates}/nginx-rsa.key;
{servers}
}}
"""
SITE = r"""
root {place}/www;
location = /ok {{ return 200 "all systems are well\n"; }}
location = /empty {{ return 200; }}
location ~ ^/only/(?<wanted>\w+)$ {{
    if ($request_method != $wanted) {{ return 405; }}
    return 200 "right\n";
}}
location = /header {{
    if ($http_x_probe != "yes") {{ return 400; }}
    return 200;
}}
location = /agent {{
    if ($http_user_agent !~ "^Valpero/") {{ return 400; }}
    return 200;
}}
location = /host {{
    if ($http_host != "ok.probe.test:8080") {{ return 400; }}
    return 200;
}}
location = /query {{
    if ($args != "a=b%20c&d") {{ return 400; }}
    return 200;
}}
location = /private.txt {{
    auth_basic "private";
    auth_basic_user_file {place}/users;
}}
location = /no-credentials {{
    if ($http_authorization) {{ return 400; }}
    return 200;
}}
location = /gzip.txt {{
    if ($http_accept_encoding !~ gzip) {{ return 406; }}
    gzip on; gzip_min_length 0; gzip_types *; gzip_proxied any;
}}
location = /gzip.json {{
    if ($http_accept_encoding !~ gzip) {{ return 406; }}
    gzip on; gzip_min_length 0; gzip_types *; gzip_proxied any;
}}
location = /brotli.txt {{
    if ($http_accept_encoding !~ br) {{ return 406; }}
    brotli on; brotli_min_length 0; brotli_types *;
}}
location = /brotli-bomb {{
    if ($http_accept_encoding !~ br) {{ return 406; }}
    brotli on; brotli_min_length 0; brotli_types *;
    alias {place}/www/zeros;
}}
location = /bomb {{ gzip_static always; }}
location = /late {{ proxy_pass http://127.0.0.1:{late}/; }}
location = /wants-body {{ proxy_pass http://127.0.0.1:{wants_body}/; }}
location = /loop {{ return 302 /loop; }}
location = /moved {{ return 301 /ok; }}
location = /see-other {{ return 303 /only/GET; }}
location = /found-post {{ return 302 /only/GET; }}
location = /temporary {{ return 307 /wants-body; }}
location = /permanent {{ return 308 /wants-body; }}
location = /to-https {{ return 301 https://$host:{https}/ok; }}
location = /to-other-host {{ return 302 http://both.probe.test:{http}/no-credentials; }}
location = /to-closed {{ return 302 http://127.0.0.1:{closed}/; }}
location = /to-nowhere {{ return 302 http://gone.probe.test/; }}
location = /to-expired {{ return 302 https://expired.probe.test:{expired}/; }}
location = /to-ftp {{ return 302 ftp://ok.probe.test/; }}
location = /to-silence {{ return 302 http://ok.probe.test:{silent}/; }}
location = /to-credentials {{ return 302 http://user:secret@ok.probe.test:{http}/ok; }}
location = /to-status {{ return 302 /status/503; }}
location = /many-headers {{
    {headers}
    return 200;
}}
"""


class World:
    """Everything that is probed. `kept` holds sockets that must stay open."""

    def __init__(self, place):
        self.place = place
        self.certificates = Certificates(os.path.join(place, "certificates"))
        names.start(os.path.join(place, "names"), [*TLS_SERVERS, "tls10", "tls11", "tls12", "tls13"])
        raw.start(self.certificates.path("nginx-chain.pem"), self.certificates.path("nginx.key"))
        starttls.start(self.certificates.path("nginx-chain.pem"), self.certificates.path("nginx.key"))
        self.hang()
        self.nginx()
        self.openssl()

    def hang(self):
        kept = [raw.full("127.0.0.1", places.HANGS), raw.full("::1", places.HANGS)]
        self.kept = [*kept, raw.full("::1", places.V6_HANGS), raw.full("127.0.0.1", places.V4_HANGS)]

    def nginx(self):
        place = os.path.join(self.place, "nginx")
        os.makedirs(os.path.join(place, "www", "status"))
        files(os.path.join(place, "www"))
        hashed = output(["openssl", "passwd", "-apr1", "open sesame"]).strip()
        with open(os.path.join(place, "users"), "w") as file:
            file.write(f"probe:{hashed}\n")
        settings = os.path.join(place, "nginx.conf")
        with open(settings, "w") as file:
            file.write(NGINX.format(place=place, certificates=self.certificates.place, servers=sites(place)))
        spawn(["/usr/sbin/nginx", "-p", place, "-c", settings], os.path.join(place, "nginx.log"))
        for port in (places.HTTP, places.HTTPS, places.TLS_10, places.WANTS_NAME):
            wait_ready(f"nginx listens on {port}", functools.partial(listens, "127.0.0.1", port))

    def openssl(self):
        place = os.path.join(self.place, "openssl")
        os.makedirs(place)
        at = self.certificates.path
        for name, (chain, more) in TLS_SERVERS.items():
            words = ["-cert", at(name + ".pem"), "-key", at(name + ".key"), "-no-CAfile", "-no-CApath", "-no-CAstore", "-www"]
            if chain:
                words += ["-cert_chain", self.certificates.join(name + "-sent.pem", *chain)]
            for address in ["127.0.0.1", "[::1]"][: 2 if name in TLS_PORTS_V6 else 1]:
                command = ["openssl", "s_server", "-accept", f"{address}:{TLS_PORTS[name]}", *words, *more]
                spawn(command, os.path.join(place, f"{name}{len(address)}.log"))
        for name, port in TLS_PORTS.items():
            wait_ready(f"openssl listens for {name}", functools.partial(listens, "127.0.0.1", port))


def listens(address, port):
    """Asked of the kernel: a connection would be the one that openssl serves."""
    wanted = f"{int.from_bytes(socket.inet_aton(address), 'little'):08X}:{port:04X}"
    with open("/proc/self/net/tcp") as file:
        lines = [line.split() for line in file.readlines()[1:]]
    return any(line[1] == wanted and line[3] == "0A" for line in lines)


def files(www):
    def write(name, data):
        with open(os.path.join(www, name), "wb") as file:
            file.write(data)

    text, status = TEXT.encode(), json.dumps(STATUS).encode()
    for name in ("text.txt", "gzip.txt", "brotli.txt"):
        write(name, text)
    for name in ("status.json", "gzip.json"):
        write(name, status)
    write("private.txt", text)
    write("mark.json", b"\xef\xbb\xbf" + status)
    write("cut.json", status[:-5])
    write("deep.json", b"[" * 100_000 + b"]" * 100_000)
    write("latin.txt", "Schöne Grüße".encode("latin-1"))
    end = b"the end"
    write("edge", b"." * (MIB - len(end)) + end)
    write("big", b"." * (MIB + 1 - len(end)) + end)
    write("big-early", text + b"." * MIB)
    write("zeros", bytes(8 * MIB))
    write("bomb.gz", gzip.compress(bytes(64 * MIB), 6))
    write("edge-packed.txt", b"." * (MIB - len(end)) + end)


def sites(place):
    """One server for each way to listen, all with the same site."""
    headers = "\n".join(f'add_header X-Many-{number} "{"y" * 100}";' for number in range(50))
    ports = {"http": places.HTTP, "https": places.HTTPS, "closed": places.CLOSED}
    ports |= {name.replace("-", "_"): raw.PORTS[name] for name in ("late", "wants-body", "silent")}
    site = SITE.format(place=place, headers=headers, expired=TLS_PORTS["expired"], **ports)
    for status in (200, 201, 204, 301, 304, 400, 403, 404, 418, 429, 500, 502, 503, 504):
        site += f"location = /status/{status} {{ return {status}; }}\n"
    site += 'location = /chain/0 { return 200 "here\\n"; }\n'
    for number in range(1, 13):
        site += f"location = /chain/{number} {{ return 302 /chain/{number - 1}; }}\n"
    both, old = "ssl_protocols TLSv1.2 TLSv1.3;", "ssl_ciphers DEFAULT:@SECLEVEL=0;"
    plain = "ssl_protocols TLSv1.2; ssl_ciphers AES128-GCM-SHA256;"
    ways = [
        (places.HTTP, "", ""),
        (places.HTTPS, "ssl http2", both),
        (places.HTTPS_ONE, "ssl", both),
        (places.TLS_10, "ssl", f"ssl_protocols TLSv1; {old}"),
        (places.TLS_11, "ssl", f"ssl_protocols TLSv1.1; {old}"),
        (places.TLS_12, "ssl http2", "ssl_protocols TLSv1.2;"),
        (places.TLS_13, "ssl http2", "ssl_protocols TLSv1.3;"),
        (places.NO_FORWARD_SECRECY, "ssl", plain),
    ]
    text = "".join(server([f"127.0.0.1:{port} {how}", f"[::1]:{port} {how}"], more + site) for port, how, more in ways)
    for port in (places.V6_HANGS, places.V6_REFUSES):
        text += server([f"127.0.0.1:{port}"], site)
    for port in (places.V4_HANGS, places.V4_REFUSES):
        text += server([f"[::1]:{port}"], site)
    text += server([f"127.0.0.1:{places.WANTS_NAME} ssl default_server"], "ssl_reject_handshake on;")
    return text + server([f"127.0.0.1:{places.WANTS_NAME} ssl"], f"server_name ok.probe.test; {both}" + site)


def server(listens_on, more):
    return "server {\n" + "".join(f"listen {one};\n" for one in listens_on) + more + "}\n"
