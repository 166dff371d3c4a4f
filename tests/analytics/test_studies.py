from dataclasses import replace

import numpy as np
import pytest

from analytics.analyses.studies import StudyFiles, read_study
from analytics.analyses.study_parts import study_parts
from analytics.faults import Faults, FileFault
from analytics.rules import preset
from analytics.shapes import NOWHERE

RULES = preset("default")
HEADER = "ballot,group,unit,duties,law,service,efficiency,overall"
RATINGS = f"""{HEADER}
1,citizens,U1,A,B,B,N,C
2,citizens,U1,A,A,A,A,
1,citizens,U2,B,N,N,N,A
1,npc,U1,C,C,C,C,C
"""
UNITS = "code,name,class,ranked\nU1,一局,c,1\nU2,二局,c,是\n"
FILES = {
    "ratings": RATINGS,
    "units": UNITS,
    "invited": "group,unit,invited\ncitizens,,10\ncitizens,U2,4\n",
    "ballots": "ballot,group,seconds,at,place,channel\n"
    "1,citizens,31.5,2026-11-22 06:00,东街,open\n2,citizens,,2026-11-23,,\n1,npc,4,,西街,\n",
    "comments": "unit,comment,ballot,group\nU1,很好,1,citizens\nU2,排队太久,,\n",
}


@pytest.fixture
def files(tmp_path):
    """Write a small study, some of its files changed."""

    def write(**changes):
        for name, text in {**FILES, **changes}.items():
            (tmp_path / f"{name}.csv").write_text(text, "utf-8")
        return StudyFiles(**{name: tmp_path / f"{name}.csv" for name in FILES})

    return write


def test_a_study_holds_every_rating_once_by_ballot(files):
    study = read_study(RULES, files())
    rows = study.rows
    assert rows.ballots == ("1", "2", "1")
    assert [rows.groups[number] for number in rows.group] == ["citizens", "citizens", "npc"]
    assert rows.ballot.tolist() == [0, 0, 1, 2]
    assert rows.unit.tolist() == [0, 1, 0, 0]
    assert rows.levels[2].tolist() == [0, 0, 0, 0, NOWHERE]
    assert rows.scores == pytest.approx(np.array([80, np.nan, 100, 60]), nan_ok=True)
    assert study.tally.total == 4


def test_what_is_known_of_ballots_stands_beside_them(files):
    study = read_study(RULES, files())
    rows = study.rows
    assert rows.places == ("东街", "西街")
    assert rows.place.tolist() == [0, NOWHERE, 1]
    assert rows.seconds == pytest.approx(np.array([31.5, np.nan, 4]), nan_ok=True)
    assert rows.day[1] - rows.day[0] == pytest.approx(0.75)
    assert np.isnan(rows.day[2])
    assert rows.comments == ((0, 0, "很好"), (NOWHERE, 1, "排队太久"))
    assert {place.channel for place in study.tally.columns.places} == {"open", "file"}


def test_the_invited_and_the_pairs_come_as_tables(files):
    study = read_study(RULES, files())
    parts = study_parts(study)
    citizens = parts.scores.groups.index("citizens")
    assert parts.invited[:, citizens].tolist() == [10, 4]
    assert parts.invited[0, parts.scores.groups.index("npc")] == NOWHERE
    assert parts.pairs == {}  # the only ballot with two units has a score for one of them


def test_ballots_of_an_open_link_that_the_rules_leave_out_are_not_among_the_rows(files):
    closed = replace(
        RULES,
        groups=tuple(
            replace(group, open_channel=group.code != "citizens") for group in RULES.groups
        ),
    )
    rows = read_study(closed, files()).rows
    assert rows.ballots == ("2", "1")  # the citizen who came through no open link, and the deputy
    assert rows.ballot.tolist() == [0, 1]
    assert rows.comments == ((NOWHERE, 1, "排队太久"),)
    assert rows.place.tolist() == [NOWHERE, 1]


@pytest.mark.parametrize(
    ("name", "text", "row", "column"),
    [
        pytest.param("ballots", "ballot,group\n9,citizens\n", 2, "ballot", id="unknown ballot"),
        pytest.param("ballots", "ballot,group\n1,npc\n1,npc\n", 3, "ballot", id="named twice"),
        pytest.param(
            "ballots", "ballot,group,seconds\n1,npc,fast\n", 2, "seconds", id="no seconds"
        ),
        pytest.param("ballots", "ballot,group,seconds\n1,npc,nan\n", 2, "seconds", id="NaN"),
        pytest.param("ballots", "ballot,group,at\n1,npc,gestern\n", 2, "at", id="no moment"),
        pytest.param("comments", "unit,comment\nU9,很好\n", 2, "unit", id="unknown unit"),
        pytest.param(
            "comments", "unit,comment,ballot,group\nU1,好,7,npc\n", 2, "ballot", id="whose comment"
        ),
        pytest.param("comments", f"unit,comment\nU1,{'好' * 2001}\n", 2, "comment", id="too long"),
    ],
)
def test_a_fault_names_file_row_and_column(files, name, text, row, column):
    with pytest.raises(FileFault) as refused:
        read_study(RULES, files(**{name: text}))
    assert (refused.value.file, refused.value.row, refused.value.column) == (
        f"{name}.csv",
        row,
        column,
    )


def test_all_faults_of_a_file_come_together(files):
    with pytest.raises(Faults) as refused:
        read_study(RULES, files(ballots="ballot,group\n8,npc\n9,npc\n"))
    assert len(refused.value.faults) == 2
