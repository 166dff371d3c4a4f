"""How far two orders of the same units agree, and how far units move from one to the other."""

from dataclasses import dataclass

import numpy as np

from analytics.shapes import NOWHERE, Bools, Floats, Integers

PLACES = 9  # decimals up to which two figures count as equal
SMALL_MOVE, LARGE_MOVE = 0.05, 0.10  # of all places


@dataclass(frozen=True, slots=True)
class OrderMoves:
    """Agreement of two orders; pairs and places are taken inside connected parts.

    Correlations are NaN where an order has no two different places, Spearman's also where there
    are several parts.
    """

    units: int  # that stand in both orders
    kendall: float  # tau-b (Kendall 1945)
    spearman: float
    largest_move: int  # places
    small_moves: float  # share of units that move by more than 5 % of the places
    large_moves: float  # share of units that move by more than 10 % of the places


def ranks_in_parts(figures: Floats, parts: Integers) -> Integers:
    """Return the rank of each unit in its part (U,): 1 is highest, equals share the smaller one.

    A unit without a figure or a part has `NOWHERE`.
    """
    above = _signs(figures) < 0
    ranks = 1 + (above & _comparable(figures, parts)).sum(axis=1)
    return np.where(np.isnan(figures) | (parts == NOWHERE), NOWHERE, ranks)


def order_moves(before: Floats, after: Floats, parts: Integers) -> OrderMoves | None:
    """Return how two orders given by figures (U,) agree, or None where no unit is in both."""
    both = ~np.isnan(before) & ~np.isnan(after) & (parts != NOWHERE)
    if not both.any():
        return None
    before, after, parts = before[both], after[both], parts[both]
    ranks = [ranks_in_parts(figures, parts) for figures in (before, after)]
    moves = np.abs(ranks[1] - ranks[0])
    places = np.bincount(parts)[parts]
    signs = [_signs(figures) * _comparable(figures, parts) for figures in (before, after)]
    return OrderMoves(
        units=int(both.sum()),
        kendall=_correlation(signs[0], signs[1]),
        spearman=_spearman(before, after) if (parts == parts[0]).all() else float("nan"),
        largest_move=int(moves.max()),
        small_moves=float((moves > SMALL_MOVE * places).mean()),
        large_moves=float((moves > LARGE_MOVE * places).mean()),
    )


def _signs(figures: Floats) -> Floats:
    """Return 1 where the first unit of a pair is above the second (U, U), -1 below, 0 equal."""
    settled = np.round(figures, PLACES)
    signs: Floats = np.sign(settled[:, None] - settled)
    return signs


def _comparable(figures: Floats, parts: Integers) -> Bools:
    same = parts[:, None] == parts
    known = ~np.isnan(figures) & (parts != NOWHERE)
    comparable: Bools = same & known & known[:, None]
    return comparable


def _spearman(before: Floats, after: Floats) -> float:
    """Return the correlation of mean ranks, which are half the sums of signs but for a constant."""
    return _correlation(_signs(before).sum(axis=1), _signs(after).sum(axis=1))


def _correlation(one: Floats, other: Floats) -> float:
    """Return the correlation of figures whose mean is 0."""
    spread = float(np.sqrt(np.vdot(one, one) * np.vdot(other, other)))
    return float(np.vdot(one, other)) / spread if spread > 0 else float("nan")
