"""The figures of a running round: those of the table, for every place on the pages."""

import json
import os
import re
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from app import create_app
from surveys import web
from surveys.ballots import store
from surveys.db import transaction
from surveys.models import AccountSession
from surveys.questionnaire import Validity
from tests.makers import NOW, make_round, make_submission, sign_in
from tests.pages import PagesClient

PLACE = re.compile(r'data-count="([^"]+)"')


@pytest.fixture
def made(database):
    with transaction(database) as session:
        return make_round(session)


def fill(database, made, count, start=0):
    with transaction(database) as session:
        ballots = [
            make_submission(made, submission_id=f"{start + n:022d}", device_key=f"phone {n % 4}")
            for n in range(count)
        ]
        flagged = make_submission(
            made, "window", submission_id=f"w{start:021d}", validity=Validity.FLAGGED
        )
        store(session, [*ballots, flagged], NOW)


def counts(client, made):
    return json.loads(client.get(f"/console/rounds/{made.round.id}/counts").text)


def test_the_figures_are_those_of_the_pages(office, database, made):
    fill(database, made, 6)
    told = counts(office, made)
    assert told["total"] == {"received": 7, "counted": 5, "flagged": 1, "duplicate": 2}
    assert told["groups"]["citizens"]["received"] == 7
    assert told["groups"]["npc"]["share"] == 0
    assert told["groups"]["citizens"]["share"] is None
    assert told["waiting"] == 0
    for page in ("", "/links"):
        text = office.get(f"/console/rounds/{made.round.id}{page}").text
        assert f'data-counts="/console/rounds/{made.round.id}/counts"' in text
        shown = re.findall(r'data-count="([^"]+)">([\d,]+)<', text)
        assert len(shown) == len(PLACE.findall(text)) > 10
        for place, figure in shown:
            value = told
            for name in place.split("/"):
                value = value.get(name, {}) if isinstance(value, dict) else None
            assert (value or 0) == int(figure.replace(",", "")), place


def test_nobody_else_sees_them(client, office, made):
    address = f"/console/rounds/{made.round.id}/counts"
    assert client.get(address).status_code == 302
    assert office.get("/console/rounds/999/counts").status_code == 404


def test_a_board_left_open_does_not_keep_a_session(app, office, database, made):
    long_ago = web.now() - timedelta(minutes=30)
    with transaction(database) as session:
        session.execute(update(AccountSession).values(seen_at=long_ago))

    def seen():
        with transaction(database) as session:
            return session.scalar(select(AccountSession.seen_at))

    counts(office, made)
    assert seen() == long_ago
    office.get(f"/console/rounds/{made.round.id}")
    assert seen() > long_ago


@pytest.mark.postgres
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_with_redis_processes_share_one_look_and_without_it_they_look(settings, database, made):
    redis_url = os.environ["PINGYI_TEST_REDIS"]
    settings.var.mkdir(parents=True)
    boards = []
    for url in (redis_url, redis_url, "redis://127.0.0.1:1/0"):
        opened = create_app(replace(settings, redis_url=url, secret_key=os.urandom(16) * 2))
        boards.append(opened)
    with boards[0].app_context():
        here = web.installation()
        here.shared.put(f"counts {made.round.id}", b'{"total": "shared"}', 60)
    watching = []
    for number, opened in enumerate(boards):
        opened.test_client_class = PagesClient
        watching.append(opened.test_client())
        sign_in(opened, watching[-1], f"绩效办 {number}")
    assert counts(watching[0], made) == {"total": "shared"}
    for other in watching[1:]:  # another key's seal is not ours, and a dead Redis says nothing
        assert counts(other, made)["total"]["received"] == 0
    for opened in boards:
        opened.extensions["installation"].database.dispose()
