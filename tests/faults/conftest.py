"""The seed of a run and the nursery of writers."""

import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.copies import Copies, prepare_copies
from tests.faults.writer import Nursery, nursery

SEED = "PINGYI_TEST_SEED"


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> int:
    """The number behind a run's chances; shown when it fails, and given to play it again."""
    chosen = int(os.environ.get(SEED) or secrets.randbelow(10**6))
    request.node.add_report_section("setup", "seed", f"{SEED}={chosen} plays this run again")
    return chosen


@pytest.fixture(scope="session")
def writers() -> Iterator[Nursery]:
    """A nursery for the whole run."""
    with nursery() as opened:
        yield opened


@pytest.fixture(scope="session")
def copies(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory, writers: Nursery
) -> Copies:
    """A database file with an open round, to be copied for every fault."""
    return prepare_copies(sqlite_template, tmp_path_factory.mktemp("copies") / "pingyi.db", writers)
