"""How workers share the tests: what belongs together stays together, and what takes longest begins first."""

import re
from collections.abc import Sequence

import pytest
from xdist.scheduler import LoadScopeScheduling

LONGEST = (
    "tests/test_real_data.py",
    "tests/test_real_cases.py",
    "tests/test_kill.py",
    "tests/test_forgotten.py",
    "tests/journey/reacting/test_kill.py",
    "tests/projections/test_loading.py",
    "tests/test_bench.py",
    "tests/test_readme.py",
    "tests/journey_verify/test_witness.py",
    "tests/api/cli/test_working.py",
)
"""Modules whose tests take longest, longest first; they share no fixture and are given out one by one."""
_DATABASE = re.compile(r"\[(?:.*-)?(sqlite|postgres)\b")


class ByModuleAndDatabase(LoadScopeScheduling):  # type: ignore[misc]  # it ships no types
    """Gives a worker the tests of a module on one database at a time: they share a service."""

    def _split_scope(self, nodeid: str) -> str:
        """Return the name of what a test is given out with."""
        module, _, _ = nodeid.partition("::")
        if module in LONGEST:
            return nodeid
        database = _DATABASE.search(nodeid)
        return f"{module} {database[1]}" if database else module


def longest_first(items: Sequence[pytest.Item]) -> list[pytest.Item]:
    """Return tests in the order in which they are given out."""
    ranks = {module: rank for rank, module in enumerate(LONGEST)}
    return sorted(items, key=lambda item: ranks.get(item.nodeid.partition("::")[0], len(ranks)))
