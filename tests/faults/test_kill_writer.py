"""The intake killed in the middle of bursts, again and again: nothing is lost or doubled."""

import random
import time

import pytest

from surveys.db import open_database, transaction
from tests.faults.checker import check_promise
from tests.faults.journal import read_journals
from tests.faults.writer import (
    Orders,
    entrances_of,
    id_of,
    issue_tokens,
    wait_for_lines,
)
from tests.makers import make_round

BALLOTS_PER_CYCLE = 1000
LONGEST_LIFE_LINES = 120
JITTER_SECONDS = 0.01
SIGKILLED = -9


@pytest.mark.parametrize(
    "cycles",
    [
        pytest.param(50, id="50 times"),
        pytest.param(500, marks=[pytest.mark.soak, pytest.mark.timeout(1800)], id="500 times"),
    ],
)
def test_killed_in_bursts(database_url, tmp_path, writers, seed, cycles):
    rng = random.Random(seed)
    database = open_database(database_url)
    with transaction(database) as session:
        made = make_round(session)
    entrances = entrances_of(made)
    numbers = {id_of(seed, number): number for number in range(cycles * BALLOTS_PER_CYCLE)}
    journals = []
    unanswered: set[str] = set()
    for cycle in range(cycles):
        fresh = range(cycle * BALLOTS_PER_CYCLE, (cycle + 1) * BALLOTS_PER_CYCLE)
        issue_tokens(database, entrances, seed, fresh)
        journals.append(tmp_path / f"journal-{cycle}")
        again = tuple(sorted(numbers[id_] for id_ in unanswered))
        orders = Orders(
            database_url, str(journals[-1]), entrances, seed, fresh.start, len(fresh), again
        )
        writer = writers.start(orders)
        wait_for_lines(journals[-1], rng.randrange(1, LONGEST_LIFE_LINES))
        time.sleep(rng.uniform(0, JITTER_SECONDS))
        assert writers.kill(writer) == SIGKILLED, "it was killed in the middle"
        history = read_journals(journals[-1:])
        unanswered -= {id_ for id_ in history.sent if not history.is_open(id_)}
        unanswered |= {id_ for id_ in history.sent if history.is_open(id_)}
    journals.append(tmp_path / "journal-end")
    again = tuple(sorted(numbers[id_] for id_ in unanswered))
    last = Orders(database_url, str(journals[-1]), entrances, seed, again=again)
    assert writers.wait(writers.start(last)) == 0
    verdict = check_promise(database, made.round.id, read_journals(journals))
    assert verdict.acknowledged > cycles
    assert verdict.refused, "some lost the fight for a token"
    database.dispose()
