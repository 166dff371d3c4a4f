"""Scoring runs: what is computed, when it is refused, and that nothing is ever overwritten."""

import json
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import delete, select, update

from analytics.rules import preset
from surveys.db import reading, transaction
from surveys.models import (
    AuditEntry,
    Ballot,
    Round,
    RoundState,
    ScoringRun,
    TallyCell,
    UnitScore,
)
from surveys.recount import recount
from surveys.refusals import (
    InputChanged,
    NothingToScore,
    RoundUnknown,
    TallyDisagrees,
    WrongState,
)
from surveys.scoring import actions, queries
from surveys.scoring.run import Proof
from surveys.tallies import record_check
from tests import makers
from tests.makers import NOW
from tests.surveys.scoring.scored import add_work, make_closed_round, score_round, verify

D = Decimal


@pytest.fixture
def made(database):
    with transaction(database) as session:
        made = make_closed_round(session)
        add_work(session, made)
    return made


def score(database, made) -> int:
    with transaction(database) as session:
        return score_round(session, made).number


def run_of(database, made, number=None):
    with reading(database) as session:
        return queries.run_view(session, made.round.id, number)


def test_a_run_holds_every_figure_of_a_unit(database, made):
    """Citizens 100, 80 and (flagged) 0; deputies 92 each; no group reaches its floor."""
    score(database, made)
    run = run_of(database, made)
    unit = run.unit("U01")
    citizens, npc = unit.groups[0], unit.groups[2]
    assert (citizens.returned, citizens.valid, citizens.abstained, citizens.flagged) == (4, 3, 1, 1)
    assert citizens.mean == D(60)
    assert citizens.scores == (("0", 1), ("80", 1), ("100", 1))
    assert citizens.option_counts[0] == (2, 1, 0, 0, 1, 0, 0)
    assert citizens.flags == ("group_small",)
    assert (npc.returned, npc.mean) == (3, D(92))
    # Enterprises rated U03 only, 60: who has none takes the class's, here everybody's, mean.
    assert (unit.groups[1].valid, unit.groups[1].padded) == (0, D(60))
    # CPPCC members gave nothing: 40, 30 and 15 of 85 remain.
    assert unit.groups[3].flags == ("no_ballots", "group_suspended")
    assert unit.composite == D("65.64705882352941176470588235")
    assert unit.composite.quantize(D("0.0001")) == D("65.6471")
    assert unit.printed.social == D("19.69")
    assert unit.printed.work == D("66.00")
    assert (unit.adjustment_asked, unit.adjustment, unit.printed.adjustment) == (6, 5, D("5.00"))
    assert unit.printed.total == D("90.69")
    assert "adjustment_cut" in unit.flags


def test_the_score_without_flagged_ballots_stands_beside(database, made):
    score(database, made)
    unit = run_of(database, made).unit("U01")
    # Citizens (100 + 80) / 2 = 90 in place of 60.
    assert unit.without_flagged.social == D("23.93")
    assert unit.difference_without == D("4.24")


def test_an_indicator_that_does_not_apply_leaves_the_full_marks(database, made):
    score(database, made)
    assert run_of(database, made).unit("U02").printed.work == D("63.88")  # 70 · 36.5 / 40


def test_a_veto_and_a_unit_that_is_not_ranked(database, made):
    score(database, made)
    run = run_of(database, made)
    assert run.unit("U03").is_vetoed
    assert run.unit("U03").grade != "excellent"
    assert [unit.code for unit in run.listed_apart()] == ["U04"]
    assert run.unit("U04").rank is None
    assert run.unit("U04").printed.total is not None


def test_units_stand_by_class_and_rank(database, made):
    score(database, made)
    run = run_of(database, made)
    assert [(facts.code, [unit.code for unit in members]) for facts, members in run.by_class()] == [
        ("class1", ["U01", "U02"]),
        ("class2", ["U03"]),
    ]


def test_the_summary_counts_ballots_by_what_became_of_them(database, made):
    score(database, made)
    summary = run_of(database, made).summary
    assert {line.validity: line.count for line in summary.ballots} == {
        "counted": 8,
        "flagged": 1,
        "duplicate": 1,
        "held": 0,
        "excluded": 0,
    }
    assert summary.counted == 9
    npc = summary.group("npc")
    assert (npc.ballots, npc.invited, npc.return_share) == (3, 40, D("0.075"))
    assert summary.group("cppcc").is_suspended
    assert not summary.is_recounted


def test_a_run_names_what_it_was_made_of(database, made):
    score(database, made)
    run = run_of(database, made)
    assert run.tally_sha256 == recount(database, made.round.id).recounted.tally.digest()
    assert run.rules == preset("default")
    assert run.rules_sha256 == preset("default").sha256
    assert len(run.work_sha256) == 64
    assert run.code_version == actions.code_version()
    assert run.actor == "绩效办"


def test_a_closed_round_becomes_scored_and_the_act_is_written_down(database, made):
    score(database, made)
    with reading(database) as session:
        assert session.get_one(Round, made.round.id).state is RoundState.SCORED
        assert session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all() == [
            "round scored"
        ]


def test_scoring_again_adds_a_run_and_leaves_the_first_as_it_was(database, made):
    score(database, made)
    before = run_of(database, made)
    with transaction(database) as session:
        kept = add_work(session, made)
        assert kept.id == 2
    assert score(database, made) == 2
    assert run_of(database, made, 1).units == before.units
    assert run_of(database, made).numbers == (1, 2)
    assert not run_of(database, made, 1).is_latest


def test_the_same_input_gives_the_same_figures(database, made):
    score(database, made)
    score(database, made)
    first, second = run_of(database, made, 1), run_of(database, made, 2)
    assert first.units == second.units
    assert first.summary == second.summary


def test_figures_are_stored_as_digits_not_as_binary_fractions(database, made):
    score(database, made)
    with reading(database) as session:
        figures = json.loads(
            session.scalars(select(UnitScore.figures).where(UnitScore.unit_code == "U01")).one()
        )
    assert figures["composite"] == "65.64705882352941176470588235"


def test_without_work_scores_there_is_no_total(database):
    with transaction(database) as session:
        made = make_closed_round(session)
    score(database, made)
    run = run_of(database, made)
    assert not run.has_totals
    assert {unit.printed.total for unit in run.units} == {None}
    assert [unit.rank for unit in run.units if unit.is_ranked] == [1, 2, 1]


@pytest.mark.parametrize(
    "state", [state for state in RoundState if state not in {RoundState.CLOSED, RoundState.SCORED}]
)
def test_only_a_closed_or_scored_round_is_scored(database, state):
    with transaction(database) as session:
        made = make_closed_round(session, state=state)
    with pytest.raises(WrongState):
        score(database, made)
    with reading(database) as session:
        assert session.scalars(select(ScoringRun)).all() == []


def test_a_round_without_ballots_is_not_scored(database):
    with transaction(database) as session:
        made = makers.make_round(session, state=RoundState.CLOSED)
    with pytest.raises(NothingToScore):
        score(database, made)


def test_an_unknown_round_is_refused(database):
    with transaction(database) as session, pytest.raises(RoundUnknown):
        actions.prepare_run(session, 404)


@pytest.mark.parametrize(
    ("table", "change"),
    [
        pytest.param(TallyCell, {"count": 7}, id="a count was altered"),
        pytest.param(Ballot, {"ratings": "01AAAAA"}, id="a ballot was altered"),
        pytest.param(Ballot, {"ratings": "01AAAAA02AB"}, id="a ballot was cut"),
        pytest.param(Ballot, {"ratings": "99AAAAA"}, id="a ballot names a unit that is not there"),
        pytest.param(Ballot, {"ratings": "xxAAAAA"}, id="a ballot is no longer readable"),
    ],
)
def test_a_tally_that_is_not_what_the_ballots_say_is_not_scored(database, made, table, change):
    with transaction(database) as session:
        group = made.groups["npc"].id
        session.execute(update(table).where(table.group_id == group).values(**change))
    assert verify(database, made).differences
    with pytest.raises(TallyDisagrees):
        score(database, made)
    with reading(database) as session:
        assert session.get_one(Round, made.round.id).state is RoundState.CLOSED


def test_a_run_says_what_recounts_have_found_up_to_now(database, made):
    score(database, made)
    assert run_of(database, made).proof is Proof.NOT_YET
    assert verify(database, made).differences == ()
    assert run_of(database, made).proof is Proof.AGREED
    assert run_of(database, made).check.ballots == 10
    with transaction(database) as session:
        session.execute(update(Ballot).where(Ballot.channel == "token").values(ratings="01AAAAA"))
    with transaction(database) as session:
        found = recount(database, made.round.id).finding
        record_check(session, made.round.id, found, NOW + timedelta(seconds=1), "绩效办")
    assert run_of(database, made).proof is Proof.DISAGREED


def test_a_run_recorded_after_an_agreeing_recount_says_so_for_good(database, made):
    verify(database, made)
    score(database, made)
    assert run_of(database, made).summary.is_recounted


@pytest.mark.parametrize("change", ["tally", "work"])
def test_a_run_whose_input_changed_while_it_was_computed_is_refused(database, made, change):
    with reading(database) as session:
        prepared = actions.prepare_run(session, made.round.id)
    with transaction(database) as session:
        if change == "work":
            add_work(session, made)
        else:
            session.execute(update(TallyCell).values(count=TallyCell.count + 1))
    with transaction(database) as session, pytest.raises(InputChanged):
        actions.record_run(session, prepared, NOW, "绩效办")


def test_a_run_counts_no_ballot(database, made):
    """The rows of ballots may even be gone: figures and numbers come from what was folded."""
    score(database, made)
    with transaction(database) as session:
        session.execute(delete(Ballot))
    score(database, made)
    first, second = run_of(database, made, 1), run_of(database, made, 2)
    assert (first.units, first.summary) == (second.units, second.summary)
