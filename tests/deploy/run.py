"""What infra/deploy, infra/add-region and infra/add-domain run, and when they refuse to: `python3 tests/deploy/run.py`.

The tools are stubs: `sam` notes its arguments, and boto3 answers for an account whose stacks stand in a file. So nothing is built, and
nobody is asked. Takes some seconds.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

import tomllib

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests" / "py"))

from testkit.paths import ROOT
from testkit.steps import step, summary

HOME, AWAY = "eu-north-1", "eu-central-1"
# What the scripts use of the system.
SYSTEM = ("bash", "dirname", "sed", "awk")
# The store of one machine, which no function contains (deny.toml).
EMBEDDED = ("dynoxide-rs", "libsqlite3-sys", "rusqlite")
BOTO3 = """
import json, os
from botocore.exceptions import ClientError
ACCOUNT = os.environ["ACCOUNT"]
class Client:
    def __init__(self, region):
        self.region = region
    def describe_stacks(self, StackName):
        stack = json.load(open(ACCOUNT)).get(f"{StackName}={self.region}")
        if stack == "DISABLED":
            raise ClientError("InvalidClientTokenId", "The security token included in the request is invalid")
        if stack == "DENIED":
            raise ClientError("AccessDenied", "not authorized to perform cloudformation:DescribeStacks")
        if stack is None:
            raise ClientError("ValidationError", f"Stack with id {StackName} does not exist")
        parameters = [{"ParameterKey": key, "ParameterValue": value} for key, value in stack[1].items()]
        outputs = [{"OutputKey": key, "OutputValue": value} for key, value in (stack[2] if len(stack) > 2 else {}).items()]
        return {"Stacks": [{"StackStatus": stack[0], "Parameters": parameters, "Outputs": outputs}]}
    def update_stack(self, StackName, UsePreviousTemplate, Parameters, Capabilities):
        if os.environ.get("UNCHANGED"):
            raise ClientError("ValidationError", "No updates are to be performed.")
        with open(os.environ["SEEN"], "a") as seen:
            seen.write(json.dumps(["update", StackName, self.region, UsePreviousTemplate, Parameters, Capabilities]) + "\\n")
    def get_waiter(self, name):
        assert name == "stack_update_complete"
        return self
    def wait(self, StackName):
        with open(os.environ["SEEN"], "a") as seen:
            seen.write(json.dumps(["wait", StackName]) + "\\n")
    def update_termination_protection(self, StackName, EnableTerminationProtection):
        if os.environ.get("UNPROTECTED"):
            raise ClientError("AccessDenied", "not authorized to perform cloudformation:UpdateTerminationProtection")
        with open(os.environ["SEEN"], "a") as seen:
            seen.write(json.dumps(["protect", StackName, self.region, EnableTerminationProtection]) + "\\n")
def client(service, region_name):
    assert service == "cloudformation"
    return Client(region_name)
"""
BOTOCORE = """
class BotoCoreError(Exception):
    pass
class ClientError(Exception):
    def __init__(self, code, message):
        super().__init__(message)
        self.response = {"Error": {"Code": code, "Message": message}}
"""
SAM = """#!{python}
import json, os, sys
if sys.argv[1:] == ["--version"]:
    print("SAM CLI, version " + os.environ.get("SAM_VERSION", "1.170.0"))
else:
    with open(os.environ["SEEN"], "a") as seen:
        seen.write(json.dumps(["sam", *sys.argv[1:]]) + "\\n")
    print(sys.argv[1], "with", *[os.environ.get("CARGO_PROFILE_RELEASE_" + name, "?") for name in ("OPT_LEVEL", "LTO", "CODEGEN_UNITS")])
    sys.exit(1 if os.environ.get("FAILS") == sys.argv[1] else 0)
"""


def write(path, text, mode=0o644):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write(text)
    os.chmod(path, mode)


class Machine:
    """A machine with the tools as stubs, and an account with these stacks."""

    def __init__(self, stacks=None, without=(), **environment):
        self.folder = tempfile.TemporaryDirectory(prefix="valpero-deploy-")
        at = lambda *names: os.path.join(self.folder.name, *names)
        self.seen = at("seen")
        write(at("account"), json.dumps(stacks or {}))
        write(self.seen, "")
        write(at("python", "boto3.py"), BOTO3)
        write(at("python", "botocore", "exceptions.py"), BOTOCORE)
        write(at("python", "ziglang", "__main__.py"), "import os\nprint(os.environ.get('ZIG_VERSION', '0.17.1'))\n")
        for name in without:
            if os.path.exists(at("python", name + ".py")):
                os.remove(at("python", name + ".py"))
            elif os.path.isdir(at("python", name)):
                os.remove(at("python", name, "__main__.py"))
        tools = {
            "python3": f'#!/bin/sh\nexec "{sys.executable}" -S "$@"\n',
            "sam": SAM.format(python=sys.executable),
            "cargo-lambda": '#!/bin/sh\n[ "$*" = "lambda --version" ] && echo "cargo-lambda 1.9.2 (67129fc 2026-08-21Z)"\n',
            "cargo": "#!/bin/sh\nexit 1\n",
            "rustup": "#!/bin/sh\nexit 1\n",
            "rustc": '#!/bin/sh\ncase "$*" in *x86_64-unknown-linux-gnu) echo / ;; *) echo /nowhere ;; esac\n',
        }
        for name, text in tools.items():
            if name not in without:
                write(at("bin", name), text, 0o755)
        for name in SYSTEM:
            os.symlink(which(name), at("bin", name))
        self.environment = {"PATH": at("bin"), "PYTHONPATH": at("python"), "ACCOUNT": at("account"), "SEEN": self.seen, **environment}

    def run(self, *command, home: str | None = HOME):
        """Runs a script of infra/; answers the code it ended with, what it said, and what it had run."""
        environment = self.environment | ({"AWS_REGION": home} if home else {})
        script = os.path.join(ROOT, "infra", command[0])
        done = subprocess.run([script, *command[1:]], env=environment, capture_output=True, text=True, cwd="/", check=False)
        with open(self.seen) as seen:
            return Done(done.returncode, done.stdout + done.stderr, [json.loads(line) for line in seen])


class Done:
    def __init__(self, code, said, ran):
        self.code, self.said, self.ran = code, said, ran

    def __repr__(self):
        return f"ended with {self.code}, ran {json.dumps(self.ran, indent=1)}\n{self.said}"


def which(name):
    [path, *_] = [f"{folder}/{name}" for folder in ("/bin", "/usr/bin") if os.path.exists(f"{folder}/{name}")]
    return path


def build(architecture):
    return ["sam", "build", "--region", HOME, "--parameter-overrides", f"Architecture={architecture}"]


def deploy(architecture, *more, stack="valpero", first=False):
    command = ["sam", "deploy", "--stack-name", stack, "--region", HOME, "--resolve-s3"]
    command += ["--capabilities", "CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND", "--no-confirm-changeset", "--no-fail-on-empty-changeset"]
    command += ["--disable-rollback"] if first else []
    return [*command, "--parameter-overrides", f"Architecture={architecture}", *more]


def region(code, at, architecture, *more, first=False, stack="valpero"):
    parameters = [f"Stack={stack}", f"HomeRegion={HOME}", f"RegionCode={code}", f"Architecture={architecture}", *more]
    built = ["sam", "build", "--template", "infra/region.yaml", "--build-dir", ".aws-sam/region", "--region", at]
    command = ["sam", "deploy", "--stack-name", f"{stack}-{code}", "--region", at, "--resolve-s3"]
    command += ["--capabilities", "CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND", "--no-confirm-changeset", "--no-fail-on-empty-changeset"]
    command += ["--disable-rollback"] if first else []
    command += ["--template-file", ".aws-sam/region/template.yaml", "--parameter-overrides", *parameters]
    return [[*built, "--parameter-overrides", *parameters], command]


def stack(architecture="arm64", status="UPDATE_COMPLETE"):
    return [status, {"Architecture": architecture, "LogLevel": "info"}]


def protect(on, name="valpero"):
    return ["protect", name, HOME, on]


def first_time():
    done = Machine().run("deploy", "AlarmEmail=you@example.com")
    wanted = [build("arm64"), deploy("arm64", "AlarmEmail=you@example.com", first=True), protect(True)]
    step("a first deployment is for arm64, keeps what it made if it fails, and is protected", done.code == 0 and done.ran == wanted, done)
    done = Machine().run("deploy", "--stack", "watch", "--home", HOME, "--architecture", "x86_64", home=None)
    wanted = [build("x86_64"), deploy("x86_64", stack="watch", first=True), protect(True, "watch")]
    step("it can be for x86_64, under another name", done.code == 0 and done.ran == wanted, done)
    done = Machine(FAILS="deploy").run("deploy")
    step("one that fails is not called deployed", done.code != 0 and done.ran == [build("arm64"), deploy("arm64", first=True)], done)
    done = Machine({f"valpero={HOME}": stack("arm64", "CREATE_FAILED")}).run("deploy", "--architecture", "x86_64")
    wanted = [build("x86_64"), deploy("x86_64", first=True), protect(True)]
    step("and is taken up by the next, for another architecture if need be", done.code == 0 and done.ran == wanted, done)
    done = Machine(UNPROTECTED="yes").run("deploy")
    step("who may not protect the stack hears of it", done.code == 0 and "termination protection could not" in done.said, done)
    done = Machine().run("deploy", "--dry-run")
    shown = "sam build" in done.said and "$ sam deploy" in done.said and "protect valpero eu-north-1 on" in done.said
    step("--dry-run shows it all and runs nothing", done.code == 0 and not done.ran and shown, done)


def optimised():
    """A local build is quick to make; what is shipped is not."""
    done = Machine().run("deploy", "--region", "fra")
    step("what is shipped is built with all optimisation", done.code == 0 and done.said.count("build with 3 fat 1\n") == 2, done)
    done = Machine({f"valpero={HOME}": stack()}).run("add-region", "fra")
    step("a region added later, too", done.code == 0 and done.said.count("build with 3 fat 1\n") == 1, done)
    done = Machine().run("deploy", "--dry-run")
    step("--dry-run says so", "$ infra/shipped sam build " in done.said, done)
    done = Machine(CARGO_PROFILE_RELEASE_LTO="off", CARGO_PROFILE_RELEASE_OPT_LEVEL="1").run("deploy")
    step("unless the environment has other wishes", done.code == 0 and "build with 1 off 1\n" in done.said, done)
    with open(os.path.join(ROOT, "Cargo.toml"), "rb") as file:
        release = tomllib.load(file)["profile"]["release"]
    packages = release.pop("package")
    shipped = {name: one for name, one in packages.items() if name not in EMBEDDED}
    step(
        "all that is low in the local profile is turned up",
        set(release) == {"opt-level", "lto", "codegen-units", "panic", "strip"},
        release,
    )
    step("a package has a level of its own only to be fast", all(one == {"opt-level": 3} for one in shipped.values()), shipped)
    step("a panic ends no function", release["panic"] == "unwind", release)


def upgrade():
    old = {f"valpero={HOME}": stack("x86_64")}
    done = Machine(old).run("deploy")
    step("an upgrade builds for what the stack has", done.code == 0 and done.ran == [build("x86_64"), deploy("x86_64")], done)
    done = Machine(old).run("deploy", "--architecture", "x86_64", "LogLevel=debug")
    step("which may be said again", done.code == 0 and done.ran == [build("x86_64"), deploy("x86_64", "LogLevel=debug")], done)
    for said in (["--architecture", "arm64"], ["Architecture=arm64"]):
        done = Machine(old).run("deploy", *said)
        step(f"{' '.join(said)} is refused", done.code == 1 and not done.ran and "is deployed for x86_64, not for arm64" in done.said, done)
    done = Machine(old).run("deploy", "DeletionProtection=no")
    wanted = [build("x86_64"), deploy("x86_64", "DeletionProtection=no"), protect(False)]
    step("who takes the protection away takes it from the stack, too", done.code == 0 and done.ran == wanted, done)
    for status, sentence in (
        ("ROLLBACK_FAILED", "delete it first"),
        ("UPDATE_ROLLBACK_FAILED", "continue-update-rollback"),
        ("UPDATE_IN_PROGRESS", "is being changed already"),
    ):
        done = Machine({f"valpero={HOME}": stack(status=status)}).run("deploy")
        step(f"a stack that is {status} is left alone", done.code == 1 and not done.ran and sentence in done.said, done)
    done = Machine({f"valpero={HOME}": ["CREATE_COMPLETE", {}]}).run("deploy")
    step("a stack of somebody else's is left alone", done.code == 1 and not done.ran and "none of Valpero's" in done.said, done)
    done = Machine({f"valpero={HOME}": "DENIED"}).run("deploy")
    step("without rights nothing is built", done.code == 1 and not done.ran and "not authorized" in done.said, done)


def regions():
    home = {f"valpero={HOME}": stack("x86_64")}
    done = Machine(home).run("deploy", "--region", "fra")
    wanted = [build("x86_64"), deploy("x86_64"), *region("fra", AWAY, "x86_64", first=True)]
    step("a further region comes after home, for the same architecture", done.code == 0 and done.ran == wanted, done)
    both = home | {
        f"valpero-fra={AWAY}": stack("x86_64"),
        "valpero-syd=ap-southeast-2": stack("arm64"),
        "valpero-zrh=eu-central-2": "DISABLED",
    }
    done = Machine(both).run("deploy", "--all-regions", "--region", "fra")
    wanted = [build("x86_64"), deploy("x86_64"), *region("fra", AWAY, "x86_64"), *region("syd", "ap-southeast-2", "arm64")]
    step("all that there are come once, each for its own", done.code == 0 and done.ran == wanted, done)
    step("and those that could not be looked at are named", "zrh" in done.said, done)
    done = Machine(both, FAILS="deploy").run("deploy", "--all-regions")
    step("none comes where home has failed", done.code != 0 and done.ran == [build("x86_64"), deploy("x86_64")], done)
    for code, sentence in (("xyz", "no region xyz"), ("f.a", "no region f.a"), ("hel", "hel is the home region")):
        for command in (["deploy", "--region", code], ["add-region", code]):
            done = Machine(home).run(*command)
            step(
                f"{' '.join(command)} is refused before anything is built", done.code != 0 and not done.ran and sentence in done.said, done
            )

    done = Machine(home).run("add-region", "fra", "AlarmEmail=you@example.com")
    wanted = region("fra", AWAY, "x86_64", "AlarmEmail=you@example.com", first=True)
    step("infra/add-region builds for what the home stack has", done.code == 0 and done.ran == wanted, done)
    done = Machine(both).run("add-region", "syd")
    step("an upgrade for what the region has", done.code == 0 and done.ran == region("syd", "ap-southeast-2", "arm64"), done)
    done = Machine(both).run("add-region", "syd", "Architecture=x86_64")
    step("another is refused", done.code == 1 and not done.ran and "is deployed for arm64, not for x86_64" in done.said, done)
    done = Machine(home).run("add-region", "fra", "--architecture", "arm64")
    step("unless the region is new", done.code == 0 and done.ran == region("fra", AWAY, "arm64", first=True), done)
    done = Machine().run("add-region", "fra")
    step("without a home stack there is none", done.code == 1 and not done.ran and "no home stack valpero in eu-north-1" in done.said, done)
    done = Machine(both).run("add-region", "zrh")
    step("nor where the AWS region is not enabled", done.code == 1 and not done.ran and "enable that AWS region" in done.said, done)


def domain():
    target = "d-1.execute-api.eu-north-1.amazonaws.com"
    home = ["UPDATE_COMPLETE", {"Architecture": "arm64", "PublicUrl": ""}, {"ApiUrl": f"https://abc123.execute-api.{HOME}.amazonaws.com"}]
    stacks = {f"valpero={HOME}": home, f"valpero-domain={HOME}": ["CREATE_COMPLETE", {}, {"Target": target}]}
    command = ["sam", "deploy", "--stack-name", "valpero-domain", "--region", HOME, "--resolve-s3"]
    command += ["--capabilities", "CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND", "--no-confirm-changeset", "--no-fail-on-empty-changeset"]
    command += ["--template-file", "infra/domain.yaml", "--parameter-overrides", "Api=abc123", "Domain=valpero.example.com"]
    kept = {"ParameterKey": "Architecture", "UsePreviousValue": True}
    new = {"ParameterKey": "PublicUrl", "ParameterValue": "https://valpero.example.com"}
    update = ["update", "valpero", HOME, True, [kept, new], ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]]
    done = Machine(stacks).run("add-domain", "valpero.example.com")
    wanted = [command, update, ["wait", "valpero"]]
    step("a domain leads to the API, and links begin with it", done.code == 0 and done.ran == wanted, done)
    record = f"valpero.example.com.  CNAME  {target}."
    step("the DNS record is named", record in done.said, done)
    done = Machine(stacks, UNCHANGED="yes").run("add-domain", "valpero.example.com", "--zone", "Z0123")
    step("with a hosted zone it is set, and to repeat it does no harm", done.code == 0 and done.ran == [[*command, "Zone=Z0123"]], done)
    step("and not named", "CNAME" not in done.said, done)
    done = Machine(stacks, FAILS="deploy").run("add-domain", "valpero.example.com")
    step("links stay as they are where the domain failed", done.code != 0 and done.ran == [command], done)
    done = Machine(stacks).run("add-domain", "valpero.example.com", "--dry-run")
    step("--dry-run runs nothing", done.code == 0 and not done.ran and "infra/domain.yaml" in done.said, done)
    done = Machine().run("add-domain", "valpero.example.com")
    step("without a home stack there is no domain", done.code == 1 and not done.ran and "no home stack valpero" in done.said, done)
    done = Machine({f"valpero={HOME}": home[:2]}).run("add-domain", "valpero.example.com")
    step("nor without its API", done.code == 1 and not done.ran and "has no output ApiUrl" in done.said, done)
    home[2]["StatusUrl"] = f"https://def456.execute-api.{HOME}.amazonaws.com"
    stacks[f"valpero-page-status--example--com={HOME}"] = ["CREATE_COMPLETE", {}, {"Target": target}]
    done = Machine(stacks).run("add-domain", "--page", "status.example.com")
    page = [part.replace("valpero-domain", "valpero-page-status--example--com") for part in command[:-2]]
    wanted = [[*page, "Api=def456", "Domain=status.example.com"]]
    step("a page's domain leads to the pages' API, in a stack of its own, and changes no link", done.code == 0 and done.ran == wanted, done)
    request = f'{{"domain": "status.example.com", "target": "{target}"}}'
    step("record and request are named", f"status.example.com.  CNAME  {target}." in done.said and request in done.said, done)
    for wrong in ("https://valpero.example.com", "valpero", "Valpero.example.com", "valpero..com", "-x.example.com"):
        done = Machine(stacks).run("add-domain", wrong)
        step(f"{wrong} is no domain", done.code in (1, 2) and not done.ran, done)


def tools():
    for tool in ("sam", "cargo-lambda", "boto3", "ziglang"):
        done = Machine(without=(tool,)).run("deploy")
        named = tool.removesuffix("lang") + ("," if tool == "boto3" else " is missing")
        sentence = named in done.said and "pip install -r infra/requirements.txt" in done.said
        step(f"without {tool} it says how to install it", done.code == 1 and not done.ran and sentence, done)
    done = Machine(without=("cargo",)).run("deploy")
    step("without cargo, too", done.code == 1 and not done.ran and "install Rust" in done.said, done)
    done = Machine(ZIG_VERSION="0.16.0").run("deploy")
    step("zig 0.16.0 is refused", done.code == 1 and not done.ran and "zig is 0.16.0" in done.said, done)
    done = Machine(ZIG_VERSION="0.16.0", CARGO_LAMBDA_COMPILER="cargo").run("deploy")
    step("where it is to link", done.code == 0 and done.ran, done)
    done = Machine(SAM_VERSION="1.171.0").run("deploy")
    step("another version of SAM is tried with a warning", done.code == 0 and done.ran and "1.170.0 is what was tried" in done.said, done)
    done = Machine(without=("rustup",)).run("deploy")
    step("what this Rust cannot build is refused", done.code == 1 and not done.ran and "cannot build for arm64" in done.said, done)
    done = Machine(without=("rustup",)).run("deploy", "--architecture", "x86_64")
    step("and no more than that", done.code == 0 and done.ran, done)


def words():
    for command, sentence in (
        (["deploy", "--architecture", "arm"], "no architecture arm"),
        (["deploy", "--home", "mars-north-1"], "no code for the AWS region mars-north-1"),
        (["deploy", "fra"], "infra/deploy [--stack NAME]"),
        (["add-region"], "infra/add-region CODE"),
        (["add-region", "fra", "--fast"], "infra/add-region CODE"),
        (["add-domain"], "infra/add-domain DOMAIN"),
    ):
        done = Machine().run(*command)
        step(f"{' '.join(command)} is refused with a sentence", done.code in (1, 2) and not done.ran and sentence in done.said, done)
    done = Machine().run("deploy", home=None)
    step("it does not guess the home region", done.code == 1 and not done.ran and "--home" in done.said, done)


for part in (first_time, optimised, upgrade, regions, domain, tools, words):
    part()
summary()
