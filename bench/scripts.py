"""Work that a process of its own does and measures: peers without HTTP, streams of lines."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from bench.contest import Sample
from bench.load import LoadFailed
from bench.servers import ROOT
from bench.usage import Groups, metered

_PATIENCE = 900.0
"""Seconds after which such a process is given up."""


def run(module: str, *arguments: object, environment: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Run a module of `bench` to its end and return what its last line says, as JSON."""
    done = subprocess.run(
        [sys.executable, "-m", f"bench.{module}", *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        check=False,
        timeout=_PATIENCE,
    )
    if done.returncode:
        raise LoadFailed(f"{module}: {done.stderr[-2_000:]}")
    lines = done.stdout.splitlines()
    said: dict[str, Any] = json.loads(lines[-1]) if lines else {}
    return said


def measured(
    groups: Groups, module: str, *arguments: object, environment: Mapping[str, str] | None = None
) -> Sample:
    """Run a module that tells how many events it handled in how many seconds."""
    with metered(groups) as cpu:
        said = run(module, *arguments, environment=environment)
    return Sample(rate=said["count"] / said["seconds"], count=said["count"], cpu=cpu)
