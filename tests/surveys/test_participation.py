from datetime import date

import pytest

from surveys.db import reading, transaction
from surveys.models import Participation
from surveys.participation import BallotCount, participation
from surveys.questionnaire import Channel, Validity
from tests import makers

DAYS = (date(2026, 11, 1), date(2026, 11, 2))


@pytest.fixture
def made(database):
    """A round with two days of ballots through three links, and a second round beside it."""
    with transaction(database) as session:
        made = makers.make_round(session)
        other = makers.make_round(session, code="other")
        rows = [
            (made, "citizens", 0, Validity.COUNTED, 5),
            (made, "citizens", 1, Validity.COUNTED, 7),
            (made, "citizens", 1, Validity.DUPLICATE, 2),
            (made, "window", 0, Validity.FLAGGED, 3),
            (made, "npc", 0, Validity.COUNTED, 10),
            (made, "npc", 0, Validity.EXCLUDED, 1),
            (other, "citizens", 0, Validity.COUNTED, 999),
        ]
        session.add_all(
            Participation(
                round_id=owner.round.id,
                link_id=owner.links[link].id,
                day=DAYS[day],
                validity=validity,
                count=count,
            )
            for owner, link, day, validity, count in rows
        )
    return made


def test_ballots_add_up_per_group_channel_and_link(database, made):
    with reading(database) as session:
        found = participation(session, made.round.id)
    groups = {group.code: group for group in found.groups}
    assert list(groups) == ["citizens", "enterprises", "npc", "cppcc"]
    assert groups["citizens"].ballots == BallotCount(
        received=17, counted=15, flagged=3, duplicate=2
    )
    assert groups["enterprises"].ballots == BallotCount()
    assert [(part.channel, part.ballots.received) for part in groups["citizens"].channels] == [
        (Channel.OPEN, 14),
        (Channel.WINDOW, 3),
    ]
    assert groups["npc"].ballots == BallotCount(received=11, counted=10, excluded=1)
    assert found.links[made.links["citizens"].id].received == 14
    assert made.links["cppcc"].id not in found.links
    assert found.total == BallotCount(received=28, counted=25, flagged=3, duplicate=2, excluded=1)


def test_the_return_counts_what_counts_of_those_invited(database, made):
    with reading(database) as session:
        groups = {group.code: group for group in participation(session, made.round.id).groups}
    assert groups["npc"].return_share == pytest.approx(10 / 40)
    assert groups["cppcc"].return_share == 0
    assert groups["citizens"].return_share is None, "nobody knows how many citizens there were"


def test_a_round_without_ballots_has_zeros(database):
    with transaction(database) as session:
        made = makers.make_round(session)
    with reading(database) as session:
        found = participation(session, made.round.id)
    assert found.total == BallotCount()
    assert len(found.groups) == 4
