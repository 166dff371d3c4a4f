"""The population table: only what the round knows, the whole table or nothing."""

import numpy as np
import pytest
from sqlalchemy import select

from analytics.faults import FileFault
from analytics.weighting.weights import Margin
from surveys.db import reading, transaction
from surveys.models import AuditEntry, Population, RoundState
from surveys.refusals import WrongState
from surveys.scoring.population import keep_population, variables_of
from tests import makers
from tests.makers import NOW


@pytest.fixture
def made(database):
    with transaction(database) as session:
        made = makers.make_round(session)
        made.links["window"].label = "大厅窗口"
    return made


def margin(variable, **people):
    return Margin(variable, tuple(people), np.array([*people.values()], float))


def keep(database, made, *margins):
    with transaction(database) as session:
        keep_population(session, made.round.id, margins, "人口.csv", NOW, "绩效办")


def kept(database):
    with reading(database) as session:
        rows = session.execute(select(Population.variable, Population.level, Population.people))
        return {(variable, level): people for variable, level, people in rows}


def test_a_table_may_name_questions_of_one_choice_and_entrances(database, made):
    with reading(database) as session:
        variables = variables_of(session, made.round.id)
    known = {one.known.code: tuple(level.code for level in one.levels) for one in variables}
    assert known["role"] == ("person", "firm")
    assert known["coached"] == ("no", "yes")
    role = variables[0]
    assert (role.known.words, role.known.words_en) == (
        "您以什么身份办事?",
        "In which role did you come?",
    )
    assert [level.words for level in role.levels] == ["个人", "单位"]
    assert "大厅窗口" in known["place"]
    assert made.links["citizens"].code in known["place"]
    assert not {"ways", "wish", "visits"} & known.keys()


def test_a_new_table_takes_the_place_of_the_one_before(database, made):
    keep(database, made, margin("role", person=700, firm=300), margin("place", 大厅窗口=90))
    keep(database, made, margin("role", person=650))
    assert kept(database) == {("role", "person"): 650}
    with reading(database) as session:
        noted = session.scalars(
            select(AuditEntry.details)
            .where(AuditEntry.action == "population changed")
            .order_by(AuditEntry.id)
        ).all()
    assert noted == ["人口.csv: role, place", "人口.csv: role"]


def test_an_empty_table_takes_it_away(database, made):
    keep(database, made, margin("role", person=700))
    keep(database, made)
    assert kept(database) == {}


@pytest.mark.parametrize(
    ("wrong", "column"),
    [
        pytest.param(margin("wish", a=1), "variable", id="a question of free text"),
        pytest.param(margin("age", a=1), "variable", id="an unknown question"),
        pytest.param(margin("role", nobody=1), "level", id="an unknown answer"),
        pytest.param(margin("place", 月球=1), "level", id="an unknown entrance"),
    ],
)
def test_what_the_round_does_not_know_is_refused_and_nothing_changes(database, made, wrong, column):
    keep(database, made, margin("role", person=700))
    with pytest.raises(FileFault) as refused:
        keep(database, made, margin("role", person=1), wrong)
    assert (refused.value.file, refused.value.column) == ("人口.csv", column)
    assert kept(database) == {("role", "person"): 700}


def test_a_published_round_stays_as_it_is(database, made):
    with transaction(database) as session:
        session.get_one(type(made.round), made.round.id).state = RoundState.PUBLISHED
    with pytest.raises(WrongState):
        keep(database, made, margin("role", person=700))
