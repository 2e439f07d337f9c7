"""Judge a zip of `make archive` as RO-Crate, by the profile for the run of a workflow.

    python envs/crate.py ARCHIVE

It runs in an environment of its own (`validator.txt`), and without the network: what the words of
the description mean, which the validator would fetch from w3id.org, is in an older `rocrate`.
"""

from __future__ import annotations

import sys
from importlib.resources import files
from typing import Any

import requests
from rocrate_validator import services
from rocrate_validator.models import Severity, ValidationSettings
from rocrate_validator.utils.http import HttpRequester


def main(archive: str) -> int:
    """Print what is wrong with an archive; return the exit code."""
    context = files("rocrate").joinpath("data/ro-crate.jsonld").read_bytes()

    def get(_: HttpRequester, url: str, **__: Any) -> requests.Response:
        response = requests.Response()
        response.url, response.status_code = url, 200 if url.endswith("/context") else 404
        response.headers["Content-Type"] = "application/ld+json"
        response._content = context
        return response

    HttpRequester.get = get
    settings = ValidationSettings(
        rocrate_uri=archive,
        profile_identifier="workflow-run-crate",
        requirement_severity=Severity.REQUIRED,
        skip_availability_check=True,
    )
    result = services.validate(settings)
    for issue in result.get_issues():
        print(f"{issue.check.identifier}: {issue.message} ({issue.violatingEntity})")
    count = len(result.executed_checks)
    print(f"{archive}: {'a' if result.passed() else 'not a'} Workflow Run Crate, by {count} checks")
    return 0 if result.passed() else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
