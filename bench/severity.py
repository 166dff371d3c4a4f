"""Appraisers' severity from pair tables, beside lme4 on the same ratings in the same run."""

import json
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import click
import numpy as np

from analytics.crossed_effects import CrossedEffects, crossed_effects
from analytics.pair_tables import pair_tables
from analytics.shapes import RatingRows
from analytics.two_way import two_way_effects
from bench.figures import Goal, Table, figure, spoken

SEED = 1
LMER = """
suppressMessages(library(lme4))
d <- read.csv(commandArgs(TRUE)[1])
begun <- proc.time()
m <- lmer(y ~ 1 + (1 | appraiser) + (1 | unit), d, control = lmerControl(calc.derivs = FALSE))
took <- proc.time() - begun
v <- as.data.frame(VarCorr(m))
of <- function(group) v$vcov[v$grp == group]
cat(sprintf('{"cpu": %.3f, "variances": [%.12g, %.12g, %.12g]}\\n',
  took[["user.self"]] + took[["sys.self"]], of("unit"), of("appraiser"), of("Residual")))
"""


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


def severity_table(
    repeats: int, crowds: tuple[Crowd, ...] = (INSTEVAL, MILLION)
) -> tuple[Table, tuple[Goal, ...], dict[str, Any]]:
    """Fit each crowd with both; return the table, the goals and the plain figures."""
    rows, goals, raw = [], [], {}
    for crowd in crowds:
        ratings = made_ratings(crowd)
        tables = pair_tables(ratings)
        tables_took = _cpu_seconds(partial(pair_tables, ratings), repeats)
        took = _cpu_seconds(partial(crossed_effects, tables), repeats)
        two_way_took = _cpu_seconds(partial(two_way_effects, tables), repeats)
        theirs = _lmer(ratings)
        ours = statistics.median(took)
        times = None if theirs is None else theirs["cpu"] / ours
        rows.append(
            (
                f"{crowd.name}: {ratings.unit.size:,} × {crowd.appraisers:,} × {crowd.units:,}",
                str(figure(tables_took)),
                str(figure(took)),
                str(figure(two_way_took)),
                "not there" if theirs is None else spoken(theirs["cpu"]),
                "–" if times is None else spoken(times),
                "–" if theirs is None else f"{_apart(crossed_effects(tables), theirs):.1e}",
            )
        )
        if crowd is MILLION:
            goals.append(
                Goal(
                    "pair tables of a million ratings",
                    0.5,
                    0.2,
                    statistics.median(tables_took),
                    "s",
                )
            )
        if times is not None:
            name = f"crossed effects, {crowd.name}, against lmer"
            goals.append(Goal(name, crowd.must, crowd.stretch, times, "×", smaller=False))
        raw[crowd.name] = {
            "ratings": int(ratings.unit.size),
            "pair_tables": tables_took,
            "crossed": took,
            "two_way": two_way_took,
            "lmer": theirs,
        }
        click.echo(f"  severity of {crowd.name} measured")
    columns = (
        "ratings × appraisers × units",
        "pair tables",
        "crossed effects",
        "two-way effects",
        "lmer",
        "lmer / crossed",
        "variances apart",
    )
    notes = (
        "One BLAS thread is fair to both: set OPENBLAS_NUM_THREADS=1.",
        "CPU seconds. lmer without its check of derivatives, without predictions and reading.",
        "Variances apart: the largest relative difference of the three variances.",
    )
    return Table("Appraisers' severity", columns, tuple(rows), notes), tuple(goals), raw


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


def _cpu_seconds(fit: Callable[[], object], repeats: int) -> list[float]:
    fit()
    took = []
    for _ in range(repeats):
        begun = time.process_time()
        fit()
        took.append(time.process_time() - begun)
    return took


def _lmer(ratings: RatingRows) -> dict[str, Any] | None:
    """Return lmer's CPU seconds and variances, or None where R or lme4 is not there."""
    rscript = shutil.which("Rscript")
    if rscript is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ratings.csv"
        columns = np.column_stack([ratings.appraiser, ratings.unit, ratings.value])
        form = {"delimiter": ",", "comments": "", "header": "appraiser,unit,y"}
        np.savetxt(path, columns, fmt=["%d", "%d", "%.2f"], **form)
        found = subprocess.run(
            [rscript, "-e", LMER, str(path)], capture_output=True, text=True, check=False
        )
    if found.returncode:
        click.echo(f"  lmer did not run: {found.stderr.strip().splitlines()[-1:]}")
        return None
    theirs: dict[str, Any] = json.loads(found.stdout)
    return theirs


def _apart(ours: CrossedEffects, theirs: dict[str, Any]) -> float:
    variances = [ours.unit_variance, ours.appraiser_variance, ours.residual_variance]
    return float(np.abs(np.array(variances) / np.array(theirs["variances"]) - 1).max())
