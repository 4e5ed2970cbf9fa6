"""Commands, and processes that end with the suite."""

import os
import select
import signal
import subprocess

from testkit.paths import tail
from testkit.waiting import SLOWEST, until

# Each with its log.
PROCESSES = []
STOP_S = 20


def environment():
    """This process's environment without the settings of Valpero and AWS, which must not reach what is tested."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("VALPERO_", "AWS_"))}


def execute(command, seconds=600, **more):
    """Exit code of a command, and stdout and stderr as one text."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=seconds, check=False, **more)
    return done.returncode, done.stdout


def output(command, seconds: float | None = 600, **more):
    """What a command that must not fail writes to stdout."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False, **more)
    if done.returncode != 0:
        raise SystemExit(f"FAILED {' '.join(command)}: exit code {done.returncode}\n{done.stdout[-8000:]}{done.stderr[-4000:]}")
    return done.stdout


def spawn(command, log, **more):
    """Starts a process in a process group of its own. What it writes goes to the file `log`, unless `more` redirects it."""
    with open(log, "w") as file:
        streams = {"stdin": subprocess.DEVNULL, "stdout": file, "stderr": file}
        process = subprocess.Popen(command, start_new_session=True, **(streams | more))
    PROCESSES.append((process, log))
    return process


def first_line(process: subprocess.Popen, seconds=60):
    """The first line that a process with a pipe as its stdout writes, or nothing if it writes none in time."""
    if process.stdout is None:
        raise ValueError("the process's stdout is no pipe")
    ready, _, _ = select.select([process.stdout], [], [], seconds)
    return process.stdout.readline() if ready else ""


def stop(process, how=signal.SIGTERM):
    """Ends a process and what it has started."""
    # Only a process that nobody has waited for is sure to own its id.
    if process.returncode is None:
        os.killpg(process.pid, how)
        try:
            process.wait(timeout=STOP_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def stop_all(how=signal.SIGTERM):
    """Ends the processes of `spawn`, the newest first."""
    for process, _ in reversed(PROCESSES):
        stop(process, how)


def wait_ready(what, look, seconds=20):
    """Waits until a server is ready. If it never is, or if a process of `spawn` has ended, the run ends with all logs."""

    def state():
        if look():
            return "ready"
        return "ended" if any(process.poll() is not None for process, _ in PROCESSES) else None

    seen = until(seconds, state, every=0.05)
    if seen != "ready":
        raise SystemExit(f"FAILED {what}: " + ("a server has ended" if seen else f"not within {SLOWEST * seconds} seconds") + "\n" + logs())


def logs():
    """The ends of all logs."""
    return "".join(f"{os.path.basename(log)}: {tail(log, 3000)}\n" for _, log in PROCESSES)
