"""The bootstrap of weighted means from counts, beside multinomial draws and boot::boot in R."""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analytics.bootstraps import bootstrap_composites
from analytics.shapes import ScoreCounts
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

GROUPS = (400, 60, 30, 30)  # ballots
SHARES = np.array([0.4, 0.3, 0.2, 0.1])
VALUES = np.linspace(0, 100, 81)


def redrawing_section(
    replicates: int, units: int, rounds: int, folder: Path, yardsticks: Yardsticks
) -> Section:
    """Return the CPU seconds of so many replicates of all units by everybody."""
    table = made_table(units)
    columns: dict[str, NDArray[Any]] = {
        "counts": table.counts.astype(np.int32).reshape(-1),
        "values": VALUES,
    }
    place = crowd.write_columns(
        folder / "redrawing",
        {**columns, "shares": SHARES, "replicates": np.array([replicates], np.int32)},
    )
    ours = Contender("Pingyi", partial(_taken, table, replicates))
    multinomial = Contender("R: rmultinom", partial(yardsticks.r, "redrawing", place))
    ballots = Contender(
        "R: boot::boot, some units counted up, once", partial(yardsticks.r, "boot", place), 1
    )
    contenders = (ours, multinomial, ballots)
    # An error from R replicates is itself off by 1 / sqrt(2 R), so the worst of all by some more.
    take_turns(contenders, rounds, tolerance=8 / float(np.sqrt(replicates)))
    rows = tuple(
        (
            one.name,
            one.shown("bootstrap"),
            written(one.times(ours, "bootstrap")),
            written(one.apart),
        )
        for one in contenders
    )
    shown = Table(
        f"{replicates:,} replicates of {units} units × {len(GROUPS)} groups, CPU seconds",
        ("by", "seconds", "times ours", "apart"),
        rows,
        (
            (
                f"Groups of {', '.join(map(str, GROUPS))} ballots, {VALUES.size} ballot scores."
                " Apart: the largest difference of a standard error, which chance alone makes."
            ),
            versions_of(contenders),
        ),
    )
    against = multinomial.times(ours, "bootstrap")
    goals = (
        Goal("bootstrap from tables", 1, 0.5, figure(ours.seconds("bootstrap")).median, "s"),
        *goals_against("bootstrap against rmultinom", 15, 25, against),
    )
    return Section((shown,), goals, raw_of(contenders))


def made_table(units: int) -> ScoreCounts:
    """Return the counts of units that a few hundred people rated, mostly content."""
    random = np.random.default_rng(crowd.SEED)
    shares = np.exp(VALUES / 25)
    shares /= shares.sum()
    counts = [[random.multinomial(size, shares) for size in GROUPS] for _ in range(units)]
    shape = units, len(GROUPS)
    return ScoreCounts(
        units=tuple(map(str, range(units))),
        classes=("all",) * units,
        groups=tuple(map(str, range(len(GROUPS)))),
        values=VALUES,
        counts=np.array(counts, np.int64),
        shares=np.tile(SHARES, (units, 1)),
        own_shares=np.ones(shape),
        mu=np.zeros(shape),
        scale=1.0,
    )


def _taken(table: ScoreCounts, replicates: int) -> Taken:
    took, found = cpu_seconds(partial(bootstrap_composites, table, replicates, crowd.SEED))
    return Taken({"bootstrap": took}, {"errors": found.std(axis=0, ddof=1)})
