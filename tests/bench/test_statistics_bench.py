"""The statistics' benchmark: turns, what is missing, and that ours counts what it should."""

import os
import shutil
import time

import click
import numpy as np
import pytest

from bench import crowd, statistics
from bench.mean_tables import Sizes as MeanSizes
from bench.mean_tables import question_tables, score_table
from bench.raking import made_margins
from bench.round_evidence import Sizes as EvidenceSizes
from bench.round_evidence import evidence_section
from bench.severity import Crowd
from bench.turns import Contender, NotThereError, Taken, cpu_seconds, take_turns, times, versions_of
from bench.yardsticks import NOT_INSTALLED, ONE_THREAD, SVY_SETTING, Yardsticks

TINY = statistics.Sizes(
    rounds=2,
    means=MeanSizes(ballots=600, units=4, questions=10, folded=(300, 600)),
    replicates=200,
    redrawn_units=3,
    crowds=(Crowd("tiny", 60, 12, 3.0, 1, 2),),
    raked=500,
    answered=100,
    evidence=EvidenceSizes(has_demonstration=False, kept=()),
)


def contender(name, took, means, most_turns=9):
    taken = Taken({"all": took}, {"means": np.array(means)}, {name: "1.0"})
    return Contender(name, lambda: taken, most_turns)


def program(folder, words, error="", code=0):
    """Write a program that says some words, whatever it is asked."""
    path = folder / "program"
    path.write_text(f"#!/bin/sh\necho '{words}'\necho '{error}' >&2\nexit {code}\n")
    path.chmod(0o755)
    return str(path)


# --- turns ---------------------------------------------------------------------------------------


def test_all_take_turns_and_are_read_turn_by_turn():
    ours, theirs = contender("ours", 0.5, [1.0, 2.0]), contender("theirs", 2.0, [1.0, 2.1], 1)
    take_turns([ours, theirs], 3, tolerance=0.1)
    assert ours.seconds("all") == [0.5] * 3
    assert theirs.seconds("all") == [2.0]
    assert theirs.apart == pytest.approx(0.05)
    assert theirs.times(ours, "all").median == pytest.approx(4)
    assert theirs.milliseconds("all") == "2,000"
    assert versions_of([ours, theirs]) == "With ours 1.0, theirs 1.0."


def test_what_does_not_agree_is_not_measured():
    with pytest.raises(click.ClickException, match=r"theirs is 0\.05 apart"):
        take_turns([contender("ours", 1, [1.0, 2.0]), contender("theirs", 1, [1.0, 2.1])], 1, 1e-8)


def test_a_figure_that_is_no_number_does_not_agree():
    with pytest.raises(click.ClickException, match="apart"):
        take_turns([contender("ours", 1, [1.0]), contender("theirs", 1, [np.nan])], 1, 1e-8)


def test_who_is_missing_is_asked_once():
    asked = []

    def take():
        asked.append(1)
        raise NotThereError("gone fishing")

    missing = Contender("theirs", take)
    take_turns([contender("ours", 1, [1.0]), missing], 3, 1e-8)
    assert len(asked) == 1
    assert missing.shown("all") == missing.milliseconds("all") == "gone fishing"
    assert not missing.has("all")
    assert times([], [1.0]) is None


def test_the_first_go_only_warms_up():
    calls = []
    took, found = cpu_seconds(lambda: calls.append(1) or len(calls), goes=3)
    assert (len(calls), found) == (4, 1)
    assert took >= 0


# --- other software ------------------------------------------------------------------------------


def test_what_a_program_tells(tmp_path):
    told = '{"seconds": {"all": 1.5}, "figures": {"means": [1, 2]}, "versions": {"R": "4"}}'
    found = Yardsticks(program(tmp_path, told), None).r("means", tmp_path)
    assert found.seconds == {"all": 1.5}
    assert found.figures["means"].tolist() == [1.0, 2.0]
    assert found.versions == {"R": "4"}


@pytest.mark.parametrize(
    ("error", "words"),
    [
        pytest.param("there is no package called survey", NOT_INSTALLED, id="R without survey"),
        pytest.param('No module named "svy"', "did not run", id="words that only look like it"),
        pytest.param("Error: cannot allocate", "did not run", id="any other failure"),
    ],
)
def test_a_program_that_fails(tmp_path, error, words):
    with pytest.raises(NotThereError, match=words):
        Yardsticks(program(tmp_path, "", error, code=1), None).r("means", tmp_path)


def test_a_python_without_svy_is_no_failure(tmp_path):
    # The project's own Python has no svy: it is no requirement.
    python = shutil.which("python3")
    crowd.write_columns(tmp_path, {})
    with pytest.raises(NotThereError, match=NOT_INSTALLED):
        Yardsticks(None, python).svy("raking", tmp_path)


def test_programs_are_looked_for_where_the_environment_says(tmp_path):
    assert Yardsticks.found({"PATH": str(tmp_path)}) == Yardsticks(None, None)
    rscript = tmp_path / "Rscript"
    shutil.move(program(tmp_path, ""), rscript)
    found = Yardsticks.found({"PATH": str(tmp_path), SVY_SETTING: "/some/python"})
    assert found == Yardsticks(str(rscript), "/some/python")
    with pytest.raises(NotThereError, match=NOT_INSTALLED):
        found.svy("means", tmp_path)


# --- the part ------------------------------------------------------------------------------------


def test_without_other_software_only_what_stands_alone_is_a_goal(tmp_path):
    part = statistics.measured(TINY, tmp_path, Yardsticks(None, None))
    cells = [cell for table in part.tables for row in table.rows for cell in row]
    assert sum(NOT_INSTALLED in cell for cell in cells) > 10
    assert {goal.name for goal in part.goals} == {
        "scores, errors and ranks from tables",
        "the same from 600 ballots against 300",
        "bootstrap from tables",
        "three indices of careless answering",
    }
    assert part.raw["means"]["Pingyi"]["seconds"][0].keys() >= {"questions", "stored 600"}
    assert {len(table.columns) == len(row) for table in part.tables for row in table.rows} == {True}


def test_the_part_runs_in_a_process_of_one_thread(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv(SVY_SETTING, raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("RAYON_NUM_THREADS", raising=False)
    part = statistics.run(TINY, tmp_path)
    assert part.name == "statistics"
    assert len(part.goals) == 4
    assert os.environ["OMP_NUM_THREADS"] == "7"
    assert "RAYON_NUM_THREADS" not in os.environ
    assert ONE_THREAD["RAYON_NUM_THREADS"] == "1"


class SlowlyTakenDown:
    """Arrives as the number 1; what is left behind in the process takes its time to go."""

    def __reduce__(self):
        return int, (1,)

    def __del__(self):
        until = time.monotonic() + 0.5
        while time.monotonic() < until:
            pass


def test_a_process_that_does_not_hear_a_signal_is_not_waited_for():
    # An exception of a signal is dropped in __del__: CI once waited two minutes for such a process.
    assert statistics.in_one_thread(SlowlyTakenDown, ()) == 1


def test_what_fails_in_the_process_fails_here():
    with pytest.raises(ZeroDivisionError):
        statistics.in_one_thread(divmod, (1, 0))


@pytest.mark.soak
@pytest.mark.skipif(shutil.which("Rscript") is None, reason="needs R")
def test_whatever_is_installed_agrees(tmp_path):
    part = statistics.measured(TINY, tmp_path, Yardsticks.found())
    assert part.raw["redrawing"]["R: rmultinom"]["apart"] > 0


def test_evidence_is_worked_out_of_a_round_of_its_own(tmp_path):
    sizes = EvidenceSizes(has_demonstration=False, kept=(200,))
    section = evidence_section(sizes, 1, tmp_path, Yardsticks(None, None))
    ((name, ballots, ratings, comments, *took),) = section.tables[0].rows
    assert (name, ballots, ratings, comments) == ("200 ballots × 10 units", "200", "2,000", "0")
    assert all(float(one) > 0 for one in took)


# --- what is measured ----------------------------------------------------------------------------


def test_levels_are_counted_as_one_would_by_hand():
    ballots = crowd.made_ballots(200, units=3, questions=2)
    counts = crowd.level_counts(ballots)
    assert counts.shape == (2, 3, 6, 5)
    chosen = (ballots.unit == 1) & (ballots.group == 4) & (ballots.levels[:, 1] == 3)
    assert counts[1, 1, 4, 3] == chosen.sum()
    assert counts.sum() == 2 * 200
    assert ballots.first(50).unit.size == 50


def test_composites_are_weighted_means_of_the_rows():
    ballots = crowd.made_ballots(400, units=3, questions=10)
    _, weight = crowd.cell_weights(ballots)
    answers = crowd.POINTS[ballots.levels]

    def weighted(column):
        return [
            np.average(column[ballots.unit == unit], weights=weight[ballots.unit == unit])
            for unit in range(3)
        ]

    tables = question_tables(ballots, crowd.level_counts(ballots))
    assert tables[7].composites == pytest.approx(weighted(answers[:, 7]))
    assert score_table(ballots).composites == pytest.approx(weighted(answers.mean(axis=1)))


def test_too_few_ballots_for_every_cell_are_refused():
    with pytest.raises(ValueError, match="too few"):
        crowd.made_ballots(10, units=3, questions=2)


def test_margins_are_of_one_population():
    codes, people = made_margins(300)
    assert codes.shape == (300, 3)
    assert [each.sum() for each in people] == pytest.approx([900.0] * 3)
    assert all((np.bincount(column) > 0).all() for column in codes.T)
