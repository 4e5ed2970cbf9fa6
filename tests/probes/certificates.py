"""Two certificate authorities and what they sign, right and wrong, made by the openssl command line."""

import datetime
import os

from testkit.processes import output

KEYS = {
    "P-256": ["EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
    "P-384": ["EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
    "explicit P-256": ["EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-pkeyopt", "ec_param_enc:explicit"],
    "Ed25519": ["ED25519"],
    "RSA-1024": ["RSA", "-pkeyopt", "rsa_keygen_bits:1024"],
    "RSA-2048": ["RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
}
AUTHORITY = "basicConstraints=critical,CA:true\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n"
LEAF = "basicConstraints=CA:false\nkeyUsage=digitalSignature,keyEncipherment\n"
SERVER = LEAF + "extendedKeyUsage=serverAuth\n"
# `openssl ca` is the one command of OpenSSL 3.0 that signs with any dates.
SETTINGS = """
[ca]
default_ca = us
[us]
database = {place}/index.txt
serial = {place}/serial
new_certs_dir = {place}/issued
policy = any
unique_subject = no
email_in_dn = no
rand_serial = yes
[any]
commonName = supplied
"""


class Certificates:
    """Files in one folder: NAME.pem, NAME.key, and ca.pem for whoever is to trust them."""

    def __init__(self, place):
        self.place = place
        os.makedirs(os.path.join(place, "issued"))
        self.write("index.txt", "")
        self.write("ca.cnf", SETTINGS.format(place=place))
        self.make()

    def path(self, name):
        return os.path.join(self.place, name)

    def write(self, name, text):
        with open(self.path(name), "w") as file:
            file.write(text)
        return self.path(name)

    def join(self, name, *parts):
        """One file of several certificates."""
        texts = []
        for part in parts:
            with open(self.path(part + ".pem")) as file:
                texts.append(file.read())
        return self.write(name, "".join(texts))

    def key(self, name, kind):
        output(["openssl", "genpkey", "-algorithm", *KEYS[kind], "-out", self.path(name + ".key")])

    def root(self, name, subject, kind="P-256", extensions=AUTHORITY, days=3650):
        """A certificate that its own key signs."""
        self.key(name, kind)
        request = self.request(name, subject)
        extra = self.write(name + ".ext", extensions)
        signed = ["-signkey", self.path(name + ".key"), "-days", str(days), "-sha256", "-out", self.path(name + ".pem")]
        output(["openssl", "x509", "-req", "-in", request, "-extfile", extra, *signed])

    def version_1(self, name, issuer):
        """As `openssl x509 -req` makes it without a file of extensions."""
        self.key(name, "P-256")
        request = self.request(name, f"{name}.probe.test")
        signer = ["-CA", self.path(issuer + ".pem"), "-CAkey", self.path(issuer + ".key"), "-CAcreateserial"]
        if issuer == name:
            signer = ["-signkey", self.path(name + ".key")]
        output(["openssl", "x509", "-req", "-in", request, *signer, "-days", "90", "-sha256", "-out", self.path(name + ".pem")])

    def request(self, name, subject):
        path = self.path(name + ".csr")
        words = ["-new", "-key", self.path(name + ".key"), "-subj", f"/CN={subject}", "-out", path]
        output(["openssl", "req", *words])
        return path

    def issue(self, name, issuer, subject, names=(), kind="P-256", extensions=SERVER, since=-30, until=90, digest="sha256"):
        """A certificate that another one vouches for, good from so many days to so many from now."""
        self.key(name, kind)
        request = self.request(name, subject)
        alternative = f"subjectAltName={','.join(names)}\n" if names else ""
        extra = self.write(name + ".ext", extensions + alternative)
        now = datetime.datetime.now(datetime.timezone.utc)
        # Half a day more, so that the number of whole days does not change while the suite runs.
        day = lambda days: f"{now + datetime.timedelta(days=days, hours=12):%Y%m%d%H%M%SZ}"
        signer = ["-cert", self.path(issuer + ".pem"), "-keyfile", self.path(issuer + ".key"), "-md", digest]
        words = ["-batch", "-notext", "-config", self.path("ca.cnf"), "-in", request, "-out", self.path(name + ".pem")]
        dates = ["-startdate", day(since), "-enddate", day(until)]
        output(["openssl", "ca", *words, "-extfile", extra, *dates, *signer])

    def site(self, name, issuer="between", names=None, **more):
        """A server's certificate for NAME.probe.test."""
        host = f"{name}.probe.test"
        self.issue(name, issuer, host, [f"DNS:{host}"] if names is None else names, **more)

    def make(self):
        self.root("root", "Probe Root P-256")
        self.root("rsa-root", "Probe Root RSA", kind="RSA-2048")
        self.join("ca.pem", "root", "rsa-root")
        self.root("stranger", "Nobody Knows This Root")
        between = AUTHORITY.replace("CA:true", "CA:true,pathlen:0")
        self.issue("between", "root", "Probe Intermediate P-256", extensions=between, until=900)
        self.issue("rsa-between", "rsa-root", "Probe Intermediate RSA", kind="RSA-2048", extensions=between, until=900)
        self.issue("ending-between", "root", "Probe Intermediate That Ends Soon", extensions=between, until=8)
        self.issue("ended-between", "root", "Probe Intermediate That Has Ended", extensions=between, since=-60, until=-2)
        elsewhere = between + "nameConstraints=critical,permitted;DNS:example.com\n"
        self.issue("bound-between", "root", "Probe Intermediate Of Example", extensions=elsewhere, until=900)
        # For nginx: every name of the zone, and the addresses.
        everywhere = ["DNS:*.probe.test", "DNS:probe.test", "IP:127.0.0.1", "IP:::1"]
        self.issue("nginx", "between", "probe.test", everywhere)
        self.issue("nginx-rsa", "rsa-between", "probe.test", everywhere, kind="RSA-2048")
        self.join("nginx-chain.pem", "nginx", "between")
        self.join("nginx-rsa-chain.pem", "nginx-rsa", "rsa-between")
        # For openssl s_server, each for one case.
        self.site("ec-chain")
        self.site("rsa-chain", "rsa-between", kind="RSA-2048")
        self.site("p384", kind="P-384")
        self.site("ed25519", kind="Ed25519")
        self.site("expired", since=-60, until=-3)
        self.site("not-yet", since=5)
        self.site("five-days", until=5)
        self.site("other-host", names=["DNS:elsewhere.test"])
        self.site("no-names", names=())
        self.site("wildcard", names=["DNS:*.wildcard.probe.test"])
        self.site("address", names=["IP:127.0.0.1", "IP:::1"])
        self.site("no-intermediate")
        self.site("disordered")
        self.site("unknown-root", "stranger")
        self.site("rsa1024", kind="RSA-1024")
        self.site("sha1", digest="sha1")
        self.site("for-clients", extensions=LEAF + "extendedKeyUsage=clientAuth\n")
        self.site("ending-chain", "ending-between")
        self.site("ended-chain", "ended-between")
        self.site("bound", "bound-between")
        self.site("client-12")
        self.site("client-13")
        for name in ("cbc", "dhe", "rsa-exchange", "camellia"):
            self.site(name, "rsa-between", kind="RSA-2048")
        self.site("cbc-p256")
        self.site("cbc-expired", "rsa-between", kind="RSA-2048", since=-60, until=-3)
        self.site("cbc-stranger", "stranger", kind="RSA-2048")
        self.site("critical", extensions=SERVER + "1.2.3.4.5=critical,ASN1:NULL\n")
        self.site("explicit-curve", kind="explicit P-256")
        self.version_1("version-1", "version-1")
        self.version_1("version-1-signed", "between")
        own = SERVER + "subjectAltName=DNS:self-signed.probe.test\n"
        self.root("self-signed", "self-signed.probe.test", extensions=own, days=90)
        # As `openssl req -x509` makes it by default: its own authority, which many a device shows.
        own = AUTHORITY.replace(",cRLSign", ",digitalSignature") + "subjectAltName=DNS:self-authority.probe.test\n"
        self.root("self-authority", "self-authority.probe.test", extensions=own, days=90)
