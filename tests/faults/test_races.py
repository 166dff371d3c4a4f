"""Many at once: threads that send the same, tokens fought over, a round that closes meanwhile."""

import threading
from collections import Counter

import pytest
from sqlalchemy import select, text, update

from surveys import intake as intake_module
from surveys.ballots import Outcome
from surveys.db import reading, transaction
from surveys.intake import Intake
from surveys.models import Ballot, Round, RoundState, TallyCell, Token
from surveys.questionnaire import UnitRating
from surveys.refusals import Busy, LinkClosed, NotSaved, Refusal, TokenSpent, TokenUnknown
from surveys.tokens import token_digest
from tests.makers import NOW, make_round, make_submission

# Hundreds of threads on a busy machine are not a store that has become slow.
PATIENT = 100.0


@pytest.fixture
def made(database):
    with transaction(database) as session:
        return make_round(session, tokens=5)


@pytest.fixture
def two_intakes(database):
    """Two writers on one store, as two server processes would have."""
    pair = [Intake(database, lambda: NOW, patience=PATIENT) for _ in range(2)]
    yield pair
    for intake in pair:
        intake.close()


def at_once(calls):
    """Run calls in threads that start together; return what each returned or was refused with."""
    barrier = threading.Barrier(len(calls))
    answers = [None] * len(calls)

    def run(index, call):
        barrier.wait()
        try:
            answers[index] = call()
        except Refusal as refusal:
            answers[index] = type(refusal)

    threads = [threading.Thread(target=run, args=(index, call)) for index, call in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Counter(answers)


def counts(database):
    with reading(database) as session:
        ballots = len(session.scalars(select(Ballot.id)).all())
        cells = session.scalars(select(TallyCell.count)).all()
    return ballots, sum(cells)


def token_ledger(database, link):
    """Count a batch's tokens by what became of them."""
    with reading(database) as session:
        rows = session.execute(
            select(Token.spent_by, Token.is_void).where(Token.link_id == link.id)
        ).all()
    return Counter(
        "void" if is_void else "used" if spent_by else "unused" for spent_by, is_void in rows
    )


def test_a_hundred_identical_submits_leave_one_row(database, made, two_intakes):
    one = make_submission(made, device_key="d")
    answers = at_once([lambda i=i: two_intakes[i % 2].keep(one) for i in range(100)])
    assert answers == {Outcome.KEPT: 1, Outcome.KEPT_BEFORE: 99}
    assert counts(database) == (1, 2)


def test_one_token_fought_over_by_fifty_different_ballots(database, made, two_intakes):
    digest = token_digest(made.tokens["npc"][0])
    calls = [
        lambda i=i: two_intakes[i % 2].keep(
            make_submission(made, "npc", token_digest=digest, submission_id=f"{i:022d}")
        )
        for i in range(50)
    ]
    assert at_once(calls) == {Outcome.KEPT: 1, TokenSpent: 49}
    assert counts(database) == (1, 2)
    with reading(database) as session:
        spent = session.scalars(select(Token).where(Token.spent_by.is_not(None))).all()
    assert [row.digest for row in spent] == [digest]


def test_fifty_tokens_each_fought_over_by_twenty(database, two_intakes):
    with transaction(database) as session:
        made = make_round(session, tokens=50)
    calls = [
        lambda token=token, rival=rival: two_intakes[rival % 2].keep(
            make_submission(
                made,
                "npc",
                token_digest=token_digest(token),
                submission_id=f"{token[:16]}{rival:06d}",
            )
        )
        for token in made.tokens["npc"]
        for rival in range(20)
    ]
    assert at_once(calls) == {Outcome.KEPT: 50, TokenSpent: 950}
    assert counts(database) == (50, 100)
    assert token_ledger(database, made.links["npc"]) == {"used": 50}


def test_a_token_is_either_used_or_void(database, two_intakes):
    with transaction(database) as session:
        made = make_round(session, tokens=40)
    tokens = made.tokens["npc"]

    def void(token):
        with transaction(database) as session:
            statement = update(Token).where(
                Token.digest == token_digest(token), Token.spent_by.is_(None)
            )
            done = session.execute(statement.values(is_void=True).returning(Token.digest))
            return "void" if done.first() else "too late"

    def use(index, token):
        one = make_submission(
            made, "npc", token_digest=token_digest(token), submission_id=f"{index:022d}"
        )
        return two_intakes[index % 2].keep(one)

    calls = [lambda token=token: void(token) for token in tokens]
    calls += [lambda pair=pair: use(*pair) for pair in enumerate(tokens)]
    answers = at_once(calls)
    kept, voided = answers[Outcome.KEPT], answers["void"]
    assert kept + voided == len(tokens), "one of the two wins"
    assert answers["too late"] == kept
    assert answers[TokenUnknown] == voided
    assert counts(database) == (kept, 2 * kept)
    ledger = token_ledger(database, made.links["npc"])
    assert ledger == Counter({"used": kept, "void": voided}) + Counter(), "every token issued"


def test_a_hundred_devices_are_all_counted(database, made, two_intakes):
    calls = [
        lambda i=i: two_intakes[i % 2].keep(
            make_submission(made, submission_id=f"{i:022d}", device_key=f"device {i}")
        )
        for i in range(100)
    ]
    assert at_once(calls) == {Outcome.KEPT: 100}
    assert counts(database) == (100, 200)


def test_one_browser_in_many_tabs_is_counted_once(database, made, two_intakes):
    calls = [
        lambda i=i: two_intakes[i % 2].keep(
            make_submission(made, submission_id=f"{i:022d}", device_key="one")
        )
        for i in range(30)
    ]
    assert at_once(calls) == {Outcome.KEPT: 1, Outcome.DUPLICATE: 29}
    assert counts(database) == (30, 2)


def test_what_is_acknowledged_while_the_round_closes_is_counted(database, made, two_intakes):
    def close():
        with transaction(database) as session:
            row = session.scalars(
                select(Round).where(Round.id == made.round.id).with_for_update()
            ).one()
            row.state = RoundState.CLOSED

    calls = [
        lambda i=i: two_intakes[i % 2].keep(make_submission(made, submission_id=f"{i:022d}"))
        for i in range(40)
    ]
    answers = at_once([*calls[:20], close, *calls[20:]])
    assert answers[Outcome.KEPT] + answers[LinkClosed] == 40
    assert counts(database) == (answers[Outcome.KEPT], 2 * answers[Outcome.KEPT])


def test_a_poisoned_submission_does_not_harm_its_neighbours(database, made):
    intake = Intake(database, lambda: NOW, patience=PATIENT)
    poison = make_submission(made, group_id=999_999, submission_id="p" * 22)
    good = [make_submission(made, submission_id=f"{i:022d}") for i in range(20)]
    calls = [lambda one=one: intake.keep(one) for one in (*good[:10], poison, *good[10:])]
    assert at_once(calls) == {Outcome.KEPT: 20, NotSaved: 1}
    assert counts(database) == (20, 40)
    intake.close()


def test_a_store_that_fails_is_never_acknowledged_and_recovers(database, made):
    intake = Intake(database, lambda: NOW, patience=PATIENT)
    with transaction(database) as session:
        session.execute(text("ALTER TABLE tally RENAME TO tally_gone"))
    with pytest.raises(NotSaved):
        intake.keep(make_submission(made))
    with transaction(database) as session:
        session.execute(text("ALTER TABLE tally_gone RENAME TO tally"))
    assert intake.keep(make_submission(made)) is Outcome.KEPT
    assert counts(database) == (1, 2)
    intake.close()


def test_a_full_queue_refuses_before_any_work(database, made):
    intake = Intake(database, lambda: NOW, depth=1, patience=PATIENT)
    holding = transaction(database)
    session = holding.__enter__()  # the writer now waits for this transaction
    session.execute(text("UPDATE round SET name = name"))
    calls = [
        lambda i=i: intake.keep(make_submission(made, submission_id=f"{i:022d}")) for i in range(8)
    ]
    seen = []

    def release_when_refused():
        while not any(one is Busy for one in seen):
            pass
        holding.__exit__(None, None, None)

    def watched(call):
        def run():
            try:
                seen.append(call())
            except Refusal as refusal:
                seen.append(type(refusal))
                raise
            return seen[-1]

        return run

    answers = at_once([*map(watched, calls), release_when_refused])
    assert answers[Busy] >= 1
    assert answers[Outcome.KEPT] + answers[Busy] == 8
    assert counts(database)[0] == answers[Outcome.KEPT]
    intake.close()


def test_closing_the_intake_writes_what_waits(database, made):
    intake = Intake(database, lambda: NOW, patience=PATIENT)
    at_once(
        [
            lambda i=i: intake.keep(make_submission(made, submission_id=f"{i:022d}"))
            for i in range(10)
        ]
    )
    intake.close()
    assert counts(database) == (10, 20)


def test_a_batch_larger_than_one_commit(database, made):
    count = intake_module.LARGEST_BATCH + 50
    intake = Intake(database, lambda: NOW, patience=PATIENT)
    calls = [
        lambda i=i: intake.keep(
            make_submission(made, submission_id=f"{i:022d}", ratings=(UnitRating(1, "AAAAA"),))
        )
        for i in range(count)
    ]
    assert at_once(calls) == {Outcome.KEPT: count}
    assert counts(database) == (count, count)
    intake.close()
