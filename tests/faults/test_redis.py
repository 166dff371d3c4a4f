"""Redis killed, emptied and spoiled under the real server: it holds nothing that matters."""

import re
import signal
import subprocess
import urllib.parse
import urllib.request
from contextlib import contextmanager
from urllib.error import HTTPError

import pytest
from sqlalchemy import func, select

from surveys.db import open_database, reading, transaction
from surveys.draining import Drainer
from surveys.models import Ballot, Token
from surveys.surge import Streams
from tests.faults.phones import Crowd
from tests.faults.served import Served, more
from tests.faults.writer import wait_until
from tests.makers import make_round
from tests.server import ROOT, Server
from tests.services.redises import own_redis

POSTGRESQL = [pytest.param("postgresql", marks=pytest.mark.postgres)]
pytestmark = pytest.mark.timeout(240)


@contextmanager
def serving(url, folder, **settings):
    """Serve an open round with more settings than the usual ones."""
    database = open_database(url)
    with transaction(database) as session:
        made = make_round(session)
    server = Server(folder / "var", url, settings=settings)
    server.start()
    try:
        yield Served(server, database, made, folder / "journal")
    finally:
        server.stop()
        database.dispose()


def post(served, path, fields):
    """Send a form; return the status."""
    body = urllib.parse.urlencode(fields).encode()
    try:
        with urllib.request.urlopen(f"{served.server.url}{path}", body, timeout=30) as answer:
            return answer.status
    except HTTPError as no:
        return no.code


def hand_in(served, token):
    """Open the deputies' page anew and hand a ballot in with a code; return the status."""
    path = f"/a/{served.made.links['npc'].code}"
    with urllib.request.urlopen(f"{served.server.url}{path}", timeout=30) as page:
        nonce = re.search(r'name="nonce" value="([^"]+)"', page.read().decode())
    rated = {
        f"{unit.number:02d}.{item.code}": "B"
        for unit in served.made.units
        for item in served.made.rules.items
    }
    return post(served, path, {"nonce": nonce[1], "token": token, **rated})


def flushed(redis):
    redis.client().flushall()


def spoiled(redis):
    """Put a list where each key was, and where the next ones will be looked for."""
    client = redis.client()
    for key in list(client.scan_iter()):
        client.delete(key)
        client.rpush(key, "x")


def killed(redis):
    redis.stop()


def empty_again(redis):
    redis.start()


def test_submits_go_on_whatever_becomes_of_redis(database_url, tmp_path):
    with (
        own_redis("--appendonly", "no") as redis,
        serving(database_url, tmp_path, REDIS_URL=redis.url) as served,
    ):
        first, second = served.made.tokens["npc"][:2]
        guess = f"/a/{served.made.links['npc'].code}/token"
        assert hand_in(served, first) == 200
        with Crowd(served.phones, 4) as crowd:
            more(crowd)
            assert redis.client().dbsize(), "it is in use"
            for harm in (flushed, spoiled, killed, empty_again):
                assert post(served, guess, {"token": "0" * 26}) == 422
                harm(redis)
                more(crowd)
                assert hand_in(served, first) == 409, "a used code stays used"
        assert hand_in(served, second) == 200
        crowd.settle()
        assert set(crowd.heard) == {"200"}, "nobody was sent away"
        ballots = crowd.acknowledged
        with reading(served.database) as session:
            kept = select(func.count()).select_from(Ballot)
            assert session.scalar(kept.where(Ballot.channel == "open")) == ballots
            assert session.scalar(kept.where(Ballot.channel == "token")) == 2
            used = select(func.count()).where(Token.spent_by.is_not(None))
            assert session.scalar(used) == 2


@contextmanager
def draining(served):
    """Run a drainer, and kill it as a power cut would when the block ends."""
    process = subprocess.Popen(
        [*Server._flask(), "surge", "drain"],
        cwd=ROOT,
        env=served.server.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert process.stdout.readline()
    try:
        yield
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate()


@pytest.mark.parametrize("database_url", POSTGRESQL, indirect=True)
def test_what_redis_received_is_stored_once_whoever_is_killed(database_url, tmp_path):
    with (
        own_redis() as redis,
        serving(database_url, tmp_path, REDIS_URL=redis.url, SURGE="yes") as served,
    ):
        streams = Streams(redis.url, (served.server.var / "secret.key").read_bytes())
        round_id = served.made.round.id
        with Crowd(served.phones, 6) as crowd:
            more(crowd, 40)
            assert streams.waiting(round_id), "they wait, and nobody stores them yet"
            with draining(served):
                wait_until(lambda: stored(served) > 10)
            more(crowd, 40)
            redis.stop()
            more(crowd, 20)
            redis.start()
            more(crowd, 20)
        crowd.settle()
        assert set(crowd.heard) == {"200"}
        drainer = Drainer(streams, served.database, "the next one")
        while drainer.sweep(0.0):  # what the dead one had taken is done again
            pass
        assert streams.waiting(round_id) == streams.aside(round_id) == 0
        served.check()
        assert stored(served) == crowd.acknowledged


def stored(served):
    with reading(served.database) as session:
        return session.scalar(select(func.count()).select_from(Ballot))
