"""Made-up ballots for measuring statistics, and the files that other software reads them from."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analytics.shapes import Floats, Integers

SEED = 1
POINTS = np.array([0.0, 40.0, 60.0, 80.0, 100.0])  # of levels 0 to 4
SHARES = np.array([0.3, 0.2, 0.15, 0.15, 0.1, 0.1])  # of six groups in a unit's score
_CROWDS = np.array([0.05, 0.1, 0.1, 0.2, 0.25, 0.3])  # of the groups among the ballots


@dataclass(frozen=True, eq=False, slots=True)
class Ballots:
    """Ballots about one unit each: whose they are, and a level for each question."""

    units: int
    levels: NDArray[np.int8]  # (N, J)
    unit: NDArray[np.int32]  # (N,)
    group: NDArray[np.int32]  # (N,)

    @property
    def groups(self) -> int:
        """Return the number of groups."""
        return SHARES.size

    def first(self, count: int) -> "Ballots":
        """Return the ballots that came first."""
        return Ballots(self.units, self.levels[:count], self.unit[:count], self.group[:count])


def made_ballots(count: int, units: int, questions: int) -> Ballots:
    """Return ballots on units that differ, mostly content; every unit has two of each group."""
    random = np.random.default_rng(SEED)
    cells = units * SHARES.size
    sure = np.tile(np.arange(cells), 2)
    if count < sure.size:
        raise ValueError("too few ballots for two of each unit and group")
    rest = count - sure.size
    unit = np.concatenate([sure // SHARES.size, random.integers(0, units, rest)])
    group = np.concatenate([sure % SHARES.size, random.choice(SHARES.size, rest, p=_CROWDS)])
    content = random.normal(0.55, 0.1, units)[unit] + random.normal(0, 0.15, count)
    levels = random.normal(content[:, None], 0.2, (count, questions)) * 6
    return Ballots(
        units,
        np.clip(levels, 0, POINTS.size - 1).astype(np.int8),
        unit.astype(np.int32),
        group.astype(np.int32),
    )


def level_counts(ballots: Ballots) -> Integers:
    """Return how many ballots gave each level (J, U, G, L)."""
    shape = ballots.units, ballots.groups, POINTS.size
    cell = (ballots.unit * ballots.groups + ballots.group) * POINTS.size
    size = int(np.prod(shape))
    counts = [np.bincount(cell + levels, minlength=size) for levels in ballots.levels.T]
    return np.stack(counts).reshape(-1, *shape)


def write_columns(folder: Path, columns: Mapping[str, NDArray[Any]]) -> Path:
    """Write each column into a raw file of its name, columns of a table one after the other."""
    folder.mkdir(exist_ok=True)
    for name, column in columns.items():
        column.ravel(order="F").tofile(folder / name)
    return folder


def cell_weights(ballots: Ballots) -> tuple[NDArray[np.int32], Floats]:
    """Return the cell of unit and group of each ballot, and its weight in the unit's score."""
    cell = ballots.unit * ballots.groups + ballots.group
    n = np.bincount(cell, minlength=ballots.units * ballots.groups)
    return cell.astype(np.int32), SHARES[ballots.group] / n[cell]
