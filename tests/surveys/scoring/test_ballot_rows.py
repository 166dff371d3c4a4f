"""Ballots as arrays: all that count, each once, nothing that would tell who gave a secret one."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from analytics.rules import preset
from analytics.shapes import NOWHERE
from analytics.shaping import pattern_counts
from surveys import ballots
from surveys.db import reading, transaction
from surveys.models import Population
from surveys.questionnaire import UnitRating, Validity
from surveys.rounds import rule_set
from surveys.scoring import queries
from surveys.scoring.ballot_rows import stored_ballots
from surveys.tallies import frame_of, tally_of
from tests import makers
from tests.makers import NOW
from tests.surveys.scoring.scored import make_closed_round


def stored(database, made, **more):
    with reading(database) as session:
        frame = frame_of(session, made.round.id)
        return stored_ballots(session, frame, rule_set(session, made.round.id), **more)


@pytest.fixture
def made(database):
    with transaction(database) as session:
        return make_closed_round(session)


def test_the_rows_are_what_the_tally_counts(database, made):
    """Every unit and group has the same ballots and the same sum of scores on both ways."""
    rows = stored(database, made).rows
    with reading(database) as session:
        tally = tally_of(session, frame_of(session, made.round.id))
        rules = rule_set(session, made.round.id)
        units = queries.appraised_units(queries.units_of(session, made.round.id))
    cells = pattern_counts(tally, rules, units)
    by_rows, by_cells = (np.zeros((2, len(rows.units), len(rows.groups))) for _ in range(2))
    for unit, ballot, value in zip(rows.unit, rows.ballot, rows.scores, strict=True):
        if not np.isnan(value):
            by_rows[:, unit, rows.group[ballot]] += 1, value
    for unit, group, pattern, count in zip(
        cells.unit, cells.group, cells.pattern, cells.count, strict=True
    ):
        value = cells.scores[pattern]
        if not np.isnan(value):
            code = cells.groups[group]
            by_cells[:, rows.units.index(cells.units[unit]), rows.groups.index(code)] += (
                count,
                count * value,
            )
    assert by_rows == pytest.approx(by_cells)
    assert by_rows[0].sum() > 0


def test_flagged_ballots_count_and_others_that_do_not_enter_stay_out(database, made):
    rows = stored(database, made).rows
    citizens = rows.group == rows.groups.index("citizens")
    assert citizens.sum() == 4  # three counted, one flagged, and not the duplicate
    assert [name[:10] for name, is_one in zip(rows.ballots, citizens, strict=True) if is_one] == [
        f"citizens-{number}" for number in range(4)
    ]


def test_a_secret_ballot_has_neither_place_nor_time(database, made):
    rows = stored(database, made).rows
    secret = rows.group == rows.groups.index("npc")
    assert secret.sum() == 3
    assert (rows.place[secret] == NOWHERE).all()
    assert np.isnan(rows.seconds[secret]).all()
    assert np.isnan(rows.day[secret]).all()
    assert (rows.place[~secret] != NOWHERE).all()


def test_of_very_many_ballots_some_are_read_and_it_is_said(database, made):
    some, all_of_them = stored(database, made, most=5), stored(database, made, most=9)
    assert (len(some.rows.ballots), some.is_sample) == (5, True)
    assert (len(all_of_them.rows.ballots), all_of_them.is_sample) == (9, False)


def test_ballots_of_an_open_link_that_the_rules_leave_out_are_left_out_here_too(database):
    document = preset("default")
    groups = tuple(
        replace(group, open_channel=group.code != "citizens") for group in document.groups
    )
    with transaction(database) as session:
        made = make_closed_round(session, rules=replace(document, groups=groups))
    rows = stored(database, made).rows
    assert (rows.group != rows.groups.index("citizens")).all()


def test_comments_of_ballots_that_do_not_count_are_left_out(database):
    with transaction(database) as session:
        made = makers.make_round(session)
        for number, validity in enumerate((Validity.COUNTED, Validity.EXCLUDED)):
            _keep(session, made, number, validity=validity, comments=((1, f"第{number}条"),))
        _keep(
            session,
            made,
            2,
            link="npc",
            comments=((2, "秘密的一条"),),
            token_digest=makers.token_digest(made.tokens["npc"][0]),
        )
    found = stored(database, made)
    assert {(one.unit, one.words) for one in found.written} == {(0, "第0条"), (1, "秘密的一条")}
    npc = found.rows.groups.index("npc")
    assert [one.group for one in found.written if one.words == "秘密的一条"] == [npc]
    assert (NOWHERE, 1, "秘密的一条") in found.rows.comments


def test_answers_are_read_for_the_variables_of_the_population(database):
    with transaction(database) as session:
        made = makers.make_round(session)
        for level, people in (("firm", 300), ("person", 700), ("other", 5)):
            session.add(
                Population(round_id=made.round.id, variable="role", level=level, people=people)
            )
        session.add(
            Population(
                round_id=made.round.id, variable="place", level=made.links["window"].code, people=50
            )
        )
        for number, answers in enumerate(
            ((("role", "person"),), (("role", "firm"), ("visits", 3)), (("visits", 3),), ())
        ):
            _keep(session, made, number, answers=answers)
    found = stored(database, made)
    assert found.variables == ("role",)
    assert found.levels == (("firm", "other", "person"),)
    assert found.people[0].tolist() == [300, 5, 700]
    assert sorted(found.answers[:, 0].tolist()) == [NOWHERE, NOWHERE, 0, 2]
    known = dict(zip(found.rows.places, found.place_people, strict=True))
    assert known[made.links["window"].code] == 50
    assert np.isnan(known[made.links["citizens"].code])


def _keep(session, made, number, link="citizens", **changes):
    submission = makers.make_submission(
        made,
        link,
        submission_id=f"{link}-{number}".ljust(22, "0"),
        ratings=(UnitRating(1, "AAAAA"),),
        **changes,
    )
    assert [str(one) for one in ballots.store(session, [submission], NOW + timedelta())] == ["kept"]
