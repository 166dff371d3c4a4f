"""The load generator against the real server: what it calls done is what is stored."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from bench import phones
from bench.rounds import open_bench_round
from surveys.db import open_database, reading
from surveys.models import Ballot, Comment, Device
from tests.server import Server

SECONDS = 0.5


@pytest.fixture
def served(tmp_path):
    url = f"sqlite:///{tmp_path / 'pingyi.db'}"
    database = open_database(url)
    made = open_bench_round(database)
    server = Server(tmp_path / "var", url)
    server.start()
    yield server, made, database
    server.stop()
    database.dispose()


def done(work):
    """Do asynchronous work in a thread of its own: in this one a browser's loop may be running."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


def test_every_completion_is_a_ballot_of_a_new_browser(served):
    server, made, database = served
    door = done(phones.door(server.port, f"/a/{made.link_code}"))
    assert len(door.choices) == 10
    load = done(phones.completions(door, phones=4, seconds=SECONDS, seed=1))
    assert load.done > 0
    assert set(load.statuses) == {200}
    with reading(database) as session:
        counts = [
            session.scalars(select(func.count()).select_from(model)).one()
            for model in (Ballot, Device, Comment)
        ]
    assert counts == [load.done] * 3
    assert len(load.receipts) == load.done


def test_an_answer_that_is_no_receipt_is_not_done(served):
    server, made, _ = served
    door = done(phones.door(server.port, f"/a/{made.link_code}"))
    load = done(phones.posts(door, 1, SECONDS, 1, lambda: ("forged", "")))
    assert load.done == 0
    assert set(load.statuses) == {400}
