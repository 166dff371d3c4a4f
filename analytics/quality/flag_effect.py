"""What scores would be without flagged ballots, and how far suspect ones could carry them."""

from dataclasses import dataclass, replace

import numpy as np

from analytics.shapes import BallotRows, Bools, Floats, Integers, ratio_of


@dataclass(frozen=True, eq=False, slots=True)
class FlagEffect:
    """Means of ballot scores per unit and group (U, G), with and without flagged ballots.

    `low` and `high` are the means if all suspect ballots had given the lowest or highest points:
    whatever honest people in their place might have said lies between. `influence` is the largest
    possible change of the mean, the share of suspect ballots times the range of points. Composites
    (U,) weight the groups that have ballots; they are None where no weights were given.
    """

    n: Integers
    n_without: Integers
    means: Floats
    means_without: Floats
    suspect_share: Floats
    low: Floats
    high: Floats
    influence: Floats
    composites: Floats | None = None
    composites_without: Floats | None = None
    composites_low: Floats | None = None
    composites_high: Floats | None = None
    composites_influence: Floats | None = None

    @property
    def changes(self) -> Floats:
        """Return what leaving the flagged ballots out would change (U, G)."""
        return self.means_without - self.means


def with_and_without(
    rows: BallotRows,
    flagged: Bools,
    suspect: Bools | None = None,
    weights: Floats | None = None,
) -> FlagEffect:
    """Return the effect of flagged ballots, and bounds for suspect ones: masks (A,).

    Suspect are, if not said otherwise, the flagged ones. weights (U, G) are those of the groups in
    the unit's composite.
    """
    doubted = flagged if suspect is None else flagged | suspect
    scores = rows.scores
    n, sums = _cells(rows, scores, np.ones(len(rows.ballots), bool))
    n_without, sums_without = _cells(rows, scores, ~flagged)
    n_sure, sums_sure = _cells(rows, scores, ~doubted)
    points = rows.points[~np.isnan(rows.points)]
    lowest, highest = (float(points.min()), float(points.max())) if points.size else (0.0, 0.0)
    share = ratio_of(n - n_sure, n)
    found = FlagEffect(
        n=n,
        n_without=n_without,
        means=ratio_of(sums, n),
        means_without=ratio_of(sums_without, n_without),
        suspect_share=share,
        low=ratio_of(sums_sure + (n - n_sure) * lowest, n),
        high=ratio_of(sums_sure + (n - n_sure) * highest, n),
        influence=share * (highest - lowest),
    )
    return found if weights is None else _with_composites(found, weights)


def _cells(rows: BallotRows, scores: Floats, kept: Bools) -> tuple[Integers, Floats]:
    """Return number and sum of the kept ballots' scores (U, G)."""
    shape = len(rows.units), len(rows.groups)
    chosen = ~np.isnan(scores) & kept[rows.ballot]
    cell = rows.unit[chosen] * shape[1] + rows.group[rows.ballot[chosen]]
    size = shape[0] * shape[1]
    n = np.bincount(cell, minlength=size)
    sums = np.bincount(cell, scores[chosen], size)
    return n.reshape(shape), sums.reshape(shape).astype(np.float64)


def _with_composites(found: FlagEffect, weights: Floats) -> FlagEffect:
    return replace(
        found,
        composites=_weighted(found.means, weights),
        composites_without=_weighted(found.means_without, weights),
        composites_low=_weighted(found.low, weights),
        composites_high=_weighted(found.high, weights),
        composites_influence=_weighted(found.influence, weights),
    )


def _weighted(means: Floats, weights: Floats) -> Floats:
    """Return weighted means over the groups that have one, NaN without any."""
    used = np.where(np.isnan(means), 0.0, weights)
    return ratio_of((used * np.nan_to_num(means)).sum(axis=1), used.sum(axis=1))
