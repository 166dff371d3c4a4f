"""What a log line holds, and what never gets into one."""

import json
import logging
import secrets
import sys
from datetime import UTC, datetime

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from surveys import logs
from surveys.answering.device import make_device
from surveys.answering.nonce import make_nonce
from surveys.db import transaction
from surveys.tokens import grouped, make_token

KEY = b"a key for tests, long enough to be one"
NOW = datetime(2026, 11, 22, tzinfo=UTC)
SECRETS = {
    "a code": lambda: make_token(),
    "a code in groups": lambda: grouped(make_token()),
    "a code in small letters": lambda: grouped(make_token()).lower(),
    "a nonce": lambda: make_nonce(KEY, 7, NOW),
    "a device mark": lambda: make_device(KEY),
    "a set-up link's secret": lambda: secrets.token_urlsafe(24),
    "a session": lambda: secrets.token_urlsafe(32),
    "a code as it is typed": lambda: grouped(make_token()).replace("-", " "),
    "a digest": lambda: secrets.token_hex(32),
}


def written(record_of, as_json=True, with_messages=False):
    """Log through a handler of ours; return the line."""
    lines = []
    handler = logging.Handler()
    handler.setFormatter(logs.formatter(as_json, with_messages))
    handler.emit = lambda record: lines.append(handler.format(record))
    logger = logging.Logger("surveys.test")
    logger.addHandler(handler)
    record_of(logger)
    return lines[0]


@pytest.mark.parametrize("name", SECRETS)
def test_whatever_looks_like_a_secret_is_taken_out(name):
    for _ in range(50):
        made = SECRETS[name]()
        line = written(lambda logger, made=made: logger.error("was sent: %s, refused", made))
        assert made not in line
        assert "was sent: …" in line


def test_of_short_random_ids_one_in_a_thousand_may_look_like_a_name():
    ids = [secrets.token_urlsafe(16) for _ in range(4000)]
    assert sum(logs.redact(made) == made for made in ids) <= 4


@pytest.mark.parametrize(
    "words",
    [
        "sqlalchemy.exc.OperationalError",
        "psycopg.errors.ConnectionDoesNotExist",
        "surveys/answering/routes.py:120 questionnaire",
        "ConnectionRefusedError ReadOnlySqlTransaction",
        "/srv/pingyi/.venv/lib/python3.11/site-packages/sqlalchemy/engine/base.py:1967",
        "2026-11-22 14:00:03 the writer waits",
        "one_very_long_name_of_a_function_of_ours",
    ],
)
def test_what_a_reader_needs_stays(words):
    assert logs.redact(words) == words


@pytest.mark.parametrize("path", ["/a/2026citize", "/console/setup/abc", "GET /a/x?lang=en"])
def test_a_secret_path_is_cut(path):
    assert logs.redact(path).partition("?")[0].endswith(("/a/…", "/setup/…"))


def test_a_line_of_json_has_its_parts():
    line = json.loads(
        written(
            lambda logger: logger.info(
                "request", extra={"endpoint": "planning.rounds", "status": 200, "ms": 1.5}
            )
        )
    )
    assert datetime.fromisoformat(line.pop("time")).utcoffset() is not None
    assert line == {
        "level": "info",
        "event": "request",
        "logger": "surveys.test",
        "endpoint": "planning.rounds",
        "status": 200,
        "ms": 1.5,
    }


def test_what_a_library_attaches_stays_out():
    line = written(lambda logger: logger.error("fault", extra={"body": "意见", "path": "/x"}))
    assert set(json.loads(line)) == {"time", "level", "event", "logger"}


def test_a_new_line_in_a_message_makes_no_second_line():
    line = written(lambda logger: logger.error('first\n{"level": "info"}'))
    assert "\n" not in line


@pytest.mark.parametrize("as_json", [True, False], ids=["json", "text"])
def test_a_fault_tells_its_kind_and_place_but_no_answer(database, as_json):
    def fail(logger):
        try:
            with transaction(database) as session:
                session.execute(
                    text("INSERT INTO nowhere (words) VALUES (:words)"), {"words": "窗口态度差"}
                )
        except DBAPIError:
            logger.exception("a ballot could not be stored")

    line = written(fail, as_json)
    assert "窗口态度差" not in line
    assert "sqlalchemy.exc." in line
    assert "test_logs.py:" in line


def test_no_exception_s_text_quotes_parameters(database):
    """Even where a fault is printed by something else."""
    with pytest.raises(DBAPIError) as fault, transaction(database) as session:
        session.execute(text("INSERT INTO nowhere VALUES (:words)"), {"words": "窗口态度差"})
    assert "窗口态度差" not in str(fault.value)


def test_in_development_the_message_is_there():
    def fail(logger):
        try:
            raise ValueError("what was wrong")
        except ValueError:
            logger.exception("fault")

    assert "what was wrong" in written(fail, with_messages=True)
    assert "what was wrong" not in written(fail)


def test_a_chain_of_faults_is_told_from_its_cause():
    def fail(logger):
        try:
            try:
                raise OSError(28, "full")
            except OSError as cause:
                raise RuntimeError from cause
        except RuntimeError:
            logger.error("fault", exc_info=sys.exc_info())

    told = json.loads(written(fail))["fault"]
    assert [line for line in told if "builtins." in line] == [
        "builtins.OSError 28",
        "builtins.RuntimeError",
    ]
