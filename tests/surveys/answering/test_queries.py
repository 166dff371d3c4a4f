"""Which entrances serve, when, and what they ask."""

from datetime import timedelta

import pytest

from surveys.answering.memory import Memory
from surveys.answering.queries import check_token, phone_link
from surveys.db import reading, transaction
from surveys.models import Link, Round, RoundState, Token, Unit
from surveys.questionnaire import Channel
from surveys.refusals import (
    LinkClosed,
    LinkNotYetOpen,
    LinkUnknown,
    TokenSpent,
    TokenUnknown,
)
from surveys.tokens import token_digest
from tests.makers import NOW, make_round

DAY = timedelta(days=1)


def made_round(database, **changes):
    with transaction(database) as session:
        return make_round(session, **changes)


def opened(database, made, name, known=None, now=NOW):
    with reading(database) as session:
        link = phone_link(session, made.links[name].code, known or Memory(8))
    link.check_open(now)
    return link


def test_an_open_link_asks_all_units_by_class(database):
    made = made_round(database)
    link = opened(database, made, "citizens")
    assert (link.channel, link.round_id) == (Channel.OPEN, made.round.id)
    asked = [[unit.number for unit in group.units] for group in link.questionnaire.classes]
    assert asked == [[1, 2, 3], [4, 5, 6]]
    assert link.window_unit is None
    assert not link.is_rehearsal


def test_a_window_names_its_unit(database):
    link = opened(database, made_round(database), "window")
    assert link.window_unit is not None
    assert link.window_unit.number == 2
    assert len(link.questionnaire.units) == 6


def test_a_batch_leaves_its_own_unit_out(database):
    link = opened(database, made_round(database), "cppcc")
    assert [unit.number for unit in link.questionnaire.units] == [2, 3, 4, 5, 6]
    assert link.leaves_own_unit_out
    assert "01.law" not in link.asked.fields.names


def test_members_rate_ranked_units_only_and_citizens_all(database):
    made = made_round(database)
    with transaction(database) as session:
        session.get_one(Unit, made.units[3].id).is_ranked = False
    assert 4 not in [unit.number for unit in opened(database, made, "npc").questionnaire.units]
    assert 4 in [unit.number for unit in opened(database, made, "citizens").questionnaire.units]


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        pytest.param({"state": RoundState.DRAFT}, LinkNotYetOpen, id="draft"),
        pytest.param({"state": RoundState.CLOSED}, LinkClosed, id="closed"),
        pytest.param({"state": RoundState.SCORED}, LinkClosed, id="scored"),
        pytest.param({"state": RoundState.PUBLISHED}, LinkClosed, id="published"),
        pytest.param({"opens_at": NOW + DAY}, LinkNotYetOpen, id="before the first day"),
        pytest.param({"closes_at": NOW}, LinkClosed, id="at the second of closing"),
    ],
)
def test_a_round_that_does_not_serve(database, changes, refusal):
    made = made_round(database, **changes)
    with pytest.raises(refusal):
        opened(database, made, "citizens")


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"opens_at": NOW, "closes_at": NOW + DAY}, id="at the second of opening"),
        pytest.param({"state": RoundState.REHEARSAL, "opens_at": NOW + DAY}, id="rehearsal"),
    ],
)
def test_a_round_that_serves(database, changes):
    made = made_round(database, **changes)
    link = opened(database, made, "citizens")
    assert link.is_rehearsal == (made.round.state is RoundState.REHEARSAL)


def test_a_link_that_was_switched_off(database):
    made = made_round(database)
    with transaction(database) as session:
        session.get_one(Link, made.links["citizens"].id).is_active = False
    with pytest.raises(LinkClosed):
        opened(database, made, "citizens")


@pytest.mark.parametrize(
    "code",
    ["", "nobody", "2026CITIZE", "2026citize ", "' OR 1=1", "\x00", "%00", "٢٠٢٦", "a" * 10_000],
)
def test_codes_that_open_nothing(database, code):
    made_round(database)
    with reading(database) as session, pytest.raises(LinkUnknown):
        phone_link(session, code, Memory(8))


@pytest.mark.parametrize("channel", [Channel.PAPER, Channel.TELEPHONE])
def test_paper_and_telephone_have_no_page(database, channel):
    made = made_round(database)
    with transaction(database) as session:
        session.get_one(Link, made.links["citizens"].id).channel = channel
    with pytest.raises(LinkUnknown):
        opened(database, made, "citizens")


def test_what_is_asked_is_remembered_only_when_it_is_frozen(database):
    made = made_round(database, state=RoundState.REHEARSAL)
    known = Memory(8)
    before = opened(database, made, "citizens", known).asked
    with transaction(database) as session:
        session.get_one(Unit, made.units[0].id).name = "市改名局"
    renamed = opened(database, made, "citizens", known).asked
    assert renamed.version != before.version
    assert renamed.questionnaire.units[0].name == "市改名局"
    with transaction(database) as session:
        frozen = session.get_one(Round, made.round.id)
        frozen.state, frozen.frozen_sha256 = RoundState.OPEN, "f" * 64
    assert (
        opened(database, made, "citizens", known).asked
        is opened(database, made, "window", known).asked
    )


def test_tokens(database):
    made = made_round(database)
    good, spent, void = made.tokens["npc"]
    [foreign, *_] = made.tokens["cppcc"]
    with transaction(database) as session:
        session.get_one(Token, token_digest(spent)).spent_by = "x" * 64
        session.get_one(Token, token_digest(void)).is_void = True
    link = opened(database, made, "npc")
    with reading(database) as session:
        check_token(session, link, token_digest(good))
        with pytest.raises(TokenSpent):
            check_token(session, link, token_digest(spent))
        for text in (void, foreign, "never made"):
            with pytest.raises(TokenUnknown):
                check_token(session, link, token_digest(text))
