"""All that is known of how reliable one group's ballots are, and what each figure may claim."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from analytics.agreement import (
    Concordance,
    Metric,
    UnitAgreement,
    UnitIccs,
    concordance,
    krippendorff_alpha,
    unit_agreement,
    unit_iccs,
)
from analytics.faults import N_, Fault
from analytics.reliability import ItemReliability, item_statistics
from analytics.shapes import Bools, Floats, Integers, PatternCounts, ratio_of

CLAIMS: Final[Mapping[str, str]] = {
    "items": N_(
        "how far the items go together. High values may mean one quality, or one overall "
        "impression that colours every answer; they do not say that the answers are right."
    ),
    "scores": N_(
        "ICC(2) says how far the units' means would keep their order with other raters of the "
        "same kind; ICC(1) says it of one rating. Raters of several units count as different."
    ),
    "agreement": N_(
        "how alike the raters of one unit answer. A value near or below 0 may be two camps: look "
        "at the shares of both ends."
    ),
    "alpha": N_(
        "how far two raters of the same unit agree beyond chance. It is low where units are much "
        "alike, also when raters are careful."
    ),
}


@dataclass(frozen=True, eq=False, slots=True)
class GroupReliability:
    """How reliable the ballots of one group are; `CLAIMS` says what each part may claim."""

    group: str
    items: ItemReliability
    scores: UnitIccs  # of ballot scores
    agreement: UnitAgreement  # items and units
    alpha: float  # Krippendorff, interval, of ballot scores
    item_alphas: Floats  # (J,) Krippendorff, ordinal, of each item's levels


def group_reliability(
    patterns: PatternCounts, group: str, cells: Bools | None = None
) -> GroupReliability:
    """Return the reliability of one group's ballots, over all cells or the chosen ones."""
    if group not in patterns.groups:
        raise Fault(N_("there is no group “%(group)s”"), "reliability", group=group)
    kept = patterns.group == patterns.groups.index(group)
    if cells is not None:
        kept &= cells
    scores, score_values = _score_counts(patterns, kept)
    levels = np.unique(patterns.points[~np.isnan(patterns.points)])
    levels = levels if levels.size > 1 else np.array([0.0, 100.0])
    level_counts = _level_counts(patterns, kept, levels)
    return GroupReliability(
        group=group,
        items=item_statistics(patterns.points, patterns.counts_of(kept)),
        scores=unit_iccs(scores, score_values),
        agreement=unit_agreement(level_counts, levels),
        alpha=krippendorff_alpha(scores, score_values),
        item_alphas=np.array(
            [
                krippendorff_alpha(level_counts[:, j], levels, Metric.ORDINAL)
                for j in range(len(patterns.items))
            ]
        ),
    )


def group_concordance(
    patterns: PatternCounts, unit_class: str, cells: Bools | None = None
) -> Concordance:
    """Return how far the groups rank the units of a class alike; groups without ballots are out."""
    chosen = np.ones(patterns.count.size, bool) if cells is None else cells
    members = np.flatnonzero(np.array(patterns.classes) == unit_class)
    means = []
    for g in range(len(patterns.groups)):
        counts, values = _score_counts(patterns, chosen & (patterns.group == g))
        of_group = ratio_of(counts @ values, counts.sum(axis=1))[members]
        if not np.isnan(of_group).all():
            means.append(of_group)
    table = np.array(means).reshape(len(means), members.size).T
    return concordance(table)


def _score_counts(patterns: PatternCounts, kept: Bools) -> tuple[Integers, Floats]:
    """Return the histogram of ballot scores of each unit (U, K), and the scores (K,)."""
    scored = kept & ~np.isnan(patterns.scores)[patterns.pattern]
    values, number = np.unique(patterns.scores[patterns.pattern[scored]], return_inverse=True)
    counts = np.zeros((len(patterns.units), values.size), np.int64)
    np.add.at(counts, (patterns.unit[scored], number), patterns.count[scored])
    return counts, values


def _level_counts(patterns: PatternCounts, kept: Bools, levels: Floats) -> Integers:
    """Return how many gave each unit each level on each item (U, J, L)."""
    shape = len(patterns.units), len(patterns.items), levels.size
    points = patterns.points[patterns.pattern[kept]]
    row, item = np.nonzero(~np.isnan(points))
    level = np.searchsorted(levels, points[row, item])
    place = np.ravel_multi_index((patterns.unit[kept][row], item, level), shape)
    counts = np.bincount(place, patterns.count[kept][row], shape[0] * shape[1] * shape[2])
    return np.rint(counts).astype(np.int64).reshape(shape)
