"""Importing a round, and its life cycle: what each step does and what forbids it."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select, update

from surveys.ballots import keep_batch
from surveys.db import reading, transaction
from surveys.models import (
    AuditEntry,
    Ballot,
    Comment,
    Group,
    Participation,
    Round,
    RoundState,
    TallyCell,
    Token,
    Unit,
)
from surveys.planning.actions import (
    STEPS,
    close_round,
    import_round,
    open_round,
    publish_round,
    rehearse_round,
)
from surveys.planning.demonstration import demonstration_plan
from surveys.planning.life import FROM, NO_LINK, TIME_IS_OVER, TO, Step
from surveys.planning.queries import frozen_document, frozen_sha256, history, plan_of
from surveys.refusals import NotReady, RoundFrozen, RoundTaken, RoundUnknown, WrongState
from surveys.tokens import token_digest
from tests.makers import NOW, make_round, make_submission

PLAN = replace(
    demonstration_plan(
        "2026",
        "2026年度社会评议",
        "Appraisal 2026",
        NOW,
        NOW + timedelta(days=30),
        date(2027, 1, 15),
    ),
    keep_months=36,
)
OFFICE = "绩效办"


def test_an_imported_round_is_the_plan(database):
    with transaction(database) as session:
        made = import_round(session, PLAN, NOW, OFFICE)
    with reading(database) as session:
        assert plan_of(session, made.id) == PLAN
        found = session.get_one(Round, made.id)
        assert (found.state, found.unit_digits, found.item_count) == (RoundState.DRAFT, 2, 5)
        numbers = session.scalars(select(Unit.number).order_by(Unit.code)).all()
        assert numbers == list(range(1, 63))
        assert [entry.action for entry in history(session, made.id)] == ["round imported"]


def test_a_code_is_taken_once_and_nothing_is_half_saved(database):
    with transaction(database) as session:
        import_round(session, PLAN, NOW, OFFICE)
    with pytest.raises(RoundTaken), transaction(database) as session:
        import_round(session, replace(PLAN, name="另一个"), NOW, OFFICE)
    with reading(database) as session:
        assert session.scalars(select(func.count(Round.id))).one() == 1
        assert session.scalars(select(func.count(Unit.id))).one() == 62
        assert session.scalars(select(func.count(Group.id))).one() == 4


@pytest.mark.parametrize("state", RoundState)
@pytest.mark.parametrize("step", Step)
def test_each_step_follows_only_its_states(database, step, state):
    with transaction(database) as session:
        made = make_round(session, state=state).round
    if state in FROM[step]:
        with transaction(database) as session:
            assert STEPS[step](session, made.id, NOW, OFFICE).state is TO[step]
    else:
        with pytest.raises(WrongState) as refused, transaction(database) as session:
            STEPS[step](session, made.id, NOW, OFFICE)
        assert refused.value.values == {"state": state}
        with reading(database) as session:
            assert session.get_one(Round, made.id).state is state
            assert history(session, made.id) == ()


def test_a_whole_life_is_written_down(database):
    with transaction(database) as session:
        made = make_round(session, state=RoundState.DRAFT).round
        rehearse_round(session, made.id, NOW, OFFICE)
        open_round(session, made.id, NOW, OFFICE)
        close_round(session, made.id, NOW, OFFICE)
        made.state = RoundState.SCORED
        publish_round(session, made.id, NOW, "command")
    with reading(database) as session:
        lines = [(entry.action, entry.actor) for entry in history(session, made.id)]
    assert lines == [
        ("round published", "command"),
        ("round closed", OFFICE),
        ("notice frozen", OFFICE),
        ("round opened", OFFICE),
        ("round rehearsed", OFFICE),
    ]


def test_opening_clears_the_rehearsal_of_this_round_only(database):
    with transaction(database) as session:
        made = make_round(session, state=RoundState.REHEARSAL)
        other = make_round(session, state=RoundState.OPEN, code="2025")
        spent = token_digest(made.tokens["npc"][0])
        keep_batch(
            session,
            [
                make_submission(made, comments=((1, "试一试"),)),
                make_submission(made, "npc", submission_id="t" * 22, token_digest=spent),
                make_submission(other, submission_id="o" * 22),
            ],
            NOW,
        )
        assert session.get_one(Token, spent).spent_by is not None
    with transaction(database) as session:
        open_round(session, made.round.id, NOW, OFFICE)
    with reading(database) as session:
        for table in (Ballot, TallyCell, Participation, Comment):
            rounds = set(session.scalars(select(table.round_id)))
            assert rounds <= {other.round.id}
        assert session.scalars(select(func.count()).select_from(Ballot)).one() == 1
        assert session.get_one(Token, spent).spent_by is None


def test_opening_freezes_the_digest_of_the_whole_plan(database):
    with transaction(database) as session:
        made = make_round(session, state=RoundState.DRAFT)
        open_round(session, made.round.id, NOW, OFFICE)
    with transaction(database) as session:
        found = session.get_one(Round, made.round.id)
        assert found.frozen_at == NOW
        assert found.frozen_sha256 == frozen_sha256(session, made.round.id)
        document = frozen_document(session, made.round.id)
        assert document["rules"] == made.rules.document()
        assert [unit["code"] for unit in document["units"]] == [unit.code for unit in made.units]
        assert {text["code"] for text in document["questionnaires"]} == {"public", "members"}
        session.execute(update(Unit).where(Unit.id == made.units[0].id).values(name="别的局"))
        assert found.frozen_sha256 != frozen_sha256(session, made.round.id)
        lines = session.scalars(select(AuditEntry.details).order_by(AuditEntry.id)).all()
        assert lines == [found.frozen_sha256, found.notice_sha256]


def test_what_people_are_told_is_frozen_beside_the_plan_and_not_in_it(database):
    told = replace(PLAN, contact="别处", keep_months=1, results_on=date(2027, 1, 31))
    assert told.document() == PLAN.document()
    with transaction(database) as session:
        import_round(session, PLAN, NOW, OFFICE)
        made = session.scalars(select(Round)).one()
        made.keep_months = None  # as in a round that is older than the line
        session.flush()
        assert plan_of(session, made.id) == replace(PLAN, keep_months=24)


def test_a_frozen_round_is_not_rehearsed_again(database):
    with transaction(database) as session:
        made = make_round(session).round
        made.frozen_at = NOW
    with pytest.raises(RoundFrozen), transaction(database) as session:
        rehearse_round(session, made.id, NOW, OFFICE)


@pytest.mark.parametrize("step", [Step.REHEARSE, Step.OPEN])
def test_a_round_without_links_is_not_let_out(database, step):
    with transaction(database) as session:
        made = import_round(session, PLAN, NOW, OFFICE)
    with pytest.raises(NotReady) as refused, transaction(database) as session:
        STEPS[step](session, made.id, NOW, OFFICE)
    assert refused.value.message == NO_LINK
    with reading(database) as session:
        assert session.get_one(Round, made.id).state is RoundState.DRAFT


def test_a_round_whose_time_is_over_is_not_opened(database):
    with transaction(database) as session:
        made = make_round(session, state=RoundState.DRAFT, closes_at=NOW).round
    with pytest.raises(NotReady) as refused, transaction(database) as session:
        open_round(session, made.id, NOW, OFFICE)
    assert refused.value.message == TIME_IS_OVER


def test_an_unknown_round_is_refused(database):
    with pytest.raises(RoundUnknown), transaction(database) as session:
        open_round(session, 99, NOW, OFFICE)
