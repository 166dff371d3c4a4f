"""Two-way additive least squares: unit effects beside fixed effects of every appraiser."""

from dataclasses import dataclass

import numpy as np

from analytics.pair_tables import PairTables
from analytics.severity.elimination import additive_fit, connected_parts, eliminated, totals
from analytics.shapes import NOWHERE, Floats, Integers


@dataclass(frozen=True, eq=False, slots=True)
class TwoWayEffects:
    """Unit effects that hold whatever the appraisers' severity is.

    Inside each connected part the effects, weighted by ratings, add up to 0; across parts nothing
    can be compared. An appraiser with a single rating tells nothing. NaN stands for units without
    ratings, and for errors where no rating is left over.
    """

    effects: Floats  # (U,)
    adjusted_means: Floats  # (U,) effects + the mean of all ratings of the part
    covariance: Floats  # (U, U) of effects; 0 across parts
    residual_variance: float
    spare: int  # its degrees of freedom
    rank: int  # of units and appraisers together
    parts: Integers  # (U,) connected part from 0, `NOWHERE` without ratings
    part_count: int
    ratings: int
    appraisers: int  # who rated at least one unit

    @property
    def standard_errors(self) -> Floats:
        """Return the standard errors of the effects (U,)."""
        errors: Floats = np.sqrt(np.maximum(np.diag(self.covariance), 0.0))
        return errors

    @property
    def difference_errors(self) -> Floats:
        """Return the standard errors of differences (U, U), NaN across parts."""
        own = np.diag(self.covariance)
        variances = np.maximum(own[:, None] + own - 2 * self.covariance, 0.0)
        same = (self.parts[:, None] == self.parts) & (self.parts != NOWHERE)
        return np.where(same, np.sqrt(variances), np.nan)


def two_way_effects(tables: PairTables) -> TwoWayEffects:
    """Fit unit and appraiser effects by least squares, or refuse where nobody rated anything."""
    of = eliminated(tables)
    parts = connected_parts(tables)
    fit = additive_fit(of, parts)
    rated = parts != NOWHERE
    variance = fit.rest / fit.spare if fit.spare > 0 else float("nan")
    part_count = int(parts.max()) + 1
    part_sums = totals(parts[rated], of.sums[rated], part_count)
    part_means = of.center + part_sums / totals(parts[rated], of.counts[rated], part_count)
    effects = np.where(rated, fit.effects, np.nan)
    return TwoWayEffects(
        effects=effects,
        adjusted_means=effects + part_means[parts],
        covariance=np.where(rated & rated[:, None], variance * fit.inverse, np.nan),
        residual_variance=variance,
        spare=fit.spare,
        rank=of.ratings - fit.spare,
        parts=parts,
        part_count=part_count,
        ratings=of.ratings,
        appraisers=of.rating_appraisers,
    )
