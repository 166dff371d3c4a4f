"""A deputy's ballot leads back to nobody: what the store holds, and in which order."""

import re
from pathlib import Path

import pytest
from scipy.stats import spearmanr
from sqlalchemy import inspect, text

from surveys import web
from surveys.db import reading
from tests import makers
from tests.pages import form_fields

DEPUTIES = 60


@pytest.fixture
def made(app):
    with app.app_context(), web.transaction() as session:
        return makers.make_round(session, units=3, classes=1, tokens=DEPUTIES)


@pytest.fixture
def arrivals(app, made):
    """Let every deputy answer in order; the pattern of the comment tells who it was."""
    path = f"/a/{made.links['npc'].code}"
    found = []
    for number, token in enumerate(made.tokens["npc"]):
        client = app.test_client(use_cookies=False)
        fields = form_fields(client.get(path), path)
        for unit in ("01", "02", "03"):
            for item in made.rules.items:
                fields[f"{unit}.{item.code}"] = "ABCDE"[number % 5]
        fields |= {"token": token, "01.comment": f"第{number}位"}
        answer = client.post(path, data=fields)
        assert answer.status_code == 200, answer.text
        found.append((token, fields["nonce"], answer))
    return found


def every_value(database):
    """Return table → rows of the whole store, as text."""
    with reading(database) as session:
        tables = inspect(session.get_bind()).get_table_names()
        return {
            name: [tuple(map(str, row)) for row in session.execute(text(f"SELECT * FROM {name}"))]
            for name in tables
        }


def test_the_order_in_the_store_says_nothing_about_the_order_of_arrival(app, arrivals):
    with reading(app.extensions["installation"].database) as session:
        stored = session.execute(text("SELECT words FROM comment ORDER BY id")).scalars().all()
        ballots = session.execute(text("SELECT count(*) FROM ballot")).scalar()
    assert ballots == DEPUTIES
    order = [int(re.sub(r"\D", "", words)) for words in stored]
    # 4.5 standard errors: honest chance alone gets here about seven times in a million.
    assert abs(spearmanr(range(DEPUTIES), order).statistic) < 4.5 / (DEPUTIES - 1) ** 0.5


def test_no_row_holds_what_a_deputy_sent_along(app, arrivals):
    rows = every_value(app.extensions["installation"].database)
    everything = "\n".join("\t".join(row) for table in rows.values() for row in table)
    for token, nonce, answer in arrivals:
        receipt = re.search(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}", answer.text)[0]
        for secret in (token, nonce, receipt, receipt.replace("-", "")):
            assert secret not in everything
    kept = set(rows["ballot"])
    marks = {row[3] for row in rows["token"]}
    assert len(marks - {"None"}) == DEPUTIES
    assert not any(mark in "\t".join(ballot) for ballot in kept for mark in marks - {"None"})


def test_a_secret_ballots_row_has_no_time_entrance_or_device(app, arrivals):
    with reading(app.extensions["installation"].database) as session:
        found = session.execute(
            text("SELECT DISTINCT link_id, device_key, received_on, seconds FROM ballot")
        ).all()
        loose = session.execute(text("SELECT DISTINCT ballot_id FROM comment")).all()
    assert [tuple(row) for row in found] == [(None,) * 4]
    assert [tuple(row) for row in loose] == [(None,)]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_database_file_holds_no_code(app, arrivals, settings):
    installation = app.extensions["installation"]
    installation.intake.close()
    installation.database.dispose()
    path = Path(settings.database_url.removeprefix("sqlite:///"))
    content = b"".join(part.read_bytes() for part in path.parent.glob(f"{path.name}*"))
    assert "第1位".encode() in content, "the comments are there, so this looks at the right bytes"
    for token, nonce, _ in arrivals:
        assert token.encode() not in content
        assert nonce.encode() not in content
