"""Where the marks of the evidence's pictures stand: scales, strips of places, shares, a map."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from math import ceil, floor, hypot

from analytics.evidence.result import (
    ClassEvidence,
    DriverCell,
    Limits,
    RankEvidence,
    RoundEvidence,
    UnitEvidence,
)

MARGIN = 8
MAP_WIDTH, MAP_HEIGHT, MAP_EDGE = 340, 260, 30
MAP_POINT = 11  # radius of an item on the map
_PUSHES = 20


@dataclass(frozen=True)
class Axis:
    """A scale from low to high, so many pixels wide."""

    low: float
    high: float
    width: int

    def place(self, value: float) -> float:
        """Return where a value stands; what lies outside stands at the end."""
        span = self.high - self.low
        share = min(max((value - self.low) / span, 0.0), 1.0) if span else 0.5
        return round(MARGIN + share * (self.width - 2 * MARGIN), 1)


def axis_of(values: Iterable[float | None], width: int = 200) -> Axis:
    """Return the scale of whole numbers that holds all values."""
    known = [value for value in values if value is not None]
    if not known:
        return Axis(0.0, 1.0, width)
    low, high = floor(min(known)), ceil(max(known))
    return Axis(low, high if high > low else low + 1, width)


def even_axis(limits: Iterable[Limits | None], width: int = 200) -> Axis:
    """Return a scale with zero in its middle that holds all differences."""
    far = max((abs(end) for pair in limits if pair is not None for end in pair), default=1.0)
    end = float(ceil(far)) or 1.0
    return Axis(-end, end, width)


def score_axis(found: RoundEvidence, unit_class: str, width: int = 200) -> Axis:
    """Return the scale of the social scores of a class with their intervals."""
    errors = [unit.social for unit in found.units if unit.unit_class == unit_class]
    ends = [end for one in errors for end in (*(one.limits or ()), one.score)]
    return axis_of(ends, width)


@dataclass(frozen=True)
class Strip:
    """A row of places: the set of a unit from left to right, and its official place."""

    ticks: tuple[float, ...]  # between places
    left: float
    right: float
    dot: float


def strip(rank: RankEvidence, width: int = 200) -> Strip:
    """Return how a rank and its set stand on a row of places."""
    step = width / max(rank.units, 1)
    return Strip(
        ticks=tuple(round(step * n, 1) for n in range(1, rank.units)),
        left=round(step * (rank.low - 1), 1),
        right=round(step * rank.high, 1),
        dot=round(step * (rank.rank - 0.5), 1),
    )


@dataclass(frozen=True)
class Piece:
    """One part of a whole, drawn beside the others."""

    left: float
    width: float
    share: float


def pieces(values: Sequence[float | None], width: int = 320) -> tuple[Piece, ...]:
    """Return the parts of a whole side by side; nothing where the whole is nothing."""
    known = [max(value or 0.0, 0.0) for value in values]
    total = sum(known)
    if not total:
        return ()
    made, left = [], 0.0
    for value in known:
        made.append(Piece(round(left, 1), round(width * value / total, 1), value / total))
        left += width * value / total
    return tuple(made)


@dataclass(frozen=True)
class Point:
    """An item on the map; `number` is that of the table beside it."""

    number: int
    item: str
    x: float
    y: float
    quadrant: str | None


@dataclass(frozen=True)
class ItemMap:
    """Items by what goes with satisfaction (to the right) and how units do (upwards)."""

    points: tuple[Point, ...]
    cut_x: float
    cut_y: float


def item_map(cells: Sequence[DriverCell], one: ClassEvidence) -> ItemMap | None:
    """Return the map of some items between the cuts of their class; None without figures."""
    across, up = one.importance_cut, one.performance_cut
    known = [
        (number, cell, cell.importance, cell.performance)
        for number, cell in enumerate(cells, start=1)
        if cell.importance is not None and cell.performance is not None
    ]
    if not known or across is None or up is None:
        return None
    # The cuts stand in the middle, so that each quadrant has the same room.
    wide = _reach((importance - across, cell.share_se) for _, cell, importance, _ in known)
    tall = _reach((performance - up, cell.performance_se) for _, cell, _, performance in known)
    middle_x, middle_y = MAP_WIDTH / 2, MAP_HEIGHT / 2
    reach_x, reach_y = middle_x - MAP_EDGE, middle_y - MAP_EDGE
    points = [
        Point(
            number=number,
            item=cell.item,
            x=round(middle_x + (importance - across) / wide * reach_x, 1),
            y=round(middle_y - (performance - up) / tall * reach_y, 1),
            quadrant=cell.quadrant,
        )
        for number, cell, importance, performance in known
    ]
    return ItemMap(_spread(points, middle_x, middle_y), middle_x, middle_y)


def _reach(found: Iterable[tuple[float, float | None]]) -> float:
    """Return how far a side of the map reaches, from distances from the cut with their errors.

    It is twice as far as chance takes a figure at least, so that what is near stands near.
    """
    return max(max(abs(distance), 2 * 1.96 * (error or 0.0)) for distance, error in found) or 1.0


def _spread(points: list[Point], cut_x: float, cut_y: float) -> tuple[Point, ...]:
    """Return points that lie on each other pushed apart, each on its own side of the cuts."""
    x, y = [point.x for point in points], [point.y for point in points]
    for _ in range(_PUSHES):
        for i, j in combinations(range(len(points)), 2):
            away, down = x[j] - x[i], y[j] - y[i]
            apart = hypot(away, down)
            if apart >= 2 * MAP_POINT:
                continue
            away, down = (away / apart, down / apart) if apart else (0.8, 0.6)
            push = MAP_POINT - apart / 2
            for one, sign in ((i, -push), (j, push)):
                x[one] = _on_side(x[one] + sign * away, points[one].x, cut_x)
                y[one] = _on_side(y[one] + sign * down, points[one].y, cut_y)
    return tuple(
        replace(point, x=round(x[n], 1), y=round(y[n], 1)) for n, point in enumerate(points)
    )


def _on_side(value: float, before: float, cut: float) -> float:
    """Return a place on the map, on the side of the cut where it was before, inside the edges."""
    low, high = MAP_POINT, 2 * cut - MAP_POINT
    return min(max(value, cut), high) if before >= cut else max(min(value, cut), low)


def unit_parts(unit: UnitEvidence) -> tuple[Piece, ...]:
    """Return from which groups a unit's uncertainty comes."""
    return pieces([cell.variance_share for cell in unit.groups])
