"""Tell whether advisories are known for pinned dependencies; where nobody could be asked, say so.

Ends with 0 where none is known, with 1 where some are, and with 3 where not all could be looked up, unless
`--say-so-only` is given: the auditor itself calls it a success when it could look up nothing.
"""  # noqa: INP001  # a script beside the one that runs it

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
_PATIENCE = 120
_NOT_AUDITED = 3


def verdict(report: dict[str, Any]) -> tuple[int, list[str]]:
    """Return the status to end with, and what to say, of an auditor's report."""
    dependencies = report.get("dependencies", [])
    unknown = [each["name"] for each in dependencies if "skip_reason" in each]
    known = [
        f"{each['name']} {each['version']}: {advisory['id']}, mended in {advisory['fix_versions'] or 'none'}"
        for each in dependencies
        for advisory in each.get("vulns", [])
    ]
    if known:
        return 1, ["dependencies with advisories:", *known]
    if unknown or not dependencies:
        return _NOT_AUDITED, [
            f"dependencies: NOT AUDITED ({len(unknown)} of {len(dependencies)} not looked up)"
        ]
    return 0, [f"dependencies: {len(dependencies)} audited, no advisory known"]


def _report() -> dict[str, Any]:
    """Ask the advisory service for each pinned version; an empty report where it cannot be asked."""
    options = ["--format=json", "--no-deps", "--disable-pip", "--progress-spinner=off", "--timeout=10"]
    command = [sys.executable, "-m", "pip_audit", *options, f"--requirement={ROOT / 'constraints.txt'}"]
    try:
        asked = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE, check=False)  # noqa: S603  # our own arguments
        report: dict[str, Any] = json.loads(asked.stdout)
    except (subprocess.TimeoutExpired, json.JSONDecodeError):
        return {}
    return report


if __name__ == "__main__":
    status, said = verdict(_report())
    print(*said, sep="\n")  # noqa: T201  # this is what it is for
    sys.exit(0 if status == _NOT_AUDITED and "--say-so-only" in sys.argv else status)
