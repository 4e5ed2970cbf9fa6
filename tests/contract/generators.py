"""Clients that five more generators make from the document: each compiles and has every operation, and three of them do what a first
program would do. generators/ has those programs."""

import importlib
import json
import os
import pkgutil
import re
import shutil
import sys

from suite import HERE, OUT, operations, program, start, typescript
from testkit.paths import new_folder, read, tail, write
from testkit.processes import execute, spawn
from testkit.site import Site
from testkit.steps import step

PROGRAMS = os.path.join(HERE, "generators")
PACKAGE = "valpero_api"
# It keeps objects of several kinds flat, as Go and Python read them best: README.md names both options.
FLAT = "--openapi-normalizer=REMOVE_ANYOF_ONEOF_AND_KEEP_PROPERTIES_ONLY=true"
# Its modules for `webhooks` are no valid Python or TypeScript, whatever the document; the types of the events are models all the same.
NO_WEBHOOKS = "--global-property=apis,models,supportingFiles"


def run(valpero):
    with start(valpero, "generators") as up:
        place, document = new_folder("contract", "generators"), up.document()
        write(os.path.join(place, "openapi.json"), json.dumps(document))
        called = {operation["operationId"] for _, path, operation in operations(document) if path.startswith("/")}
        events = {operation["operationId"] for _, path, operation in operations(document)} - called
        site = Site()
        environment = {"VALPERO_URL": up.url, "VALPERO_KEY": up.key, "SITE": site.url}
        # The compiler of Go takes longest, so it begins.
        building, binary = go(place, called | events)
        python(place, called, up, site)
        typescripts(place, called, events, environment)
        step("the Go client compiles, with a program", building.wait(timeout=900) == 0, lambda: tail(os.path.join(OUT, "go.log")))
        step("which makes, reads, lists, changes and deletes a monitor", *ended([binary], environment))


def openapi_generator(place, language, folder, *options):
    """Makes a client by openapi-generator, and answers its folder."""
    made = os.path.join(place, folder)
    words = ["generate", "-i", os.path.join(place, "openapi.json"), "-g", language, "-o", made, FLAT, *options]
    # It runs for seconds: a compiler that optimises would not pay.
    environment = os.environ | {"JAVA_OPTS": "-XX:TieredStopAtLevel=1"}
    code, said = execute([program("openapi-generator-cli"), *words], env=environment)
    step(f"openapi-generator makes a client for {language}", code == 0, said)
    return made


def ended(command, more):
    """Whether a program ends well, and what it says."""
    code, said = execute(command, env=os.environ | more)
    return code == 0, said


def camel(name):
    """list_monitors as listMonitors."""
    first, *words = name.split("_")
    return first + "".join(word.capitalize() for word in words)


def go(place, wanted):
    """Starts to compile the client for Go, events included, and answers the process and what it makes."""
    made = openapi_generator(place, "go", "go", "--additional-properties=enumClassPrefix=true,withGoMod=false")
    sources = "".join(read(os.path.join(made, name)) for name in sorted(os.listdir(made)) if name.endswith(".go"))
    methods = set(re.findall(r"^func \(\w+ \*\w+APIService\) (\w+)Execute\(", sources, re.MULTILINE))
    missing = {name for name in wanted if camel("_" + name) not in methods}
    step(f"it has all {len(wanted)} operations and events", not missing, missing)
    write(os.path.join(made, "go.mod"), "module valpero\n\ngo 1.24\n")
    shutil.rmtree(os.path.join(made, "test"))
    os.makedirs(os.path.join(made, "story"))
    shutil.copy(os.path.join(PROGRAMS, "story.go"), os.path.join(made, "story", "main.go"))
    binary = os.path.join(made, "story", "run")
    # Nothing is fetched, and nothing is kept outside of this folder.
    offline = {"GOPROXY": "off", "GOTOOLCHAIN": "local", "GOFLAGS": "-mod=mod", "GOWORK": "off", "CGO_ENABLED": "0"}
    folders = {"GOCACHE": os.path.join(OUT, "go-cache"), "GOPATH": os.path.join(OUT, "go"), "XDG_CONFIG_HOME": os.path.join(OUT, "go")}
    command = [program("go"), "build", "-o", binary, "./story"]
    return spawn(command, os.path.join(OUT, "go.log"), cwd=made, env=os.environ | offline | folders), binary


def python(place, called, up, site):
    made = openapi_generator(place, "python", "python", f"--package-name={PACKAGE}", NO_WEBHOOKS)
    sys.path.insert(0, made)
    package = importlib.import_module(PACKAGE)
    for module in pkgutil.walk_packages(package.__path__, f"{PACKAGE}."):
        importlib.import_module(module.name)
    apis = [getattr(package, name) for name in package.__all__ if name.endswith("Api")]
    missing = called - {name for api in apis for name in dir(api)}
    step(f"all of it can be imported, with all {len(called)} operations", not missing, missing)
    client = package.ApiClient(package.Configuration(host=up.url, access_token=up.key))
    monitors = package.MonitorsApi(client)
    made = monitors.create_monitor(package.MonitorCreate(url=site.url, name="Shop", check_type="http"))
    step("it makes a monitor", made.name == "Shop" and made.http.method == "GET" and made.ssl is None, made)
    listed = monitors.list_monitors()
    step("lists it", [one.id for one in listed.data] == [made.id] and monitors.get_monitor(made.id).id == made.id, listed)
    changed = monitors.update_monitor(made.id, package.MonitorPatch(name="Store", http=package.HttpPatch(method="HEAD")))
    step("changes it", (changed.name, changed.http.method, changed.url) == ("Store", "HEAD", made.url), changed)
    monitors.delete_monitor(made.id)
    refused = None
    try:
        monitors.get_monitor(made.id)
    except package.ApiException as error:
        refused = error
    step("and deletes it", refused is not None and refused.status == 404 and json.loads(refused.body)["code"] == "not_found", refused)


def typescripts(place, called, events, environment):
    """openapi-typescript and @hey-api/openapi-ts know webhooks, too."""
    fetch = openapi_generator(place, "typescript-fetch", "fetch", NO_WEBHOOKS)
    apis = os.path.join(fetch, "apis")
    methods = set(re.findall(r"^    async (\w+)\(", "".join(read(os.path.join(apis, name)) for name in os.listdir(apis)), re.MULTILINE))
    missing = {name for name in called if camel(name) not in methods}
    step(f"it has all {len(called)} operations", not missing, missing)
    document = os.path.join(place, "openapi.json")
    types, hey = os.path.join(place, "types"), os.path.join(place, "hey")
    # A field with a default may be left out of a request.
    command = [typescript("openapi-typescript"), document, "-o", os.path.join(types, "schema.d.ts"), "--default-non-nullable=false"]
    step("openapi-typescript makes types", *ended(command, {}))
    named = set(re.findall(r"^    (\w+): \{$", read(os.path.join(types, "schema.d.ts")), re.MULTILINE))
    step(f"of all {len(called | events)} operations and events", called | events <= named, (called | events) - named)
    step(
        "@hey-api/openapi-ts makes a client",
        *ended([typescript("openapi-ts"), "-i", document, "-o", hey, "-c", "@hey-api/client-fetch"], {}),
    )
    made = set(re.findall(r"^export const (\w+) = ", read(os.path.join(hey, "sdk.gen.ts")), re.MULTILINE))
    made |= set(re.findall(r"^export type (\w+)WebhookPayload = ", read(os.path.join(hey, "types.gen.ts")), re.MULTILINE))
    missing = {name for name in called if camel(name) not in made} | {name for name in events if camel("_" + name) not in made}
    step(f"with all {len(called)} operations, and the payloads of events", not missing, (missing, made))
    shutil.copy(os.path.join(PROGRAMS, "story.ts"), types)
    os.symlink(os.path.dirname(os.path.dirname(typescript("tsc"))), os.path.join(place, "node_modules"))
    write(os.path.join(place, "package.json"), '{"type": "module"}')
    step("the client of typescript-fetch compiles", *compiled(place, "fetch"))
    # Its own runtime does not hold under the strictest options.
    step("that of @hey-api/openapi-ts, too", *compiled(place, "hey"))
    strictest = {"exactOptionalPropertyTypes": True, "noUncheckedIndexedAccess": True, "noEmit": False}
    step("and a program on openapi-typescript, under the strictest options", *compiled(place, "types", strictest))
    step("which makes, reads, lists, changes and deletes a monitor", *ended(["node", os.path.join(types, "story.js")], environment))


def compiled(place, folder, more=None):
    options = {"target": "ES2022", "module": "esnext", "moduleResolution": "bundler", "lib": ["ES2022", "DOM", "DOM.Iterable"]}
    options |= {"strict": True, "skipLibCheck": False, "types": [], "noEmit": True} | (more or {})
    project = os.path.join(place, f"tsconfig-{folder}.json")
    write(project, json.dumps({"compilerOptions": options, "include": [f"{folder}/**/*.ts"]}))
    return ended([typescript("tsc"), "--project", project], {})
