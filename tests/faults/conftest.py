"""The seed of a run, the nursery of writers, and the long forms that only `make soak` runs."""

import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.copies import Copies, prepare_copies
from tests.faults.writer import Nursery, nursery

SEED = "PINGYI_TEST_SEED"
SOAK = "PINGYI_TEST_SOAK"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the long forms out unless they are asked for."""
    if os.environ.get(SOAK):
        return
    left_out = [item for item in items if item.get_closest_marker("soak")]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


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
