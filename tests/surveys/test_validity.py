"""Decisions about stored ballots: the counts follow each one, and always equal a recount."""

from collections import Counter
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from surveys.ballots import store
from surveys.db import reading, transaction
from surveys.models import (
    AuditEntry,
    Ballot,
    Correction,
    Participation,
    RoundState,
    TallyCell,
)
from surveys.participation import participation
from surveys.questionnaire import ENTERING, UnitRating, Validity
from surveys.recount import recount
from surveys.refusals import (
    BallotDamaged,
    BallotIsSecond,
    BallotUnknown,
    CountsBroken,
    RoundUnknown,
    WrongState,
)
from surveys.validity import DECIDABLE, change_validity
from tests import makers
from tests.makers import NOW

CODES = count(1)
DOORS = ("citizens", "window", "enterprises", "npc")
A, B = (UnitRating(1, "AABBC"), UnitRating(2, "AAAAA")), (UnitRating(1, "AABBC"),)


def keep(session, made, link, number, **changes):
    """Store one ballot; those of codes are secret."""
    ident = f"{link}{number:03d}".ljust(22, "x")
    if link == "npc":
        changes["token_digest"] = makers.token_digest(made.tokens["npc"][number])
    submission = makers.make_submission(made, link, submission_id=ident, **changes)
    store(session, [submission], NOW)


@pytest.fixture
def made(database):
    with transaction(database) as session:
        made = makers.make_round(session, tokens=8)
        for number in range(3):
            keep(session, made, "citizens", number, ratings=A)
            keep(session, made, "npc", number, ratings=B)
        keep(session, made, "citizens", 9, ratings=B, validity=Validity.FLAGGED)
    return made


def ids_of(database, made, *where):
    with reading(database) as session:
        wanted = select(Ballot.id).where(Ballot.round_id == made.round.id, *where)
        return session.scalars(wanted.order_by(Ballot.id)).all()


def decide(database, made, ids, validity, reason="查实为代填"):
    with transaction(database) as session:
        return change_validity(session, made.round.id, ids, validity, reason, NOW, "绩效办")


def check(database, made):
    """Hold the folded counts against the ballots."""
    assert recount(database, made.round.id).differences == ()
    with reading(database) as session:
        stored = Counter(
            session.scalars(select(Ballot.validity).where(Ballot.round_id == made.round.id))
        )
        total = participation(session, made.round.id).total
    assert total.received == stored.total()
    assert total.counted == sum(stored[validity] for validity in ENTERING)
    assert (total.flagged, total.held) == (stored[Validity.FLAGGED], stored[Validity.HELD])
    assert (total.excluded, total.duplicate) == (
        stored[Validity.EXCLUDED],
        stored[Validity.DUPLICATE],
    )


@pytest.mark.parametrize("validity", sorted(DECIDABLE))
def test_the_counts_follow_a_decision(database, made, validity):
    ids = ids_of(database, made)
    assert decide(database, made, ids, validity) == sum(
        1 for one in (Validity.COUNTED,) * 6 + (Validity.FLAGGED,) if one is not validity
    )
    check(database, made)


def test_a_ballot_that_is_excluded_leaves_its_link_and_day(database, made):
    decide(database, made, ["citizens000xxxxxxxxxxx"], Validity.EXCLUDED)
    link_id = made.links["citizens"].id
    with reading(database) as session:
        rows = session.execute(
            select(Participation.validity, Participation.count).where(
                Participation.link_id == link_id
            )
        ).all()
    assert dict(map(tuple, rows)) == {
        Validity.COUNTED: 2,
        Validity.FLAGGED: 1,
        Validity.EXCLUDED: 1,
    }


def test_a_secret_ballot_that_is_excluded_is_moved_inside_its_group_only(database, made):
    secret = ids_of(database, made, Ballot.channel == "token")[0]
    decide(database, made, [secret], Validity.EXCLUDED)
    with reading(database) as session:
        counts = participation(session, made.round.id)
        rows = session.execute(select(Correction.validity, Correction.count)).all()
    npc = next(group for group in counts.groups if group.code == "npc")
    assert (npc.ballots.counted, npc.ballots.excluded) == (2, 1)
    # Through which batch it came nobody knows, so the batch keeps what arrived through it.
    assert counts.links[made.links["npc"].id].counted == 3
    assert dict(map(tuple, rows)) == {Validity.COUNTED: -1, Validity.EXCLUDED: 1}


def test_back_again_leaves_everything_as_it_was(database, made):
    before = recount(database, made.round.id)
    ids = ids_of(database, made, Ballot.validity == Validity.COUNTED)
    decide(database, made, ids, Validity.EXCLUDED)
    decide(database, made, ids, Validity.COUNTED)
    assert recount(database, made.round.id) == before


def test_the_same_list_again_changes_nothing_and_writes_nothing_down(database, made):
    ids = ids_of(database, made)
    assert decide(database, made, [*ids, ids[0]], Validity.HELD) == 7
    assert decide(database, made, ids, Validity.HELD) == 0
    with reading(database) as session:
        (details,) = session.scalars(
            select(AuditEntry.details)
            .where(AuditEntry.action == "ballots decided")
            .order_by(AuditEntry.id)
        ).all()
    assert details.startswith("held: 7 (")
    assert details.endswith("): 查实为代填")
    check(database, made)


@pytest.mark.parametrize(
    ("spoil", "refusal"),
    [
        pytest.param(None, BallotUnknown, id="an id that the round does not have"),
        pytest.param({"validity": Validity.DUPLICATE}, BallotIsSecond, id="a duplicate"),
        pytest.param({"ratings": "01AAB"}, BallotDamaged, id="a damaged ballot"),
        pytest.param({"ratings": "03EEEEE"}, CountsBroken, id="one that was never tallied so"),
    ],
)
def test_one_that_cannot_be_decided_about_refuses_the_whole_list(database, made, spoil, refusal):
    ids = list(ids_of(database, made))
    if spoil:
        with transaction(database) as session:
            session.execute(update(Ballot).where(Ballot.id == ids[-1]).values(**spoil))
    else:
        ids.append("nobody")
    with pytest.raises(refusal):
        decide(database, made, ids, Validity.EXCLUDED)
    assert ids_of(database, made, Ballot.validity == Validity.EXCLUDED) == []
    with reading(database) as session:
        assert sum(session.scalars(select(TallyCell.count))) == 3 * 2 + 3 + 1


@pytest.mark.parametrize("state", [RoundState.DRAFT, RoundState.PUBLISHED])
def test_nothing_moves_behind_published_results(database, made, state):
    with transaction(database) as session:
        session.merge(made.round).state = state
    with pytest.raises(WrongState):
        decide(database, made, ids_of(database, made), Validity.EXCLUDED)


def test_an_unknown_round_is_refused(database):
    with transaction(database) as session, pytest.raises(RoundUnknown):
        change_validity(session, 404, [], Validity.EXCLUDED, "", NOW, "x")


def test_nobody_decides_that_a_ballot_is_a_duplicate(database, made):
    with pytest.raises(ValueError, match="nobody decides"):
        decide(database, made, [], Validity.DUPLICATE)


STEPS = st.lists(
    st.one_of(
        st.tuples(
            st.sampled_from(DOORS),
            st.lists(st.sampled_from(["AABBC", "AAAAA", "N-BBC"]), min_size=1, max_size=3),
            st.sampled_from([Validity.COUNTED, Validity.FLAGGED, Validity.EXCLUDED]),
            st.sampled_from([None, "one", "two"]),
        ),
        st.tuples(st.sampled_from(sorted(DECIDABLE)), st.sets(st.integers(0, 7))),
    ),
    max_size=12,
)


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=STEPS)
def test_after_any_ballots_and_decisions_the_counts_equal_a_recount(database, steps):
    with transaction(database) as session:
        made = makers.make_round(session, code=f"R{next(CODES)}", tokens=12)
    for number, step in enumerate(steps):
        if len(step) == 2:
            validity, places = step
            ids = ids_of(database, made, Ballot.validity != Validity.DUPLICATE)
            decide(database, made, [ids[p] for p in places if p < len(ids)], validity)
            continue
        link, patterns, validity, browser = step
        ratings = tuple(UnitRating(unit, p) for unit, p in enumerate(patterns, start=1))
        with transaction(database) as session:
            keep(
                session,
                made,
                link,
                number,
                ratings=ratings,
                validity=validity,
                device_key=None if link == "npc" else browser and f"{link}{browser}",
            )
    check(database, made)
