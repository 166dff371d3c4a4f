"""Appraisers' severity from pair tables, beside lme4 on the same ratings in the same run."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from analytics.pair_tables import pair_tables
from analytics.severity.crossed_effects import crossed_effects
from analytics.severity.two_way import two_way_effects
from analytics.shapes import RatingRows
from bench.crowd import write_columns
from bench.figures import Goal, Table, figure
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

SEED = 1
AGREED = 1e-4  # variances of lmer, whose search stops where little is left to gain


@dataclass(frozen=True, slots=True)
class Crowd:
    """Ratings to be made: how many appraisers rate how many of the units each, on average."""

    name: str
    appraisers: int
    units: int
    each: float
    must: float  # times faster than lme4
    stretch: float


INSTEVAL = Crowd("InstEval size", 2_972, 1_128, 24.7, 1, 2)
MILLION = Crowd("a million", 200_000, 100, 5.0, 50, 200)


def severity_section(
    crowds: tuple[Crowd, ...], rounds: int, folder: Path, yardsticks: Yardsticks
) -> Section:
    """Return the CPU seconds of fitting each crowd with both."""
    found = {crowd: _contenders(crowd, folder, yardsticks) for crowd in crowds}
    for contenders in found.values():
        take_turns(contenders, rounds, AGREED)
    shown = Table(
        "Appraisers' severity, CPU seconds",
        (
            "ratings × appraisers × units",
            "pair tables",
            "crossed effects",
            "two-way effects",
            "lmer",
            "lmer / crossed",
            "variances apart",
        ),
        tuple(_row(crowd, *contenders) for crowd, contenders in found.items()),
        (
            "lmer without its check of derivatives, without predictions and reading.",
            "Variances apart: the largest difference of the three variances, against the largest.",
            versions_of([one for both in found.values() for one in both]),
        ),
    )
    goals = tuple(goal for crowd, both in found.items() for goal in _goals(crowd, *both))
    return Section((shown,), goals, {crowd.name: raw_of(both) for crowd, both in found.items()})


def made_ratings(crowd: Crowd) -> RatingRows:
    """Return ratings of 0 to 100 by appraisers of different severity, each of some units."""
    random = np.random.default_rng(SEED)
    each = np.clip(random.poisson(crowd.each, crowd.appraisers), 1, crowd.units)
    appraiser = np.repeat(np.arange(crowd.appraisers), each)
    unit = np.concatenate([random.permutation(crowd.units)[:size] for size in each.tolist()])
    severity = random.normal(0, 8, crowd.appraisers)[appraiser]
    level = random.normal(70, 5, crowd.units)[unit]
    chance = random.normal(0, 12, unit.size)
    value = np.round(np.clip(level + severity + chance, 0, 100) * 4) / 4
    return RatingRows(crowd.appraisers, crowd.units, appraiser, unit, value)


def _contenders(crowd: Crowd, folder: Path, yardsticks: Yardsticks) -> tuple[Contender, Contender]:
    ratings = made_ratings(crowd)
    place = write_columns(
        folder / f"severity{crowd.appraisers}",
        {
            "value": ratings.value,
            "appraiser": ratings.appraiser.astype(np.int32),
            "unit": ratings.unit.astype(np.int32),
        },
    )
    return (
        Contender(f"Pingyi, {crowd.name}", partial(_taken, ratings)),
        Contender(f"lmer, {crowd.name}", partial(yardsticks.r, "severity", place)),
    )


def _taken(ratings: RatingRows) -> Taken:
    counting, tables = cpu_seconds(partial(pair_tables, ratings))
    crossing, crossed = cpu_seconds(partial(crossed_effects, tables))
    two_way, _ = cpu_seconds(partial(two_way_effects, tables))
    variances = [crossed.unit_variance, crossed.appraiser_variance, crossed.residual_variance]
    return Taken(
        {"pair tables": counting, "crossed": crossing, "two-way": two_way},
        {"variances": np.array(variances)},
    )


def _row(crowd: Crowd, ours: Contender, lmer: Contender) -> tuple[str, ...]:
    ratings = made_ratings(crowd).unit.size
    return (
        f"{crowd.name}: {ratings:,} × {crowd.appraisers:,} × {crowd.units:,}",
        ours.shown("pair tables"),
        ours.shown("crossed"),
        ours.shown("two-way"),
        lmer.shown("lmer"),
        written(times(lmer.seconds("lmer"), ours.seconds("crossed"))),
        written(lmer.apart),
    )


def _goals(crowd: Crowd, ours: Contender, lmer: Contender) -> list[Goal]:
    goals = []
    if crowd is MILLION:
        took = figure(ours.seconds("pair tables")).median
        goals.append(Goal("pair tables of a million ratings", 0.5, 0.2, took, "s"))
    against = times(lmer.seconds("lmer"), ours.seconds("crossed"))
    name = f"crossed effects, {crowd.name}, against lmer"
    return goals + goals_against(name, crowd.must, crowd.stretch, against)
