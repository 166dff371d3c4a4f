"""Means of units with their errors: from ballots, and from tables that were counted before."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analytics.covariances import ScoreCovariance, score_covariance
from analytics.ranks import RankTable, rank_sets, rank_table
from analytics.shapes import NOWHERE, BallotRows, Floats, Integers, ScoreCounts
from bench import crowd
from bench.crowd import Ballots
from bench.figures import Figure, Goal, Table, figure, ratio
from bench.turns import (
    Contender,
    Section,
    Taken,
    cpu_seconds,
    goals_against,
    raw_of,
    take_turns,
    times,
    versions_of,
    written,
)
from bench.yardsticks import Yardsticks

AGREED = 1e-8
GOES = 30  # of what takes milliseconds
DRAWS = 1_000  # of simulated rank sets
WHOLE = 101  # ballot scores are whole numbers: ten items, points in steps of 20


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many ballots there are, on how many units, and how many are folded into tables."""

    ballots: int
    units: int
    questions: int
    folded: tuple[int, int]


def means_section(sizes: Sizes, rounds: int, folder: Path, yardsticks: Yardsticks) -> Section:
    """Return means and errors by everybody, and scores, errors and ranks from stored tables."""
    ballots = crowd.made_ballots(sizes.ballots, sizes.units, sizes.questions)
    cell, weight = crowd.cell_weights(ballots)
    columns: dict[str, NDArray[Any]] = {
        "levels": ballots.levels,
        "unit": ballots.unit,
        "cell": cell,
        "weight": weight,
        "points": crowd.POINTS,
    }
    place = crowd.write_columns(folder / "means", columns)
    stored = {size: score_table(ballots.first(size)) for size in sizes.folded}
    ours = Contender("Pingyi", partial(_taken, ballots, stored))
    survey = Contender("R survey: svydesign, svyby", partial(yardsticks.r, "means", place))
    svy = Contender("svy: mean(by=)", partial(yardsticks.svy, "means", place))
    samplics = Contender(
        "samplics: TaylorEstimator, once", partial(yardsticks.svy, "samplics", place), most_turns=1
    )
    contenders = (ours, survey, svy, samplics)
    take_turns(contenders, rounds, AGREED)
    tables = _means_table(sizes, contenders), _stored_table(sizes, ours, survey)
    return Section(tables, _goals(sizes, ours, survey), raw_of(contenders))


def question_tables(ballots: Ballots, counts: Integers) -> list[ScoreCounts]:
    """Return the tables of all questions, from the counts of their levels (J, U, G, L)."""
    return [_score_counts(ballots, of_question, crowd.POINTS) for of_question in counts]


def score_table(ballots: Ballots) -> ScoreCounts:
    """Return the table of ballot scores, with the values that occur."""
    cells = ballots.units * ballots.groups
    cell = ballots.unit * ballots.groups + ballots.group
    places = cell * WHOLE + np.rint(_rows(ballots).scores).astype(np.int64)
    counts = np.bincount(places, minlength=cells * WHOLE).reshape(cells, WHOLE)
    seen = np.flatnonzero(counts.any(axis=0))
    shape = ballots.units, ballots.groups, seen.size
    return _score_counts(ballots, counts[:, seen].reshape(shape), seen.astype(np.float64))


def _rows(ballots: Ballots) -> BallotRows:
    size, questions = ballots.levels.shape
    return BallotRows(
        ballots=("",) * size,
        units=tuple(map(str, range(ballots.units))),
        groups=tuple(map(str, range(ballots.groups))),
        places=(),
        group=ballots.group.astype(np.int64),
        place=np.full(size, NOWHERE),
        seconds=np.full(size, np.nan),
        day=np.full(size, np.nan),
        ballot=np.arange(size),
        unit=ballots.unit.astype(np.int64),
        levels=ballots.levels,
        points=crowd.POINTS,
        weights=np.ones(questions),
        min_items_scored=1,
    )


def _score_counts(ballots: Ballots, counts: Integers, values: Floats) -> ScoreCounts:
    shape = ballots.units, ballots.groups
    return ScoreCounts(
        units=tuple(map(str, range(ballots.units))),
        classes=("all",) * ballots.units,
        groups=tuple(map(str, range(ballots.groups))),
        values=values,
        counts=counts,
        shares=np.tile(crowd.SHARES, (ballots.units, 1)),
        own_shares=np.ones(shape),
        mu=np.zeros(shape),
        scale=1.0,
    )


# --- our turn ------------------------------------------------------------------------------------


def _taken(ballots: Ballots, stored: dict[int, ScoreCounts]) -> Taken:
    counting, counts = cpu_seconds(partial(crowd.level_counts, ballots))
    estimating, questions = cpu_seconds(partial(_estimates, question_tables(ballots, counts)))
    scoring, (one,) = cpu_seconds(lambda: _estimates([score_table(ballots)]))
    seconds = {"counting": counting, "questions": counting + estimating, "score": scoring}
    for size, table in stored.items():
        seconds[f"stored {size}"], _ = cpu_seconds(partial(_ranked, table), GOES)
        seconds[f"simulated {size}"], _ = cpu_seconds(partial(_simulated, table))
    figures = {
        "means": np.concatenate([means for means, _ in questions]),
        "errors": np.concatenate([errors for _, errors in questions]),
        "score_means": one[0],
        "score_errors": one[1],
    }
    return Taken(seconds, figures)


def _estimates(tables: list[ScoreCounts]) -> list[tuple[Floats, Floats]]:
    return [(table.composites, score_covariance(table, {}).plain_se) for table in tables]


def _ranked(table: ScoreCounts) -> tuple[ScoreCovariance, RankTable]:
    """Return what a table of results shows: scores with errors, and sets of ranks."""
    scores, errors = table.composites, score_covariance(table, {})
    return errors, rank_table(scores, errors.careful, df=errors.df)


def _simulated(table: ScoreCounts) -> object:
    errors = score_covariance(table, {})
    return rank_sets(table.composites, errors.careful, replicates=DRAWS, df=errors.df)


# --- the tables ----------------------------------------------------------------------------------


def _means_table(sizes: Sizes, contenders: tuple[Contender, ...]) -> Table:
    ours = contenders[0]
    rows = tuple(
        (
            one.name,
            *(
                cell
                for step in ("questions", "score")
                for cell in (
                    one.shown(*_from_rows(one, step)),
                    written(_times(one, ours, step)),
                )
            ),
            one.shown("design"),
            written(one.apart),
        )
        for one in contenders
    )
    return Table(
        f"{sizes.ballots:,} ballots × {sizes.questions} questions, {sizes.units} units ×"
        f" {crowd.SHARES.size} groups: means with design-based errors, CPU seconds",
        (
            "by",
            "all questions",
            "times ours",
            "one score",
            "times ours",
            "of both: svydesign or the like",
            "apart",
        ),
        rows,
        (
            (
                "Ours begins with an array of levels in memory, and the one score with working it"
                " out for each ballot; the others have their data frame ready."
            ),
            "Apart: the largest difference of a mean or an error from ours, against the largest.",
            versions_of(contenders),
        ),
    )


def _from_rows(one: Contender, step: str) -> tuple[str, ...]:
    """Return the steps from the rows to an estimate."""
    return ("design", step) if one.has("design") else (step,)


def _times(one: Contender, ours: Contender, step: str) -> Figure | None:
    steps = _from_rows(one, step)
    return times(one.seconds(*steps), ours.seconds(step)) if one.has(*steps) else None


def _stored_table(sizes: Sizes, ours: Contender, survey: Contender) -> Table:
    theirs = survey.seconds("score") if survey.has("score") else []
    rows = tuple(
        (
            f"{size:,}",
            ours.milliseconds(f"stored {size}"),
            written(times(theirs, ours.seconds(f"stored {size}"))),
            ours.milliseconds(f"simulated {size}"),
        )
        for size in sizes.folded
    )
    return Table(
        f"From stored tables: scores, errors and rank sets of {sizes.units} units",
        (
            "ballots folded",
            "CPU ms",
            f"svyby of the one score of {sizes.ballots:,} rows: times ours",
            f"with sets from {DRAWS:,} draws: CPU ms",
        ),
        rows,
        (
            (
                "The table holds how many ballots gave each score; both covariances and Holm's sets"
                " of all pairs are made from it. svyby alone: without svydesign, and without ranks."
            ),
            (
                "A whole scoring run, with exact fractions and the database, stands under"
                " “Counting again, and scoring”."
            ),
        ),
    )


def _goals(sizes: Sizes, ours: Contender, survey: Contender) -> tuple[Goal, ...]:
    small, large = (ours.seconds(f"stored {size}") for size in sizes.folded)
    growth = f"the same from {sizes.folded[1]:,} ballots against {sizes.folded[0]:,}"
    alone = figure(large).median * 1000
    from_tables = times(survey.seconds("score"), large) if survey.has("score") else None
    of_rows = f"the same against svyby of {sizes.ballots:,} rows"
    return (
        *goals_against(
            "means and errors from rows, against svydesign and svyby",
            100,
            500,
            _times(survey, ours, "questions"),
        ),
        Goal("scores, errors and ranks from tables", 20, 5, alone, "ms"),
        *goals_against(of_rows, 1000, 3000, from_tables),
        Goal(growth, 1.2, 1.1, ratio(large, small).median, "×"),
    )
