"""What the parts of this suite share: Debian packages, processes that end with the suite, and waiting."""

import os
import shutil
import signal
import subprocess
import time

# What must be there, and the Debian package that has it.
PACKAGES = {
    "/usr/sbin/nginx": "nginx",
    "/usr/lib/nginx/modules/ngx_http_brotli_filter_module.so": "libnginx-mod-http-brotli-filter",
    "/usr/sbin/knotd": "knot",
    "/usr/bin/prometheus-blackbox-exporter": "prometheus-blackbox-exporter",
    "/usr/bin/openssl": "openssl",
}
SERVICES = {"nginx": "nginx", "knot": "knot", "prometheus-blackbox-exporter": "prometheus-blackbox-exporter"}
POLICY = "/usr/sbin/policy-rc.d"
PROCESSES = []


def packages(wanted=None):
    """Installs what Debian packages this machine lacks. A service that comes with one does not run."""
    missing = sorted({package for path, package in (wanted or PACKAGES).items() if not os.path.exists(path)})
    if not shutil.which("ip"):
        missing.append("iproute2")
    if not missing:
        return
    if not shutil.which("apt-get"):
        raise SystemExit("this suite needs what Debian's packages " + ", ".join(missing) + " have; install them")
    print("      installing " + ", ".join(missing), flush=True)
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    # Debian asks this file before it starts a service. One that is there already is somebody's decision, and stays.
    ours = not os.path.exists(POLICY)
    if ours:
        with open(POLICY, "w") as file:
            file.write("#!/bin/sh\nexit 101\n")
        os.chmod(POLICY, 0o755)
    try:
        for command in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *missing]):
            subprocess.run(["apt-get", *command], env=environment, stdout=subprocess.DEVNULL, check=True)
    finally:
        if ours:
            os.remove(POLICY)
    for service in [SERVICES[package] for package in missing if package in SERVICES]:
        # It is not to start with the machine either.
        systemd = os.path.isdir("/run/systemd/system")
        command = ["systemctl", "disable", "--now", service] if systemd else ["service", service, "stop"]
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def execute(command, **more):
    """The output of a command that must not fail."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60, **more)
    if done.returncode != 0:
        raise SystemExit(f"FAILED {' '.join(command)}\n{done.stdout[-4000:]}")
    return done.stdout


def spawn(command, log, **more):
    """A process whose output is in a file, and which ends with the suite."""
    with open(log, "w") as file:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT, start_new_session=True, **more)
    PROCESSES.append((process, log))
    return process


def stop_all():
    for process, _ in PROCESSES:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
    for process, _ in PROCESSES:
        process.wait()


def until(what, look, seconds=20):
    """Waits for a thing to be ready; where it never is, or a server has ended, the run ends with their words."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if look():
            return
        ended = [log for process, log in PROCESSES if process.poll() is not None]
        if ended:
            raise SystemExit(f"FAILED {what}: a server has ended\n" + "".join(map(tail, ended)))
        time.sleep(0.05)
    raise SystemExit(f"FAILED {what} in {seconds} seconds\n" + "".join(tail(log) for _, log in PROCESSES))


def tail(path):
    with open(path, errors="replace") as file:
        return f"{os.path.basename(path)}: {file.read()[-3000:]}\n"
