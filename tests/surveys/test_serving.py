"""The serving process as it is deployed: alone on its file, open about itself, never in a hurry."""

import http.cookiejar
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import select, text

from surveys.db import Database, transaction
from surveys.models import Ballot, TallyCell
from tests.faults.journal import Journal, Told
from tests.faults.phones import Phones
from tests.makers import PASSWORD, Made, make_round
from tests.pages import form_fields
from tests.server import ROOT, Server, free_port

CROWD = 12
COMMENT = "窗口人员王某某态度恶劣"


class Gunicorn(Server):
    """The same product behind gunicorn."""

    @property
    def environment(self):
        return {**super().environment, "GUNICORN_BIND": f"127.0.0.1:{self.port}"}

    @property
    def command(self):
        return [sys.executable, "-m", "gunicorn", "--config", "deploy/gunicorn.conf.py"]


@contextmanager
def serving(server: Server) -> Iterator[Server]:
    server.start()
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.stop(signal.SIGKILL)


@contextmanager
def held_back(database: Database) -> Iterator[None]:
    """Let no ballot be committed inside the block."""
    with database.writer.connect() as connection:
        if database.is_sqlite:
            connection.exec_driver_sql("SELECT 1")  # the connection begins with the file's lock
        else:
            connection.execute(text("LOCK TABLE ballot IN EXCLUSIVE MODE"))
        yield
        connection.rollback()


def made_in(database: Database) -> Made:
    with transaction(database) as session:
        return make_round(session)


def wait_until(what, seconds=30.0):
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.05)


@pytest.mark.parametrize("kind", [Server, Gunicorn], ids=["granian", "gunicorn"])
def test_who_is_in_the_middle_of_handing_in_at_the_end_is_answered(
    database, database_url, tmp_path, kind
):
    made = made_in(database)
    journal = Journal(tmp_path / "journal")
    heard = []
    with serving(kind(tmp_path / "var", database_url, free_port())) as server:
        phones = Phones(server.port, made, journal)
        filled = [phones.opened() for _ in range(CROWD)]
        crowd = [
            threading.Thread(target=lambda page=page: heard.append(phones.send(page)))
            for page in filled
        ]
        with held_back(database):
            for phone in crowd:
                phone.start()
            time.sleep(1.0)  # everybody's request is taken, nobody's is answered
            assert heard == []
            os.kill(server.process.pid, signal.SIGTERM)
            time.sleep(1.0)
            assert heard == []
        for phone in crowd:
            phone.join()
        assert server.process.wait(timeout=30) == 0
    assert [one.told for one in heard] == [Told.ACKNOWLEDGED] * CROWD
    with transaction(database) as session:
        assert len(session.scalars(select(Ballot.ratings)).all()) == CROWD
        assert sum(session.scalars(select(TallyCell.count)).all()) == 2 * CROWD


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_second_server_of_the_same_file_is_refused(database_url, tmp_path):
    with serving(Server(tmp_path / "var", database_url)) as server:
        answer = server.flask("serve", "--port", str(free_port()), expect=1)
        assert "SQLite 只能有一个" in answer
        assert f"process {server.process.pid}" in answer
        second = Gunicorn(server.var, server.database_url, free_port())
        done = subprocess.run(
            second.command,
            cwd=ROOT,
            env=second.environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode != 0
        assert "served already" in done.stderr
        assert server.is_healthy()
        assert "round" in server.flask("round", "--help"), "commands may run beside it"


def fetched(url: str, data: dict[str, str] | None = None, opener=None) -> tuple[int, str]:
    body = urllib.parse.urlencode(data).encode() if data is not None else None
    opener = opener or urllib.request.build_opener()
    try:
        with opener.open(url, body, timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refusal:
        return refusal.code, refusal.read().decode()


def browser():
    return urllib.request.build_opener(
        urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
    )


class Page:
    """What `form_fields` needs of an answer."""

    def __init__(self, page: str) -> None:
        self.text = page
        self.data = page.encode()


def answered(made: Made, link: str, page: str, **more: str) -> dict[str, str]:
    nonce = re.search(r'name="nonce" value="([^"]+)"', page)[1]
    items = {f"01.{item.code}": "B" for item in made.rules.items}
    return {"nonce": nonce, **items, "q.role": "person", "01.comment": COMMENT, **more}


def test_what_a_server_tells_about_itself_names_nobody(database, database_url, tmp_path):
    made = made_in(database)
    metrics_port = free_port()
    server = Server(
        tmp_path / "var",
        database_url,
        settings={"METRICS": f"127.0.0.1:{metrics_port}", "LOG": "json"},
        workers=1 if database.is_sqlite else 2,
    )
    with serving(server):
        known = journeys(server, made, database)
        status, figures = fetched(f"http://127.0.0.1:{metrics_port}/metrics")
        assert status == 200
        assert fetched(f"http://127.0.0.1:{metrics_port}/")[0] == 404
        assert fetched(f"{server.url}/metrics")[0] == 404, "not where people are"
    counted = dict(line.rsplit(" ", 1) for line in figures.splitlines() if line[:1] != "#")
    for name, least in {
        'pingyi_ballots_total{outcome="kept"}': 2,
        'pingyi_refusals_total{kind="link_unknown"}': 1,
        'pingyi_refusals_total{kind="nonce_broken"}': 1,
        'pingyi_refusals_total{kind="token_spent"}': 1,
        'pingyi_refusals_total{kind="sign_in_failed"}': 1,
        "pingyi_intake_commit_seconds_count": 2,
        'pingyi_requests_total{endpoint="answering.questionnaire",status="503"}': 1,
    }.items():
        assert float(counted.get(name, 0)) >= least, name
    lines = [line for line in server.log.splitlines() if line.startswith("{")]
    records = [json.loads(line) for line in lines]
    assert any(one.get("endpoint") == "accounts.sign_in" for one in records)
    assert any("could not be stored" in one["event"] for one in records)
    assert any("fault" in one for one in records), "the unexpected left its trace"
    assert not any(
        one.get("endpoint", "").startswith("answering.") and one["status"] < 400 for one in records
    ), "nobody sees who answered when"
    for name, secret in known.items():
        assert secret not in server.log, name
        assert secret not in figures, name


def journeys(server: Server, made: Made, database: Database) -> dict[str, str]:
    """Go through everything that holds a secret, faults too; return the secrets by name."""
    citizens, npc = (f"{server.url}/a/{made.links[name].code}" for name in ("citizens", "npc"))
    token = made.tokens["npc"][0]
    known = {"comment": COMMENT, "token": token, "link": made.links["citizens"].code}
    phone = browser()
    _, page = fetched(citizens, opener=phone)
    fields = answered(made, "citizens", page)
    known["nonce"] = fields["nonce"]
    assert fetched(citizens, fields, phone)[0] == 200
    assert fetched(citizens, fields, phone)[0] == 200, "again"
    assert fetched(citizens, {**fields, "nonce": fields["nonce"][:-1]}, phone)[0] == 400
    _, page = fetched(npc)
    units = {
        f"{number:02d}.{item.code}": "A"
        for number in range(1, len(made.units) + 1)
        for item in made.rules.items
    }
    secret = {**answered(made, "npc", page), **units, "token": token}
    secret = {name: value for name, value in secret.items() if not name.startswith("q.")}
    assert fetched(npc, secret)[0] == 200
    _, page = fetched(npc)
    again = {**secret, "nonce": answered(made, "npc", page)["nonce"]}
    known["second nonce"] = again["nonce"]
    assert fetched(npc, again)[0] == 409
    assert fetched(f"{server.url}/a/nowhere-{token}")[0] == 404
    known |= sign_ins(server)
    with renamed(database, "ALTER TABLE ballot RENAME COLUMN {} TO {}", "ratings"):
        _, page = fetched(citizens)
        assert fetched(citizens, answered(made, "citizens", page))[0] == 503
    with transaction(database) as session:
        session.execute(text("UPDATE questionnaire SET document = '{ 李某某'"))
    assert fetched(f"{server.url}/a/{made.links['enterprises'].code}")[0] == 500
    return {**known, "what a fault would quote": "李某某"}


@contextmanager
def renamed(database: Database, statement: str, name: str) -> Iterator[None]:
    """Take something away that the code needs, and bring it back."""
    with transaction(database) as session:
        session.execute(text(statement.format(name, "away")))
    yield
    with transaction(database) as session:
        session.execute(text(statement.format("away", name)))


def sign_ins(server: Server) -> dict[str, str]:
    setup = re.search(r"/console/setup/(\S+)", server.flask("account", "add", "张三"))[1]
    person = browser()
    _, page = fetched(f"{server.url}/console/setup/{setup}", opener=person)
    fields = form_fields(Page(page))
    fields |= {key: PASSWORD for key in fields if "password" in key or "repeat" in key}
    fetched(f"{server.url}/console/setup/{setup}", fields, person)
    assert sign_in(server, "张三", "a wrong guess of mine") == 422
    return {
        "set-up link": setup,
        "password": PASSWORD,
        "wrong password": "a wrong guess of mine",
        **{f"cookie {cookie.name}": cookie.value for cookie in jar_of(person)},
    }


def sign_in(server: Server, name: str, password: str) -> int:
    person = browser()
    address = f"{server.url}/console/sign-in"
    _, page = fetched(address, opener=person)
    typed = {**form_fields(Page(page)), "name": name, "password": password}
    return fetched(address, typed, person)[0]


def jar_of(person):
    return next(
        handler.cookiejar
        for handler in person.handlers
        if isinstance(handler, urllib.request.HTTPCookieProcessor)
    )


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_address_for_metrics_that_is_taken_stops_the_start(database_url, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        server = Server(tmp_path / "var", database_url, settings={"METRICS": address})
        server.var.mkdir()
        answer = server.flask("serve", "--port", str(free_port()), expect=1)
    assert "PINGYI_METRICS" in answer
    assert address in answer


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_worker_that_is_killed_is_replaced_and_the_file_stays_its_server_s(
    database_url, tmp_path
):
    with serving(Server(tmp_path / "var", database_url)) as server:
        children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children")
        worker = int(children.read_text().split()[0])
        os.kill(worker, signal.SIGKILL)
        wait_until(lambda: children.read_text().split() not in ([], [str(worker)]))
        wait_until(server.is_healthy)
        assert f"process {server.process.pid}" in server.flask("doctor")
