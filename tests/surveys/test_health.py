"""/healthz tells that the process lives, /readyz whether it may be sent people."""

import threading
import time
from contextlib import suppress

import pytest
from sqlalchemy import text

from surveys import web
from surveys.db import open_database, transaction
from surveys.disk import FreeSpace
from surveys.health import Readiness, store_state
from surveys.intake import Intake
from surveys.refusals import Busy
from tests import makers

ROOM = FreeSpace((), 0)


def readiness(app) -> Readiness:
    return app.extensions["readiness"]


def test_a_whole_installation_is_ready(client):
    answer = client.get("/readyz")
    assert (answer.status_code, answer.text) == (200, "ok\n")
    assert client.get("/readyz", headers={"Accept": "application/json"}).json == {
        "ready": True,
        "missing": {},
    }


@pytest.mark.parametrize(
    ("language", "words"), [("zh", "flask --app app db upgrade"), ("en", "tables do not fit")]
)
def test_what_is_missing_is_said_in_words(app, client, language, words):
    with app.app_context(), web.transaction() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    answer = client.get("/readyz", query_string={"lang": language})
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"
    assert answer.text.startswith("tables: ")
    assert words in answer.text
    problem = client.get("/readyz", headers={"Accept": "application/json"})
    assert problem.status_code == 503
    assert list(problem.json["missing"]) == ["tables"]
    assert client.get("/healthz").status_code == 200, "the process lives all the same"


def test_newer_tables_do_not_stop_the_code_before_them(app, client):
    """While an update goes from process to process, the old ones go on."""
    with app.app_context(), web.transaction() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert client.get("/readyz").status_code == 200


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_damaged_store_is_not_ready(database):
    with database.writer.begin() as connection:
        connection.execute(text("DROP TABLE alembic_version"))
    assert store_state(database) == "tables"
    ready = Readiness(Intake(database, web.now), ROOM, lambda: 1 / 0)
    assert ready.missing() == ["store"]


def test_a_database_that_is_away_is_said_and_not_waited_for():
    """Nothing listens on port 1."""
    away = open_database("postgresql+psycopg://nobody@127.0.0.1:1/none")
    ready = Readiness(Intake(away, web.now), ROOM, lambda: store_state(away))
    assert ready.missing() == ["store"]
    away.dispose()


def test_a_silent_store_is_not_waited_for(database):
    silence = threading.Event()

    def store() -> str:
        silence.wait(30)
        return ""

    ready = Readiness(Intake(database, web.now), ROOM, store, patience=0.05)
    assert ready.missing() == ["store"]
    assert sum(thread.name == "readiness" for thread in threading.enumerate()) == 1
    ready._asked_at = 0.0
    assert ready.missing() == ["store"]
    assert sum(thread.name == "readiness" for thread in threading.enumerate()) == 1, "asked once"
    silence.set()


def test_the_store_is_asked_at_most_once_a_second(database):
    asked = []
    ready = Readiness(Intake(database, web.now), ROOM, lambda: asked.append(1) or "")
    for _ in range(50):
        assert ready.missing() == []
    assert len(asked) == 1


def test_no_room_on_the_disk_is_said(database, tmp_path):
    ready = Readiness(Intake(database, web.now), FreeSpace((tmp_path,), 10**9), lambda: "")
    assert ready.missing() == ["room"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_full_queue_is_said_and_is_over_when_it_is_written(database):
    with transaction(database) as session:
        made = makers.make_round(session)
    intake = Intake(database, lambda: makers.NOW, depth=3)
    ready = Readiness(intake, ROOM, lambda: "")
    phones = []

    def hand_in(number: int) -> None:
        with suppress(Busy):
            intake.keep(makers.make_submission(made, submission_id=f"{number:022}"))

    with transaction(database) as session:
        session.execute(text("SELECT 1"))  # from here on the writer waits for its one connection
        while not intake.is_full:
            phones.append(threading.Thread(target=hand_in, args=(len(phones),), daemon=True))
            phones[-1].start()
            time.sleep(0.05)
        assert ready.missing() == ["queue"]
    for phone in phones:
        phone.join()
    assert ready.missing() == []
    intake.close()
