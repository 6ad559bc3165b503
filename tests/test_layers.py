"""What may know of what: packages, libraries, the clock, transactions, the environment."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import grimp
import pytest

SOURCES = Path(__file__).parents[1] / "src"
MODULES = sorted(SOURCES.rglob("*.py"))

PACKAGES_BELOW = {
    "journey": {"projections", "api", "journey_verify"},
    "projections": {"api", "journey_verify"},
    "api": {"journey_verify"},
    "journey_verify": {"journey", "projections", "api"},
}
"""By package: what it must know nothing of."""
LIBRARY_OWNERS = {
    "eventsourcing": "journey.event_log",
    "alembic": "journey.migrating",
    "fastapi": "api",
    "starlette": "api",
    "uvicorn": "api",
    "httpx": "api",
    "typer": "api",
    "prometheus_client": "api",
}
"""Libraries, and the one package or module of ours that may import each."""
PURE = (
    "journey.journey",
    "journey.lifecycle",
    "journey.case_numbers",
    "journey.deciding",
    "journey.events",
    "journey.touchpoints",
    "journey.encoding",
    "journey.policies",
)
"""Modules that read no clock, draw nothing and touch no file, and so have no need of what could."""
IMPURE_MODULES = {
    "asyncio", "io", "multiprocessing", "os", "pathlib", "psycopg", "random", "secrets", "shutil", "socket",
    "sqlalchemy", "sqlite3", "subprocess", "sys", "tempfile", "threading", "time", "uuid",
}  # fmt: skip
IMPURE_CALLS = {"now", "today", "utcnow", "open", "input", "print", "getenv", "urandom", "uuid4"}
TRANSACTION_OWNERS = {
    "journey.migrating": "a part's migrations are one transaction",
    "projections.engine": "builds are begun, ordered and rolled back each in one transaction",
    "projections.keeper": "builds are switched and dropped each in one transaction",
    "projections.loading": "a part of the log is loaded into builds in one transaction",
    "projections.isolation": "a batch with its checkpoint is one transaction",
    "projections.repair": "a parked customer's rows are replaced in one transaction",
    "journey.searching.table": "terms and the position that they follow from are one transaction",
    "journey.reacting.table": "how customers stand is one transaction with the position that it follows from",
    "journey.reads.table": "readings are recorded in one transaction, before anybody is told",
    "journey.sealing.data_keys": "keys are kept before anything is sealed with them, in one transaction",
    "journey.sealing.destroying": "keys are destroyed, or all wrapped anew, in one transaction",
    "journey.erasure.ledger": "what is to be erased is taken with how far the log was looked at",
    "api.keys": "a key is made or ended in one transaction",
}
"""Who may begin and commit, apart from the event log, whose recorders do."""
TRANSACTION_CALLS = {"begin", "begin_nested", "commit", "transaction"}
ENVIRONMENT_READERS = ("journey.settings", "api.cli", "journey_verify")
LONGEST = 300


def name_of(file: Path) -> str:
    """Return the dotted name of a module."""
    parts = file.relative_to(SOURCES).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def is_within(module: str, package: str) -> bool:
    """Tell whether a module is a package or inside it."""
    return module == package or module.startswith(f"{package}.")


@cache
def tree(file: Path) -> ast.Module:
    """Return the syntax of a module."""
    return ast.parse(file.read_text())


def imported(file: Path) -> Iterator[str]:
    """Name the modules that a module imports, wherever in it."""
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def called(file: Path) -> Iterator[str]:
    """Name the functions and methods that a module calls, without what they belong to."""
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.Call):
            match node.func:
                case ast.Name(id=name) | ast.Attribute(attr=name):
                    yield name
                case _:
                    pass


@cache
def graph() -> grimp.ImportGraph:
    """Return who imports whom among our packages."""
    return grimp.build_graph(*PACKAGES_BELOW, cache_dir=None)


def test_there_is_something_to_look_at() -> None:
    """The tests below look at all of the sources."""
    assert {name_of(file).partition(".")[0] for file in MODULES} == set(PACKAGES_BELOW)
    assert {name_of(file) for file in MODULES} == graph().modules


@pytest.mark.parametrize("package", PACKAGES_BELOW)
def test_packages_know_nothing_of_those_above(package: str) -> None:
    """No module imports one of a package above its own, not even by a detour."""
    for above in PACKAGES_BELOW[package]:
        assert not graph().find_shortest_chains(package, above)


def test_no_cycles_between_modules_of_the_log() -> None:
    """The rules know nothing of the log, and the log nothing of the writer."""
    for lower, upper in (
        ("journey.journey", "journey.event_log"),
        ("journey.touchpoints", "journey.events"),
        ("journey.event_log", "journey.deciding"),
        ("journey.event_log", "journey.journey"),
        ("journey.deciding", "journey.committing"),
        ("journey.committing", "journey.appender"),
    ):
        assert not graph().chain_exists(lower, upper, as_packages=True), f"{lower} knows of {upper}"


@pytest.mark.parametrize("file", MODULES, ids=name_of)
def test_libraries_stay_where_they_belong(file: Path) -> None:
    """What a package is there to hide is imported in that package only."""
    for module in imported(file):
        library = module.partition(".")[0]
        if library == "httpx" and name_of(file) == "journey.sealing.vault_transit":
            continue  # the one module below the edge that asks somebody else over HTTP by it
        owner = LIBRARY_OWNERS.get(library)
        assert owner is None or is_within(name_of(file), owner), f"{module} belongs to {owner}"


@pytest.mark.parametrize(
    "file", [file for file in MODULES if any(is_within(name_of(file), each) for each in PURE)], ids=name_of
)
def test_rules_are_pure(file: Path) -> None:
    """The rules read no clock, draw nothing and touch no file."""
    assert not {module for module in imported(file) if module.partition(".")[0] in IMPURE_MODULES}
    assert not IMPURE_CALLS.intersection(called(file))


@pytest.mark.parametrize("file", MODULES, ids=name_of)
def test_transactions_have_owners(file: Path) -> None:
    """Nobody but its owners begins or commits a transaction."""
    name = name_of(file)
    if name not in TRANSACTION_OWNERS and not is_within(name, "journey.event_log"):
        assert not TRANSACTION_CALLS.intersection(called(file))


@pytest.mark.parametrize("owner", TRANSACTION_OWNERS)
def test_owners_of_transactions_have_some(owner: str) -> None:
    """The list of owners names nobody in vain."""
    file = next(file for file in MODULES if name_of(file) == owner)

    assert TRANSACTION_CALLS.intersection(called(file))


@pytest.mark.parametrize("file", MODULES, ids=name_of)
def test_environment_is_read_in_one_place(file: Path) -> None:
    """Settings are read once and passed; only the command line looks at the environment besides."""
    if any(is_within(name_of(file), reader) for reader in ENVIRONMENT_READERS):
        return
    for node in ast.walk(tree(file)):
        assert not (isinstance(node, ast.Attribute) and node.attr in {"environ", "environb", "getenv"})
        assert not (isinstance(node, ast.ImportFrom) and node.module == "os" and "environ" in ast.dump(node))


@pytest.mark.parametrize("file", MODULES, ids=name_of)
def test_modules_are_short(file: Path) -> None:
    """A module fits into a head."""
    assert len(file.read_text().splitlines()) <= LONGEST
