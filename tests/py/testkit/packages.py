"""Debian packages that a suite needs."""

import contextlib
import glob
import os
import shutil
import subprocess

from testkit.waiting import until

# A program or a file of each package, by which it is known to be installed.
CONTENTS = {
    "chromium": "chromium",
    "iproute2": "ip",
    "knot": "/usr/sbin/knotd",
    "libnginx-mod-http-brotli-filter": "/usr/lib/nginx/modules/ngx_http_brotli_filter_module.so",
    "nghttp2-client": "h2load",
    "nginx": "/usr/sbin/nginx",
    "openssl": "openssl",
    "prometheus": "prometheus",
    "prometheus-blackbox-exporter": "/usr/bin/prometheus-blackbox-exporter",
    "valgrind": "/usr/bin/valgrind",
}
# Packages that start a service of the same name, and its program.
SERVICES = {
    "knot": "/usr/sbin/knotd",
    "nginx": "/usr/sbin/nginx",
    "prometheus": "/usr/bin/prometheus",
    "prometheus-blackbox-exporter": "/usr/bin/prometheus-blackbox-exporter",
}
POLICY = "/usr/sbin/policy-rc.d"


def install(*packages):
    """Installs those that this machine lacks. A service that comes with one is neither started nor enabled."""
    missing = [package for package in packages if not shutil.which(CONTENTS[package]) and not os.path.exists(CONTENTS[package])]
    if not missing:
        return
    if not shutil.which("apt-get"):
        raise SystemExit("this needs what Debian's packages " + ", ".join(missing) + " have; install them")
    print("      installing " + ", ".join(missing), flush=True)
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    with services_held():
        for command in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *missing]):
            subprocess.run(["apt-get", *command], env=environment, stdout=subprocess.DEVNULL, check=True)
    for service in [package for package in missing if package in SERVICES]:
        disable(service)


@contextlib.contextmanager
def services_held():
    """Debian asks this file before it starts a service. One that exists already is the administrator's, and stays."""
    if os.path.exists(POLICY):
        yield
        return
    with open(POLICY, "w") as file:
        file.write("#!/bin/sh\nexit 101\n")
    os.chmod(POLICY, 0o755)
    try:
        yield
    finally:
        os.remove(POLICY)


def disable(service):
    systemd = os.path.isdir("/run/systemd/system")
    command = ["systemctl", "disable", "--now", service] if systemd else ["service", service, "stop"]
    # It fails where the service does not run, which is what is wanted.
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    if not until(10, lambda: not running(SERVICES[service])):
        raise SystemExit(f"installing {service} has started a service that does not stop; stop it")


def running(path):
    """Whether any process runs this program."""
    for process in glob.glob("/proc/[0-9]*/exe"):
        try:
            if os.readlink(process) == path:
                return True
        except OSError:
            pass  # it has ended, or is the kernel's
    return False
