"""Alpha of items and indices of careless answering, beside psych::alpha and base R."""

from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from analytics.quality.careless import irv, longstring, mahalanobis
from analytics.reliability import item_statistics
from analytics.shapes import Floats
from bench import crowd
from bench.figures import Goal, Table, figure
from bench.turns import (
    Contender,
    Section,
    Taken,
    cpu_seconds,
    goals_against,
    raw_of,
    take_turns,
    versions_of,
    written,
)
from bench.yardsticks import Yardsticks

ITEMS = 11
AGREED = 1e-8
GOES = 5
# R careless 1.2.2 took 3.6 s for 100,000 rows where the goals were set: a fiftieth, a hundredth.
MUST_MS, STRETCH_MS = 72 / 100_000, 36 / 100_000
INDICES = {"longstring": "longest run", "irv": "IRV", "mahalanobis": "Mahalanobis distance"}


def items_section(count: int, rounds: int, folder: Path, yardsticks: Yardsticks) -> Section:
    """Return the CPU seconds of alpha and of three indices of so many rows."""
    levels = crowd.made_ballots(count, units=1, questions=ITEMS).levels
    columns = {"levels": levels, "points": crowd.POINTS, "rows": np.array([count], np.int32)}
    place = crowd.write_columns(folder / "items", columns)
    ours = Contender("Pingyi", partial(_taken, levels, crowd.POINTS[levels]))
    psych = Contender("psych::alpha", partial(yardsticks.r, "alpha", place))
    base = Contender("base R", partial(yardsticks.r, "careless", place))
    contenders = (ours, psych, base)
    take_turns(contenders, rounds, AGREED)
    rows = tuple(
        (name, ours.milliseconds(step), f"{other.name}: {other.milliseconds(step)}", written(ratio))
        for step, name, other in (
            ("alpha", "alpha", psych),
            *((step, name, base) for step, name in INDICES.items()),
        )
        for ratio in (other.times(ours, step),)
    )
    shown = Table(
        f"{count:,} rows × {ITEMS} items, CPU milliseconds",
        ("what", "Pingyi", "R", "times ours"),
        rows,
        (
            (
                "Ours gives omega, limits and loadings with alpha. The indices are written in base"
                " R with `rle`, `sd` and `mahalanobis`, as packages have them row by row."
            ),
            f"Largest difference: alpha {written(psych.apart)}, indices {written(base.apart)}.",
            versions_of(contenders),
        ),
    )
    alone = figure(ours.seconds(*INDICES)).median * 1000
    goals = (
        Goal(
            "three indices of careless answering",
            MUST_MS * count,
            STRETCH_MS * count,
            alone,
            "ms",
        ),
        *goals_against("the same against base R", 50, 100, base.times(ours, *INDICES)),
    )
    return Section((shown,), goals, raw_of(contenders))


def _taken(levels: NDArray[np.int8], points: Floats) -> Taken:
    once = np.ones(len(points), np.int64)
    alpha, items = cpu_seconds(partial(item_statistics, points, once), GOES)
    runs, longest = cpu_seconds(partial(longstring, levels), GOES)
    spread, deviations = cpu_seconds(partial(irv, points), GOES)
    distance, distances = cpu_seconds(partial(_distances, points), GOES)
    return Taken(
        {"alpha": alpha, "longstring": runs, "irv": spread, "mahalanobis": distance},
        {
            "alpha": np.array([items.alpha, items.standard_alpha]),
            "longstring": longest.astype(np.float64),
            "irv": deviations,
            "mahalanobis": distances,
        },
    )


def _distances(points: Floats) -> Floats:
    distances, _ = mahalanobis(points, points.mean(axis=0), np.cov(points, rowvar=False))
    return distances
