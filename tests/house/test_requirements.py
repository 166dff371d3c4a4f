"""Every requirement is used, or says why it is there."""

import ast
import re
from importlib.metadata import packages_distributions

import pytest

from tests.house.tree import ROOT, nodes, text_of, tracked

# Needed without an import of ours.
REASONS = {
    "dask": "distributed is its part that spreads over machines",
    "granian": "the production server; `flask serve` starts it as a program",
    "gunicorn": "the other server that an installation may choose",
    "pypng": "qrcode draws PNG pictures with it",
    "djlint": "make lint",
    "import-linter": "make lint",
    "mypy": "make lint",
    "ruff": "make lint",
    "pytest-timeout": "a test that hangs ends",
    "pytest-xdist": "tests run on every core",
}


def names_in(file: str) -> set[str]:
    lines = text_of(ROOT / file).splitlines()
    named = (re.match(r"[a-z0-9_.-]+", line.split("#")[0].strip().lower()) for line in lines)
    return {match.group() for match in named if match and not match.group().startswith("-")}


def imported_distributions() -> set[str]:
    """Return the distributions that some Python file of the project imports."""
    paths = tuple(path for path in tracked() if path.suffix == ".py")
    tops: set[str] = set()
    for node in nodes(paths):
        if isinstance(node, ast.Import):
            tops |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            tops.add(node.module.split(".")[0])
    owners = packages_distributions()
    return {re.sub(r"[-_.]+", "-", name).lower() for top in tops for name in owners.get(top, [])}


@pytest.mark.parametrize("file", ["requirements.in", "requirements-dev.in"])
def test_every_requirement_is_imported_or_has_a_reason(file):
    assert names_in(file) - imported_distributions() - REASONS.keys() == set()


def test_every_reason_is_still_needed():
    named = names_in("requirements.in") | names_in("requirements-dev.in")
    assert REASONS.keys() - named == set()


@pytest.mark.parametrize("file", ["requirements", "requirements-dev"])
def test_the_lock_holds_every_name_and_no_address(file):
    lock = text_of(ROOT / f"{file}.txt")
    assert names_in(f"{file}.in") - names_in(f"{file}.txt") == set()
    assert "://" not in lock
    assert lock.count("==") > 0
    pins = [line for line in lock.splitlines() if line and not line.startswith(" ")]
    assert [pin for pin in pins if not re.match(r"[a-z0-9_.-]+(\[[a-z,]+\])?==\S+", pin)] == []


def test_nothing_has_two_homes():
    twice = names_in("requirements.in") & names_in("requirements-dev.in")
    assert twice == set()
