import re

import pytest
from sqlalchemy import select

from surveys.db import reading, transaction
from surveys.fielding import actions, queries
from surveys.models import AuditEntry, Link, RoundState, Token
from surveys.questionnaire import Channel
from surveys.refusals import NotFound, WrongState
from surveys.tokens import token_digest
from tests import makers
from tests.makers import NOW


@pytest.fixture
def made(database):
    with transaction(database) as session:
        return makers.make_round(session, units=6)


def test_a_link_has_a_code_of_its_own_that_can_be_copied_by_hand(database, made):
    with transaction(database) as session:
        links = [
            actions.make_link(session, made.round.id, made.groups["citizens"].id, Channel.OPEN, NOW)
            for _ in range(50)
        ]
    codes = {link.code for link in links}
    assert len(codes) == 50
    assert all(re.fullmatch("[2-9a-hjkmnp-z]{9}", code) for code in codes)


@pytest.mark.parametrize("state", [RoundState.DRAFT, RoundState.REHEARSAL, RoundState.OPEN])
def test_links_can_be_made_until_the_round_closes(database, state):
    with transaction(database) as session:
        made = makers.make_round(session, state=state)
        group_id = made.groups["npc"].id
        link = actions.make_link(session, made.round.id, group_id, Channel.TOKEN, NOW)
        assert link.is_active


@pytest.mark.parametrize("state", [RoundState.CLOSED, RoundState.SCORED, RoundState.PUBLISHED])
def test_no_link_is_added_after_the_round_closed(database, state):
    with transaction(database) as session:
        made = makers.make_round(session, state=state)
    group_id = made.groups["citizens"].id
    with pytest.raises(WrongState), transaction(database) as session:
        actions.make_link(session, made.round.id, group_id, Channel.OPEN, NOW)
    with pytest.raises(WrongState), transaction(database) as session:
        actions.make_window_links(session, made.round.id, group_id, NOW)
    with reading(database) as session:
        assert len(session.scalars(select(Link)).all()) == len(made.links)


@pytest.mark.parametrize("foreign", ["group", "window", "own unit", "round"])
def test_nothing_of_another_round_gets_into_a_link(database, made, foreign):
    with transaction(database) as session:
        other = makers.make_round(session, code="other")
    parts = {
        "round_id": made.round.id,
        "group_id": (other if foreign == "group" else made).groups["npc"].id,
        "unit_id": other.units[0].id if foreign == "window" else None,
        "excluded_unit_id": other.units[0].id if foreign == "own unit" else None,
    }
    if foreign == "round":
        parts["round_id"] = 10_000
    with pytest.raises(NotFound), transaction(database) as session:
        actions.make_link(session, channel=Channel.TOKEN, now=NOW, **parts)


def test_window_links_are_made_for_every_unit_that_has_none(database, made):
    citizens = made.groups["citizens"].id
    with transaction(database) as session:
        first = actions.make_window_links(session, made.round.id, citizens, NOW)
        second = actions.make_window_links(session, made.round.id, citizens, NOW)
        others = actions.make_window_links(
            session, made.round.id, made.groups["enterprises"].id, NOW
        )
    assert {link.unit_id for link in first} == {
        unit.id for unit in made.units if unit is not made.units[1]
    }
    assert second == ()
    assert len(others) == 6


def test_of_a_batch_only_digests_are_stored(database, made):
    with transaction(database) as session:
        link, tokens = actions.make_batch(
            session, made.round.id, made.groups["npc"].id, 20, NOW, "绩效办", label="一团"
        )
    with reading(database) as session:
        rows = session.scalars(select(Token).where(Token.link_id == link.id)).all()
        stored = {row.digest for row in rows}
        lines = session.scalars(select(AuditEntry.details).order_by(AuditEntry.id)).all()
    assert len(set(tokens)) == 20
    assert stored == {token_digest(token) for token in tokens}
    assert not any(token in line for token in tokens for line in lines)
    assert all(row.spent_by is None and not row.is_void for row in rows)


def test_a_batch_shows_how_many_codes_are_issued_used_void_and_unused(database, made):
    link = made.links["npc"]
    spent, void, _ = made.tokens["npc"]
    with transaction(database) as session:
        session.get_one(Token, token_digest(spent)).spent_by = "0" * 64
        session.get_one(Token, token_digest(void)).is_void = True
    with reading(database) as session:
        counts = queries.token_counts(session, made.round.id)
    assert counts[link.id] == queries.TokenCount(issued=3, used=1, void=1)
    assert counts[link.id].unused == 1
    assert counts[made.links["cppcc"].id] == queries.TokenCount(issued=3)


def test_a_code_stands_in_the_fragment_of_the_address(made):
    link = made.links["npc"]
    assert queries.link_url("https://a.example", link) == f"https://a.example/a/{link.code}"
    assert queries.link_url("https://a.example", link, "SECRET").endswith(f"/{link.code}#SECRET")
