"""What migrations do to the rows that are there."""

import pytest
from sqlalchemy import text

from surveys import schema
from surveys.db import open_database

PAPER = "f" * 64  # what an import of ratings once took for the id of a submission
BEFORE = f"""
INSERT INTO round (id, code, name, office, state, is_demonstration, created_at, unit_digits,
    item_count) VALUES (1, 'r', 'r', 'o', 'open', false, '2026-11-01', 2, 5);
INSERT INTO questionnaire VALUES (1, 1, 'q', '{{}}', 'x');
INSERT INTO appraiser_group (id, round_id, questionnaire_id, position, code, name)
    VALUES (1, 1, 1, 1, 'citizens', 'c');
INSERT INTO link (id, round_id, group_id, code, channel, label, is_active)
    VALUES (1, 1, 1, 'a', 'open', '', true);
INSERT INTO ballot (round_id, id, group_id, channel, link_id, submission_id, device_key, ratings,
    validity, reasons) VALUES
    (1, 'random-1', 1, 'open', 1, 'submission-1', 'phone', '01AAAAA', 'counted', ''),
    (1, 'random-2', 1, 'open', 1, 'submission-2', 'phone', '01BBBBB', 'duplicate', 'same_device'),
    (1, 'random-3', 1, 'paper', 1, '{PAPER}', NULL, '01CCCCC', 'counted', ''),
    (1, 'random-4', 1, 'token', NULL, NULL, NULL, '01DDDDD', 'counted', '');
INSERT INTO comment VALUES (1, 'c1', 'random-1', 1, 1, 'good'), (1, 'c2', NULL, 1, 1, 'bad')
"""


@pytest.fixture
def old(database_url):
    """A store with ballots as version 0.1.0 kept them."""
    opened = open_database(database_url)
    schema.downgrade(opened, "0002")
    with opened.writer.begin() as connection:
        for statement in BEFORE.split(";"):
            connection.execute(text(statement))
    yield opened
    opened.dispose()


def found(database, statement):
    with database.reader.connect() as connection:
        return sorted(tuple(row) for row in connection.execute(text(statement)))


def test_ballots_get_one_key_and_lose_nothing(old):
    schema.upgrade(old)
    assert found(old, "SELECT id, ratings, validity FROM ballot") == [
        ("f" * 22, "01CCCCC", "counted"),
        ("random-4", "01DDDDD", "counted"),
        ("submission-1", "01AAAAA", "counted"),
        ("submission-2", "01BBBBB", "duplicate"),
    ]
    assert found(old, "SELECT round_id, key, ballot_id FROM device") == [
        (1, "phone", "submission-1")
    ]
    assert found(old, "SELECT id, ballot_id FROM comment WHERE ballot_id IS NOT NULL") == [
        ("c1", "submission-1")
    ]


def test_the_way_back_keeps_the_ballots_too(old):
    schema.upgrade(old)
    schema.downgrade(old, "0002")
    assert found(old, "SELECT ratings, submission_id IS NULL FROM ballot") == [
        ("01AAAAA", False),
        ("01BBBBB", False),
        ("01CCCCC", False),
        ("01DDDDD", True),
    ]
    schema.upgrade(old)
    schema.check(old)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_postgresql_spreads_ballots_over_partitions(database):
    parts = found(
        database,
        "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'ballot'::regclass",
    )
    assert parts == [(f"ballot_{place}",) for place in range(8)]
