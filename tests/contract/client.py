"""A typed client, made from the document by openapi-python-client, does what a first program would do."""

import glob
import importlib
import json
import os
import sys

from suite import operations, program, start
from testkit.paths import new_folder
from testkit.processes import execute
from testkit.site import Site
from testkit.steps import step

PACKAGE = "valpero_client"


def run(valpero):
    with start(valpero, "client") as up:
        made, document = new_folder("contract", "client"), up.document()
        generate(document, made)
        sys.path.insert(0, made)
        modules = imported(made)
        wanted = {operation["operationId"] for _, path, operation in operations(document) if path.startswith("/")}
        step(f"which has all {len(wanted)} operations", set(modules) == wanted, set(modules) ^ wanted)
        use(up, Site(), modules)


def generate(document, made):
    path = os.path.join(made, "openapi.json")
    with open(path, "w") as file:
        json.dump(document, file, indent=1)
    # Its last step looks for ruff, which is beside it.
    environment = os.environ | {"PATH": os.path.dirname(program("python")) + os.pathsep + os.environ["PATH"]}
    generator = [program("openapi-python-client"), "generate", "--path", path, "--meta", "none", "--fail-on-warning"]
    code, said = execute([*generator, "--output-path", os.path.join(made, PACKAGE)], env=environment)
    step("the document makes a client, without a warning", code == 0, said)


def imported(made):
    """The module of each operation, by its operationId."""
    paths = glob.glob(os.path.join(made, PACKAGE, "api", "*", "[!_]*.py"))
    modules = {}
    for path in paths:
        tag, name = path.removesuffix(".py").split(os.sep)[-2:]
        modules[name] = importlib.import_module(f"{PACKAGE}.api.{tag}.{name}")
    return modules


class Caller:
    """Calls operations of the client by their operationIds, and answers status and what the body was read as."""

    def __init__(self, client, modules):
        self.client, self.modules = client, modules

    def __call__(self, name, *arguments, **named):
        answer = self.modules[name].sync_detailed(*arguments, client=self.client, **named)
        return int(answer.status_code), answer.parsed


def use(up, site, modules):
    package, models = importlib.import_module(PACKAGE), importlib.import_module(f"{PACKAGE}.models")
    with package.AuthenticatedClient(base_url=up.url, token=up.key, raise_on_unexpected_status=True) as client:
        call = Caller(client, modules)
        status, account = call("get_account")
        step("it reads the account", status == 200 and isinstance(account, models.Account), account)
        status, made = call("create_monitor", body=models.HttpMonitorCreate(url=site.url, name="Shop"))
        step("makes a monitor", status == 201 and isinstance(made, models.HttpMonitor) and made.name == "Shop", made)
        status, read = call("get_monitor", made.id)
        step("reads it", status == 200 and read.id == made.id and read.created_at == made.created_at, read)
        status, listed = call("list_monitors")
        known = [monitor.id for monitor in listed.data if isinstance(monitor, models.HttpMonitor)]
        step("lists it", status == 200 and known == [made.id] and not listed.has_more, listed)
        status, changed = call("update_monitor", made.id, body=models.MonitorPatch(name="Store"))
        step("changes it", status == 200 and (changed.name, changed.url) == ("Store", made.url), changed)
        status, paused = call("pause_monitor", made.id)
        step("pauses it", status == 200 and paused.status.value == "paused", paused)
        status, resumed = call("resume_monitor", made.id)
        step("resumes it", status == 200 and resumed.status.value == "pending", resumed)
        status, checks = call("list_checks", made.id)
        step("reads its checks", status == 200 and all(isinstance(check, models.Check) for check in checks.data), checks)
        status, problem = call("create_monitor", body=models.HttpMonitorCreate(url="ftp://127.0.0.1/"))
        faults = [fault.pointer for fault in problem.errors]
        step("reads a problem as one", status == 422 and isinstance(problem, models.Problem) and faults == ["/url"], problem)
        status, _ = call("delete_monitor", made.id)
        step("deletes it", status == 204, status)
        status, problem = call("get_monitor", made.id)
        step("and it is gone", status == 404 and problem.code == "not_found", problem)
