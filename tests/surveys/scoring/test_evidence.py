"""The evidence of a run: worked out once from the ballots behind it, kept, never changed."""

import json

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.exc import DatabaseError

from analytics.evidence.gathering import evidence_of
from analytics.evidence.result import RoundEvidence
from analytics.plain_values import plain_value
from surveys.db import reading, transaction
from surveys.jobs import start_job
from surveys.jobs.runner import Runner
from surveys.models import AuditEntry, Ballot, Evidence, Job, JobState, RoundState
from surveys.questionnaire import UnitRating, Validity
from surveys.refusals import EvidenceBehind, RunUnknown
from surveys.scoring import queries
from surveys.scoring.evidence import evidence_inputs
from surveys.scoring.json_form import form_of
from surveys.validity import change_validity
from tests import makers
from tests.makers import NOW
from tests.surveys.scoring.scored import (
    add_work,
    keep_ballot,
    make_closed_round,
    score_round,
)


@pytest.fixture
def made(database):
    with transaction(database) as session:
        made = make_closed_round(session)
        add_work(session, made)
        score_round(session, made)
    return made


def inputs_of(database, made, number=1):
    with reading(database) as session:
        return evidence_inputs(session, made.round.id, number)[1]


def view_of(database, made, number=1):
    with reading(database) as session:
        run = queries.run_view(session, made.round.id, number)
        return queries.evidence_view(session, made.round.id, run)


def work_out(settings, database, made, run=1) -> Job:
    """Have the evidence worked out by a job, as the console does."""
    with transaction(database) as session:
        job = start_job(session, "evidence", NOW, "绩效办", made.round.id, {"run": run})
        job_id = job.id
    assert Runner(settings, database, lambda: NOW).run(job_id)
    with reading(database) as session:
        return session.get_one(Job, job_id)


def test_evidence_is_of_the_runs_own_scores_in_the_order_of_the_ballots(database, made):
    found = evidence_of(inputs_of(database, made))
    with reading(database) as session:
        run = queries.run_view(session, made.round.id)
    assert [unit.code for unit in found.units] == ["U01", "U02", "U03", "U04"]
    for unit in found.units:
        figures = run.unit(unit.code)
        assert unit.direct.score == pytest.approx(float(figures.direct))
        if figures.interval is not None:  # a unit that few have rated has none
            assert unit.direct.plain_se == pytest.approx(float(figures.interval.se), abs=1e-6)
    assert any(run.unit(unit.code).interval is not None for unit in found.units)
    ranked = {code for one in found.classes for code in one.units}
    assert ranked == {"U01", "U02", "U03"}  # U04 is not ranked


def test_ranks_are_those_of_totals_where_there_are_totals(database, made):
    inputs = inputs_of(database, made)
    with reading(database) as session:
        run = queries.run_view(session, made.round.id)
    totals = [float(run.unit(unit.code).total) for unit in inputs.units]
    assert inputs.official.tolist() == pytest.approx(totals)


def test_ballots_that_were_decided_about_since_refuse(database, made):
    with transaction(database) as session:
        ballot = session.scalars(
            select(Ballot.id).where(Ballot.validity == Validity.COUNTED).limit(1)
        ).one()
        change_validity(session, made.round.id, [ballot], Validity.EXCLUDED, "测试", NOW, "绩效办")
    with pytest.raises(EvidenceBehind):
        inputs_of(database, made)


def test_a_run_that_does_not_exist_refuses(database, made):
    with pytest.raises(RunUnknown):
        inputs_of(database, made, number=7)


def test_the_round_before_is_the_newest_one_that_scored_these_units(database):
    with transaction(database) as session:
        for code in ("2024", "2025"):
            earlier = make_round_with_ballots(session, code)
            score_round(session, earlier)
        make_round_with_ballots(session, "2025-b")  # never scored
        made = make_round_with_ballots(session, "2026")
        score_round(session, made)
    inputs = inputs_of(database, made)
    assert inputs.last_year.name == "2025年"
    assert inputs.last_year.counts.units == ("U01", "U02", "U03", "U04")


def make_round_with_ballots(session, code):
    made = makers.make_round(
        session, state=RoundState.OPEN, units=4, code=code, name=f"{code}年", tokens=3
    )
    for number in range(3):
        ratings = tuple(UnitRating(unit, "ABABA") for unit in range(1, 5))
        keep_ballot(session, made, "npc", number, ratings, token=made.tokens["npc"][number])
    made.round.state = RoundState.CLOSED
    session.flush()
    return made


def test_a_job_works_it_out_and_keeps_it_once(settings, database, made):
    job = work_out(settings, database, made)
    assert job.state is JobState.DONE, job.problem
    first = view_of(database, made)
    assert first.found.ballots == 9
    assert (first.actor, first.created_at) == ("绩效办", NOW)
    again = work_out(settings, database, made)
    assert again.state is JobState.DONE
    assert view_of(database, made).found == first.found
    with reading(database) as session:
        noted = session.scalars(
            select(AuditEntry)
            .where(AuditEntry.action == "evidence worked out")
            .order_by(AuditEntry.id)
        ).all()
        assert len(noted) == 1


def test_what_was_read_back_is_what_was_worked_out(database, made):
    found = evidence_of(inputs_of(database, made))
    keep(database, made, json.dumps(plain_value(found), allow_nan=False))
    assert view_of(database, made).found == found


def test_evidence_of_another_version_counts_as_missing_and_stays(settings, database, made):
    keep(database, made, "{}", form="0123456789abcdef")
    assert view_of(database, made) is None
    assert work_out(settings, database, made).state is JobState.DONE
    assert view_of(database, made).found.ballots == 9
    with reading(database) as session:
        assert "{}" in session.scalars(select(Evidence.document)).all()


@pytest.mark.parametrize("change", [update(Evidence).values(actor="-"), delete(Evidence)])
def test_kept_evidence_is_never_changed(database, made, change):
    keep(database, made, "{}")
    with pytest.raises(DatabaseError, match="never changed"), transaction(database) as session:
        session.execute(change)


def keep(database, made, document, form=None):
    with transaction(database) as session:
        run_id = evidence_inputs(session, made.round.id, 1)[0]
        session.add(
            Evidence(
                run_id=run_id,
                form=form or form_of(RoundEvidence),
                created_at=NOW,
                actor="绩效办",
                code_version="1",
                document=document,
            )
        )
