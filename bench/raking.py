"""Ballots weighted to three margins, beside survey::rake and svy on the same rows."""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analytics.shapes import Floats
from analytics.weighting.weights import Margin, rake
from bench import crowd
from bench.figures import Table
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

LEVELS = (6, 2, 10)  # of three variables: age, sex, district
AGREED = 1e-8
TOLD = 1000  # rows whose weights are compared


def raking_section(count: int, rounds: int, folder: Path, yardsticks: Yardsticks) -> Section:
    """Return the CPU seconds that weights of so many rows take everybody."""
    codes, people = made_margins(count)
    base = np.ones(count)
    columns: dict[str, NDArray[Any]] = {"base": base}
    for number, of_variable in enumerate(people, 1):
        columns[f"v{number}"] = codes[:, number - 1].astype(np.int8)
        columns[f"people_v{number}"] = of_variable
    place = crowd.write_columns(folder / "raking", columns)
    ours = Contender("Pingyi", partial(_taken, base, codes, people))
    survey = Contender("R survey: rake", partial(yardsticks.r, "raking", place))
    svy = Contender("svy: weighting.rake", partial(yardsticks.svy, "raking", place))
    contenders = (ours, survey, svy)
    take_turns(contenders, rounds, AGREED)
    rows = tuple(
        (
            one.name,
            one.shown("rake"),
            one.shown("rake closely"),
            written(one.times(ours, "rake")),
            written(one.apart),
        )
        for one in contenders
    )
    shown = Table(
        f"{count:,} ballots raked to {len(LEVELS)} margins, CPU seconds",
        ("by", "as it comes", "to 1e-10", "times ours", "apart"),
        rows,
        (
            (
                f"Of {', '.join(map(str, LEVELS))} levels. Ours always goes to 1e-10 of the people"
                " and is held against what the others take to stop where they stop by themselves."
            ),
            f"From counted cells ours takes {ours.milliseconds('cells')} ms.",
            versions_of(contenders),
        ),
    )
    against = survey.times(ours, "rake")
    goals = tuple(goals_against("raking against survey::rake", 30, 100, against))
    return Section((shown,), goals, raw_of(contenders))


def made_margins(count: int) -> tuple[NDArray[np.int64], list[Floats]]:
    """Return levels of three variables that go together, and people of each level."""
    random = np.random.default_rng(crowd.SEED)
    drift = random.random(count)
    codes = np.column_stack(
        [np.minimum((drift * 0.5 + random.random(count) * 0.5) * size, size - 1) for size in LEVELS]
    ).astype(np.int64)
    people = [random.uniform(0.5, 1.5, size) for size in LEVELS]
    return codes, [count * 3 * each / each.sum() for each in people]


def _taken(base: Floats, codes: NDArray[np.int64], people: list[Floats]) -> Taken:
    margins = [
        Margin(f"v{number}", tuple(map(str, range(each.size))), each)
        for number, each in enumerate(people, 1)
    ]
    took, found = cpu_seconds(partial(rake, base, codes, margins))
    sizes = np.bincount(found.cell, base).astype(np.float64)
    of_cells, _ = cpu_seconds(partial(rake, sizes, found.cells, margins))
    seconds = {"rake": took, "rake closely": took, "cells": of_cells}
    return Taken(seconds, {"weights": found.weights[:TOLD]})
