"""How many ballots have each score, kept as whole numbers so that sums are exact and quick."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from operator import mul


@dataclass(frozen=True, slots=True)
class Histogram:
    """Ballot scores, ascending, and how many ballots have each.

    A score is its whole number over the scale; a histogram without ballots is false.
    """

    scale: int = 1
    values: tuple[int, ...] = ()
    counts: tuple[int, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.counts)

    def __iter__(self) -> Iterator[tuple[Fraction, int]]:
        scores = (Fraction(value, self.scale) for value in self.values)
        return zip(scores, self.counts, strict=True)

    @property
    def ballots(self) -> int:
        """Return the number of ballots."""
        return sum(self.counts)

    def texts(self) -> Iterator[str]:
        """Return the scores as exact fractions, such as 245/3."""
        return (_text(value, self.scale) for value in self.values)


NO_BALLOTS = Histogram()


@lru_cache(4096)  # all groups and units have the same few scores
def _text(value: int, scale: int) -> str:
    return str(Fraction(value, scale))


def mean_score(scores: Histogram) -> Fraction:
    """Return the mean of a histogram that is not empty."""
    return Fraction(sum(map(mul, scores.values, scores.counts)), scores.scale * scores.ballots)


def squared_deviations(scores: Histogram) -> Fraction:
    """Return the sum of squared deviations of ballot scores from their mean."""
    n = scores.ballots
    weighted = [*map(mul, scores.values, scores.counts)]
    total = sum(weighted)
    squares = sum(map(mul, scores.values, weighted))
    return Fraction(n * squares - total * total, n * scores.scale * scores.scale)


def cubed_deviations(scores: Histogram) -> Fraction:
    """Return the sum of cubed deviations of ballot scores from their mean."""
    n = scores.ballots
    weighted = [*map(mul, scores.values, scores.counts)]
    total = sum(weighted)
    squared = [*map(mul, scores.values, weighted)]
    squares, cubes = sum(squared), sum(map(mul, scores.values, squared))
    top = n * n * cubes - 3 * n * total * squares + 2 * total**3
    return Fraction(top, n * n * scores.scale**3)


def trimmed(scores: Histogram, at_each_end: int) -> Histogram:
    """Return a histogram without so many ballots at each end."""
    if not at_each_end:
        return scores
    upwards = _without_first(list(zip(scores.values, scores.counts, strict=True)), at_each_end)
    downwards = _without_first(upwards[::-1], at_each_end)
    return Histogram(
        scores.scale,
        tuple(value for value, _ in reversed(downwards)),
        tuple(count for _, count in reversed(downwards)),
    )


def _without_first(scores: list[tuple[int, int]], ballots: int) -> list[tuple[int, int]]:
    kept = []
    for score, count in scores:
        dropped = min(count, ballots)
        ballots -= dropped
        if count > dropped:
            kept.append((score, count - dropped))
    return kept
