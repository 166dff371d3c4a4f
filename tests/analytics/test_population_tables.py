import numpy as np
import pytest

from analytics.faults import Fault
from analytics.population_tables import read_attributes, read_population
from analytics.shapes import NOWHERE
from analytics.weighting.weights import rake

POPULATION = "variable,level,population\nage,young,300\nage,old,100\nsex,f,220\nsex,m,180\n"
ATTRIBUTES = "sex,ballot,group,age\nf,1,citizens,young\nm,2,citizens,old\nm,1,npc,\nf,3,npc,old\n"


def file(folder, text):
    path = folder / "table.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_margins_keep_the_order_of_their_file(tmp_path):
    age, sex = read_population(file(tmp_path, POPULATION))
    assert (age.variable, age.levels, age.population.tolist()) == (
        "age",
        ("young", "old"),
        [300, 100],
    )
    assert (sex.variable, sex.levels, sex.population.tolist()) == ("sex", ("f", "m"), [220, 180])


def test_ballots_say_their_levels_and_can_be_raked(tmp_path):
    margins = read_population(file(tmp_path, POPULATION))
    found = read_attributes(file(tmp_path, ATTRIBUTES), margins, ["citizens", "npc"])
    assert found.ballots == (("citizens", "1"), ("citizens", "2"), ("npc", "1"), ("npc", "3"))
    assert found.codes.tolist() == [[0, 0], [1, 1], [NOWHERE, 1], [1, 0]]
    assert found.complete.tolist() == [True, True, False, True]
    with pytest.raises(Fault, match="1 ballots do not say their “age”"):
        rake(np.ones(4), found.codes, margins)
    raked = rake(np.ones(3), found.codes[found.complete], margins, most_steps=2000)
    assert raked.weights.sum() == pytest.approx(400)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(
            "variable,level\nage,young\n",
            "table.csv row 1 column population: the column is missing",
            id="no column",
        ),
        pytest.param(
            POPULATION.replace("100", "-100"),
            "table.csv row 3 column population: “-100” is not a number of people",
            id="less than nobody",
        ),
        pytest.param(
            POPULATION.replace("old", "young"),
            "table.csv row 3 column level: this stands in an earlier row already",
            id="twice",
        ),
        pytest.param(
            POPULATION.replace("sex,f", ",f"),
            "table.csv row 4 column variable: the cell is empty",
            id="no variable",
        ),
        pytest.param(
            POPULATION.replace("old", "o" * 101),
            "table.csv row 3 column level: at most 100 characters are allowed",
            id="too long",
        ),
    ],
)
def test_populations_that_are_none_are_refused(tmp_path, text, message):
    with pytest.raises(Fault) as refused:
        read_population(file(tmp_path, text))
    assert str(refused.value) == message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(
            ATTRIBUTES.replace("m,2", "x,2"),
            "table.csv row 3 column sex: “x” is not known",
            id="a level without a margin",
        ),
        pytest.param(
            ATTRIBUTES.replace("1,npc", "1,nobody"),
            "table.csv row 4 column group: “nobody” is not known",
            id="a group that there is not",
        ),
        pytest.param(
            ATTRIBUTES.replace("m,2", "m,1"),
            "table.csv row 3 column ballot: this stands in an earlier row already",
            id="twice",
        ),
        pytest.param(
            ATTRIBUTES.replace("m,2", "m,"),
            "table.csv row 3 column ballot: the cell is empty",
            id="no ballot",
        ),
    ],
)
def test_attributes_that_are_none_are_refused(tmp_path, text, message):
    margins = read_population(file(tmp_path, POPULATION))
    with pytest.raises(Fault) as refused:
        read_attributes(file(tmp_path, text), margins, ["citizens", "npc"])
    assert str(refused.value) == message
