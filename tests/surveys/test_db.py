"""The contracts of the two stores."""

import threading

import pysqlite3
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError, IntegrityError

from surveys.db import open_database, reading, transaction
from surveys.models import ScoringRun
from tests.makers import NOW, make_round


def scalar(session, statement):
    return session.execute(text(statement)).scalar()


def test_sqlite_is_durable_and_every_connection_says_so(tmp_path):
    database = open_database(f"sqlite:///{tmp_path / 'a.db'}")
    for opened in (transaction(database), reading(database)):
        with opened as session:
            assert scalar(session, "PRAGMA journal_mode") == "wal"
            assert scalar(session, "PRAGMA synchronous") == 2
            assert scalar(session, "PRAGMA foreign_keys") == 1
            assert scalar(session, "PRAGMA secure_delete") == 1
            version = tuple(map(int, scalar(session, "SELECT sqlite_version()").split(".")))
            assert version >= (3, 51, 3)
    database.dispose()


def test_who_opens_a_new_store_while_another_makes_it_waits(tmp_path):
    path = tmp_path / "a.db"
    other = pysqlite3.connect(str(path), isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")  # SQLite then refuses a switch of the journal without waiting
    release = threading.Timer(0.2, other.execute, ("COMMIT",))
    release.start()
    database = open_database(f"sqlite:///{path}")
    with transaction(database) as session:
        assert scalar(session, "PRAGMA journal_mode") == "wal"
    release.join()
    other.close()
    database.dispose()


def test_a_reading_session_cannot_write(database):
    with reading(database) as session, pytest.raises(DatabaseError):
        session.execute(text("UPDATE round SET name = 'x'"))


def test_a_transaction_that_fails_leaves_nothing(database):
    with pytest.raises(ZeroDivisionError), transaction(database) as session:
        make_round(session)
        raise ZeroDivisionError
    with reading(database) as session:
        assert scalar(session, "SELECT count(*) FROM round") == 0


def test_foreign_keys_hold(database):
    with pytest.raises(IntegrityError), transaction(database) as session:
        session.execute(text("DELETE FROM tally"))
        session.execute(
            text(
                "INSERT INTO work_import (round_id, file_name, sha256, actor, imported_at)"
                " VALUES (77, 'f', 'x', 'a', '2026-11-22')"
            )
        )


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE scoring_run SET actor = 'somebody else'",
        "DELETE FROM scoring_run",
        "UPDATE audit_entry SET actor = 'somebody else'",
        "DELETE FROM audit_entry",
    ],
)
def test_runs_and_audit_lines_are_never_changed(database, statement):
    with transaction(database) as session:
        made = make_round(session)
        session.add(
            ScoringRun(
                round_id=made.round.id,
                number=1,
                created_at=NOW,
                actor="绩效办",
                code_version="x",
                rules="{}",
                rules_sha256="x",
                tally_sha256="x",
                summary="{}",
            )
        )
        session.execute(
            text(
                "INSERT INTO audit_entry (at, actor, action, details)"
                " VALUES ('2026-11-22 00:00:00', '绩效办', 'x', '')"
            )
        )
    with pytest.raises(DatabaseError, match="never changed"), transaction(database) as session:
        session.execute(text(statement))
