"""The document by the strict rules of Redocly, and the recommended ones of Spectral: not one warning."""

import os
import subprocess

from suite import HERE, linter
from testkit.paths import ROOT
from testkit.steps import step

DOCUMENT = os.path.join(ROOT, "functions", "docs", "openapi.json")
# Neither asks anybody whether there is a newer release, or tells anybody that it runs.
QUIET = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"}


def run(_valpero):
    redocly = [linter("redocly"), "lint", DOCUMENT, "--config", os.path.join(HERE, "redocly.yaml"), "--format", "json"]
    step("Redocly's strict rules hold", *verdict(redocly, '"problems": []'))
    ruleset = os.path.join(HERE, "spectral.yaml")
    spectral = [linter("spectral"), "lint", DOCUMENT, "--ruleset", ruleset, "--fail-severity", "hint"]
    step("Spectral's recommended rules hold", *verdict(spectral, "No results"))


def verdict(command, clean):
    """Whether the linter has ended well and said that it has found nothing, and what it has said."""
    ended = subprocess.run(command, env=os.environ | QUIET, capture_output=True, text=True, check=False)
    said = ended.stdout + ended.stderr
    return ended.returncode == 0 and clean in said, said
