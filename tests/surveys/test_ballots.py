"""Every ballot once: what the writer stores, counts and answers."""

import json
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import IntegrityError

from surveys.ballots import Outcome, keep_batch, store
from surveys.db import reading, transaction
from surveys.models import (
    Ballot,
    Comment,
    Device,
    Link,
    Participation,
    RoundState,
    TallyCell,
    Token,
)
from surveys.questionnaire import UnitRating, Validity
from surveys.refusals import LinkClosed, LinkNotYetOpen, TokenSpent, TokenUnknown
from surveys.tokens import token_digest
from tests.makers import NOW, make_round, make_submission


def keep(database, *submissions, now=NOW):
    with transaction(database) as session:
        return keep_batch(session, submissions, now)


def rows(database, model):
    with reading(database) as session:
        return list(session.scalars(select(model)))


def tally(database):
    return {
        (cell.unit_number, cell.pattern, cell.is_flagged): cell.count
        for cell in rows(database, TallyCell)
    }


@pytest.fixture
def made(database):
    with transaction(database) as session:
        return make_round(session)


def test_a_ballot_is_one_row_of_fixed_width_text(database, made):
    submission = make_submission(
        made,
        ratings=(UnitRating(7 - 1, "AAAAA"), UnitRating(1, "ABBNC")),
        answers=(("role", "person"), ("ways", ("net", "window"))),
        comments=((1, "窗口很快"),),
        seconds=61,
        device_key="d",
    )
    assert keep(database, submission) == [Outcome.KEPT]
    [ballot] = rows(database, Ballot)
    assert ballot.ratings == "01ABBNC06AAAAA"
    assert ballot.answers == '{"role": "person", "ways": ["net", "window"]}'
    assert (ballot.seconds, ballot.validity) == (61, Validity.COUNTED)
    [comment] = rows(database, Comment)
    assert (comment.ballot_id, comment.unit_number, comment.words) == (ballot.id, 1, "窗口很快")
    assert tally(database) == {(1, "ABBNC", False): 1, (6, "AAAAA", False): 1}


def test_the_rating_view_splits_a_ballot_for_sql_readers(database, made):
    keep(database, make_submission(made, ratings=(UnitRating(1, "ABBNC"), UnitRating(6, "A-AAE"))))
    with reading(database) as session:
        found = session.execute(
            text(
                "SELECT unit_code, item, item_code, option_code, group_code FROM rating"
                " ORDER BY unit_code, item"
            )
        ).all()
    assert [row.option_code for row in found] == list("ABBNCA-AAE")
    assert [row.unit_code for row in found] == ["U01"] * 5 + ["U06"] * 5
    assert [row.item_code for row in found[:5]] == [item.code for item in made.rules.items]
    assert {row.group_code for row in found} == {"citizens"}


@pytest.mark.parametrize(
    "words", ['"quoted", \\ {braces}', "NULL", "", "\\", "a\nb", "’;--", "%s ? :x"]
)
def test_what_somebody_wrote_is_stored_sign_by_sign(database, made, words):
    answers = (("wish", words),)
    keep(database, make_submission(made, comments=((1, words),), answers=answers))
    [comment] = rows(database, Comment)
    [ballot] = rows(database, Ballot)
    assert (comment.words, json.loads(ballot.answers)) == (words, {"wish": words})


@pytest.mark.parametrize("validity", Validity)
@pytest.mark.parametrize("unknown", ["round_id", "group_id", "link_id"])
def test_a_ballot_of_nothing_known_is_not_stored(database, made, unknown, validity):
    ballot = make_submission(
        made, validity=validity, comments=((1, "好"),), device_key="d", **{unknown: 999_999}
    )
    with pytest.raises(IntegrityError), transaction(database) as session:
        store(session, [ballot], NOW)
    assert [row for model in (Ballot, Comment, Device) for row in rows(database, model)] == []


@pytest.mark.parametrize("together", [True, False], ids=["in one batch", "one after the other"])
def test_the_same_submission_again_is_kept_once(database, made, together):
    submission = make_submission(made, device_key="d")
    if together:
        answers = keep(database, *[submission] * 3)
    else:
        answers = [keep(database, submission)[0] for _ in range(3)]
    assert Counter(answers) == {Outcome.KEPT: 1, Outcome.KEPT_BEFORE: 2}
    assert len(rows(database, Ballot)) == 1
    assert tally(database) == {(1, "AABBC", False): 1, (2, "ABNNN", False): 1}


def test_the_same_submission_with_other_answers_is_told_that_the_first_counts(database, made):
    keep(database, make_submission(made))
    changed = make_submission(made, ratings=(UnitRating(1, "EEEEE"),))
    assert keep(database, changed) == [Outcome.KEPT_FIRST]
    assert tally(database) == {(1, "AABBC", False): 1, (2, "ABNNN", False): 1}


@pytest.mark.parametrize("together", [True, False], ids=["in one batch", "one after the other"])
def test_a_second_ballot_of_the_same_browser_is_stored_and_not_counted(database, made, together):
    first = make_submission(made, device_key="d", submission_id="a" * 22)
    second = make_submission(made, device_key="d", submission_id="b" * 22)
    if together:
        answers = keep(database, first, second)
    else:
        answers = keep(database, first) + keep(database, second)
    assert answers == [Outcome.KEPT, Outcome.DUPLICATE]
    assert keep(database, second) == [Outcome.DUPLICATE], "its retry is told the same"
    assert Counter(row.validity for row in rows(database, Ballot)) == {
        Validity.COUNTED: 1,
        Validity.DUPLICATE: 1,
    }
    assert sum(tally(database).values()) == 2, "two ratings of one counted ballot"
    duplicate = next(row for row in rows(database, Ballot) if row.validity is Validity.DUPLICATE)
    assert duplicate.reasons == "same_device"


def test_ballots_without_a_device_key_are_each_counted(database, made):
    pair = [make_submission(made, submission_id=sign * 22) for sign in "ab"]
    assert keep(database, *pair) == [Outcome.KEPT, Outcome.KEPT]


def test_the_same_ids_in_another_round_are_other_ballots(database, made):
    with transaction(database) as session:
        other = make_round(session, code="2027")
    both = (make_submission(made, device_key="d"), make_submission(other, device_key="d"))
    assert keep(database, *both) == [Outcome.KEPT, Outcome.KEPT]


def test_flagged_and_excluded_ballots_are_stored_and_tallied_apart(database, made):
    answers = keep(
        database,
        make_submission(
            made, submission_id="a" * 22, validity=Validity.FLAGGED, reasons=("speed",)
        ),
        make_submission(made, submission_id="b" * 22, validity=Validity.EXCLUDED),
        make_submission(made, submission_id="c" * 22),
    )
    assert answers == [Outcome.KEPT] * 3
    assert tally(database) == {
        (1, "AABBC", True): 1,
        (2, "ABNNN", True): 1,
        (1, "AABBC", False): 1,
        (2, "ABNNN", False): 1,
    }
    counts = {row.validity: row.count for row in rows(database, Participation)}
    assert counts == {Validity.FLAGGED: 1, Validity.EXCLUDED: 1, Validity.COUNTED: 1}


def test_a_token_admits_one_ballot_which_leads_back_to_nobody(database, made):
    digest = token_digest(made.tokens["npc"][0])
    one = make_submission(
        made, "npc", token_digest=digest, seconds=9, comments=((1, "好"),), device_key="d"
    )
    assert keep(database, one) == [Outcome.KEPT]
    assert keep(database, one) == [Outcome.KEPT_BEFORE], "the retry of the same press"
    other = make_submission(made, "npc", token_digest=digest, submission_id="o" * 22)
    [answer] = keep(database, other)
    assert isinstance(answer, TokenSpent)
    [ballot] = rows(database, Ballot)
    assert ballot.id != one.submission_id
    kept = (ballot.link_id, ballot.device_key, ballot.received_on, ballot.seconds)
    assert kept == (None,) * 4
    [comment] = rows(database, Comment)
    assert comment.ballot_id is None
    spent = next(row for row in rows(database, Token) if row.digest == digest)
    assert spent.spent_by not in {ballot.id, one.submission_id, None}


def test_two_ballots_with_one_token_in_one_batch(database, made):
    digest = token_digest(made.tokens["npc"][0])
    pair = [
        make_submission(made, "npc", token_digest=digest, submission_id=sign * 22) for sign in "ab"
    ]
    answers = keep(database, *pair)
    assert sorted(type(answer) for answer in answers if answer is not Outcome.KEPT) == [TokenSpent]
    assert len(rows(database, Ballot)) == 1


def test_a_token_of_another_batch_or_nobody_is_unknown(database, made):
    foreign = token_digest(made.tokens["cppcc"][0])
    for digest in (foreign, token_digest("0" * 26)):
        [answer] = keep(database, make_submission(made, "npc", token_digest=digest))
        assert isinstance(answer, TokenUnknown)
    assert rows(database, Ballot) == []


def test_a_voided_token_is_unknown(database, made):
    digest = token_digest(made.tokens["npc"][0])
    with transaction(database) as session:
        session.execute(update(Token).where(Token.digest == digest).values(is_void=True))
    [answer] = keep(database, make_submission(made, "npc", token_digest=digest))
    assert isinstance(answer, TokenUnknown)


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        pytest.param({"state": RoundState.DRAFT}, LinkNotYetOpen, id="draft"),
        pytest.param({"state": RoundState.CLOSED}, LinkClosed, id="closed"),
        pytest.param({"state": RoundState.SCORED}, LinkClosed, id="scored"),
        pytest.param({"state": RoundState.PUBLISHED}, LinkClosed, id="published"),
        pytest.param({"opens_at": NOW + timedelta(seconds=1)}, LinkNotYetOpen, id="a second early"),
        pytest.param({"closes_at": NOW}, LinkClosed, id="at the very end"),
    ],
)
def test_the_round_decides_at_the_moment_of_the_commit(database, changes, refusal):
    with transaction(database) as session:
        made = make_round(session, **changes)
    digest = token_digest(made.tokens["npc"][0])
    answers = keep(
        database, make_submission(made), make_submission(made, "npc", token_digest=digest)
    )
    assert [type(answer) for answer in answers] == [refusal, refusal]
    assert rows(database, Ballot) == []
    assert all(row.spent_by is None for row in rows(database, Token)), "no token is spent in vain"


def test_a_switched_off_link_refuses_and_its_neighbours_do_not(database, made):
    with transaction(database) as session:
        session.execute(
            update(Link).where(Link.id == made.links["window"].id).values(is_active=False)
        )
    answers = keep(
        database,
        make_submission(made, "window", submission_id="a" * 22),
        make_submission(made, submission_id="b" * 22),
    )
    assert isinstance(answers[0], LinkClosed)
    assert answers[1] is Outcome.KEPT


def test_rehearsal_ballots_are_kept_whatever_the_dates(database):
    with transaction(database) as session:
        made = make_round(session, state=RoundState.REHEARSAL, opens_at=NOW + timedelta(days=9))
    assert keep(database, make_submission(made)) == [Outcome.KEPT]


def test_ids_of_secret_ballots_do_not_follow_the_order_of_arrival(database):
    with transaction(database) as session:
        made = make_round(session, tokens=40)
    patterns = [f"{a}{b}AAA" for a in "ABCDE" for b in "ABCDEN"] + [f"N{b}AAA" for b in "ABCDEN"]
    for number, token in enumerate(made.tokens["npc"][: len(patterns)]):
        ballot = make_submission(
            made,
            "npc",
            submission_id=f"{number:022d}",
            token_digest=token_digest(token),
            ratings=(UnitRating(1, patterns[number]),),
        )
        assert keep(database, ballot) == [Outcome.KEPT]
    with reading(database) as session:
        stored = session.scalars(select(Ballot.ratings).order_by(Ballot.id)).all()
    arrived = [f"01{pattern}" for pattern in patterns]
    assert sorted(stored) == sorted(arrived)
    assert stored != arrived
