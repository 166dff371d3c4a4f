"""Files about the people behind the ballots: the population's margins, and ballots' attributes."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from analytics.faults import FileFault
from analytics.row_faults import empty_cell, no_people, seen_before, unknown_code
from analytics.shapes import NOWHERE, Bools, Integers
from analytics.tables import FaultList, read_table
from analytics.weighting.weights import Margin

_PEOPLE: Final = re.compile(r"\d{1,12}(\.\d{1,9})?", re.ASCII)


@dataclass(frozen=True, eq=False, slots=True)
class Attributes:
    """Which levels each ballot says of itself; `NOWHERE` where it does not say."""

    ballots: tuple[tuple[str, str], ...]  # (N,) group and name
    codes: Integers  # (N, V)

    @property
    def complete(self) -> Bools:
        """Return which ballots say all of their levels (N,)."""
        said: Bools = (self.codes != NOWHERE).all(axis=1)
        return said


def read_population(path: Path) -> tuple[Margin, ...]:
    """Return the margins of a CSV file with the columns variable, level and population."""
    faults = FaultList()
    found: dict[str, dict[str, float]] = {}
    for row, cells in read_table(path, faults, ("variable", "level", "population")):
        variable, level, people = cells
        fault = (
            empty_cell(path, row, {"variable": variable, "level": level})
            or (None if _PEOPLE.fullmatch(people) else no_people(path, row, "population", people))
            or seen_before(path, row, "level", level, found.get(variable, ()))
        )
        if fault:
            faults.add(fault)
        else:
            found.setdefault(variable, {})[level] = float(people)
    faults.check()
    return tuple(
        Margin(variable, tuple(levels), np.array(list(levels.values())))
        for variable, levels in found.items()
    )


def read_attributes(path: Path, margins: Sequence[Margin], groups: Collection[str]) -> Attributes:
    """Return the attributes of a CSV file: ballot, group, and one column per margin.

    An empty cell is `NOWHERE`; a level that its margin does not name is a fault.
    """
    faults = FaultList()
    places = [{level: n for n, level in enumerate(margin.levels)} for margin in margins]
    names = [margin.variable for margin in margins]
    found: dict[tuple[str, str], list[int]] = {}
    for row, (ballot, group, *levels) in read_table(path, faults, ("ballot", "group", *names)):
        fault = (
            empty_cell(path, row, {"ballot": ballot})
            or unknown_code(path, row, "group", group, groups)
            or _unknown_level(path, row, levels, margins, places)
            or seen_before(path, row, "ballot", (group, ballot), found)
        )
        if fault:
            faults.add(fault)
        else:
            found[group, ballot] = [
                of_level.get(level, NOWHERE) for level, of_level in zip(levels, places, strict=True)
            ]
    faults.check()
    codes = np.array(list(found.values()), np.int64).reshape(len(found), len(margins))
    return Attributes(tuple(found), codes)


def _unknown_level(
    path: Path,
    row: int,
    levels: Sequence[str],
    margins: Sequence[Margin],
    places: Sequence[Mapping[str, int]],
) -> FileFault | None:
    for level, margin, known in zip(levels, margins, places, strict=True):
        if level and (fault := unknown_code(path, row, margin.variable, level, known)):
            return fault
    return None
