"""Contenders that do the same work in turns: their CPU seconds, and whether they agree."""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import click
import numpy as np

from analytics.shapes import Floats
from bench.figures import Figure, Goal, Table, figure, ratio

_Found = TypeVar("_Found")

EVERY = 1_000_000  # more turns than anybody takes


class NotThereError(Exception):
    """A contender cannot take part; the words say why, as the table shows them."""


@dataclass(frozen=True, eq=False, slots=True)
class Taken:
    """What one turn took, in CPU seconds by step, and the figures it came to."""

    seconds: Mapping[str, float]
    figures: Mapping[str, Floats]
    versions: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Contender:
    """One who takes part, and what came of its turns."""

    name: str
    take: Callable[[], Taken]
    most_turns: int = EVERY
    taken: list[Taken] = field(default_factory=list)
    missing: str | None = None
    apart: float | None = None  # the largest difference from the first contender's figures

    def seconds(self, *steps: str) -> list[float]:
        """Return the CPU seconds of some steps together, turn by turn."""
        return [sum(one.seconds[step] for step in steps) for one in self.taken]

    def shown(self, *steps: str) -> str:
        """Write the CPU seconds of some steps together, or why there are none."""
        return str(figure(self.seconds(*steps))) if self.has(*steps) else self.missing or "–"

    def milliseconds(self, *steps: str) -> str:
        """Write the same in CPU milliseconds."""
        if not self.has(*steps):
            return self.shown(*steps)
        return str(figure([1000 * one for one in self.seconds(*steps)]))

    def has(self, *steps: str) -> bool:
        """Tell whether it took a turn in which these steps were taken."""
        return bool(self.taken) and set(steps) <= self.taken[0].seconds.keys()

    def times(self, ours: "Contender", *steps: str) -> Figure | None:
        """Return how many times as long as ours some steps took, None where they were not."""
        return times(self.seconds(*steps), ours.seconds(*steps)) if self.has(*steps) else None


@dataclass(frozen=True, slots=True)
class Section:
    """What one comparison found."""

    tables: tuple[Table, ...]
    goals: tuple[Goal, ...]
    raw: dict[str, Any]


def take_turns(contenders: Sequence[Contender], rounds: int, tolerance: float) -> None:
    """Let all take their turn in each round; refuse to measure what does not agree."""
    for number in range(rounds):
        for one in contenders:
            if one.missing or number >= one.most_turns:
                continue
            try:
                taken = one.take()
            except NotThereError as found:
                one.missing = str(found)
                click.echo(f"  {one.name}: {one.missing}")
                continue
            if not number and one is not contenders[0]:
                one.apart = _apart(contenders[0].taken[0], taken)
                if one.apart is not None and not one.apart <= tolerance:
                    raise click.ClickException(f"{one.name} is {one.apart:.2g} apart")
            one.taken.append(taken)
            click.echo(f"  {one.name}: {sum(taken.seconds.values()):.3g} s")


def times(theirs: Sequence[float], ours: Sequence[float]) -> Figure | None:
    """Return how many times as long theirs took, turn by turn, None where it took no turn."""
    turns = min(len(theirs), len(ours))
    return ratio(theirs[:turns], ours[:turns]) if turns else None


def cpu_seconds(work: Callable[[], _Found], goes: int = 1) -> tuple[float, _Found]:
    """Return the median CPU seconds of several goes, after one that warms up, and its result."""
    found = work()
    took = []
    for _ in range(goes):
        begun = time.process_time()
        work()
        took.append(time.process_time() - begun)
    return statistics.median(took), found


def goals_against(name: str, must: float, stretch: float, reached: Figure | None) -> list[Goal]:
    """Return the goal of being so many times as fast, none where there is nothing to hold it to."""
    if reached is None:
        return []
    return [Goal(name, must, stretch, reached.median, "×", smaller=False)]


def raw_of(contenders: Sequence[Contender]) -> dict[str, Any]:
    """Return what was measured as plain values."""
    return {
        one.name: {
            "seconds": [dict(taken.seconds) for taken in one.taken],
            "apart": one.apart,
            "missing": one.missing,
        }
        for one in contenders
    }


def versions_of(contenders: Sequence[Contender]) -> str:
    """Write what the other software is, each once, as a sentence."""
    named = {
        name: version
        for one in contenders
        for taken in one.taken
        for name, version in taken.versions.items()
    }
    listed = ", ".join(f"{name} {version}" for name, version in named.items())
    return f"With {listed}." if listed else "Nothing to compare with was installed."


def written(found: Figure | float | None) -> str:
    """Write a ratio or a difference, and a dash where there is none."""
    if found is None:
        return "–"
    return str(found) if isinstance(found, Figure) else f"{found:.1e}"


def _apart(ours: Taken, theirs: Taken) -> float | None:
    """Return the largest difference of figures against the largest, None if none are shared."""
    differences = [
        float(np.abs(theirs.figures[name] - ours.figures[name]).max())
        / max(float(np.abs(ours.figures[name]).max()), np.finfo(float).tiny)
        for name in ours.figures
        if name in theirs.figures
    ]
    return max(differences, default=None)
